"""What WARC 1.1 asks of one record's header, and what of it a record breaks. Pure; digests and files are `verify`'s.

A **fault** is wrong whoever wrote it: what finds, dates or names a record is missing, or says what cannot be. A
**departure** breaks the letter of the standard and loses nothing; files of every other tool have some.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address

from archive import times
from archive.model import Record

VERSIONS = frozenset({"WARC/0.17", "WARC/0.18", "WARC/1.0", "WARC/1.1"})
#: fields that may stand once (WARC 1.1, 5); of the named fields, only Concurrent-To and 1.1's extensions may repeat
SINGLE = frozenset(
    "warc-type warc-record-id warc-date content-length content-type warc-block-digest warc-payload-digest "
    "warc-ip-address warc-refers-to warc-refers-to-target-uri warc-refers-to-date warc-target-uri warc-truncated "
    "warc-warcinfo-id warc-filename warc-profile warc-identified-payload-type warc-segment-number "
    "warc-segment-origin-id warc-segment-total-length".split()
)
TYPES = frozenset({"warcinfo", "response", "resource", "request", "metadata", "revisit", "conversion", "continuation"})
_QUICK_TYPES = frozenset({"response", "resource", "request", "metadata", "warcinfo"})
_NEED_URI = TYPES - {"warcinfo", "metadata"}
_PROFILE = re.compile(
    r"http://netpreserve\.org/warc/(?:0\.1[78]|1\.[01])/revisit/(identical-payload-digest|server-not-modified)"
)
_TRUNCATED = frozenset({"length", "time", "disconnect", "unspecified"})
_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?)?)?",
    re.ASCII | re.IGNORECASE,
)
_ID = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]*:[!-~]+>")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]*")
_MSGTYPE = re.compile(r"application/http\s*;\s*msgtype\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)
#: nothing on the web was captured before there was one
_FIRST_YEAR = int(times.FIRST_CAPTURE[:4])
#: clocks of crawlers that run ahead of ours
_AHEAD = timedelta(days=2)
_SHOWN_CHARS = 200


@dataclass(frozen=True, slots=True)
class Fault:
    #: a name for scripts, such as ``date-impossible``
    rule: str
    what: str
    expected: str = ""
    found: str = ""
    #: breaks the letter, loses nothing: a warning in files of others
    departure: bool = False


def shown(value: str) -> str:
    """A value out of a file, fit for a terminal: one line of printable ASCII, no longer than a person reads."""
    value = value if len(value) <= _SHOWN_CHARS else f"{value[:_SHOWN_CHARS]}..."
    return value if value.isascii() and value.isprintable() else ascii(value)[1:-1]


def is_plain(name: str, value: str) -> bool:
    """Whether a field, by itself and by a quick look, gives no cause for complaint; *name* is in lower case. False
    tells nothing."""
    match name:
        case "warc-type":
            return value in _QUICK_TYPES
        case "warc-record-id":
            return _ID.fullmatch(value) is not None
        case "warc-date":
            return _date_fault(value) is None
        case "warc-target-uri":
            return _URI.fullmatch(value) is not None
        case "warc-ip-address":
            return _is_address(value)
        case "content-length":
            return value.isdecimal() and len(value) <= 18
        case "warc-truncated" | "warc-segment-number" | "warc-segment-origin-id":
            return False
    return bool(value)


def is_usual(kind: str, content_type: str, *, has_uri: bool) -> bool:
    """Whether a record of a type that `is_plain` may have that Content-Type, and be with or without a URI."""
    return (has_uri or kind not in _NEED_URI) and _is_usual(kind, content_type)


def is_sound(record: Record, first: dict[str, str]) -> bool:
    """Whether a quick look at a header framed to the letter finds all as almost always: then `header_faults` has none.
    False tells nothing."""
    uri = first.get("warc-target-uri")
    return (
        record.type in _QUICK_TYPES
        and _ID.fullmatch(record.id) is not None
        and (_URI.fullmatch(uri) is not None if uri else record.type not in _NEED_URI)
        and record.date != ""
        and _date_fault(record.date) is None
        and _is_address(first.get("warc-ip-address", "::"))
        and _is_usual(record.type, first.get("content-type", ""))
        and "warc-truncated" not in first
        and "warc-segment-number" not in first
        and (len(first) == len(record.fields) or next(_repeated(record), None) is None)
    )


@lru_cache(maxsize=1024)
def _is_usual(kind: str, content_type: str) -> bool:
    return bool(content_type) and not any(_content_type_faults(kind, content_type, size=1))


def header_faults(record: Record, header: bytes, first: dict[str, str]) -> Iterator[Fault]:
    """What is wrong with the header of *record*, whose bytes are *header*; *first* is the first value of each field."""
    if len(first) != len(record.fields):
        yield from _repeated(record)
    yield from _form_faults(record, header)
    yield from _identity_faults(record, first)
    if address := first.get("warc-ip-address"):
        yield from ip_faults("WARC-IP-Address", address)
    yield from _content_type_faults(record.type, first.get("content-type", ""), size=record.block.size)
    if (reason := first.get("warc-truncated")) and reason.lower() not in _TRUNCATED:
        expected = "length, time, disconnect or unspecified"
        yield Fault("truncated-unknown", f"WARC-Truncated {shown(reason)}", expected, shown(reason), departure=True)
    if "warc-segment-number" in first or record.type == "continuation":
        yield from _segment_faults(record, first)
    if record.type == "revisit":
        yield from _revisit_faults(first)


def _repeated(record: Record) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for name, value in record.fields:
        key = name.lower()
        if key in seen and key in SINGLE:
            yield Fault("field-repeated", f"{name} stands more than once", "one", f"{shown(seen[key])}, {shown(value)}")
        seen.setdefault(key, value)


def arc_faults(record: Record, first: dict[str, str]) -> Iterator[Fault]:
    """The same of an ARC record, whose fields were made from its line."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT.*", record.date):
        yield Fault("date-bad", f"Archive-date {shown(record.date)}", "YYYYMMDDhhmmss", shown(record.date))
    elif said := _date_fault(record.date):
        yield said
    if (address := first["warc-ip-address"]) != "-":
        yield from ip_faults("IP-address", address)


