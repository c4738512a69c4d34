"""What the operating system and SQLite say when the archive cannot be written, as the one line an operator reads."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from archive.errors import ArchiveFault, DiskFull

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

#: result codes of SQLite that are about the disk, not about what was asked (https://sqlite.org/rescode.html)
_DATABASE = frozenset({
    sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOTADB,
})  # fmt: skip


def fault(path: Path, error: OSError) -> ArchiveFault:
    if error.errno in FULL:
        return _disk_full(path)
    return ArchiveFault(f"{path}: {error.strerror or error}")


def database_fault(path: Path, error: sqlite3.Error) -> ArchiveFault | None:
    """None when the error is not the disk's."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if code not in _DATABASE:
        return None
    if code == sqlite3.SQLITE_FULL:
        return _disk_full(path)
    return ArchiveFault(f"{path}: {error}")


def _disk_full(path: Path) -> DiskFull:
    return DiskFull(f"{path}: disk full, {free_bytes(path.parent) / 1e6:.1f} MB free: make room on this disk")


@contextmanager
def database_faults(path: Path) -> Iterator[None]:
    """Raise what the disk does to the database at *path* as ArchiveFault; all else as it comes."""
    try:
        yield
    except sqlite3.Error as error:
        found = database_fault(path, error)
        if found is None:
            raise
        raise found from error


def free_bytes(directory: Path) -> int:
    """Bytes that we may still write there."""
    with suppress(OSError):
        stat = os.statvfs(directory)
        return stat.f_bavail * stat.f_frsize
    return 0
