"""Where on a page the words stand that its patterns need. All of them are looked for in one pass (Aho and Corasick)."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from ahocorasick_rs import AhoCorasick, Implementation

from crawler.extract.labels import label_patterns
from crawler.extract.literals import ODD, literals
from crawler.extract.vocabulary import vocabulary

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


@dataclass(frozen=True, slots=True)
class _Told:
    """Words as the searcher tells them: of most lists of words, none stands on a page, and one comparison says so."""

    #: a bit for the number of each
    bits: int
    numbers: frozenset[int]
    #: those that nobody watches
    others: tuple[str, ...]

    @classmethod
    def of(cls, words: Iterable[str]) -> _Told:
        known = _searcher()[1]
        numbers = frozenset(known[word] for word in words if word in known)
        return cls(sum(1 << nth for nth in numbers), numbers, tuple(word for word in words if word not in known))


@lru_cache(maxsize=1024)
def _told(words: tuple[str, ...]) -> _Told:
    return _Told.of(words)


@cache
def _needed_of(pattern: str, flags: int) -> list[list[_Told]] | None:
    needed = literals(pattern, flags)
    return None if needed is None else [[_Told.of(choice) for choice in choices] for choices in needed]


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
        #: by the number of a word: where it begins
        self._places: defaultdict[int, list[int]] = defaultdict(list)
        for nth, start, _end in searcher.find_matches_as_indexes(self._whole, overlapping=True):
            self._places[nth].append(start)
        #: a bit for the number of each word that stands on the page
        self._bits = sum(1 << nth for nth in self._places)
        #: the lines of words that were asked for, by number; and by the word itself, where it has none
        self._lines: dict[int, set[int]] = {}
        self._others: dict[str, set[int]] = {}
        #: an odd letter stands on it, which patterns take for another where case does not count
        self.is_odd = _ODD.search(self._whole) is not None

    def stands(self, word: str) -> bool:
        number = self._numbers.get(word)
        return number in self._places if number is not None else bool(self._of(word))

    def standing(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the words that stand on the page."""
        told = _told(words)
        if told.bits & self._bits or told.others:
            return tuple(word for word in words if self.stands(word))
        return ()

    def lines_with(self, words: tuple[str, ...], own: Iterable[str] = ()) -> list[int]:
        """The lines in which any of the words stands, in order. *own*: what this page or its profile alone asks for."""
        return sorted(self._any_of(_told(words)).union(*map(self._of, own)))

    def lines_for(self, pattern: re.Pattern[str]) -> set[int] | None:
        """The lines in which the pattern may match; None when that can be any."""
        if self.is_odd or (needed := _needed_of(pattern.pattern, pattern.flags)) is None:
            return None
        found: set[int] = set()
        for choices in needed:
            if all(choice.bits & self._bits or choice.others for choice in choices):
                found |= set.intersection(*map(self._any_of, choices))
        return found

    def _any_of(self, told: _Told) -> set[int]:
        found: set[int] = set()
        if told.bits & self._bits:
            found.update(*map(self._lines_of, self._places.keys() & told.numbers))
        return found.union(*map(self._of, told.others)) if told.others else found

    def _lines_of(self, number: int) -> set[int]:
        if number not in self._lines:
            starts = self._starts
            self._lines[number] = {bisect_right(starts, at) - 1 for at in self._places[number]}
        return self._lines[number]

    def _of(self, word: str) -> set[int]:
        number = self._numbers.get(word)
        if number is not None:
            return self._lines_of(number) if number in self._places else set()
        if word not in self._others:
            self._others[word] = {bisect_right(self._starts, at) - 1 for at in _places(self._whole, word)}
        return self._others[word]


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)
