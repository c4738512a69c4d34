"""Lines that read like labels and are entries: of a menu, a filter, tabs. What they announce stands elsewhere."""

from __future__ import annotations

from itertools import islice

from crawler.extract.blocks import Block
from crawler.extract.dom import Element, Line, Outline
from crawler.extract.labels import Label, is_sure

#: how far up from a line its list is looked for
_LIST_STEPS = 5
#: boxes that are cards of one make
_CARDS = 5


def within_own_list(block: Block) -> Block:
    """The block, without what stands outside the list that its label is an entry of, among others."""
    held_by = _list_around(block.label.line)
    if held_by is None:
        return block
    return Block(block.label, [item for item in block.items if item.at < held_by.last])


def leads_elsewhere(label: Label) -> bool:
    """Whether the label is a link to what it announces, and no heading that says who supports somebody."""
    line = label.line
    linked = line.is_linked and all(part.element.link is not None for part in line.parts)
    return linked and (line.level == 0 or not is_sure(label))


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
    return len({id(other.block.parent) for other in like if _is_headed(other, outline)}) >= _CARDS


def _is_headed(line: Line, outline: Outline) -> bool:
    before = outline.between(line.at - 1, line.at)
    return bool(before) and isinstance(before[0], Line) and before[0].level > 0


def _list_around(line: Line) -> Element | None:
    """The list that the line is an entry of, among others; None for a heading, and for a line that leads on."""
    if line.level or line.text.endswith(":"):
        return None
    entry: Element | None = None
    for element in islice(line.block.ancestors(), _LIST_STEPS):
        if element.tag == "li":
            entry = element
        elif element.tag in ("ul", "ol", "menu"):
            others = entry is not None and (element.first < entry.first or entry.last < element.last)
            return element if others else None
    return None
