"""Who is thanked in prose: in sentences below a label of sponsors, or under a heading each. A person looks at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from crawler.extract.blocks import Block
from crawler.extract.dom import Item, Line
from crawler.extract.finder import Finder
from crawler.extract.labels import is_sure
from crawler.extract.logos import LogoName
from crawler.extract.names import are_persons, called_organisations, is_name, is_spelt_as_name, may_be_persons
from crawler.extract.prose import sentences
from crawler.extract.shown import Shown
from crawler.extract.vocabulary import vocabulary

#: lines below a label that are read, and of one no more than this
_LINES = 12
_LINE_CHARS = 2000
_NAME_WORDS = 5
#: headings behind a line that leads into them, items that are asked for them, and share that must say what they are
_LEAST = 3
_ITEMS = 200
_CALLED = 0.5
_DOUBTFUL = 0.3


def thanked_in(block: Block, finder: Finder, read: set[int]) -> Iterator[Shown]:
    """Those whom sentences thank one by one: "We thank Quayside Paints Ltd for the hull". *read*: the places of lines
    that were read for another label."""
    language = finder.words.language(finder.lang)
    lines = [line for line in block.lines[:_LINES] if line.at not in read] if is_sure(block.label) else []
    read.update(line.at for line in lines)
    for line in lines:
        for sentence in sentences(line.text[:_LINE_CHARS], language.prose.abbreviations):
            found = [match for each in vocabulary().sponsors.thanked for match in each.finditer(sentence.text)]
            for match in sorted(found, key=lambda each: each.start("name")):
                if _is_body(match["name"]):
                    yield _shown(match["name"], line, finder)


def thanked_below(finder: Finder) -> Iterator[Shown]:
    """Those who have a heading each, with prose below, behind a line that leads into them: "We thank in particular"."""
    thanks = vocabulary().sponsors.thanks
    for line in sorted(finder.may_match(thanks), key=lambda each: each.at):
        if thanks.search(line.text) is None or line.struck:
            continue
        heads = _told_of(finder.outline.between(line.at + 1, line.at + 1 + _ITEMS))
        names = [head.text for head in heads]
        if len(names) >= _LEAST and called_organisations(names) >= _CALLED and not are_persons(names):
            for head in heads:
                yield _shown(head.text, head, finder)


def _told_of(items: Sequence[Item]) -> list[Line]:
    """The headings of one level, each with prose right below, that begin with the first item."""
    heads: list[Line] = []
    for item, below in pairwise(items):
        if not isinstance(item, Line) or (heads and not item.level):
            continue
        told = isinstance(below, Line) and not below.level
        if not told or not item.level or item.level != (heads or [item])[0].level or not is_name(item.text):
            break
        heads.append(item)
    return heads


def _is_body(name: str) -> bool:
    """Whether it may be a body's: two words or more that say nothing may be a person's."""
    if len(name.split()) > _NAME_WORDS or not is_name(name) or not is_spelt_as_name(name):
        return False
    return not are_persons([name]) and (called_organisations([name]) > 0 or not may_be_persons([name]))


def _shown(name: str, line: Line, finder: Finder) -> Shown:
    return Shown(LogoName(name, name, "text", _DOUBTFUL), "thanked", finder.evidence(name, line))
