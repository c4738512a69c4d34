"""What is kept of pages and style sheets until both are there (`archive.model.Style`): each once."""

from __future__ import annotations

import json

from archive import digests
from archive.model import Style
from archive.store.rows import Remembered, Rows

_to_json = json.JSONEncoder(separators=(",", ":")).encode


class Styles:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._known: Remembered[str, int] = Remembered(5_000)

    def forget(self) -> None:
        """After a rollback: ids given out in the transaction are not in the file."""
        self._known.clear()

    def id_of(self, style: Style | None) -> int | None:
        if style is None:
            return None
        sheets = _to_json(style.sheets)
        digest = digests.sha256(f"{style.kind} {sheets} {style.said}".encode())
        if (known := self._known.get(digest)) is not None:
            return known
        row = self._rows.one("SELECT id FROM style WHERE digest = ?", (digest,))
        if row is None:
            values = (digest, style.kind, sheets, style.said)
            row = (self._rows.insert("INSERT INTO style (digest, kind, sheets, said) VALUES (?,?,?,?)", values),)
        return self._known.put(digest, row[0])
