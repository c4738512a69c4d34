"""What the database knows of a WARC file's captures, by place: for packing, which reads the files and asks on, and for
recovery."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from archive.databases import read_only_uri
from archive.model import Capture, PageText, Place


def text_at(connection: sqlite3.Connection, file: str, offset: int, record_id: str) -> PageText | None:
    """The text of the page that the record at this place holds, or is a revisit of."""
    found = connection.execute(
        "SELECT v.title, v.text, v.lang, v.digest FROM warc w JOIN capture c ON c.warc_id = w.id"
        " JOIN page_version v ON v.id = c.page_version_id"
        " WHERE w.path = ? AND c.warc_offset = ? AND c.record_id = ?",
        (file, offset, record_id),
    ).fetchone()
    return PageText(*found) if found else None


def committed_end(database: Path, file: str) -> int:
    """Where the last record of *file* ends that has a row; 0 where there is none, or no database that can be read."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute(
                "SELECT max(c.warc_offset + c.warc_length) FROM warc w JOIN capture c ON c.warc_id = w.id"
                " WHERE w.path = ?",
                (file,),
            ).fetchone()
    except sqlite3.Error:
        return 0
    return found[0] or 0


def sealed_in(database: Path) -> dict[str, str] | None:
    """Hex sha256 of the files whose rows are all there; None where there is no database that can be read."""
    try:
        with closing(sqlite3.connect(read_only_uri(database), uri=True)) as connection:
            return dict(connection.execute("SELECT path, sha256 FROM warc WHERE sealed AND sha256 IS NOT NULL"))
    except sqlite3.Error:
        return None


def captures_in(connection: sqlite3.Connection, path: Path) -> Iterator[Capture] | None:
    """The captures of the file at *path*; None where not all of them are known to be in the database."""
    found = connection.execute(
        "SELECT id FROM warc WHERE path = ? AND sealed AND size = ?", (path.name, path.stat().st_size)
    ).fetchone()
    if found is None:
        return None
    rows = connection.execute(
        "SELECT c.record_id, c.record_type, r.url, r.urlkey, c.warc_date, c.status, c.mime, c.warc_offset,"
        " c.warc_length, c.declared_digest, c.refers_to, c.refers_to_url, c.refers_to_date"
        " FROM capture c JOIN resource r ON r.id = c.resource_id WHERE c.warc_id = ? AND c.record_type <> 'failure'",
        found,
    )
    return (
        Capture(
            record_id=row[0],
            type=row[1],
            url=row[2],
            urlkey=row[3],
            warc_date=row[4],
            status=row[5],
            mime=row[6],
            place=Place(path.name, row[7], row[8]),
            declared_digest=row[9],
            refers_to=row[10],
            refers_to_url=row[11],
            refers_to_date=row[12],
        )
        for row in rows
    )


def sites_beside(connection: sqlite3.Connection, files: Iterable[str]) -> list[str]:
    """The sites whose captures lie in *files*, in ``warcs/``, and those that captured one of the same URLs."""
    found: set[str] = set()
    for file in files:
        rows = connection.execute(
            "SELECT DISTINCT k.site_id FROM warc w JOIN capture c ON c.warc_id = w.id"
            " JOIN capture b ON b.resource_id = c.resource_id JOIN crawl k ON k.id = b.crawl_id"
            " WHERE w.path = ?1 OR substr(w.path, 1, length(?1) + 1) = ?1 || '!'",
            (file,),
        )
        found.update(row[0] for row in rows)
    return sorted(found)


def files_with(connection: sqlite3.Connection, site: str) -> list[str]:
    """The files, as `Place` names them, that hold captures of *site*."""
    rows = connection.execute(
        "SELECT DISTINCT w.path FROM crawl k JOIN capture c ON c.crawl_id = k.id JOIN warc w ON w.id = c.warc_id"
        " WHERE k.site_id = ? ORDER BY w.path",
        (site,),
    )
    return [row[0] for row in rows]
