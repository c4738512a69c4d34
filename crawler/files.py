"""Whole files into rows, ours and others', each record to the crawl it is of: for `ingest`, for `rebuild`, and for what
a crawl left that was cut short."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from archive.errors import BadRecord
from archive.intake import KEPT, sites_told
from archive.layout import Archive
from archive.model import Place, Problem, Reading, Record
from archive.store import Store
from archive.warc.reader import INSIDE, WarcFile, open_files, open_warc
from archive.warc.tombstones import Erased, is_tombstone, read_tombstone
from crawler.attribution import Sites
from crawler.events import Event, events, source_of
from crawler.ingest import Ingest, Others, derive_site
from crawler.reading import GAVE_UP, Reader
from crawler.sites.profile import Profile
from crawler.sites.profile_files import load_profile
from crawler.warcinfo import crawl_of, opening_of, told_crawl

#: readings per transaction
BATCH = 200
#: the problem of a stretch of a file that holds no record anyone can read
DAMAGED = "damaged"

_PIECE_BYTES = 1 << 20
_MOST_NAME_CHARS = 200
#: stands behind every name of a file
_LAST = "\U0010ffff"

Skim = Mapping[str, Collection[int]]


@dataclass(frozen=True, slots=True)
class Ingested:
    file: str
    captures: int
    #: what could not be read, one line each with its offset; all around it was
    damage: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """How a file that is not under a name of ours begins: with which crawl, and what it was called."""

    #: `Place.file`
    file: str
    crawl: str
    #: WARC-Filename: names of ours sort as they were written
    label: str


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
                damage.crawl = who.crawl_of(reading.capture)
                (recovered if is_recovered else batch).append(reading)
            if len(batch) + len(recovered) >= BATCH:
                yield from write()
    except BadRecord as too_much:
        damage.add(too_much)
    yield from write()
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
            what = "shares its gzip member with other records: it has no place of its own"
            damage.add(BadRecord(record.place.file, record.place.offset, what))


def _check_url(record: Record) -> None:
    if not record.url:
        raise BadRecord(record.place.file, record.place.offset, f"a {record.type} without WARC-Target-URI")


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


class Ingests:
    """Who takes the records of a file: one `Ingest` per crawl of ours, since its later files are read with the profile
    that an earlier one records; one `Others` per file of somebody else."""

    def __init__(self, archive: Archive, store: Store, *, current: bool = False) -> None:
        self.store = store
        self._archive = archive
        self._current = current
        self._sites = Sites(archive)
        self._told = sites_told(archive)
        self._by_crawl: dict[str, Ingest] = {}
        self._openings: list[Opening] | None = None
        #: by site, the names of our own files and the crawls they are of
        self._own: dict[str, list[tuple[str, str]]] = {}

    def others(self, file: str) -> Others:
        """For what *file* (`Place.file`) holds that tells no crawl of ours."""
        return Others(self.store, self._sites, warcs=self._archive.warcs, site=self._told_site(file))

    def of_ours(self, warcinfo: Record, file: str) -> Ingest | None:
        """For what follows *warcinfo*, where that tells a crawl of ours."""
        crawl = told_crawl(warcinfo)
        if crawl is None or self._told_site(file):
            return None
        return self._of_crawl(crawl.id, crawl.site, until=warcinfo.field("WARC-Filename") or file)

    def has_waiting(self) -> bool:
        """Whether a second look has anything to look at."""
        return bool(self.store.waiting_revisits(GAVE_UP))

    def second_look(self, *, skim: Skim | None = None, at: Callable[[str, int], None] = lambda _, __: None) -> int:
        """Read the revisits again whose originals came after them; how many it were."""
        readers: dict[tuple[str, str], Ingest | Others] = {}
        done = 0
        for place, crawl_id in self.store.waiting_revisits(GAVE_UP):
            if place.offset in (skim or {}).get(place.file, ()):
                continue
            at(place.file, place.offset)
            if (event := self._event(place)) is None:
                continue
            key = (place.file, crawl_id)
            if key not in readers:
                readers[key] = self._reader_of(place.file, crawl_id)
            reading = readers[key].take(event)
            if reading and reading.capture.payload_digest:
                self.store.complete_revisits(crawl_id, [reading])
                done += 1
        return done

    def derive(self, sites: Iterable[str] | None = None) -> None:
        """The history of *sites*, or of all, and of those that these touch; each with the profile of its last crawl."""
        connection = self.store.db.conn
        left = sorted(sites if sites is not None else (row[0] for row in connection.execute("SELECT id FROM site")))
        done = set()
        while left:
            site = left.pop(0)
            done.add(site)
            derived = derive_site(self.store, site, self._profile_of(site), self._archive.warcs)
            left += [other for other in derived.also if other not in done]

    def openings(self) -> list[Opening]:
        if self._openings is None:
            self._openings = openings(self._archive)
        return self._openings

    def profiles_of(self, crawl_id: str, site: str) -> list[tuple[str, str, Profile]]:
        """The profiles its files record, each behind the name of the file and where that lies now (`Place.file`), in
        the order they were written."""
        found = []
        for label, file, records in self._beginnings(crawl_id, site, until=_LAST):
            reader = Reader(facts=False)
            for record in records:
                with suppress(BadRecord):
                    reader.learn(record)
            if reader.profile:
                found.append((label, file, reader.profile))
        return found

    def profile_of(self, site: str) -> Profile | None:
        """Of its last crawl that records one; of others' captures alone, today's. Writes nothing."""
        own = self._own_crawls(site)
        found = (self.profiles_of(crawl_id, site) for crawl_id in reversed(own))
        return next((profiles[-1][2] for profiles in found if profiles), None if own else self._sites.profile_of(site))

    def _told_site(self, file: str) -> str | None:
        return self._told.get(file.partition(INSIDE)[0])

    def _of_crawl(self, crawl_id: str, site: str, *, until: str) -> Ingest:
        if crawl_id not in self._by_crawl:
            profile = load_profile(site, self._archive) if self._current else None
            ingest = self._by_crawl[crawl_id] = Ingest(self.store, profile=profile, warcs=self._archive.warcs)
            for _, _, records in self._beginnings(crawl_id, site, until=until):
                for record in records:
                    with suppress(BadRecord):  # told where its file is read
                        ingest.take(record)
        return self._by_crawl[crawl_id]

    def _beginnings(self, crawl_id: str, site: str, *, until: str) -> Iterator[tuple[str, str, list[Record]]]:
        """What stands in its files before their first captures, up to the file named *until*."""
        if site not in self._own:
            crawls = ((path.name, crawl_of(path)) for path in self._archive.warcs_of(site))
            self._own[site] = [(name, crawl.id) for name, crawl in crawls if crawl]
        ours = [(name, name) for name, crawl in self._own[site] if crawl == crawl_id and name <= until]
        handed = [(o.label, o.file) for o in self.openings() if o.crawl == crawl_id and o.label <= until]
        for label, file in sorted((*ours, *handed)):
            try:
                with open_warc(self._archive.warcs, file) as opened:
                    records = list(opening_of(record for record, _ in opened.scan()))
            except (BadRecord, OSError):
                continue
            yield label, file, records

    def _profile_of(self, site: str) -> Profile | None:
        """As `profile_of`, or today's profile where that is asked for. The site's row is written with those of all its
        crawls in their order, so that it does not depend on which of them came first."""
        own = self._own_crawls(site)
        profile = None
        for crawl_id in own:
            profile = self._of_crawl(crawl_id, site, until=_LAST).reader.profile or profile
        return profile or (None if own else self._sites.profile_of(site))

    def _own_crawls(self, site: str) -> list[str]:
        """In the order they were begun."""
        sql = "SELECT id FROM crawl WHERE site_id = ? AND status <> 'imported' ORDER BY id"
        return [row[0] for row in self.store.db.conn.execute(sql, (site,))]

    def _reader_of(self, file: str, crawl_id: str) -> Ingest | Others:
        site = self.store.site_of(crawl_id)
        found = self.store.db.conn.execute("SELECT status FROM crawl WHERE id = ?", (crawl_id,)).fetchone()
        if found[0] == "imported" or self._told_site(file):
            return self.others(file)
        return self._of_crawl(crawl_id, site, until=_LAST)

    def _event(self, place: Place) -> Event | None:
        """The capture event whose revisit lies there, with what its metadata record says."""
        try:
            with open_warc(self._archive.warcs, place.file) as file:
                found = next(events(record for record, _ in file.scan(place.offset)), None)
        except (BadRecord, OSError):
            return None
        return found if isinstance(found, Event) and found.record.place == place else None


def openings(archive: Archive) -> list[Opening]:
    """Of the crawls of ours in files that were handed to us, in the order they were written."""
    found = (opening for path in archive.kept() for opening in _openings(path))
    return sorted(found, key=lambda opening: (opening.label, opening.file))


def _openings(path: Path) -> Iterator[Opening]:
    try:
        for file in open_files(path, on_damage=lambda _: None):
            with file:
                first = next(iter(opening_of(record for record, _ in file.scan())), None)
                if first and (crawl := told_crawl(first)):
                    yield Opening(file.name, crawl.id, first.field("WARC-Filename") or file.name)
    except (BadRecord, OSError):
        return
