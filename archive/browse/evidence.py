"""The facts of a capture beside the body they were taken from: each quote is looked for where it is said to stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archive import quotes
from archive.decoding import decode, decode_as

#: bytes of the source shown on either side of a quote
_AROUND = 70


def weigh(rows: Sequence[dict[str, Any]], body: bytes | None, content_type: str | None) -> list[dict[str, Any]]:
    """Add to each fact whether its quote stands there now (None: no body to look in), and the source around it."""
    if body is None:
        return [{**row, "stands": None} for row in rows]
    charset = decode(body, content_type)[1]
    weighed = []
    for row in rows:
        start, end = row["byte_start"], row["byte_end"]
        found = {**row, "stands": quotes.stands(body, charset, start, end, row["quote"])}
        if 0 <= start < end <= len(body):
            # A cut through a character at either end gives U+FFFD there, in this excerpt only.
            found["before"] = decode_as(body[max(0, start - _AROUND) : start], charset)
            found["there"] = decode_as(body[start : min(end, start + 600)], charset)
            found["after"] = decode_as(body[end : end + _AROUND], charset)
        weighed.append(found)
    return weighed
