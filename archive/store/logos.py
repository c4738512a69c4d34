"""A fact names its logo by URL; the bytes are those of the nearest capture of that URL in the same crawl."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urldefrag

from archive import times
from archive.pictures.phash import SAME, distance
from archive.store.changes import Change
from archive.store.history import Shown
from archive.store.looks import MAX_REDIRECTS, Pictures
from archive.store.moments import Moment

_CAPTURES = """SELECT c.status, c.redirect_to, coalesce(c.payload_id, o.payload_id), p.digest, p.phash,
  c.captured_at, c.warc_date, c.record_id, w.path, c.warc_offset, c.crawl_id, r.url, c.hops, c.id
FROM resource r JOIN capture c ON c.resource_id = r.id JOIN warc w ON w.id = c.warc_id
  LEFT JOIN capture o ON o.id = c.original_id
  LEFT JOIN payload p ON p.id = coalesce(c.payload_id, o.payload_id)
WHERE r.url = ? AND c.crawl_id = ?"""


@dataclass(frozen=True, slots=True)
class Image:
    payload_id: int
    digest: str
    #: None where nobody can tell what it looks like
    phash: int | None
    moment: Moment


@dataclass(frozen=True, slots=True)
class LogoFile:
    """One file that shows a picture, over consecutive crawls."""

    image: Image
    first: Moment
    last: Moment


@dataclass(frozen=True, slots=True)
class LogoRun:
    """One picture beside one subject over consecutive crawls, whatever the file and its size."""

    page_key: str
    subject: str
    organisation: str | None
    files: tuple[LogoFile, ...]

    @property
    def first(self) -> Moment:
        return self.files[0].first

    @property
    def last(self) -> Moment:
        return self.files[-1].last


class Logos:
    def __init__(self, connection: sqlite3.Connection, pictures: Pictures) -> None:
        self._connection = connection
        self._pictures = pictures
        self._known: dict[tuple[str, str], list[tuple[int | None, str | None, Image | None, Moment]]] = {}

    def digest(self, url: str, near: Moment) -> str | None:
        """What stands for the picture at *url*; where this crawl did not keep it, that of the nearest that did."""
        image = self.find(url, near)
        digest = image.digest if image else None
        if digest is None and (others := list(self._pictures.at_other_times(url))):
            digest = min(others, key=lambda other: (_apart(other[0], near.at), other))[1]
        return self._pictures.stands_for(digest) if digest is not None else None

    def find(self, url: str, near: Moment) -> Image | None:
        """The image at *url* in the crawl of *near*, through redirects; None when that crawl did not keep it."""
        for _ in range(MAX_REDIRECTS):
            try:
                url = urldefrag(url).url
            except ValueError:
                return None
            captures = self._captures(url, near.crawl)
            usable = [found for found in captures if found[1] is not None or found[2] is not None]
            if not usable:
                return None
            _, redirect_to, image, _ = min(usable, key=lambda found: (_apart(found[3].at, near.at), found[3]))
            if redirect_to is None:
                return image
            url = redirect_to
        return None

    def _captures(self, url: str, crawl: str) -> list[tuple[int | None, str | None, Image | None, Moment]]:
        key = (url, crawl)
        if key not in self._known:
            found = []
            for status, redirect_to, payload_id, digest, phash, *place in self._connection.execute(_CAPTURES, key):
                moment = Moment(*place)
                good = status is None or 200 <= status < 300 or status == 304
                look = int(phash, 16) if phash is not None else None
                image = Image(payload_id, digest, look, moment) if good and payload_id is not None else None
                found.append((status, redirect_to, image, moment))
            self._known[key] = found
        return self._known[key]


def logo_runs(
    history: Mapping[str, Mapping[str, Shown]], homes: Iterable[tuple[str, str]], logos: Logos
) -> Iterator[LogoRun]:
    """The pictures beside each subject, on the pages its presences belong to (page key, subject), in order of time."""
    wanted = set(homes)
    for page_key in sorted({page_key for page_key, _ in wanted}):
        runs: dict[str, list[LogoRun]] = {}
        for shown in sorted(history.get(page_key, {}).values(), key=lambda shown: shown.moment):
            for key, subject in shown.subjects.items():
                if subject.logo_url is None or (page_key, key) not in wanted:
                    continue
                image = logos.find(subject.logo_url, shown.moment)
                if image is None:
                    continue
                known = runs.setdefault(key, [])
                shown_before: tuple[LogoFile, ...] = ()
                if known and _look_the_same(known[-1].files[-1].image, image):
                    shown_before = known.pop().files
                files = _with(shown_before, image)
                known.append(LogoRun(page_key, key, subject.organisation, files))
        for key in sorted(runs):
            yield from runs[key]


def _with(files: tuple[LogoFile, ...], image: Image) -> tuple[LogoFile, ...]:
    if files and files[-1].image.digest == image.digest:
        return (*files[:-1], replace(files[-1], last=image.moment))
    return (*files, LogoFile(image, image.moment, image.moment))


def _look_the_same(one: Image, other: Image) -> bool:
    if one.digest == other.digest:
        return True
    return one.phash is not None and other.phash is not None and distance(one.phash, other.phash) <= SAME


def logo_changes(role: str, runs: Iterable[LogoRun]) -> Iterator[Change]:
    """Another picture beside the same subject; another file of the same picture is none."""
    before: LogoRun | None = None
    for run in runs:
        if before is not None and (before.page_key, before.subject) == (run.page_key, run.subject):
            yield Change(
                "logo replaced",
                run.page_key,
                role,
                run.subject,
                run.organisation,
                before.files[-1].image.digest,
                run.files[0].image.digest,
                before.last,
                run.first,
            )
        before = run


def _apart(one: str, other: str) -> float:
    return abs((times.parse(one) - times.parse(other)).total_seconds())
