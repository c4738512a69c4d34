"""What is to be asked of another archive, on SQLite: a recovery that was stopped at any moment goes on from here.

States of a row: ``queued``, ``leased``, ``done`` (its records are on the medium, or it was read), ``failed``,
``refused`` (what came is not that capture), ``known`` (the archive has it from an earlier recovery), ``collapsed``
(another capture of its URL has the same digest).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from archive.model import Place
from crawler.leases import Leased, Leases
from crawler.memento.listing import Listed

Kind = Literal["probe", "listing", "memento"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS said (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ask (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL UNIQUE, url TEXT NOT NULL, at TEXT, digest TEXT,
  memento TEXT, mime TEXT, status TEXT, about TEXT, state TEXT NOT NULL, rank TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, not_before REAL NOT NULL DEFAULT 0, why TEXT) STRICT;
CREATE INDEX IF NOT EXISTS queue ON ask(rank, id) WHERE state = 'queued';
CREATE INDEX IF NOT EXISTS digests ON ask(url, digest) WHERE digest IS NOT NULL;
CREATE TABLE IF NOT EXISTS original (
  url TEXT NOT NULL, digest TEXT NOT NULL, file TEXT NOT NULL, "offset" INTEGER NOT NULL, length INTEGER NOT NULL,
  PRIMARY KEY (url, digest)) STRICT, WITHOUT ROWID;
"""
#: ranks: probes begin with 0, listings with 1, captures with 2 and their time
_CAPTURES, _ALL = "2", "3"
_COLUMNS = "id, kind, url, at, digest, memento, status, about, attempts"


@dataclass(frozen=True, slots=True)
class Row:
    id: int
    kind: Kind
    #: what is requested; of a memento the original URL
    url: str
    at: str | None
    digest: str | None
    memento: str | None
    status: str | None
    #: of a probe or listing: what it is about, as JSON
    about: str | None
    attempts: int

    @property
    def listed(self) -> Listed:
        return Listed(self.url, self.at or "", self.digest, self.memento, self.status)


