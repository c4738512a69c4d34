"""One WARC file on its way to being sealed: ``NAME.open``, created exclusively, locked, appended to in whole pieces.

A segment is never left with half a piece in it: what could not be written whole is cut off again.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from archive.errors import ArchiveFault, DiskFull
from archive.faults import FULL, fault, free_bytes

if TYPE_CHECKING:
    from archive.warc.members import Member

OPEN = ".open"
#: a chunk this large is written on its own
GATHER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Sealed:
    """A finished file: its name inside the directory, the hex sha256 and size of all of it."""

    file: str
    sha256: str
    size: int


def flush(fd: int) -> None:
    """Have the file's bytes on the medium, not only in the drive's cache."""
    if sys.platform == "darwin":  # fsync(2) on macOS does not reach the medium
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    else:
        os.fdatasync(fd)


def flush_directory(directory: Path) -> None:
    """Have names and renames on the medium."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def rename_sealed(path: Path) -> Path:
    """Give ``NAME.open`` its final name. The final name is never taken from another file."""
    final = path.with_name(path.name.removesuffix(OPEN))
    if final.exists():
        raise ArchiveFault(f"{final}: exists already; {path.name} keeps its name")
    path.rename(final)
    flush_directory(path.parent)
    return final


class Segment:
    """Not thread-safe: its writer holds a lock. A `Mark` may be flushed by any thread at any time."""

    def __init__(self, directory: Path, file: str, *, reserve_bytes: int) -> None:
        """Raises FileExistsError when the name is taken, ArchiveFault when the directory cannot be written."""
        #: the final name; the file carries it once it is sealed
        self.file = file
        self.path = directory / (file + OPEN)
        #: bytes of whole pieces
        self.size = 0
        self._reserve_bytes = reserve_bytes
        self._hash = hashlib.sha256()
        self._broken: ArchiveFault | None = None
        if (directory / file).exists():
            raise FileExistsError(errno.EEXIST, "is sealed already", str(directory / file))
        self.check_room()
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        except FileExistsError:
            raise
        except OSError as error:
            raise fault(self.path, error) from error
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            flush_directory(directory)
            self._ballast: IO[bytes] | None = _ballast(directory, min(reserve_bytes, 4 << 20))
        except OSError as error:
            os.close(self._fd)
            self.path.unlink(missing_ok=True)
            raise fault(self.path, error) from error

    def check_room(self) -> None:
        """Raise DiskFull while the closing records and the database can still be written."""
        free = free_bytes(self.path.parent)
        if free < self._reserve_bytes:
            raise DiskFull(
                f"{self.path}: {free / 1e6:.1f} MB free, {self._reserve_bytes / 1e6:.1f} MB are kept in reserve so "
                "that the crawl can close: make room on this disk, and crawl again"
            )

    def append(self, members: Iterable[Member]) -> int:
        """Write all *members* or none; return the offset of the first. Nothing is flushed."""
        if self._broken:
            raise self._broken
        start, at, digest = self.size, self.size, self._hash.copy()
        try:
            for piece in _gathered(members):
                at += _pwrite(self._fd, piece, at)
                self._hash.update(piece)
        except BaseException as error:
            self._hash = digest
            self._cut_back(start)
            if isinstance(error, OSError):
                self.free_reserve()
                raise fault(self.path, error) from error
            raise
        self.size = at
        return start

    def _cut_back(self, size: int) -> None:
        try:
            os.ftruncate(self._fd, size)
        except OSError as error:
            self._broken = ArchiveFault(f"{self.path}: {error.strerror}; cannot cut back to {size}, needs recovery")
            raise self._broken from error

    def free_reserve(self) -> None:
        """Give back the space kept for the closing records."""
        if self._ballast is not None:
            self._ballast.close()
            self._ballast = None

    def mark(self) -> Mark:
        """What is written by now, to be flushed later and from any thread."""
        return Mark(self, self.size, os.dup(self._fd))

    def break_off(self, fault: ArchiveFault) -> None:
        """Neither append nor seal any more: what the medium holds is for recovery to find out."""
        self._broken = fault

    def discard(self) -> None:
        """Give up a file that holds nothing whole."""
        self.free_reserve()
        os.close(self._fd)
        self.path.unlink(missing_ok=True)

    def seal(self) -> Sealed:
        """Flush, give the file its final name, close it. Raises ArchiveFault; the file then stays for recovery."""
        self.free_reserve()
        try:
            if self._broken:
                raise self._broken
            try:
                flush(self._fd)
                rename_sealed(self.path)
            except OSError as error:
                raise fault(self.path, error) from error
        finally:
            os.close(self._fd)
        return Sealed(self.file, self._hash.hexdigest(), self.size)


@dataclass(frozen=True, slots=True)
class Mark:
    """Has a descriptor of its own, so that sealing the file meanwhile does no harm."""

    segment: Segment
    size: int
    fd: int

    def flush(self) -> tuple[str, int]:
        """Raises ArchiveFault. The segment is broken off then: a second flush may succeed without having written what
        the first one dropped."""
        try:
            flush(self.fd)
        except OSError as error:
            failed = fault(self.segment.path, error)
            self.segment.break_off(failed)
            raise failed from error
        finally:
            os.close(self.fd)
        return self.segment.file, self.size


def _gathered(members: Iterable[Member]) -> Iterator[bytes]:
    """Small members in one piece, so that one write holds the whole event; large ones as they come."""
    small: list[bytes] = []
    for member in members:
        for chunk in member.chunks():
            small.append(chunk)
            if len(chunk) >= GATHER_BYTES:
                yield b"".join(small)
                small.clear()
    yield b"".join(small)


def _pwrite(fd: int, data: bytes, at: int) -> int:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, at)
        at += written
        view = view[written:]
    return len(data)


def _ballast(directory: Path, size: int) -> IO[bytes] | None:
    """Space that is taken now so that it can be given back when the disk is full. The file has no name: the kernel
    frees it when we die."""
    if not size:
        return None
    file = tempfile.TemporaryFile(dir=directory, buffering=0)  # noqa: SIM115  # held open as long as the segment
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        file.close()
        if error.errno in FULL:
            raise
        return None  # a file system without fallocate: the free-space check alone must do
    return file