def _form_faults(record: Record, header: bytes) -> Iterator[Fault]:
    end = header.find(b"\n")
    version = header[:end].rstrip(b"\r").decode("latin-1")
    if version.upper() not in VERSIONS:
        yield Fault("version-unknown", f"version {shown(version)}", "WARC/0.17 to WARC/1.1", shown(version))
    lines = header.count(b"\n")
    if lines != header.count(b"\r\n"):
        yield Fault("line-ends", "header lines end in LF alone", "CRLF", "LF", departure=True)
    if not header.isascii():
        try:
            header.decode()
        except UnicodeDecodeError:
            yield Fault("not-utf-8", "the header is not UTF-8", "UTF-8", "other bytes", departure=True)
    if len(record.fields) != lines - 2:  # folded lines, which 1.1 still allows, or lines that are no fields
        for line in header[end + 1 :].split(b"\n"):
            text = line.strip().decode("latin-1")
            if text and b":" not in line and line[:1] not in b" \t":
                yield Fault(
                    "no-field", f"a header line without a colon: {shown(text)}", "a field", shown(text), departure=True
                )


def _identity_faults(record: Record, first: dict[str, str]) -> Iterator[Fault]:
    if not record.type:
        yield Fault("type-missing", "no WARC-Type", "WARC-Type", "none")
    elif record.type not in TYPES:
        yield Fault(
            "type-unknown", f"WARC-Type {shown(record.type)}", "one of WARC 1.1", shown(record.type), departure=True
        )
    if not record.id:
        yield Fault("record-id-missing", "no WARC-Record-ID", "WARC-Record-ID", "none")
    elif not _ID.fullmatch(record.id):
        yield Fault("record-id-form", f"WARC-Record-ID {shown(record.id)}", "<URI>", shown(record.id), departure=True)
    if not record.date:
        yield Fault("date-missing", "no WARC-Date", "WARC-Date", "none")
    elif said := _date_fault(record.date):
        yield said
    uri = first.get("warc-target-uri")
    if not uri:
        if record.type in _NEED_URI:
            yield Fault("target-uri-missing", f"{record.type} without WARC-Target-URI", "WARC-Target-URI", "none")
    elif not _URI.fullmatch(uri):
        yield Fault("target-uri-form", f"WARC-Target-URI {shown(uri)}", "a URI", shown(uri), departure=True)


