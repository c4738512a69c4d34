"""``state/schedule.json``: what became of the crawls that were begun by a schedule, so that one that fails is not tried
for ever. When it is lost, only how often one failed is: when the last crawl was, `crawler.schedule.history` tells.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from archive import times
from archive.errors import ArchiveFault
from archive.layout import Archive

NAME = "schedule.json"
CUT_OFF = "its process was cut off"
#: an attempt that went on for so long is a new beginning: what failed before it does not count against it
LONG = timedelta(hours=1)
#: after the first failure; four times as long after each that follows
_FIRST_DELAY = timedelta(minutes=15)
_LONGEST_DELAY = timedelta(days=2)


@dataclass(slots=True)
class Attempts:
    """At the crawls of one site. Times are texts of `archive.times.seconds`."""

    #: when its profile was first seen with a schedule
    seen: str
    #: when a crawl was begun last because its time had come
    since: str | None = None
    #: when the last of them began and ended; without an end it goes on, or was cut off
    began: str | None = None
    ended: str | None = None
    #: those in a row that failed
    failures: int = 0
    #: what was wrong with the last one
    wrong: str | None = None
    #: the crawl they are at, and how long they were in all
    crawl: str | None = None
    spent_s: int = 0

    def begin(self, now: datetime, *, crawl: str | None, anew: bool) -> None:
        """*crawl* is taken up; *anew*: because its time has come, and not because the last attempt failed."""
        self.began, self.ended = times.seconds(now), None
        if anew:
            self.failures, self.wrong = 0, None
        if anew and crawl is None:
            self.since = self.began
        if crawl is None or crawl != self.crawl:
            self.crawl, self.spent_s = crawl, 0

    def end(self, now: datetime, *, crawl: str | None, wrong: str | None, interrupted: bool) -> None:
        """*wrong*: why it is to be tried again, if it is."""
        took = now - times.parse(self.began or times.seconds(now))
        self.ended = times.seconds(now)
        self.spent_s += max(0, int(took.total_seconds()))
        self.crawl = crawl or self.crawl
        if wrong:
            self.failures = 1 if took > LONG else self.failures + 1
        elif not interrupted:
            self.failures = 0
        self.wrong = wrong

    def retry_at(self) -> datetime | None:
        """When the next attempt may begin, after one that failed."""
        if not self.failures or not self.ended:
            return None
        # After a power cut it goes on at once; only where that happens again and again there is a cause in it.
        step = self.failures - 1 - (self.wrong == CUT_OFF)
        delay = min(_FIRST_DELAY * 4**step, _LONGEST_DELAY) if step >= 0 else timedelta()
        return times.parse(self.ended) + delay


_NAMES = [item.name for item in fields(Attempts)]


@dataclass(slots=True)
class Memory:
    """All of the file: whoever holds the lock of schedules writes it."""

    sites: dict[str, Attempts] = field(default_factory=dict)
    #: what was told of profiles that cannot be read: not again every quarter of an hour
    told: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, archive: Archive) -> Memory:
        """Empty where the file is not there, or is not ours."""
        try:
            held = json.loads((archive.state / NAME).read_bytes())
            sites = {str(site): _attempts(said) for site, said in held["sites"].items()}
            return cls(sites, {str(name): str(line) for name, line in held["told"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return cls()

    def to_json(self) -> str:
        sites = {site: {name: getattr(attempts, name) for name in _NAMES} for site, attempts in self.sites.items()}
        return json.dumps({"sites": sites, "told": self.told})

    def write(self, archive: Archive, *, flush: bool) -> None:
        """Whole or not at all; on the medium only with *flush*. Raises ArchiveFault."""
        path = archive.state / NAME
        draft = path.with_name(f".{NAME}.{os.getpid()}")
        try:
            with draft.open("w", encoding="utf-8") as file:
                file.write(self.to_json())
                if flush:
                    file.flush()
                    os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise ArchiveFault(f"{path}: {error.strerror}") from error


def _attempts(said: dict[str, Any]) -> Attempts:
    """Raises TypeError or ValueError for what `Memory.write` did not write."""
    for item in fields(Attempts):
        kind = int if item.name in {"failures", "spent_s"} else str
        if (value := said.get(item.name)) is not None and type(value) is not kind:
            raise TypeError(item.name)
    found = Attempts(**said)
    for moment in (found.seen, found.since, found.began, found.ended):
        times.parse(moment or found.seen)
    return found
