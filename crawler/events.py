"""Capture events: the records of one exchange as they come out of a WARC, and what they tell of its capture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from archive.model import Capture, Record
from archive.urls import urlkey
from archive.warc.events import SOURCE_URI
from archive.warc.fields import read_warc_fields
from archive.warc.http import parse_response
from archive.warc.tombstones import is_tombstone

CAPTURE_TYPES: Mapping[str, Literal["response", "revisit", "resource"]] = {
    "response": "response",
    "revisit": "revisit",
    "resource": "resource",
}
_MOST_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Event:
    """One capture event: the response, revisit or failure record, and the fields of its metadata record."""

    record: Record
    about: Mapping[str, str] = field(default_factory=dict)


def events(records: Iterable[Record]) -> Iterator[Event | Record]:
    """Group records into capture events; warcinfo and ``metadata://`` records come out as they are, and tombstones.

    A capture waits for its metadata record, which stands in the same event right after it (WARC-Concurrent-To).
    """
    waiting: Record | None = None
    about: dict[str, str] = {}
    for record in records:
        if is_tombstone(record):
            yield record  # it is of another event than what waits, and that goes on waiting
            continue
        if record.type == "metadata" and waiting and record.field("WARC-Concurrent-To") == waiting.id:
            about = read_warc_fields(record.block.chunks())
            continue
        if record.type == "request":
            continue
        if waiting:
            yield Event(waiting, about)
            waiting, about = None, {}
        if record.type in ("response", "revisit", "resource"):
            waiting = record
        elif record.type == "metadata" and record.url and not record.url.startswith("metadata:"):
            fields = read_warc_fields(record.block.chunks())
            if "error" in fields:
                yield Event(record, fields)
        elif record.type in ("warcinfo", "metadata"):
            yield record
    if waiting:
        yield Event(waiting, about)


def capture_of(event: Event) -> Capture:
    """What the record's own fields tell; its block is not looked at."""
    record, about = event.record, event.about
    url = record.url or ""
    return Capture(
        record_id=record.id,
        type=CAPTURE_TYPES.get(record.type, "failure"),
        url=url,
        urlkey=urlkey(url),
        warc_date=record.date,
        status=None,
        mime=None,
        place=record.place,
        # Of a revisit the record is short, not what it stands for.
        truncated=None if record.type == "revisit" else _truncated(record),
        declared_digest=record.field("WARC-Payload-Digest"),
        via=about.get("via"),
        hops=about.get("hopsFromSeed"),
        error=about.get("error"),
        fetch_ms=_milliseconds(about.get("fetchTimeMs", "")),
        refers_to=record.field("WARC-Refers-To"),
        refers_to_url=record.field("WARC-Refers-To-Target-URI"),
        refers_to_date=record.field("WARC-Refers-To-Date"),
        source_url=source_of(record, about),
    )


def status(record: Record) -> int | None:
    """The HTTP status of a response; None for what is none."""
    try:
        return parse_response(record.block).status
    except ValueError:
        return None


def source_of(record: Record, about: Mapping[str, str]) -> str | None:
    """Where it was had from, where that is not its own URL: another archive's capture of it."""
    return record.field("WARC-Source-URI") or about.get(SOURCE_URI)


def _milliseconds(told: str) -> int | None:
    return int(told) if told.isdecimal() and told.isascii() and len(told) < _MOST_DIGITS else None


def _truncated(record: Record) -> str | None:
    """Of the first of several segments (WARC 1.1, 8) too: nobody puts the others behind it."""
    segment = record.field("WARC-Segment-Number")
    return record.field("WARC-Truncated") or ("unspecified" if segment else None)
