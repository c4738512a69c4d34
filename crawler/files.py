"""Whole files into rows, ours and others': for `ingest`, for `rebuild`, and for what a crawl that was cut
short left."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from archive import times
from archive.errors import BadRecord
from archive.intake import KEPT
from archive.model import Capture, Problem, Reading, Record
from archive.store.captures import captured_at
from archive.warc.reader import INSIDE, WarcFile, open_files
from archive.warc.rules import shown
from archive.warc.tombstones import Erased, is_tombstone, read_tombstone
from crawler.events import Event, events, source_of
from crawler.ingest import Ingest, Others
from crawler.ingests import Ingests, Skim

#: readings per transaction
BATCH = 200
#: the problem of a stretch of a file that holds no record anyone can read
DAMAGED = "damaged"

_PIECE_BYTES = 1 << 20
_MOST_NAME_CHARS = 200


@dataclass(frozen=True, slots=True)
class Ingested:
    file: str
    captures: int
    #: what could not be read, one line each with its offset; all around it was
    damage: tuple[str, ...] = ()


@dataclass(slots=True)
class _Damage:
    """What is wrong with a file, each with the crawl whose captures it stands among."""

    crawl: str | None = None
    found: list[tuple[str | None, str]] = field(default_factory=list)
    _told: set[tuple[str, int]] = field(default_factory=set)

    def add(self, bad: BadRecord) -> None:
        if (bad.file, bad.offset) not in self._told:  # a member of many records is told once
            self._told.add((bad.file, bad.offset))
            self.found.append((self.crawl, str(bad)))


def ingest_file(
    ingests: Ingests, path: Path, *, skim: Skim | None = None, at: Callable[[str, int], None] = lambda _, __: None
) -> Ingested:
    """Write the rows of one finished file: WARC, ARC, or a WACZ of them. Repeating it changes nothing.

    *at* is called with file and offset of each event before it is read; events at the offsets in *skim* are not looked
    into.
    """
    damage = _Damage()
    captures = 0
    crawls: list[str] = []
    try:
        for file in open_files(path, on_damage=damage.add):
            with file:
                for crawl, count in _ingest_one(ingests, file, damage, skim or {}, at):
                    crawls.append(crawl)
                    captures += count
    except BadRecord as too_much:  # so much is damaged that the rest was given up
        damage.add(too_much)
    problems: dict[str, list[Problem]] = {}
    for crawl_id, what in damage.found:
        if among := crawl_id or next(iter(crawls), None):
            problems.setdefault(among, []).append(Problem(DAMAGED, what))
    for crawl_id, said in problems.items():
        ingests.store.write_problems(crawl_id, said)
    with WarcFile(path) as whole:
        if whole.is_zip:
            ingests.store.seal_warc(whole.name, _sha256(whole), whole.size)
    return Ingested(path.name, captures, tuple(what for _, what in damage.found))


def _ingest_one(
    ingests: Ingests, file: WarcFile, damage: _Damage, skim: Skim, at: Callable[[str, int], None]
) -> Iterator[tuple[str, int]]:
    """The crawl and number of the captures of each batch, when it is written."""
    others = ingests.others(file.name)
    ingest: Ingest | Others = others
    batch: list[Reading] = []
    #: what a crawl of ours had from another archive: whose captures they are, their hosts tell
    recovered: list[Reading] = []
    name: str | None = None
    erased: list[Erased] = []
    #: the first whose date cannot be, and its crawl: a clock that was not set dates every record of a file
    undated: tuple[str | None, BadRecord] | None = None
    skipped = skim.get(file.name, ())

    def write() -> Iterator[tuple[str, int]]:
        for who, readings in ((ingest, batch), (others, recovered)):
            who.write(readings)
            if readings and (crawl := who.crawl_of(readings[0].capture)):
                yield crawl, len(readings)
            readings.clear()

    try:
        for found in events(_with_places(file, damage)):
            record = found.record if isinstance(found, Event) else found
            if is_tombstone(record):
                erased += filter(None, [read_tombstone(record)])
                continue
            if record.type == "warcinfo":
                # Files may hold others one after the other, and WACZ files of ours originals of several crawls.
                yield from write()
                name = name or record.field("WARC-Filename")
                ingest = ingests.of_ours(record, file.name) or others
            is_recovered = isinstance(found, Event) and ingest is not others and source_of(record, found.about)
            who = others if is_recovered else ingest
            try:
                if isinstance(found, Event):
                    at(file.name, record.place.offset)
                    _check_url(record)
                if isinstance(found, Event) and record.place.offset in skipped:
                    reading: Reading | None = who.skim(found)
                else:
                    reading = who.take(found)
            except BadRecord as bad:
                damage.add(bad)
                continue
            if reading:
                reading = ingests.dated(reading)
                damage.crawl = who.crawl_of(reading.capture)
                if reading.capture.misdated or (who is others and captured_at(record.date) < times.FIRST_CAPTURE):
                    told = BadRecord(file.name, record.place.offset, _undated(reading.capture))
                    undated = undated or (damage.crawl, told)
                (recovered if is_recovered else batch).append(reading)
            if len(batch) + len(recovered) >= BATCH:
                yield from write()
    except BadRecord as too_much:
        damage.add(too_much)
    yield from write()
    if undated:
        damage.crawl, first = undated
        damage.add(first)
    others.end()
    if erased:
        ingests.store.write_erased(file.name, erased)
    label = _label(name) if file.name.startswith(KEPT) and INSIDE not in file.name else None
    ingests.store.seal_warc(file.name, _sha256(file), file.size, name=label)


def _with_places(file: WarcFile, damage: _Damage) -> Iterator[Record]:
    """The records that can be found again."""
    for record, _ in file.scan(on_damage=damage.add):
        if record.place.length or record.type == "warcinfo" or is_tombstone(record):
            yield record
        else:
            what = "shares its gzip member with other records: it has no place of its own: unpack the file"
            damage.add(BadRecord(record.place.file, record.place.offset, what))


def _check_url(record: Record) -> None:
    if not record.url:
        raise BadRecord(record.place.file, record.place.offset, f"a {record.type} without WARC-Target-URI")


def _undated(capture: Capture) -> str:
    what = "no date" if captured_at(capture.warc_date) == times.NO_DATE else "no capture is of then"
    if capture.misdated:
        what = "later than the file came here"
    says = f"WARC-Date {shown(capture.warc_date)}: {what}"
    return f"{says}; it stands in no timeline, nor does another of this file that has none"


def _label(name: str | None) -> str | None:
    """What a file calls itself, when that can be shown."""
    said = (name or "").replace("\\", "/").rsplit("/", 1)[-1][:_MOST_NAME_CHARS]
    return said if said.isprintable() and said.strip() else None


def _sha256(file: WarcFile) -> str:
    digest = hashlib.sha256()
    source, at = file.source(), 0
    while piece := source.read(_PIECE_BYTES, at):
        digest.update(piece)
        at += len(piece)
    return digest.hexdigest()
