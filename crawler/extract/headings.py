"""What a page says that it is about: its own heading, its title and its first lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

from crawler.extract.dom import Line, collapse
from crawler.extract.labels import LABEL_CHARS
from crawler.extract.naming import address_words, is_file_name, title_parts
from crawler.extract.vocabulary import vocabulary

#: regions of what a page says
READ = frozenset(("main", "header", "aside"))
#: regions in which no page's own heading stands
_NO_HEAD = frozenset(("nav", "popup", "footer"))
#: classes of the entry of a menu where one is
_CURRENT = frozenset(("active", "current", "selected", "current-menu-item", "current_page_item", "is-active"))
#: of a heading that names what is below it and says nothing of it
_HEADING_WORDS = 2
#: lines of a page that say what it is about
_FIRST_LINES = 6


def heading_line(lines: Sequence[Line]) -> Line | None:
    """The page's own heading: its first ``h1``, else its first heading or bold line, else one its text repeats."""
    heads = [line for line in lines if (line.level or line.strong) and len(line.text) <= 200]
    first = (line for line in heads if line.level == 1 and line.region not in _NO_HEAD)
    headed = (line for line in heads if (line.level or line.block.tag != "li") and line.region not in _NO_HEAD)
    return next(first, None) or next(headed, None) or _repeated(lines)


def _repeated(lines: Sequence[Line]) -> Line | None:
    read = (line for line in lines if len(line.text) <= 200 and line.region not in ("nav", "popup"))
    names = (line for line in islice(read, 20) if 3 <= len(line.text) <= 60 and not is_file_name(line.text))
    prose = [line.text for line in lines[:100] if len(line.text) > LABEL_CHARS]
    capital = (line for line in names if line.text[:1].isupper())
    return next((line for line in capital if sum(line.text in text for text in prose) >= 2), None)


def menu_entry(lines: Sequence[Line]) -> str | None:
    """What the page's menu calls the page: its one entry that is marked as where one is."""
    marked = {line.text for line in lines if line.is_linked and line.region == "nav" and _is_marked(line)}
    return next(iter(marked)) if len(marked) == 1 else None


def _is_marked(line: Line) -> bool:
    link = line.held[0]
    if link.attribute("aria-current") is not None:
        return True
    item = link.parent
    return any(
        not _CURRENT.isdisjoint((element.attribute("class") or "")[:LABEL_CHARS].lower().split())
        for element in (link, item)
        if element is not None and element.tag in ("a", "li")
    )


def site_names(tree: LexborHTMLParser, title: str | None, heading: str | None) -> tuple[str, ...]:
    """What the site calls itself beside the page's own name: "Quayside", of the title "Sponsors - Quayside"."""
    named = tree.css_first('meta[property="og:site_name"]')
    told = [collapse(named.attributes.get("content") or "")] if named is not None else []
    parts = title_parts(title)
    others = [part for part in parts if part.casefold() != (heading or "").casefold()]
    return (*told, *(others if len(others) < len(parts) else parts[1:])[-1:])


def is_legal(title: str | None, heading: Line | None) -> bool:
    """Whether the law asks for the page: who is named on a cookie policy is nobody's member or sponsor."""
    # A banner that asks for consent may be the first heading, and is not the page's.
    names = [heading.text] if heading is not None and heading.level == 1 else []
    names += title_parts(title)
    return any(vocabulary().legal.match(name.strip(" .:!?").casefold()) is not None for name in names)


def is_of_consortium(url: str, title: str | None, heading: str | None, lines: Sequence[Line]) -> bool:
    """Whether the page tells of a consortium: its partners are those who make it up, and nobody's sponsors."""
    first = islice((line.text for line in lines if line.region in READ), _FIRST_LINES)
    headings = (line.text for line in lines if line.level and len(line.text.split()) <= _HEADING_WORDS)
    names = [heading or "", *title_parts(title)[:1], *address_words(url), menu_entry(lines) or "", *first, *headings]
    return any(vocabulary().consortium.search(name) is not None for name in names)
