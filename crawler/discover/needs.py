"""What a browser asks for to show a page, out of what is discovered on it; and what a sitemap lists."""

from __future__ import annotations

import re
from collections.abc import Iterable

from archive.model import HTML, Link, UrlList
from crawler.discover.markup import LAZY, PAINTED, SOURCE_SETS

#: documents that are shown with what they embed; a script's literals are guesses, a feed's enclosures nobody's needs
_SHOWN = HTML | {"text/css", "image/svg+xml"}
_RELATION = re.compile(r"link\[rel=([^\]]*)\]", re.IGNORECASE)
#: of the relations that are fetched, those without which a page looks otherwise
_NEEDED_RELATIONS = frozenset(("stylesheet", "icon", "preload", "modulepreload"))
_ATTRIBUTES = frozenset(
    "style src href xlink:href data poster background code archive lowsrc dynsrc".split()
) | LAZY | PAINTED | SOURCE_SETS  # fmt: skip
_STYLE = ("css/", "style/", "xml-stylesheet")
#: how the places in a sitemap are called that name a page
_LISTED = frozenset(("url/loc", "sitemap.txt"))


def list_urls(links: Iterable[Link], mime: str | None) -> UrlList | None:
    """What a document of *mime* needs to be shown, or lists where it is a sitemap; None for what does neither.

    Pictures and scripts that only a running script would ask for, icons of home screens and what is meant for search
    engines (``og:image``, JSON-LD) are fetched by a crawl, and not needed.
    """
    if mime is None or mime in _SHOWN:
        return UrlList("needs", _needed(links))
    listed = tuple((link.url,) for link in links if link.hop == "L" and link.context in _LISTED)
    return UrlList("sitemap", listed) if listed else None


def _needed(links: Iterable[Link]) -> tuple[tuple[str, ...], ...]:
    """Each with its other sizes behind it: a browser asks for one of them."""
    found: dict[str, list[str]] = {}
    for link in links:
        if link.hop != "E" or not is_needed(link.context):
            continue
        if link.size_of is None:
            found.setdefault(link.url, []).insert(0, link.url)
        else:
            found.setdefault(link.size_of, []).append(link.url)
    return tuple(tuple(dict.fromkeys(urls)) for urls in found.values())


def is_needed(context: str) -> bool:
    """Whether what stands there is asked for when the page is shown.

    >>> is_needed("img@src"), is_needed("link[rel=shortcut icon]@href"), is_needed("css/@import")
    (True, True, True)
    >>> is_needed("script"), is_needed("meta[og:image]@content"), is_needed("a@href"), is_needed("div@onclick")
    (False, False, False, False)
    """
    if context.startswith(_STYLE):
        return True
    if relation := _RELATION.match(context):
        return not _NEEDED_RELATIONS.isdisjoint(relation[1].lower().split())
    tag, _, attribute = context.partition("@")
    # A link's address that is fetched with the page stands in a script: ``javascript:show('/a.png')``.
    return attribute.partition("/")[0] in _ATTRIBUTES and tag not in {"a", "area"}
