"""What a site lists of itself: its own pages in menus, columns and footers."""

from __future__ import annotations

from collections.abc import Sequence

from crawler.extract.dom import Line, Outline
from crawler.extract.entries import Entry
from crawler.extract.labels import Label, is_called
from crawler.extract.names import called_organisations
from crawler.extract.vocabulary import vocabulary

#: share of names that are called what sites call their own pages, and how many at least
_PAGES = 0.25
_FEWEST = 2
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
    pages = sum(is_site_page(name) for name in names)
    return pages >= max(_FEWEST, _PAGES * len(names))


def is_site_page(text: str) -> bool:
    if vocabulary().site_page.match(text.casefold().strip(" .:»›→>")) is not None:
        return True
    return " " not in text and any(is_called(role, text) for role in ("member", "sponsor"))


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
    return any(is_site_page(head.text) or vocabulary().about.match(head.text.casefold()) is not None for head in heads)


def _is_like(one: Line, other: Line) -> bool:
    same = one.level == other.level and one.strong == other.strong and one.block.tag == other.block.tag
    return same and one.block.depth == other.block.depth
