"""Whether the index of a WACZ leads to its records: every line of it, by what it says of file, offset, length, URL,
time, status and digests; and whether lines stand in the order replay looks them up in.

Lines are CDXJ (urlkey, time, JSON), in ``indexes/``, plain or gzip (WACZ 1.1.1, 4.2).
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any, Protocol

from archive import digests
from archive.errors import BadRecord
from archive.model import Place, Record
from archive.warc import http as warc_http
from archive.warc.headers import BEGINS
from archive.warc.limits import Limits
from archive.warc.records import Records
from archive.warc.rules import Fault, shown
from archive.warc.source import Source
from archive.warc.zips import Entry, Wacz

_NAMES = (".cdx", ".cdxj", ".cdx.gz", ".cdxj.gz")
_LONGEST_LINE_BYTES = 8 << 20
#: of an index with more faults than this the rest is not looked at
_MOST_FAULTS = 1000
#: a gzip index that unpacks to more, and to so many times its size, is a bomb; real ones shrink to a tenth
_RATIO, _RATIO_FROM_BYTES = 250, 16 << 20
#: stands for the key of the line before, once one was out of order: that is said once
_UNSORTED = b"\xff"
_NUMBER = re.compile(r"[0-9]{1,18}")


class Tally(Protocol):
    #: of indexes, held against their records
    lines: int


def index_faults(wacz: Wacz, tally: Tally) -> Iterator[tuple[int, Fault]]:
    """What is wrong with the indexes, behind the offset of each in the zip. Raises OSError."""
    records = {entry.name.removeprefix("archive/"): entry for entry in wacz.records()}
    for entry in wacz.entries.values():
        if entry.name.startswith("indexes/") and entry.name.endswith(_NAMES):
            for fault in _faults(wacz, entry, records, tally):
                yield entry.offset, fault


def _faults(wacz: Wacz, entry: Entry, records: dict[str, Entry], tally: Tally) -> Iterator[Fault]:
    opened: IO[bytes] = io.BufferedReader(_Stream(wacz.chunks(entry)))
    lines: Any = gzip.GzipFile(fileobj=opened) if entry.name.endswith(".gz") else opened
    name = shown(entry.name)
    number = wrong = unpacked = 0
    before = b""
    try:
        while line := lines.readline(_LONGEST_LINE_BYTES):
            number += 1
            unpacked += len(line)
            if unpacked > max(_RATIO_FROM_BYTES, _RATIO * entry.size):
                what = f"{name}: unpacks to more than {_RATIO} times its size; the rest was not looked at"
                yield Fault("index-damaged", what, "an index", what)
                return
            if line.startswith((b"!", b" CDX")) or not line.strip():
                continue
            tally.lines += 1
            key = b" ".join(line.split(b" ", 2)[:2])
            if key < before and before != _UNSORTED:
                found = f"line {number} sorts before the one above it"
                what = f"{name}: {found}; replay may not find what stands there"
                yield Fault("index-order", what, "sorted lines", found, departure=True)
                key = _UNSORTED
            before = before if before == _UNSORTED else key
            if fault := _line_fault(line, wacz, records):
                wrong += 1
                what, expected, found = fault
                yield Fault("index-line", f"{name} line {number}: {what}", expected, found)
            if wrong >= _MOST_FAULTS:
                what = f"{name}: {wrong} lines are wrong; the rest was not looked at"
                yield Fault("index-line", what, "lines that lead to records", what)
                return
    except BadRecord:
        return  # it is not what the zip says, which is said of every file in it
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        yield Fault("index-damaged", f"{name} cannot be read: {error}", "a whole gzip file", str(error))
        return
    if number == 0 and records:
        yield Fault("index-empty", f"{name} is empty", "a line for each capture", "none")


def _line_fault(line: bytes, wacz: Wacz, records: dict[str, Entry]) -> tuple[str, str, str] | None:
    """What is wrong with a line, what was expected, what was found."""
    _, _, text = line.partition(b"{")
    try:
        block = json.loads(b"{" + text)
        place = Place(str(block["filename"]), _number(block["offset"]), _number(block["length"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        found = shown(line[:100].decode("utf-8", "replace"))
        return f"not CDXJ: {found}", "CDXJ", found
    file = shown(place.file)
    entry = records.get(place.file.removeprefix("archive/"))
    if entry is None:
        return f"names {file}, which is not in archive/", "a file in archive/", file
    if entry.deflated:
        return None  # no record in it can be read on its own, and that is said of the file
    if place.offset + place.length > entry.size or not place.length:
        what = f"{place.length} bytes at {place.offset} of {file}, which has {entry.size}"
        return what, "a record", "none"
    try:
        record = _record(wacz.source(entry), place)
    except BadRecord as bad:
        return f"no such record: {bad}", f"a record of {place.length} bytes", "none"
    for which, said, found in _said_of(record, line, block, wacz.source(entry), place) if record else ():
        return f"{file} at {place.offset}: {which}{said} expected, {found} found", said, found
    return None


def _said_of(
    record: Record, line: bytes, block: dict[str, Any], source: Source, place: Place
) -> Iterator[tuple[str, str, str]]:
    """What the line says that the record does not: which, as the line has it, as the record has it."""
    if record.url != block.get("url"):
        yield "", shown(str(block.get("url"))), shown(str(record.url))
    moment = line.split(b" ", 2)[1].decode("ascii", "replace")
    digits = re.sub(r"[^0-9]", "", record.date)[:14]
    if moment.isdigit() and len(digits) == len(moment) == 14 and moment != digits:
        yield "time ", moment, digits
    declared, own = str(block.get("digest") or ""), record.field("WARC-Payload-Digest")
    if own and digests.differ(declared, own):
        yield "digest ", shown(declared), shown(own)
    if member := str(block.get("recordDigest") or ""):
        with suppress(ValueError):  # an algorithm we do not know tells nothing
            equal, computed = digests.same(member, source.block(place.offset, place.length).chunks())
            if not equal:
                yield "recordDigest ", shown(member), computed
    if record.type == "response" and (status := str(block.get("status") or "")).isdigit():
        with suppress(ValueError):  # no HTTP
            found = warc_http.parse_response(record.block).status
            if int(status) != found:
                yield "status ", shown(status), str(found)


def _record(source: Source, place: Place) -> Record | None:
    """None for a record that is not compressed: where it ends, indexers do not agree."""
    if place.file.lower().endswith(".arc") or source.read(len(BEGINS), place.offset).upper() == BEGINS:
        return None
    is_arc = place.file.lower().endswith(".arc.gz")
    record = Records(source, shown(place.file), place.offset, Limits(), is_arc=is_arc).next()
    if record is None or record.place.length != place.length:
        found = record.place.length if record else 0
        raise BadRecord(shown(place.file), place.offset, f"record of {found} bytes, expected {place.length}")
    return record


def _number(value: object) -> int:
    """Ours and cdxj-indexer's are texts, others' are numbers. Raises ValueError."""
    if isinstance(value, bool) or not _NUMBER.fullmatch(str(value)):
        raise ValueError(value)
    return int(str(value))


class _Stream(io.RawIOBase):
    """Chunks as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._chunk = chunks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._chunk:
            try:
                self._chunk = next(self._chunks)
            except StopIteration:
                return 0
        taken = min(len(buffer), len(self._chunk))
        buffer[:taken], self._chunk = self._chunk[:taken], self._chunk[taken:]
        return taken
