"""Sections of pages as their linked style sheets complete them: facts that neither the page nor the sheet proves alone.

What a page and a sheet say is kept as they are read, in any order (`archive.model.Style`); which sheets a page applied
is known when all captures of its crawl are there. So this is derived, as timelines are, and the same whatever came
first. What the page said by itself stands beside it: ``observation.read_state`` and ``read_version_id``.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from archive.store.facts import Facts, SectionVersion, values
from archive.store.rows import Row, Rows
from archive.store.sheets import Applied, Sheets, Visit
from archive.store.subjects import fold
from archive.styled import Backed, Sheet

#: what a page (`Style.said`) shows with the sheets it applies, in their order
ShowStyled = Callable[[str, Sequence[Sheet]], Sequence[Backed]]

_K = TypeVar("_K")
_T = TypeVar("_T")

#: results kept
_MOST_KEPT = 5_000

_PAGES = """SELECT o.id, o.state, o.section_version_id, o.read_state, o.read_version_id, o.sheets_missing,
  coalesce(c.page_key, r.url), s.id, r.url, c.captured_at, c.crawl_id, k.status = 'imported'
FROM crawl k JOIN capture c ON c.crawl_id = k.id LEFT JOIN capture original ON original.id = c.original_id
  JOIN style s ON s.id = coalesce(c.style_id, original.style_id) AND s.kind = 'page'
  JOIN observation o ON o.capture_id = c.id AND o.role = :role
  JOIN resource r ON r.id = c.resource_id
