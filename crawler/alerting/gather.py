"""What there is to tell of an archive now. Each alert has a key that stays the same while it stands."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from shlex import quote
from zoneinfo import ZoneInfo

from archive import times
from archive.fixity import past_audits
from archive.layout import Archive
from archive.proof import Tally, prove
from archive.report.against import compare_pages
from archive.report.crawl import read_report
from archive.report.printed import clean
from archive.report.verdict import Finding, findings
from archive.report.words import Words
from archive.store.withheld import open_visible
from crawler.alerting.settings import Alerts
from crawler.schedule.attempts import Memory
from crawler.schedule.history import crawls_of
from crawler.schedule.ran import UNANSWERED
from crawler.schedule.scheduled import Profiles, turns_of

#: findings that are no news by themselves: they are what a report is for
_QUIET = frozenset({"more seeds", "erased", "refused", "not looked", "sitemap"})
_CRAWLS = """SELECT id FROM crawl k WHERE site_id = ? AND status = 'finished' AND EXISTS (SELECT 1 FROM capture c
  WHERE c.crawl_id = k.id AND c.page_key IS NOT NULL) ORDER BY started_at DESC, id DESC LIMIT ?"""
_DRIFTED = """SELECT crawl_id, count(*), page_key, kind FROM drift
  WHERE site_id = ? AND kind <> 'as before' AND repaired_crawl_id IS NULL
  GROUP BY crawl_id ORDER BY max(id) DESC LIMIT 1"""
_FIXITY_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Alert:
    key: str
    text: str
    #: as it may be typed anywhere on this machine
    command: str = ""
    #: it does not wait until the pause after the last message is over
    is_urgent: bool = False


def gather(archive: Archive, alerts: Alerts, *, verify: bool = False, now: datetime | None = None) -> list[Alert]:
    """*verify* reads every file again, which takes as long as `bewaar verify` does."""
    words = Words(alerts.language)
    found = list(_disk(archive, alerts, words))
    if archive.database.exists():
        with open_visible(archive) as connection:
            found += _crawls(connection, archive, words)
            if alerts.nothing_new:
                found += _nothing_new(connection, alerts.nothing_new, words)
    found += _scheduled(archive, alerts, words, now or times.now())
    found += _audited(archive, words)
    if verify:
        found += _fixity(archive, words)
    where = f" --archive {quote(str(archive.root.absolute()))}"
    return [replace(one, command=one.command and one.command + where) for one in found]


def _disk(archive: Archive, alerts: Alerts, words: Words) -> Iterator[Alert]:
    free = shutil.disk_usage(archive.root).free
    if free < alerts.disk_free:
        yield Alert("disk", words("disk low", words.size(free), words.size(int(alerts.disk_free))))


def _crawls(connection: sqlite3.Connection, archive: Archive, words: Words) -> Iterator[Alert]:
    for (site,) in connection.execute("SELECT id FROM site ORDER BY id").fetchall():
        latest = next(crawls_of(archive, connection, site), None)
        if latest is None:
            continue
        crawl = latest[0]
        report = read_report(connection, crawl)
        if report.status == "running" and archive.holder_of(site) is not None:
            continue  # it has not come to its end because it goes on
        found = [(crawl, one.name, one.said) for one in findings(report) if not _comes_yet(one)]
        if not any(name == "drift" for _, name, _ in found):
            # It is told of in the report of the crawl that saw it first, and stands until somebody mends it.
            for drifted, *said in connection.execute(_DRIFTED, (site,)):
                found.append((drifted, "drift", tuple(said)))
        for told_in, name, said in found:
            if name not in _QUIET:
                text = clean(words.finding(name, said), 300)
                yield Alert(f"{site} {name}", f"{site}: {text}", f"bewaar report {told_in}")


def _comes_yet(finding: Finding) -> bool:
    """What is missing of a crawl that goes on where it was."""
    return finding.name == "missing" and not finding.command


def _nothing_new(connection: sqlite3.Connection, runs: int, words: Words) -> Iterator[Alert]:
    for (site,) in connection.execute("SELECT id FROM site ORDER BY id").fetchall():
        crawls = [row[0] for row in connection.execute(_CRAWLS, (site, runs + 1))]
        if len(crawls) <= runs:
            continue
        compared = [compare_pages(connection, later, earlier, whole=True) for later, earlier in pairwise(crawls)]
        if not any(sum(one.counts.values()) for both in compared for one in both.values()):
            yield Alert(f"{site} nothing new", words("nothing new", site, runs), f"bewaar report {crawls[0]}")


def _scheduled(archive: Archive, alerts: Alerts, words: Words, now: datetime) -> Iterator[Alert]:
    profiles, bad = Profiles(archive).scheduled()
    memory = Memory.read(archive)
    for site in sorted(profiles.keys() & memory.sites.keys()):
        # It left no report that tells why.
        if (wrong := memory.sites[site].wrong) and not wrong.startswith(UNANSWERED):
            yield Alert(f"{site} attempt", words("attempt", site, clean(wrong, 300)), "bewaar due")
    # Whoever runs `bewaar due` does so no more, or something holds it up.
    for turn in turns_of(archive, profiles, memory, now):
        if turn.state == "due" and turn.at and now - turn.at > timedelta(hours=alerts.missed_hours):
            zone = ZoneInfo(profiles[turn.site].timezone)
            yield Alert(
                f"{turn.site} missed", words("missed", turn.site, f"{turn.at.astimezone(zone):%Y-%m-%d %H:%M %Z}"),
                "bewaar due",
            )  # fmt: skip
    for site, said in sorted(bad.items()):
        yield Alert(f"{site} profile", words("bad profile", site, clean(said, 300)), "bewaar sites check")


def _audited(archive: Archive, words: Words) -> Iterator[Alert]:
    """What `bewaar audit` found, and nobody has mended since."""
    for file, what in sorted(past_audits(archive).wrong.items())[:_FIXITY_SHOWN]:
        said = words("fixity", clean(f"{file}: {what}", 300))
        yield Alert(f"fixity {Path(file).name}", said, "bewaar audit --all", is_urgent=True)


def _fixity(archive: Archive, words: Words) -> Iterator[Alert]:
    wrong = [one for one in prove([], archive, Tally(), rows=False, strict=False) if one.severity == "failure"]
    for one in wrong[:_FIXITY_SHOWN]:
        said = clean(f"{one.file} at {one.offset}: {one.what}", 300)
        yield Alert(f"fixity {Path(one.file).name}", words("fixity", said), "bewaar verify", is_urgent=True)
    if len(wrong) > _FIXITY_SHOWN:
        yield Alert("fixity more", words("and more", len(wrong) - _FIXITY_SHOWN), "bewaar verify")
