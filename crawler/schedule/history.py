"""When a site was crawled last: its frontier tells, else the database, else the names of its WARC files. So nothing has
to be kept about it, and a crawl that somebody began by hand counts. A look at a site (`crawler.look`) is no crawl.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archive import times
from archive.databases import read_only_uri
from archive.errors import Locked
from archive.layout import Archive
from crawler.look.survey import how_it_ended, is_look

_CRAWLS = """SELECT id, started_at, status FROM crawl WHERE site_id = ? AND status <> 'imported'
ORDER BY started_at DESC, id DESC"""
_FILE = "SELECT w.path FROM capture c JOIN warc w ON w.id = c.warc_id WHERE c.crawl_id = ? LIMIT 1"


@dataclass(frozen=True, slots=True)
class LastCrawl:
    """*unfinished*: its id, when it can be taken up."""

    began: datetime
    unfinished: str | None = None


def last_crawl(archive: Archive, site: str) -> LastCrawl | None:
    return _by_frontier(archive, site) or _by_database(archive, site) or _by_files(archive, site)


def is_running(archive: Archive, site: str) -> bool:
    """Whether some process crawls it. That one has the number of a process that once did proves nothing, so the lock
    is tried; where nobody seems to hold it, it is left alone."""
    if archive.holder_of(site) is None:
        return False
    try:
        with archive.lock_site(site):
            return False
    except Locked:
        return True


def _by_frontier(archive: Archive, site: str) -> LastCrawl | None:
    path = archive.state / f"{site}.frontier.db"
    if not path.exists():
        return None
    # One that is damaged is told of when the crawl begins.
    with suppress(sqlite3.Error, ValueError), closing(_open(path)) as db:
        row = db.execute("SELECT id, started_at, finished FROM crawl ORDER BY rowid DESC LIMIT 1").fetchone()
        if row:
            return LastCrawl(times.parse(row[1]), None if row[2] else row[0])
    return None


def _by_database(archive: Archive, site: str) -> LastCrawl | None:
    if not archive.database.exists():
        return None
    with suppress(sqlite3.Error, ValueError), closing(_open(archive.database)) as db:
        for _, began, _ in crawls_of(archive, db, site):
            return LastCrawl(times.parse(began))
    return None


def crawls_of(archive: Archive, db: sqlite3.Connection, site: str) -> Iterator[tuple[str, str, str]]:
    """Id, beginning and end, as people read it, of the crawls that the database *db* has of *site*, the latest first:
    no look, and none of others."""
    for crawl, began, status in db.execute(_CRAWLS, (site,)).fetchall():
        # No look is ever finished; its file says that it is one.
        looked = status != "finished" and (file := db.execute(_FILE, (crawl,)).fetchone()) and is_look(archive, *file)
        if not looked:
            yield crawl, began, how_it_ended(db, crawl, status)


def _by_files(archive: Archive, site: str) -> LastCrawl | None:
    """When its last file was begun: the crawl may be older."""
    files = archive.warcs_of(site)
    while files and is_look(archive, files[-1].name):
        files.pop()
    if not files:
        return None
    digits = files[-1].name.removeprefix(f"{site}-")[:17]
    with suppress(ValueError):
        return LastCrawl(datetime.strptime(digits[:14], "%Y%m%d%H%M%S").replace(tzinfo=UTC))
    return None


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(read_only_uri(path), uri=True, timeout=10)


def last_sign(archive: Archive, site: str) -> datetime | None:
    """When a crawl of it last wrote to its frontier."""
    signs = [path.stat().st_mtime for path in archive.state.glob(f"{site}.frontier.db*")]
    return datetime.fromtimestamp(max(signs), UTC) if signs else None
