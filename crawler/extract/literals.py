"""What a pattern cannot match without: words of which one stands in every text that it matches.

Words are found in a page in no time, and most patterns match nowhere on most pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

# Python shows its reading of a pattern to nobody. Where it is no more as it was, patterns are searched for everywhere.
try:
    from re import _constants as op  # type: ignore[attr-defined]
    from re import _parser as parser  # type: ignore[attr-defined]
except ImportError:  # pragma: no cover
    op = parser = None

#: letters that another letter, not of their own lower case, stands for where case does not count
ODD = frozenset("İıſµςϐϑϕϖϰϱϵẛẞιͅΐΰﬅﬆᲀᲁᲂᲃᲄᲅᲆᲇᲈꙋᾀᾐᾠᾳῃῳ")
_MOST = 200


def literals(pattern: str, flags: int = re.IGNORECASE) -> tuple[str, ...] | None:
    r"""Lower-case words of which one stands in all that the pattern matches, once that is in lower case; None when
    none is known.

    >>> literals(r"\b(?:onze|our) +(?:leden|members?)\b")
    ('leden', 'member')
    """
    if parser is None:
        return None
    try:
        found = _of_sequence(parser.parse(pattern, flags))
    except (AttributeError, ValueError, TypeError, re.error):  # pragma: no cover
        return None
    return tuple(sorted(found)) if found and len(found) <= _MOST else None


def _of_sequence(items: Iterable[Any]) -> frozenset[str] | None:
    """Of what must stand there one after the other, what is longest at its shortest."""
    choices: list[frozenset[str]] = []
    run = ""
    for kind, value in items:
        if kind is op.LITERAL and chr(value).lower() == chr(value) and chr(value) not in ODD:
            run += chr(value)
            continue
        if kind is op.LITERAL and len(chr(value).lower()) == 1 and chr(value).lower() not in ODD:
            run += chr(value).lower()
            continue
        if run:
            choices.append(frozenset((run,)))
            run = ""
        if (inner := _of_item(kind, value)) is not None:
            choices.append(inner)
    if run:
        choices.append(frozenset((run,)))
    return max(choices, key=lambda words: (min(map(len, words)), -len(words)), default=None)


def _of_item(kind: Any, value: Any) -> frozenset[str] | None:
    if kind is op.BRANCH:
        return _of_all(value[1])
    if kind is op.SUBPATTERN:
        return _of_sequence(value[3])
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT) and value[0] >= 1:
        return _of_sequence(value[2])
    if kind is op.ATOMIC_GROUP:
        return _of_sequence(value)
    return None


def _of_all(branches: Sequence[Any]) -> frozenset[str] | None:
    found = [_of_sequence(branch) for branch in branches]
    return frozenset().union(*(each for each in found if each)) if all(found) else None
