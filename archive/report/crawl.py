"""What there is to tell of one crawl, out of its rows. Every list is bounded, and in an order that does not depend on
row ids: the same archive gives the same report."""

from __future__ import annotations

import json
import shlex
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from archive.errors import WrongUse
from archive.model import HTML
from archive.report.against import Changed, Section, Sitemaps, compare_pages, compare_sections, compare_sitemaps
from archive.report.completeness import Asked, Completeness, measure
from archive.report.counts import MOST, Counted, Counts
from archive.store.alerts import NO_ANSWER, unanswered_of

#: of the shape that `bewaar report --json` prints; one up when a reader of the older would misread it
VERSION = 1
LATEST = "latest"
_NAMED = 3
#: bytes; what is larger than the last stands in one more
SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)

_CRAWL = """SELECT k.id, k.site_id, k.started_at, k.finished_at, k.status, k.software, k.operator FROM crawl k
WHERE k.id = ?"""
_LATEST = "SELECT id FROM crawl WHERE (? IS NULL OR site_id = ?) ORDER BY started_at DESC, id DESC LIMIT 1"
_PREVIOUS = """SELECT p.id FROM crawl k JOIN crawl p ON p.site_id = k.site_id
  AND (p.started_at, p.id) < (k.started_at, k.id)
WHERE k.id = ? AND EXISTS (SELECT 1 FROM capture c WHERE c.crawl_id = p.id AND c.page_key IS NOT NULL
  AND (c.status BETWEEN 200 AND 299 OR c.status = 304))
ORDER BY p.started_at DESC, p.id DESC LIMIT 1"""
#: no row of what was erased names its crawl: the files of a crawl are named after its site and a time after its own
_ERASED = """SELECT count(*) FROM crawl k JOIN warc w ON w.path > k.id AND w.path < coalesce(
    (SELECT min(n.id) FROM crawl n WHERE n.site_id = k.site_id AND n.id > k.id), k.site_id || '-:')
  JOIN erased e ON e.warc_id = w.id AND e.record_type IN ('response', 'revisit')
WHERE k.id = ?"""
_CAPTURES = """SELECT r.url, r.urlkey, r.host, c.status, c.mime, c.record_type, c.truncated, c.error, c.redirect_to,
  c.page_key, c.hops, coalesce(c.url_list_id, o.url_list_id), c.fetch_ms, coalesce(p.size, op.size)
FROM capture c JOIN resource r ON r.id = c.resource_id JOIN warc w ON w.id = c.warc_id
  LEFT JOIN payload p ON p.id = c.payload_id LEFT JOIN capture o ON o.id = c.original_id
  LEFT JOIN payload op ON op.id = o.payload_id
WHERE c.crawl_id = ? AND c.copy_of_id IS NULL ORDER BY c.captured_at, c.warc_date, c.record_id, w.path, c.warc_offset"""
_LISTS = """SELECT id, kind, urls FROM url_list WHERE id IN (SELECT coalesce(c.url_list_id, o.url_list_id)
  FROM capture c LEFT JOIN capture o ON o.id = c.original_id WHERE c.crawl_id = ?)"""
_CLOSINGS = "SELECT kind, finished_at, report FROM closing WHERE crawl_id = ? ORDER BY kind, finished_at, digest"
_PROBLEMS = """SELECT what, count(*), min(coalesce(url, detail)) FROM problem WHERE crawl_id = ?
GROUP BY what ORDER BY count(*) DESC, what"""
_DRIFT = """SELECT page_key, role, kind, said, repaired_crawl_id FROM drift WHERE crawl_id = ?
ORDER BY page_key, role IS NOT NULL, role, kind"""


@dataclass(frozen=True, slots=True)
class Seed:
    url: str
    status: int | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Drifted:
    page_key: str
    role: str | None
    kind: str
    said: str
    repaired_by: str | None

    @property
    def is_alert(self) -> bool:
        return self.kind != "as before" and self.repaired_by is None


