"""Checks WARC files: every record read, every declared digest computed again. Reports place, expected and found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from archive import digests
from archive.errors import BadRecord
from archive.model import Record
from archive.warc import http as warc_http
from archive.warc.reader import read_records

WARC_NAMES = ("*.warc.gz", "*.warc")


@dataclass(frozen=True, slots=True)
class Finding:
    file: str
    offset: int
    what: str


@dataclass(slots=True)
class Checked:
    """Counts what was looked at, so that silence can be told from idleness."""

    files: int = 0
    records: int = 0


def warc_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files among *paths*, and those in the directories among them."""
    for path in paths:
        if path.is_dir():
            yield from sorted(found for pattern in WARC_NAMES for found in path.rglob(pattern))
        else:
            yield path


def verify_file(path: Path, checked: Checked) -> Iterator[Finding]:
    checked.files += 1
    damage: list[BadRecord] = []
    ids: set[str] = set()
    try:
        for record in read_records(path, on_damage=damage.append):
            while damage:
                yield _of(path, damage.pop(0))
            checked.records += 1
            for what in _faults(record):
                yield Finding(str(path), record.place.offset, what)
            if not record.id:
                yield Finding(str(path), record.place.offset, "no WARC-Record-ID")
            elif record.id in ids:
                yield Finding(str(path), record.place.offset, f"WARC-Record-ID {record.id} stands twice in this file")
            ids.add(record.id)
    except BadRecord as too_much:  # so many damaged records that the rest of the file was given up
        damage.append(too_much)
    except OSError as error:
        yield Finding(str(path), 0, f"cannot be read: {error.strerror}")
    for bad in damage:
        yield _of(path, bad)


def _of(path: Path, bad: BadRecord) -> Finding:
    return Finding(str(path), bad.offset, str(bad).partition(f" at {bad.offset}: ")[2])


def _faults(record: Record) -> Iterator[str]:
    declared = record.field("WARC-Block-Digest")
    if declared:
        yield from _compare("block", declared, record.block.chunks())
    declared = record.field("WARC-Payload-Digest")
    # The digest of a revisit is over the payload of the record it refers to (WARC 1.1, 5.9).
    if declared and record.type == "response" and record.url and record.url.startswith(("http:", "https:")):
        try:
            payload = warc_http.payload(record.block, warc_http.parse_response(record.block))
        except ValueError as error:
            yield f"no HTTP response in the block: {error}"
            return
        yield from _compare("payload", declared, payload.chunks())


def _compare(which: str, declared: str, data: Iterable[bytes]) -> Iterator[str]:
    try:
        equal, computed = digests.same(declared, data)
    except ValueError:
        yield f"{which} digest {declared}: unknown algorithm"
        return
    if not equal:
        yield f"{which} digest {declared}, computed {computed}"
