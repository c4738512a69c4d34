"""What Datasette is told of the tables: descriptions, labels, facets, sort orders. The words are the store's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from archive.browse import access, queries
from archive.store.described import Described
from archive.store.descriptions import TABLES
from archive.store.documentation import column_words
from archive.store.view_descriptions import VIEWS

TITLE = "Web archive"
DESCRIPTION = (
    "What a website said, when, and the bytes to prove it. Every row leads to a capture; every capture to a record in "
    "a WARC file. These are archived copies, not the live site."
)

#: the column by which a row is called where another table refers to it
_LABELS = {
    "site": "name", "crawl": "id", "warc": "name", "resource": "url", "payload": "digest", "page_version": "title",
    "capture": "record_id", "organisation": "name", "fact": "value", "section_version": "role", "observation": "role",
    "presence": "value", "change": "kind", "drift": "kind", "problem": "what", "decision": "action", "event": "type",
}  # fmt: skip
#: few values, and worth choosing by. Names of people are never one.
_FACETS = {
    "capture": ["crawl_id", "status", "mime"], "crawl": ["site_id", "status"], "resource": ["kind", "host"],
    "presence": ["role", "state"], "change": ["crawl_id", "kind", "role"], "observation": ["role", "state"],
    "drift": ["crawl_id", "kind", "role"],
    "problem": ["crawl_id", "what"], "fact": ["kind", "tier"], "logo": ["role"], "event": ["type", "outcome"],
    "review": ["kind", "role"], "decided": ["action", "standing"], "curated": ["role", "standing"],
    "correction": ["verdict"], "doubt": ["reason", "role"], "suggestion": ["reason"],
    "broken_link": ["target_status"], "disappeared_document": ["state", "kind"], "unanswered_list": ["role", "status"],
    "listed": ["role", "kind"], "shown": ["role", "state"], "page_version": ["lang"],
}  # fmt: skip
_NEWEST_FIRST = {"capture": "captured_at", "crawl": "started_at", "change": "changed_by", "event": "at",
                 "decision": "made_at",
                 "decided": "made_at", "logo": "last_seen", "presence": "first_seen"}  # fmt: skip

#: keys Datasette asks for far more often than a page is shown, and of which we have nothing to say
_NOT_OURS = {"allow", "allow_sql", "plugins", "extra_css_urls", "extra_js_urls", "tables", "queries", "custom_units"}


def describe_sites(sites: Sequence[Described], operator: str | None) -> dict[str, str]:
    """What Datasette says of all of it: of one site its own words, of several what holds for each."""
    one = sites[0] if len(sites) == 1 else None
    licences, rights = {site.licence for site in sites}, {site.rights for site in sites}
    licence = licences.pop() if len(licences) == 1 else None
    found = {
        "title": one.title if one else operator or TITLE,
        "description": one.description if one else None,
        "license": (rights.pop() if len(rights) == 1 else None) or licence,
        "license_url": licence,
        "source": (one.publisher or one.title) if one and one.home else None,
        "source_url": one.home if one else None,
    }
    return {key: value for key, value in found.items() if value}


def describe(name: str, columns: Iterable[str], existing: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata of one table or view."""
    is_kind = f"current_{name}" in existing or name.startswith("current_")
    says = TABLES.get(name) or VIEWS.get(name)
    if is_kind:
        kind = name.removeprefix("current_").replace("_", " ")
        says = f"What pages list as {kind}{' now' if name.startswith('current_') else ', from when to when'}."
    words = column_words(name)
    found: dict[str, Any] = {"columns": {column: words[column] for column in columns if column in words}}
    if says:
        found["description"] = says
    if name not in TABLES and name not in VIEWS and not is_kind:
        found["hidden"] = True
    if name in _LABELS:
        found["label_column"] = _LABELS[name]
    if name in _FACETS:
        found["facets"] = list(_FACETS[name])
    elif is_kind:
        found["facets"] = ["state", "kind"]
    if name in _NEWEST_FIRST:
        found["sort_desc"] = _NEWEST_FIRST[name]
    return found


def describe_database(existing: Mapping[str, Iterable[str]]) -> dict[str, Any]:
    tables = {name: describe(name, columns, existing) for name, columns in existing.items()}
    return {"description": DESCRIPTION, "tables": tables}


def metadata(datasette: Any, key: str | None) -> dict[str, Any]:
    """For Datasette 0.65, which asks anew each time and writes into what it is given."""
    if key in _NOT_OURS:
        return {}
    found: dict[str, Any] = {"title": TITLE, "description": DESCRIPTION}
    if key in (None, "databases"):
        found["databases"] = {
            name: describe_database(access.tables(datasette, name)) for name in access.archives(datasette)
        }
    return found


async def write_metadata(datasette: Any) -> None:
    """For Datasette 1.0, which keeps metadata in a database of its own; facets and labels are its configuration."""
    if not hasattr(datasette, "set_resource_metadata"):
        return
    for name in access.archives(datasette):
        found = describe_database(access.tables(datasette, name))
        await datasette.set_database_metadata(name, "description", found["description"])
        for table, about in found["tables"].items():
            if "description" in about:
                await datasette.set_resource_metadata(name, table, "description", about["description"])
            for column, words in about["columns"].items():
                await datasette.set_column_metadata(name, table, column, "description", words)


def before_one() -> bool:
    """Whether Datasette is older than 1.0: facets, labels and questions are then metadata, not configuration."""
    from datasette.version import __version__

    return __version__.split(".", maxsplit=1)[0] == "0"


def configuration(existing: Mapping[str, Iterable[str]], name: str) -> dict[str, Any]:
    """For Datasette 1.0: what an archive's database is given as configuration."""
    tables = {
        table: {key: value for key, value in about.items() if key not in ("description", "columns")}
        for table, about in describe_database(existing)["tables"].items()
    }
    return {"databases": {name: {"tables": tables, "queries": queries.definitions(existing.keys())}}}
