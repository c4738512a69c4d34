"""Where on a page the words stand that its patterns need. All of them are looked for in one pass (Aho and Corasick)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from ahocorasick_rs import AhoCorasick, Implementation

from crawler.extract.vocabulary import vocabulary

#: what extractors look for beside the vocabulary
_watched: dict[str, None] = {}


def watched(*words: str) -> tuple[str, ...]:
    """Have *words*, lower case, looked for on every page. For constants of modules: no page is read before."""
    _watched.update(dict.fromkeys(words))
    return words


@cache
def _searcher() -> tuple[AhoCorasick, tuple[str, ...]]:
    words = tuple(dict.fromkeys([*_watched, *(stem for stems in vocabulary().stems.values() for stem in stems)]))
    return AhoCorasick(words, implementation=Implementation.DFA), words


class Spotted:
    """The words that stand in the lines of one page, and in which; *lines* in lower case."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._starts: list[int] = []
        at = 0
        for line in lines:
            self._starts.append(at)
            at += len(line) + 1
        self._whole = "\n".join(lines)
        searcher, words = _searcher()
        #: by word: the lines in which it stands
        self._lines: dict[str, set[int]] = {word: set() for word in words}
        starts = self._starts
        for nth, start, _end in searcher.find_matches_as_indexes(self._whole, overlapping=True):
            self._lines[words[nth]].add(bisect_right(starts, start) - 1)

    def stands(self, word: str) -> bool:
        return bool(self._of(word))

    def lines_with(self, words: Iterable[str]) -> list[int]:
        """The lines in which any of the words stands, in order."""
        return sorted(set().union(*map(self._of, words)))

    def _of(self, word: str) -> set[int]:
        if word not in self._lines:
            # What one page or one profile alone asks for.
            self._lines[word] = {bisect_right(self._starts, at) - 1 for at in _places(self._whole, word)}
        return self._lines[word]


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)
