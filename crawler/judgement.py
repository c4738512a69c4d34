"""What decides about one URL, for ``bewaar sites check``: the rules, and what the last crawl of the site made of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from archive import times
from archive.databases import read_only_uri
from archive.layout import Archive
from crawler.discover.reference import Base
from crawler.scope import Scope
from crawler.seen import seen_key
from crawler.sites.profile import Profile
from crawler.traps import Traps


@dataclass(frozen=True, slots=True)
class Met:
    """What the last crawl of a site made of a URL."""

    crawl: str
    #: as in the frontier: queued, leased, captured, expanded, failed, refused
    state: str
    #: the rule that accepted or refused it, or why it failed
    rule: str | None
    #: the page it was found on; None for a seed
    via: str | None
    #: path from the seed
    hops: str


@dataclass(frozen=True, slots=True)
class Judgement:
    accepted: bool
    rule: str
    met: Met | None


def judge(url: str, profile: Profile, archive: Archive | None, *, requisite: bool = False) -> Judgement:
    """The first of these that refuses decides: scope; the traps that show in a URL alone; what only a crawl knows
    (robots.txt, the other traps), as it was in the last one."""
    url = Base(url).resolve(url) or url
    met = _met(archive.state / f"{profile.name}.frontier.db", url) if archive else None
    verdict = Scope(profile.scope_rules()).judge(url, "E" if requisite else "L", "")
    if not verdict.accepted:
        return Judgement(accepted=False, rule=verdict.rule, met=met)
    trap = None if requisite or verdict.rule == "seed" else Traps(times.now().year).rule(url, "L", None)
    if trap is None and met is not None and met.state == "refused" and _learned(met, requisite=requisite):
        trap = met.rule
    return Judgement(accepted=trap is None, rule=trap or verdict.rule, met=met)


def _learned(met: Met, *, requisite: bool) -> bool:
    """Whether it was asked about as the crawl came to it: links and requisites are judged by rules of their own."""
    return met.hops.endswith("E") == requisite


def _met(path: Path, url: str) -> Met | None:
    if not path.exists():
        return None
    with closing(sqlite3.connect(read_only_uri(path), uri=True, timeout=10)) as db:
        row = db.execute(
            "SELECT (SELECT id FROM crawl ORDER BY rowid DESC LIMIT 1), state, rule, via, hops FROM url WHERE seen = ?",
            [seen_key(url)],
        ).fetchone()
    return Met(*row) if row else None
