"""WARC records out of a file, ours or others', compressed per record or not at all, finished or still being written.

What a file declares is handed on as it stands, right or wrong: judging is for `verify`. A record that cannot be read
at all is a BadRecord that names file and offset. Offsets and lengths are those of the gzip member, or in a plain file
of the record.
"""

from __future__ import annotations

import os
import re
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from archive.errors import BadRecord, TooLarge
from archive.model import Record
from archive.warc.members import fast_zlib
from archive.warc.records import BEGINS, GZIP, GZIP_MAGIC, INFLATE_ERRORS, Limits, Records, Torn
from archive.warc.segment import OPEN

__all__ = ["Limits", "WarcFile", "open_warc", "read_record", "read_records"]

_WINDOW_BYTES = 1 << 18
_CANDIDATE = re.compile(rb"\x1f\x8b\x08|(?<=\n)WARC/\d", re.IGNORECASE)


def read_record(path: Path, offset: int, length: int) -> Record:
    """The record whose member lies at *offset*. Raises BadRecord, or OSError when there is no such file."""
    with WarcFile(path) as file:
        return file.read(offset, length)


def read_records(
    path: Path, *, on_damage: Callable[[BadRecord], None] | None = None, limits: Limits | None = None
) -> Iterator[Record]:
    """All records of a file, in its order.

    Raises BadRecord at the first that cannot be read, but for the unfinished last record of a ``.open`` file, which is
    being written; with *on_damage* that is called instead, and reading goes on with the next record that can be found.
    Records that share one gzip member get a length of 0: none of them can be read on its own.
    """
    with WarcFile(path, limits=limits) as file:
        offset: int | None = 0
        damages = 0
        while offset is not None:
            cursor = Records(file.fd, file.name, offset, file.limits)
            while True:
                try:
                    record = cursor.next()
                except BadRecord as damage:
                    if on_damage is None:
                        if isinstance(damage, Torn) and path.name.endswith(OPEN):
                            return
                        raise
                    damages += 1
                    if damages > file.limits.damages:
                        raise TooLarge(file.name, damage.offset, f"more than {damages - 1} damaged records") from damage
                    on_damage(damage)
                    offset = file.find_record(damage.offset + 1)
                    break
                if record is None:
                    offset = cursor.end
                    break
                yield record


def open_warc(directory: Path, file: str) -> WarcFile:
    """The file of that name, sealed or still carrying ``.open``. Raises FileNotFoundError."""
    try:
        return WarcFile(directory / file)
    except FileNotFoundError:
        try:
            return WarcFile(directory / (file + OPEN))
        except FileNotFoundError:  # sealed between the two
            return WarcFile(directory / file)


class WarcFile:
    """A file kept open for reading records at known places; follows a file that is being written, and its sealing.

    Threads may share it.
    """

    def __init__(self, path: Path, *, limits: Limits | None = None) -> None:
        #: the final name, as `Place.file` has it
        self.name = path.name.removesuffix(OPEN)
        self.limits = limits or Limits()
        self.fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._close = weakref.finalize(self, os.close, self.fd)

    def read(self, offset: int, length: int) -> Record:
        """Raises BadRecord when no record of *length* bytes lies at *offset*."""
        records = Records(self.fd, self.name, offset, self.limits)
        record = records.next()
        if record is None:
            raise BadRecord(self.name, offset, "no record here: the file ends")
        if record.place.length != length:
            raise BadRecord(self.name, offset, f"record of {record.place.length} bytes, expected {length}")
        return record

    def span(self, start: int, end: int) -> Iterator[Record]:
        """The records between two offsets, such as those of one capture event. Raises BadRecord."""
        offset: int | None = start
        while offset is not None and offset < end:
            cursor = Records(self.fd, self.name, offset, self.limits)
            while (record := cursor.next()) is not None:
                yield record
            offset = cursor.end

    def close(self) -> None:
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def find_record(self, offset: int) -> int | None:
        """Where the next record seems to begin, from *offset* on; None when there is none."""
        window = b""
        while True:
            piece = os.pread(self.fd, _WINDOW_BYTES, offset + len(window))
            data = window + piece
            for found in _CANDIDATE.finditer(data):
                at = offset + found.start()
                if not found[0].startswith(GZIP_MAGIC) or self._begins_record(at):
                    return at
            if not piece:
                return None
            window = data[-8:]
            offset += len(data) - len(window)

    def _begins_record(self, offset: int) -> bool:
        try:
            head = fast_zlib.decompressobj(GZIP).decompress(os.pread(self.fd, 1 << 12, offset), 5)
        except INFLATE_ERRORS:
            return False
        return bool(head.upper() == BEGINS)
