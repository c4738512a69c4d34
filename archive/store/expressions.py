"""What people type into a search box, as FTS5 takes it. They type words, never a query language."""

from __future__ import annotations

import re

_PIECE = re.compile(r'"([^"]+)"|(\w+(?:[\'\u2019]\w+)*)')
#: words and phrases past this many are left out
_MOST = 24


def match_expression(text: str | None) -> str:
    r"""What was typed as an FTS5 expression: phrases in quotes stay phrases, every other word is a prefix.

    >>> match_expression('zo\'n "better care" kind*')
    '"zo\'n"* "better care" "kind"*'
    >>> match_expression('AND ( NEAR')
    '"AND"* "NEAR"*'
    >>> match_expression('*')
    '""'
    """
    parts = []
    for phrase, word in _PIECE.findall(text or "")[:_MOST]:
        if phrase:
            parts.append(f'"{phrase}"')
        else:
            # One letter as a prefix is half the index.
            parts.append(f'"{word}"' + ("*" if len(word) > 1 else ""))
    return " ".join(part.replace("\0", " ") for part in parts) or '""'
