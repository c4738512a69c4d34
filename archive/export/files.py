"""Tables as CSV (RFC 4180) and as JSON lines, row by row."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from pathlib import Path
from typing import Any

from archive.export.tables import Table

ESCAPING = (
    "A text that a spreadsheet would take for a formula, because it begins with =, +, -, @ (also in full width), a tab "
    "or a line end, has an apostrophe before it; so has one that begins with apostrophes and then one of these. Take "
    "one apostrophe away where one of these follows the first apostrophes, and the text is as it was."
)

_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def escape(cell: Any) -> Any:
    """*cell* as a spreadsheet may see it; numbers are left alone.

    >>> escape("=1+1"), escape("'=1"), escape("it's"), escape(-1)
    ("'=1+1", "''=1", "it's", -1)
    """
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def unescape(cell: str) -> str:
    """What `escape` was given.

    >>> unescape("'=1+1"), unescape("'tis")
    ('=1+1', "'tis")
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


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