@dataclass(slots=True)
class CrawlReport:
    crawl: str
    site: str
    started_at: str
    finished_at: str | None
    status: str
    software: str
    operator: str | None
    #: the crawl of the same site before it that captured any page
    previous: str | None = None
    limit: str | None = None
    #: None where the crawl says nothing of it: others' tools keep it elsewhere
    seeds: list[Seed] | None = None
    refusals: list[Counted] | None = None
    #: URLs that were accepted and not fetched
    to_go: int = 0
    patched_at: str | None = None
    #: a crawl that began after it, and can be gone on with: its site and id
    later: tuple[str, str] | None = None
    #: what `bewaar crawl` is given to crawl it again: the site's name, or its seeds where it has no profile
    target: str = ""
    captures: int = 0
    pages: int = 0
    bytes: int = 0
    failures: int = 0
    #: pages that answered 5xx, or not at all
    failed_pages: int = 0
    #: captures that were erased on an order
    erased: int = 0
    revisits: int = 0
    not_modified: int = 0
    bytes_not_stored: int = 0
    statuses: list[Counted] = field(default_factory=list)
    mimes: list[Counted] = field(default_factory=list)
    hosts: list[Counted] = field(default_factory=list)
    sizes: list[Counted] = field(default_factory=list)
    errors: list[Counted] = field(default_factory=list)
    problems: list[Counted] = field(default_factory=list)
    #: URL and milliseconds, URL and bytes
    slowest: list[tuple[str, int]] = field(default_factory=list)
    largest: list[tuple[str, int]] = field(default_factory=list)
    sitemaps: Sitemaps = field(default_factory=Sitemaps)
    changed: dict[str, Changed] = field(default_factory=dict)
    sections: list[Section] = field(default_factory=list)
    drift: list[Drifted] = field(default_factory=list)
    completeness: Completeness = field(default_factory=Completeness)


def find_crawl(connection: sqlite3.Connection, given: str, site: str | None = None) -> str:
    """The id of a crawl, of a site's latest, or of the latest of all. Raises WrongUse, naming the nearest."""
    if given != LATEST:
        if connection.execute("SELECT 1 FROM crawl WHERE id = ?", (given,)).fetchone():
            return given
        if connection.execute("SELECT 1 FROM site WHERE id = ?", (given,)).fetchone() is None:
            sites = [row[0] for row in connection.execute("SELECT DISTINCT site_id FROM crawl ORDER BY site_id")]
            known = sites + [row[0] for row in connection.execute("SELECT id FROM crawl ORDER BY started_at DESC, id")]
            near = get_close_matches(given, known, n=_NAMED, cutoff=0.3) or known[:_NAMED]
            raise WrongUse(f"no crawl or site {given[:200]!a}; there are: {', '.join(near) or 'none'}")
        site = given
    row = connection.execute(_LATEST, (site, site)).fetchone()
    if row is None:
        raise WrongUse(f"no crawl{f' of {site}' if site else ''} in the database")
    return str(row[0])


def read_report(connection: sqlite3.Connection, crawl: str, *, public: bool = False) -> CrawlReport:
    """*crawl* is an id that is there. *public*: nothing is read from the operator's own tables."""
    found = _begin(connection, crawl)
    previous = connection.execute(_PREVIOUS, (crawl,)).fetchone()
    found.previous = previous[0] if previous else None
    if public:
        _read_captures(connection, found, {})
    else:
        _read_operators(connection, found)
    found.drift = [Drifted(*row) for row in _all(connection, _DRIFT, crawl)]
    found.drift += [Drifted(u.page_key, u.role, NO_ANSWER, u.line, None) for u in unanswered_of(connection, crawl)]
    if found.previous:
        found.changed = compare_pages(connection, crawl, found.previous, whole=found.status == "finished")
    return found


def _read_operators(connection: sqlite3.Connection, found: CrawlReport) -> None:
    found.erased = connection.execute(_ERASED, (found.crawl,)).fetchone()[0]
    missed = _read_closings(connection, found)
    lists = {id_: (kind, json.loads(urls)) for id_, kind, urls in connection.execute(_LISTS, (found.crawl,))}
    asked = _read_captures(connection, found, lists)
    found.completeness = measure(asked, missed)
    found.sitemaps = compare_sitemaps(asked, [urls for kind, urls in lists.values() if kind == "sitemap"])
    for what, count, example in _all(connection, _PROBLEMS, found.crawl)[:MOST]:
        found.problems.append(Counted(what[:200], count, example=example))
    found.sections = compare_sections(connection, found.site, found.crawl, found.previous)


def asked_in(connection: sqlite3.Connection, crawl: str) -> tuple[list[Asked], dict[str, tuple[str, str | None]]]:
    """The captures of *crawl* and what it says it missed, for `measure`."""
    found = _begin(connection, crawl)
    missed = _read_closings(connection, found)
    lists = {id_: (kind, json.loads(urls)) for id_, kind, urls in connection.execute(_LISTS, (crawl,))}
    return _read_captures(connection, found, lists), missed