@lru_cache(maxsize=1024)
def _date_fault(date: str) -> Fault | None:
    what, found = f"WARC-Date {shown(date)}", shown(date)
    match = _DATE.fullmatch(date)
    if match is None:
        return Fault("date-bad", what, "YYYY-MM-DDThh:mm:ssZ", found)
    year, month, day, hour, minute, second = (
        int(part or low) for part, low in zip(match.groups(), "011000", strict=False)
    )
    try:
        at = datetime(year, month, day, hour, minute, min(second, 59) if second == 60 else second, tzinfo=UTC)
    except ValueError:
        return Fault("date-impossible", f"{what}: there is no such time", "a time that was", found)
    if at.year < _FIRST_YEAR or at > times.now() + _AHEAD:
        return Fault("date-impossible", f"{what}: no capture is of then", f"{_FIRST_YEAR} to today", found)
    if (match[8] or "Z").upper() != "Z":
        return Fault("date-zone", what, "UTC, written Z", found, departure=True)
    return None


@lru_cache(maxsize=1024)
def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def ip_faults(field: str, address: str) -> Iterator[Fault]:
    if not _is_address(address):
        yield Fault("ip-bad", f"{field} {shown(address)}", "an IPv4 or IPv6 address", shown(address))


def _content_type_faults(of: str, content_type: str, *, size: int) -> Iterator[Fault]:
    kind = content_type.partition(";")[0].strip().lower()
    if of == "warcinfo" and kind != "application/warc-fields":
        yield Fault("content-type", f"warcinfo of type {shown(content_type)}", "application/warc-fields", shown(kind))
    if not kind and size and of != "continuation":
        yield Fault("content-type-missing", "a block without Content-Type", "Content-Type", "none", departure=True)
    if kind == "application/http" and of in {"request", "response"}:
        said = _MSGTYPE.match(content_type)
        if said and said[1].lower() != of:
            yield Fault("content-type", f"{of} with {shown(content_type)}", f"msgtype={of}", shown(said[1]))


def _segment_faults(record: Record, first: dict[str, str]) -> Iterator[Fault]:
    number = first.get("warc-segment-number", "")
    if record.type == "continuation":
        if not re.fullmatch(r"[0-9]{1,18}", number) or int(number) < 2:
            yield Fault("segment-number", "continuation without a number", "2 or more", shown(number) or "none")
        if not first.get("warc-segment-origin-id"):
            yield Fault(
                "segment-origin", "continuation without WARC-Segment-Origin-ID", "the first segment's id", "none"
            )
    elif number != "1":
        yield Fault(
            "segment-number", f"WARC-Segment-Number {shown(number)} in a {shown(record.type)}", "1", shown(number)
        )


def is_of_equal_payload(profile: str) -> bool:
    """Whether a revisit of that WARC-Profile says that its payload is its original's (WARC 1.1, 6.7.2)."""
    known = _PROFILE.fullmatch(profile)
    return known is not None and known[1] == "identical-payload-digest"


def _revisit_faults(first: dict[str, str]) -> Iterator[Fault]:
    profile = first.get("warc-profile")
    if not profile:
        yield Fault("profile-missing", "revisit without WARC-Profile", "WARC-Profile", "none")
    elif not (known := _PROFILE.fullmatch(profile)):
        yield Fault(
            "profile-unknown", f"WARC-Profile {shown(profile)}", "one of WARC 1.1", shown(profile), departure=True
        )
    elif known[1] == "identical-payload-digest" and not first.get("warc-payload-digest"):
        yield Fault(
            "revisit-digest", "revisit without WARC-Payload-Digest", "WARC-Payload-Digest", "none", departure=True
        )
    for name in ("WARC-Refers-To", "WARC-Refers-To-Target-URI", "WARC-Refers-To-Date"):
        if not first.get(name.lower()):
            # The standard only recommends them; without, a revisit is found by chance.
            yield Fault("refers-to-missing", f"revisit without {name}", name, "none", departure=True)
