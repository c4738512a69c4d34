"""Where bytes of any size are held: in memory up to a few MiB, in an unlinked temporary file past it.

Each class here is a `archive.model.WireBytes`.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterable, Iterator

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


def hold(pieces: Iterable[bytes], *, memory_bytes: int = MEMORY_BYTES) -> InMemory | OnDisk:
    """Take up all *pieces*: in memory while they fit *memory_bytes*, else on disk."""
    held: list[bytes] = []
    size = 0
    pieces = iter(pieces)
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size > memory_bytes:
            break
    else:
        return InMemory(held[0] if len(held) == 1 else b"".join(held))
    with tempfile.TemporaryFile(buffering=0, prefix="bewaar-") as file:
        for piece in held:
            write_all(file.fileno(), piece)
        held.clear()
        for piece in pieces:
            write_all(file.fileno(), piece)
            size += len(piece)
        return OnDisk(os.dup(file.fileno()), 0, size)


def join(block: WireBytes) -> bytes:
    """All of *block* as one bytes object: for what is known to be small."""
    if isinstance(block, InMemory):
        return block.data
    return b"".join(block.chunks())


def write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
