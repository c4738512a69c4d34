"""The sites there are profiles for, and what became of each: for ``bewaar sites list`` and ``check``. Reads only."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from archive.databases import read_only_uri
from archive.errors import WrongUse
from archive.layout import Archive
from crawler.look.survey import how_it_ended, is_look
from crawler.sites.profile import Profile
from crawler.sites.profile_files import ProfileFile, find_profile, list_profiles, read_profile

_CRAWLS = "SELECT id, started_at, status FROM crawl WHERE site_id = ? ORDER BY started_at DESC LIMIT 50"
_FILE = "SELECT w.path FROM capture c JOIN warc w ON w.id = c.warc_id WHERE c.crawl_id = ? LIMIT 1"
_PAGES = "SELECT count(DISTINCT page_key) FROM capture WHERE crawl_id = ? AND page_version_id IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Listed:
    name: str
    path: str
    shipped: bool
    title: str | None = None
    seeds: tuple[str, ...] = ()
    #: of the last crawl that was no look: when it began, how it ended, pages it kept
    crawl: str | None = None
    started_at: str | None = None
    status: str | None = None
    pages: int | None = None
    #: when it was looked at, where it has not been crawled since
    looked_at: str | None = None
    schedule: str | None = None
    #: what is wrong with its profile
    wrong: tuple[str, ...] = ()


def roster(archive: Archive | None) -> list[Listed]:
    """The archive's own, and the shipped ones that were crawled; without an archive all shipped ones."""
    found = []
    for file in list_profiles(archive):
        crawled = _crawled(archive, file.name) if archive else {}
        if file.shipped and archive is not None and not crawled:
            continue
        found.append(_listed(file, crawled))
    return found


def _listed(file: ProfileFile, crawled: dict[str, Any]) -> Listed:
    try:
        profile = read_profile(file.path)
    except WrongUse as error:
        return Listed(file.name, str(file.path), file.shipped, wrong=error.faults or (str(error),), **crawled)
    schedule = _schedule(profile)
    return Listed(file.name, str(file.path), file.shipped, profile.title, profile.seeds, schedule=schedule, **crawled)


def _schedule(profile: Profile) -> str | None:
    return (profile.schedule.frequency or profile.schedule.cron) if profile.schedule else None


def _crawled(archive: Archive, site: str) -> dict[str, Any]:
    if not archive.database.exists():
        return {}
    with closing(sqlite3.connect(read_only_uri(archive.database), uri=True, timeout=10)) as db:
        looked_at = None
        for crawl, started_at, status in db.execute(_CRAWLS, [site]).fetchall():
            # No look is ever finished; its file says that it is one.
            if status != "finished" and (file := db.execute(_FILE, [crawl]).fetchone()) and is_look(archive, file[0]):
                looked_at = looked_at or started_at
                continue
            left = status == "running" and archive.holder_of(site) is None
            pages = db.execute(_PAGES, [crawl]).fetchone()[0]
            how = "interrupted" if left else how_it_ended(db, crawl, status)
            return {"crawl": crawl, "started_at": started_at, "status": how, "pages": pages}
        return {"looked_at": looked_at} if looked_at else {}


def check_profiles(names: Sequence[str], archive: Archive | None) -> list[Listed]:
    """What is wrong with each profile: those of *names*, or all of them, and files beside them that are none."""
    files = [find_profile(name, archive) for name in names] if names else list_profiles(archive)
    checked = [_listed(file, {}) for file in files]
    if not names and archive is not None and archive.sites.is_dir():
        checked += _strays(archive)
    seeds: dict[str, list[str]] = defaultdict(list)
    for listed in checked:
        for seed in listed.seeds:
            seeds[seed].append(listed.name)
    return [_with_remarks(listed, seeds) for listed in checked]


def _strays(archive: Archive) -> Iterator[Listed]:
    for path in sorted(archive.sites.iterdir()):
        if path.suffix != ".toml" and not path.name.startswith(".") and path.is_file():
            wrong = f"{path}: no profile, and not read: the name of one ends in .toml"
            yield Listed(path.name, str(path), shipped=False, wrong=(wrong,))


def _with_remarks(listed: Listed, seeds: dict[str, list[str]]) -> Listed:
    twice = [
        f"{listed.path}: seeds: {seed} is a seed of {other} too: it would be crawled twice"
        for seed in listed.seeds
        for other in seeds[seed]
        if other != listed.name
    ]
    if not twice:
        return listed
    return Listed(listed.name, listed.path, listed.shipped, listed.title, listed.seeds, wrong=(*listed.wrong, *twice))
