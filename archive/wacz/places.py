"""Whether the lines of an index lead to their records, in WARC files that lie inside a ZIP."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any, Protocol
from zipfile import ZipInfo

from archive.errors import BadRecord
from archive.model import Place, Record
from archive.wacz.directory import shown
from archive.warc.records import Limits, Records
from archive.warc.source import Source

_LONGEST_LINE_BYTES = 8 << 20
#: of an index with more faults than this the rest is not looked at
_MOST_FAULTS = 1000
_NUMBER = re.compile(r"[0-9]{1,18}")


class Tally(Protocol):
    lines: int


def check_index(
    index: IO[bytes], name: str, package: IO[bytes], warcs: Mapping[str, tuple[ZipInfo, int]], tally: Tally
) -> Iterator[str]:
    """What is wrong with the index *name*, line by line. *warcs* says of each stored WARC file where its bytes begin.
    Raises what a damaged index raises on reading."""
    lines: Any = gzip.GzipFile(fileobj=index) if name.endswith(".gz") else index
    number = wrong = 0
    while line := lines.readline(_LONGEST_LINE_BYTES):
        number += 1
        if line.startswith((b"!", b" CDX")) or not line.strip():
            continue
        tally.lines += 1
        try:
            what = _fault(line, package.fileno(), warcs)
        except BadRecord as error:
            what = f"no such record: {error}"
        if what:
            wrong += 1
            yield f"{name} line {number}: {what}"
        if wrong >= _MOST_FAULTS:
            yield f"{name}: more than {wrong - 1} lines are wrong; the rest was not looked at"
            return
    if number == 0:
        yield f"{name} is empty"


def _fault(line: bytes, fd: int, warcs: Mapping[str, tuple[ZipInfo, int]]) -> str | None:
    """Raises BadRecord."""
    _, _, text = line.partition(b"{")
    try:
        block = json.loads(b"{" + text)
        place = Place(str(block["filename"]), _number(block["offset"]), _number(block["length"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"not CDXJ: {shown(line[:100])}"
    held = warcs.get(place.file.removeprefix("archive/"))
    if held is None:
        return f"names {shown(place.file)}, which is not in archive/"
    entry, begins = held
    if place.offset + place.length > entry.file_size or not place.length:
        return f"{place.length} bytes at {place.offset} of {place.file}, which has {entry.file_size}"
    record = _record(Source(fd, begins, entry.file_size), place)
    if record and record.url != block.get("url"):
        return f"{place.file} at {place.offset}: {shown(block.get('url'))} expected, {shown(record.url)} found"
    return None


def _record(source: Source, place: Place) -> Record | None:
    """None for a record that is not compressed: where it ends, indexers do not agree."""
    if source.read(5, place.offset).upper() == b"WARC/":
        return None
    record = Records(source, place.file, place.offset, Limits()).next()
    if record is None or record.place.length != place.length:
        found = record.place.length if record else 0
        raise BadRecord(place.file, place.offset, f"record of {found} bytes, expected {place.length}")
    return record


def _number(value: object) -> int:
    """Ours and cdxj-indexer's are texts, others' are numbers. Raises ValueError."""
    if isinstance(value, bool) or not _NUMBER.fullmatch(str(value)):
        raise ValueError(value)
    return int(str(value))
