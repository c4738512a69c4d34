"""Finds what stands on a page by the words that announce it and the shape of what follows, never by known markup."""

from __future__ import annotations

import copy
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate, islice

from selectolax.lexbor import LexborHTMLParser

from archive.model import Page
from crawler.extract.blocks import Block
from crawler.extract.cards import opens_one_of_cards
from crawler.extract.dom import Item, Line, same_make
from crawler.extract.evidence import Quoted
from crawler.extract.headings import READ
from crawler.extract.hints import Hints
from crawler.extract.label_entries import end_of_filter
from crawler.extract.labels import (
    LABEL_CHARS,
    LEAD_CHARS,
    MAX_LABEL_LINE,
    Label,
    label_of,
    lead_label,
    loose_label,
    short_pattern,
)
from crawler.extract.language import Spoken
from crawler.extract.organisations import Aliases
from crawler.extract.read_page import ReadPage
from crawler.extract.selectors import Selection, select
from crawler.extract.spotting import Spotted
from crawler.extract.vocabulary import vocabulary
from crawler.extract.zones import Zones

#: a page that announces its members more often than this is no page of anybody's
_MAX_LABELS = 40
#: items of the page from a label to what a selector points at below it
_ABOVE = 40
#: of headings that only may announce a role, so many are asked
_MAX_LOOSE = 8
#: a heading that stands so often heads no list that could be the page's
_OFTEN = 3


