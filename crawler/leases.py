"""Rows of what is to be asked for, on SQLite: leased, released and settled by one process, which takes them up again
after a stop at any moment.

Synchronous is NORMAL: a power cut may take the last commits, and what was captured is learned from the WARC files.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from archive import times
from archive.databases import damage_said
from archive.errors import ArchiveFault
from archive.faults import database_fault, database_faults, fault


def _damage_of(path: Path) -> tuple[str, str] | None:
    with database_faults(path), closing(sqlite3.connect(path, isolation_level=None)) as db:
        try:
            said = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
        except sqlite3.DatabaseError as error:
            if (why := damage_said(error)) is None:
                raise
            return why, str(error)
    return None if said == "ok" else ("damaged", "; ".join(said.splitlines()))


@dataclass(frozen=True, slots=True)
class Leased:
    id: int
    url: str
    via: str | None
    hops: str
    attempts: int


class Leases:
    """One process, one connection. Writes are in one transaction until `commit`, called twice a second."""

    #: every statement of it may be run again
    schema: ClassVar[str]

    def __init__(self, path: Path | None) -> None:
        """*path*: None for rows that need not outlive the process. Raises ArchiveFault."""
        self.path = path or Path("(temporary database)")
        #: told once, when the file cannot be read or written any more: there are no rows from then on, so that the
        #: crawl can close. Without it ArchiveFault is raised.
        self.on_fault: Callable[[ArchiveFault], Any] | None = None
        #: pages may be leased no more (``--max-pages`` reached); requisites still are
        self.pages_closed = False
        self._open = False
        with database_faults(self.path):
            self._db = sqlite3.connect(path or "", isolation_level=None)
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = NORMAL")
                self._db.execute("PRAGMA cache_size = -16000")
                self._renew()
                self._db.executescript(self.schema)
                self._recount()
            except BaseException:
                self._db.close()
                raise

    @staticmethod
    def put_aside_damaged(path: Path) -> str | None:
        """Give the rows at *path* another name where they are no whole database, which reads every page of the file:
        what to tell of it. Nobody else may have it open. Raises ArchiveFault where it cannot be read or renamed."""
        if not path.exists() or (found := _damage_of(path)) is None:
            return None
        why, said = found
        aside = path.with_name(f"{path.name}.{times.digits17(times.now())}.{why}")
        try:
            path.rename(aside)
            if (wal := path.with_name(f"{path.name}-wal")).exists():
                wal.rename(aside.with_name(f"{aside.name}-wal"))
            path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
        except OSError as error:
            raise fault(path, error) from error
        return f"{path}: {said}; put aside as {aside.name}"

    @staticmethod
    def remove(path: Path) -> None:
        """And not what was put aside."""
        for beside in ("", "-wal", "-shm", "-journal"):
            path.with_name(f"{path.name}{beside}").unlink(missing_ok=True)

    def _renew(self) -> None:
        """Bring the rows that an older version began up to date, before the schema is run."""

    def _recount(self) -> None:
        """What is known of the rows in memory: they are others now."""

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of one statement, in the transaction that `commit` ends."""
        try:
            if not self._open:
                self._db.execute("BEGIN IMMEDIATE")
                self._open = True
            return self._db.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            self._break_off(error)
            return self._db.execute(sql, values).fetchall()

    def commit(self) -> None:
        try:
            if self._open:
                self._db.execute("COMMIT")
                self._open = False
        except sqlite3.Error as error:
            self._break_off(error)

    def _break_off(self, error: sqlite3.Error) -> None:
        found = database_fault(self.path, error)
        if found is None:
            raise error
        if self.on_fault is None:
            raise found from error
        with suppress(sqlite3.Error):
            self._db.close()
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.executescript(self.schema)
        self._open = False
        self._recount()
        self.on_fault(found)

    def close(self) -> None:
        # What a full disk does not take is learned from the WARC files when the crawl is taken up again.
        with suppress(ArchiveFault):
            self.commit()
        self._db.close()
