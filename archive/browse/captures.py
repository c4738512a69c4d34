"""The rows behind a capture page: the capture, its facts, the other captures of its page, the one nearest in time."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote

Row = dict[str, Any]

_URN = re.compile(r"<urn:uuid:([0-9A-Za-z-]{1,60})>")

_CAPTURE = """SELECT c.id, c.record_id, c.record_type, c.captured_at, c.warc_date, c.status, c.mime, c.truncated,
  c.error, c.redirect_to, c.page_key, c.crawl_id, c.resource_id, c.page_version_id, c.via, c.hops, c.original_id,
  coalesce(c.payload_id, oc.payload_id) AS payload, c.warc_offset,
  c.warc_length, c.declared_digest, c.refers_to, c.source_url, w.path AS warc, w.sealed, w.sha256 AS warc_sha256,
  r.url, r.title, k.site_id, s.name AS site, p.digest, p.size, p.width, p.height, v.title AS page_title
FROM capture c JOIN warc w ON w.id = c.warc_id JOIN resource r ON r.id = c.resource_id JOIN crawl k ON k.id = c.crawl_id
  JOIN site s ON s.id = k.site_id LEFT JOIN payload p ON p.id = c.payload_id
  LEFT JOIN capture oc ON oc.id = c.original_id
  LEFT JOIN page_version v ON v.id = c.page_version_id"""
#: others' files may hold one record id twice: the first by date, then by place, is meant
_FIRST = "ORDER BY c.captured_at, w.path, c.warc_offset LIMIT 1"

_FACTS = """SELECT s.role, s.value, s.tier, s.rule, s.quote, s.byte_start, s.byte_end, s.xpath, s.fact_id, f.raw,
  f.organisation_id, f.logo_url
FROM fact_source s JOIN fact f ON f.id = s.fact_id
WHERE s.capture_id = ? ORDER BY s.role, s.byte_start, s.fact_id LIMIT 500"""

#: the rules of linked style sheets that show some of them
_STYLES = (
    """SELECT fact_id, url, record_id, quote, byte_start, byte_end FROM style_source WHERE capture_id = ? LIMIT 500"""
)

_OTHERS = """SELECT c.record_id, c.captured_at, c.status, c.record_type, c.error, r.url, c.page_version_id AS version,
  coalesce(c.payload_id, o.payload_id) AS payload
FROM capture c JOIN resource r ON r.id = c.resource_id LEFT JOIN capture o ON o.id = c.original_id
WHERE c.id IN (SELECT id FROM capture WHERE resource_id = :resource_id UNION SELECT id FROM capture
  WHERE page_key = :page_key AND crawl_id IN (SELECT id FROM crawl WHERE site_id = :site_id))
ORDER BY c.captured_at DESC, c.warc_date DESC LIMIT 200"""

_NEAREST = """SELECT c.record_id, c.record_type, c.captured_at, c.status, coalesce(c.mime, o.mime) AS mime,
  c.redirect_to
FROM resource r JOIN capture c ON c.resource_id = r.id LEFT JOIN capture o ON o.id = c.original_id
WHERE r.url IN (SELECT value FROM json_each(:urls)) AND c.record_type <> 'failure'
ORDER BY abs(julianday(c.captured_at) - julianday(:at)), c.captured_at, c.warc_date LIMIT 1"""


def slug(record_id: str) -> str:
    """A record id as one segment of a path: the UUID, and for others' ids the id escaped.

    >>> slug("<urn:uuid:00000000-0000-4000-8000-000000000001>")
    '00000000-0000-4000-8000-000000000001'
    """
    found = _URN.fullmatch(record_id)
    return found[1] if found else "id:" + quote(record_id, safe="")


def record_id_of(slug: str) -> str:
    """
    >>> record_id_of("id:%3Curn%3Ax%2F1%3E")
    '<urn:x/1>'
    """
    return unquote(slug.removeprefix("id:")) if slug.startswith("id:") else f"<urn:uuid:{slug}>"


def is_record_id(value: object) -> bool:
    return isinstance(value, str) and _URN.fullmatch(value) is not None


async def find_capture(database: Any, record_id: str) -> Row | None:
    return _one(await database.execute(f"{_CAPTURE} WHERE c.record_id = ? {_FIRST}", [record_id]))


async def find_capture_by_row(database: Any, row: int) -> Row | None:
    return _one(await database.execute(f"{_CAPTURE} WHERE c.id = ?", [row]))


async def find_original(database: Any, capture: Row) -> Row | None:
    """The capture that holds the payload: itself, or for a revisit its original."""
    if capture["record_type"] != "revisit":
        return capture
    return await find_capture_by_row(database, capture["original_id"]) if capture["original_id"] is not None else None


async def find_facts(database: Any, capture: Row) -> list[Row]:
    return [dict(row) for row in (await database.execute(_FACTS, [capture["id"]])).rows]


async def find_styles(database: Any, capture: Row) -> dict[int, Row]:
    """By fact, the rule of a style sheet that shows it."""
    if "style_source" not in await database.view_names():  # a file that is served may be of an earlier schema
        return {}
    return {row["fact_id"]: dict(row) for row in (await database.execute(_STYLES, [capture["id"]])).rows}


async def find_others(database: Any, capture: Row) -> list[Row]:
    """Every capture of the same page, this one included, newest first; 200 at most."""
    values = {name: capture[name] for name in ("resource_id", "page_key", "site_id")}
    return [dict(row) for row in (await database.execute(_OTHERS, values)).rows]


async def find_nearest(database: Any, urls_json: str, at: str) -> Row | None:
    """The capture of one of *urls_json* nearest to *at*, the earlier of two that are as near."""
    return _one(await database.execute(_NEAREST, {"urls": urls_json, "at": at}))


def _one(results: Any) -> Row | None:
    row = results.first()
    return dict(row) if row is not None else None
