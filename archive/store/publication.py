"""The database as it may be seen: a file of its own, made of the rows that are shown and of nothing else, and put in
place of the one that is served while it is read.

What is withheld was never written into it, so that no free page, no search index and no statistics hold it either.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from archive.databases import is_sqlite
from archive.faults import database_faults, fault
from archive.layout import Archive
from archive.store.search import index_site
from archive.store.withheld import DECIDED, open_visible

#: the operator's own: who decided, what is asked of people, what went wrong
OPERATORS = (
    *("decision", "withdrawn", "decision_use", "event", "problem", "doubt", "suggestion"),
    *("closing", "expectation", "url_list", "style", "erased", "permission"),
)
_TO_OPERATORS = re.compile(rf'\s+REFERENCES\s+"?(?:{"|".join(OPERATORS)})"?\s*\([^)]*\)', re.IGNORECASE)
_BUSY_S = 60.0


def write_visible(archive: Archive, path: Path, *, public: bool) -> None:
    """Write the new file *path*: the database without what decisions withhold; when *public* also without facts that
    nobody confirmed and the operator's own tables.

    Raises WrongUse for a decision that cannot be obeyed, NotAnArchive, ArchiveFault, DiskFull.
    """
    with database_faults(path), open_visible(archive, candidates=not public) as connection:
        tables = _tables(connection)
        if public:
            # What refers to a table that is not there would be shown as a link that leads nowhere.
            tables = {name: _TO_OPERATORS.sub("", sql) for name, sql in tables.items() if name not in OPERATORS}
        made = connection.execute(
            "SELECT type, name, tbl_name, sql FROM main.sqlite_master WHERE sql IS NOT NULL ORDER BY type, name"
        ).fetchall()
        connection.execute("ATTACH ? AS served", (f"{path.absolute().as_uri()}?mode=rwc",))
        for name, sql in tables.items():
            connection.execute(sql.replace("CREATE TABLE ", "CREATE TABLE served.", 1))
            where = f" WHERE {DECIDED[name]}" if name in DECIDED else ""
            # A name without its schema leads to the temporary view that hides.
            connection.execute(f'INSERT INTO served."{name}" SELECT * FROM "{name}"{where}')
        connection.execute("COMMIT")
        connection.execute("DETACH served")
        with closing(sqlite3.connect(path)) as served:
            _finish(served, [
                (kind, name, sql) for kind, name, table, sql in made
                if kind == "view" or (kind == "index" and table in tables) or _is_search(sql)
            ])  # fmt: skip
            served.execute("PRAGMA journal_mode=WAL")
    _flush(path)


def publish(draft: Path, target: Path) -> bool:
    """Put *draft* in place of *target*, at once for whoever reads it: those who have it open see the new rows with
    their next question, and a process that is killed leaves the old or the new. *draft* is gone then.

    False where readers kept the old pages from being written over as yet: `scrub` does it later. Raises ArchiveFault.
    """
    if not target.exists() or not is_sqlite(target):
        draft.replace(target)
        _flush(target.parent)
        return True
    with database_faults(target), closing(sqlite3.connect(draft)) as source, closing(_open(target)) as served:
        source.backup(served)
        clean = _truncate(served)
    draft.unlink()
    return clean


def scrub(target: Path) -> bool:
    """Whether nothing is left of the pages that were replaced. Raises ArchiveFault."""
    with database_faults(target), closing(_open(target)) as served:
        return _truncate(served)


@contextmanager
def drafting(target: Path) -> Iterator[Path]:
    """Where a draft of *target* is written; of one that failed, or was killed, nothing is left."""
    draft = target.with_name(f".{target.name}.part")
    left = [draft, *(draft.with_name(f"{draft.name}{end}") for end in ("-wal", "-shm", "-journal"))]
    try:
        for path in left:
            path.unlink(missing_ok=True)
        yield draft
    except OSError as error:
        raise fault(draft, error) from error
    finally:
        for path in left:
            path.unlink(missing_ok=True)


def _tables(connection: sqlite3.Connection) -> dict[str, str]:
    """What holds rows of ours, with its definition: no search index, and nothing an index is made of."""
    virtual = [row[0] for row in connection.execute(
        "SELECT name FROM main.sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE%'")]  # fmt: skip
    return {
        name: sql
        for name, sql in connection.execute(
            "SELECT name, sql FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
        if not any(name == one or name.startswith(f"{one}_") for one in virtual)
    }


def _finish(served: sqlite3.Connection, made: list[tuple[str, str, str]]) -> None:
    # Flushed whole when it is done; until then it is nobody's.
    served.execute("PRAGMA synchronous=OFF")
    served.execute("BEGIN")
    order = {"index": 0, "table": 1, "view": 2}
    for _, _, sql in sorted(made, key=lambda one: order[one[0]]):
        served.execute(sql)
    for name in [name for kind, name, _ in made if kind == "view"]:
        try:
            served.execute(f'SELECT * FROM "{name}" LIMIT 0')
        except sqlite3.OperationalError:  # of tables that are not in here
            served.execute(f'DROP VIEW "{name}"')
    for (site,) in served.execute("SELECT id FROM site").fetchall():
        index_site(served, site)
    served.commit()
    served.execute("ANALYZE")
    served.commit()


def _is_search(sql: str) -> bool:
    return sql.startswith("CREATE VIRTUAL TABLE")


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)


def _truncate(served: sqlite3.Connection) -> bool:
    """The WAL holds pages of before; while somebody reads of them it cannot be emptied, and is asked for but once."""
    served.execute("PRAGMA busy_timeout=0")
    busy, _, _ = served.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
