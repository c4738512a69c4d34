"""One file of records judged: framing, headers, digests of every record, in one pass and bounded memory."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Generator, Iterator
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
from archive.warc.sound import sound_members
from archive.warc.warc_file import Spent

_VERSIONS = frozenset({b"1.1", b"1.0"})
#: a final response; what comes before one counts as its header section
_STATUS = re.compile(rb"HTTP/1\.[01] [2-5]\d\d [ -~]*\r\n")
_MOST_HEADER_BYTES = 1 << 16
#: types whose payload is the block
_WHOLE_BLOCK = frozenset({"warcinfo", "metadata", "resource", "conversion"})
_LINE_ENDS = b"\r\n\r\n"
#: so many sound members in a row are worth the look at the one that ends them
_RUN = 8
#: response, request, metadata
_EVENT_RECORDS = 3
#: no more are judged closely before the next is looked at quickly
_MOST_CLOSELY = 256


@dataclass(frozen=True, slots=True)
class Wrong:
    """A fault, and the offset of the record it is in."""

    offset: int
    fault: Fault


def judge(file: WarcFile, start: int, stop: int | None) -> Generator[Note | Wrong, None, int | None]:
    """Of every record that begins between *start* and *stop* a Note, before it what is wrong with it. Returns where
    the next record begins, None at the end of the file. Raises OSError."""
    end = 1 << 62 if stop is None else stop
    at, spent, closely = start, Spent(), 0
    source = file.source()
    recent: deque[int] = deque(maxlen=_EVENT_RECORDS - 1)
    while True:
        if not file.is_arc and spent.records < file.limits.records:
            most = file.limits.records - spent.records
            at, number = yield from sound_members(source, at, end, most, file.limits, _is_payload, recent)
            spent.records += number
            # Where doubts come one after the other, looking twice at each is dear.
            closely = 1 if number > _RUN else min(2 * closely, _MOST_CLOSELY) or 1
        resume, after = yield from _judge_closely(file, at, end, closely, spent, recent)
        if resume is None:
            return after
        at = resume


def _judge_closely(  # noqa: PLR0917  # as `sound_members`
    file: WarcFile, start: int, end: int, number: int, spent: Spent, recent: deque[int]
) -> Generator[Note | Wrong, None, tuple[int | None, int | None]]:
    """As `judge`, but after *number* records that leave no doubt where the next one begins it returns that, and
    None."""
    damage: list[BadRecord] = []
    sharing: Records | None = None
    after: int | None = None
    event = EventBlocks()
    try:
        for record, cursor in file.scan(start, on_damage=damage.append, spent=spent):
            while damage and damage[0].offset < end:
                yield damage_of(damage.pop(0))
            if damage:
                break
            if sharing is not None and cursor is not sharing:
                yield Wrong(sharing.start, _shared(sharing, file))
                sharing = None
            offset = record.place.offset
            if offset >= end:
                if after is None:
                    after = offset
                    _look_back(file, recent, offset, event)
                # What the rest of an event says of its masked ranges is held against its blocks where they are at hand.
                if not event.is_next(record, cursor.first):
                    break
                for fault in event.take(record, cursor.first):
                    yield Wrong(offset, fault)
                continue
            if cursor.shared:
                sharing = cursor
            if event.lacks(record, cursor.first):
                _look_back(file, recent, offset, event)
            recent.append(offset)
            for fault in (*_faults(record, cursor, is_arc=file.is_arc), *event.take(record, cursor.first)):
                yield Wrong(offset, fault)
            yield note(record, cursor.first, offset, _signature(record))
            if cursor.regular and sharing is None:
                number -= 1
                if number <= 0 and cursor.end is not None:
                    return cursor.end, None
    except BadRecord as too_much:  # so many damaged records that the rest of the file was given up
        damage.append(too_much)
    if sharing is not None:
        yield Wrong(sharing.start, _shared(sharing, file))
    for bad in damage:
        if bad.offset >= end:
            return None, bad.offset
        yield damage_of(bad)
    return None, after


def _look_back(file: WarcFile, recent: deque[int], offset: int, event: EventBlocks) -> None:
    """Have what stands before *offset*, as far back as one event goes, in *event*."""
    if not recent:
        return
    for record, cursor in file.scan(recent[0], on_damage=lambda _: None):
        if record.place.offset >= offset:
            return
        for _ in event.take(record, cursor.first):
            pass  # said when it was judged


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
    block = record.block
    if not (isinstance(block, InMemory) and _is_quickly_found(block.data, 0, block.size, declared)):
        yield from _http_payload_faults(block, declared, is_short=is_short)


def _http_payload_faults(block: WireBytes, declared: str, *, is_short: bool) -> Iterator[Fault]:
    try:
        response = warc_http.parse_response(block)
    except ValueError as error:
        yield Fault("no-http", f"no HTTP response in the block: {error}", "a status line", shown(str(error)))
        return
    for fault in _compare("payload", declared, warc_http.payload(block, response)):
        framed = Part(block, response.header_bytes)
        if fault.departure or any(_compare("payload", declared, framed)):
            yield replace(fault, departure=fault.departure or is_short)
        else:  # warcio's way, and so that of all who write with it
            what = f"payload digest {shown(declared)} is over the chunk framing too"
            yield Fault("payload-digest-framed", what, fault.found, shown(declared), departure=True)


def _is_payload(  # noqa: PLR0917  # called for every record there is
    kind: str, url: str, data: bytes, start: int, stop: int, declared: str
) -> bool:
    """Whether there is no fault in the payload of the block ``data[start:stop]``."""
    if kind in _WHOLE_BLOCK:
        return digests.is_of(declared, memoryview(data)[start:stop])
    if kind != "response" or not url.lower().startswith(("http:", "https:")):
        return True
    if _is_quickly_found(data, start, stop, declared):
        return True
    block = InMemory(data[start:stop])
    return next(_http_payload_faults(block, declared, is_short=False), None) is None


def _is_quickly_found(data: bytes, start: int, stop: int, declared: str) -> bool:
    """Whether the bytes behind a header section as almost all are have the digest: then they are the payload. False
    tells nothing."""
    end = data.find(b"\r\n\r\n", start, min(stop, start + _MOST_HEADER_BYTES)) + 4
    head = data[start:end]
    if end < 4 or head.count(b"\r") != head.count(b"\n") or not _STATUS.match(head):
        return False
    if b"TRANSFER-ENCODING" in head.upper():
        return False
    return digests.is_of(declared, memoryview(data)[end:stop])


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
