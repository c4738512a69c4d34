"""Links as they are found in a document, resolved; the first of a URL and hop stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from selectolax.lexbor import LexborNode

from archive.model import Link
from crawler.discover import css, script
from crawler.discover.reference import Base

#: Links kept of one page; the rest of a page of more is a trap, or a database dump.
MOST_LINKS = 20_000
#: and of these so many characters: a long base makes long URLs of short references
MOST_CHARACTERS = 24 << 20
LONGEST_ANCHOR = 200
#: Anchor texts are read until so many characters: links nested in links make each text the next one's too.
_ANCHOR_BUDGET = 4 << 20


class Found:
    def __init__(self, base: Base, limit: int = MOST_LINKS) -> None:
        self.base = base
        self._limit = limit
        self._links: dict[tuple[str, str], Link] = {}
        #: no more is taken
        self.full = limit <= 0
        self._anchor_budget = _ANCHOR_BUDGET
        self._characters_left = MOST_CHARACTERS

    def links(self) -> list[Link]:
        return list(self._links.values())

    def add(
        self, reference: str, hop: str, context: str, anchor: LexborNode | None = None, *, size_of: str | None = None
    ) -> None:
        """Take *reference*; the text of *anchor* is its anchor text."""
        url = self.base.resolve(reference)
        if url is None or (url, hop) in self._links or self.full:
            return
        text = None
        if anchor is not None and self._anchor_budget > 0:
            read = anchor.text()
            self._anchor_budget -= len(read)
            text = " ".join(read[: LONGEST_ANCHOR * 20].split())[:LONGEST_ANCHOR] or None
        self._keep(Link(url, hop, context, text, size_of if size_of != url else None))

    def merge(self, links: Iterable[Link], context: str | None = None) -> None:
        """Take over links found elsewhere; *context* says where that stood."""
        for link in links:
            if (link.url, link.hop) not in self._links and not self.full:
                self._keep(replace(link, context=f"{context}/{link.context}") if context else link)

    def _keep(self, link: Link) -> None:
        self._links[link.url, link.hop] = link
        self._characters_left -= len(link.url)
        self.full = len(self._links) >= self._limit or self._characters_left <= 0

    def extend(self, limit: int) -> None:
        """Take up to *limit* links in all."""
        self._limit = max(self._limit, limit)

    @contextmanager
    def based_on(self, reference: str | None) -> Iterator[None]:
        """What is added meanwhile is relative to *reference*, where there is one."""
        before = self.base
        if reference and (stated := before.resolve(reference)):
            self.base = Base(stated, before.encoding)
        try:
            yield
        finally:
            self.base = before

    def add_css(self, text: str, context: str) -> None:
        for reference, where in css.references(text):
            self.add(reference, "E", f"{context}/{where}")

    def add_literals(self, text: str, context: str) -> None:
        for literal, hop in script.literals(text, self.base.url):
            self.add(literal, hop, context)
