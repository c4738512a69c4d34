"""What a pattern cannot match without: words that stand in every text that it matches, and a letter it begins with.

Words are found in a page in no time, and most patterns match nowhere on most pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

# Python shows its reading of a pattern to nobody. Where it is no more as it was, patterns are searched for everywhere.
try:
    from re import _constants as op  # type: ignore[attr-defined]
    from re import _parser as parser  # type: ignore[attr-defined]
except ImportError:  # pragma: no cover
    op = parser = None

#: letters that another letter, not of their own lower case, stands for where case does not count
ODD = frozenset("İıſµςϐϑϕϖϰϱϵẛẞιͅΐΰﬅﬆᲀᲁᲂᲃᲄᲅᲆᲇᲈꙋᾀᾐᾠᾳῃῳ")
_MOST = 400


#: of what an alternative needs so much is told: what is longest at its shortest
_CHOICES = 3
_SHORT = 2
_MARKS = frozenset((":", "…"))

#: words of which one stands in the text
Choice = frozenset[str]


@lru_cache(maxsize=256)
def literals(pattern: str, flags: int = re.IGNORECASE) -> tuple[tuple[Choice, ...], ...] | None:
    r"""For each alternative of the pattern, choices of lower-case words: of each choice one stands in all that the
    alternative matches, once that is in lower case. None when of some alternative nothing is known.

    >>> [[sorted(choice) for choice in choices] for choices in literals(r"\b(?:we|they) want|members?:")]
    [[[' want']], [['member'], [':']]]
    """
    if parser is None:
        return None
    try:
        read = list(parser.parse(pattern, flags))
        told = tuple(_best(_choices(branch)) for branch in _alternatives(read))
    except (AttributeError, ValueError, TypeError, re.error):  # pragma: no cover
        return None
    return told if all(told) and sum(len(choice) for each in told for choice in each) <= _MOST else None


def quickened(pattern: str) -> re.Pattern[str]:
    """The same pattern with what it may begin with told ahead, case not counted."""
    return re.compile(beginning(pattern), re.IGNORECASE)


def beginning(pattern: str) -> str:
    r"""The same pattern, for where case does not count. Where none of the letters stands that it may begin with, it is
    not tried: of a pattern of many words `re` tries each of them at each place.

    >>> beginning(r"\b(?:we|they) want|(?<!\w)members?")
    '(?=[mtw])(?:\\b(?:we|they) want|(?<!\\w)members?)'
    """
    if parser is not None:
        letters = _beginnings(parser.parse(pattern, re.IGNORECASE))
        if letters is not None:
            return f"(?=[{''.join(sorted(letters))}])(?:{pattern})"
    return pattern


def _beginnings(items: Iterable[Any]) -> dict[str, None] | None:
    """What a set of characters must hold to hold all that may come first; None where that is not told."""
    found: dict[str, None] = {}
    for kind, value in items:
        if kind in (op.AT, op.ASSERT, op.ASSERT_NOT):
            continue
        inner = _beginnings_of(kind, value)
        if inner is None:
            return None
        found |= inner
        if not (kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT) and value[0] == 0):
            return found
    return None


def _beginnings_of(kind: Any, value: Any) -> dict[str, None] | None:
    if kind is op.LITERAL:
        return {re.escape(chr(value)): None}
    if kind is op.IN and all(each in (op.LITERAL, op.RANGE) for each, _ in value):
        spans = ([of] if each is op.LITERAL else of for each, of in value)
        return {"-".join(re.escape(chr(end)) for end in ends): None for ends in spans}
    if kind is op.BRANCH:
        each_of = [_beginnings(branch) for branch in value[1]]
        return None if None in each_of else {letter: None for each in each_of for letter in each or ()}
    if kind is op.SUBPATTERN:
        return _beginnings(value[3])
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        return _beginnings(value[2])
    return None


def _alternatives(items: list[Any]) -> Iterator[list[Any]]:
    """What begins the same, the parser has put before the parting."""
    if items and items[-1][0] is op.BRANCH:
        for branch in items[-1][1][1]:
            yield from _alternatives([*items[:-1], *branch])
    else:
        yield items


def _best(choices: list[Choice]) -> tuple[Choice, ...]:
    """The first, and of the others those of words that do not stand everywhere."""
    rare = [choice for choice in choices[1:] if all(len(word) > _SHORT or word in _MARKS for word in choice)]
    return (*choices[:1], *rare[: _CHOICES - 1])


def _choices(items: Iterable[Any]) -> list[Choice]:
    """Of what must stand there one after the other, the longest at its shortest first."""
    found: list[Choice] = []
    run = ""
    for kind, value in items:
        letter = chr(value).lower() if kind is op.LITERAL else ""
        if len(letter) == 1 and letter not in ODD:
            run += letter
            continue
        if run:
            found.append(frozenset((run,)))
            run = ""
        if (inner := _of_item(kind, value)) is not None:
            found.append(inner)
    if run:
        found.append(frozenset((run,)))
    return sorted(found, key=lambda words: (-min(map(len, words)), len(words)))


def _of_sequence(items: Iterable[Any]) -> Choice | None:
    return next(iter(_choices(items)), None)


def _of_item(kind: Any, value: Any) -> Choice | None:
    if kind is op.BRANCH:
        return _of_all(value[1])
    if kind is op.SUBPATTERN:
        return _of_sequence(value[3])
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT) and value[0] >= 1:
        return _of_sequence(value[2])
    if kind is op.ATOMIC_GROUP:
        return _of_sequence(value)
    return None


def _of_all(branches: Sequence[Any]) -> Choice | None:
    found = [_of_sequence(branch) for branch in branches]
    return frozenset().union(*(each for each in found if each)) if all(found) else None
