"""Two texts side by side: which lines went and came, and in a line that was edited which words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz.distance import Indel

#: of a longer text only so many lines are compared
MOST_LINES = 20_000
#: words of an edited line that are compared one by one; of longer ones the whole line changed
_MOST_WORDS = 2_000
#: unchanged lines that are shown around what changed
CONTEXT = 2
#: lines that share at least this much of their words are one that was edited
_ALIKE = 0.5

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    mark: Literal["", "del", "ins"] = ""


@dataclass(frozen=True, slots=True)
class Line:
    kind: Literal["same", "gone", "new", "edited", "left out"]
    parts: tuple[Part, ...]
    #: lines that were left out
    count: int = 0


def compare(before: str, after: str) -> list[Line]:
    r"""
    >>> compare("Leden\nPlan", "Leden\nPlan Nu")[1].parts
    (Part(text='Plan', mark=''), Part(text=' Nu', mark='ins'))
    """
    old, new = before.splitlines()[:MOST_LINES], after.splitlines()[:MOST_LINES]
    found: list[Line] = []
    for tag, old_from, old_to, new_from, new_to in _blocks(old, new):
        if tag == "equal":
            found += [Line("same", (Part(line),)) for line in old[old_from:old_to]]
        else:
            found += _changed(old[old_from:old_to], new[new_from:new_to])
    return list(_shortened(found))


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """Stretches that are equal, and what stands between them."""
    at_old = at_new = 0
    for block in Indel.editops(old, new).as_matching_blocks():
        if block.a > at_old or block.b > at_new:
            yield "changed", at_old, block.a, at_new, block.b
        if block.size:
            yield "equal", block.a, block.a + block.size, block.b, block.b + block.size
        at_old, at_new = block.a + block.size, block.b + block.size


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    """Lines pair up in their order while they are alike; the rest went or came."""
    paired = 0
    while paired < min(len(old), len(new)) and _are_alike(old[paired], new[paired]):
        yield Line("edited", tuple(_words(old[paired], new[paired])))
        paired += 1
    yield from (Line("gone", (Part(line, "del"),)) for line in old[paired:])
    yield from (Line("new", (Part(line, "ins"),)) for line in new[paired:])


def _are_alike(old: str, new: str) -> bool:
    return Indel.normalized_similarity(re.findall(r"\w+", old), re.findall(r"\w+", new)) >= _ALIKE


def _words(old: str, new: str) -> Iterator[Part]:
    was, is_now = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(was), len(is_now)) > _MOST_WORDS:
        yield Part(old, "del")
        yield Part(new, "ins")
        return
    for tag, old_from, old_to, new_from, new_to in _blocks(was, is_now):
        if tag == "equal":
            yield Part("".join(was[old_from:old_to]))
            continue
        if old_to > old_from:
            yield Part("".join(was[old_from:old_to]), "del")
        if new_to > new_from:
            yield Part("".join(is_now[new_from:new_to]), "ins")


def _shortened(lines: list[Line]) -> Iterator[Line]:
    """Unchanged lines far from any change are counted."""
    near = [False] * len(lines)
    for at, line in enumerate(lines):
        if line.kind != "same":
            for other in range(max(0, at - CONTEXT), min(len(lines), at + CONTEXT + 1)):
                near[other] = True
    skipped = 0
    for line, is_near in zip(lines, near, strict=True):
        if not is_near:
            skipped += 1
            continue
        if skipped:
            yield Line("left out", (), skipped)
            skipped = 0
        yield line
    if skipped:
        yield Line("left out", (), skipped)
