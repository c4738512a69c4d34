"""What the reader was told of and has not stored yet, and its answers until somebody asks for them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crawler.spiders.login import Session

#: answers that nobody asked for yet; more are in flight only when somebody raised the concurrency beyond reason
UNCLAIMED = 4096


@dataclass(slots=True, eq=False)
class Told:
    """One event the reader was told of, until it has stored its rows."""

    message: list[Any]
    record_id: str
    url: str = ""
    url_id: int | None = None
    hops: str = ""
    #: how often it was asked for, and in which sessions
    attempts: int = 0
    sessions: Mapping[Session, int] = field(default_factory=dict)
    answered: bool = False
    #: readers that ended while they were at it
    deaths: int = 0


class Unstored:
    """By number, in the order they were told."""

    def __init__(self) -> None:
        self._told: dict[int, Told] = {}
        self._number = 0

    def add(self, told: Told) -> None:
        self._number += 1
        told.message[1] = self._number
        self._told[self._number] = told

    def __iter__(self) -> Iterator[Told]:
        return iter(self._told.values())

    def find(self, number: int) -> Told | None:
        return self._told.get(number)

    def stored(self, number: int) -> None:
        """All up to *number* are."""
        for each in [each for each in self._told if each <= number]:
            del self._told[each]

    def oldest(self) -> Told | None:
        """The first that is not answered."""
        return next((told for told in self if not told.answered), None)


class Answers:
    """By record id: each is asked for once, before it is there or after."""

    def __init__(self) -> None:
        self._unclaimed: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}

    def take(self, record_id: str) -> dict[str, Any] | None:
        return self._unclaimed.pop(record_id, None)

    def wait_for(self, record_id: str) -> asyncio.Future[dict[str, Any]]:
        self._waiting[record_id] = asyncio.get_running_loop().create_future()
        return self._waiting[record_id]

    def give(self, record_id: str, answer: dict[str, Any]) -> None:
        waiting = self._waiting.pop(record_id, None)
        if waiting is not None:
            if not waiting.done():
                waiting.set_result(answer)
            return
        self._unclaimed[record_id] = answer
        if len(self._unclaimed) > UNCLAIMED:
            self._unclaimed.popitem(last=False)

    def end(self) -> None:
        """No more will come: whoever waits has nothing."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result({})
        self._waiting.clear()