class Finder(ReadPage):
    """One page, asked by all extractors: it is walked, labelled and searched in once."""

    def __init__(self, page: Page, tree: LexborHTMLParser, hints: Hints, quoted: Quoted | None = None) -> None:
        super().__init__(page, tree, quoted)
        self.hints = hints
        self.words = vocabulary()
        self.aliases = Aliases(hints.aliases)
        self._ignore = tuple(re.compile(pattern, re.IGNORECASE) for pattern in hints.ignore)
        #: what stands on the page of each language
        self._spoken: dict[str, Sequence[Spoken]] = {}
        self._selections: dict[str, Selection | None] = {}
        self._may_match: dict[int, tuple[re.Pattern[str], frozenset[Line]]] = {}

    def ignores(self, text: str) -> bool:
        """Whether the profile says that what carries this text is never a fact."""
        return any(pattern.search(text) for pattern in self._ignore)

    # Labels

    @cached_property
    def _spotted(self) -> Spotted:
        return Spotted([line.text.lower() for line in self.outline.lines])

    def spoken(self, role: str) -> Sequence[Spoken]:
        """The languages of which some of the role's stems stand on the page, with those stems."""
        if role not in self._spoken:
            standing = self._spotted.standing
            stems = [(language, standing(language.stems.get(role, ()))) for language in self.words.languages]
            self._spoken[role] = [each for each in stems if each[1]]
        return self._spoken[role]

    def lines_with(self, words: tuple[str, ...], own: Iterable[str] = ()) -> list[Line]:
        """The lines in which any of the words stands, lower case, in order. *own*: what this page, or its profile,
        alone asks for."""
        return [self.outline.lines[nth] for nth in self._spotted.lines_with(words, own)]

    @cached_property
    def _text(self) -> tuple[str, list[int]]:
        """All lines, and where each begins."""
        texts = [line.text for line in self.outline.lines]
        return "\n".join(texts), [*accumulate((len(text) + 1 for text in texts[:-1]), initial=0)]

    def may_match(self, pattern: re.Pattern[str]) -> frozenset[Line]:
        """The lines in which a pattern may match. In no other does it."""
        # By its id: the hash of a pattern is one over all that it was compiled to.
        known = self._may_match.get(id(pattern))
        if known is None:
            lines, numbers = self.outline.lines, self._spotted.lines_for(pattern)
            found = frozenset(lines if numbers is None else [lines[nth] for nth in numbers])
            known = self._may_match[id(pattern)] = pattern, found
        return known[1]

    def lines_matching(self, pattern: re.Pattern[str]) -> list[int]:
        """Which of the outline's lines hold what the pattern matches. It must match nothing with a line end in it."""
        whole, starts = self._text
        found = dict.fromkeys(bisect_right(starts, each.start()) - 1 for each in pattern.finditer(whole))
        return list(found)

    @cached_property
    def is_of_project(self) -> bool:
        """Whether a line says who pays for "this project": in text, its partners are those who carry it out."""
        paid = self.words.sponsors.project
        return any(paid.search(line.text) for line in self.may_match(paid))

    @cached_property
    def _labels(self) -> dict[str, list[Label]]:
        if self.is_legal:
            return {role: [] for role in self.words.labelled}
        return {role: list(islice(self._labels_of(role), _MAX_LABELS)) for role in self.words.labelled}

    def _labels_of(self, role: str) -> Iterator[Label]:
        extra, spoken = self.hints.labels.get(role, ()), self.spoken(role)
        short = short_pattern(role)
        fills = self.may_match(short) if short is not None else frozenset[Line]()
        cues = [(each, self.may_match(each[0].cues[role])) for each in spoken if role in each[0].cues]
        for line in self.lines_with(self.words.stems[role], (label.lower() for label in extra)):
            cued = [each for each, lines in cues if line in lines]
            if not cued and not extra and line not in fills:
                continue
            if line.region == "popup" or line.struck or len(line.text) > MAX_LABEL_LINE:
                continue
            label = label_of(line, role, cued, extra)
            if label is None or (label.rule == "label" and self._is_of_run(line)):
                continue
            if role == "sponsor" and label.rule == "label" and opens_one_of_cards(line, self.outline):
                continue
            if role == "member" or not end_of_filter(label):
                yield label

    def _is_of_run(self, line: Line) -> bool:
        """Whether the line is a link as those before and behind it are: "Anchor Partners" among names heads nothing."""
        if line.level or line.strong or not line.is_linked or line.text.endswith(":"):
            return False
        lines = self.outline.lines
        at = bisect_left(lines, line.at, key=lambda each: each.at)
        near = lines[max(at - 1, 0) : at] + lines[at + 1 : at + 2]
        return len(near) > 1 and all(each.is_linked and same_make(line, each) for each in near)

    @cached_property
    def _zones(self) -> Zones:
        roles: dict[int, set[str]] = {}
        for role, labels in self._labels.items():
            for label in labels:
                if not label.rest:
                    roles.setdefault(label.line.at, set()).add(role)
        return Zones(self.outline, roles)

    def announces(self, line: Line, role: str) -> bool:
        return label_of(line, role, self.spoken(role)) is not None

    def labels(self, role: str, *, in_menus: bool = False) -> list[Label]:
        return [label for label in self._labels[role] if (label.line.region == "nav") == in_menus]

    def loose_labels(self, role: str) -> Iterator[Label]:
        """Headings that may announce the role, for pages on which no label does."""
        if self.is_legal:
            return iter(())
        may_match = self.may_match(self.words.loose[role])
        # "Our partner clubs": a heading that announces sponsors is asked for them alone.
        others = (
            {label.line.at for label in self._labels["sponsor"] if label.rule == "label"} if role == "member" else ()
        )
        set_off = (line for line in self._set_off if len(line.text) <= LABEL_CHARS and line in may_match)
        set_off = (line for line in set_off if line.at not in others)
        asked = list(set_off)
        often = Counter(line.text for line in asked)
        # "View members" on each card is a button.
        labels = (loose_label(line, role) for line in asked if often[line.text] < _OFTEN)
        return islice((label for label in labels if label is not None), _MAX_LOOSE)

    def lead_labels(self) -> Iterator[Label]:
        """Lines that lead into a list of bodies that belong together."""
        labels = (lead_label(line) for line in self._set_off if line.text.endswith(":"))
        return islice((label for label in labels if label is not None), 0 if self.is_legal else _MAX_LOOSE)

    @cached_property
    def _set_off(self) -> list[Line]:
        return [
            line
            for line in self.outline.lines
            if (line.level or line.strong or line.text.endswith(":"))
            and len(line.text) <= (LEAD_CHARS if line.text.endswith(":") else LABEL_CHARS)
            and line.region in READ
            and not line.struck
        ]

    # Blocks

    def block(self, label: Label, holds: Callable[[Sequence[Item]], bool]) -> Block:
        """What one label announces, up to the next heading or label, in the smallest container that *holds*."""
        return Block(label, self._zones.behind(label, holds))

    def blocks(self, role: str, holds: Callable[[Sequence[Item]], bool]) -> Iterator[Block]:
        if (selection := self.selection(role)) is not None:
            yield selection
            return
        for label in self.labels(role):
            yield self.block(label, holds)

    def selection(self, role: str) -> Selection | None:
        """What the profile's selector for that role matches; None without one, or where it matches nothing."""
        selector = self.hints.selectors.get(role)
        if selector is None:
            return None
        if role not in self._selections:
            self._selections[role] = select(role, selector, self.tree, self.outline)
        return self._selections[role]

    def label_above(self, selection: Selection) -> Label | None:
        """The label of its role that stands not far above a selection: it may say whom the listed support."""
        first = selection.items[0].at
        above = (label for label in self.labels(selection.label.role) if first - _ABOVE <= label.line.at <= first)
        return max(above, key=lambda label: label.line.at, default=None)

    def by_itself(self) -> Finder:
        """This finder, of a profile that has no selectors."""
        alone = copy.copy(self)
        alone.hints = replace(self.hints, selectors={})
        return alone

    def has_bare_label(self, role: str) -> bool:
        """Whether a heading of this role stands over nothing at all: the list is there, and empty."""
        if role not in self.words.labelled:
            return False
        return any(
            (block.is_empty or self._says_none(block))
            and (block.label.line.level > 0 or block.label.line.text.endswith(":"))
            for block in self.blocks(role, bool)
            if not block.label.rest
        )

    def _says_none(self, block: Block) -> bool:
        first = next(iter(block.lines), None)
        return first is not None and len(first.text) <= LABEL_CHARS and self.words.none.match(first.text) is not None
