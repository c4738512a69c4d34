"""``/-/about``: who keeps this archive, how it was made, what is in it and what is not, and whom to ask.

A public instance tells nothing of the machine: versions of what serves it help nobody but who looks for a hole in it.
What the crawls were made with is told everywhere, for it stands in every WARC file.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from typing import Any

from archive import times
from archive.browse import access
from archive.browse.answering import answering
from archive.browse.captures import Row
from archive.browse.pages import page
from archive.browse.routes import allowed

_READS = ("site", "crawl")

_SITES = """SELECT s.id, s.name, s.title, s.home, s.rights, count(k.id) AS crawls, min(k.started_at) AS first,
  max(coalesce(k.finished_at, k.started_at)) AS last
FROM site s LEFT JOIN crawl k ON k.site_id = s.id GROUP BY s.id ORDER BY coalesce(s.title, s.name) LIMIT 200"""
_CRAWLS = """SELECT id, started_at, coalesce(finished_at, started_at) AS ended_at, status FROM crawl
WHERE site_id = ? AND started_at > '0002' ORDER BY started_at"""
_CLOSING = "SELECT report FROM closing WHERE crawl_id = ? ORDER BY finished_at DESC LIMIT 1"
_SOFTWARE = "SELECT DISTINCT software FROM crawl WHERE software <> '' ORDER BY software LIMIT 20"

#: a site's longest times without a crawl that are told, and how many days make one
_MOST_GAPS, _SHORTEST_GAP_DAYS = 5, 7
_MOST_SEEDS = 20


def contact_href(contact: str | None) -> str | None:
    """
    >>> contact_href("a@example.org"), contact_href("https://example.org/contact")
    ('mailto:a@example.org', 'https://example.org/contact')
    """
    if contact is None:
        return None
    return contact if contact.startswith(("http://", "https://")) else f"mailto:{contact}"


def gaps(crawls: list[Row]) -> list[dict[str, Any]]:
    """The longest times between the end of a crawl and the beginning of the next, in order of time."""
    found = []
    for before, after in itertools.pairwise(crawls):
        days = (_at(after["started_at"]) - _at(before["ended_at"])).days
        if days >= _SHORTEST_GAP_DAYS:
            found.append({"days": days, "since": before["ended_at"], "until": after["started_at"]})
    longest = sorted(found, key=lambda gap: -gap["days"])[:_MOST_GAPS]
    return sorted(longest, key=lambda gap: str(gap["since"]))


def _at(text: str) -> datetime:
    return times.parse(text)


def left_out(report: str) -> dict[str, Any]:
    """What a crawl says itself that it did not get: seeds that failed, URLs that robots.txt keeps from it."""
    try:
        told = json.loads(report)
        seeds = [seed for seed in told.get("seeds", []) if seed.get("problem") or not _is_good(seed.get("status"))]
        refusals = told.get("refusals", {})
        return {"seeds": seeds[:_MOST_SEEDS], "robots": int(refusals.get("robots", 0)), "failed": int(told["failed"])}
    except (ValueError, TypeError, AttributeError, KeyError):
        return {}  # a file somebody else wrote


def _is_good(status: Any) -> bool:
    return isinstance(status, int) and 200 <= status < 400


def versions() -> list[tuple[str, str]]:
    """Of what serves this page."""
    named = [(name, version(name.lower())) for name in ("Bewaar", "Datasette")]
    return [*named, ("SQLite", sqlite3.sqlite_version)]


@answering
async def about_page(datasette: Any, request: Any) -> Any:
    name, database = await allowed(datasette, request, *_READS)
    marker = access.marker_of(datasette, name)
    sees_closings = "closing" in access.tables(datasette, name) and await access.may_view(
        datasette, request.actor, name, "closing"
    )
    sites = []
    for row in (await database.execute(_SITES)).rows:
        crawls = [dict(crawl) for crawl in (await database.execute(_CRAWLS, [row["id"]])).rows]
        closing = None
        if crawls and sees_closings:
            closing = (await database.execute(_CLOSING, [crawls[-1]["id"]])).first()
        sites.append(
            dict(row)
            | {
                "gaps": gaps(crawls),
                "unfinished": [crawl for crawl in crawls if crawl["status"] not in ("finished", "imported")][-10:],
                "left_out": left_out(closing["report"]) if closing else {},
                "latest": crawls[-1] if crawls else None,
            }
        )
    context = {
        "title": await access.title(datasette),
        "operator": marker.operator if marker else None,
        "contact": marker.contact if marker else None,
        "contact_href": contact_href(marker.contact if marker else None),
        "sites": sites,
        "software": [row["software"] for row in (await database.execute(_SOFTWARE)).rows],
        "versions": [] if access.is_public(datasette) else versions(),
        "database": name,
    }
    return await page(datasette, request, "bewaar_about.html", context)


ROUTES: tuple[tuple[str, Callable[..., Any]], ...] = ((r"^/-/about$", about_page),)
