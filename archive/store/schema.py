"""Opening the database: connection, migrations, views. No ``transform()`` anywhere: it drops generated columns."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import sqlite_utils
from sqlite_utils import Migrations

from archive.databases import read_only_uri
from archive.errors import NotAnArchive, OlderSchema
from archive.faults import database_fault
from archive.model import Fact
from archive.store.first_schema import complete_first_schema
from archive.store.style_tables import STYLES
from archive.store.tables import (
    COPIES,
    CURATION,
    DESCRIBED,
    DRIFT,
    ERASED,
    EXTRACTOR_VERSION,
    FIRST_SCHEMA,
    PICTURES,
    REPORTS,
    SOURCE,
)
from archive.store.views import view_definitions

#: how long a writer waits for another process's batch, seconds
BUSY_S = 60.0

migrations = Migrations("bewaar")


@migrations()
def first_schema(db: sqlite_utils.Database) -> None:
    for statement in FIRST_SCHEMA:
        db.execute(statement)


@migrations()
def pictures(db: sqlite_utils.Database) -> None:
    """What logos look like; the rows come with the next derivation."""
    # Whatever came before this had `first_schema`, one way or the other.
    complete_first_schema(db.conn)
    for statement in PICTURES:
        db.execute(statement)


@migrations()
def drift(db: sqlite_utils.Database) -> None:
    for statement in DRIFT:
        db.execute(statement)


@migrations()
def extractor_version(db: sqlite_utils.Database) -> None:
    db.execute(EXTRACTOR_VERSION)


@migrations()
def curation(db: sqlite_utils.Database) -> None:
    for statement in CURATION:
        db.execute(statement)


@migrations()
def copies(db: sqlite_utils.Database) -> None:
    for statement in COPIES:
        db.execute(statement)


@migrations()
def reports(db: sqlite_utils.Database) -> None:
    """Of captures that are there nobody knows what they need; `rebuild` reads them again."""
    for statement in REPORTS:
        db.execute(statement)


@migrations()
def source(db: sqlite_utils.Database) -> None:
    db.execute(SOURCE)


@migrations()
def erased(db: sqlite_utils.Database) -> None:
    for statement in ERASED:
        db.execute(statement)


@migrations()
def described(db: sqlite_utils.Database) -> None:
    """What is said of sites that are there comes with their next crawl, or a rebuild."""
    for statement in DESCRIBED:
        db.execute(statement)


@migrations()
def styles(db: sqlite_utils.Database) -> None:
    """Of captures that are there nobody knows what style sheets make of them; the extractor's new version has them read
    again."""
    for statement in STYLES:
        db.execute(statement)


WriteLock = Callable[[], AbstractContextManager[None]]


def open_for_writing(path: Path, kinds: Sequence[type[Fact]], write_lock: WriteLock) -> sqlite_utils.Database:
    """Open or create the database and bring schema and views up to date.

    Raises NotAnArchive when the file is no database of ours, or its schema is newer than this version knows.
    """
    db = _connect(str(path), uri=False)
    try:
        _refuse_foreign(db, path)
        _write_ahead(db)
        # Enough, because every row can be derived from synced WARCs again.
        db.conn.execute("PRAGMA synchronous=NORMAL")
        views = view_definitions(kinds)
        if migrations.pending(db) or _views(db) != views:
            with write_lock(), immediate(db):
                _refuse_foreign(db, path)
                migrations.apply(db)
                _replace_views(db, views)
        # Not before: tables cannot be made again with it, and within a transaction it cannot be switched.
        db.conn.execute("PRAGMA foreign_keys=ON")
    except sqlite3.OperationalError as error:
        db.close()
        raise database_fault(path, error) or _not_now(path, error) from error
    except BaseException:
        db.close()
        raise
    return db


def open_read_only(path: Path, *, threads: bool = False) -> sqlite_utils.Database:
    """Open for reading, also on read-only media: there a file without ``-wal`` is opened as immutable. *threads* may
    share the connection where their caller takes care that one uses it at a time."""
    if not path.exists():
        raise NotAnArchive(f"{path}: no database; `bewaar rebuild` derives it from the WARC files")
    try:
        db = _connect(read_only_uri(path), uri=True, threads=threads)
    except sqlite3.OperationalError as error:
        raise NotAnArchive(f"{path}: cannot be opened: {error}") from error
    try:
        _refuse_foreign(db, path)
        _refuse_older(db, path)
    except sqlite3.OperationalError as error:
        db.close()
        raise _not_now(path, error) from error
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def immediate(db: sqlite_utils.Database) -> Iterator[None]:
    """One write transaction. BEGIN IMMEDIATE: a deferred one (``db.atomic()``) fails at once, without waiting, when
    another process commits between its first read and its first write.
    """
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.conn.execute("COMMIT")
    except BaseException:
        if db.conn.in_transaction:
            db.conn.execute("ROLLBACK")
        raise


def _connect(where: str, *, uri: bool, threads: bool = False) -> sqlite_utils.Database:
    connection = sqlite3.connect(where, timeout=BUSY_S, uri=uri, cached_statements=256, check_same_thread=not threads)
    return sqlite_utils.Database(connection, execute_plugins=False)


def _write_ahead(db: sqlite_utils.Database) -> None:
    """WAL, which is a property of the file. Of several that make it so at once SQLite refuses some without waiting."""
    end = time.monotonic() + BUSY_S
    while True:
        try:
            db.conn.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _not_now(path: Path, error: sqlite3.Error) -> NotAnArchive:
    return NotAnArchive(f"{path}: cannot be read now: {error}")


def _refuse_foreign(db: sqlite_utils.Database, path: Path) -> None:
    try:
        tables = set(db.table_names())
        applied = {migration.name for migration in migrations.applied(db)}
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CORRUPT:
            raise  # one that is damaged where its tables are named, and may well be ours
        raise NotAnArchive(f"{path}: not a database of Bewaar ({error}): `bewaar rebuild` derives it again") from error
    if tables and not applied:
        raise NotAnArchive(f"{path}: a SQLite database, but not one of Bewaar")
    if newer := sorted(applied - _own_names()):
        raise NotAnArchive(f"{path}: its schema is newer than this version of Bewaar ({', '.join(newer)})")


def _refuse_older(db: sqlite_utils.Database, path: Path) -> None:
    if migrations.pending(db):
        raise OlderSchema(
            f"{path}: its schema is older than this version of Bewaar; `bewaar rebuild` brings it up to date"
        )


def _own_names() -> set[str]:
    """The migrations this version knows; asked of an empty database because `Migrations` has no public list."""
    empty = sqlite_utils.Database(memory=True)
    try:
        return {migration.name for migration in migrations.pending(empty)}
    finally:
        empty.close()


def _views(db: sqlite_utils.Database) -> dict[str, str]:
    return dict(db.conn.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'").fetchall())


def _replace_views(db: sqlite_utils.Database, wanted: dict[str, str]) -> None:
    for name in _views(db):
        db.conn.execute(f'DROP VIEW "{name}"')
    for statement in wanted.values():
        db.conn.execute(statement)
