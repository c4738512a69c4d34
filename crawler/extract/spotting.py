"""Where on a page the words stand that its patterns need. All of them are looked for in one pass (Aho and Corasick)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from ahocorasick_rs import AhoCorasick, Implementation

from crawler.extract.labels import label_patterns
from crawler.extract.literals import ODD, literals
from crawler.extract.vocabulary import vocabulary

_NOWHERE: set[int] = set()
_ODD = re.compile(f"[{''.join(sorted(ODD))}]")
#: what extractors look for beside the vocabulary
_watched: dict[str, None] = {}


def watched(*words: str) -> tuple[str, ...]:
    """Have *words*, lower case, looked for on every page. For constants of modules: no page is read before."""
    _watched.update(dict.fromkeys(words))
    return words


@cache
def _searcher() -> tuple[AhoCorasick, dict[str, int]]:
    """And the number by which it tells each word."""
    stems = (stem for stems in vocabulary().stems.values() for stem in stems)
    needed = (
        word
        for pattern in label_patterns()
        for choices in literals(pattern.pattern, pattern.flags) or ()
        for choice in choices
        for word in sorted(choice)
    )
    words = list(dict.fromkeys([*_watched, *stems, *needed]))
    return AhoCorasick(words, implementation=Implementation.DFA), {word: nth for nth, word in enumerate(words)}


@cache
def _numbers_of(pattern: str, flags: int) -> list[list[frozenset[int]]] | None:
    needed, numbers = literals(pattern, flags), _searcher()[1]
    if needed is None:
        return None
    return [[frozenset(numbers[word] for word in choice) for choice in choices] for choices in needed]


class Spotted:
    """The words that stand in the lines of one page, and in which; *lines* in lower case."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._starts: list[int] = []
        at = 0
        for line in lines:
            self._starts.append(at)
            at += len(line) + 1
        self._whole = "\n".join(lines)
        searcher, self._numbers = _searcher()
        #: by the number of a word: the lines in which it stands
        self._lines: defaultdict[int, set[int]] = defaultdict(set)
        #: of words that are not watched
        self._others: dict[str, set[int]] = {}
        starts = self._starts
        for nth, start, _end in searcher.find_matches_as_indexes(self._whole, overlapping=True):
            self._lines[nth].add(bisect_right(starts, start) - 1)
        #: an odd letter stands on it, which patterns take for another where case does not count
        self.is_odd = _ODD.search(self._whole) is not None

    def stands(self, word: str) -> bool:
        return bool(self._of(word))

    def lines_with(self, words: Iterable[str]) -> list[int]:
        """The lines in which any of the words stands, in order."""
        return sorted(set().union(*map(self._of, words)))

    def lines_for(self, pattern: re.Pattern[str]) -> set[int] | None:
        """The lines in which the pattern may match; None when that can be any."""
        if self.is_odd or (needed := _numbers_of(pattern.pattern, pattern.flags)) is None:
            return None
        return set().union(*(set.intersection(*map(self._any_of, choices)) for choices in needed))

    def _any_of(self, numbers: frozenset[int]) -> set[int]:
        return set().union(*(self._lines[number] for number in self._lines.keys() & numbers))

    def _of(self, word: str) -> set[int]:
        number = self._numbers.get(word)
        if number is not None:
            return self._lines.get(number, _NOWHERE)
        if word not in self._others:
            # What one page or one profile alone asks for.
            self._others[word] = {bisect_right(self._starts, at) - 1 for at in _places(self._whole, word)}
        return self._others[word]


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)
