"""Which tables and views are exported, and what each of their columns is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from archive.errors import WrongUse
from archive.store import publication
from archive.store.descriptions import TABLES
from archive.store.documentation import column_words
from archive.store.view_descriptions import VIEWS
from archive.store.withheld import SHOWN, WHOLE

#: the operator's own
OPERATORS = (*publication.OPERATORS, "decided", "review")
#: products of the tables, many times their size: exported where they are asked for
_PRODUCTS = ("fact_source", "shown", "listed", "curated", "edge")
#: bounds and dates that are made out of WARC-Date, so that every value is one
_TIMES = {"captured_at", "absent_before", "first_seen", "last_seen", "gone_by", "changed_after", "changed_by"}


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    #: TEXT, INTEGER or REAL
    type: str
    says: str
    required: bool = False

    @property
    def is_time(self) -> bool:
        return self.name in _TIMES


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    says: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    #: column, table, its column; only of tables that are exported too
    foreign_keys: tuple[tuple[str, str, str], ...]

    def rows(self, connection: sqlite3.Connection) -> Iterator[tuple[Any, ...]]:
        """One by one, whatever their number."""
        return connection.execute(f"SELECT {self.selected} FROM {quoted(self.name)}")

    @property
    def selected(self) -> str:
        return ", ".join(quoted(column.name) for column in self.columns)


def quoted(name: str) -> str:
    return f'"{name}"'


def read_tables(connection: sqlite3.Connection, wanted: Sequence[str]) -> list[Table]:
    """Those *wanted*, or all but the operator's and the products. Raises WrongUse for one that is not there, and for
    one that is nobody else's business."""
    views = [row[0] for row in connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'view' ORDER BY 1")]
    known = [name for name in (*WHOLE, *SHOWN, *views) if name not in OPERATORS]
    for name in wanted:
        if name in OPERATORS:
            raise WrongUse(f"{name}: the operator's own table, which is never exported")
        if name not in known:
            raise WrongUse(f"no table or view {name!a}; there are: {', '.join(known)}")
    names = list(dict.fromkeys(wanted)) or [name for name in known if name not in _PRODUCTS]
    return [_read_table(connection, name, names, views) for name in names]


def _read_table(connection: sqlite3.Connection, name: str, names: Sequence[str], views: Sequence[str]) -> Table:
    declared = connection.execute(f"PRAGMA main.table_info({quoted(name)})").fetchall()
    untyped = [row[1] for row in declared if row[2] not in ("TEXT", "INTEGER", "REAL")]
    types = {row[1]: row[2] for row in declared} | _found_types(connection, name, untyped)
    words = column_words(name)
    key = sorted((row[5], row[1]) for row in declared if row[5])
    foreign = connection.execute(f"PRAGMA main.foreign_key_list({quoted(name)})").fetchall()
    return Table(
        name=name,
        says=TABLES.get(name) or VIEWS.get(name) or _kind_words(name),
        columns=tuple(
            Column(
                name=row[1],
                type=types[row[1]],
                says=words.get(row[1]) or f"{row[1].replace('_', ' ').capitalize()}.",
                required=bool(row[3] or row[5]),
            )
            for row in declared
        ),
        primary_key=tuple(column for _, column in key) if name not in views else (),
        foreign_keys=tuple(sorted((row[3], row[2], row[4] or "id") for row in foreign if row[2] in names)),
    )


def _kind_words(name: str) -> str:
    kind = name.removeprefix("current_").replace("_", " ")
    return f"What pages list as {kind}{' now' if name.startswith('current_') else ', from when to when'}."


def _found_types(connection: sqlite3.Connection, name: str, untyped: Sequence[str]) -> dict[str, str]:
    """The types of columns that are expressions, by what they hold."""
    if not untyped:
        return {}
    asked = ", ".join(f"typeof({quoted(column)})" for column in untyped)
    found: list[set[str]] = [set() for _ in untyped]
    for row in connection.execute(f"SELECT DISTINCT {asked} FROM {quoted(name)}"):
        for types, type_ in zip(found, row, strict=True):
            types.add(type_)
    return {column: _type_of(types - {"null"}) for column, types in zip(untyped, found, strict=True)}


def _type_of(types: set[str]) -> str:
    if types and types <= {"integer"}:
        return "INTEGER"
    return "REAL" if types and types <= {"integer", "real"} else "TEXT"
