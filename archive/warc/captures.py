"""Records to captures, as an index needs them: what a record says by itself, whatever crawl or site it is of."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from archive import times, urls
from archive.digests import sha256_chunks
from archive.errors import BadRecord
from archive.model import Capture, Place, Record
from archive.warc import http
from archive.warc.blocks import OnDisk
from archive.warc.reader import read_records

#: A metadata record of another type than warc-fields is looked up as a page is: so do pywb and cdxj-indexer.
_TYPES: dict[str, Literal["response", "revisit", "resource"]] = {
    "response": "response",
    "revisit": "revisit",
    "resource": "resource",
    "metadata": "resource",
}
_WARC_FIELDS = "application/warc-fields"
_MEDIA_TYPE = re.compile(r"[^;\s]+")
#: WARC 1.1, 5.4: a date may end after the year, month or day
_SHORT_DATE = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2]))?")


def capture_of(record: Record) -> Capture | None:
    """The capture *record* stands for; None where it stands for none: a request, a failed fetch, what was said about
    an exchange. Of a record that declares no payload digest ours is computed.

    Raises BadRecord where it cannot be looked up: its member holds others too, or its date is none.
    """
    media_type = _media_type(record.field("Content-Type"))
    about = record.type in ("resource", "metadata") and media_type == _WARC_FIELDS
    if record.type not in _TYPES or about or not record.url:
        return None
    place = record.place
    if place.length == 0:
        raise BadRecord(
            place.file, place.offset, "shares its gzip member with other records: it has no place of its own"
        )
    if not _is_date(record.date):
        raise BadRecord(place.file, place.offset, f"WARC-Date {record.date[:40]!a} is no date")
    status, mime, payload = None, media_type, record.block
    if record.type in ("response", "revisit") and record.url.lower().startswith(("http:", "https:")):
        try:
            response = http.parse_response(record.block)
        except ValueError:
            mime = None  # what Content-Type says is that this should have been HTTP
        else:
            status, mime = response.status, http.mime(response)
            payload = http.payload(record.block, response)
    declared = record.field("WARC-Payload-Digest")
    return Capture(
        record_id=record.id,
        type=_TYPES[record.type],
        url=record.url,
        urlkey=urls.urlkey(record.url),
        warc_date=record.date,
        status=status,
        mime=mime,
        place=place,
        declared_digest=declared,
        payload_digest=None if declared or record.type in ("revisit", "metadata") else sha256_chunks(payload.chunks()),
        refers_to=record.field("WARC-Refers-To"),
        refers_to_url=record.field("WARC-Refers-To-Target-URI"),
        refers_to_date=record.field("WARC-Refers-To-Date"),
    )


def read_captures(path: Path, *, on_damage: Callable[[BadRecord], None]) -> Iterator[Capture]:
    """The captures of a file, in its order; what cannot be read or looked up is told, and passed over."""
    for _, capture in read_with_captures(path, on_damage=on_damage):
        if capture:
            yield capture


def read_with_captures(
    path: Path, *, on_damage: Callable[[BadRecord], None]
) -> Iterator[tuple[Record, Capture | None]]:
    """As `read_captures`, with every record."""
    shared = -1
    try:
        for record in read_records(path, on_damage=on_damage):
            try:
                yield record, capture_of(record)
            except BadRecord as damage:
                if record.place.length or record.place.offset != shared:  # a member of many records is told once
                    on_damage(damage)
                shared = record.place.offset
    except BadRecord as too_much:  # so many damaged records that the rest of the file was given up
        on_damage(too_much)
    except OSError as error:
        on_damage(BadRecord(path.name, 0, f"cannot be read: {error.strerror or error}"))


def member_bytes(path: Path, place: Place) -> OnDisk:
    """The record at *place* as it lies in the file: a gzip member, or a plain record. Raises OSError."""
    return OnDisk(os.open(path, os.O_RDONLY | os.O_CLOEXEC), place.offset, place.length)


def _media_type(content_type: str | None) -> str | None:
    found = _MEDIA_TYPE.match((content_type or "").strip())
    return found[0].lower() if found else None


def _is_date(text: str) -> bool:
    if not text.isascii():
        return False
    try:
        times.parse(text)
    except (ValueError, OverflowError):
        return bool(_SHORT_DATE.fullmatch(text))
    return True
