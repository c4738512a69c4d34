"""From WARC files to rows: whole files, for `rebuild` and for what an interrupted crawl left; single events, for a
crawl being followed. Either way through `Reader`, so that the rows are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from archive.errors import Damaged
from archive.layout import Archive
from archive.model import Place, Reading, Record
from archive.store import Derived, Store, payloads_in
from archive.store.payloads import no_payload
from archive.warc.reader import open_warc, read_records
from crawler.reading import Event, Reader, crawl_of, events, opening
from crawler.sites.profile import Profile, load_profile

#: readings per transaction
BATCH = 200


class Ingest:
    """Feeds one store the events of one crawl."""

    def __init__(
        self,
        store: Store,
        *,
        facts: bool = True,
        profile: Profile | None = None,
        live: bool = False,
        before_body: Callable[[], None] = lambda: None,
        warcs: Path | None = None,
    ) -> None:
        """*warcs*: where the originals of revisits lie, and the bytes of logos."""
        self.store = store
        self.reader = Reader(facts=facts, profile=profile, before_body=before_body, find_original=self._find_original)
        #: what was handed in stands in no record, so no record tells the site's name
        self._undescribed = profile
        self._live = live
        self._warcs = warcs
        #: of readings that have no row yet, by record id
        self._unwritten: dict[str, Place] = {}

    def take(self, found: Event | Record) -> Reading | None:
        """Read one event; rows of the crawl and its site are written at once, the reading is the caller's to store."""
        if isinstance(found, Event):
            if found.record.type == "response":
                self._unwritten[found.record.id] = found.record.place
            return self.reader.read(found)
        known = self.reader.profile
        crawl = self.reader.learn(found)
        if crawl:
            self.store.write_site(crawl.site, name=crawl.site)
            self.store.write_crawl(replace(crawl, status="running") if self._live and not crawl.finished_at else crawl)
        profile = self.reader.profile
        if profile and (profile is not known or profile is self._undescribed) and self.reader.crawl:
            self._undescribed = None
            title = profile.title or profile.name
            owner = _organisation(profile.owner) if profile.owner else None
            site = self.reader.crawl.site
            self.store.write_site(site, name=title, home=profile.home, organisation=owner, title=profile.title)
        return None

    def write(self, readings: list[Reading]) -> None:
        if readings and self.reader.crawl:
            self.store.write_readings(self.reader.crawl.id, readings)
            for reading in readings:
                self._unwritten.pop(reading.capture.record_id, None)

    def _find_original(self, record_id: str) -> Record | None:
        place = self._unwritten.get(record_id) or self.store.place_of(record_id)
        if place is None or self._warcs is None:
            return None
        try:
            with open_warc(self._warcs, place.file) as file:
                return file.read(place.offset, place.length)
        except (OSError, Damaged):
            return None

    def derive(self) -> Derived | None:
        crawl = self.reader.crawl
        return derive_site(self.store, crawl.site, self.reader.profile, self._warcs) if crawl else None


def derive_site(store: Store, site: str, profile: Profile | None, warcs: Path | None) -> Derived:
    """The history of one site, by the profile of its last crawl. *warcs*: where looks and fragments are read from."""
    read = payloads_in(warcs) if warcs is not None else no_payload
    if profile is None:
        return store.derive(site, read=read, warcs=warcs)
    said = [*profile.aliases.values(), *([profile.owner] if profile.owner else [])]
    names = {_organisation(name): name for name in said} | profile.names
    expected = profile.expect.counts()
    return store.derive(site, anchors=profile.anchors, names=names, expected=expected, read=read, warcs=warcs)


def _organisation(name: str) -> str:
    from crawler.extract.organisations import organisation_key  # with all extractors: a reader of no facts needs none

    return organisation_key(name)


@dataclass(frozen=True, slots=True)
class Ingested:
    file: str
    captures: int
    #: what could not be read, one line each with its offset; all around it was
    damage: tuple[str, ...] = ()


def ingest_file(
    ingest: Ingest, path: Path, *, skim: Collection[int] = (), at: Callable[[int], None] = lambda _: None
) -> Ingested:
    """Write the rows of one sealed WARC file. Repeating it changes nothing.

    *at* is called with the offset of each event before it is read; events at the offsets in *skim* are not looked into.
    """
    batch: list[Reading] = []
    captures = 0
    damage: list[str] = []
    for found in events(read_records(path, on_damage=lambda bad: damage.append(str(bad)))):
        if isinstance(found, Event):
            at(found.record.place.offset)
        if isinstance(found, Event) and found.record.place.offset in skim:
            reading: Reading | None = ingest.reader.skim(found)
        else:
            reading = ingest.take(found)
        if reading:
            batch.append(reading)
        if len(batch) >= BATCH:
            captures += len(batch)
            ingest.write(batch)
            batch = []
    captures += len(batch)
    ingest.write(batch)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    ingest.store.seal_warc(path.name, digest, path.stat().st_size)
    return Ingested(path.name, captures, tuple(damage))


class Ingests:
    """One `Ingest` per crawl: its later files are read with the profile that its first one records."""

    def __init__(self, archive: Archive, store: Store, *, current: bool = False) -> None:
        self._archive = archive
        self._store = store
        self._current = current
        self._by_crawl: dict[str, Ingest] = {}

    def of(self, path: Path) -> Ingest:
        crawl = crawl_of(path)
        if crawl is None:
            return Ingest(self._store, warcs=self._archive.warcs)
        if crawl.id not in self._by_crawl:
            profile = load_profile(crawl.site, self._archive) if self._current else None
            ingest = self._by_crawl[crawl.id] = Ingest(self._store, profile=profile, warcs=self._archive.warcs)
            for file in self._archive.warcs_of(crawl.site):
                if (other := crawl_of(file)) and other.id == crawl.id:
                    for record in opening(file):
                        ingest.take(record)
                    break
        return self._by_crawl[crawl.id]

    def derive(self) -> None:
        """The history of every site met, with the profile of its last crawl."""
        last = {ingest.reader.crawl.site: ingest for _, ingest in sorted(self._by_crawl.items()) if ingest.reader.crawl}
        for _, ingest in sorted(last.items()):
            ingest.derive()
