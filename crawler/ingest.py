"""From records to rows, through `Reader`, so that the rows are the same whoever asks: `Ingest` takes the records of one
crawl of ours, being followed or long ended; `Others` those of a file that somebody else wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from archive.errors import Damaged
from archive.model import Capture, Place, Reading, Record
from archive.store import Derived, Store, payloads_in
from archive.store.payloads import no_payload
from archive.styled import Backed, Sheet
from archive.warc.fields import read_warc_fields
from archive.warc.reader import open_warc
from crawler.attribution import MadeUp, Sites, captured_at
from crawler.events import Event, capture_of
from crawler.reading import Reader
from crawler.sites.description import elements
from crawler.sites.profile import Profile, default_profile

_MOST_NAME_CHARS = 300


class Originals:
    """The records that revisits refer to, read again from where they lie."""

    def __init__(self, store: Store, warcs: Path | None) -> None:
        self._store = store
        self._warcs = warcs
        #: of readings that have no row yet, by record id
        self._unwritten: dict[str, Place] = {}

    def remember(self, record: Record) -> None:
        if record.type == "response":
            self._unwritten[record.id] = record.place

    def forget(self, readings: list[Reading]) -> None:
        """They have their rows."""
        for reading in readings:
            self._unwritten.pop(reading.capture.record_id, None)

    def find(self, record_id: str) -> Record | None:
        place = self._unwritten.get(record_id) or self._store.place_of(record_id)
        if place is None or self._warcs is None:
            return None
        try:
            with open_warc(self._warcs, place.file) as file:
                return file.read(place.offset, place.length)
        except (OSError, Damaged):
            return None


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
        self._originals = Originals(store, warcs)
        self.reader = Reader(facts=facts, profile=profile, before_body=before_body, find_original=self._originals.find)
        #: what was handed in stands in no record, so no record tells the site's name
        self._undescribed = profile
        self._live = live
        self._warcs = warcs

    def take(self, found: Event | Record) -> Reading | None:
        """Read one event; rows of the crawl and its site are written at once, the reading is the caller's to store."""
        if isinstance(found, Event):
            self._originals.remember(found.record)
            return self.reader.read(found)
        known = self.reader.profile
        crawl = self.reader.learn(found)
        if crawl:
            self.store.write_site(crawl.site, name=crawl.site)
            self.store.write_crawl(replace(crawl, status="running") if self._live and not crawl.finished_at else crawl)
        while self.reader.closings:
            self.store.write_closing(self.reader.closings.pop(0))
        profile = self.reader.profile
        if profile and (profile is not known or profile is self._undescribed) and self.reader.crawl:
            self._undescribed = None
            write_site(self.store, self.reader.crawl.site, profile)
        return None

    def skim(self, event: Event) -> Reading:
        return self.reader.skim(event)

    def crawl_of(self, _: Capture) -> str | None:
        return self.reader.crawl.id if self.reader.crawl else None

    def write(self, readings: list[Reading]) -> None:
        if readings and self.reader.crawl:
            self.store.write_readings(self.reader.crawl.id, readings)
            self._originals.forget(readings)

    def end(self) -> None:
        """The file was read to its end."""

    def derive(self) -> Derived | None:
        crawl = self.reader.crawl
        return derive_site(self.store, crawl.site, self.reader.profile, self._warcs) if crawl else None


