"""The facts of a capture beside the body they were taken from: each quote is looked for where it is said to stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from archive import quotes
from archive.browse.file_names import plain
from archive.decoding import decode, decode_as
from archive.store.subjects import subject_key

#: bytes of the source shown on either side of a quote
_AROUND = 70


def anchor(role: str, subject: str) -> str:
    """Where a capture's page tells of a fact: by what a timeline knows it by, so the same after a rebuild.

    >>> anchor("member", "wilde-ganzen"), anchor("goal", "kennis delen")
    ('fact-member-wilde-ganzen', 'fact-goal-kennis-delen_89cbfe1916cc')
    """
    return f"fact-{plain(role)}-{plain(subject)}"


def anchored(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to each fact its anchor. Of what is listed twice the first has it."""
    seen: set[str] = set()
    found = []
    for row in rows:
        subject = subject_key(row["organisation_id"], row["value"], row["raw"], None, row["logo_url"])
        at = anchor(row["role"], subject)
        found.append({**row, "anchor": None if at in seen else at})
        seen.add(at)
    return found


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
