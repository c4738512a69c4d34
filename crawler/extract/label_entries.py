"""Labels that are entries themselves: of a menu, tabs, a filter, of the very list that they seem to announce."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from crawler.extract.blocks import Block
from crawler.extract.dom import Element, Line, collapse
from crawler.extract.entries import Entry
from crawler.extract.labels import Label
from crawler.extract.menus import is_site_page

#: how far up from a line its entry is looked for
_STEPS = 4
#: of a list's entries, and of buttons that sort a list
_FEWEST = 2
_MOST_BUTTONS = 12
#: on a button
_BUTTON_WORDS = 3


@dataclass(frozen=True, slots=True)
class Held:
    """The list that a label is an entry of, among others."""

    entry: Element
    list: Element


def held_by(label: Label) -> Held | None:
    """None for what heads a list wherever it stands: a heading, bold, or with a colon behind it."""
    line = label.line
    entry = None if line.level or line.strong or line.text.endswith(":") else _entry_of(line)
    held = Held(entry, entry.parent) if entry is not None and entry.parent is not None else None
    return held if held and (held.list.first < held.entry.first or held.entry.last < held.list.last) else None


def within_own_list(block: Block) -> Block:
    """The block, without what stands outside the list that its label is an entry of."""
    held = held_by(block.label)
    return block if held is None else Block(block.label, [item for item in block.items if item.at < held.list.last])


def is_one_of(label: Label, entries: Sequence[Entry]) -> bool:
    """Whether the label is one of the very entries it seems to announce: "Members" between "Forums" and "Help"."""
    held = held_by(label)
    if held is None:
        return False
    # What stands first, and is no link as the others are, or is of another class, heads the list.
    others = [item for entry in entries if (item := _entry_of(entry.lines[0])) is not None and item.parent is held.list]
    if len(others) * 2 <= len(entries):
        return False
    is_first = held.entry.first <= held.list.first
    unlike = held.entry.attribute("class") != others[-1].attribute("class")
    linked = sum(entry.lines[0].is_linked for entry in entries) * 2 > len(entries)
    return not (is_first and (unlike or (linked and not label.line.is_linked) or not linked))


def end_of_filter(label: Label) -> int:
    """The item behind the buttons that the label is one of, by which what follows is sorted: "All", "Members",
    "Partners". 0 where it is none."""
    held = held_by(label)
    if held is None or held.list.last - held.list.first > _MOST_BUTTONS:
        # Lines of it: what holds more may hold a whole page.
        return 0
    buttons = [item for item in islice(held.list.node.iter(), _MOST_BUTTONS + 1) if item.tag == "li"]
    if not _FEWEST < len(buttons) <= _MOST_BUTTONS:
        return 0
    texts = [collapse(button.text()) for button in buttons]
    links = [link.attrs.get("href") or "" for button in buttons for link in button.css("a")]
    brief = all(len(text.split()) <= _BUTTON_WORDS for text in texts) and all(not link.lstrip("#") for link in links)
    return held.list.last if brief and any(map(is_site_page, texts)) else 0


def _entry_of(line: Line) -> Element | None:
    return next((element for element in islice(line.block.ancestors(), _STEPS) if element.tag == "li"), None)
