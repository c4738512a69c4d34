"""On what grounds something is not served: the rules that withhold it, or its erasure. Asked of the archive's own
database, which knows what the served one lacks."""

from __future__ import annotations

import json
from contextlib import closing

from archive.browse.publication import Publication
from archive.store import open_read_only
from archive.store.rules import Rule
from archive.urls import urlkey

_OF_RECORD = """SELECT r.url, c.captured_at FROM capture c JOIN resource r ON r.id = c.resource_id
WHERE c.record_id = ?"""
_OF_ROW = {
    "capture": """SELECT r.url, c.captured_at FROM capture c JOIN resource r ON r.id = c.resource_id WHERE c.id = ?""",
    "resource": """SELECT r.url, c.captured_at FROM resource r JOIN capture c ON c.resource_id = r.id WHERE r.id = ?""",
}


def rules_for(publication: Publication, urls: list[str], captured_at: str | None = None) -> list[Rule]:
    """What withholds captures of one of *urls*: made at *captured_at*, or of all times."""
    keys = {urlkey(url) for url in urls}
    return [
        rule
        for rule in publication.rules
        if any(rule.covers(key) for key in keys)
        and (rule.of_all_times if captured_at is None else rule.since <= captured_at < rule.until)
    ]


def rules_for_record(publication: Publication, record_id: str) -> list[Rule]:
    """What withholds the captures with this record id."""
    return _rules_of(publication, _OF_RECORD, record_id)


def rules_for_row(publication: Publication, table: str, row: int) -> list[Rule]:
    return _rules_of(publication, _OF_ROW[table], row) if row < 1 << 63 else []


def erased_record(publication: Publication, record_id: str) -> tuple[str, str] | None:
    """When a record with this id was erased, and why; None where none was."""
    return _erased(publication, "record_id = ?", record_id)


def erased_url(publication: Publication, urls: list[str]) -> tuple[str, str] | None:
    """The same of a capture of one of *urls*; of an address that must not be told nothing is known."""
    return _erased(publication, "urlkey IN (SELECT value FROM json_each(?))", json.dumps([urlkey(url) for url in urls]))


def _erased(publication: Publication, where: str, value: str) -> tuple[str, str] | None:
    if not publication.archive.database.is_file():
        return None
    with closing(open_read_only(publication.archive.database)) as db:
        sql = f"SELECT erased_at, reason FROM erased WHERE {where} ORDER BY erased_at DESC LIMIT 1"
        found: tuple[str, str] | None = db.conn.execute(sql, (value,)).fetchone()
    return found


def _rules_of(publication: Publication, sql: str, value: str | int) -> list[Rule]:
    if not publication.rules or not publication.archive.database.is_file():
        return []
    with closing(open_read_only(publication.archive.database)) as db:
        found = db.conn.execute(sql, (value,)).fetchall()
    return [rule for rule in publication.rules if any(rule.withholds(url, at) for url, at in found)]
