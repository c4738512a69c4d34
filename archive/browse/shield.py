"""Headers on everything that leaves, Datasette's own pages included."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from archive.browse import access
from archive.browse.safe import DATASETTE

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

        started = failed = False

        async def add(message: Message) -> None:
            nonlocal started, failed
            if message["type"] == "http.response.start":
                if started:
                    # Datasette fails halfway (a .blob of what is no blob) and begins anew with its error page, which
                    # HTTP does not have: the answer ends where it broke.
                    failed = True
                    return
                started = True
                headers = list(message.get("headers", []))
                said = {name.lower() for name, _ in headers}
                headers += [(name, value) for name, value in _ALWAYS if name not in said]
                if searched and b"x-robots-tag" not in said and not access.settings(datasette).get("index"):
                    headers.append((b"x-robots-tag", b"noindex"))
                message = {**message, "headers": headers}
            await send({"type": "http.response.body", "body": b""} if failed else message)

        await app(scope, receive, add)

    return shielded


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
