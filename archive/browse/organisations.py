"""``/-/organisations``: all of them; ``/-/organisation/<key>``: one, over all sites, and where each thing that is said
of it was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from datasette.utils.asgi import NotFound

from archive.browse import access, captures
from archive.browse.answering import answering
from archive.browse.captures import Row
from archive.browse.cells import picture_size
from archive.browse.changes import read_changes
from archive.browse.charts import WIDTH, Axis
from archive.browse.language import feed_query, gettext
from archive.browse.pages import page
from archive.browse.routes import allowed

_READS = ("organisation", "presence", "capture", "site")

_ALIASES = """SELECT alias, source, sightings FROM organisation_alias
WHERE organisation_id = ? AND alias <> ? ORDER BY sightings DESC, alias LIMIT 100"""
_LISTED = """SELECT p.role, p.kind, p.value, p.state, p.year, p.absent_before, p.first_seen, p.last_seen, p.gone_by,
  p.sightings, p.site_id, p.subject, s.name AS site, p.page_key, p.decided_by, f.href, f.name_source, e.quote,
  a.record_id AS first_record, b.record_id AS last_record, g.record_id AS gone_record
FROM presence p JOIN site s ON s.id = p.site_id JOIN fact f ON f.id = p.fact_id
  JOIN capture a ON a.id = p.first_capture_id JOIN capture b ON b.id = p.last_capture_id
  LEFT JOIN capture g ON g.id = p.gone_capture_id
  LEFT JOIN observation v ON v.role = p.role AND v.capture_id = a.id
  LEFT JOIN evidence e ON e.observation_id = v.id AND e.fact_id = p.fact_id
WHERE p.organisation_id = ? GROUP BY p.id ORDER BY p.first_seen, s.name, p.role, p.page_key LIMIT 500"""
_LOGOS = """SELECT c.record_id, l.role, s.name AS site, coalesce(f.first_seen, l.first_seen) AS first_seen,
  coalesce(f.last_seen, l.last_seen) AS last_seen, r.url, p.media_type, p.width, p.height
FROM logo l JOIN site s ON s.id = l.site_id LEFT JOIN logo_file f ON f.logo_id = l.id
  JOIN capture c ON c.id = coalesce(f.capture_id, l.capture_id) JOIN resource r ON r.id = c.resource_id
  JOIN payload p ON p.id = coalesce(f.payload_id, l.payload_id)
WHERE l.organisation_id = ? ORDER BY first_seen, r.url LIMIT 200"""
_SUPPORTED = """SELECT DISTINCT o.id, o.name, p.role, p.state
FROM presence p JOIN organisation o ON o.id = p.organisation_id
WHERE p.beneficiary_id = ? AND o.id <> p.beneficiary_id ORDER BY p.state, o.name LIMIT 200"""
_PERIOD = """SELECT min(c.captured_at), max(c.captured_at) FROM capture c JOIN crawl k ON k.id = c.crawl_id
WHERE k.site_id IN (SELECT site_id FROM presence WHERE organisation_id = ?) AND c.captured_at >= '1990'"""
_ALL = """SELECT o.id, o.name, group_concat(DISTINCT p.role) AS roles, min(p.first_seen) AS first_seen,
  max(p.last_seen) AS last_seen, max(p.state = 'current') AS is_current
FROM organisation o JOIN presence p ON p.organisation_id = o.id
GROUP BY o.id ORDER BY o.name COLLATE NOCASE, o.id LIMIT 10001"""
#: organisations on one page; where there are more it says so
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Bar:
    """On a line of `WIDTH`: from the first to the last capture that shows it, and how far it may have reached."""

    start: float
    width: float
    #: to the captures before and after that do not show it
    may_start: float
    may_width: float


def bar(row: Row, first: str, last: str) -> Bar:
    """Where *row* lies on a line from *first* to *last*, texts of times.

    >>> row = {"first_seen": "2016-01-01T00:00:00Z", "last_seen": "2018-01-01T00:00:00Z"}
    >>> bar(row | {"absent_before": None, "gone_by": None}, "2016-01-01T00:00:00Z", "2020-01-01T00:00:00Z").width
    500.3
    """
    axis = Axis.between(first, last)
    start, stop = axis.place(row["first_seen"]), axis.place(row["last_seen"])
    may_start = axis.place(row["absent_before"]) if row["absent_before"] else start
    may_stop = axis.place(row["gone_by"]) if row["gone_by"] else stop
    # What was seen once is a mark that can be seen.
    width = max(round(stop - start, 1), 6.0)
    return Bar(min(start, WIDTH - width), width, may_start, round(max(may_stop, stop) - may_start, 1))


async def _rows(database: Any, sql: str, *values: Any) -> list[Row]:
    return [dict(row) for row in (await database.execute(sql, values)).rows]


@answering
async def organisation_page(datasette: Any, request: Any) -> Any:
    name, database = await allowed(datasette, request, *_READS)
    key = unquote(request.url_vars["key"])
    found = (await database.execute("SELECT id, name FROM organisation WHERE id = ?", [key])).first()
    if found is None:
        raise NotFound(gettext("This archive knows no organisation %(key)s") % {"key": ascii(key[:200])})
    listed = await _rows(database, _LISTED, key)
    first, last = (await _rows(database, _PERIOD, key))[0].values()
    for row in listed:
        row["bar"] = bar(row, first, last)

    async def seen(tables: tuple[str, ...], sql: str, *values: Any) -> list[Row]:
        existing = access.tables(datasette, name)
        if not existing.keys() >= set(tables) or not await access.may_view(datasette, request.actor, name, *tables):
            return []
        return await _rows(database, sql, *values)

    context = {
        "organisation": dict(found),
        "aliases": await seen(("organisation_alias",), _ALIASES, key, found["name"]),
        "listed": listed,
        "period": (first, last),
        "width": WIDTH,
        "picture_size": picture_size,
        "logos": await seen(("logo", "logo_file", "payload"), _LOGOS, key),
        "supported": await seen(("presence",), _SUPPORTED, key),
        "changes": [],
        "database": name,
        "feed_language": feed_query(first=False),
        "slug": captures.slug,
    }
    if await access.may_view(datasette, request.actor, name, "change"):
        context["changes"] = await read_changes(database, organisation=key, limit=50)
    headers = {} if access.settings(datasette).get("index") else {"X-Robots-Tag": "noindex"}
    return await page(datasette, request, "bewaar_organisation.html", context, headers=headers)


@answering
async def organisations_page(datasette: Any, request: Any) -> Any:
    name, database = await allowed(datasette, request, *_READS)
    rows = await _rows(database, _ALL)
    context = {"organisations": rows[:_MOST], "more": len(rows) > _MOST, "database": name}
    headers = {} if access.settings(datasette).get("index") else {"X-Robots-Tag": "noindex"}
    return await page(datasette, request, "bewaar_organisations.html", context, headers=headers)


ROUTES: tuple[tuple[str, Callable[..., Any]], ...] = (
    (r"^/-/organisations$", organisations_page),
    (r"^/-/organisation/(?P<key>[^/]{1,1000})$", organisation_page),
)