class Others:
    """Feeds one store the events of a file that tells no crawl of ours. Not one of its records names a site."""

    def __init__(self, store: Store, sites: Sites, *, warcs: Path, facts: bool = True, site: str | None = None) -> None:
        """*site*: whose captures they are, where somebody said so."""
        self._store = store
        self._sites = sites
        self._facts = facts
        self._site = site
        self._originals = Originals(store, warcs)
        #: by site and day
        self._crawls: dict[tuple[str, str], MadeUp] = {}
        #: for all sites without a profile, of which a file may name a million
        self._general = Reader(facts=facts, profile=_NOBODYS, find_original=self._originals.find)
        #: by crawl: what one file shows of a crawl is judged by itself, so that no other file changes it
        self._readers: dict[str, Reader] = {}
        #: of crawls, whose rows are there
        self._written: set[str] = set()
        self._software = "unknown"
        self._operator: str | None = None

    def take(self, found: Event | Record) -> Reading | None:
        if isinstance(found, Event):
            self._originals.remember(found.record)
            return self._reader(found).read(found)
        if found.type == "warcinfo":
            info = read_warc_fields(found.block.chunks())
            self._software = info.get("software", "unknown")[:_MOST_NAME_CHARS]
            self._operator = (info.get("operator") or info.get("publisher") or "")[:_MOST_NAME_CHARS] or None
        return None

    def skim(self, event: Event) -> Reading:
        return self._reader(event).skim(event)

    def crawl_of(self, capture: Capture) -> str | None:
        return self._crawl(capture).id

    def write(self, readings: list[Reading]) -> None:
        by_crawl: dict[str, list[Reading]] = {}
        for reading in readings:
            crawl = self._crawl(reading.capture)
            if crawl.id not in self._written:
                profile = self._sites.profile_of(crawl.site)
                if profile:
                    write_site(self._store, crawl.site, profile)
                else:
                    self._store.write_site(crawl.site, name=crawl.site)
                self._store.write_crawl(crawl.row(whole=False))
                self._written.add(crawl.id)
            by_crawl.setdefault(crawl.id, []).append(reading)
        for crawl_id, part in by_crawl.items():
            self._store.write_readings(crawl_id, part)
        self._originals.forget(readings)

    def end(self) -> None:
        """The file was read to its end: from when to when each crawl lasted is known."""
        for crawl in self._crawls.values():
            if crawl.id in self._written:
                self._store.write_crawl(crawl.row(whole=True))

    def _crawl(self, capture: Capture) -> MadeUp:
        site = self._site or self._sites.site_of(capture.url)
        key = (site, captured_at(capture)[:10])
        known = self._crawls.get(key)
        if known is None:
            # Whoever had it from another archive did not capture it.
            source = _archive_of(capture.source_url) if capture.source_url else None
            software = f"recovered from {source}" if source else self._software
            known = self._crawls[key] = MadeUp.of(capture, site, software, None if source else self._operator)
        known.take(capture)
        return known

    def _reader(self, event: Event) -> Reader:
        crawl = self._crawl(capture_of(event))
        profile = self._sites.profile_of(crawl.site)
        if profile is None:
            return self._general
        if crawl.id not in self._readers:
            find = self._originals.find
            self._readers[crawl.id] = Reader(facts=self._facts, profile=profile, find_original=find)
        return self._readers[crawl.id]


def _archive_of(url: str) -> str:
    try:
        return urlsplit(url).netloc[:_MOST_NAME_CHARS] or url[:_MOST_NAME_CHARS]
    except ValueError:
        return url[:_MOST_NAME_CHARS]


#: of a site that nobody has written one for: its seeds do not matter to who reads
_NOBODYS = default_profile("http://example.org/")


def write_site(store: Store, site: str, profile: Profile) -> None:
    title = profile.title or profile.name
    owner = _organisation(profile.owner) if profile.owner else None
    described = elements(profile.title, profile.description, profile.rights)
    permissions = [(one.by, one.on, one.reference, one.scope, one.note) for one in profile.rights.permission]
    store.write_site(
        site, name=title, home=profile.home, organisation=owner, described=described, permissions=permissions
    )


def derive_site(store: Store, site: str, profile: Profile | None, warcs: Path | None) -> Derived:
    """The history of one site, by the profile of its last crawl. *warcs*: where looks and fragments are read from."""
    read = payloads_in(warcs) if warcs is not None else no_payload
    shows = {"sponsor": partial(_logos_shown, profile)}
    if profile is None:
        return store.derive(site, read=read, warcs=warcs, shows=shows)
    said = [*profile.aliases.values(), *([profile.owner] if profile.owner else [])]
    names = {_organisation(name): name for name in said} | profile.names
    expected = profile.expect.counts()
    return store.derive(
        site, anchors=profile.anchors, names=names, expected=expected, read=read, warcs=warcs, shows=shows
    )


def _logos_shown(profile: Profile | None, said: str, sheets: Sequence[Sheet]) -> list[Backed]:
    from crawler.extract.cascade import logos_shown  # as in _organisation
    from crawler.extract.hints import Hints

    return logos_shown(said, sheets, profile.hints() if profile is not None else Hints())


def _organisation(name: str) -> str:
    from crawler.extract.organisations import organisation_key  # with all extractors: a reader of no facts needs none

    return organisation_key(name)
