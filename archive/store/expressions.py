"""What people type into a search box, as FTS5 takes it. They type words, never a query language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

_PIECE = re.compile(r'"([^"]+)"|(\w+(?:[\'\u2019]\w+)*)')
#: words and phrases past this many are left out
_MOST = 24


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, of which the beginning is enough, or a phrase in quotes."""

    text: str
    is_phrase: bool = False

    @property
    def expression(self) -> str:
        # One letter as a prefix is half the index.
        return f'"{self.text}"' + ("*" if not self.is_phrase and len(self.text) > 1 else "")


def pieces_of(text: str | None) -> tuple[Piece, ...]:
    """The words and phrases of what was typed. Of what holds no letter and no digit the index knows nothing.

    >>> [piece.text for piece in pieces_of('"!?" _ zorg')]
    ['zorg']
    """
    plain = (text or "").replace("\0", " ")
    found = (Piece(phrase or word, bool(phrase)) for phrase, word in _PIECE.findall(plain))
    return tuple(islice((piece for piece in found if any(map(str.isalnum, piece.text))), _MOST))


def match_expression(text: str | None) -> str:
    r"""What was typed as an FTS5 expression: phrases in quotes stay phrases, every other word is a prefix.

    >>> match_expression('zo\'n "better care" kind*')
    '"zo\'n"* "better care" "kind"*'
    >>> match_expression('AND ( NEAR')
    '"AND"* "NEAR"*'
    >>> match_expression('*')
    '""'
    """
    return " ".join(piece.expression for piece in pieces_of(text)) or '""'


def widened_expression(pieces: Sequence[Piece], longer: Sequence[Sequence[str]]) -> str | None:
    """The same where a piece may also stand inside one of its *longer* words, a list for each piece; None where there
    are none. Of one piece alone only what stands inside others is asked for.

    >>> widened_expression(pieces_of("zorg"), [["jeugdzorg", "zorgen"]])
    '("jeugdzorg" OR "zorgen")'
    >>> widened_expression(pieces_of("zorg nu"), [["jeugdzorg"], []])
    '("zorg"* OR "jeugdzorg") AND "nu"*'
    """
    if not any(longer):
        return None
    parts = []
    for piece, words in zip(pieces, longer, strict=True):
        own = [piece.expression] if len(pieces) > 1 or not words else []
        either = [*own, *(f'"{word}"' for word in words)]
        parts.append(f"({' OR '.join(either)})" if words else either[0])
    return " AND ".join(parts)
