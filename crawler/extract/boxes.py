"""The boxes that pictures stand in: of one make, one behind the other, or all in one part of the page."""

from __future__ import annotations

from itertools import islice, takewhile

from crawler.extract.dom import Element
from crawler.extract.labels import Label
from crawler.extract.pictures import Image

_STEPS = 40
#: how far up from a logo the box is looked for that holds it and what is told of it
_BOX_STEPS = 6


def are_in_like_boxes(one: Image, other: Image) -> bool:
    """Whether both stand in boxes of one make, one right behind the other: what is told in each may be long."""
    boxes = {id(each.parent): each for each in islice(one.picture.element.ancestors(), _BOX_STEPS) if each.parent}
    for each in islice(other.picture.element.ancestors(), _BOX_STEPS):
        beside = boxes.get(id(each.parent))
        if beside is not None:
            named = bool(each.attribute("class")) or each.tag in ("li", "article", "figure")
            return beside.last == each.first and named and _are_of_one_make(beside, each)
    return False


def in_one_part(logos: list[Image], label: Label) -> list[Image]:
    """The logos of the part of the page behind the label, when the first part that holds any holds several.

    What follows it beside the label, an image at a time, is something else: banners under a carousel.
    """
    above = {id(element) for element in islice(label.line.block.ancestors(), _STEPS)}
    rows: list[tuple[Element | None, list[Image]]] = []
    for logo in logos:
        part = _part_below(logo.picture.element, above)
        if rows and part is not None and part is rows[-1][0]:
            rows[-1][1].append(logo)
        else:
            rows.append((part, [logo]))
    if not rows or len(rows[0][1]) < 3:
        return logos
    first = rows[0][0]
    wall = takewhile(lambda row: len(row[1]) >= 2 or _are_of_one_make(first, row[0]), rows)
    return [logo for _part, row in wall for logo in row]


def _are_of_one_make(one: Element | None, other: Element | None) -> bool:
    if one is None or other is None:
        return False
    return one.tag == other.tag and one.attribute("class") == other.attribute("class")


def _part_below(element: Element, above: set[int]) -> Element | None:
    """The ancestor of the element, or itself, that is a child of one that stands above the label too."""
    for ancestor in islice(element.ancestors(), _STEPS):
        if ancestor.parent is not None and id(ancestor.parent) in above:
            return ancestor
    return None
