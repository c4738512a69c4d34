"""Cards: boxes or parts of one make, each opened by a name; and groups, opened by a letter or a region."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from crawler.extract.dom import Element, Line, Outline
from crawler.extract.entries import MARKED, Entry, of_fields, shape_of, shaped, without_badges
from crawler.extract.names import are_countries, are_persons, is_name, named_bodies, organisation_like
from crawler.extract.vocabulary import vocabulary

#: how far up from a line its box is looked for
_STEPS = 10
_MIN_CARDS = 3
#: of cards under headings, which are set off as no other line is
_MIN_HEADED = 2
#: cards that begin alike, of which a line is no label
_LIKE_CARDS = 5
#: what stands below a name in its card; more is an article
_CARD_LINES = 12
_CARD_CHARS = 700
#: share of the boxes that must begin with their name, and of the names that must be names
_MOST = 0.8
#: lines below a heading, on the average, from which on it is the heading of a group
_GROUP_LINES = 1.3
_MAX_DEPTH = 3
#: share of names that say what they are, of first lines, and of the lines below them where these name nobody
_SAY, _SAY_NOT = 0.5, 0.1
#: share of names that must look like organisations'
_LIKELY = 0.6
_SPACE = re.compile(r"\s+")
_NUMBERS = re.compile(r"[\s\d_-]+")
_LETTERS = re.compile(r"(?:\d{1,2}|[A-ZÀ-Þ](?:\s?[-–/]\s?[A-ZÀ-Þ])?|0\s?[-–]\s?9)[.:]?")
_FIGURE = re.compile(r"[\d.,]+ ?[%+kK]?")
_COUNTED = re.compile(r".{2,30} \(\d{1,3}\)")


@dataclass(frozen=True, slots=True)
class _Heads:
    lines: list[Line]
    #: what stands below each, up to the next or to the end of its box
    bodies: list[list[Line]]
    is_headed: bool
    leads: bool


def cards_in(lines: Sequence[Line], start: int, depth: int = 0) -> list[Entry]:
    """The names that open the cards among *lines*, or that stand in the groups; none where neither stands there.

    *start* is the first item of what is looked at.
    """
    unmarked = (line for line in lines if shape_of(line, start)[0] not in MARKED)
    called = [entry for line in unmarked if (entry := of_fields(line, "card")) is not None]
    if len(called) >= _MIN_CARDS:
        return called
    heads = _best(lines, start)
    if heads is None or depth > _MAX_DEPTH:
        return []
    below = [line for body in heads.bodies for line in body]
    if _are_groups(heads, below):
        if leading := _leading(heads):
            return leading
        every = shaped(below, start)
        if marked := defined_in(every) or [entry for entry in every if entry.shape in MARKED]:
            return marked
        if inner := cards_in(below, start, depth + 1) or _as_entries(below):
            return inner
    return [Entry([line], "card") for line in heads.lines]


def without_figures(entries: Sequence[Entry]) -> list[Entry]:
    """Without the terms of which a ``dl`` says how many there are: "Members 19"."""
    counts = {
        id(each)
        for term, told in pairwise(entries)
        for each in (term, told)
        if told.shape == "dd" and term.lines[0].block.tag == "dt" and _FIGURE.fullmatch(told.text)
    }
    return [entry for entry in entries if id(entry) not in counts]


def is_group_heading(text: str) -> bool:
    """Whether a heading names a letter, a region or a country: what lists are parted by."""
    words = vocabulary()
    named = is_letters(text) or _COUNTED.fullmatch(text) or words.region.match(text)
    return bool(named) or text.casefold() in words.countries


def is_letters(text: str) -> bool:
    """Whether a heading is a letter, a range of them, or a number: "A", "0-9"."""
    return _LETTERS.fullmatch(text) is not None


def defined_in(entries: Sequence[Entry]) -> list[Entry]:
    """The names that a ``dl``, or several under letters, tells something of each: what it tells is no list."""
    terms = [entry for entry in entries if entry.lines[0].block.tag == "dt"]
    told = sum(entry.shape == "dd" for entry in entries)
    if len(terms) < _MIN_CARDS or len(terms) * 5 < told * 4 or any(entry.shape in MARKED for entry in entries[:1]):
        return []
    names = sum(is_name(entry.text) and not is_group_heading(entry.text) for entry in terms)
    return terms if names * 5 >= len(terms) * 4 else []


def opens_one_of_cards(line: Line, outline: Outline) -> bool:
    """Whether lines of its class stand right below headings in boxes of their own: what a card says first."""
    name = line.block.attribute("class")
    if line.level or line.strong or line.is_linked or not name:
        return False
    like = (
        other
        for other in outline.lines
        if other.level == 0 and other.block.depth == line.block.depth and other.block.attribute("class") == name
    )
    return len({id(other.block.parent) for other in like if _is_headed(other, outline)}) >= _LIKE_CARDS


def _best(lines: Sequence[Line], start: int) -> _Heads | None:
    unmarked = [
        line for line in lines if shape_of(line, start)[0] not in MARKED and any(c.isalpha() for c in line.text)
    ]
    # A number in a class may tell one card from the next, or the name from what it is told of.
    for ignored in (_SPACE, _NUMBERS):
        makes: dict[str, list[Line]] = {}
        for line in unmarked:
            makes.setdefault(_make(line, ignored), []).append(line)
        found = [heads for made in makes.values() if (heads := _heads(made, lines, start)) is not None]
        if found:
            best = max(found, key=lambda h: (h.is_headed, h.lines[0].strong, h.leads, len(h.lines)))
            return _with_others(best, unmarked, lines, start)
    return None


def _with_others(heads: _Heads, unmarked: Sequence[Line], lines: Sequence[Line], start: int) -> _Heads:
    """With the headings as high and as deep that another class sets smaller, because they are long, where all of them
    open cards."""
    first = heads.lines[0]
    made = [
        line
        for line in unmarked
        if (line.level, line.block.tag, line.block.depth) == (first.level, first.block.tag, first.block.depth)
    ]
    if not (heads.is_headed and heads.leads) or len(made) == len(heads.lines):
        return heads
    wider = _heads(made, lines, start)
    return wider if wider is not None and wider.leads else heads


def _make(line: Line, ignored: re.Pattern[str]) -> str:
    plain = not (line.level or line.strong)
    linked = plain and len(line.parts) == 1 and line.parts[0].element.link is not None
    classes = ignored.sub("", line.block.attribute("class") or "")
    return f"{line.block.tag}/{line.block.depth}/{classes}/{line.level}/{line.strong}/{linked}"


def _heads(made: list[Line], lines: Sequence[Line], start: int) -> _Heads | None:
    headed = all(line.level for line in made)
    if len(made) < (_MIN_HEADED if headed else _MIN_CARDS):
        return None
    names = [without_badges(line) for line in made]
    if sum(is_name(name) or is_group_heading(name) for name in names) < _MOST * len(names):
        return None
    boxes = _boxes(made, start)
    at = [line.at for line in lines]
    bodies: list[list[Line]] = []
    leading = 0
    for nth, (line, box) in enumerate(zip(made, boxes, strict=True)):
        following = made[nth + 1].at if nth + 1 < len(made) else _end(box, line, lines)
        bodies.append(list(lines[bisect_right(at, line.at) : bisect_left(at, following)]))
        leading += bisect_left(at, box.first) == bisect_left(at, line.at)
    filled = sum(bool(body) for body in bodies)
    boxed = sum(box.last - box.first > 1 for box in boxes) * 2 >= len(boxes)
    leads = boxed and leading >= _MOST * len(made) and len({box.tag for box in boxes}) == 1
    long = sum(len(body) > _CARD_LINES or sum(len(o.text) for o in body) > _CARD_CHARS for body in bodies)
    if filled * 2 < len(bodies) or not (leads or headed or all(line.strong for line in made)):
        return None
    if long * 2 > len(bodies) and not all(is_group_heading(name) for name in names):
        return None
    if not leads and organisation_like(names) < 0.5 and not all(is_group_heading(name) for name in names):
        # "Our history", "Our office": parts of an article.
        return None
    return _Heads(made, bodies, headed, leads)


def _boxes(made: Sequence[Line], start: int) -> list[Element]:
    """The largest element around each line that holds no other of them, all as deep in the tree."""
    boxes: list[list[Element]] = []
    for nth, line in enumerate(made):
        before = made[nth - 1].at if nth else start - 1
        after = made[nth + 1].at if nth + 1 < len(made) else None
        around: list[Element] = []
        for element in islice(line.block.ancestors(), _STEPS):
            if element.first <= before or (after is not None and element.last > after):
                break
            around.append(element)
        boxes.append(around or [line.block])
    # Nothing follows the last, so nothing but the others' depth bounds its box.
    depth = max((around[-1].depth for around in boxes[:-1]), default=boxes[-1][-1].depth)
    return [next((e for e in reversed(around) if e.depth >= depth), around[0]) for around in boxes]


def _leading(heads: _Heads) -> list[Entry]:
    """Of groups that hold more than names, the lines that each begins with: the names that alone say what they are, or
    those of one make."""
    firsts = [body[0] for body in heads.bodies if body]
    others = [line.text for body in heads.bodies for line in body[1:]]
    said = named_bodies([line.text for line in firsts])
    if len(others) >= len(firsts) >= _MIN_CARDS and said >= _SAY and named_bodies(others) < _SAY_NOT:
        return [entry for line in firsts for entry in _parted(line)]
    makes = {(line.block.tag, line.block.depth, line.block.attribute("class")) for line in firsts}
    if len(makes) != 1 or len(firsts) < _MIN_CARDS or not next(iter(makes))[2]:
        return []
    alike = [
        [line for line in body if (line.block.tag, line.block.depth, line.block.attribute("class")) in makes]
        for body in heads.bodies
    ]
    if sum(map(len, alike)) == sum(map(len, heads.bodies)):
        return []
    entries = [entry for lines in alike for line in lines for entry in _parted(line)]
    texts = [entry.text for entry in entries]
    named = sum(map(is_name, texts)) >= _MOST * len(texts) and not (are_persons(texts) or are_countries(texts))
    return entries if named and organisation_like(texts) >= _LIKELY else []


def _parted(line: Line) -> list[Entry]:
    """Each of the names that stand in one line with points between them."""
    pieces = line.text.split(" · ")
    return [Entry([line], "piece", piece) for piece in pieces] if len(pieces) > 1 else [Entry([line], "grouped")]


def _end(box: Element, line: Line, lines: Sequence[Line]) -> int:
    if box.last > line.at + 1:
        return box.last
    return next((other.at for other in lines if other.at > line.at and 0 < other.level <= line.level), lines[-1].at + 1)


def _are_groups(heads: _Heads, below: Sequence[Line]) -> bool:
    """Whether the names stand below the headings, and are not the headings."""
    titles = [without_badges(line) for line in heads.lines]
    if sum(is_group_heading(title) for title in titles) * 2 > len(titles):
        return True
    names = [entry.text for entry in _as_entries(below)]
    if len(names) < _GROUP_LINES * len(titles):
        return False
    return organisation_like(names) > organisation_like(titles)


def _as_entries(lines: Sequence[Line]) -> list[Entry]:
    """Each line as a name; none where they are not mostly that."""
    texts = [line.text for line in lines if is_name(line.text)]
    if not texts or len(texts) < _MOST * len(lines) or are_persons(texts) or are_countries(texts):
        return []
    return [Entry([line], "grouped") for line in lines if is_name(line.text)]


def _is_headed(line: Line, outline: Outline) -> bool:
    before = outline.between(line.at - 1, line.at)
    return bool(before) and isinstance(before[0], Line) and before[0].level > 0