class MementoFrontier(Leases):
    """The rows of one recovery, as `crawler.scheduler.FrontierScheduler` leases them."""

    schema = _SCHEMA

    def __init__(self, path: Path | None) -> None:
        """*path*: None for one that need not outlive the process. Raises ArchiveFault."""
        #: only what there is is asked for
        self.captures_closed = False
        #: how an address is made of a row that is leased
        self.address_of: Any = lambda row: row.url
        super().__init__(path)

    def say(self, name: str, value: Any) -> None:
        self._rows(
            "INSERT INTO said VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, json.dumps(value)),
        )

    def said(self, name: str) -> Any:
        found = self._rows("SELECT value FROM said WHERE name = ?", (name,))
        return json.loads(found[0][0]) if found else None

    def reclaim(self, is_there: Callable[[Listed], bool]) -> None:
        """After a stop: what was under way is asked again, unless it *is_there*."""
        rows = self._rows(f"SELECT {_COLUMNS} FROM ask WHERE state = 'leased' AND kind = 'memento'")
        self.settle([row.id for row in (Row(*values) for values in rows) if is_there(row.listed)], "done")
        self._rows("UPDATE ask SET state = 'queued', attempts = 0, not_before = 0 WHERE state = 'leased'")
        self.commit()

    def ask(self, kind: Kind, url: str, about: Any, *, rank: int = 0) -> bool:
        """Queue a probe or listing; False where it was asked for before: TimeMaps may lead in a circle."""
        first = {"probe": "0", "listing": "1"}[kind]
        return bool(
            self._rows(
                "INSERT INTO ask (kind, key, url, about, state, rank) VALUES (?,?,?,?,'queued',?)"
                " ON CONFLICT (key) DO NOTHING RETURNING id",
                (kind, f"{kind} {url}", url, json.dumps(about), f"{first}{rank:09d}"),
            )
        )

    def take(self, listed: Listed, state: str = "queued") -> bool:
        """Take in a capture; False where it stands here: two of one second and URL have one address."""
        return bool(
            self._rows(
                "INSERT INTO ask (kind, key, url, at, digest, memento, mime, status, state, rank)"
                " VALUES ('memento',?,?,?,?,?,?,?,?,?) ON CONFLICT (key) DO NOTHING RETURNING id",
                (
                    f"{listed.at} {listed.url}",
                    *(listed.url, listed.at, listed.digest, listed.memento, listed.mime, listed.status, state),
                    f"2{listed.at}",
                ),
            )
        )

    def collapse(self) -> int:
        """Of the captures of one URL with one digest, ask for the first; how many are left out."""
        return len(
            self._rows(
                "UPDATE ask SET state = 'collapsed' WHERE kind = 'memento' AND state = 'queued' AND digest IS NOT NULL"
                " AND EXISTS (SELECT 1 FROM ask o WHERE o.url = ask.url AND o.digest = ask.digest AND o.at < ask.at"
                " AND o.kind = 'memento' AND o.state <> 'failed') RETURNING id"
            )
        )

    def row(self, row_id: int) -> Row:
        return Row(*self._rows(f"SELECT {_COLUMNS} FROM ask WHERE id = ?", (row_id,))[0])

    def lease(self, limit: int, *, full: Collection[str] = ()) -> list[Leased]:
        """The next rows: what tells what there is goes before captures, and these by time. One host is asked, so none
        while that is *full*."""
        if full:
            return []
        rows = self._rows(
            f"UPDATE ask SET state = 'leased', attempts = attempts + 1 WHERE id IN (SELECT id FROM ask"
            f" WHERE state = 'queued' AND rank < ? AND not_before <= ? ORDER BY rank, id LIMIT ?) RETURNING"
            f" {_COLUMNS}, rank",
            (self._below, time.time(), limit),
        )
        rows.sort(key=lambda row: (row[-1], row[0]))
        leased = [Row(*row[:-1]) for row in rows]
        return [Leased(row.id, self.address_of(row), None, "P", row.attempts) for row in leased]

    def release(self, row_id: int, *, not_before: float = 0, asked: bool = True) -> None:
        self._rows(
            "UPDATE ask SET state = 'queued', not_before = ?, attempts = attempts - ? WHERE id = ?",
            (not_before, not asked, row_id),
        )

    def settle(self, row_ids: Iterable[int], state: str, why: str | None = None) -> None:
        for row_id in row_ids:
            self._rows("UPDATE ask SET state = ?, why = ? WHERE id = ?", (state, why, row_id))

    def give_up(self, why: str) -> int:
        """Nothing that is queued is asked for any more."""
        return len(self._rows("UPDATE ask SET state = 'failed', why = ? WHERE state = 'queued' RETURNING id", (why,)))

    def remember(self, url: str, digest: str, place: Place) -> None:
        """The record there holds what *url* gave, whole: of *digest*."""
        self._rows(
            "INSERT INTO original VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING",
            (url, digest, place.file, place.offset, place.length),
        )

    def original(self, url: str, digest: str) -> Place | None:
        rows = self._rows('SELECT file, "offset", length FROM original WHERE url = ? AND digest = ?', (url, digest))
        return Place(*rows[0]) if rows else None

    def pending(self) -> bool:
        return bool(self._rows("SELECT 1 FROM ask WHERE state = 'queued' AND rank < ? LIMIT 1", (self._below,)))

    @property
    def _below(self) -> str:
        return _CAPTURES if self.captures_closed else _ALL

    def left(self) -> int:
        return int(self._rows("SELECT count(*) FROM ask WHERE state IN ('queued', 'leased')")[0][0])

    def count(self, kind: Kind, *states: str) -> int:
        marks = ",".join("?" * len(states))
        where = f"AND state IN ({marks})" if states else ""
        return int(self._rows(f"SELECT count(*) FROM ask WHERE kind = ? {where}", (kind, *states))[0][0])

    def listed(self) -> list[tuple[str, str, str | None, str | None, str | None, str]]:
        """URL, time, status, media type, digest and state of every capture, by URL and time."""
        return self._rows(
            "SELECT url, at, status, mime, digest, state FROM ask WHERE kind = 'memento' ORDER BY url, at"
        )

    def counts(self) -> dict[str, int]:
        return dict(self._rows("SELECT kind || ' ' || state, count(*) FROM ask GROUP BY 1 ORDER BY 1"))

    def refusals(self) -> dict[str, int]:
        return dict(self._rows("SELECT why, count(*) FROM ask WHERE state = 'refused' GROUP BY why ORDER BY 2 DESC"))
