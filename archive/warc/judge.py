"""One file of records judged: framing, headers, digests of every record, in one pass and bounded memory."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

from archive import digests
from archive.errors import BadRecord
from archive.model import Record, WireBytes
from archive.warc import http as warc_http
from archive.warc.blocks import InMemory, Part
from archive.warc.deflate import fast_zlib
from archive.warc.ledger import Note, note
from archive.warc.reader import WarcFile
from archive.warc.records import Records
from archive.warc.redactions import EventBlocks
from archive.warc.rules import Fault, arc_faults, header_faults, is_sound, shown

_VERSIONS = frozenset({b"1.1", b"1.0"})
#: a final response; what comes before one counts as its header section
_STATUS = re.compile(rb"HTTP/1\.[01] [2-5]\d\d [ -~]*\r\n")
_MOST_HEADER_BYTES = 1 << 16
#: types whose payload is the block
_WHOLE_BLOCK = frozenset({"warcinfo", "metadata", "resource", "conversion"})
_LINE_ENDS = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A fault, and the offset of the record it is in."""

    offset: int
    fault: Fault


def judge(file: WarcFile, start: int, stop: int | None) -> Generator[Note | Wrong, None, int | None]:
    """Of every record that begins between *start* and *stop* a Note, before it what is wrong with it. Returns where
    the next record begins, None at the end of the file. Raises OSError."""
    damage: list[BadRecord] = []
    sharing: Records | None = None
    end = 1 << 62 if stop is None else stop
    after: int | None = None
    event = EventBlocks()
    try:
        for record, cursor in file.scan(start, on_damage=damage.append):
            while damage and damage[0].offset < end:
                yield damage_of(damage.pop(0))
            if damage:
                break
            if sharing is not None and cursor is not sharing:
                yield Wrong(sharing.start, _shared(sharing, file))
                sharing = None
            offset = record.place.offset
            if offset >= end:
                after = offset if after is None else after
                # What the rest of an event says of its masked ranges is held against its blocks where they are at hand.
                if not event.is_next(record, cursor.first):
                    break
                for fault in event.take(record, cursor.first):
                    yield Wrong(offset, fault)
                continue
            if cursor.shared:
                sharing = cursor
            for fault in (*_faults(record, cursor, is_arc=file.is_arc), *event.take(record, cursor.first)):
                yield Wrong(offset, fault)
            yield note(record, cursor.first, offset, _signature(record))
    except BadRecord as too_much:  # so many damaged records that the rest of the file was given up
        damage.append(too_much)
    if sharing is not None:
        yield Wrong(sharing.start, _shared(sharing, file))
    for bad in damage:
        if bad.offset >= end:
            return bad.offset
        yield damage_of(bad)
    return after


def damage_of(bad: BadRecord) -> Wrong:
    what = str(bad).partition(f" at {bad.offset}: ")[2]
    return Wrong(bad.offset, Fault("record", what, "a whole record", what))


def _shared(member: Records, file: WarcFile) -> Fault:
    whole = member.start == 0 and member.end == file.size
    what = "the whole file is one gzip member" if whole else "several records in one gzip member"
    return Fault("gzip-member", f"{what}: none of its records can be read on its own", "a member for each record",
                 what, departure=True)  # fmt: skip


def _signature(record: Record) -> int:
    crc = fast_zlib.crc32(record.type.encode())
    for chunk in record.block.chunks():
        crc = fast_zlib.crc32(chunk, crc)
    return int(record.block.size << 32 | crc) & (1 << 63) - 1


def _faults(record: Record, cursor: Records, *, is_arc: bool) -> Iterator[Fault]:
    first = cursor.first
    if is_arc:
        yield from arc_faults(record, first)
        return
    if not (cursor.regular and cursor.header[5:8] in _VERSIONS and is_sound(record, first)):
        yield from header_faults(record, cursor.header, first)
    if cursor.trailer != _LINE_ENDS:
        what = "the two line ends behind the record are missing"
        if cursor.trailer:
            what = "other than two line ends (CRLF) behind the record"
        found = f"{cursor.trailer!r}"[1:]
        yield Fault("record-end", what, "CRLF CRLF", found, departure=bool(cursor.trailer))
    if declared := first.get("warc-block-digest"):
        yield from _compare("block", declared, record.block)
    if (declared := first.get("warc-payload-digest")) and "warc-segment-number" not in first:
        yield from _payload_faults(record, declared, is_short="warc-truncated" in first)


def _payload_faults(record: Record, declared: str, *, is_short: bool) -> Iterator[Fault]:
    # Of other types it is another record's (revisit: WARC 1.1, 5.9), a part's, or over what nobody agrees on.
    if record.type in _WHOLE_BLOCK:
        yield from _compare("payload", declared, record.block)
    if record.type != "response" or not (record.url or "").lower().startswith(("http:", "https:")):
        return
    if _is_quickly_found(record.block, declared):
        return
    try:
        response = warc_http.parse_response(record.block)
    except ValueError as error:
        yield Fault("no-http", f"no HTTP response in the block: {error}", "a status line", shown(str(error)))
        return
    for fault in _compare("payload", declared, warc_http.payload(record.block, response)):
        framed = Part(record.block, response.header_bytes)
        if fault.departure or any(_compare("payload", declared, framed)):
            yield replace(fault, departure=fault.departure or is_short)
        else:  # warcio's way, and so that of all who write with it
            what = f"payload digest {shown(declared)} is over the chunk framing too"
            yield Fault("payload-digest-framed", what, fault.found, shown(declared), departure=True)


def _is_quickly_found(block: WireBytes, declared: str) -> bool:
    """Whether the bytes behind a header section as almost all are have the digest: then they are the payload. False
    tells nothing."""
    if not isinstance(block, InMemory):
        return False
    end = block.data.find(b"\r\n\r\n", 0, _MOST_HEADER_BYTES) + 4
    head = block.data[:end]
    if end < 4 or head.count(b"\r") != head.count(b"\n") or not _STATUS.match(head):
        return False
    if b"TRANSFER-ENCODING" in head.upper():
        return False
    with suppress(ValueError):
        return digests.same(declared, (memoryview(block.data)[end:],))[0]
    return False


def _compare(which: str, declared: str, data: WireBytes) -> Iterator[Fault]:
    try:
        equal, computed = digests.same(declared, data.chunks())
    except ValueError:
        what = f"{which} digest {shown(declared)}: unknown algorithm"
        yield Fault(f"{which}-digest-unknown", what, "a known algorithm", shown(declared), departure=True)
        return
    if not equal:
        what = f"{which} digest {shown(declared)}, computed {computed}"
        yield Fault(f"{which}-digest", what, shown(declared), computed)
