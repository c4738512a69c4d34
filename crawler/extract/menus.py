"""What a site lists of itself: its own pages in menus, columns and footers, and the words its lists are sorted by."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from crawler.extract.dom import Element, Line, Outline, collapse
from crawler.extract.entries import Entry
from crawler.extract.labels import Label, is_called
from crawler.extract.names import called_organisations
from crawler.extract.vocabulary import vocabulary

#: share of names that are called what sites call their own pages, and how many at least
_PAGES = 0.25
_FEWEST = 2
#: on a button that sorts a list
_BUTTON_WORDS = 3
_MOST_BUTTONS = 12
#: how far up from a line its list item is looked for
_STEPS = 4
#: share of names that say what they are, from which on links to a site's own pages are no menu
_CALLED = 0.5
#: items of the page between the headings of two columns
_NEAR = 80


def is_menu(entries: Sequence[Entry]) -> bool:
    """Every entry is a link and nothing else, and none leads to a site of its own."""
    links = [entry.links for entry in entries]
    return all(links) and not any("//" in (link.attribute("href") or "") for each in links for link in each)


def are_site_pages(names: Sequence[str]) -> bool:
    """Whether enough of the names are what sites call pages of their own, or parts of a list: "Gift cards", "Reset"."""
    pages = sum(_is_site_page(name) for name in names)
    return pages >= max(_FEWEST, _PAGES * len(names))


def _is_site_page(text: str) -> bool:
    if vocabulary().site_page.match(text.casefold().strip(" .:»›→>")) is not None:
        return True
    return " " not in text and any(is_called(role, text) for role in ("member", "sponsor"))


def is_one_of(label: Label, entries: Sequence[Entry]) -> bool:
    """Whether the label is an item of the very list it seems to announce: "Members" between "Forums" and "Help"."""
    line = label.line
    if line.level or line.strong or line.text.endswith(":"):
        return False
    own = _item_of(line)
    if own is None or own.parent is None:
        return False
    # What stands first, and is no link as the others are, or is of another class, heads the list.
    others = [item for entry in entries if (item := _item_of(entry.lines[0])) is not None and item.parent is own.parent]
    if len(others) * 2 <= len(entries):
        return False
    is_first = own.first <= own.parent.first
    unlike = own.attribute("class") != others[-1].attribute("class")
    linked = sum(entry.lines[0].is_linked for entry in entries) * 2 > len(entries)
    return not (is_first and (unlike or (linked and not line.is_linked) or not linked))


def end_of_filter(label: Label) -> int:
    """The item behind the buttons that the label is one of, by which what follows is sorted: "All", "Members",
    "Partners". 0 where it is none."""
    own = _item_of(label.line)
    if own is None or own.parent is None or label.line.level or label.line.text.endswith(":"):
        return 0
    if own.parent.last - own.parent.first > _MOST_BUTTONS:
        # Lines of it: what holds more may hold a whole page.
        return 0
    buttons = [item for item in islice(own.parent.node.iter(), _MOST_BUTTONS + 1) if item.tag == "li"]
    if not _FEWEST < len(buttons) <= _MOST_BUTTONS:
        return 0
    texts = [collapse(button.text()) for button in buttons]
    links = [link.attrs.get("href") or "" for button in buttons for link in button.css("a")]
    brief = all(len(text.split()) <= _BUTTON_WORDS for text in texts) and all(not link.lstrip("#") for link in links)
    return own.parent.last if brief and any(map(_is_site_page, texts)) else 0


def _item_of(line: Line) -> Element | None:
    return next((element for element in islice(line.block.ancestors(), _STEPS) if element.tag == "li"), None)


def is_column(label: Label, entries: Sequence[Entry], outline: Outline) -> bool:
    """Whether the label heads links to the site's own pages in its footer, or in one of several columns of them:
    "Customer service" heads another."""
    line = label.line
    if not is_menu(entries) or called_organisations([entry.text for entry in entries]) >= _CALLED:
        return False
    if line.region == "footer":
        return True
    if not (line.level or line.strong):
        return False
    near = outline.between(line.at - _NEAR, entries[-1].lines[-1].at + _NEAR)
    heads = (item for item in near if isinstance(item, Line) and item is not line and _is_like(item, line))
    return any(_is_site_page(head.text) or vocabulary().about.match(head.text.casefold()) is not None for head in heads)


def _is_like(one: Line, other: Line) -> bool:
    same = one.level == other.level and one.strong == other.strong and one.block.tag == other.block.tag
    return same and one.block.depth == other.block.depth
