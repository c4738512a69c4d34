"""Facts off a page: page in, sections out. Pure: no network, no clock, no database, no file but our own vocabulary.

`extract` is the one way in, for a live crawl and for a re-extraction alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType

from selectolax.lexbor import LexborHTMLParser

from archive.model import Page, Section
from crawler.extract import badges, contacts, goals, identity, links, members, purpose, sponsors, treaties
from crawler.extract.finder import Finder
from crawler.extract.hints import Hints
from crawler.extract.registry import EXTRACTORS, extractor
from crawler.extract.text import page_text
from crawler.items import KINDS

__all__ = ["VERSIONS", "Hints", "extract", "extractor", "page_text"]

#: of one kind on one page; what has more was not written by people
MAX_FACTS = 500
#: importing a module registers its extractors
_MODULES = (badges, contacts, goals, identity, links, members, purpose, sponsors, treaties)

#: section role -> version of the extractor that reads it
VERSIONS: Mapping[str, int] = MappingProxyType({role: extractor.version for role, extractor in EXTRACTORS.items()})


def extract(page: Page, tree: LexborHTMLParser, hints: Hints = Hints()) -> tuple[Section, ...]:  # noqa: B008 - frozen
    """One section for every kind of fact: *found* with its facts, *empty* where a label stands over nothing, *absent*
    where no such list stands. *tree* is `crawler.extract.dom.parse` of the page's text; it is read, never changed."""
    finder = Finder(page, tree, hints)
    return tuple(_section(kind.role, page, finder) for kind in KINDS)


def _section(role: str, page: Page, finder: Finder) -> Section:
    facts = tuple(islice(EXTRACTORS[role].run(page, finder), MAX_FACTS))
    if facts:
        return Section(role, "found", facts)
    return Section(role, "empty" if finder.has_bare_label(role) else "absent")
