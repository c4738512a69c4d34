"""Whole WARC files into the database, by a process that may be ended: `rebuild`, and what a crawl left that was cut
short. A record that takes it too long, or too much memory, is kept and not looked into; all others are read."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from archive import times
from archive.databases import is_sqlite
from archive.errors import ArchiveFault, BewaarError, WrongUse
from archive.faults import fault
from archive.layout import Archive
from archive.recovery import repair
from archive.store import Store
from archive.store.compare import differences, dump, fact_differences
from archive.warc.reader import INSIDE
from archive.written import record_written
from crawler.bounds import RECORD_TIMEOUT_S, reader_process
from crawler.differences import Differences, open_migrated, read_otherwise
from crawler.files import Ingested, ingest_file
from crawler.ingests import Ingests, openings
from crawler.items import KINDS

#: how often the process says that it is alive
ALIVE_S = 0.5

#: how the name of a folder in ``state/`` begins that holds a database being derived
_BESIDE = "rebuild-"
#: stands for the revisits whose originals came after them, behind the files that may hold these
SECOND_LOOK = Path("revisits")

Progress = Callable[[Ingested], None]


def catch_up(archive: Archive, store: Store, site: str, *, alive: Callable[[], None] = lambda: None) -> list[Ingested]:
    """Write the rows of what a crawl of *site* left that was cut short: sealed files the database does not hold.
    *alive* is called now and then meanwhile."""
    held = store.sealed_files()
    done: list[Ingested] = []
    missing = [path for path in archive.warcs_of(site) if path.name not in held]
    if missing:
        ingest_all(archive, archive.database, [*missing, SECOND_LOOK], done.append, alive=alive)
    return done


def rebuild(
    archive: Archive,
    *,
    profile: str = "recorded",
    progress: Progress = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> Store:
    """Derive the database again from the WARCs and the decisions, beside the one in use, then put it in its place.

    *profile*: ``recorded`` reads each crawl with the profile its WARC holds, ``current`` with today's. The served
    file is overwritten through SQLite's backup, never renamed over: a Datasette that has it open goes on, and sees
    the new rows. What crawls and ingests add meanwhile is in it. *say* is told what is read otherwise than before.
    Returns the open store. Raises WrongUse while a crawl writes, at the beginning or the end: nothing is changed then.
    """
    archive.check_writable()
    archive.make_folders()
    record_written(archive)
    _set_aside(archive.database)
    with _folder_beside(archive.state) as beside:
        database = beside / "archive.db"
        read: set[Path] = set()
        while True:
            decided = _decided(archive)
            repair(archive)
            fresh = _derive_beside(archive, database, profile, progress, read)
            with archive.lock_database():
                with closing(fresh):
                    _refuse_open(archive)
                    if not read.issuperset(in_order(archive)) or decided != _decided(archive):
                        continue
                    for line in read_otherwise(archive.database, fresh.db.conn):
                        say(line)
                    if store := _open_or_put_aside(archive):
                        store.replace_with(fresh)
                        return store
                # Nobody has it open. Were it made first and filled then, a kill in between would leave an empty one.
                database.rename(archive.database)
                return Store(archive.database, KINDS, write_lock=archive.lock_database)


def compare(archive: Archive, *, profile: str = "recorded", progress: Progress = lambda _: None) -> Differences:
    """Changes no row, and nothing at all where nothing can be written."""
    writable = archive.writable
    with _folder_beside(archive.state if writable else None) as beside:
        fresh = _derive_beside(archive, beside / "archive.db", profile, progress, set())
        held = open_migrated(archive.database, beside / "held.db")
        try:
            facts = list(fact_differences(held, fresh.db.conn))
            return Differences(facts, list(differences(dump(held), dump(fresh.db.conn))))
        finally:
            held.close()
            fresh.close()


@contextmanager
def _folder_beside(state: Path | None) -> Iterator[Path]:
    """For a database that is being derived; what others left of theirs, who were killed, is taken away."""
    for left in state.glob(f"{_BESIDE}*") if state else ():
        with suppress(OSError), _locked(left):
            shutil.rmtree(left)
    with TemporaryDirectory(dir=state, prefix=_BESIDE) as beside, _locked(Path(beside)):
        yield Path(beside)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Raises OSError where another process has it."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(held)


def _decided(archive: Archive) -> frozenset[tuple[str, int]]:
    """Decisions only grow."""
    return frozenset((path.name, path.stat().st_size) for path in archive.decisions.glob("*.jsonl"))


def _set_aside(database: Path) -> None:
    """What is no database at all keeps no other from taking its place; it is kept under another name."""
    if database.exists() and not is_sqlite(database):
        _put_aside(database, "not-a-database")


def _open_or_put_aside(archive: Archive) -> Store | None:
    """The database in use; none where there is none, or it is damaged so that nobody can tell its tables."""
    if not archive.database.exists():
        return None
    try:
        return Store(archive.database, KINDS, write_lock=archive.lock_database)
    except (sqlite3.DatabaseError, ArchiveFault) as error:
        cause = error.__cause__ if isinstance(error, ArchiveFault) else error
        if getattr(cause, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_CORRUPT:
            raise
        _put_aside(archive.database, "damaged")
        return None


def _put_aside(database: Path, why: str) -> None:
    database.rename(database.with_name(f"{database.name}.{times.digits17(times.now())}.{why}"))
    for beside in ("-wal", "-shm"):
        database.with_name(f"{database.name}{beside}").unlink(missing_ok=True)


def _derive_beside(archive: Archive, database: Path, profile: str, progress: Progress, read: set[Path]) -> Store:
    """*read*: the files that *database* holds already; when it returns, those it holds."""
    _refuse_open(archive)
    current = profile == "current"
    Store(database, KINDS).close()
    late = [path for path in in_order(archive) if path not in read]
    ingest_all(archive, database, [*late, SECOND_LOOK], progress, current=current)
    read.update(late)
    fresh = Store(database, KINDS)
    fresh.load_decisions(archive.decisions)
    Ingests(archive, fresh, current=current).derive()
    return fresh


def _refuse_open(archive: Archive) -> None:
    if open_files := sorted(path.name for path in archive.warcs.glob("*.open")):
        raise WrongUse(
            f"{open_files[0]} is being written by a crawl; rebuild when it has ended. What one left that was killed is "
            "sealed by its next, or by `bewaar rebuild` without --dry-run"
        )


def in_order(archive: Archive) -> list[Path]:
    """All finished files: those of one crawl of ours as they were written, wherever they come from."""
    labels: dict[Path, tuple[str, str]] = {}
    for opening in openings(archive):
        path = archive.warcs / opening.file.partition(INSIDE)[0]
        labels.setdefault(path, (opening.label, opening.file))
    found = (*archive.sealed_warcs(), *archive.arcs(), *archive.waczs())
    return sorted(found, key=lambda path: (labels.get(path, (path.name, "")), path.name))


def ingest_all(
    archive: Archive,
    database: Path,
    files: Sequence[Path],
    progress: Progress,
    *,
    current: bool = False,
    alive: Callable[[], None] = lambda: None,
    at: Callable[[str, int], None] = lambda _, __: None,
) -> None:
    """Read *files* in a process of their own, and in another one from where that was ended. Raises BewaarError when it
    cannot go on. `SECOND_LOOK` among them reads again what could not be read in its turn. *alive* is called now and
    then meanwhile, *at* with file and offset of what is being read."""
    left = list(files)
    skim: defaultdict[str, set[int]] = defaultdict(set)
    while left:
        share = _Share(archive, database, tuple(left), dict(skim), current)
        with reader_process(_read, share) as (channel, reader):
            where = _listen(channel, left, progress, alive, at)
        if not left:
            return
        if where is None or where[1] in skim[where[0]]:
            raise BewaarError(f"{left[0]}: the reader ended (exit code {reader.exitcode}) and cannot go on")
        skim[where[0]].add(where[1])


def _listen(
    channel: Connection,
    left: list[Path],
    progress: Progress,
    alive: Callable[[], None],
    at: Callable[[str, int], None],
) -> tuple[str, int] | None:
    """Take what the reader says until it ends, or says nothing new for too long; the event it was at then."""
    where: tuple[str, int] | None = None
    since = time.monotonic()
    try:
        while time.monotonic() - since < RECORD_TIMEOUT_S:
            alive()
            if not channel.poll(ALIVE_S):
                continue
            message = channel.recv()
            since = time.monotonic()
            if isinstance(message, Ingested):
                where = None
                if left.pop(0) != SECOND_LOOK:
                    progress(message)
            elif isinstance(message, BewaarError):
                raise message
            else:
                where = message
                at(*message)
    except (EOFError, ConnectionError):
        pass
    return where


@dataclass(frozen=True, slots=True)
class _Share:
    """What one process is to read."""

    archive: Archive
    database: Path
    files: tuple[Path, ...]
    #: offsets of the events that ended another process, by file
    skim: Mapping[str, set[int]]
    #: with today's profiles
    current: bool


def _read(channel: Connection, share: _Share) -> None:
    """The process itself."""
    try:
        _read_share(channel, share)
    except BewaarError as error:
        channel.send(error)
    except OSError as error:
        channel.send(fault(Path(error.filename or share.database), error))


def _read_share(channel: Connection, share: _Share) -> None:
    archive = share.archive
    live = share.database == archive.database

    def at(file: str, offset: int) -> None:
        channel.send((file, offset))

    lock = archive.lock_database if live else nullcontext
    with closing(Store(share.database, KINDS, write_lock=lock)) as store:
        ingests = Ingests(archive, store, current=share.current)
        for path in share.files:
            if path == SECOND_LOOK:
                found = Ingested("", ingests.second_look(skim=share.skim, at=at))
            else:
                found = ingest_file(ingests, path, skim=share.skim, at=at)
            channel.send(found)
