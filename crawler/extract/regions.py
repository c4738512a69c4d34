"""Where on a page an element stands, as far as its tag, role, id and classes say it: header, menu, footer, popup."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.extract.dom import Element, Region
from crawler.extract.vocabulary import vocabulary

_REGION_TAGS: dict[str, Region] = {
    "nav": "nav",
    "header": "header",
    "footer": "footer",
    "aside": "aside",
    "menu": "nav",
}
_REGION_ROLES: dict[str | None, Region] = {
    "navigation": "nav",
    "menu": "nav",
    "menubar": "nav",
    "banner": "header",
    "contentinfo": "footer",
    "dialog": "popup",
    "alertdialog": "popup",
}
_REGIONS: tuple[Region, ...] = ("nav", "popup", "header", "footer")
#: what a system calls the articles that a page lists: no menu
_LISTS = re.compile(r"\bmenu(?:[ _-]menu)?[ _-]articles\b", re.IGNORECASE)
_OVERLAY = re.compile(r"(?:^|(?<=[\s_-]))overlay(?=$|[\s_-])", re.IGNORECASE)
#: "image-overlay", "card-img-overlay"
_OVER_IMAGE = re.compile(
    r"\b(?:image|img|card|hover|photo|picture|thumb|thumbnail|logo)[_-](?:\w+[_-])?overlay\b", re.IGNORECASE
)
_PICTURES = frozenset(("img", "picture", "image", "svg"))
#: siblings on either side of an overlay among which the image that it covers is looked for
_BESIDE = 4
#: boxes: what may wrap a part of a page
_BOXES = frozenset(("div", "section", "ul", "ol", "td", "table", "form", "center", "dialog"))
#: elements that may name a region
CLAIMANTS = _BOXES | _REGION_TAGS.keys()
#: how far up a header looks for what it is the header of
_NEAR = 12


def claim(tag: str, parent: Element | None, name: str | None, classes: str | None, role: str | None) -> Region:
    """The region an element names; ``main`` when it names none."""
    if tag in _REGION_TAGS:
        # The header of an article, or of a section in it, is no header of the page.
        near = islice(parent.ancestors(), _NEAR) if parent is not None and tag in ("header", "footer") else ()
        inner = any(ancestor.tag in ("main", "article", "section") for ancestor in near)
        return "main" if inner else _REGION_TAGS[tag]
    if role in _REGION_ROLES:
        return _REGION_ROLES[role]
    return _named(f"{name or ''} {classes or ''}"[:300]) if name or classes else "main"


def is_beside_main(element: Element, tree: LexborHTMLParser) -> bool:
    """Whether it is a ``<footer>`` and the page's ``<main>`` stands outside of it."""
    if element.tag != "footer" or (node := tree.css_first("main")) is None:
        return False
    around: LexborNode | None = node
    while around is not None and around.mem_id != element.node.mem_id:
        around = around.parent
    return around is None


def is_caption(element: Element, name: str | None, classes: str | None) -> bool:
    """Whether an element is called an overlay, and lies over the image of its own card: it is no popup."""
    names = f"{name or ''} {classes or ''}"[:300]
    if not _OVERLAY.search(names) or _named(_OVERLAY.sub("", names)) == "popup":
        return False
    if _OVER_IMAGE.search(names):
        return True
    if element.parent is None or element.parent.tag in ("body", "main"):
        return False
    before, after = element.node.prev, element.node.next
    for _ in range(_BESIDE):
        if any(_shows_image(node) for node in (before, after)):
            return True
        before, after = before and before.prev, after and after.next
    return False


def _shows_image(node: LexborNode | None) -> bool:
    if node is not None and node.tag == "a":
        node = next((child for child in node.iter()), None)
    return node is not None and node.tag in _PICTURES


@cache
def _region_names() -> re.Pattern[str]:
    return re.compile(
        rf"(?:^|[\s_-])(?:(?P<nav>nav|navi|navbar|navigation|menu|mainmenu|submenu|breadcrumbs?|{vocabulary().navigation})"
        r"|(?P<popup>popup|pop-up|modal|(?<!bg-)(?<!image-)(?<!img-)overlay|lightbox|cookies?|gdpr|consent"
        # what asks for consent goes by the name of who sells it
        r"|cc-window|cmplz|klaro|onetrust|didomi|axeptio|usercentrics|cookiebot|tarteaucitron\w*|cybotcookie\w*))(?=$|[\s_-])"
        # "section-header" heads a section: only a whole name heads or closes the page
        r"|(?:^|\s)(?:(?P<header>(?:site|main|top|global)?[_-]?header|masthead|top-?bar)"
        r"|(?P<footer>(?:site|main|page|global)?[_-]?footer|colophon))(?=$|\s)",
        re.IGNORECASE,
    )


@lru_cache(maxsize=2048)
def _named(names: str) -> Region:
    """A page has the same few classes over and over."""
    found = _region_names().search(_LISTS.sub("", names))
    return next((region for region in _REGIONS if found[region]), "main") if found else "main"
