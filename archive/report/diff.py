"""What a site showed at one point and not at another, page by page and section by section; and what nobody can know."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from archive.report.points import Point, around, read_points, standing
from archive.report.sections import Difference, compare_sections
from archive.report.texts import changed_lines
from archive.store.corrections import read_curation
from archive.store.history import PageHistory, PageState, Shown, read_pages, read_role, roles
from archive.store.logos import Logos
from archive.store.looks import Pictures
from archive.store.moments import Moment


@dataclass(frozen=True, slots=True)
class Seen:
    """A capture, by what is public of it."""

    record_id: str
    url: str
    captured_at: str
    crawl: str
    warc: str
    warc_offset: int

    @classmethod
    def at(cls, moment: Moment | None) -> Seen | None:
        if moment is None:
            return None
        return cls(moment.record_id, moment.url, moment.at, moment.crawl, moment.warc, moment.offset)


@dataclass(frozen=True, slots=True)
class SectionDiff:
    """One section; a list that stands on many pages and changed alike on all of them is told once."""

    role: str
    pages: tuple[str, ...]
    differences: tuple[Difference, ...]
    #: the captures of the first page
    a: Seen | None
    b: Seen | None


@dataclass(frozen=True, slots=True)
class PageDiff:
    page_key: str
    #: ``new`` (never captured before), ``gone`` (404 or 410) or ``changed``
    kind: str
    title: str | None
    title_before: str | None
    #: ``-`` or ``+`` and the line
    lines: tuple[tuple[str, str], ...]
    a: Seen | None
    b: Seen | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A page, or sections of it, of which one side shows something and the other says nothing."""

    page_key: str
    #: the sections; none where the page shows none
    roles: tuple[str, ...]
    #: ``A`` or ``B``: where it is unknown
    side: str
    why: str
    #: the captures on either side that do show it
    before: Seen | None
    after: Seen | None


@dataclass(slots=True)
class SiteDiff:
    site: str
    a: Point
    b: Point
    sections: list[SectionDiff] = field(default_factory=list)
    pages: list[PageDiff] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    #: pages whose text is the same on both sides
    unchanged: int = 0
    titles: dict[str, str] = field(default_factory=dict)


def diff(connection: sqlite3.Connection, a: str, b: str, site: str | None = None) -> list[SiteDiff]:
    """Each site from *a* to *b*: crawl ids, dates, or ``latest``. Raises WrongUse, see `read_points`."""
    return [
        _SiteDiffer(connection, name, *points).run()
        for name, points in read_points(connection, a, b, site).items()
    ]  # fmt: skip


