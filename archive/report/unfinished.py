"""Crawls that were stopped and can be gone on with, as their frontiers tell; the database may have no row of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress

from archive.databases import read_only_uri
from archive.errors import WrongUse
from archive.layout import Archive

_SUFFIX = ".frontier.db"


def unfinished_crawls(archive: Archive, site: str | None = None) -> Iterator[tuple[str, str, str]]:
    """Site, id and beginning of each, or of that of *site*; none that goes on now."""
    for path in sorted(archive.state.glob(f"*{_SUFFIX}")):
        name = path.name.removesuffix(_SUFFIX)
        # One that is damaged is told of by `bewaar status`; others may read an archive, and not its state.
        with suppress(sqlite3.Error, OSError, WrongUse):
            if (site is None or name == site) and archive.holder_of(name) is None:
                with closing(sqlite3.connect(read_only_uri(path), uri=True, timeout=10)) as db:
                    query = "SELECT id, started_at FROM crawl WHERE NOT finished ORDER BY rowid DESC LIMIT 1"
                    yield from ((name, *row) for row in db.execute(query).fetchall())
