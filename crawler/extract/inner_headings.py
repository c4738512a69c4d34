"""Headings below a label that do not end what it announces: those of cards, of cells, and of the parts of a list."""

from __future__ import annotations

from collections.abc import Container, Sequence
from itertools import islice

from crawler.extract.columns import row_of
from crawler.extract.dom import Item, Line, Outline, Picture, same_make

#: cards with headings as high as what announces them are three or more, and so near
_CARDS = 3
_CARDS_ITEMS = 40
_BOX_STEPS = 12


def opens_card(label: Line, heading: Line, items: Sequence[Item], outline: Outline) -> bool:
    """Whether it opens one of the cards right behind the label: as high as the label is or, where that is no heading,
    of whatever level; and deeper. *items* are those between label and heading."""
    first = next((item for item in items if isinstance(item, Line)), heading)
    # A line that leads into cards need not hold them.
    deeper = heading.block.depth >= label.block.depth + (not label.text.endswith(":"))
    if not first.level or not deeper or not same_make(first, heading):
        return False
    if first is not heading:
        return True
    after = outline.between(heading.at + 1, heading.at + 1 + _CARDS_ITEMS)
    high = [item for item in after if isinstance(item, Line) and 0 < item.level <= (label.level or heading.level)]
    return len(high) >= _CARDS - 1 and all(same_make(heading, other) for other in high[: _CARDS - 1])


def parts_list(label: Line, heading: Line, items: Sequence[Item], announcing: Container[int]) -> bool:
    """Whether it is deeper than the label, and one of its make that announces nothing stood before it. *announcing* are
    the places of lines that do."""
    return 0 < label.level < heading.level and any(
        isinstance(item, Line) and item.at not in announcing and same_make(item, heading) for item in items
    )


def is_cell(label: Line, heading: Line, outline: Outline) -> bool:
    """Whether it is a cell among others of its kind: somebody set a whole table in large print."""
    row = row_of(heading)
    if row is None or row.first <= label.at:
        return False
    cells = [item for item in outline.between(row.first, row.last) if isinstance(item, Line)]
    return len({id(cell.block.parent) for cell in cells}) > 1 and all(cell.level == heading.level for cell in cells)


def is_with_image(label: Line, heading: Line, items: Sequence[Item]) -> bool:
    """Whether a box that begins behind the label holds the heading and one image before it, and no other."""
    pictures = [item.at for item in items if isinstance(item, Picture)]
    if not pictures:
        return False
    for box in islice(heading.block.ancestors(), _BOX_STEPS):
        if box.first <= label.at:
            return False
        if box.first <= pictures[-1]:
            return len(pictures) == 1 or pictures[-2] < box.first
    return False