class _SiteDiffer:
    def __init__(self, connection: sqlite3.Connection, site: str, a: Point, b: Point) -> None:
        self._connection = connection
        self._pages: PageHistory = {
            key: {crawl: state for crawl, state in states.items() if state.outcome != "redirect"}
            for key, states in read_pages(connection, site).items()
        }
        self._logos = Logos(connection, Pictures.read(connection, site))
        self._curation = read_curation(connection, site)
        self._found = SiteDiff(site, a, b)
        self._new: set[str] = set()
        #: roles by page, side, reason, and the captures on either side
        self._unknown: dict[tuple[str, str, str, Seen | None, Seen | None], list[str]] = defaultdict(list)

    def run(self) -> SiteDiff:
        found = self._found
        for page_key in sorted(self._pages):
            found.pages += self._page(page_key)
        for role in roles(self._connection, found.site):
            self._role(role)
        found.unknown = [
            Unknown(page_key, tuple(filter(None, told)), side, why, before, after)
            for (page_key, side, why, before, after), told in sorted(self._unknown.items(), key=lambda at: at[0][:3])
        ]
        return found

    def _sides(self) -> tuple[tuple[str, Point], tuple[str, Point]]:
        return ("A", self._found.a), ("B", self._found.b)

    def _page(self, page_key: str) -> Iterator[PageDiff]:
        states = self._pages[page_key]
        a, b = standing(states, self._found.a), standing(states, self._found.b)
        title = next((state.title for state in (b, a) if state and state.title), None)
        if title:
            self._found.titles[page_key] = title
        ok = {crawl: state for crawl, state in states.items() if state.outcome == "ok"}
        if b and b.outcome == "ok" and not self._is_known_by(ok, self._found.a):
            self._new.add(page_key)
            yield PageDiff(page_key, "new", title, None, (), None, Seen.at(b.moment))
        elif a and a.outcome == "ok" and b and b.outcome == "gone":
            yield PageDiff(page_key, "gone", None, a.title, (), Seen.at(a.moment), Seen.at(b.moment))
        elif a and b and a.outcome == b.outcome == "ok":
            if a.texts and b.texts and not a.texts & b.texts:
                lines = tuple(changed_lines(self._text(a), self._text(b)))
                yield PageDiff(page_key, "changed", b.title, a.title, lines, Seen.at(a.moment), Seen.at(b.moment))
            else:
                self._found.unchanged += 1
        else:
            for (side, point), state, other in zip(self._sides(), (a, b), (b, a), strict=True):
                if other and other.outcome == "ok":
                    self._note(page_key, side, _why(state), "", around(ok.values(), point))

    def _is_known_by(self, ok: Mapping[str, PageState], point: Point) -> bool:
        return standing(ok, point) is not None or around(ok.values(), point)[0] is not None

    def _text(self, state: PageState) -> str:
        found = self._connection.execute(
            "SELECT v.text FROM capture c JOIN page_version v ON v.id = c.page_version_id WHERE c.id = ?",
            (state.moment.capture_id,),
        ).fetchone()
        return str(found[0]) if found else ""

    def _role(self, role: str) -> None:
        history = read_role(self._connection, self._found.site, role, self._logos.digest, self._curation)
        alike: dict[tuple[Difference, ...], list[tuple[str, Shown, Shown]]] = {}
        for page_key in sorted(history):
            shown = history[page_key]
            good = [one for one in shown.values() if one.proves_absence]
            if not any(one.subjects for one in good):
                continue  # a page that never had such a list lacks nothing
            a, b = (self._list(page_key, shown, point) for _, point in self._sides())
            if page_key in self._new:
                continue  # nothing is known of it at A, and that it is new says so
            if isinstance(a, Shown) and isinstance(b, Shown):
                if differences := tuple(compare_sections(role, a, b, self._logos.digest)):
                    alike.setdefault(differences, []).append((page_key, a, b))
                continue
            for (side, point), one, other in zip(self._sides(), (a, b), (b, a), strict=True):
                if isinstance(one, str) and isinstance(other, Shown) and other.subjects:
                    self._note(page_key, side, one, role, around(good, point))
        for differences, places in alike.items():
            page_key, a, b = places[0]
            pages = tuple(place[0] for place in places)
            self._found.sections.append(SectionDiff(role, pages, differences, Seen.at(a.moment), Seen.at(b.moment)))

    def _list(self, page_key: str, shown: Mapping[str, Shown], point: Point) -> Shown | str:
        """The list that counts at *point*; or why nobody knows what it held."""
        here = standing(shown, point)
        page = standing(self._pages.get(page_key, {}), point)
        if page is not None and page.outcome != "ok" and (here is None or page.moment > here.moment):
            return _why(page)
        if here is None:
            return _why(page)
        if here.state == "absent":
            return "the page has no such section"
        return here if here.proves_absence else "what is there may be another list"

    def _note(self, page_key: str, side: str, why: str, role: str, sides: Sequence[Shown | PageState | None]) -> None:
        before, after = (Seen.at(one.moment) if one else None for one in sides)
        self._unknown[page_key, side, why, before, after].append(role)


def _why(state: PageState | None) -> str:
    if state is None:
        return "not captured"
    if state.outcome == "ok":
        return "the section could not be read"
    return f"the page answered {state.status}" if state.status.isdigit() else f"no answer: {state.status}"
