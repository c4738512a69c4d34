"""Tables as CSV (RFC 4180) and as JSON lines, row by row; what is told of a file of an export."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archive.export.tables import Table
from archive.formulas import escape


@dataclass(frozen=True, slots=True)
class File:
    name: str
    rows: Mapping[str, int]
    #: bytes
    size: int
    digest: str


def write_csv(connection: sqlite3.Connection, table: Table, path: Path) -> int:
    """The number of rows. NULL and the empty text are both an empty cell. Raises OSError."""
    count = 0
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in table.columns])
        for row in table.rows(connection):
            writer.writerow([escape(cell) for cell in row])
            count += 1
    return count


def write_json_lines(connection: sqlite3.Connection, table: Table, path: Path) -> int:
    """The number of rows. Raises OSError."""
    names = [column.name for column in table.columns]
    count = 0
    with path.open("x", encoding="utf-8") as file:
        for row in table.rows(connection):
            file.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n")
            count += 1
    return count
