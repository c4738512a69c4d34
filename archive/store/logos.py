"""A fact names its logo by URL; the bytes are those of the nearest capture of that URL in the same crawl."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urldefrag

from archive import times
from archive.store.changes import Change
from archive.store.history import Moment, Shown

_MAX_REDIRECTS = 10

_CAPTURES = """SELECT c.status, c.redirect_to, coalesce(c.payload_id, o.payload_id), p.digest,
  c.captured_at, c.warc_date, c.record_id, w.path, c.warc_offset, c.crawl_id, r.url, c.hops, c.id
FROM resource r JOIN capture c ON c.resource_id = r.id JOIN warc w ON w.id = c.warc_id
  LEFT JOIN capture o ON o.id = c.original_id
  LEFT JOIN payload p ON p.id = coalesce(c.payload_id, o.payload_id)
WHERE r.url = ? AND c.crawl_id = ?"""


@dataclass(frozen=True, slots=True)
class Image:
    payload_id: int
    digest: str
    moment: Moment


@dataclass(frozen=True, slots=True)
class LogoRun:
    """One picture beside one subject over consecutive crawls."""

    page_key: str
    subject: str
    organisation: str | None
    payload_id: int
    digest: str
    first: Moment
    last: Moment


class Logos:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str], list[tuple[int | None, str | None, Image | None, Moment]]] = {}

    def digest(self, url: str, near: Moment) -> str | None:
        image = self.find(url, near)
        return image.digest if image else None

    def find(self, url: str, near: Moment) -> Image | None:
        """The image at *url* in the crawl of *near*, through redirects; None when that crawl did not keep it."""
        for _ in range(_MAX_REDIRECTS):
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
            for status, redirect_to, payload_id, digest, *place in self._connection.execute(_CAPTURES, key):
                moment = Moment(*place)
                good = status is None or 200 <= status < 300 or status == 304
                image = Image(payload_id, digest, moment) if good and payload_id is not None else None
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
                first = image.moment
                if known and known[-1].digest == image.digest:
                    first = known.pop().first
                known.append(
                    LogoRun(page_key, key, subject.organisation, image.payload_id, image.digest, first, image.moment)
                )
        for key in sorted(runs):
            yield from runs[key]


def logo_changes(role: str, runs: Iterable[LogoRun]) -> Iterator[Change]:
    before: LogoRun | None = None
    for run in runs:
        if before is not None and (before.page_key, before.subject) == (run.page_key, run.subject):
            yield Change(
                "logo replaced",
                run.page_key,
                role,
                run.subject,
                run.organisation,
                before.digest,
                run.digest,
                before.last,
                run.first,
            )
        before = run


def _apart(one: str, other: str) -> float:
    return abs((times.parse(one) - times.parse(other)).total_seconds())
