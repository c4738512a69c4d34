"""Bytes of a WARC or ARC file to records, one after the other: framing only. Offsets in, places out."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Any

from archive.errors import BadRecord, TooLarge
from archive.model import Headers, Place, Record, WireBytes
from archive.warc import arc
from archive.warc.blocks import MEMORY_BYTES, InMemory, hold
from archive.warc.deflate import fast_zlib
from archive.warc.headers import BEGINS, all_fields, regular_fields
from archive.warc.limits import Limits
from archive.warc.source import READ_BYTES, Source

GZIP_MAGIC = b"\x1f\x8b"
GZIP = 31
INFLATE_ERRORS: tuple[type[Exception], ...] = (zlib.error, fast_zlib.error)

_FIRST_READ_BYTES = 1 << 12
#: more of a member: what it does not take is copied
_NEXT_READ_BYTES = 1 << 14
#: a member of no more is inflated at once
_SMALL_BYTES = 1 << 20
#: how much of the line ends behind a record is kept to be judged
_TRAILER_BYTES = 8
_HEADER_END = re.compile(rb"\n\r?\n")


class Torn(BadRecord):
    """The file ends inside a record."""


class Records:
    """The records from one offset on: those of one gzip member, or of a plain stretch up to a gzip member or the end
    of the file."""

    #: where the next record may begin; None at the end of the file or until this one is read
    end: int | None = None
    #: bytes of the header of the record read last, and the first line ends behind its block
    header = trailer = b""
    #: first value of each of its fields, by name in lower case
    first: dict[str, str]
    #: whether it was framed to the letter: CRLF everywhere, ASCII, nothing folded, two line ends behind
    regular = False
    #: whether it shares its gzip member with others; in a plain file there is nothing to share
    shared = False
    #: of the record read last, as `Record` has it
    padding = 0

    _buffer = b""
    _inflater: Any = None
    #: whether more compressed bytes are needed, and how many were inflated
    _hungry = False
    _unpacked = 0
    _pieces: Iterator[bytes] = iter(())

    def __init__(self, source: Source, name: str, start: int, limits: Limits, *, is_arc: bool = False) -> None:
        self._source, self._name, self.start, self._limits = source, name, start, limits
        self._is_arc = is_arc
        head = source.head(_FIRST_READ_BYTES, start)
        self._gzip = head[:2] == GZIP_MAGIC or head == GZIP_MAGIC[:1]
        #: offset in the file of the first byte that has not been read
        self._at = start + len(head)
        #: compressed bytes that were read and not yet inflated
        self._packed: memoryview | bytes = head
        if not self._gzip:
            self._pieces = self._plain(bytes(head))

    def next(self) -> Record | None:
        """Raises BadRecord."""
        if self._gzip and self._inflater is None:
            self._inflate_small()
            if not self._is_arc and self.end is not None and (record := self._regular(self.end)):
                return record
        self.regular = False
        self._skip_line_ends()
        start = self.start if self._gzip else self._at - len(self._buffer)
        if not self._buffer:
            return None
        if not self._gzip and self._fill(2) and self._buffer.startswith(GZIP_MAGIC):
            self.end = start
            return None
        if self._is_arc:
            return self._next_arc(start)
        self.header = self._header(start)
        fields = tuple(all_fields(self.header))
        first: dict[str, str] = {}
        self.first = first
        for name, value in fields:
            first.setdefault(name.lower(), value)
        block = self._block(self._content_length(fields, start), start)
        return self._record(fields, Place(self._name, start, self._length(start)), block)

    def _regular(self, end: int) -> Record | None:
        """The record that is all of the member, which was inflated whole, if it is framed to the letter as almost all
        are: at a third of the cost of looking at each byte twice. None when it is not: nothing is said of it then."""
        data, size = self._buffer, len(self._buffer)
        at = data.find(b"\r\n\r\n", 0, self._limits.header_bytes) + 4
        read = regular_fields(data[:at]) if at >= 4 else None
        if read is None:
            return None
        fields, first = read
        declared = first.get("content-length", "")
        if not (declared.isdecimal() and len(declared) <= 18):
            return None
        length = int(declared)
        if at + length + 4 != size or not data.endswith(b"\r\n\r\n") or length > self._limits.block_bytes:
            return None
        self.header, self.trailer, self.first, self.regular, self._buffer = data[:at], data[-4:], first, True, b""
        place = Place(self._name, self.start, end - self.start)
        return self._record(fields, place, InMemory(data[at:-4]))

    def _record(self, fields: Headers, place: Place, block: WireBytes) -> Record:
        first = self.first
        url = first.get("warc-target-uri")
        if url and url.startswith("<") and url.endswith(">"):  # wget took WARC 1.0's grammar at its word
            url = url[1:-1]
        kind, record_id, date = (first.get(name, "") for name in ("warc-type", "warc-record-id", "warc-date"))
        return Record(kind.lower(), record_id, fields, url, date, place, block, self.padding)

    def _next_arc(self, start: int) -> Record:
        while b"\n" not in self._buffer[: arc.MAX_LINE_BYTES + 1] and len(self._buffer) <= arc.MAX_LINE_BYTES:
            if not self._fill(len(self._buffer) + 1):
                raise self._cut_short(start, "ARC line without an end")
        raw, end, _ = self._buffer[: arc.MAX_LINE_BYTES + 1].partition(b"\n")
        line = arc.parse_line(raw) if end else None
        if line is None:
            raise BadRecord(self._name, start, f"no ARC record begins here: {raw[:40]!r}")
        if not re.fullmatch(r"[0-9]{1,18}", line.length):
            raise BadRecord(self._name, start, f"Archive-length {line.length[:40]!a} is no number of bytes")
        self.header, self._buffer = raw, self._buffer[len(raw) + 1 :]
        size = self._within_limit(int(line.length), start)
        fields = arc.warc_fields(line, raw, self._name, start)
        self.first = {name.lower(): value for name, value in fields}
        block = self._block(size, start)
        place = Place(self._name, start, self._length(start))
        kind = arc.warc_type(line)
        url = None if kind == "warcinfo" else line.url
        return Record(kind, fields[1][1], fields, url, arc.warc_date(line.date), place, block, self.padding)

    def _header(self, start: int) -> bytes:
        limit = self._limits.header_bytes
        searched = 0
        while True:
            if not BEGINS.startswith(self._buffer[: len(BEGINS)].upper()):
                raise BadRecord(self._name, start, f"no WARC record begins here: {self._buffer[:40]!r}")
            if end := _HEADER_END.search(self._buffer, searched):
                header, self._buffer = self._buffer[: end.end()], self._buffer[end.end() :]
                return header
            if len(self._buffer) > limit:
                raise TooLarge(self._name, start, f"header of more than {limit} bytes")
            searched = max(0, len(self._buffer) - 3)
            if not self._fill(len(self._buffer) + 1):
                raise self._cut_short(start, "record header without an end")

    def _content_length(self, fields: Headers, start: int) -> int:
        declared = {value for name, value in fields if name.lower() == "content-length"}
        text = declared.pop() if len(declared) == 1 else ""
        if not re.fullmatch(r"[0-9]{1,18}", text):
            raise BadRecord(self._name, start, "no Content-Length, or several, or one that is no number")
        return self._within_limit(int(text), start)

    def _within_limit(self, size: int, start: int) -> int:
        if size > self._limits.block_bytes:
            raise TooLarge(self._name, start, f"block of {size} bytes, limit {self._limits.block_bytes}")
        return size

    def _block(self, size: int, start: int) -> WireBytes:
        if self._gzip or size <= MEMORY_BYTES:
            block: WireBytes = hold(self._take(size))
            found = block.size
        else:  # it lies in the file as it is: no copy
            at = self._at - len(self._buffer)
            found = min(size, self._source.size - at)
            block = self._source.block(at, size)
            self._buffer, self._at = b"", at + found
        if found < size:
            raise self._cut_short(start, f"block of {size} bytes ends after {found}")
        return block

    def _length(self, start: int) -> int:
        """Of the record just read. What follows must be a record or the end, else its Content-Length was wrong."""
        self._fill(_TRAILER_BYTES)
        after = self._buffer[:_TRAILER_BYTES]
        self.trailer = after[: len(after) - len(after.lstrip(b"\r\n"))]
        ended = self._at - len(self._buffer)
        self._skip_line_ends()
        self._fill(len(BEGINS))
        if self._is_arc:
            self._fill(40)
            begins = not self._buffer or arc.may_begin(self._buffer)
        else:
            begins = BEGINS.startswith(self._buffer[: len(BEGINS)].upper())  # as does nothing at all
        if not begins and not self._buffer.startswith(GZIP_MAGIC):
            raise BadRecord(self._name, start, f"the record does not end with its block: {self._buffer[:40]!r}")
        if not self._gzip:
            self.padding = self._at - len(self._buffer) - ended
            return ended + self.padding - start
        self.shared = self.shared or bool(self._buffer)
        return 0 if self.shared or self.end is None else self.end - start

    def _cut_short(self, start: int, what: str) -> BadRecord:
        # A gzip member that ends as it should holds a record that was written wrong; a plain file was cut.
        return BadRecord(self._name, start, what) if self._gzip else Torn(self._name, start, what)

    def _fill(self, size: int) -> bool:
        """Have *size* bytes in the buffer, if there are."""
        if len(self._buffer) < size:
            have, pieces = len(self._buffer), [self._buffer]
            while have < size and (piece := next(self._pieces, b"")):
                pieces.append(piece)
                have += len(piece)
            self._buffer = b"".join(pieces)
        return len(self._buffer) >= size

    def _skip_line_ends(self) -> None:
        while self._fill(1) and not (rest := self._buffer.lstrip(b"\r\n")):
            self._buffer = rest
        self._buffer = self._buffer.lstrip(b"\r\n")

    def _take(self, size: int) -> Iterator[bytes]:
        while size and self._fill(1):
            piece, self._buffer = self._buffer[:size], self._buffer[size:]
            size -= len(piece)
            yield piece

    def _plain(self, piece: bytes) -> Iterator[bytes]:
        while piece:
            yield piece
            piece = self._source.read(READ_BYTES, self._at)
            self._at += len(piece)

    def _inflate(self) -> Iterator[bytes]:
        """One gzip member, its checksum included."""
        while not self._inflater.eof:
            if piece := self._inflate_piece():
                yield piece

    def _inflate_small(self) -> None:
        """All of the member into the buffer if it is a small one, as most are; else, or if it is damaged, its first
        pieces, and the others as they are asked for."""
        self._inflater = fast_zlib.decompressobj(GZIP)
        pieces: list[bytes] = []
        try:
            while not self._inflater.eof and self._unpacked < _SMALL_BYTES:
                pieces.append(self._inflate_piece())
            if not self._inflater.eof:
                self._pieces = self._inflate()
        except BadRecord as bad:
            self._pieces = _raising(bad)
        self._buffer = b"".join(pieces)

    def _inflate_piece(self) -> bytes:
        """The next; nothing where the inflater needs more. Raises BadRecord."""
        if self._hungry:
            self._packed = self._source.head(_NEXT_READ_BYTES, self._at)
            self._at += len(self._packed)
            if not self._packed:
                raise Torn(self._name, self.start, "the file ends inside a gzip member")
        inflater, limits = self._inflater, self._limits
        try:
            piece: bytes = inflater.decompress(self._packed, READ_BYTES)
        except INFLATE_ERRORS as error:
            raise BadRecord(self._name, self.start, f"damaged gzip member: {error}") from error
        self._unpacked = size = self._unpacked + len(piece)
        if size > limits.ratio_from_bytes and size > limits.ratio * (self._at - self.start):
            raise TooLarge(self._name, self.start, f"gzip member of more than {limits.ratio} times its size")
        if inflater.eof:
            self.end = self._at - len(inflater.unused_data)
        else:
            self._packed = inflater.unconsumed_tail
            self._hungry = not self._packed and len(piece) < READ_BYTES
        return piece


def _raising(error: BadRecord) -> Iterator[bytes]:
    yield from ()
    raise error
