"""What the front page tells: counts, who is listed now, what changed last. Each part only for those who may see it."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

from archive.browse import access, captures, charts, queries
from archive.browse.changes import LATEST, told
from archive.browse.language import feed_query, gettext
from archive.browse.remembered import remembered

_SITES = "SELECT id, name, home, title, description, rights, licence FROM site ORDER BY name LIMIT 50"
# A crawl that was killed stays so until it is resumed: not "runs now", but "has not ended".
_RUNNING = """SELECT k.id, k.started_at, s.name AS site FROM crawl k JOIN site s ON s.id = k.site_id
WHERE k.status = 'running' ORDER BY k.started_at DESC LIMIT 20"""
_COUNTS = """SELECT (SELECT count(*) FROM crawl) AS crawls, (SELECT count(*) FROM capture) AS captures,
  (SELECT count(*) FROM (SELECT DISTINCT site_id, page_key FROM page_version WHERE text IS NOT NULL)) AS pages,
  (SELECT count(*) FROM organisation) AS organisations, (SELECT count(*) FROM change) AS changes,
  (SELECT min(started_at) FROM crawl) AS first, (SELECT max(captured_at) FROM capture) AS last,
  (SELECT count(*) FROM warc) AS warcs, (SELECT sum(coalesce(w.size, (SELECT c.warc_offset + c.warc_length
    FROM capture c WHERE c.warc_id = w.id ORDER BY c.warc_offset DESC LIMIT 1))) FROM warc w) AS bytes"""
_SPONSORS = """SELECT s.name, s.organisation_id, s.first_seen, s.beneficiary, s.site_id, s.href, s.subject, a.record_id,
  (SELECT c.record_id
  FROM logo l JOIN capture c ON c.id = l.capture_id WHERE l.site_id = s.site_id AND l.page_key = s.page_key
  AND l.role = 'sponsor' AND l.subject = s.subject ORDER BY l.last_seen DESC, l.id DESC LIMIT 1) AS logo
FROM current_sponsor s JOIN capture a ON a.id = s.first_capture_id ORDER BY s.name COLLATE NOCASE LIMIT 200"""
# Where the list is gone nobody knows who is on it: those who were last are shown, and that it is so.
_MEMBERS = """SELECT m.name, m.organisation_id, m.kind, m.state, min(m.first_seen) AS first_seen,
  max(m.last_seen) AS last_seen, m.site_id, m.subject, c.record_id
FROM member m JOIN capture c ON c.id = m.first_capture_id WHERE m.state <> 'ended'
GROUP BY m.site_id, m.subject ORDER BY m.state, m.name COLLATE NOCASE LIMIT 200"""
_GOALS = """SELECT g.value, g.kind, g.state, min(g.first_seen) AS first_seen, max(g.last_seen) AS last_seen, g.site_id,
  g.subject, c.record_id
FROM goal g JOIN capture c ON c.id = g.last_capture_id JOIN fact f ON f.id = g.fact_id WHERE g.state <> 'ended'
GROUP BY g.site_id, g.subject ORDER BY g.state, g.site_id, g.kind, f.position, g.value LIMIT 100"""
#: part of the page -> the tables and views it is read from, and the query
_PARTS: dict[str, tuple[tuple[str, ...], str]] = {
    "sponsors": (("current_sponsor", "logo", "capture"), _SPONSORS),
    "members": (("member", "capture"), _MEMBERS),
    "goals": (("goal", "fact", "capture"), _GOALS),
    "changes": (("change", "site", "organisation", "capture"), LATEST),
}
_MOST_CHANGES = 12
_CHARTED = {"presence", "site", "crawl", "capture"}
_COUNTED = ("crawl", "capture", "page_version", "organisation", "change", "warc")


async def _rows(database: Any, sql: str) -> list[captures.Row]:
    """Without the limit that a visitor's own questions have: it is asked once, whoever many wait for it."""
    return cast("list[captures.Row]", await database.execute_fn(partial(_fetch, sql)))


def _fetch(sql: str, connection: sqlite3.Connection) -> list[captures.Row]:
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _fetch_now(connection: sqlite3.Connection) -> dict[str, Any]:
    """What is read each time: a crawl that begins is told of at once."""
    return {
        "sites": _fetch(_SITES, connection),
        "running": _fetch(_RUNNING, connection),
        "empty": connection.execute("SELECT 1 FROM capture LIMIT 1").fetchone() is None,
    }


async def read(datasette: Any, actor: Any, name: str) -> dict[str, Any]:
    database = datasette.get_database(name)
    existing = access.tables(datasette, name)
    marker = access.marker_of(datasette, name)
    found: dict[str, Any] = {
        "database": name,
        **await database.execute_fn(_fetch_now),
        "operator": marker.operator if marker else None,
        "contact": marker.contact if marker else None,
        "slug": captures.slug,
        "feed_query": feed_query(),
        "others": [other for other in access.archives(datasette) if other != name],
        "counts": None,
    }
    asked = {table for tables, _ in _PARTS.values() for table in tables if table in existing} | set(_COUNTED)
    asked |= _CHARTED & existing.keys()
    seen = {table for table in asked if await access.may_view(datasette, actor, name, table)}

    async def rows(part: str, sql: str) -> list[captures.Row]:
        return await remembered(datasette, name, f"home: {part}", partial(_rows, database, sql))

    if seen >= set(_COUNTED):
        found["counts"] = (await rows("counts", _COUNTS))[0]
    for part, (reads, sql) in _PARTS.items():
        found[part] = await rows(part, sql) if seen >= set(reads) else None
    if found["changes"]:
        found["changes"] = list(told(found["changes"]))[:_MOST_CHANGES]
    found["charts"] = await _charts(rows) if seen >= _CHARTED else None
    offered = queries.definitions(existing.keys(), gettext)
    found["questions"] = [
        {"name": one, **offered[one]} for one in sorted(offered, key=lambda one: offered[one]["title"])
    ]
    return found


async def _charts(rows: Callable[[str, str], Awaitable[list[captures.Row]]]) -> dict[str, Any] | None:
    """What there is to be drawn: nothing of an archive of one crawl, for nothing has happened since."""
    crawled = (await rows("crawled", charts.CRAWLED))[0]
    if crawled["crawls"] < 2:
        return None
    listed = await rows("listed", charts.LISTED)
    period = crawled["first"], max([crawled["last"], *(row["first_seen"] for row in listed)])
    sizes = await rows("sizes", charts.SIZES)
    return {
        "members": charts.over_time(listed, "member", *period),
        "sponsors": charts.over_time(listed, "sponsor", *period),
        "sizes": charts.bars(sizes),
        "most_bytes": max((row["bytes"] for row in sizes), default=0),
        "geometry": {"width": charts.WIDTH, "height": charts.HEIGHT, "lines": charts.MOST_LINES},
    }
