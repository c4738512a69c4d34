"""Where the bytes of records come from: a file, or a stretch of one."""

from __future__ import annotations

import os

from archive.warc.blocks import OnDisk

READ_BYTES = 1 << 18


class Source:
    """A file, or a stretch of one such as a file stored in a zip, that records are read from. Offsets count from the
    stretch's beginning."""

    __slots__ = ("_ahead", "_ahead_at", "_base", "_size", "fd")

    def __init__(self, fd: int, base: int = 0, size: int | None = None) -> None:
        self.fd, self._base, self._size = fd, base, size
        self._ahead, self._ahead_at = memoryview(b""), 0

    def read(self, length: int, at: int) -> bytes:
        if self._size is not None:
            length = max(0, min(length, self._size - at))
        return os.pread(self.fd, length, self._base + at)

    def read_into(self, buffer: memoryview, at: int) -> int:
        """As `read`, into memory that is there: how many bytes."""
        if self._size is not None:
            buffer = buffer[: max(0, min(len(buffer), self._size - at))]
        return os.preadv(self.fd, [buffer], self._base + at) if buffer else 0

    def head(self, length: int, at: int) -> memoryview:
        """As `read`, out of what was read ahead: members are smaller than what a read is worth. Not for threads."""
        start = at - self._ahead_at
        if start < 0 or start + length > len(self._ahead):
            self._ahead, self._ahead_at, start = memoryview(self.read(READ_BYTES, at)), at, 0
        return self._ahead[start : start + length]

    @property
    def size(self) -> int:
        return os.fstat(self.fd).st_size if self._size is None else self._size

    def block(self, at: int, size: int) -> OnDisk:
        return OnDisk(os.dup(self.fd), self._base + at, size)

    def apart(self) -> Source:
        """The same bytes for one thread."""
        return Source(self.fd, self._base, self._size)