WHERE k.site_id = :site ORDER BY c.crawl_id, c.captured_at"""
_COMPLETED = """SELECT o.id, o.state, o.section_version_id, o.read_state, o.read_version_id, o.sheets_missing
FROM crawl k JOIN capture c ON c.crawl_id = k.id JOIN observation o ON o.capture_id = c.id
WHERE k.site_id = ? AND (o.read_state IS NOT NULL OR o.sheets_missing)"""
_RULES = """SELECT fact_id, capture_id, quote, byte_start, byte_end FROM style_evidence WHERE observation_id = ?"""
_FACTS = """SELECT id, kind, raw, value, organisation_key, beneficiary_key, year, href, logo_url, name_source, tier,
  confidence, rule, extra FROM fact WHERE section_version_id = ? ORDER BY position"""
#: of `_FACTS`
_VALUE, _KEY, _LOGO_URL = 3, 4, 8


@dataclass(frozen=True, slots=True)
class _Observed:
    """A row of ``observation``."""

    id: int
    state: str
    version: int | None
    read_state: str | None
    read_version: int | None
    sheets_missing: int

    @property
    def own(self) -> tuple[str, int | None]:
        """What the page says by itself."""
        return (self.state, self.version) if self.read_state is None else (self.read_state, self.read_version)


@dataclass(frozen=True, slots=True)
class _Completed:
    """A section with what the sheets add: its facts, each with the fact of the page or the addition that it is."""

    version: SectionVersion
    parts: tuple[int | Backed, ...]


@dataclass(slots=True)
class _Found:
    observed: _Observed
    page_key: str
    completed: _Completed | None = None
    applied: tuple[Applied, ...] = ()
    missing: bool = False


@dataclass(slots=True)
class Styling:
    connection: sqlite3.Connection
    site: str
    _facts: Facts = field(init=False)
    _shown: dict[tuple[object, ...], Sequence[Backed]] = field(default_factory=dict)
    _completed: dict[tuple[object, ...], _Completed | None] = field(default_factory=dict)
    #: by row of ``style``, the sheets that a page names
    _named: dict[int, Sequence[tuple[str, bool]]] = field(default_factory=dict)
    #: by their captures
    _applied: dict[tuple[int, ...], tuple[Applied, ...]] = field(default_factory=dict)
    #: versions that an observation no longer has
    _left: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        rows = Rows(self.connection)
        rows.clean = True
        self._facts = Facts(rows)

    def complete(self, role: str, show: ShowStyled) -> set[int]:
        """The sections of one role; the observations that a page with style sheets stands behind."""
        found = list(self._found(role, show))
        styled = {one.page_key for one in found if one.completed is not None}
        for one in found:
            # A page whose sheets never showed a logo is whole without them, unless it says that nothing is listed.
            missing = one.missing and (one.page_key in styled or one.observed.own[0] == "empty")
            self._write(one, missing=missing)
        return {one.observed.id for one in found}

    def reset(self, but: set[int]) -> None:
        """Observations whose captures turned out to be other pages."""
        for row in self.connection.execute(_COMPLETED, (self.site,)).fetchall():
            if row[0] not in but:
                self._write(_Found(_Observed(*row), ""), missing=False)

    def forget_left(self) -> set[str]:
        """Delete versions that nothing shows any more, so that the rows do not tell in what order they came; the
        organisations that they named."""
        named: set[str] = set()
        for version in sorted(self._left):
            shown = self.connection.execute(
                "SELECT 1 FROM observation WHERE section_version_id = ?1 OR read_version_id = ?1", (version,)
            )
            if shown.fetchone() is None:
                facts = "(SELECT id FROM fact WHERE section_version_id = ?)"
                for row in self.connection.execute(
                    "SELECT organisation_id, beneficiary_id FROM fact WHERE section_version_id = ?1"
                    f" UNION SELECT organisation_id, NULL FROM correction WHERE fact_id IN {facts.replace('?', '?1')}",
                    (version,),
                ):
                    named.update(filter(None, row))
                self.connection.execute(f"DELETE FROM correction WHERE fact_id IN {facts}", (version,))
                self.connection.execute("DELETE FROM fact WHERE section_version_id = ?", (version,))
                self.connection.execute("DELETE FROM section_version WHERE id = ?", (version,))
        return named

    def _found(self, role: str, show: ShowStyled) -> Iterator[_Found]:
        sheets = Sheets(self.connection)
        rows = self.connection.execute(_PAGES, {"site": self.site, "role": role}).fetchall()
        for *observed, page_key, style, url, at, crawl, imported in rows:
            one = _Found(_Observed(*observed), page_key)
            visit = Visit(self.site, crawl, at[:10] if imported else "")
            applied, one.missing = sheets.applied(self._sheets_of(style), url, visit, at)
            # The pages of a crawl apply the same sheets.
            one.applied = self._applied.setdefault(tuple(each.capture for each in applied), tuple(applied))
            key = (style, *((each.sheet.url, each.sheet.conditional, each.style) for each in applied))
            if key not in self._shown:
                _make_room(self._shown)
                (said,) = self.connection.execute("SELECT said FROM style WHERE id = ?", (style,)).fetchone()
                self._shown[key] = show(said, [each.sheet for each in applied])
            if shown := self._shown[key]:
                one.completed = self._complete(role, one.observed.own[1], key, shown)
            yield one

    def _sheets_of(self, style: int) -> Sequence[tuple[str, bool]]:
        if style not in self._named:
            _make_room(self._named)
            (named,) = self.connection.execute("SELECT sheets FROM style WHERE id = ?", (style,)).fetchone()
            self._named[style] = json.loads(named)
        return self._named[style]

    def _complete(
        self, role: str, own: int | None, key: tuple[object, ...], shown: Sequence[Backed]
    ) -> _Completed | None:
        """None where the page itself shows as much."""
        if (own, *key) not in self._completed:
            facts = self.connection.execute(_FACTS, (own,)).fetchall()
            with_logo = {_subject(fact) for fact in facts if fact[_LOGO_URL] is not None}
            added = [one for one in shown if _names(one) not in with_logo]
            # A name that stands as text in the element is the logo's.
            also = {_names(one) for one in added}
            kept = [fact for fact in facts if _subject(fact) not in also]
            rows: list[Row] = [[position, *fact[1:]] for position, fact in enumerate(kept)]
            rows += [values(one.fact, len(kept) + number) for number, one in enumerate(added)]
            parts = (*(fact[0] for fact in kept), *added)
            _make_room(self._completed)
            self._completed[own, *key] = (
                _Completed(self._facts.version_of(self.site, role, rows), parts) if added else None
            )
        return self._completed[own, *key]

    def _write(self, one: _Found, *, missing: bool) -> None:
        observed, completed = one.observed, one.completed
        state, version = observed.own
        before = observed.version if observed.read_state is not None else None
        after = completed.version.id if completed else None
        told = _style_rows(one)
        known = frozenset(self.connection.execute(_RULES, (observed.id,))) if before is not None else frozenset()
        if before == after and known == told and bool(observed.sheets_missing) == missing:
            return
        execute = self.connection.execute
        execute("DELETE FROM style_evidence WHERE observation_id = ?", (observed.id,))
        if before is not None:
            self._left.add(before)
            execute(
                "DELETE FROM evidence WHERE observation_id = ?"
                " AND fact_id IN (SELECT id FROM fact WHERE section_version_id = ?)",
                (observed.id, before),
            )
        if completed is None:
            columns: Row = (state, version, None, None, missing)
        else:
            columns = ("found", completed.version.id, state, version, missing)
            self._write_evidence(observed.id, completed)
            rows = [(observed.id, *row) for row in told]
            self._facts.rows.many("INSERT INTO style_evidence VALUES (?,?,?,?,?,?)", rows)
        execute(
            "UPDATE observation SET state = ?, section_version_id = ?, read_state = ?, read_version_id = ?,"
            " sheets_missing = ? WHERE id = ?",
            (*columns, observed.id),
        )

    def _write_evidence(self, observation: int, completed: _Completed) -> None:
        own = {
            row[0]: row[1:]
            for row in self.connection.execute(
                "SELECT fact_id, quote, byte_start, byte_end, xpath FROM evidence WHERE observation_id = ?",
                (observation,),
            )
        }
        rows: list[Row] = []
        for fact, part in zip(completed.version.facts, completed.parts, strict=True):
            if isinstance(part, Backed):
                where = part.fact.evidence
                rows.append((observation, fact, where.quote, where.byte_start, where.byte_end, where.xpath))
            elif part in own:
                rows.append((observation, fact, *own[part]))
        self._facts.rows.many("INSERT INTO evidence VALUES (?,?,?,?,?,?)", rows)


def complete_styled(connection: sqlite3.Connection, site: str, shows: Mapping[str, ShowStyled]) -> set[str]:
    """*shows* by role. The caller has deleted what is derived of facts. Returns the organisations of facts that are no
    more."""
    if connection.execute("SELECT 1 FROM style LIMIT 1").fetchone() is None:
        return set()
    styling = Styling(connection, site)
    done: set[int] = set()
    for role, show in shows.items():
        done |= styling.complete(role, show)
    if shows:
        styling.reset(done)
    return styling.forget_left()


def _style_rows(one: _Found) -> frozenset[Row]:
    """Fact, capture of the sheet, quote and place of its rule."""
    if one.completed is None:
        return frozenset()
    return frozenset(
        (fact, one.applied[part.sheet].capture, part.rule.quote, part.rule.byte_start, part.rule.byte_end)
        for fact, part in zip(one.completed.version.facts, one.completed.parts, strict=True)
        if isinstance(part, Backed)
    )


def _subject(fact: Sequence[object]) -> str:
    return str(fact[_KEY]) if fact[_KEY] else fold(str(fact[_VALUE]))


def _names(one: Backed) -> str:
    return one.fact.organisation or fold(one.fact.value)


def _make_room(kept: dict[_K, _T]) -> None:
    if len(kept) >= _MOST_KEPT:
        kept.clear()
