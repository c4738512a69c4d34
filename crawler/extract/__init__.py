"""Facts off a page: page in, sections out. Pure: no network, no clock, no database, no file but our own vocabulary.

`extract` is the one way in, for a live crawl and for a re-extraction alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from itertools import islice
from pkgutil import iter_modules
from types import MappingProxyType

from selectolax.lexbor import LexborHTMLParser

from archive.model import Compared, Fact, Page, Section, Style
from crawler.extract.finder import Finder
from crawler.extract.hints import Hints
from crawler.extract.plain import plain_facts
from crawler.extract.registry import EXTRACTORS, extractor
from crawler.extract.selectors import RULE
from crawler.extract.styled import read_styled
from crawler.extract.stylesheets import read_sheet
from crawler.extract.text import page_text
from crawler.items import KINDS, Sponsor

__all__ = ["VERSIONS", "Hints", "extract", "extract_styled", "extractor", "page_text", "read_sheet"]

#: of one kind on one page; what has more was not written by people
MAX_FACTS = 500
# Importing a module registers its extractors, and each module of this room may hold some.
for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
if _unread := {kind.role for kind in KINDS} ^ EXTRACTORS.keys():
    raise ImportError(
        f"{', '.join(sorted(_unread))}: a kind of fact in crawler.items.KINDS has one extractor, and no other has"
    )

#: section role -> version of the extractor that reads it
VERSIONS: Mapping[str, int] = MappingProxyType({role: extractor.version for role, extractor in EXTRACTORS.items()})


def extract(page: Page, tree: LexborHTMLParser, hints: Hints = Hints()) -> tuple[Section, ...]:  # noqa: B008 - frozen
    """One section for every kind of fact: *found* with its facts, *empty* where a label stands over nothing, *absent*
    where no such list stands. *tree* is `crawler.tree.parse` of the page's text; it is read, never changed."""
    return _sections(page, Finder(page, tree, hints))


def extract_styled(page: Page, tree: LexborHTMLParser, hints: Hints) -> tuple[tuple[Section, ...], Style | None]:
    """As `extract`, and what the page's linked style sheets may show beside: they may be captured after it."""
    finder = Finder(page, tree, hints)
    sections = _sections(page, finder)
    found = any(section.role == Sponsor.role and section.facts for section in sections)
    return sections, read_styled(finder, found=found)


def _sections(page: Page, finder: Finder) -> tuple[Section, ...]:
    return tuple(_section(kind.role, page, finder) for kind in KINDS)


def _section(role: str, page: Page, finder: Finder) -> Section:
    facts, version = _facts(role, page, finder), EXTRACTORS[role].version
    compared = None
    if role in finder.hints.selectors:
        alone = _facts(role, page, finder.by_itself())
        selected = sum(fact.rule == RULE for fact in facts)
        compared = Compared(selected, len(alone), len(_subjects(facts) & _subjects(alone)) if selected else 0)
    if facts:
        return Section(role, "found", facts, version, compared)
    return Section(role, "empty" if finder.has_bare_label(role) else "absent", (), version, compared)


def _facts(role: str, page: Page, finder: Finder) -> tuple[Fact, ...]:
    found = tuple(islice(EXTRACTORS[role].run(page, finder), MAX_FACTS))
    selection = finder.selection(role)
    if selection is None or any(fact.rule == RULE for fact in found):
        return found
    # An extractor that reads sentences, not blocks: what the profile points at is a fact as it stands.
    return tuple(islice(plain_facts(EXTRACTORS[role].kind, selection, finder), MAX_FACTS)) or found


def _subjects(facts: tuple[Fact, ...]) -> set[str]:
    return {fact.organisation or fact.value for fact in facts}
