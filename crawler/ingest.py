"""From WARC files to rows: whole files, for `rebuild` and for what an interrupted crawl left; single events, for a
crawl being followed. Either way through `Reader`, so that the rows are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from archive.layout import Archive
from archive.model import Reading, Record
from archive.store import Derived, Store
from archive.warc.reader import read_records
from crawler.extract.organisations import organisation_key
from crawler.items import KINDS
from crawler.reading import Event, Reader, events
from crawler.sites.profile import Profile, load_profile

#: readings per transaction
BATCH = 200


class Ingest:
    """Feeds one store the events of one crawl."""

    def __init__(self, store: Store, *, facts: bool = True, profile: Profile | None = None, live: bool = False) -> None:
        self.store = store
        self.reader = Reader(facts=facts, profile=profile)
        self._live = live

    def take(self, found: Event | Record) -> Reading | None:
        """Read one event; rows of the crawl and its site are written at once, the reading is the caller's to store."""
        if isinstance(found, Event):
            return self.reader.read(found)
        known = self.reader.profile
        crawl = self.reader.learn(found)
        if crawl:
            self.store.write_site(crawl.site, name=crawl.site)
            self.store.write_crawl(replace(crawl, status="running") if self._live and not crawl.finished_at else crawl)
        profile = self.reader.profile
        if profile and profile is not known and self.reader.crawl:
            title = profile.title or profile.name
            owner = organisation_key(profile.owner) if profile.owner else None
            site = self.reader.crawl.site
            self.store.write_site(site, name=title, home=profile.home, organisation=owner, title=profile.title)
        return None

    def write(self, readings: list[Reading]) -> None:
        if readings and self.reader.crawl:
            self.store.write_readings(self.reader.crawl.id, readings)

    def derive(self) -> Derived | None:
        crawl, profile = self.reader.crawl, self.reader.profile
        if crawl is None:
            return None
        if profile is None:
            return self.store.derive(crawl.site)
        said = [*profile.aliases.values(), *([profile.owner] if profile.owner else [])]
        names = {organisation_key(name): name for name in said} | profile.names
        return self.store.derive(crawl.site, anchors=profile.anchors, names=names)


@dataclass(frozen=True, slots=True)
class Ingested:
    file: str
    captures: int


def ingest_file(ingest: Ingest, path: Path) -> Ingested:
    """Write the rows of one sealed WARC file. Repeating it changes nothing."""
    batch: list[Reading] = []
    captures = 0
    for found in events(read_records(path)):
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
    return Ingested(path.name, captures)


def missing_files(archive: Archive, store: Store, prefix: str) -> Iterator[Path]:
    """Sealed files of a site that the database does not hold: what a crawl left that was cut short."""
    held = store.sealed_files()
    for path in sorted(archive.warcs.glob(f"{prefix}-*.warc.gz")):
        if path.name not in held:
            yield path


def catch_up(archive: Archive, store: Store, prefix: str) -> list[Ingested]:
    """Write the rows of what is missing; the files of one crawl are read by one `Ingest`."""
    ingest = Ingest(store)
    return [ingest_file(ingest, path) for path in missing_files(archive, store, prefix)]


def rebuild(
    archive: Archive, *, profile: str = "recorded", progress: Callable[[Ingested], None] = lambda _: None
) -> Store:
    """Derive the database again from the WARCs and the decisions, beside the one in use, then put it in its place.

    *profile*: ``recorded`` reads each crawl with the profile its WARC holds, ``current`` with today's. The served
    file is overwritten through SQLite's backup, never renamed over: a Datasette that has it open goes on, and sees
    the new rows. Returns the open store.
    """
    beside = archive.state / "rebuild.db"
    for leftover in beside.parent.glob(f"{beside.name}*"):
        leftover.unlink()
    fresh = Store(beside, KINDS)
    sites: dict[str, Ingest] = {}
    for path in sorted(archive.warcs.glob("*.warc.gz")):
        ingest = Ingest(fresh, profile=_current(archive, path) if profile == "current" else None)
        progress(ingest_file(ingest, path))
        if ingest.reader.crawl:
            sites[ingest.reader.crawl.site] = ingest
    fresh.load_decisions(archive.decisions)
    for _, ingest in sorted(sites.items()):
        ingest.derive()
    store = Store(archive.database, KINDS, write_lock=archive.lock_database)
    store.replace_with(fresh)
    fresh.close()
    for leftover in beside.parent.glob(f"{beside.name}*"):
        leftover.unlink()
    return store


def _current(archive: Archive, path: Path) -> Profile | None:
    first = next(iter(read_records(path)), None)
    if first is None or first.type != "warcinfo":
        return None
    reader = Reader()
    crawl = reader.learn(first)
    return load_profile(crawl.site, archive) if crawl else None
