"""What Datasette answers as CSV, so that a spreadsheet may open it."""

from __future__ import annotations

import re

from archive.formulas import escape

_FIELD = re.compile(r'("[^"]*(?:""[^"]*)*"|[^",\r\n]*)(,|\r\n|\Z)')
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


class Sheet:
    r"""Rows of RFC 4180 in pieces of any size; each goes on once it is whole, what is a formula as a text.

    >>> sheet = Sheet()
    >>> sheet.feed(b'a,"=1,') + sheet.feed(b'2"\r\n-5,-x\r\n') + sheet.end()
    b'a,"\'=1,2"\r\n-5,\'-x\r\n'
    """

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._in_quotes = False

    def feed(self, piece: bytes) -> bytes:
        """The rows that are whole by now, in UTF-8."""
        self._waiting.append(piece)
        self._in_quotes ^= piece.count(b'"') % 2 == 1
        return self.end() if piece.endswith(b"\r\n") and not self._in_quotes else b""

    def end(self) -> bytes:
        rows = b"".join(self._waiting)
        self._waiting.clear()
        return _FIELD.sub(_harmless, rows.decode()).encode()


def _harmless(match: re.Match[str]) -> str:
    field, end = match.groups()
    quoted = field.startswith('"')
    text = field[1:-1] if quoted else field
    if not _NUMBER.fullmatch(text):
        text = escape(text)
    return f'"{text}"{end}' if quoted else text + end
