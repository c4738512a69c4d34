"""Every word that stands on a page, folded as the index folds it, and on how many versions it stands.

It is what tells in which longer words a word stands (Dutch: "zorg" in "jeugdzorg"), and what a word was meant to be
that stands nowhere. Read off the index itself, it needs no table of its own, and knows nothing that the index does not.
"""

from __future__ import annotations

import sqlite3
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from archive.store.expressions import Piece
from archive.store.subjects import fold

#: longer ones are addresses and worse, bytes
_LONGEST = 64
#: held at most
MOST_WORDS = 1_000_000
_BATCH = 50_000
#: shorter parts are in every other word; those of three letters count where they end one
_LEAST, _ANYWHERE = 3, 4
#: longer words that are looked for, for all words of a question together: the most frequent
_MOST_LONGER = 240
#: letters that may be wrong, by length
_WRONG = ((4, 1), (8, 2))
#: a word that stands somewhere is taken for a slip where another is so many times as frequent
_MORE = 10


class Vocabulary:
    """Of *words* in their order, each with its number of versions. A word costs its bytes and nine more; of more than
    `MOST_WORDS` the rarest are left out: pages of nothing but noise must not fill the memory."""

    def __init__(self, words: Iterable[tuple[str, int]]) -> None:
        self._joined = bytearray(b"\n")
        self._starts, self._versions = array("I"), array("I")
        least = 1
        for word, versions in words:
            encoded = word.encode()
            if len(encoded) <= _LONGEST and versions >= least:
                self._add(encoded, versions)
                while len(self._starts) > MOST_WORDS:
                    least += 1
                    self._keep_only(least)

    def _add(self, encoded: bytes, versions: int) -> None:
        self._starts.append(len(self._joined))
        self._versions.append(versions)
        self._joined += encoded + b"\n"

    def _keep_only(self, least: int) -> None:
        joined, starts, counts = self._joined, self._starts, self._versions
        self._joined, self._starts, self._versions = bytearray(b"\n"), array("I"), array("I")
        for start, versions in zip(starts, counts, strict=True):
            if versions >= least:
                self._add(bytes(joined[start : joined.index(b"\n", start)]), versions)

    def __len__(self) -> int:
        return len(self._starts)

    def longer(self, part: str) -> list[tuple[str, int]]:
        """The words that hold the folded *part*, not at their beginning, each with its versions, the most frequent
        first."""
        if len(part) < _LEAST or "\n" in part:
            return []
        sought = part.encode() + (b"\n" if len(part) < _ANYWHERE else b"")
        found, at = [], 0
        while (at := self._joined.find(sought, at)) >= 0:
            number = bisect_right(self._starts, at) - 1
            start, at = self._starts[number], self._joined.find(b"\n", at)
            if not self._joined.startswith(sought.rstrip(b"\n"), start):
                found.append((self._joined[start:at].decode(), self._versions[number]))
        return sorted(found, key=lambda one: (-one[1], one[0]))

    def longer_of(self, pieces: Iterable[Piece]) -> list[list[str]]:
        """For each piece the longer words it is looked for in; none for phrases."""
        folded = [None if piece.is_phrase else fold(piece.text) for piece in pieces]
        most = _MOST_LONGER // max(1, sum(part is not None for part in folded))
        return [[word for word, _ in self.longer(part)[:most]] if part and " " not in part else [] for part in folded]

    def knows(self, part: str) -> bool:
        """Whether any word begins with the folded *part*, or holds it as `longer` has it."""
        return b"\n" + part.encode() in self._joined or bool(self.longer(part))

    def versions_of(self, word: str) -> int:
        """On how many versions the folded *word* stands."""
        at = self._joined.find(f"\n{word}\n".encode())
        return self._versions[bisect_right(self._starts, at + 1) - 1] if at >= 0 else 0

    def meant(self, word: str) -> str | None:
        """The word that the folded *word* was meant to be: a letter or two apart and much more frequent; the nearest,
        of those the most frequent. None where nothing is near, and for the beginning of other words."""
        wrong = max((most for length, most in _WRONG if len(word) >= length), default=0)
        known = self.versions_of(word)
        if not wrong or (not known and self.knows(word)):
            return None
        near = [
            (distance, -self._versions[first + place], other)
            for first, words in self._batches()
            for other, distance, place in extract(word, words, scorer=OSA.distance, score_cutoff=wrong, limit=None)
            if self._versions[first + place] > known * _MORE
        ]
        return min(near)[2] if near else None

    def _batches(self) -> Iterator[tuple[int, list[str]]]:
        """All words, some thousands at a time, with the number of the first."""
        for first in range(0, len(self), _BATCH):
            following = first + _BATCH
            end = self._starts[following] if following < len(self) else len(self._joined)
            yield first, self._joined[self._starts[first] : end - 1].decode().split("\n")


def read_vocabulary(connection: sqlite3.Connection) -> Vocabulary:
    """Reads the whole index of page texts: about a second for 100,000 versions. The connection may be read-only."""
    connection.execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, page_version_fts, row)")
    try:
        return Vocabulary(connection.execute("SELECT term, doc FROM temp.vocabulary"))
    finally:
        connection.execute("DROP TABLE temp.vocabulary")
