"""What an archive holds and what its sites are doing, for ``bewaar status``. Reads only."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from archive.databases import read_only_uri
from archive.layout import Archive


def state_of(archive: Archive) -> dict[str, Any]:
    files = [path for path in archive.warcs.iterdir() if path.is_file()] if archive.warcs.exists() else []
    return {
        "archive": str(archive.root),
        "warcs": sum(path.name.endswith((".warc.gz", ".warc")) for path in files),
        "open": sum(path.name.endswith(".open") for path in files),
        "bytes": sum(path.stat().st_size for path in files),
        "sites": [{**site, "to_go": _to_go(archive, site["site"])} for site in _sites(archive)],
    }


def _sites(archive: Archive) -> list[dict[str, Any]]:
    if not archive.database.exists():
        return []
    with closing(_read_only(archive.database)) as db:
        db.row_factory = sqlite3.Row
        rows = db.execute(
            "SELECT site_id AS site, count(*) AS crawls, max(started_at) AS last, "
            "(SELECT status FROM crawl c WHERE c.site_id = crawl.site_id ORDER BY started_at DESC LIMIT 1) AS status, "
            "(SELECT count(*) FROM capture JOIN crawl c ON c.id = capture.crawl_id WHERE c.site_id = crawl.site_id) "
            "AS captures FROM crawl GROUP BY site_id ORDER BY site_id"
        ).fetchall()
        return [dict(row) for row in rows]


def _to_go(archive: Archive, site: str) -> int:
    """URLs of an unfinished crawl that are still to be fetched."""
    path = archive.state / f"{site}.frontier.db"
    if not path.exists():
        return 0
    with closing(_read_only(path)) as db:
        if db.execute("SELECT 1 FROM crawl WHERE NOT finished").fetchone() is None:
            return 0
        return int(db.execute("SELECT count(*) FROM url WHERE state IN ('queued', 'leased')").fetchone()[0])


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(read_only_uri(path), uri=True, timeout=10)
