"""``/``: our own front page. Datasette's would count and look into every table, for each visitor anew, before ours is
shown; it is shown where there is no archive that this visitor may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from datasette.utils.asgi import BadRequest

from archive.browse import access
from archive.browse.pages import page, read_home

_TOLD = ("title", "description", "license", "license_url", "source", "source_url", "about", "about_url")


async def front_page(datasette: Any, request: Any) -> Any:
    found = await read_home(datasette, request) if request.method in ("GET", "HEAD") else None
    if found is None:
        from datasette.views.index import IndexView

        if not hasattr(IndexView, request.method.lower()):
            raise BadRequest(f"No page is asked for by {request.method[:20]}")
        request.scope["url_route"] = {"kwargs": {"format": None}}
        return await IndexView(datasette).dispatch_request(request)
    json = datasette.absolute_url(request, datasette.urls.path("/.json"))
    context = {
        "bewaar": found,
        "metadata": await _metadata(datasette),
        "databases": [{"name": name} for name in await _others(datasette, request.actor, found["database"])],
        "alternate_url_json": json,
    }
    headers = {"Link": f'{json}; rel="alternate"; type="application/json+datasette"'}
    return await page(datasette, request, "bewaar_home.html", context, headers=headers)


async def _metadata(datasette: Any) -> dict[str, Any]:
    if hasattr(datasette, "get_instance_metadata"):
        return dict(await datasette.get_instance_metadata())
    return {key: datasette.metadata(key) for key in _TOLD}  # 0.65


async def _others(datasette: Any, actor: Any, ours: str) -> list[str]:
    return [
        name
        for name in list(datasette.databases)
        if name != ours and await access.may_view_database(datasette, actor, name)
    ]


ROUTES: tuple[tuple[str, Callable[..., Any]], ...] = ((r"^/$", front_page),)
