"""What a crawl kept, as its files and its rows tell."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

from archive.store import open_read_only
from archive.store.compare import Dump, dump
from archive.warc.reader import read_records
from tests.site_server import Site


def captured(archive: Path) -> Counter[str]:
    """URLs by how many response records the WARC files hold of them."""
    return Counter(
        record.url
        for path in sorted((archive / "warcs").glob("*.warc.gz"))
        for record in read_records(path)
        if record.type == "response" and record.url
    )


def query(root: Path, sql: str, *values: object) -> list[tuple]:
    with closing(sqlite3.connect(f"file:{root / 'archive.db'}?mode=ro", uri=True)) as db:
        return db.execute(sql, values).fetchall()


def dumped(archive: Path) -> Dump:
    db = open_read_only(archive / "archive.db")
    try:
        return dump(db.conn)
    finally:
        db.close()


def wait_for(site: Site, requests: int) -> None:
    """Until the site has been asked that often."""
    deadline = time.monotonic() + 30
    while len(site.asked) < requests:
        assert time.monotonic() < deadline
        time.sleep(0.01)
