"""Which file is served, and that it holds nothing that is withheld: looked at again before every request.

Where nothing is withheld it is the archive's own database. Else, and always for the public, it is a copy without what
is hidden, so that no route, table page, feed or `?sql=` can show it. A decision holds from the next request on, and an
embargo ends on its day; what a crawl writes is seen a little later.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from archive import times
from archive.errors import ArchiveFault, BewaarError
from archive.layout import Archive
from archive.store import open_read_only, publication
from archive.store.rules import Rule, next_end, rules_in
from archive.urls import urlkey

#: a copy that a crawl has outrun is made again no sooner than this after the last, seconds, nor than ten times as long
#: as making it took
FRESH_S = 5.0
_COSTS = 10
#: after a failure nothing is tried again for so long, seconds, unless the decisions change
_RETRY_S = 5.0

_OF_RECORD = """SELECT r.url, c.captured_at FROM capture c JOIN resource r ON r.id = c.resource_id
WHERE c.record_id = ?"""
_OF_ROW = {
    "capture": """SELECT r.url, c.captured_at FROM capture c JOIN resource r ON r.id = c.resource_id WHERE c.id = ?""",
    "resource": """SELECT r.url, c.captured_at FROM resource r JOIN capture c ON c.resource_id = r.id WHERE r.id = ?""",
}
#: names, sizes and times of files; what is equal has not changed
_Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Made:
    """What the file that is served was made of."""

    path: Path
    inode: int
    decisions: _Stamp
    database: _Stamp
    rules: tuple[Rule, ...]
    #: until when, as an ``*_at`` text
    until: str | None
    #: `time.monotonic`, and seconds
    at: float
    took_s: float
    #: False while pages that were replaced can still be read in the file
    clean: bool = True


class Publication:
    """Safe to be asked by several threads at once."""

    def __init__(self, archive: Archive, *, public: bool = False, fresh_s: float = FRESH_S) -> None:
        self.archive = archive
        self.public = public
        self._fresh_s = fresh_s
        self._lock = threading.Lock()
        self._made: _Made | None = None
        self._failed: tuple[_Stamp, float, BewaarError] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def path(self) -> Path:
        """The file that is served. Raises what `refresh` does where there is none yet."""
        if self._made is None:
            self.refresh()
        assert self._made is not None
        return self._made.path

    @property
    def file(self) -> tuple[Path, int]:
        """The file that is served, and which it is of those that had its name."""
        path = self.path
        return path, _inode(path)

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self._made.rules if self._made else ()

    def holds(self) -> bool:
        """Whether what is served may be: no decision was made since. Costs a look at each file of decisions."""
        made = self._made
        return made is not None and made.decisions == self._decisions() and made.inode == _inode(made.path)

    def is_due(self) -> bool:
        """Whether it may be served, and should be made again all the same: a crawl has written since, or an embargo has
        ended."""
        made = self._made
        if made is not None and made.until is not None and made.until <= times.seconds(times.now()):
            return True
        if made is None or (made.clean and (made.path == self.archive.database or made.database == self._database())):
            return False
        return not made.clean or time.monotonic() - made.at >= max(self._fresh_s, _COSTS * made.took_s)

    def refresh(self) -> None:
        """Serve what may be seen now. Blocks; it takes as long as copying the database does.

        Raises WrongUse for a decision that cannot be obeyed, NotAnArchive, ArchiveFault: nothing may be served then.
        """
        with self._lock:
            made = self._made
            if made and not made.clean and self.holds() and made.database == self._database():
                self._made = replace(made, clean=publication.scrub(made.path))
                return
            if made and self.holds() and not self.is_due():
                return  # somebody else was faster
            stamp = self._decisions()
            if self._failed and self._failed[0] == stamp and time.monotonic() - self._failed[1] < _RETRY_S:
                raise self._failed[2]
            try:
                self._made = self._make(stamp)
            except BewaarError as error:
                self._failed = (stamp, time.monotonic(), error)
                if not self.holds():
                    self._made = None
                raise
            self._failed = None

    def rules_for(self, urls: list[str], captured_at: str | None = None) -> list[Rule]:
        """What withholds captures of one of *urls*: made at *captured_at*, or of all times."""
        keys = {urlkey(url) for url in urls}
        return [
            rule
            for rule in self.rules
            if any(rule.covers(key) for key in keys)
            and (rule.of_all_times if captured_at is None else rule.since <= captured_at < rule.until)
        ]

    def rules_for_record(self, record_id: str) -> list[Rule]:
        """What withholds the captures with this record id."""
        return self._rules_of(_OF_RECORD, record_id)

    def rules_for_row(self, table: str, row: int) -> list[Rule]:
        return self._rules_of(_OF_ROW[table], row) if row < 1 << 63 else []

    def _rules_of(self, sql: str, value: str | int) -> list[Rule]:
        if not self.rules or not self.archive.database.is_file():
            return []
        with closing(open_read_only(self.archive.database)) as db:
            found = db.conn.execute(sql, (value,)).fetchall()
        return [rule for rule in self.rules if any(rule.withholds(url, at) for url, at in found)]

    def _make(self, decisions: _Stamp) -> _Made:
        began = time.monotonic()
        database = self._database()
        rules = tuple(rules_in(self.archive.decisions))
        path, clean = self.archive.database, True
        if self.public or rules:
            path, clean = self._copy()
        took_s = time.monotonic() - began
        return _Made(path, _inode(path), decisions, database, rules, next_end(rules), time.monotonic(), took_s, clean)

    def _copy(self) -> tuple[Path, bool]:
        target = self._target()
        with self._locked(target), publication.drafting(target) as draft:
            if is_unwritten(self.archive.database):
                draft.touch()
                draft.replace(target)
                return target, True
            publication.write_visible(self.archive, draft, public=self.public)
            return target, publication.publish(draft, target)

    def _target(self) -> Path:
        """Beside the database for the public, else where only the operator reads; elsewhere on read-only media."""
        name = "public.db" if self.public else "served.db"
        if self._folder is None and self.archive.writable:
            self.archive.make_folders()
            return (self.archive.root if self.public else self.archive.state).absolute() / name
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="bewaar-serve-")
        return Path(self._folder.name) / name

    @contextmanager
    def _locked(self, target: Path) -> Iterator[None]:
        """One process at a time makes it."""
        folder = self.archive.state if self._folder is None else target.parent
        path = folder / f"{target.name}.lock"
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise ArchiveFault(f"{path}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _decisions(self) -> _Stamp:
        return _stamp(sorted(self.archive.decisions.glob("*.jsonl")))

    def _database(self) -> _Stamp:
        database = self.archive.database
        return _stamp([database, database.with_name(f"{database.name}-wal")])


def is_unwritten(database: Path) -> bool:
    """Whether nothing at all is in the file: a crawl makes it before it writes the first table into it."""
    wal = database.with_name(database.name + "-wal")
    return database.stat().st_size == 0 and not (wal.exists() and wal.stat().st_size)


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def _stamp(paths: list[Path]) -> _Stamp:
    found = []
    for path in paths:
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        found.append((path.name, status.st_ino, status.st_size, status.st_mtime_ns))
    return tuple(found)
