"""Search over the texts of page versions and over names. What people type is words, never a query language.

Pages that say the words, or words that begin so, come first, the best before the others (BM25, a title counting four
times); after them those where one is part of a longer word, the newest first. What is counted is pages.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup, escape

from archive.browse.asked import Asked
from archive.browse.holdings import Holdings, holdings_of
from archive.store.expressions import Piece, match_expression, widened_expression
from archive.store.meant import find_meant
from archive.store.snippets import Snippets
from archive.store.subjects import fold

__all__ = ["PER_PAGE", "Facet", "Found", "marked", "match_expression", "search"]

#: stand around a hit in a snippet: control characters are in no text that a page shows
OPEN, CLOSE = "\x02", "\x03"
PER_PAGE = 20
#: with fewer pages than these it is asked whether something else was meant
_FEW = 3
#: values of one facet that are shown; of years more
_SHOWN, _YEARS = 12, 40
DIMENSIONS = ("site", "year", "section", "versions")

_RANKED = """SELECT rowid FROM page_version_fts WHERE page_version_fts MATCH ? AND rank MATCH 'bm25(4.0, 1.0)'
ORDER BY rank"""
_UNRANKED = "SELECT rowid FROM page_version_fts WHERE page_version_fts MATCH ?"
#: where ranking all takes longer than is allowed
_NEWEST = f"{_UNRANKED} ORDER BY rowid DESC LIMIT 2000"
_IN_PERIOD = """SELECT DISTINCT page_version_id FROM capture
WHERE captured_at >= ? AND captured_at <= ? AND page_version_id IS NOT NULL"""
_SHOWN_HITS = """SELECT v.id, v.title, v.text, v.site_id, v.page_key, s.name AS site,
  c.record_id, c.captured_at, r.url
FROM json_each(?) j JOIN page_version v ON v.id = j.value JOIN site s ON s.id = v.site_id
  LEFT JOIN capture c ON c.id = (SELECT d.id FROM capture d WHERE d.page_version_id = v.id
    AND d.captured_at >= ? AND d.captured_at <= ? ORDER BY d.captured_at DESC, d.id LIMIT 1)
  LEFT JOIN resource r ON r.id = c.resource_id ORDER BY j.key"""
_NAMES = """SELECT o.id, o.name FROM name_trigram t JOIN organisation o ON o.id = t.ref
WHERE t.kind = 'organisation' AND name_trigram MATCH :folded
  AND (:site = '' OR EXISTS (SELECT 1 FROM presence p WHERE p.organisation_id = o.id AND p.site_id = :site))
