"""Before a request is let in: what is served must be what may be seen now; and for the public, what is the operator's
own is not there at all."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any

from archive.browse import access
from archive.browse.publication import Publication
from archive.errors import BewaarError

log = logging.getLogger(__name__)

#: Datasette's pages about the machine it runs on, its files and its users
_OPERATORS = re.compile(
    r"/-/(?:databases|metadata|config|threads|plugins|settings|versions|permissions|rules|allowed|check|actions|debug"
    r"|allow-debug|messages|auth-token|api|create-token|actor|logout)(?:[./].*)?",
    re.IGNORECASE,
)
_CLOSED = (503, b"The archive is not shown now: what may be seen is being worked out. Try again in a moment.\n")
_ABSENT = (404, b"There is no such page.\n")

#: copies that are being made beside what is served: kept, or they would be thrown away half way
_running: set[asyncio.Task[None]] = set()
_renewed: set[int] = set()


async def refusal(datasette: Any, path: str) -> tuple[int, bytes] | None:
    """Status and text for a request that is not let in; None for one that is."""
    publications = access.publications(datasette)
    for publication in publications:
        try:
            if not publication.holds():
                await asyncio.to_thread(publication.refresh)
            elif publication.is_due():
                _renew(publication)
        except BewaarError:
            log.exception("nothing is served")
            return _CLOSED
    if any(publication.public for publication in publications):
        base = datasette.setting("base_url").rstrip("/")
        if _OPERATORS.fullmatch(path.removeprefix(base)):
            return _ABSENT
    return None


def _renew(publication: Publication) -> None:
    """Beside the requests, which go on seeing what was served before."""
    if id(publication) in _renewed:
        return

    async def renew() -> None:
        try:
            await asyncio.to_thread(publication.refresh)
        except BewaarError:
            log.exception("what is served is not up to date")
        finally:
            _renewed.discard(id(publication))

    _renewed.add(id(publication))
    task = asyncio.get_running_loop().create_task(renew())
    _running.add(task)
    task.add_done_callback(_running.discard)
