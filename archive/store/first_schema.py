"""Databases of before 2026-11-23 that have ``first_schema`` too: then it was edited, once, and not by a migration."""

from __future__ import annotations

import sqlite3

from archive.store.tables import FIRST_SCHEMA

#: tables that were made otherwise, and what stands where those lacked a value or a column
_MADE_AGAIN = {
    "page_version": {"text": "coalesce(text, '')"},
    # A revisit that was not read had been given the page version of its original.
    "capture": {
        "was_read": "record_type <> 'revisit' AND page_version_id IS NOT NULL"
        " OR EXISTS (SELECT 1 FROM observation WHERE capture_id = {before}.id)"
    },
}
_ADDED = "resource_link"


def complete_first_schema(connection: sqlite3.Connection) -> None:
    """Make of it what `FIRST_SCHEMA` says, every row kept under its id. Foreign keys must be off: SQLite would have
    those that refer to a table go with it when it is renamed, and delete its rows before it is dropped."""
    if "was_read" in _columns(connection, "capture"):
        return
    # The rows move, not what refers to them.
    connection.execute("PRAGMA legacy_alter_table=ON")
    for table, instead in _MADE_AGAIN.items():
        before = f"{table}_before"
        connection.execute(f"ALTER TABLE {table} RENAME TO {before}")
        connection.execute(next(sql for sql in FIRST_SCHEMA if sql.startswith(f"CREATE TABLE {table} (")))
        columns = _columns(connection, table)
        values = ", ".join(instead.get(column, column).format(before=before) for column in columns)
        connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {before}")
        connection.execute(f"DROP TABLE {before}")
        for sql in FIRST_SCHEMA:
            if sql.startswith("CREATE INDEX") and f" ON {table}(" in sql:
                connection.execute(sql)
    for sql in FIRST_SCHEMA:
        if sql.startswith((f"CREATE TABLE {_ADDED} (", f"CREATE INDEX {_ADDED}_")):
            connection.execute(sql)
    connection.execute("PRAGMA legacy_alter_table=OFF")


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
