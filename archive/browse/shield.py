"""Headers on everything that leaves, Datasette's own pages included."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from archive.browse import access, language
from archive.browse.gate import refusal
from archive.browse.safe import DATASETTE, OURS, PUBLIC_CACHE, SNAPSHOT
from archive.browse.sheets import Sheet

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", DATASETTE.encode()),
    (b"referrer-policy", b"same-origin"),
)


def shield(app: App, datasette: Any) -> App:
    """Add what a page did not say for itself; searches and queries are not for robots."""

    async def shielded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        if not all(_is_utf8(value) for name, value in scope["headers"] if name == b"cookie"):
            # Datasette trusts that it is, and fails before it knows how to say so.
            scope = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name != b"cookie"]}
        query = scope.get("query_string", b"")
        searched = b"_search" in query or b"sql=" in query
        base = datasette.setting("base_url")
        path = "/" + scope["path"].removeprefix(base.rstrip("/")).lstrip("/")
        visit = language.read_visit(path, query, dict(scope["headers"]))

        # What stands below /-/ is of the archive, and stays as it was captured.
        sheet = Sheet() if path.endswith(".csv") and not path.startswith("/-/") else None
        started = failed = False

        async def add(message: Message) -> None:
            nonlocal started, failed, sheet
            if message["type"] == "http.response.start":
                if started:
                    # Datasette fails halfway (a .blob of what is no blob) and begins anew with its error page, which
                    # HTTP does not have: the answer ends where it broke.
                    failed = True
                    return
                started = True
                headers = list(message.get("headers", []))
                said = {name.lower() for name, _ in headers}
                if message["status"] != 200:
                    sheet = None
                headers += [(name, value) for name, value in _ALWAYS if name not in said]
                kept_for_one = False
                if _is_spoken(headers):
                    headers = _spoken(headers, visit, is_ours=path == "/" or message["status"] >= 400)
                    if kept_for_one := visit.is_chosen:
                        headers.append((b"set-cookie", language.cookie(visit.language, base)))
                public = access.is_public(datasette)
                unlisted = searched or public
                if unlisted and b"x-robots-tag" not in said and not access.settings(datasette).get("index"):
                    headers.append((b"x-robots-tag", b"noindex"))
                if public:
                    headers = _with_cache(headers, message["status"], kept_for_one=kept_for_one)
                message = {**message, "headers": headers}
            elif sheet and not failed:
                rows = sheet.feed(message.get("body", b""))
                message = {**message, "body": rows if message.get("more_body") else rows + sheet.end()}
            await send({"type": "http.response.body", "body": b""} if failed else message)

        with language.visiting(visit):
            if refused := await refusal(datasette, scope["path"]):
                await _answer(add, *refused)
                return
            await app(scope, receive, add)

    return shielded


def _is_spoken(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether it is a page for people."""
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in headers)


def _spoken(headers: list[tuple[bytes, bytes]], visit: language.Visit, *, is_ours: bool) -> list[tuple[bytes, bytes]]:
    """What a page depends on, and for speakers of which language it is: Datasette's tables are English in any frame.
    Of an archived page in which a banner stands nobody knows."""
    depends = [value for name, value in headers if name.lower() == b"vary"]
    kept = [(name, value) for name, value in headers if name.lower() != b"vary"]
    named = [name.strip() for value in [*depends, language.VARY] for name in value.split(b",")]
    kept.append((b"vary", b", ".join({name.lower(): name for name in named if name}.values())))
    policy = next((value for name, value in headers if name.lower() == b"content-security-policy"), b"").decode()
    if policy != SNAPSHOT:
        spoken = visit.language if is_ours or policy == OURS else ", ".join(dict.fromkeys((visit.language, "en")))
        kept.append((b"content-language", spoken.encode()))
    return kept


def _with_cache(headers: list[tuple[bytes, bytes]], status: int, *, kept_for_one: bool) -> list[tuple[bytes, bytes]]:
    """Whoever asks says with ``?_ttl=`` how long a cache between us is to keep it: it is we who say. An answer that
    keeps a visitor's choice is for that visitor alone."""
    kept = [(name, value) for name, value in headers if name.lower() != b"cache-control"]
    if any(b"no-store" in value for name, value in headers if name.lower() == b"cache-control"):
        return headers
    shared = PUBLIC_CACHE if not kept_for_one else "private, no-cache"
    return [*kept, (b"cache-control", shared.encode() if status in (200, 304) else b"no-store")]


async def _answer(send: Send, status: int, said: str) -> None:
    text = f"{said}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-language", language.current().encode()),
        (b"content-length", str(len(text)).encode()),
        (b"cache-control", b"no-store"),
        *([(b"retry-after", b"5")] if status == 503 else []),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
