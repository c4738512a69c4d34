"""Sponsors by tiers: the greater ones by their logos, the lesser ones by name, under headings of one make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crawler.extract.blocks import Block, entries_in
from crawler.extract.dom import Item, Line, Picture
from crawler.extract.entries import MARKED
from crawler.extract.finder import Finder
from crawler.extract.listing import enumerated
from crawler.extract.names import are_countries, are_persons, is_name, organisation_like
from crawler.extract.zones import is_of_another

#: share of names that must look like organisations'
_LIKELY = 0.6


def lower_tiers(block: Block, first_logo: int, last_logo: int, finder: Finder) -> Iterator[tuple[str, Line]]:
    """The names, with their lines, that stand among or below the logos of a wall under headings like those in it."""
    in_wall = {item.level for item in block.items if isinstance(item, Line) and item.level and item.at < last_logo}
    part: list[Item] = []
    heading: Line | None = None
    for item in block.items:
        if item.at <= first_logo:
            continue
        if isinstance(item, Line) and item.level:
            yield from _named(heading, part, finder)
            if item.level not in in_wall:
                return
            heading, part = item, []
        else:
            part.append(item)
    yield from _named(heading, part, finder)


def _named(heading: Line | None, part: Sequence[Item], finder: Finder) -> Iterator[tuple[str, Line]]:
    lines = [item for item in part if isinstance(item, Line)]
    if heading is None or not lines or is_of_another("sponsor", heading.text):
        return
    if any(isinstance(item, Picture) for item in part):
        return
    if told := enumerated(lines[0].text, finder.words.language(finder.lang)):
        yield from ((name.text, lines[0]) for name in told)
        return
    entries = [entry for entry in entries_in(lines, part[0].at) if entry.shape in MARKED]
    names = [entry.text.strip(" ,;") for entry in entries]
    if len(names) < 2 or not all(map(is_name, names)) or are_persons(names) or are_countries(names):
        return
    if organisation_like(names) >= _LIKELY:
        yield from ((name, entry.lines[0]) for name, entry in zip(names, entries, strict=True))
