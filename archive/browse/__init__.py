"""The Datasette plugin: what a visitor sees of an archive.

Datasette imports this module while it is itself being imported, so nothing of Datasette may be needed here: the hooks
are marked with pluggy's own marker and import their rooms when they are called.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from pluggy import HookimplMarker

hookimpl = HookimplMarker("datasette")


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., Any]]]:
    from archive.browse import about, cdx, crawls, finds, front, news, organisations, routes, timemaps, versions

    rooms = (front, routes, about, news, organisations, versions, crawls, timemaps, cdx, finds)
    return [route for room in rooms for route in room.ROUTES]


@hookimpl
def render_cell(  # noqa: PLR0917 - pluggy passes what the signature names
    row: Any, value: Any, column: str, table: str | None, database: str, datasette: Any
) -> Any:
    from archive.browse.cells import render

    return render(datasette, database, table, column, value=value, row=row)


@hookimpl
def get_metadata(datasette: Any, key: str | None) -> dict[str, Any]:
    """Asked for by Datasette 0.65; from 1.0 on `startup` writes the same."""
    from archive.browse.metadata import metadata

    return metadata(datasette, key)


@hookimpl
def startup(datasette: Any) -> Callable[[], Awaitable[None]]:
    from archive.browse.metadata import write_metadata
    from archive.browse.served import serve_archives_instead

    async def started() -> None:
        serve_archives_instead(datasette)
        await write_metadata(datasette)

    return started


@hookimpl
def canned_queries(datasette: Any, database: str) -> Callable[[], Awaitable[dict[str, Any]]]:
    from archive.browse.queries import offered

    return lambda: offered(datasette, database)


@hookimpl
def extra_template_vars(template: str, request: Any, datasette: Any) -> Callable[[], Awaitable[dict[str, Any]]]:
    from archive.browse.pages import template_vars

    return lambda: template_vars(datasette, request, template)


@hookimpl
def prepare_jinja2_environment(env: Any) -> None:
    from archive.browse.filters import install
    from archive.browse.labels import labelled

    env.filters["bewaar_labelled"] = labelled
    install(env)


@hookimpl
def extra_body_script(datasette: Any, database: str | None, view_name: str) -> str | None:
    from archive.browse.labels import editor_script

    return editor_script(datasette, database, view_name)


@hookimpl
def menu_links(datasette: Any) -> list[dict[str, str]]:
    from archive.browse.pages import menu

    return menu(datasette)


@hookimpl
def asgi_wrapper(datasette: Any) -> Callable[[Any], Any]:
    from archive.browse.shield import shield

    return lambda app: shield(app, datasette)


@hookimpl(hookwrapper=True)
def handle_exception(datasette: Any, request: Any, exception: BaseException) -> Generator[None, Any, None]:
    from archive.browse.faults import replace_default

    outcome = yield
    outcome.force_result(replace_default(outcome.get_result(), datasette, request, exception))


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    from archive.browse.search import match_expression

    # `?sql=` may build a text of a gigabyte in a moment; nothing in the tables is half as long as this.
    conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 64 << 20)
    conn.create_function("match_expression", 1, match_expression, deterministic=True)
