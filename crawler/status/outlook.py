"""What comes next of each site and what stands: schedule, alerts, audits, recoveries, and seeds that are gone."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from archive import times
from archive.databases import read_only_uri
from archive.errors import BewaarError
from archive.fixity import past_audits
from archive.layout import Archive
from crawler.alerting.digest import Told
from crawler.schedule.attempts import Memory
from crawler.schedule.scheduled import Profiles, turns_of

#: a seed that was gone so often in a row will not come back by itself
GONE_CRAWLS = 3
_CLOSINGS = """SELECT (SELECT c.report FROM closing c WHERE c.crawl_id = k.id AND c.kind = 'crawl'
  ORDER BY c.finished_at DESC LIMIT 1) FROM crawl k WHERE k.site_id = ? AND k.status <> 'imported'
  ORDER BY k.started_at DESC, k.id DESC LIMIT ?"""
#: answers that say so, and what Twisted says of a name that nobody has, be it of the seed or of its robots.txt
_GONE, _NO_SUCH_HOST = frozenset({404, 410}), "no results for hostname lookup"


def outlook_of(archive: Archive, now: datetime) -> dict[str, Any]:
    """By name; *sites* by site, those that have a schedule."""
    profiles, bad = Profiles(archive).scheduled()
    memory = Memory.read(archive)
    sites = {}
    for turn in turns_of(archive, profiles, memory, now):
        here = turn.at.astimezone(ZoneInfo(profiles[turn.site].timezone)) if turn.at else None
        attempts = memory.sites.get(turn.site)
        sites[turn.site] = {
            "next": f"{here:%a %Y-%m-%d %H:%M %Z}" if here else None,
            "next_utc": times.seconds(turn.at) if turn.at else None,
            "turn": turn.state,
            "why": turn.why,
            "wrong": attempts.wrong if attempts else None,
        }
    disk = shutil.disk_usage(archive.root)
    told = Told(archive)
    return {
        "sites": sites,
        "profiles": bad,
        "alerts": [{"key": key, "told_at": times.seconds(at)} for key, at in sorted(told.keys.items())],
        "alerts_held": told.is_held,
        "disk": {"free": disk.free, "total": disk.total},
        "audit": _audit(archive),
        "recoveries": _recoveries(archive),
    }


def _audit(archive: Archive) -> dict[str, Any]:
    try:
        past = past_audits(archive)
    except BewaarError as fault:
        return {"last": None, "wrong": {}, "fault": str(fault)}
    return {"last": times.seconds(past.last) if past.last else None, "wrong": past.wrong, "fault": None}


def _recoveries(archive: Archive) -> list[dict[str, Any]]:
    """Those that were stopped, or are under way: the name of the other archive, and how much is still to be asked."""
    found = []
    for path in sorted(archive.state.glob("*.recovery.db")):
        with suppress(sqlite3.Error), closing(sqlite3.connect(read_only_uri(path), uri=True, timeout=10)) as db:
            to_go = db.execute("SELECT count(*) FROM ask WHERE state IN ('queued', 'leased')").fetchone()[0]
            had = db.execute("SELECT count(*) FROM ask WHERE kind = 'memento' AND state = 'done'").fetchone()[0]
            name = path.name.split(".")[0]
            found.append({"from": name, "to_go": to_go, "had": had, "running": archive.holder_of(name)})
    return found


def gone_seeds(archive: Archive, site: str) -> dict[str, str]:
    """By seed what it answered, where none of the site's was there in each of its last crawls: a host that nobody has,
    or a page that is no longer known there."""
    if not archive.database.exists():
        return {}
    with suppress(sqlite3.Error, ValueError, LookupError, TypeError):
        with closing(sqlite3.connect(read_only_uri(archive.database), uri=True, timeout=10)) as db:
            texts = [row[0] for row in db.execute(_CLOSINGS, (site, GONE_CRAWLS))]
        if len(texts) < GONE_CRAWLS or None in texts:
            return {}
        seeds = [json.loads(text)["seeds"] for text in texts]
        if all(each and all(map(_is_gone, each)) for each in seeds):
            return {seed["url"]: str(seed["problem"]) for seed in seeds[0]}
    return {}


def _is_gone(seed: dict[str, Any]) -> bool:
    problem = seed.get("problem") or ""
    return bool(problem) and (seed.get("status") in _GONE or _NO_SUCH_HOST in problem)
