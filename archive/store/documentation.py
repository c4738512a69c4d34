"""The words for tables and columns, laid out: for Datasette's metadata and for ``docs/schema.md``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archive.model import Fact
from archive.store.descriptions import DESCRIPTIONS, LAYERS, TABLES
from archive.store.view_descriptions import VIEW_COLUMNS, VIEWS
from archive.store.views import extra_fields, view_name

#: of the views of kinds, where the table's column does not say it
_VIEW_COLUMNS: dict[str, str] = {
    "name": "The organisation's name, or what stands on the page.",
    "beneficiary": "Name of whom it benefits.",
    "presence_id": "The presence.",
    "chair": "1 when the page names it as chair.",
    "chair_since": "The year since which it is chair.",
    "compound": "1 when one list item names two organisations.",
    "alt": "The image's alt text as it stands, upload names included.",
    "fact_id": "The fact.",
    "capture_id": "The capture.",
    "observation_id": "The observation.",
    "warc": "The WARC file.",
    "payload_digest": "Our digest of the payload.",
    "digest": "Our digest of a logo's payload.",
    "other_digest": "That of a file that shows the same picture.",
    "place": "Where it is, as the list says: a town, a region.",
}
#: of tables that have a column of one name, the last says what it means in a view
_SPEAKING = (
    *("alike", "payload", "link", "resource", "evidence", "section_version", "observation", "crawl", "capture"),
    *("presence", "fact"),
)
_IN_VIEWS = {column: said for table in _SPEAKING for column, said in DESCRIPTIONS[table].items()} | _VIEW_COLUMNS


def column_words(name: str) -> Mapping[str, str]:
    """What the columns of a table or view are called to mean; a view's kind may add columns that have no words here."""
    return DESCRIPTIONS.get(name) or _IN_VIEWS | VIEW_COLUMNS.get(name, {})


def describe_kind(kind: type[Fact]) -> tuple[str, dict[str, str]]:
    """The view of a kind: its sentence and its columns."""
    said = (kind.__doc__ or kind.__name__).split("\n\n")[0].replace("\n", " ")
    columns = DESCRIPTIONS["fact"] | DESCRIPTIONS["presence"] | _VIEW_COLUMNS
    return " ".join(said.split()), columns | {
        name: columns.get(name, f"{name.replace('_', ' ').capitalize()}.") for name in extra_fields(kind)
    }


def datasette_tables(kinds: Sequence[type[Fact]]) -> dict[str, dict[str, object]]:
    """Description and columns of every table and view, as Datasette's metadata wants them."""
    found: dict[str, dict[str, object]] = {
        table: {"description": TABLES[table], "columns": columns} for table, columns in DESCRIPTIONS.items()
    }
    found |= {view: {"description": said, "columns": column_words(view)} for view, said in VIEWS.items()}
    for kind in kinds:
        said, columns = describe_kind(kind)
        name = view_name(kind)
        found[name] = {"description": said, "columns": columns}
        found[f"current_{name}"] = {"description": f"{said} Listed now; one row per subject.", "columns": columns}
    return found


def schema_markdown(kinds: Sequence[type[Fact]]) -> str:
    """The generated part of ``docs/schema.md``."""
    lines: list[str] = []
    for layer, tables in LAYERS.items():
        lines += [f"## {layer}", ""]
        for table in tables:
            lines += [f"### {table}", "", TABLES[table], "", "| column | means |", "| --- | --- |"]
            lines += [f"| `{column}` | {said} |" for column, said in DESCRIPTIONS[table].items()]
            lines.append("")
    lines += ["## Views", ""]
    lines += [f"- `{view}`: {said}" for view, said in VIEWS.items()]
    for view, columns in VIEW_COLUMNS.items():
        lines += ["", f"### {view}", "", "| column | means |", "| --- | --- |"]
        lines += [f"| `{column}` | {said} |" for column, said in columns.items()]
    lines += [
        "",
        "### Kinds of fact",
        "",
        "Each kind of fact has a view, and one of the same name with `current_` before it: what is listed now, one row",
        "per subject. Their columns are those of `presence` and `fact`, with `name`, `beneficiary` and what the kind",
        "adds.",
        "",
        "| view | holds | adds |",
        "| --- | --- | --- |",
    ]
    for kind in kinds:
        extra = ", ".join(f"`{name}`" for name in extra_fields(kind)) or "nothing"
        lines.append(f"| `{view_name(kind)}` | {describe_kind(kind)[0]} | {extra} |")
    return "\n".join(lines) + "\n"
