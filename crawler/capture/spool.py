"""Wire bytes as they come in: in memory, and past a limit in a nameless temporary file."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import IO

from archive.faults import fault
from archive.model import WireBytes
from archive.warc.blocks import InMemory, OnDisk, write_all

#: a spool larger than this lives in a file
MEMORY_BYTES = 1 << 20


class Spool:
    """Takes bytes, hands out ranges of them. The file is made in *directory*, so that it counts against the archive's
    disk and not against memory (``/tmp`` is often a tmpfs); it has no name, so kill -9 leaves nothing behind."""

    __slots__ = ("_directory", "_file", "_parts", "size")

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._parts: list[bytes] = []
        self._file: IO[bytes] | None = None
        self.size = 0

    def write(self, data: bytes) -> None:
        """Raises ArchiveFault, or DiskFull, when the temporary file cannot be written."""
        self.size += len(data)
        if self._file is None:
            self._parts.append(data)
            if self.size <= MEMORY_BYTES:
                return
            data = b"".join(self._parts)
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(dir=self._directory, buffering=0)  # noqa: SIM115 - closed by close()
                self._parts.clear()
            write_all(self._file.fileno(), data)
        except OSError as error:
            raise fault(self._directory / "(temporary file)", error) from error

    def range(self, start: int, stop: int) -> WireBytes:
        """Bytes *start* to *stop*, which stay what they are whatever is written or closed afterwards."""
        if self._file is not None:
            return OnDisk(os.dup(self._file.fileno()), start, stop - start)
        whole = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        return InMemory(whole if start == 0 and stop == len(whole) else whole[start:stop])

    def bytes(self, start: int, stop: int) -> bytes:
        return b"".join(self.range(start, stop).chunks())

    def close(self) -> None:
        self._parts.clear()
        if self._file is not None:
            self._file.close()
            self._file = None