def patched(connection: sqlite3.Connection, crawl: str) -> set[str]:
    """What earlier patches of *crawl* asked for, or were not allowed to, and did not get."""
    said = [json.loads(report) for kind, _, report in _all(connection, _CLOSINGS, crawl) if kind == "patch"]
    return {entry["url"] for report in said for entry in report["missed"] if entry["state"] != "queued"}


def _begin(connection: sqlite3.Connection, crawl: str) -> CrawlReport:
    id_, site, *about = connection.execute(_CRAWL, (crawl,)).fetchone()
    found = CrawlReport(id_, site, *about)
    found.target = site
    return found


def _all(connection: sqlite3.Connection, sql: str, crawl: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql, (crawl,)).fetchall()


def _read_closings(connection: sqlite3.Connection, found: CrawlReport) -> dict[str, tuple[str, str | None]]:
    """What was missed, as the last that told of each URL says."""
    missed: dict[str, tuple[str, str | None]] = {}
    for kind, finished_at, text in _all(connection, _CLOSINGS, found.crawl):
        report = json.loads(text)
        missed |= {entry["url"]: (entry["state"], entry["rule"]) for entry in report["missed"]}
        if kind == "patch":
            found.patched_at = finished_at
            continue
        found.limit = report.get("limit")
        if target := report.get("target"):
            found.target = " ".join(shlex.quote(word) for word in target.split())
        found.seeds = [Seed(**seed) for seed in report["seeds"]]
        refusals = sorted(report["refusals"].items(), key=lambda rule: (-rule[1], rule[0]))
        found.refusals = [Counted(rule, count) for rule, count in refusals]
        found.to_go = report["frontier"].get("queued", 0)
    return missed


def _read_captures(
    connection: sqlite3.Connection, found: CrawlReport, lists: Mapping[int, tuple[str, Any]]
) -> list[Asked]:
    statuses, mimes, hosts, sizes, errors = Counts(), Counts(), Counts(), Counts(), Counts()
    times: list[tuple[int, str]] = []
    largest: list[tuple[int, str]] = []
    asked = []
    for (url, key, host, status, mime, type_, truncated, error, redirect_to, page_key, hops, list_id, ms, size) in (
        connection.execute(_CAPTURES, (found.crawl,))
    ):  # fmt: skip
        failed = type_ == "failure"
        stored = 0 if type_ == "revisit" else size or 0
        found.captures += 1
        found.bytes += stored
        found.failures += failed
        is_link = not (hops or "").rstrip("R").endswith(("E", "P"))
        found.failed_pages += is_link and (failed or (status or 0) >= 500)
        if type_ == "revisit":
            found.revisits += 1
            found.not_modified += status == 304
            found.bytes_not_stored += size or 0
        statuses.add("no answer" if failed else str(status or type_), stored)
        hosts.add(host, stored, failed=failed)
        if failed:
            errors.add((error or "no answer").partition(":")[0][:80], example=url)
        else:
            mimes.add(mime or "unknown", stored)
            sizes.add(str(next((at for at, limit in enumerate(SIZES) if (size or 0) < limit), len(SIZES))), stored)
        if ms is not None:
            times.append((ms, url))
        if size:
            largest.append((size, url))
        is_page = page_key is not None and not failed and _is_shown(status, type_) and (mime in HTML or mime is None)
        found.pages += is_page
        kind, urls = lists.get(list_id, ("", None))
        needs = [[one] if isinstance(one, str) else one for one in urls] if kind == "needs" else None
        asked.append(
            Asked(url, status, failed, error, truncated, redirect_to, is_page, needs, list_id if needs else None, key)
        )
    found.statuses, found.mimes, found.hosts = statuses.rows(), mimes.rows(), hosts.rows()
    found.sizes = sorted(sizes.rows(), key=lambda row: row.name)
    found.errors = errors.rows()
    found.slowest = _top(times)
    found.largest = _top(largest)
    return asked


def _is_shown(status: int | None, type_: str) -> bool:
    return type_ == "resource" if status is None else 200 <= status < 300 or (status == 304 and type_ == "revisit")


def _top(found: list[tuple[int, str]]) -> list[tuple[str, int]]:
    """The most of each URL, the largest first."""
    most: dict[str, int] = {}
    for number, url in found:
        most[url] = max(number, most.get(url, 0))
    return sorted(most.items(), key=lambda one: (-one[1], one[0]))[: MOST // 2]
