"""Alerts as rows, each with a line for people and the fragments that show it."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from archive.counted import counted
from archive.store.drift import Alert, page_drift
from archive.store.fragments import Fragment, Fragments, Pages, one_line
from archive.store.history import RoleHistory
from archive.store.showings import read_showings

#: of each fragment, in a line
_SHOWN_CHARS = 140

_INSERT = """INSERT INTO drift (site_id, crawl_id, page_key, role, kind, said, before_count, after_count,
  expected_count, similarity, quotes_still, repaired_crawl_id, before_capture_id, before_start, before_end,
  before_fragment, after_capture_id, after_start, after_end, after_fragment)
  VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"""
_OF_CRAWL = "SELECT kind, said FROM drift WHERE crawl_id = ? ORDER BY page_key, role IS NOT NULL, role, kind"
_GOOD_NEWS = "as before"
#: not among the kinds of rows
NO_ANSWER = "page does not answer"
_UNANSWERED = """SELECT u.page_key, u.role, u.names, u.last_listed, u.status, u.error, u.redirect_to, u.crawls,
  c.record_id, c.captured_at FROM unanswered_list u JOIN capture c ON c.id = u.capture_id
WHERE u.crawl_id = ? ORDER BY u.page_key, u.role"""


@dataclass(frozen=True, slots=True)
class Said:
    """What one crawl is told of: an alert, or that something is as before."""

    kind: str
    line: str

    @property
    def is_alert(self) -> bool:
        return self.kind != _GOOD_NEWS


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One row of the view ``unanswered_list``."""

    page_key: str
    role: str
    names: int
    last_listed: str
    status: int | None
    error: str | None
    redirect_to: str | None
    crawls: int
    record_id: str
    captured_at: str

    @property
    def line(self) -> str:
        answered = str(self.status) if self.status is not None else f"nothing ({one_line(self.error or 'no answer')})"
        if self.redirect_to and answered.startswith("3"):
            answered += f", to {one_line(self.redirect_to)[:_SHOWN_CHARS]}"
        names = f"{counted(**{self.role: self.names})} that stood on it {'is' if self.names == 1 else 'are'}"
        return (
            f"page {one_line(self.page_key)}: it answered {answered} in {counted(crawl=self.crawls)}; the {names} "
            f"neither listed nor gone, last listed {self.last_listed}; now (capture "
            f"{one_line(self.record_id)}, {self.captured_at})"
        )


def write_drift(
    connection: sqlite3.Connection,
    site: str,
    histories: Mapping[str, RoleHistory],
    pages: Collection[str],
    *,
    lists: Collection[str],
    expected: Mapping[str, int],
    warcs: Path | None,
) -> int:
    """The rows of one site, which has none. Without *warcs* they have no fragments."""
    showings = read_showings(connection, site, histories, pages)
    alerts = [
        alert
        for page_key in sorted(showings.pages)
        for alert in page_drift(page_key, showings.pages[page_key], lists, expected, showings.urlkeys)
    ]
    source = Pages(connection, warcs) if warcs else None
    rows = [
        (alert, source.fragments(alert.earlier.capture_id, alert.later.capture_id, alert.role) if source else None)
        for alert in sorted(alerts, key=lambda alert: (alert.later, alert.page_key, alert.role or "", alert.kind))
    ]
    connection.executemany(_INSERT, _rows(site, rows))
    return len(rows)


def drift_of(connection: sqlite3.Connection, crawl_id: str) -> list[Said]:
    """What stands in the rows, and the lists whose pages did not answer: these are told in every crawl."""
    return [Said(*row) for row in connection.execute(_OF_CRAWL, (crawl_id,))] + [
        Said(NO_ANSWER, one.line) for one in unanswered_of(connection, crawl_id)
    ]


def unanswered_of(connection: sqlite3.Connection, crawl_id: str) -> list[Unanswered]:
    """The lists whose pages did not answer in a site's newest crawl; none for an older one."""
    return [Unanswered(*row) for row in connection.execute(_UNANSWERED, (crawl_id,))]


def _rows(site: str, found: Iterable[tuple[Alert, Fragments | None]]) -> Iterable[tuple[object, ...]]:
    for alert, fragments in found:
        yield (
            site,
            alert.later.crawl,
            alert.page_key,
            alert.role,
            alert.kind,
            line(alert, fragments),
            alert.before,
            alert.after,
            alert.expected,
            alert.similarity,
            fragments.still if fragments and fragments.looked_for else None,
            alert.repaired,
            alert.earlier.capture_id,
            *_fragment(fragments.before if fragments else None),
            alert.later.capture_id,
            *_fragment(fragments.after if fragments else None),
        )


def _fragment(fragment: Fragment | None) -> tuple[int | None, int | None, str | None]:
    return (fragment.byte_start, fragment.byte_end, fragment.text) if fragment else (None, None, None)


def line(alert: Alert, fragments: Fragments | None) -> str:
    said = f"page {one_line(alert.page_key)}: {_what(alert)}"
    if fragments and fragments.looked_for and alert.kind not in ("as before", "names from files only"):
        said += f"; of {counted(quote=fragments.looked_for)} of before {fragments.still} still stand on it"
    for word, moment, fragment in (
        ("was", alert.earlier, fragments.before if fragments else None),
        ("now", alert.later, fragments.after if fragments else None),
    ):
        shown = f": {_short(fragment.readable)}" if fragment else ""
        said += f"; {word} (capture {one_line(moment.record_id)}, {moment.at}){shown}"
    return said


def _what(alert: Alert) -> str:
    role, before, after = alert.role, alert.before, alert.after
    listed = counted(**{role: after}) if role else ""
    match alert.kind:
        case "section vanished":
            return f"no list of {role}s any more, where {before} stood"
        case "names from files only":
            did = f"{alert.from_files[0]} of {before}"
            return f"the names of all {listed} come from file names only, where {did} did"
        case "selectors find nothing":
            others = after or alert.candidates
            return f"the profile's selectors find no {role} any more, the general rules find {others}"
        case "count dropped":
            more = f", and {alert.candidates} that may be" if alert.candidates else ""
            return f"{listed}{more}, where {before} were"
        case "expected count missed":
            return f"{listed}, where {before} were and the profile expects {alert.expected}"
        case "all facts changed" if role:
            return f"{listed}, and none of the {before} of before is among them"
        case "all facts changed":
            return f"all facts changed at once, {before} before and {after} now: another page, or a new design"
        case "as before" if role:
            return f"{role}s are as before it broke: {after}"
        case _:
            return f"the page is itself again: {counted(fact=after)}"


def _short(text: str) -> str:
    return f"«{text[:_SHOWN_CHARS]}{'…' if len(text) > _SHOWN_CHARS else ''}»"
