"""How an SQLite file is opened for reading, wherever it lies, and whether it is whole."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

#: faults that are named
_NAMED = 5
#: result codes for a file that is no database, or not a whole one (https://sqlite.org/rescode.html)
_DAMAGES = {sqlite3.SQLITE_NOTADB: "not-a-database", sqlite3.SQLITE_CORRUPT: "damaged"}


def read_only_uri(path: Path) -> str:
    """For ``sqlite3.connect(..., uri=True)``. On read-only media a file without ``-wal`` is opened as immutable: SQLite
    could not make the files there that it reads a WAL database with."""
    wal = path.with_name(f"{path.name}-wal")
    frozen = not wal.exists() and not os.access(path.parent, os.W_OK)
    return f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if frozen else ''}"


def damage_of(db: sqlite3.Connection) -> list[str]:
    """What SQLite finds wrong with the pages of the file; every page is read."""
    try:
        said = [str(row[0]) for row in db.execute(f"PRAGMA quick_check({_NAMED})")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [] if said == ["ok"] else [line.replace("\n", "; ") for line in said]


def damage_said(error: sqlite3.Error) -> str | None:
    """In one word, what *error* says of the file; None where it is about something else, such as the disk."""
    return _DAMAGES.get((getattr(error, "sqlite_errorcode", None) or 0) & 0xFF)


def is_sqlite(path: Path) -> bool:
    """Whether the file begins as one, or is empty. Raises OSError."""
    with path.open("rb") as file:
        return file.read(16) in (b"", b"SQLite format 3\0")
