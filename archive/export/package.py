"""``datapackage.json``: a Frictionless tabular data package (Data Package 1.0, Table Schema 1.0) over CSV files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archive.export.dataset import Dataset
from archive.export.tables import Column, Table
from archive.formulas import ESCAPING

_TYPES = {"TEXT": "string", "INTEGER": "integer", "REAL": "number"}


def describe_package(
    dataset: Dataset, tables: Sequence[Table], files: Sequence[tuple[str, int, str]]
) -> dict[str, Any]:
    """*files* of the *tables*, in their order: path, bytes, ``sha256:`` digest."""
    return {
        "profile": "tabular-data-package",
        "name": f"bewaar-{dataset.digest.removeprefix('sha256:')[:16]}",
        "title": dataset.title,
        "description": "\n\n".join((*_abstracts(dataset), dataset.citation, *dataset.rights, ESCAPING)),
        "version": dataset.digest,
        "created": dataset.exported_at,
        "contributors": [{"title": dataset.operator, "role": "author"}, *_contributors(dataset)],
        **_described(dataset),
        "resources": [
            {
                "profile": "tabular-data-resource",
                "name": table.name,
                "path": path,
                "title": table.says,
                "description": table.says,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": size,
                "hash": digest,
                "schema": _schema(table),
            }
            for table, (path, size, digest) in zip(tables, files, strict=True)
        ],
    }


def _abstracts(dataset: Dataset) -> list[str]:
    return [one.description for one in dataset.described if one.description]


def _contributors(dataset: Dataset) -> list[dict[str, str]]:
    names = [name for one in dataset.described for name in (one.creator, one.publisher) if name]
    return [{"title": name, "role": "contributor"} for name in dict.fromkeys(names)]


def _described(dataset: Dataset) -> dict[str, Any]:
    """What may be left out of a package, and is where no profile says it."""
    subjects = [subject for one in dataset.described if one.subject for subject in one.subject.split("; ")]
    sources = [{"title": one.title, "path": one.home} for one in dataset.described if one.home]
    found = {
        "keywords": list(dict.fromkeys(subjects)),
        "sources": sources,
        "licenses": [{"path": licence} for licence in dataset.licences],
    }
    return {name: value for name, value in found.items() if value}


def _schema(table: Table) -> dict[str, Any]:
    schema: dict[str, Any] = {"fields": [_field(column) for column in table.columns], "missingValues": [""]}
    if table.primary_key:
        schema["primaryKey"] = list(table.primary_key)
    if table.foreign_keys:
        schema["foreignKeys"] = [
            {"fields": column, "reference": {"resource": "" if to == table.name else to, "fields": key}}
            for column, to, key in table.foreign_keys
        ]
    return schema


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": "datetime" if column.is_time else _TYPES[column.type],
        "description": column.says,
    }
    # An empty text is an empty cell: of texts it cannot be asked that there is one.
    if column.required and (column.type != "TEXT" or column.is_time):
        field["constraints"] = {"required": True}
    return field
