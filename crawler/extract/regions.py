"""Where on a page an element stands, as far as its tag, role, id and classes say it: header, menu, footer, popup."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice

from crawler.extract.dom import Element, Region

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
_REGION_NAMES = re.compile(
    r"(?:^|[\s_-])(?:(?P<nav>nav|navi|navbar|navigation|navigatie|menu|mainmenu|submenu|hoofdmenu|breadcrumbs?|kruimelpad)"
    r"|(?P<popup>popup|pop-up|modal|(?<!bg-)(?<!image-)(?<!img-)overlay|lightbox|cookies?|gdpr|consent"
    # what asks for consent goes by the name of who sells it
    r"|cc-window|cmplz|klaro|onetrust|didomi|axeptio|usercentrics|cookiebot|tarteaucitron\w*|cybotcookie\w*))(?=$|[\s_-])"
    # "section-header" heads a section: only a whole name heads or closes the page
    r"|(?:^|\s)(?:(?P<header>(?:site|main|top|global)?[_-]?header|masthead|top-?bar)"
    r"|(?P<footer>(?:site|main|page|global)?[_-]?footer|colophon))(?=$|\s)",
    re.IGNORECASE,
)
#: what a system calls the articles that a page lists: no menu
_LISTS = re.compile(r"\bmenu(?:[ _-]menu)?[ _-]articles\b", re.IGNORECASE)
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


@lru_cache(maxsize=2048)
def _named(names: str) -> Region:
    """A page has the same few classes over and over."""
    found = _REGION_NAMES.search(_LISTS.sub("", names))
    return next((region for region in _REGIONS if found[region]), "main") if found else "main"
