"""Tables and views as one SQLite file of their own, for others to open read-only."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from archive.export.dataset import Dataset
from archive.export.tables import Table, quoted
from archive.faults import database_faults

_ABOUT = (
    "CREATE TABLE dataset (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
    """CREATE TABLE description (table_name TEXT NOT NULL, column_name TEXT NOT NULL, says TEXT NOT NULL,
      PRIMARY KEY (table_name, column_name)) STRICT""",
)


def write_database(
    connection: sqlite3.Connection,
    tables: Sequence[Table],
    path: Path,
    dataset: Dataset,
    *,
    indexes: bool,
    search: bool,
) -> dict[str, int]:
    """The number of rows per table. Views become tables. With *search* there is a full-text index over the page
    versions. Raises ArchiveFault, DiskFull."""
    with database_faults(path):
        connection.execute("ATTACH ? AS public", (f"{path.absolute().as_uri()}?mode=rwc",))
        counts = {}
        for table in tables:
            connection.execute(_definition(table))
            # SQLite copies row by row, and keeps no more of them than its cache holds. A name without its schema leads
            # to what is in ours.
            copied = connection.execute(
                f"INSERT INTO public.{quoted(table.name)} SELECT {_fitting(table)} FROM {quoted(table.name)}"
            )
            counts[table.name] = copied.rowcount
        more = _indexes(connection, [table.name for table in tables]) if indexes else []
        more += _search(connection, [table.name for table in tables]) if search else []
        connection.execute("COMMIT")
        connection.execute("DETACH public")
        with closing(sqlite3.connect(path)) as public:
            _describe(public, tables, dataset)
            for statement in more:
                public.execute(statement)
            public.commit()
            public.execute("ANALYZE")
            public.commit()
    path.chmod(0o444)
    return counts


def _fitting(table: Table) -> str:
    return ", ".join(f"CAST({quoted(c.name)} AS {c.type})" for c in table.columns)


def _definition(table: Table) -> str:
    lines = [f"{quoted(c.name)} {c.type}{' NOT NULL' if c.required else ''}" for c in table.columns]
    if table.primary_key:
        lines.append(f"PRIMARY KEY ({', '.join(map(quoted, table.primary_key))})")
    lines += [f"FOREIGN KEY ({quoted(c)}) REFERENCES {quoted(to)}({quoted(key)})" for c, to, key in table.foreign_keys]
    return f"CREATE TABLE public.{quoted(table.name)} ({', '.join(lines)}) STRICT"


def _indexes(connection: sqlite3.Connection, names: Sequence[str]) -> list[str]:
    found = connection.execute(
        "SELECT tbl_name, sql FROM main.sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
    )
    return [sql for table, sql in found if table in names]


def _search(connection: sqlite3.Connection, names: Sequence[str]) -> list[str]:
    if "page_version" not in names:
        return []
    (made,) = connection.execute("SELECT sql FROM main.sqlite_master WHERE name = 'page_version_fts'").fetchone()
    return [made, "INSERT INTO page_version_fts (page_version_fts) VALUES ('rebuild')"]


def _describe(public: sqlite3.Connection, tables: Sequence[Table], dataset: Dataset) -> None:
    for statement in _ABOUT:
        public.execute(statement)
    about = {
        "title": dataset.title, "operator": dataset.operator, "digest": dataset.digest, "citation": dataset.citation,
        "exported_at": dataset.exported_at, "software": dataset.software, "first_capture": dataset.first or "",
        "last_capture": dataset.last or "",
    }  # fmt: skip
    public.executemany("INSERT INTO dataset VALUES (?,?)", about.items())
    public.executemany(
        "INSERT INTO description VALUES (?,?,?)",
        [(table.name, "", table.says) for table in tables]
        + [(table.name, column.name, column.says) for table in tables for column in table.columns],
    )
