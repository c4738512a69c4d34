"""Which of Datasette's databases is an archive, where its WARCs lie, and who may see what. Datasette's own differences
between 0.65 and 1.0 are kept in here as far as they can be.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from datasette.utils.asgi import Forbidden, NotFound

from archive.browse.publication import Publication
from archive.errors import NotAnArchive
from archive.layout import Archive

PLUGIN = "bewaar"

#: an archive's database has at least these
_OWN = {"site", "crawl", "capture", "page_version", "presence", "change"}

#: columns by table or view, of the attached databases that were found to be archives: not looked into again
_found: WeakKeyDictionary[Any, Mapping[str, tuple[str, ...]]] = WeakKeyDictionary()

_COLUMNS = """SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
WHERE m.type IN ('table', 'view') ORDER BY m.name, c.cid"""


def tables(datasette: Any, name: str | None) -> Mapping[str, tuple[str, ...]]:
    """The tables and views of a database, each with its columns; none where it is no archive."""
    database = datasette.databases.get(name)
    if database is None or not database.path:
        return {}
    if database not in _found:
        try:
            with closing(database.connect()) as connection:
                found = columns_by_table(connection)
        except sqlite3.Error:
            return {}
        if not found.keys() >= _OWN:
            return {}  # a first crawl may yet make it one: asked again
        _found[database] = found
    return _found[database]


def columns_by_table(connection: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for table, column in connection.execute(_COLUMNS):
        found[table] = (*found.get(table, ()), column)
    return found


def is_archive(datasette: Any, name: str | None) -> bool:
    return bool(tables(datasette, name))


def archives(datasette: Any) -> list[str]:
    """The names of the databases that are archives."""
    return [name for name in list(datasette.databases) if is_archive(datasette, name)]


def is_unwritten(datasette: Any) -> bool:
    """Whether `serve` began before anything was written into the archive's database, and nothing was since."""
    return bool(settings(datasette).get("unwritten")) and not archives(datasette)


def archive_name(datasette: Any) -> str:
    """The database our own pages are about: the first one. Raises NotFound."""
    name = next(iter(archives(datasette)), None)
    if name is None:
        raise NotFound("No archive is served here")
    return name


def settings(datasette: Any) -> dict[str, Any]:
    found = datasette.plugin_config(PLUGIN)
    return found if isinstance(found, dict) else {}


def warcs_of(datasette: Any, name: str) -> Path:
    """The directory of WARCs: the plugin's setting ``warcs``, else ``warcs/`` beside the database."""
    given = settings(datasette).get("warcs")
    if isinstance(given, str):
        return Path(given)
    publication = publication_of(datasette, name)
    return publication.archive.warcs if publication else _beside(datasette, name) / "warcs"


def marker_of(datasette: Any, name: str) -> Archive | None:
    """What ``bewaar.toml`` beside the database says; None where the database stands alone."""
    publication = publication_of(datasette, name)
    if publication:
        return publication.archive
    try:
        return Archive.open(_beside(datasette, name))
    except NotAnArchive:
        return None


def _beside(datasette: Any, name: str) -> Path:
    return Path(datasette.databases[name].path).absolute().parent


def publication_of(datasette: Any, name: str | None) -> Publication | None:
    """What is served in place of a database of an archive; None where the database stands alone."""
    found = getattr(datasette.databases.get(name), "publication", None)
    return found if isinstance(found, Publication) else None


def publications(datasette: Any) -> list[Publication]:
    found = (publication_of(datasette, name) for name in list(datasette.databases))
    return [publication for publication in found if publication]


def served(datasette: Any) -> list[object]:
    """Equal while the same files are served, with the same withheld from them."""
    return [publication.state() for publication in publications(datasette)]


def is_public(datasette: Any) -> bool:
    return any(publication.public for publication in publications(datasette))


async def may_view(datasette: Any, actor: Any, database: str, *tables: str) -> bool:
    try:
        await check_view(datasette, actor, database, *tables)
    except Forbidden:
        return False
    return True


async def check_view(datasette: Any, actor: Any, database: str, *tables: str) -> None:
    """Raises Forbidden unless *actor* may view every one of *tables*. Datasette checks its own routes only."""
    for table in tables:
        if hasattr(datasette, "ensure_permissions"):  # 0.65
            await datasette.ensure_permissions(
                actor, [("view-table", (database, table)), ("view-database", database), "view-instance"]
            )
        else:
            from datasette.resources import TableResource

            await datasette.ensure_permission(action="view-table", resource=TableResource(database, table), actor=actor)


async def may_view_database(datasette: Any, actor: Any, database: str) -> bool:
    try:
        if hasattr(datasette, "ensure_permissions"):  # 0.65
            await datasette.ensure_permissions(actor, [("view-database", database), "view-instance"])
        else:
            from datasette.resources import DatabaseResource

            await datasette.ensure_permission(action="view-database", resource=DatabaseResource(database), actor=actor)
    except Forbidden:
        return False
    return True


async def check_instance(datasette: Any, actor: Any) -> None:
    if hasattr(datasette, "ensure_permissions"):  # 0.65
        await datasette.ensure_permissions(actor, ["view-instance"])
    else:
        await datasette.ensure_permission(action="view-instance", actor=actor)


def templates(datasette: Any, request: Any = None) -> Any:
    """Jinja's environment."""
    return (
        datasette.get_jinja_environment(request)
        if hasattr(datasette, "get_jinja_environment")
        else datasette.jinja_env  # 0.65
    )


async def title(datasette: Any) -> str | None:
    """What the operator calls it."""
    if hasattr(datasette, "get_instance_metadata"):
        found = (await datasette.get_instance_metadata()).get("title")
    else:  # 0.65
        found = datasette.metadata("title")
    return found if isinstance(found, str) else None
