"""Checks WARC, ARC and WACZ files: every record read, every declared digest computed again, every header held against
the standard. Reports file, offset, what was expected and what was found.

What is broken is a failure, whoever wrote it. What departs from the letter of the standard is a failure in our own
files, a warning in others'.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from archive import digests
from archive.errors import BadRecord
from archive.model import Record, WireBytes
from archive.warc import http as warc_http
from archive.warc import packed
from archive.warc.blocks import InMemory, Part
from archive.warc.ledger import Ledger, Note, Told, note
from archive.warc.members import fast_zlib
from archive.warc.reader import WarcFile, open_files
from archive.warc.records import Records
from archive.warc.rules import Fault, arc_faults, header_faults, is_sound, shown
from archive.warc.stretches import judge_in_stretches
from archive.warc.zips import Wacz

#: how files of records are named
NAMES = ("*.warc.gz", "*.warc", "*.arc.gz", "*.arc", "*.wacz")

_VERSIONS = frozenset({b"1.1", b"1.0"})
#: a final response; what comes before one counts as its header section
_STATUS = re.compile(rb"HTTP/1\.[01] [2-5]\d\d [ -~]*\r\n")
_OURS = re.compile(rb"^software:[ \t]*bewaar/", re.IGNORECASE | re.MULTILINE)
_MOST_INFO_BYTES = 1 << 16
#: types whose payload is the block
_WHOLE_BLOCK = frozenset({"warcinfo", "metadata", "resource", "conversion"})
_LINE_ENDS = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Finding:
    file: str
    offset: int
    #: one line for a person
    what: str
    expected: str = ""
    found: str = ""
    severity: Literal["failure", "warning"] = "failure"
    #: a name for scripts, such as ``block-digest``
    rule: str = ""


@dataclass(slots=True)
class Checked:
    """Counts what was looked at, so that silence can be told from idleness."""

    files: int = 0
    records: int = 0


def warc_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files among *paths*, and those of records in the directories among them."""
    for path in paths:
        if path.is_dir():
            yield from sorted(found for pattern in NAMES for found in path.rglob(pattern) if found.is_file())
        else:
            yield path


def verify_file(path: Path, checked: Checked, *, strict: bool = False) -> Iterator[Finding]:
    """Findings on one file alone. Never raises for what it holds."""
    verification = Verification(checked, strict=strict)
    yield from verification.file(path)
    yield from verification.end()


class Verification:
    """Files one after the other, and at the `end` what they hold between them."""

    def __init__(self, checked: Checked, *, strict: bool = False) -> None:
        self._checked, self._strict = checked, strict
        self._ledger = Ledger()
        #: of each file, whether a departure is a failure in it
        self._exact: list[bool] = []

    def file(self, path: Path) -> Iterator[Finding]:
        self._checked.files += 1
        try:
            with WarcFile(path) as file:
                yield from self._wacz(path, file) if file.is_zip else self._records(str(path), file, path)
        except OSError as error:
            yield Finding(
                str(path), 0, f"cannot be read: {error.strerror}", "a file", str(error.strerror), rule="unreadable"
            )

    def end(self, elsewhere: Iterable[Path] = ()) -> Iterator[Finding]:
        """Ids that stand twice, and revisits whose original is neither in the files nor *elsewhere*, which is read
        only where there are such."""
        for told in self._ledger.twice():
            yield self._told(told)
        if next(self._ledger.dangling(), None) is not None:
            for path in elsewhere:
                self._learn(path)
            for told in self._ledger.dangling():
                yield self._told(told)
        self._ledger.close()

    def _records(self, name: str, file: WarcFile, path: Path | None = None) -> Iterator[Finding]:
        exact = self._strict or is_ours(file)
        found_in = judge_in_stretches(path, file, judge) if path else judge(file, 0, None)
        self._exact.append(exact)
        number, records, damaged = self._ledger.open_file(name), 0, False
        for found in found_in:
            if isinstance(found, tuple):
                records += 1
                self._ledger.take(number, found)
            else:
                damaged = damaged or found.fault.rule == "record"
                yield _finding(name, found.offset, found.fault, exact=exact)
        if not records and not damaged:
            yield Finding(name, 0, "holds no record", "a record", "none", rule="empty")
        self._checked.records += records

    def _wacz(self, path: Path, file: WarcFile) -> Iterator[Finding]:
        try:
            wacz = Wacz(file.fd, file.name, file.limits)
        except BadRecord as bad:
            yield _finding(str(path), bad.offset, _damage(bad).fault, exact=True)
            return
        exact = self._strict or packed.is_ours(wacz)
        for offset, fault in packed.package_faults(wacz):
            yield _finding(str(path), offset, fault, exact=exact)
        if not wacz.records():
            yield Finding(str(path), 0, "holds no file of records", "archive/*.warc.gz", "none", rule="empty")
        # What is wrong with the zip was said above.
        for inner in open_files(path, on_damage=lambda _: None):
            yield from self._records(f"{path}{inner.name.removeprefix(file.name)}", inner)

    def _learn(self, path: Path) -> None:
        try:
            for file in open_files(path, on_damage=lambda _: None):
                for record, cursor in file.scan(on_damage=lambda _: None):
                    self._ledger.take(None, note(record, cursor.first, 0, 0))
        except (BadRecord, OSError):  # it is not what was to be verified
            return

    def _told(self, told: Told) -> Finding:
        return _finding(told.file, told.offset, told.fault, exact=self._exact[told.number])


def _finding(file: str, offset: int, fault: Fault, *, exact: bool) -> Finding:
    severity: Literal["failure", "warning"] = "warning" if fault.departure and not exact else "failure"
    return Finding(file, offset, fault.what, fault.expected, fault.found, severity, fault.rule)


def is_ours(file: WarcFile) -> bool:
    """Whether Bewaar wrote it, as its first record says."""
    try:
        first, _ = next(file.scan(), (None, None))
    except BadRecord:
        return False
    if first is None or first.type != "warcinfo":
        return False
    return _OURS.search(b"".join(first.block.chunks(0, _MOST_INFO_BYTES))) is not None


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
    end = file.size if stop is None else stop
    after: int | None = None
    try:
        for record, cursor in file.scan(start, on_damage=damage.append):
            while damage and damage[0].offset < end:
                yield _damage(damage.pop(0))
            if damage:
                break
            if sharing is not None and cursor is not sharing:
                yield Wrong(sharing.start, _shared(sharing, file))
                sharing = None
            offset = record.place.offset
            if offset >= end:
                after = offset
                break
            if cursor.shared:
                sharing = cursor
            for fault in _faults(record, cursor, is_arc=file.is_arc):
                yield Wrong(offset, fault)
            yield note(record, cursor.first, offset, _signature(record))
    except BadRecord as too_much:  # so many damaged records that the rest of the file was given up
        damage.append(too_much)
    if sharing is not None:
        yield Wrong(sharing.start, _shared(sharing, file))
    for bad in damage:
        if bad.offset >= end:
            return bad.offset
        yield _damage(bad)
    return after


def _damage(bad: BadRecord) -> Wrong:
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
    end = block.data.find(b"\r\n\r\n", 0, _MOST_INFO_BYTES) + 4
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
