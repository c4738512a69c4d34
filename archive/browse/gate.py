"""Before a request is let in: what is served must be what may be seen now; and for the public, what is the operator's
own is not there at all."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from archive.browse import access
from archive.browse.language import gettext
from archive.browse.publication import Publication
from archive.errors import BewaarError

log = logging.getLogger(__name__)

#: Datasette's pages about the machine it runs on, its files and its users
_OPERATORS = re.compile(
    r"/-/(?:databases|metadata|config|threads|plugins|settings|versions|permissions|rules|allowed|check|actions|debug"
    r"|allow-debug|messages|auth-token|api|create-token|actor|logout)(?:[./].*)?",
    re.IGNORECASE,
)

#: a request waits so long for what may be seen to be worked out, seconds; then it is told to come back
_WAIT_S = 20.0

#: what is being made, by whom it is of: one at a time for all requests that wait for it
_making: WeakKeyDictionary[Publication, asyncio.Task[bool | None]] = WeakKeyDictionary()
#: what was decided, being taken out of what is served
_holding: WeakKeyDictionary[Publication, asyncio.Task[bool | None]] = WeakKeyDictionary()


async def refusal(datasette: Any, path: str) -> tuple[int, str] | None:
    """Status and text for a request that is not let in; None for one that is."""
    publications = access.publications(datasette)
    for publication in publications:
        if not publication.holds():
            if not await _is_made(publication):
                closed = gettext(
                    "The archive is not shown now: what may be seen is being worked out. Try again in a moment."
                )
                return 503, closed
        elif publication.is_due():
            _make(publication)  # beside the requests, which go on seeing what was served before
    if any(publication.public for publication in publications):
        base = datasette.setting("base_url").rstrip("/")
        if _OPERATORS.fullmatch(path.removeprefix(base)):
            return 404, gettext("There is no such page.")
    return None


async def _is_made(publication: Publication) -> bool:
    """Whether what may be seen now was worked out in time. What was being made may be of before the last decision."""
    end = time.monotonic() + _WAIT_S
    while (left := end - time.monotonic()) > 0:
        done, _ = await asyncio.wait({task := _hold(publication)}, timeout=left)
        if not done or (held := task.result()) is None:
            return False
        if held and not publication.hides_too_much:
            return True
        # Something is to be shown again, or nothing may be served as it is.
        done, _ = await asyncio.wait({task := _make(publication)}, timeout=end - time.monotonic())
        if publication.holds():
            return True
        if done and not task.result():
            return False
    return publication.holds()


def _hold(publication: Publication) -> asyncio.Task[bool | None]:
    return _once(_holding, publication, publication.hold)


def _make(publication: Publication) -> asyncio.Task[bool | None]:
    def refresh() -> bool:
        publication.refresh()
        return True

    return _once(_making, publication, refresh)


def _once(
    tasks: WeakKeyDictionary[Publication, asyncio.Task[bool | None]], publication: Publication, run: Callable[[], bool]
) -> asyncio.Task[bool | None]:
    task = tasks.get(publication)
    if task is None or task.done():
        task = tasks[publication] = asyncio.get_running_loop().create_task(_run(publication, run))
    return task


async def _run(publication: Publication, run: Callable[[], bool]) -> bool | None:
    """None where it failed."""
    try:
        return await asyncio.to_thread(run)
    except BewaarError:
        log.exception("%s", "what is served is not up to date" if publication.holds() else "nothing is served")
        return None
