"""Where bytes of any size are held: in memory up to a few MiB, in an unlinked temporary file past it.

Each class here is a `archive.model.WireBytes`.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import weakref
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from archive.faults import fault
from archive.model import WireBytes

#: a block larger than this lies on disk
MEMORY_BYTES = 8 << 20
PIECE_BYTES = 1 << 18


class InMemory:
    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data

    @property
    def size(self) -> int:
        return len(self.data)

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        piece = self.data[start:stop] if start or stop is not None else self.data
        if piece:
            yield piece

    def __repr__(self) -> str:
        return f"InMemory({self.size} bytes)"


class OnDisk:
    """*size* bytes at *start* of an open file. Owns *fd* and closes it when nobody holds this object any more; reads
    with pread, so threads may share it."""

    __slots__ = ("__weakref__", "_fd", "_start", "size")

    def __init__(self, fd: int, start: int, size: int) -> None:
        self._fd, self._start, self.size = fd, start, size
        weakref.finalize(self, os.close, fd)

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        start, stop, _ = slice(start, stop).indices(self.size)
        while start < stop:
            piece = os.pread(self._fd, min(stop - start, PIECE_BYTES), self._start + start)
            if not piece:  # the file was cut short under us; the reader of the block counts what came
                return
            start += len(piece)
            yield piece

    def __repr__(self) -> str:
        return f"OnDisk({self.size} bytes)"


class Part:
    """The bytes of *whole* from *start* on, without a copy."""

    __slots__ = ("_start", "_whole", "size")

    def __init__(self, whole: WireBytes, start: int) -> None:
        self._whole, self._start = whole, min(start, whole.size)
        self.size = whole.size - self._start

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        start, stop, _ = slice(start, stop).indices(self.size)
        if start >= stop:
            return iter(())
        return self._whole.chunks(self._start + start, self._start + stop)

    def __repr__(self) -> str:
        return f"Part({self.size} bytes)"


class Masked:
    """*whole* with ``x`` in place of every byte in *ranges*, which are in order and do not overlap."""

    __slots__ = ("_ranges", "_starts", "_whole", "size")

    def __init__(self, whole: WireBytes, ranges: Sequence[tuple[int, int]]) -> None:
        self._whole, self._ranges = whole, ranges
        self._starts = [start for start, _ in ranges]
        self.size = whole.size

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        start, stop, _ = slice(start, stop).indices(self.size)
        if start >= stop:
            return
        at = start
        for piece in self._whole.chunks(start, stop):
            yield self._mask(piece, at)
            at += len(piece)

    def _mask(self, piece: bytes, at: int) -> bytes:
        end = at + len(piece)
        masked = None
        for start, stop in self._ranges[max(0, bisect_right(self._starts, at) - 1) :]:
            if start >= end:
                break
            first, last = max(start, at) - at, min(stop, end) - at
            if first < last:
                masked = bytearray(piece) if masked is None else masked
                masked[first:last] = b"x" * (last - first)
        return piece if masked is None else bytes(masked)

    def __repr__(self) -> str:
        return f"Masked({self.size} bytes)"


def mask(whole: WireBytes, ranges: Sequence[tuple[int, int]]) -> WireBytes:
    """*whole* with ``x`` in its *ranges*; what is in memory is copied, what is on disk is masked as it is read."""
    masked = Masked(whole, ranges)
    return InMemory(b"".join(masked.chunks())) if isinstance(whole, InMemory) else masked


def hold(pieces: Iterable[bytes], *, memory_bytes: int = MEMORY_BYTES) -> InMemory | OnDisk:
    """Take up all *pieces*: in memory while they fit *memory_bytes*, else on disk.

    Raises ArchiveFault, or DiskFull, when the temporary file cannot be written.
    """
    pieces = iter(pieces)
    first = next(pieces, b"")
    second = next(pieces, None)
    if second is None:
        return InMemory(first)
    # A bytearray, not a list: a body may come in millions of pieces of one byte.
    held = bytearray(first) + second
    for piece in pieces:
        if len(held) > memory_bytes:
            return _spill(held, itertools.chain([piece], pieces))
        held += piece
    return InMemory(bytes(held))


def _spill(held: bytearray, pieces: Iterable[bytes]) -> OnDisk:
    try:
        file = tempfile.TemporaryFile(buffering=0, prefix="bewaar-")  # noqa: SIM115  # closed below
    except OSError as error:
        raise fault(Path(tempfile.gettempdir()), error) from error
    with file:
        size = 0
        for piece in pieces:
            held += piece
            if len(held) >= PIECE_BYTES:
                size += _write(file.fileno(), held)
                held.clear()
        size += _write(file.fileno(), held)
        return OnDisk(os.dup(file.fileno()), 0, size)


def _write(fd: int, data: bytearray) -> int:
    try:
        write_all(fd, data)
    except OSError as error:
        raise fault(Path(tempfile.gettempdir()) / "temporary file", error) from error
    return len(data)


def write_all(fd: int, data: bytes | bytearray) -> None:
    """Raises OSError."""
    with memoryview(data) as view:
        at = 0
        while at < len(view):
            at += os.write(fd, view[at:])


def join(block: WireBytes) -> bytes:
    """All of *block* as one bytes object: for what is known to be small."""
    if isinstance(block, InMemory):
        return block.data
    return b"".join(block.chunks())
