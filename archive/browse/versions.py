"""``/-/page/<capture>``: one page through time, each text it had, and what changed between two of them.

A page goes by any capture of it, so that its address outlives the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from datasette.utils.asgi import NotFound

from archive.browse import access, captures, mementos, withheld
from archive.browse.answering import Refusal, answering
from archive.browse.captures import Row
from archive.browse.comparison import MOST_LINES, compare
from archive.browse.language import gettext
from archive.browse.pages import page
from archive.browse.replays import replay_address, replay_of
from archive.browse.routes import READS, allowed

_SHOWN = (*READS, "page_version")

_VERSIONS = """SELECT v.id, v.title, v.words, v.lang, min(c.captured_at) AS first_seen, max(c.captured_at) AS last_seen,
  count(*) AS captures, (SELECT record_id FROM capture d WHERE d.page_version_id = v.id
  ORDER BY d.captured_at, d.warc_date, d.id LIMIT 1) AS record_id,
  (SELECT r.url FROM capture d JOIN resource r ON r.id = d.resource_id WHERE d.page_version_id = v.id
  ORDER BY d.captured_at, d.warc_date, d.id LIMIT 1) AS url
FROM page_version v JOIN capture c ON c.page_version_id = v.id
WHERE v.site_id = :site_id AND v.page_key = :page_key GROUP BY v.id ORDER BY first_seen DESC, v.id DESC LIMIT 500"""
_ADDRESSES = """SELECT DISTINCT r.url
FROM capture c JOIN crawl k ON k.id = c.crawl_id JOIN resource r ON r.id = c.resource_id
WHERE c.page_key = :page_key AND k.site_id = :site_id ORDER BY r.url LIMIT 50"""
_UNREAD = """SELECT count(*) FROM capture c JOIN crawl k ON k.id = c.crawl_id
WHERE c.page_key = :page_key AND k.site_id = :site_id AND c.page_version_id IS NULL"""
_TEXT = "SELECT v.text FROM page_version v WHERE v.id = ?"


async def _page_of(datasette: Any, request: Any, name: str = "id") -> tuple[str, Any, Row]:
    """A capture of the page that is asked for. Raises NotFound, Refusal."""
    database_name, database = await allowed(datasette, request, *_SHOWN)
    record_id = captures.record_id_of(request.url_vars[name])
    capture = await captures.find_capture(database, record_id)
    if capture is None:
        await withheld.check_record(datasette, database_name, record_id)
        raise NotFound(gettext("No capture has the record id %(id)s") % {"id": record_id[:200]})
    if capture["page_key"] is None:
        only = gettext("Only pages are compared; this capture is of something else")
        raise Refusal(404, gettext("Not a page"), only)
    return database_name, database, capture


def _headers(datasette: Any) -> dict[str, str]:
    return {} if access.settings(datasette).get("index") else {"X-Robots-Tag": "noindex"}


@answering
async def page_page(datasette: Any, request: Any) -> Any:
    name, database, capture = await _page_of(datasette, request)
    key = {"site_id": capture["site_id"], "page_key": capture["page_key"]}
    versions = [dict(row) for row in (await database.execute(_VERSIONS, key)).rows]
    origin = replay_of(datasette, request, name)
    for version in versions:
        version["permalink"] = datasette.urls.path(mementos.by_date(version["url"], version["first_seen"]))
        version["replay"] = replay_address(origin, version["first_seen"], version["url"])
    context = {
        "capture": capture,
        "versions": versions,
        "addresses": [row["url"] for row in (await database.execute(_ADDRESSES, key)).rows],
        "unread": (await database.execute(_UNREAD, key)).first()[0],
        "database": name,
        "slug": captures.slug,
    }
    return await page(datasette, request, "bewaar_page.html", context, headers=_headers(datasette))


@answering
async def page_diff(datasette: Any, request: Any) -> Any:
    """Of two captures of one page, whatever their order in the address: what the later one says otherwise."""
    name, database, one = await _page_of(datasette, request)
    _, _, other = await _page_of(datasette, request, "other")
    if (one["site_id"], one["page_key"]) != (other["site_id"], other["page_key"]):
        pages = {"one": one["page_key"], "other": other["page_key"]}
        two = gettext("These are captures of two pages, %(one)s and %(other)s") % pages
        raise Refusal(404, gettext("Two pages"), two)
    before, after = sorted((one, other), key=lambda capture: (capture["captured_at"], capture["warc_date"]))
    texts = []
    for capture in (before, after):
        row = (await database.execute(_TEXT, [capture["page_version_id"]])).first()
        if row is None:
            unread = gettext("Of the capture of %(at)s no text was read") % {"at": capture["captured_at"]}
            raise Refusal(404, gettext("No text"), unread)
        texts.append(row["text"])
    lines = await asyncio.to_thread(compare, *texts)
    context = {
        "before": before,
        "after": after,
        "lines": lines,
        "cut": max(text.count("\n") for text in texts) >= MOST_LINES,
        "most": MOST_LINES,
        "database": name,
        "slug": captures.slug,
    }
    return await page(datasette, request, "bewaar_diff.html", context, headers=_headers(datasette))


_SLUG = r"[0-9A-Za-z-]{1,60}|id:[^/]{1,1000}"
ROUTES: tuple[tuple[str, Callable[..., Any]], ...] = (
    (rf"^/-/page/(?P<id>{_SLUG})$", page_page),
    (rf"^/-/page/(?P<id>{_SLUG})/diff/(?P<other>{_SLUG})$", page_diff),
)