ORDER BY rank LIMIT 12"""
_TEXT = "SELECT coalesce(title, '') || char(10) || text FROM page_version WHERE id = ?"


@dataclass(frozen=True, slots=True)
class Facet:
    """One value of a dimension, and on how many pages it stands with all else that was asked for."""

    dimension: str
    value: str
    pages: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Found:
    #: of the page of hits that was asked for
    hits: list[dict[str, Any]]
    #: pages, and versions of them, that fit
    pages: int
    versions: int
    facets: list[Facet]
    #: what may have been meant, where it is found
    meant: str | None = None
    #: whether ranking all took too long: the newest alone were looked at
    is_cut: bool = False


def marked(snippet: str) -> Markup:
    """A snippet with its hits marked, all else escaped."""
    text = str(escape(snippet)).replace(OPEN, "<mark>").replace(CLOSE, "</mark>")
    return Markup(text)  # noqa: S704 - escaped in the line above; only our own two tags are put back


async def search(datasette: Any, name: str, asked: Asked) -> Found:
    holdings = await holdings_of(datasette, name)
    database = datasette.get_database(name)
    pieces = asked.pieces

    def ask(connection: sqlite3.Connection) -> Found:
        return _search(connection, holdings, asked, pieces, datasette.setting("sql_time_limit_ms"))

    return await database.execute_fn(ask)  # type: ignore[no-any-return]


async def find_names(datasette: Any, name: str, asked: Asked) -> list[dict[str, Any]]:
    """Organisations whose name holds what was typed, inside words too."""
    folded = fold(asked.text)
    if len(folded) < 3:
        return []
    values = {"folded": '"' + folded.replace('"', '""') + '"', "site": asked.site}
    return [dict(row) for row in (await datasette.get_database(name).execute(_NAMES, values)).rows]


def _search(
    connection: sqlite3.Connection, holdings: Holdings, asked: Asked, pieces: Sequence[Piece], limit_ms: int
) -> Found:
    if not pieces:
        return Found([], 0, 0, [])
    expression = " ".join(piece.expression for piece in pieces)
    widened = widened_expression(pieces, holdings.vocabulary.longer_of(pieces))
    saying, inside, is_cut = _looked_up(connection, expression, widened, limit_ms)
    period = _period(connection, asked)
    known = set(saying)
    hits = _Hits(holdings, asked, period, saying, [id_ for id_ in inside if id_ not in known])
    first = (asked.page - 1) * PER_PAGE
    shown = _shown(connection, hits.best(first, first + PER_PAGE), asked, pieces)
    for hit in shown:
        hit["versions"] = hits.versions[holdings.page_of[hit["id"]]]
    found = Found(
        hits=shown,
        pages=len(hits.versions),
        versions=sum(hits.versions.values()),
        facets=hits.facets(),
        is_cut=is_cut,
    )
    if found.pages < _FEW and asked.page == 1:
        found = replace(found, meant=_meant(connection, holdings, asked, pieces, found.pages))
    return found


class _Hits:
    """What was found, as the filters leave it, by page."""

    def __init__(
        self, holdings: Holdings, asked: Asked, period: set[int] | None, saying: list[int], inside: list[int]
    ) -> None:
        self._of, self._asked, self._period = holdings, asked, period
        # Versions that were indexed since the holdings were read are found a moment later.
        self._saying, self._inside = self._held(saying), self._held(inside)
        self._kept = self._filtered(self._saying)
        self._kept_inside = self._filtered(self._inside)
        #: by the number of its page how many versions fit
        self.versions = Counter(map(holdings.page_of.__getitem__, [*self._kept, *self._kept_inside]))

    def _held(self, ids: list[int]) -> list[int]:
        most = len(self._of.page_of)
        return ids if not ids or max(ids) < most else [id_ for id_ in ids if id_ < most]

    def _filtered(self, ids: list[int], *, but: str = "") -> list[int]:
        kind_of, kinds = self._of.kind_of, self._of.kinds
        here = set(map(kind_of.__getitem__, ids))
        taken = {kind for kind in here if kind and self._asked.takes(kinds[kind], but=but)}
        kept = ids if taken == here else [id_ for id_ in ids if kind_of[id_] in taken]
        if self._period is not None and but != "year":
            kept = [id_ for id_ in kept if id_ in self._period]
        return kept

    def best(self, first: int, end: int) -> list[int]:
        """Of the pages from *first* to *end* in their order the version that fits best."""
        page_of = self._of.page_of
        best: dict[int, int] = {}
        for id_ in self._kept:
            best.setdefault(page_of[id_], id_)
        if len(best) < end:
            for id_ in sorted(self._kept_inside, key=self._last_month, reverse=True):
                best.setdefault(page_of[id_], id_)
        return list(best.values())[first:end]

    def _last_month(self, id_: int) -> str:
        return self._of.kinds[self._of.kind_of[id_]].months[-1]

    def facets(self) -> list[Facet]:
        chosen = {"site": self._asked.site, "year": self._asked.since or self._asked.until,
                  "section": self._asked.section, "versions": self._asked.versions}  # fmt: skip
        kept = [*self._kept, *self._kept_inside]
        shared = self._counted(kept)
        found = []
        for dimension in DIMENSIONS:
            # What else could be chosen is counted without the choice that was made.
            counts = shared
            if chosen[dimension]:
                others = [*self._filtered(self._saying, but=dimension), *self._filtered(self._inside, but=dimension)]
                counts = self._counted(others)
            current = self._asked.years if dimension == "year" else chosen[dimension]
            values = [(value, pages) for (of, value), pages in counts.items() if of == dimension]
            values.sort(key=lambda one: (-one[1], one[0]))
            most = _YEARS if dimension == "year" else _SHOWN
            values = [one for place, one in enumerate(values) if place < most or one[0] == current]
            if current and current not in dict(values):
                values.append((current, 0))  # so that it can be taken back
            if dimension == "year":
                values.sort()
            found += [Facet(dimension, value, pages, value == current) for value, pages in values]
        return found

    def _counted(self, ids: list[int]) -> dict[tuple[str, str], int]:
        """On how many pages each facet stands."""
        of = self._of
        masks: dict[int, int] = {}
        facets_of = map(of.masks.__getitem__, map(of.kind_of.__getitem__, ids))
        for page, mask in zip(map(of.page_of.__getitem__, ids), facets_of, strict=True):
            masks[page] = masks.get(page, 0) | mask
        counts: Counter[tuple[str, str]] = Counter()
        for mask, pages in Counter(masks.values()).items():
            left = mask
            while left:
                bit = left & -left
                counts[of.facets[bit.bit_length() - 1]] += pages
                left ^= bit
        return counts


def _looked_up(
    connection: sqlite3.Connection, expression: str, widened: str | None, limit_ms: int
) -> tuple[list[int], list[int], bool]:
    """Versions that say it, the best first; those that say it inside longer words; and whether that took too long: then
    the newest of the first."""
    from datasette.utils import sqlite_timelimit

    try:
        with sqlite_timelimit(connection, limit_ms):
            saying = _ids(connection, _RANKED, expression)
            return saying, _ids(connection, _UNRANKED, widened) if widened else [], False
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_INTERRUPT:
            raise
    return _ids(connection, _NEWEST, expression), [], True


def _ids(connection: sqlite3.Connection, sql: str, *values: str) -> list[int]:
    return [row[0] for row in connection.execute(sql, values)]


def _period(connection: sqlite3.Connection, asked: Asked) -> set[int] | None:
    return set(_ids(connection, _IN_PERIOD, *asked.bounds)) if asked.by_day else None


def _shown(
    connection: sqlite3.Connection, ids: list[int], asked: Asked, pieces: Sequence[Piece]
) -> list[dict[str, Any]]:
    snippets = Snippets(pieces)
    since, until = asked.bounds
    cursor = connection.execute(_SHOWN_HITS, [str(ids), since, until])
    names = [column[0] for column in cursor.description]
    hits = [dict(zip(names, row, strict=True)) for row in cursor]
    for hit in hits:
        hit["snippet"] = snippets.of(hit.pop("text"), OPEN, CLOSE)
    return hits


def _meant(
    connection: sqlite3.Connection, holdings: Holdings, asked: Asked, pieces: Sequence[Piece], pages: int
) -> str | None:
    """Told only where it finds more, in the same places: what is suggested stands on a page that may be seen."""
    meant = find_meant(holdings.vocabulary, pieces)
    if meant is None:
        return None
    found = _ids(connection, _UNRANKED, meant.expression)
    hits = _Hits(holdings, asked, _period(connection, asked), found, [])
    best = hits.best(0, 1)
    if len(hits.versions) <= pages or not best:
        return None
    (text,) = connection.execute(_TEXT, best).fetchone()
    return meant.as_written(text)
