"""Names that may be one organisation's: written alike, or one made of the other's initials. Pure; nothing is merged.

Two names are alike from a rapidfuzz ratio of 85: of their letters, 15 in a hundred at most are in one and not in the
other. Comparing every two of 20,000 takes long. But an edit spoils few runs of three letters, so names that are alike
have runs in common, and one of these is among the rarest runs of each (prefix filtering, as in AllPairs, WWW 2007, and
PPJoin, WWW 2008): only names that share a rare run are compared. Of long names fewer runs are looked at than it takes
never to miss one: of 6,000 pairs among 20,000 names none was missed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cache

from rapidfuzz import fuzz, process

from archive.store.subjects import fold

#: rapidfuzz's ratio, of 100
ALIKE = 85.0
#: what may differ, of the letters of both
_APART = 1 - ALIKE / 100
#: longer than any name; a sentence that was taken for one is compared with nothing
MAX_CHARS = 200
#: letters in a run; two, where so few have three in common that there may be none
_RUNS = (3, 2)
#: of the rarest runs of a name so many are looked at, at most; up to 13 letters that is all it takes
_MOST_RUNS = 12
#: letters of an abbreviation
_SHORTEST, _LONGEST = 2, 8
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W_]+")

#: letters, and whether they stand there for the first time, the second...
_Run = tuple[str, int]


def spelled_alike(names: Sequence[str], wanted: AbstractSet[str]) -> Iterator[tuple[str, str, float]]:
    """Every two of *names*, folded, that are alike and not equal, and how much; one of them *wanted*.

    Names whose numbers differ are not alike: "ministerie 1" is not "ministerie 2".
    """
    ordered = sorted({name for name in names if 0 < len(name) <= MAX_CHARS}, key=lambda name: (len(name), name))
    lengths = [len(name) for name in ordered]
    rarest = [_rarest_runs(ordered, size) for size in _RUNS]
    holding: dict[_Run, list[int]] = defaultdict(list)
    for runs in rarest:
        for at, found in enumerate(runs):
            for run in found:
                holding[run].append(at)
    for at, name in enumerate(ordered):
        if name not in wanted:
            continue
        shortest, longest = _reach(len(name))
        first, end = bisect_left(lengths, shortest), bisect_left(lengths, longest + 1)
        met: set[int] = set()
        for runs in rarest:
            for run in runs[at]:
                where = holding[run]
                met.update(where[bisect_left(where, first) : bisect_left(where, end)])
        others = [ordered[other] for other in met if other > at or ordered[other] not in wanted]
        alike = process.extract(name, others, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=None)
        for other, score, _ in sorted(alike):
            if other != name and _numbers_agree(name, other):
                yield name, other, score


def abbreviation(name: str) -> str | None:
    """The letters of a name that is one short word, numbers and "logo" aside; None of any other."""
    words = [word for word in _WORD.findall(name) if not word.isdigit() and word.casefold() != "logo"]
    if len(words) != 1 or not _SHORTEST <= len(words[0]) <= _LONGEST or not words[0].isalpha():
        return None
    # Of two letters there are many words.
    return fold(words[0]) if len(words[0]) > _SHORTEST or words[0].isupper() else None


def initials(name: str) -> set[str]:
    """What *name* may be short as, folded: by all its words, and by those with a capital; two words at least.

    >>> sorted(initials("Defence for Children"))
    ['dc', 'dfc']
    """
    words = [word for word in _WORD.findall(name) if word[0].isalpha()]
    capitals = [word for word in words if word[0].isupper()]
    return {
        fold("".join(word[0] for word in chosen))
        for chosen in (words, capitals)
        if _SHORTEST <= len(chosen) <= _LONGEST
    }


def _rarest_runs(names: Sequence[str], size: int) -> list[list[_Run]]:
    """Of each name as many of its runs of letters, the rarest, as another that is alike must have one of."""
    runs = [_runs(name, size) if _needed(len(name), size) else [] for name in names]
    frequency = Counter(run for found in runs for run in found)
    return [
        sorted(found, key=lambda run: (frequency[run], run))[: _needed(len(name), size)]
        for name, found in zip(names, runs, strict=True)
    ]


def _runs(name: str, size: int) -> list[_Run]:
    seen: Counter[str] = Counter()
    found = []
    for at in range(len(name) - size + 1):
        run = name[at : at + size]
        found.append((run, seen[run]))
        seen[run] += 1
    return found


@cache
def _needed(length: int, size: int) -> int:
    """How many runs of this size to look at: all but as many as any name that is alike has in common, and one. 0 where
    it is by runs of another size that all of them are found."""
    shortest, longest = _reach(length)
    common = [
        _in_common(max(length, other), min(length, other), size)
        for other in range(max(1, shortest), longest + 1)
        if _size(max(length, other), min(length, other)) == size
    ]
    return min(length - size + 1 - max(1, min(common)) + 1, _MOST_RUNS) if common else 0


def _size(longer: int, shorter: int) -> int:
    """By runs of which size two names of these lengths are found."""
    return next((size for size in _RUNS if _in_common(longer, shorter, size) >= 1), _RUNS[-1])


@cache
def _in_common(longer: int, shorter: int, size: int) -> int:
    """How many runs two names of these lengths have in common if they are alike, at least.

    One has letters that the other lacks, each of which spoils as many of its runs as a run has letters; and lacks
    others, each of which spoils one less.
    """
    apart = int(_APART * (longer + shorter) + 1e-9)
    apart -= (apart - (longer - shorter)) % 2
    more = (apart + longer - shorter) // 2
    return longer - size + 1 - size * more - (size - 1) * (apart - more)


def _reach(length: int) -> tuple[int, int]:
    """The lengths of names that can be alike: rounded outward."""
    return int(length * (1 - _APART) / (1 + _APART)), int(length * (1 + _APART) / (1 - _APART)) + 1


def _numbers_agree(one: str, other: str) -> bool:
    here, there = _NUMBER.findall(one), _NUMBER.findall(other)
    return not here or not there or here == there
