"""Who takes the records of a file: each goes to the crawl it is of, and is read with the profile of that."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from archive import times
from archive.errors import BadRecord
from archive.intake import arrivals, sites_told
from archive.layout import Archive
from archive.model import Place, Reading, Record
from archive.store import Store
from archive.warc.reader import INSIDE, open_files, open_warc
from crawler.attribution import Sites, captured_at
from crawler.bounds import GAVE_UP
from crawler.events import Event, events
from crawler.ingest import Ingest, Others, derive_site
from crawler.reading import Reader
from crawler.sites.profile import Profile
from crawler.sites.profile_files import load_profile
from crawler.warcinfo import crawl_of, opening_of, told_crawl

Skim = Mapping[str, Collection[int]]

#: stands behind every name of a file
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Opening:
    """How a file that is not under a name of ours begins: with which crawl, and what it was called."""

    #: `Place.file`
    file: str
    crawl: str
    #: WARC-Filename: names of ours sort as they were written
    label: str


class Ingests:
    """Who takes the records of a file: one `Ingest` per crawl of ours, since its later files are read with the profile
    that an earlier one records; one `Others` per file of somebody else."""

    def __init__(self, archive: Archive, store: Store, *, current: bool = False) -> None:
        self.store = store
        self._archive = archive
        self._current = current
        self._sites = Sites(archive)
        self._told = sites_told(archive)
        self._arrivals = arrivals(archive)
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

    def dated(self, reading: Reading) -> Reading:
        """*reading*, marked where its date is later than the day on which its file was taken in."""
        arrived = self._arrivals.get(reading.capture.place.file.partition(INSIDE)[0])
        if arrived is None or captured_at(reading.capture) <= _latest(arrived):
            return reading
        return replace(reading, capture=replace(reading.capture, misdated=True))

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
            reading = self.dated(reading) if reading else None
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


def _latest(arrived: str) -> str:
    """That a capture in a file can be of, which came then: clocks and zones may differ by a day."""
    try:
        return times.seconds(times.parse(arrived) + timedelta(days=1))
    except (ValueError, OverflowError):
        return arrived


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
