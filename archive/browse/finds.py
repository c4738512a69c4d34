"""``/-/search``: what was found, and the ways to narrow it, all of them links; and the same as JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from datasette.utils.asgi import Response

from archive.browse import access, captures
from archive.browse.answering import answering
from archive.browse.asked import Asked, read_asked
from archive.browse.cells import organisation_path
from archive.browse.holdings import holdings_of
from archive.browse.pages import page
from archive.browse.routes import READS, allowed
from archive.browse.search import CLOSE, DIMENSIONS, OPEN, PER_PAGE, Found, find_names, marked, search

_SITES = "SELECT id, name FROM site ORDER BY name, id"


async def _found(datasette: Any, request: Any) -> tuple[str, Asked, Found, list[dict[str, Any]], bool]:
    """The database's name, the question, what was found, names, and whether sections may be told of."""
    name, _ = await allowed(datasette, request, "page_version", "site", *READS)
    sees_sections = await access.may_view(datasette, request.actor, name, "observation")
    known = {value for value in (await holdings_of(datasette, name)).facets if value[0] != "section" or sees_sections}
    asked = read_asked(
        request.args,
        frozenset(value for dimension, value in known if dimension == "site"),
        frozenset(value for dimension, value in known if dimension == "section"),
    )
    found = await search(datasette, name, asked)
    names = []
    if asked.page == 1 and await access.may_view(datasette, request.actor, name, "organisation", "presence"):
        names = await find_names(datasette, name, asked)
    return name, asked, found, names, sees_sections


def _facets(
    asked: Asked, found: Found, sites: dict[str, str], path: str, *, sees_sections: bool
) -> list[dict[str, Any]]:
    shown = []
    for dimension in DIMENSIONS:
        values = [
            {
                "value": facet.value,
                "label": sites.get(facet.value, facet.value) if dimension == "site" else facet.value,
                "pages": facet.pages,
                "chosen": facet.is_chosen,
                "href": f"{path}?{asked.choosing(dimension, '' if facet.is_chosen else facet.value).query}",
            }
            for facet in found.facets
            if facet.dimension == dimension
        ]
        if (dimension != "section" or sees_sections) and (len(values) > 1 or any(one["chosen"] for one in values)):
            shown.append({"dimension": dimension, "values": values})
    return shown


def _pages(asked: Asked, found: Found, path: str) -> dict[str, str | None]:
    last = -(-found.pages // PER_PAGE)
    is_last = asked.page >= last
    before = max(1, min(asked.page - 1, last))
    return {
        "previous": f"{path}?{replace(asked, page=before).query}" if asked.page > 1 else None,
        "next": None if is_last else f"{path}?{replace(asked, page=asked.page + 1).query}",
    }


@answering
async def search_page(datasette: Any, request: Any) -> Any:
    name, asked, found, names, sees_sections = await _found(datasette, request)
    path = datasette.urls.path("/-/search")
    sites = {row["id"]: row["name"] for row in (await datasette.get_database(name).execute(_SITES)).rows}
    context = {
        "asked": asked,
        "found": found,
        "hits": [hit | {"snippet": marked(hit["snippet"])} for hit in found.hits],
        "first": (asked.page - 1) * PER_PAGE + 1,
        "names": names,
        "facets": _facets(asked, found, sites, path, sees_sections=sees_sections),
        "sites": sites,
        "meant": f"{path}?{replace(asked, text=found.meant).query}" if found.meant else None,
        "json": f"{datasette.urls.path('/-/search.json')}?{asked.query}",
        "database": name,
        "slug": captures.slug,
        **_pages(asked, found, path),
    }
    return await page(datasette, request, "bewaar_search.html", context, headers={"X-Robots-Tag": "noindex"})


@answering
async def search_json(datasette: Any, request: Any) -> Any:
    """The same question and answer; addresses are whole."""
    _, asked, found, names, sees_sections = await _found(datasette, request)

    def absolute(path: str) -> str:
        return str(datasette.absolute_url(request, datasette.urls.path(path)))

    path = absolute("/-/search.json")
    body = {
        "asked": asked.values,
        "ignored": asked.ignored,
        "pages": found.pages,
        "versions": found.versions,
        "is_cut": found.is_cut,
        "hits": [_as_json(hit, absolute) for hit in found.hits],
        "organisations": [
            {"id": one["id"], "name": one["name"], "url": absolute(_organisation(datasette, one["id"]))}
            for one in names
        ],
        "facets": _facets(asked, found, {}, path, sees_sections=sees_sections),
        "meant": found.meant,
        **_pages(asked, found, path),
    }
    return Response.json(body, headers={"X-Robots-Tag": "noindex"})


def _organisation(datasette: Any, key: str) -> str:
    return organisation_path(datasette, key).removeprefix(datasette.setting("base_url").rstrip("/"))


def _as_json(hit: dict[str, Any], absolute: Callable[[str], str]) -> dict[str, Any]:
    """The snippet plain, with where its hits are: ``[from, to]``, in characters."""
    text, marks = "", []
    for number, part in enumerate(hit["snippet"].split(OPEN)):
        inside, closing, after = part.partition(CLOSE)
        if number and closing:
            marks.append([len(text), len(text) + len(inside)])
        text += inside + after
    return {
        **{name: hit[name] for name in ("site_id", "page_key", "title", "versions", "url", "captured_at", "record_id")},
        "snippet": text,
        "marks": marks,
        "capture": absolute(f"/-/capture/{captures.slug(hit['record_id'])}") if hit["record_id"] else None,
    }


ROUTES: tuple[tuple[str, Callable[..., Any]], ...] = (
    (r"^/-/search$", search_page),
    (r"^/-/search\.json$", search_json),
)
