"""Which style sheets a page applied: of each that it names, and that these import, the nearest capture in its crawl.

Files of others do not tell which of them are of one crawl: there it is the nearest of the site's on the same day.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from urllib.parse import urldefrag

from archive import times, urls
from archive.model import HTML
from archive.store.looks import MAX_REDIRECTS
from archive.store.moments import Moment
from archive.styled import Sheet

#: of one page, and sheets that import sheets
_MOST = 50
_DEPTH = 10

#: of an answer that holds no sheet where one was asked for: nobody could read it, or a page came in its place (a login,
#: an outage that says 200)
_LOST = (None, "text/css", *HTML)

_CAPTURES = """SELECT c.status, c.redirect_to, c.mime, coalesce(c.truncated, o.truncated), s.id, s.sheets, s.said,
  c.captured_at, c.warc_date, c.record_id, w.path, c.warc_offset, c.crawl_id, r.url, c.hops, c.id
FROM resource r JOIN capture c ON c.resource_id = r.id JOIN warc w ON w.id = c.warc_id
  LEFT JOIN capture o ON o.id = c.original_id
  LEFT JOIN style s ON s.id = coalesce(c.style_id, o.style_id) AND s.kind = 'sheet'
WHERE r.url = :url AND c.record_type <> 'failure' AND (c.crawl_id = :crawl OR :day <> '' AND c.crawl_id IN (
  SELECT id FROM crawl WHERE site_id = :site AND status = 'imported') AND substr(c.captured_at, 1, 10) = :day)"""


@dataclass(frozen=True, slots=True)
class Visit:
    """Within which captures belong together."""

    site: str
    crawl: str
    #: ``YYYY-MM-DD`` where the crawl is made up of what others' files hold
    day: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    sheet: Sheet
    #: the capture that shows it, and what was kept of it: rows
    capture: int
    style: int


@dataclass(frozen=True, slots=True)
class _Captured:
    status: int | None
    redirect_to: str | None
    mime: str | None
    truncated: str | None
    style: int | None
    sheets: Sequence[tuple[str, bool]]
    said: str
    moment: Moment

    @property
    def answers(self) -> bool:
        """With a sheet, where to look for it, or that there is none: a server that fails or refuses says neither."""
        return self.is_good or self.redirect_to is not None or self.status in (404, 410)

    @property
    def is_good(self) -> bool:
        return self.status is None or 200 <= self.status < 300 or self.status == 304


class Sheets:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._visit: Visit | None = None
        #: of that visit, by URL
        self._known: dict[str, list[_Captured]] = {}

    def applied(
        self, named: Sequence[tuple[str, bool]], base: str, visit: Visit, at: str
    ) -> tuple[list[Applied], bool]:
        """In the order in which they are applied, those that are imported before those that import them; and whether
        any is missing: it was asked for and did not come, or not whole, and nobody knows what it would show."""
        if visit != self._visit:
            self._visit = visit
            self._known.clear()
        search = _Search(self, at)
        search.through(named, base, (), conditional=False)
        return search.applied, search.missing

    def nearest(self, url: str, at: str) -> _Captured | None:
        """None where this crawl did not keep it; one that is no style sheet where it leads to none."""
        for _ in range(MAX_REDIRECTS):
            try:
                url = urldefrag(url).url
            except ValueError:
                return None
            captures = [found for found in self._captures(url) if found.answers]
            if not captures:
                return None
            found = captures[0]
            if len(captures) > 1:
                found = min(captures, key=lambda found: (_apart(found.moment.at, at), found.moment))
            if found.redirect_to is None:
                return found
            url = found.redirect_to
        return None

    def _captures(self, url: str) -> list[_Captured]:
        if url not in self._known:
            assert self._visit is not None
            rows = self._connection.execute(_CAPTURES, {"url": url} | asdict(self._visit))
            self._known[url] = [
                _Captured(status, to, mime, truncated, style, json.loads(named or "[]"), said or "", Moment(*place))
                for status, to, mime, truncated, style, named, said, *place in rows
            ]
        return self._known[url]


class _Search:
    def __init__(self, sheets: Sheets, at: str) -> None:
        self.applied: list[Applied] = []
        self.missing = False
        self._sheets = sheets
        self._at = at
        self._asked = 0

    def through(
        self, named: Sequence[tuple[str, bool]], base: str, above: tuple[str, ...], *, conditional: bool
    ) -> None:
        """*above*: the sheets that import these, which they may name again."""
        for reference, also in named:
            url = urls.join(base, reference)
            self._asked += 1
            if url is None or self._asked > _MOST or len(above) >= _DEPTH:
                continue
            found = self._sheets.nearest(url, self._at)
            if found is None or (found.is_good and found.style is None and found.mime in _LOST):
                self.missing = True
                continue
            if not found.is_good or found.style is None or found.moment.url in above:
                continue
            self.missing = self.missing or found.truncated is not None
            only = conditional or also
            self.through(found.sheets, found.moment.url, (*above, found.moment.url), conditional=only)
            sheet = Sheet(found.moment.url, only, found.said)
            self.applied.append(Applied(sheet, found.moment.capture_id, found.style))


def _apart(one: str, other: str) -> float:
    return abs((times.parse(one) - times.parse(other)).total_seconds())
