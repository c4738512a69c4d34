"""The part of a text that shows best what was asked for."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from archive.store.expressions import Piece
from archive.store.subjects import fold

#: of a text no more than this is looked at, characters; a snippet is about so long
_LOOKED_AT = 1 << 20
_LENGTH, _BEFORE = 220, 60
#: places looked at in one text
_MOST = 200
_WORD = r"[^\W_]"


@dataclass(frozen=True, slots=True)
class Place:
    start: int
    end: int
    #: which of the pieces
    piece: int
    #: at the beginning of a word, as the index itself finds it; else inside a longer one
    begins: bool


class Snippets:
    """For one question."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        patterns = [f"(?P<p{number}>{pattern})" for number, piece in enumerate(pieces) if (pattern := _pattern(piece))]
        self._pattern = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None

    def places(self, text: str) -> list[Place]:
        found: list[Place] = []
        for match in self._pattern.finditer(text, 0, _LOOKED_AT) if self._pattern else ():
            if found and match.start() < found[-1].end:
                continue
            begins = not _is_inside(text, match.start())
            end = match.end()
            while begins and _is_inside(text, end):
                end += 1
            found.append(Place(match.start(), end, int((match.lastgroup or "p0")[1:]), begins))
            if len(found) == _MOST:
                break
        return found

    def of(self, text: str, opening: str, closing: str) -> str:
        """About two lines, with *opening* and *closing* around each hit; the beginning where nothing is found."""
        places = self.places(text)
        first = max(places, key=lambda place: _worth(place, places), default=None)
        start = _word_start(text, first.start - _BEFORE) if first else 0
        end = _word_end(text, start + _LENGTH + _BEFORE if first else _LENGTH)
        parts, at = ["…" if start else ""], start
        for place in places:
            if start <= place.start and place.end <= end:
                parts += [text[at : place.start], opening, text[place.start : place.end], closing]
                at = place.end
        return "".join((*parts, text[at:end], "…" if end < len(text) else ""))


def _worth(first: Place, places: list[Place]) -> tuple[int, int, int]:
    """How much a snippet shows that begins with *first*: different pieces, whole words, and early ones."""
    shown = [place for place in places if first.start <= place.start < first.start + _LENGTH]
    return len({place.piece for place in shown}), sum(place.begins for place in shown), -first.start


def _is_inside(text: str, at: int) -> bool:
    """Whether a word goes on across *at*."""
    return 0 < at < len(text) and all(c.isalnum() or unicodedata.combining(c) for c in text[at - 1 : at + 1])


def _word_start(text: str, at: int) -> int:
    space = text.find(" ", max(0, at), max(0, at) + _BEFORE // 2) if at > 0 else -1
    return space + 1 if space >= 0 else max(0, at)


def _word_end(text: str, at: int) -> int:
    space = text.find(" ", at, at + _BEFORE // 2)
    return space if space >= 0 else min(len(text), at)


def _pattern(piece: Piece) -> str:
    words = [
        re.escape(word) if not word.isalnum() else "".join(map(_letter, word)) for word in fold(piece.text).split()
    ]
    if not words or not any(c.isalnum() for c in piece.text):
        return ""
    whole = r"[\W_]+".join(words)
    if piece.is_phrase:
        return f"(?<!{_WORD}){whole}(?!{_WORD})"
    if len(piece.text) < 3 or len(words) > 1:
        return f"(?<!{_WORD}){whole}" + (f"(?!{_WORD})" if len(piece.text) == 1 else "")
    return whole if len(piece.text) > 3 else f"(?:(?<!{_WORD}){whole}|{whole}(?!{_WORD}))"


@cache
def _accented() -> dict[str, str]:
    """For each plain letter those that the index folds to it (unicode61, remove_diacritics 2)."""
    found: dict[str, list[str]] = defaultdict(list)
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        plain = fold(chr(code))
        if len(plain) == 1 and plain.isascii():
            found[plain].append(chr(code))
    return {plain: "".join(letters) for plain, letters in found.items()}


def _letter(letter: str) -> str:
    among = _accented().get(letter)
    return f"[{letter}{among}][\u0300-\u036f]*" if among else re.escape(letter)
