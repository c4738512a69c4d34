"""What an archive holds, and what its sites are doing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from archive.databases import damage_said, read_only_uri
from archive.layout import Archive
from crawler.schedule.history import crawls_of

#: of one site
FAILURES_SHOWN = 5
DRIFT_SHOWN = 10
#: the status of a site that was never crawled, as `bewaar sites list` says it
LOOKED_AT = "looked at only"


def state_of(archive: Archive) -> dict[str, Any]:
    files = [path for path in archive.warcs.iterdir() if path.is_file()] if archive.warcs.exists() else []
    return {
        "archive": str(archive.root),
        "warcs": sum(path.name.endswith((".warc.gz", ".warc", ".arc.gz", ".arc", ".wacz")) for path in files),
        "open": sum(path.name.endswith(".open") for path in files),
        "bytes": sum(path.stat().st_size for path in files),
        "sites": [{**site, **_frontier(archive, site["site"])} for site in _sites(archive)],
    }


def not_crawled(site: str) -> dict[str, Any]:
    """Of one that is to be."""
    return {"site": site, "crawls": 0, "last": None, "status": None, "captures": 0, "drifted": 0, "drift": [],
            "running": None, "unfinished": None, "to_go": 0, "failures": [], "damaged": None}  # fmt: skip


def _sites(archive: Archive) -> list[dict[str, Any]]:
    if not archive.database.exists() or not archive.database.stat().st_size:  # left empty by whoever was killed
        return []
    with closing(_read_only(archive.database)) as db:
        db.row_factory = sqlite3.Row
        rows = db.execute(
            "SELECT site_id AS site, max(started_at) AS last, (SELECT count(*) FROM capture "
            "JOIN crawl c ON c.id = capture.crawl_id WHERE c.site_id = crawl.site_id) AS captures "
            "FROM crawl GROUP BY site_id ORDER BY site_id"
        ).fetchall()
        found = [(row, *_crawls(archive, db, row["site"])) for row in rows]
        return [
            {"site": row["site"], "crawls": crawls, "last": last or row["last"], "status": status,
             "captures": row["captures"], **_drift(db, row["site"])}
            for row, crawls, last, status in found
            # An address that was looked at and not added, because it was mistyped, is no site.
            if crawls or (archive.sites / f"{row['site']}.toml").exists()
        ]  # fmt: skip


def _crawls(archive: Archive, db: sqlite3.Connection, site: str) -> tuple[int, str | None, str]:
    """How many there are, and when the last of them began and how it ended; a look is none."""
    crawls = list(crawls_of(archive, db, site))
    others = "SELECT started_at, status FROM crawl WHERE site_id = ? AND status = 'imported' ORDER BY started_at DESC"
    imported = db.execute(others, (site,)).fetchall()
    if not crawls and not imported:
        return 0, None, LOOKED_AT
    last, status = max([(began, status) for _, began, status in crawls] + [tuple(row) for row in imported])
    return len(crawls) + len(imported), last, status


def _drift(db: sqlite3.Connection, site: str) -> dict[str, Any]:
    """What drifted and is not as before again, the latest last."""
    try:
        rows = db.execute(
            "SELECT d.crawl_id AS crawl, d.page_key, d.role, d.kind, d.said FROM drift d "
            "JOIN capture c ON c.id = d.after_capture_id WHERE d.site_id = ? AND d.kind <> 'as before' "
            "AND d.repaired_crawl_id IS NULL ORDER BY c.captured_at, c.warc_date, d.page_key, d.role",
            (site,),
        ).fetchall()
    except sqlite3.OperationalError as error:
        # The database of an older Bewaar, which no crawl has brought up to date.
        if "no such table" not in str(error):
            raise
        rows = []
    return {"drifted": len(rows), "drift": [dict(row) for row in rows[-DRIFT_SHOWN:]]}


def _frontier(archive: Archive, site: str) -> dict[str, Any]:
    """What its last crawl left: the process that goes on with it, the crawl if it is unfinished, how many URLs are
    still to be fetched, what could not be, the latest last, and what is wrong with its frontier."""
    found: dict[str, Any] = {
        "running": archive.holder_of(site),
        "unfinished": None,
        "to_go": 0,
        "failures": [],
        "damaged": None,
    }
    path = archive.state / f"{site}.frontier.db"
    if not path.exists():
        return found
    try:
        found |= _standing(path)
    except sqlite3.DatabaseError as error:
        if damage_said(error) is None:
            raise
        found["damaged"] = f"{path}: {error}"
    return found


def _standing(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with closing(_read_only(path)) as db:
        if unfinished := db.execute("SELECT id FROM crawl WHERE NOT finished ORDER BY rowid DESC").fetchone():
            found["unfinished"] = unfinished[0]
            to_go = "SELECT count(*) FROM url WHERE state IN ('queued', 'leased')"
            found["to_go"] = int(db.execute(to_go).fetchone()[0])
        failed = db.execute(
            "SELECT url, rule FROM url WHERE state = 'failed' ORDER BY id DESC LIMIT ?", (FAILURES_SHOWN,)
        ).fetchall()
        found["failures"] = [{"url": url, "why": why} for url, why in reversed(failed)]
    return found


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(read_only_uri(path), uri=True, timeout=10)
