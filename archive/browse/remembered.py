"""What many pages tell and much must be read for: kept while the database stays as it is, and while something writes
into it for a little longer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from archive.browse import access
from archive.browse.stamps import stamp_of

T = TypeVar("T")

#: while something writes it is worked out again after so many times as long as that takes, and after a minute at most
_COSTS = 20
_OLDEST_S = 60.0


@dataclass(slots=True)
class _Known:
    working: asyncio.Lock = field(default_factory=asyncio.Lock)
    value: Any = None
    #: of the value: what decisions had been made, and what the database held; None where there is no value yet
    state: tuple[object, object] | None = None
    #: `time.monotonic`, and seconds
    at: float = 0.0
    took_s: float = 0.0

    def serves(self, state: tuple[object, object]) -> bool:
        """Whether it may be told now. What was worked out before a decision may tell what is withheld since: never."""
        if self.state is None or self.state[0] != state[0]:
            return False
        is_young = time.monotonic() - self.at < min(_OLDEST_S, _COSTS * self.took_s)
        return self.state == state or is_young or self.working.locked()


_known: WeakKeyDictionary[Any, dict[str, _Known]] = WeakKeyDictionary()


async def remembered(datasette: Any, name: str, what: str, read: Callable[[], Awaitable[T]]) -> T:
    """What *read* gives of the database *name*, or gave a moment ago. Nothing of it may depend on who asks: ask first
    whether they may see it. One visitor at a time waits for *read*."""
    known = _known.setdefault(datasette.get_database(name), {}).setdefault(what, _Known())
    if not known.serves(_state(datasette, name)):
        async with known.working:
            state = _state(datasette, name)
            # Whoever held the lock may have worked it out.
            if known.state != state:
                began = time.monotonic()
                value = await read()
                known.value, known.state, known.at = value, state, time.monotonic()
                known.took_s = known.at - began
    value_of: T = known.value
    return value_of


def _state(datasette: Any, name: str) -> tuple[object, object]:
    publication = access.publication_of(datasette, name)
    if publication:
        return publication.state()
    path = Path(datasette.get_database(name).path)
    return (), stamp_of([path, path.with_name(f"{path.name}-wal")])
