"""WARC and ARC records out of one file, compressed per record or not at all, finished or still being written.

What a file declares is handed on as it stands, right or wrong: judging is for `verify`. A record that cannot be read
at all is a BadRecord that names file and offset. Offsets and lengths are those of the gzip member, or in a plain file
of the record.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from archive.errors import BadRecord, TooLarge
from archive.layout import readable
from archive.model import Record
from archive.warc import arc
from archive.warc.deflate import fast_zlib
from archive.warc.headers import BEGINS
from archive.warc.limits import Limits
from archive.warc.records import GZIP, GZIP_MAGIC, INFLATE_ERRORS, Records
from archive.warc.segment import OPEN
from archive.warc.source import Source

_ZIP_MAGIC = b"PK\x03\x04"
_WINDOW_BYTES = 1 << 18
_PEEK_BYTES = 1 << 12
#: as much as a candidate can take
_OVERLAP_BYTES = 32
_CANDIDATE = re.compile(rb"\x1f\x8b\x08|(?<=\n)WARC/\d", re.IGNORECASE)
_ARC_CANDIDATE = re.compile(rb"\x1f\x8b\x08|(?<=\n)[A-Za-z][A-Za-z0-9+.-]{1,20}:")


@dataclass(frozen=True, slots=True)
class Part:
    """A file of records inside another: its name, a descriptor to be taken over, where in it the bytes lie."""

    name: str
    fd: int
    start: int
    size: int


@dataclass(slots=True)
class Spent:
    """What was used up of the limits on one file."""

    records: int = 0
    damages: int = 0


class WarcFile:
    """A file kept open for reading records at known places; follows a file that is being written, and its sealing.

    Threads may share it.
    """

    def __init__(self, path: Path, *, limits: Limits | None = None, part: Part | None = None) -> None:
        #: the final name, as `Place.file` has it
        self.name = part.name if part else readable(path.name.removesuffix(OPEN))
        self.limits = limits or Limits()
        # A pipe somebody left in a directory would keep us waiting for ever.
        self.fd = part.fd if part else os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        self._close = weakref.finalize(self, os.close, self.fd)
        if not stat.S_ISREG(os.fstat(self.fd).st_mode):
            self._close()
            raise OSError(errno.EINVAL, "no regular file", str(path))
        self._source = Source(self.fd, part.start, part.size) if part else Source(self.fd)
        head = self._peek(0)
        self.is_arc = arc.begins_file(head)
        #: a WACZ, whose records lie in the files it holds
        self.is_zip = part is None and head.startswith(_ZIP_MAGIC)

    def read(self, offset: int, length: int) -> Record:
        """Raises BadRecord when no record of *length* bytes lies at *offset*."""
        record = self._records(self._source.apart(), offset).next()
        if record is None:
            raise BadRecord(self.name, offset, "no record here: the file ends")
        if record.place.length != length:
            raise BadRecord(self.name, offset, f"record of {record.place.length} bytes, expected {length}")
        return record

    def span(self, start: int, end: int) -> Iterator[Record]:
        """The records between two offsets, such as those of one capture event. Raises BadRecord."""
        offset: int | None = start
        source = self._source.apart()
        while offset is not None and offset < end:
            cursor = self._records(source, offset)
            while (record := cursor.next()) is not None:
                yield record
            offset = cursor.end

    def scan(
        self, start: int = 0, *, on_damage: Callable[[BadRecord], None] | None = None, spent: Spent | None = None
    ) -> Iterator[tuple[Record, Records]]:
        """All records from *start* on, each with the cursor that read it and tells how it was framed. Raises BadRecord
        at the first that cannot be read; with *on_damage* that is called instead, and reading goes on. What other scans
        *spent* of the limits counts too."""
        offset: int | None = start
        source = self._source.apart()
        spent = spent or Spent()
        while offset is not None:
            cursor = self._records(source, offset)
            while True:
                try:
                    record = cursor.next()
                except BadRecord as damage:
                    if on_damage is None:
                        raise
                    spent.damages += 1
                    if spent.damages > self.limits.damages:
                        raise TooLarge(
                            self.name, damage.offset, f"more than {spent.damages - 1} damaged records"
                        ) from damage
                    on_damage(damage)
                    offset = self.find_record(damage.offset + 1)
                    break
                if record is None:
                    offset = cursor.end
                    break
                spent.records += 1
                if spent.records > self.limits.records:
                    raise TooLarge(self.name, record.place.offset, f"more than {self.limits.records} records")
                yield record, cursor

    @property
    def size(self) -> int:
        return self._source.size

    def source(self) -> Source:
        """Its bytes, for one thread."""
        return self._source.apart()

    def _records(self, source: Source, offset: int) -> Records:
        return Records(source, self.name, offset, self.limits, is_arc=self.is_arc)

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
        pattern = _ARC_CANDIDATE if self.is_arc else _CANDIDATE
        while True:
            piece = self._source.read(_WINDOW_BYTES, offset + len(window))
            data = window + piece
            for found in pattern.finditer(data):
                at = offset + found.start()
                if not (self.is_arc or found[0].startswith(GZIP_MAGIC)) or self.begins_record(at):
                    return at
            if not piece:
                return None
            window = data[-_OVERLAP_BYTES:]
            offset += len(data) - len(window)

    def head(self) -> bytes:
        """The first bytes of the file, unpacked; none where they are damaged."""
        return self._peek(0)

    def begins_record(self, offset: int) -> bool:
        """Whether what lies there looks like the beginning of one."""
        head = self._peek(offset)
        if not self.is_arc:
            return head[: len(BEGINS)].upper() == BEGINS
        line = arc.parse_line(head.partition(b"\n")[0])
        return line is not None and arc.is_sound(line)

    def _peek(self, offset: int) -> bytes:
        """The first bytes of what lies there, unpacked; none where it is damaged."""
        data = self._source.read(_PEEK_BYTES, offset)
        if not data.startswith(GZIP_MAGIC):
            return data
        try:
            head: bytes = fast_zlib.decompressobj(GZIP).decompress(data, _PEEK_BYTES)
        except INFLATE_ERRORS:
            return b""
        return head
