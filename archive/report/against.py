"""One crawl beside what it could have been: its site's sitemaps, the crawl before it, what its profile expects."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from archive.report.completeness import Asked
from archive.urls import urlkey

#: entries of a list
_MOST = 50

# Of a revisit that was not read itself its original tells.
_PAGES = """SELECT coalesce(c.page_key, iif(c.status >= 400 OR c.record_type = 'failure', r.page_key, NULL)) AS key,
  r.url, c.status, c.record_type, coalesce('v' || c.page_version_id, 'p' || c.payload_id, 'p' || o.payload_id)
FROM capture c JOIN resource r ON r.id = c.resource_id LEFT JOIN capture o ON o.id = c.original_id
WHERE c.crawl_id = ? AND c.copy_of_id IS NULL AND NOT (c.status BETWEEN 300 AND 399 AND c.status <> 304)
ORDER BY r.url"""
_DOCUMENTS = """SELECT r.url AS key, r.url, c.status, c.record_type, coalesce(c.payload_id, o.payload_id)
FROM capture c JOIN resource r ON r.id = c.resource_id LEFT JOIN capture o ON o.id = c.original_id
WHERE c.crawl_id = ? AND r.kind IN ('document', 'media') AND c.copy_of_id IS NULL
  AND NOT (c.status BETWEEN 300 AND 399 AND c.status <> 304)
ORDER BY r.url"""
_SECTIONS = """SELECT c.page_key, o.role, (SELECT count(*) FROM fact f
    WHERE f.section_version_id = o.section_version_id AND f.tier = 'confirmed')
FROM capture c JOIN observation o ON o.capture_id = CASE
    WHEN c.was_read OR c.original_id IS NULL THEN c.id ELSE c.original_id END
WHERE c.crawl_id = ? AND c.page_key IS NOT NULL AND c.copy_of_id IS NULL AND o.section_version_id IS NOT NULL"""


@dataclass(slots=True)
class Sitemaps:
    """What the sitemaps list that the crawl captured."""

    files: int = 0
    listed: int = 0
    captured: int = 0
    missing: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Changed:
    """Pages or documents against the crawl before: keys of pages, URLs of documents; the first of each."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    #: they answer that they are gone
    gone: list[str] = field(default_factory=list)
    #: they were not captured, or failed, and may still be there
    missing: list[str] = field(default_factory=list)
    same: int = 0
    #: how many of each there are
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Section:
    """What a page showed of one kind, where that is not what it was, or what the profile expects."""

    page_key: str
    url: str
    role: str
    found: int
    #: in the crawl before; None where it had no such page or section
    before: int | None
    expected: int | None

    @property
    def is_short(self) -> bool:
        """Less than half of what was there, or is expected."""
        return any(number is not None and self.found * 2 < number for number in (self.before, self.expected))


def compare_sitemaps(captures: Iterable[Asked], lists: Sequence[Sequence[str | Sequence[str]]]) -> Sitemaps:
    if not lists:
        return Sitemaps()
    listed = {url: None for one in lists for url in one if isinstance(url, str)}
    answered = [capture for capture in captures if not capture.failed and (capture.status or 200) < 400]
    good = {capture.urlkey or urlkey(capture.url) for capture in answered}
    missing = sorted(url for url in listed if urlkey(url) not in good)
    return Sitemaps(len(lists), len(listed), len(listed) - len(missing), missing[:_MOST])


def compare_pages(connection: sqlite3.Connection, crawl: str, previous: str, *, whole: bool) -> dict[str, Changed]:
    """*whole*: the crawl came to its end, so that what it did not capture is missing."""
    return {
        name: _compare(_states(connection, sql, crawl), _states(connection, sql, previous), whole=whole)
        for name, sql in (("pages", _PAGES), ("documents", _DOCUMENTS))
    }


#: by key: whether it was there (None: nobody knows), and its versions
_States = dict[str, tuple[bool | None, set[object]]]


def _states(connection: sqlite3.Connection, sql: str, crawl: str) -> _States:
    found: _States = {}
    for key, _, status, type_, version in connection.execute(sql, (crawl,)):
        if key is None:
            continue
        good = type_ != "failure" and (status is None or status < 400)
        there = True if good else False if status in (404, 410) else None
        known = found.get(key)
        if known is None or (there is True and known[0] is not True) or (there is None and known[0] is False):
            found[key] = (there, set())
        if found[key][0] is there and version is not None:
            found[key][1].add(version)
    return found


def _compare(now: _States, before: _States, *, whole: bool) -> Changed:
    found = Changed()
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for key in sorted(now.keys() | before.keys()):
        here, versions = now.get(key, (None, set()))
        there, old = before.get(key, (None, set()))
        if here and not there:
            # Where it failed the last time it is not new.
            if key not in before or there is False:
                kinds["new"].append(key)
        elif there and here is False:
            kinds["gone"].append(key)
        elif there and here is None and (whole or key in now):
            kinds["missing"].append(key)
        elif here and versions and old and not versions & old:
            kinds["changed"].append(key)
        elif here:
            found.same += 1
    for name in ("new", "changed", "gone", "missing"):
        setattr(found, name, kinds[name][:_MOST])
        found.counts[name] = len(kinds[name])
    return found


def compare_sections(connection: sqlite3.Connection, site: str, crawl: str, previous: str | None) -> list[Section]:
    """The pages where it differs; those that lack most first."""
    expected = dict(connection.execute("SELECT role, facts FROM expectation WHERE site_id = ?", (site,)).fetchall())
    now, before = _counts(connection, crawl), _counts(connection, previous) if previous else {}
    seen = {
        row[0]: row[1]
        for row in connection.execute(
            "SELECT c.page_key, r.url FROM capture c JOIN resource r ON r.id = c.resource_id WHERE c.crawl_id = ?"
            " AND c.page_key IS NOT NULL AND (c.status BETWEEN 200 AND 299 OR c.status = 304) ORDER BY r.url DESC",
            (crawl,),
        )
    }
    found = []
    for key in sorted(now.keys() | before.keys()):
        page_key, role = key
        if page_key not in seen or (role not in expected and key not in before):
            continue
        section = Section(page_key, seen[page_key], role, now.get(key, 0), before.get(key), expected.get(role))
        if section.found != section.before or section.is_short:
            found.append(section)
    found.sort(key=lambda one: (not one.is_short, one.page_key, one.role))
    return found[:_MOST]


def _counts(connection: sqlite3.Connection, crawl: str) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for page_key, role, facts in connection.execute(_SECTIONS, (crawl,)):
        if facts:
            found[page_key, role] = max(facts, found.get((page_key, role), 0))
    return found
