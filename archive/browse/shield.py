"""Headers on everything that leaves, Datasette's own pages included."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from archive.browse import access
from archive.browse.gate import refusal
from archive.browse.safe import DATASETTE, PUBLIC_CACHE
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

        # What stands below /-/ is of the archive, and stays as it was captured.
        ours = scope["path"].removeprefix(datasette.setting("base_url").rstrip("/")).startswith("/-/")
        sheet = Sheet() if scope["path"].endswith(".csv") and not ours else None
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
                public = access.is_public(datasette)
                unlisted = searched or public
                if unlisted and b"x-robots-tag" not in said and not access.settings(datasette).get("index"):
                    headers.append((b"x-robots-tag", b"noindex"))
                if public:
                    headers = _with_cache(headers, message["status"])
                message = {**message, "headers": headers}
            elif sheet and not failed:
                rows = sheet.feed(message.get("body", b""))
                message = {**message, "body": rows if message.get("more_body") else rows + sheet.end()}
            await send({"type": "http.response.body", "body": b""} if failed else message)

        if refused := await refusal(datasette, scope["path"]):
            await _answer(add, *refused)
            return
        await app(scope, receive, add)

    return shielded


def _with_cache(headers: list[tuple[bytes, bytes]], status: int) -> list[tuple[bytes, bytes]]:
    """Whoever asks says with ``?_ttl=`` how long a cache between us is to keep it: it is we who say."""
    kept = [(name, value) for name, value in headers if name.lower() != b"cache-control"]
    if any(b"no-store" in value for name, value in headers if name.lower() == b"cache-control"):
        return headers
    return [*kept, (b"cache-control", PUBLIC_CACHE.encode() if status == 200 else b"no-store")]


async def _answer(send: Send, status: int, text: bytes) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
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
