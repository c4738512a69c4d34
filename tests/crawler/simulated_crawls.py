"""A year within seconds: a clock that leaps to the next thing that happens, and crawls that take as long as they are
told to. What they leave in the archive is what a crawl leaves: its lock while it goes on, and its frontier's row."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from archive import times
from archive.layout import Archive
from crawler.schedule.keeper import Keeper
from crawler.schedule.processes import Ended, Signalled
from crawler.schedule.ran import Ran


@dataclass
class Crawl:
    site: str
    id: str
    began: datetime
    options: Sequence[str]
    #: taken up again, not begun
    resumed: bool
    ends: datetime
    code: int = 0
    ended: bool = False

    @property
    def span(self) -> tuple[datetime, datetime]:
        return self.began, self.ends


#: how long the crawl takes that begins then, and its exit code
Plan = Callable[[str, datetime], tuple[timedelta, int]]


def an_hour(site: str, now: datetime) -> tuple[timedelta, int]:
    return timedelta(hours=1), 0


class SimulatedWorld:
    def __init__(
        self, archive: Archive, start: datetime, *, plan: Plan = an_hour, until: datetime | None = None
    ) -> None:
        self.archive, self.plan, self.until = archive, plan, until
        self.crawls: list[Crawl] = []
        self.said: list[str] = []
        self.shown: list[Ran] = []
        self.reports: dict[str, Mapping[str, Any]] = {}
        self._now = start
        self._stopped = False

    def keeper(self, *, at_once: int = 4) -> Keeper:
        return Keeper(
            self.archive, self, at_once=at_once, say=self.said.append, show=self.shown.append, warn=self.said.append
        )

    def due(self, now: datetime | None = None, **options: int) -> int:
        """As a timer does: a keeper of its own, that knows only what stands on the disk."""
        self._now = now or self._now
        return self.keeper(**options).run_due()

    def of(self, site: str) -> list[Crawl]:
        return [crawl for crawl in self.crawls if crawl.site == site]

    # What a keeper sees.

    def now(self) -> datetime:
        return self._now

    def begin(self, site: str, options: Sequence[str]) -> None:
        unfinished = self._unfinished(site) if "--resume" in options else None
        took, code = self.plan(site, self._now)
        crawl_id = unfinished or f"{site}-{times.digits17(self._now)}"
        crawl = Crawl(site, crawl_id, self._now, options, unfinished is not None, self._now + took, code)
        assert not [other for other in self.of(site) if not other.ended], f"{site} is crawled twice at a time"
        self.crawls.append(crawl)
        if not unfinished:
            self._note(site, "INSERT INTO crawl VALUES (?, ?, 0)", crawl_id, times.warc_date(self._now))

    def wait(self, until: datetime | None) -> Ended | Signalled | None:
        under_way = [crawl for crawl in self.crawls if not crawl.ended]
        first = min(under_way, key=lambda crawl: crawl.ends, default=None)
        stop = None if self._stopped else self.until
        moments = [moment for moment in (until, stop, first.ends if first else None) if moment]
        assert moments, "nothing is ever to happen, and nobody ends it"
        self._now = max(self._now, min(moments))
        if first and first.ends <= self._now:
            return self._end(first)
        if self.until and self._now >= self.until and not self._stopped:
            self._stopped = True
            return Signalled(signal.SIGTERM)
        return None

    def interrupt(self) -> None:
        for crawl in self.crawls:
            if not crawl.ended:
                crawl.ends, crawl.code = self._now + timedelta(seconds=5), 130

    def report_of(self, site: str, since: datetime) -> Mapping[str, Any]:
        return self.reports.get(site, {})

    def kill(self) -> None:
        """The power goes: crawls are where they are."""
        for crawl in self.crawls:
            if not crawl.ended:
                crawl.ends, crawl.ended, crawl.code = self._now, True, 137

    def _end(self, crawl: Crawl) -> Ended:
        crawl.ended = True
        if crawl.code in {0, 1, 3}:
            self._note(crawl.site, "UPDATE crawl SET finished = 1 WHERE id = ?", crawl.id)
        report: dict[str, Any] = {"crawl": crawl.id, "status": "finished", "captures": 1, "pages": 1, "seeds": {}}
        if crawl.code == 1:
            report["seeds"] = {"http://127.0.0.1/": {"status": 503, "problem": "HTTP status 503"}}
        return Ended(crawl.site, crawl.code, report)

    def _unfinished(self, site: str) -> str | None:
        rows = self._note(site, "SELECT id FROM crawl WHERE NOT finished ORDER BY rowid DESC LIMIT 1")
        return rows[0][0] if rows else None

    def _note(self, site: str, sql: str, *values: object) -> list[Any]:
        with closing(sqlite3.connect(self.archive.state / f"{site}.frontier.db", isolation_level=None)) as db:
            db.execute("PRAGMA synchronous = OFF")
            db.execute("PRAGMA journal_mode = MEMORY")
            db.execute("CREATE TABLE IF NOT EXISTS crawl (id TEXT, started_at TEXT, finished INTEGER)")
            return db.execute(sql, values).fetchall()
