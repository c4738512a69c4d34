"""Finds what stands on a page by the words that announce it and the shape of what follows, never by known markup."""

from __future__ import annotations

import copy
import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate, islice

from selectolax.lexbor import LexborHTMLParser

from archive.model import Evidence, Page
from archive.quotes import Body, Where
from crawler.extract.blocks import Block
from crawler.extract.dom import Element, Item, Line, Outline, collapse
from crawler.extract.hints import Hints
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
from crawler.extract.naming import address_words, is_file_name, title_parts
from crawler.extract.organisations import Aliases
from crawler.extract.outline import outline
from crawler.extract.pictures import Image, absolute, images
from crawler.extract.selectors import Selection, select
from crawler.extract.spotting import Spotted
from crawler.extract.vocabulary import Spoken, vocabulary
from crawler.extract.zones import Zones

#: a page that announces its members more often than this is no page of anybody's
_MAX_LABELS = 40
#: items of the page from a label to what a selector points at below it
_ABOVE = 40
#: of headings that only may announce a role, so many are asked
_MAX_LOOSE = 8
#: regions in which no page's own heading stands
_NO_HEAD = frozenset(("nav", "popup", "footer"))
#: regions of what a page says
READ = frozenset(("main", "header", "aside"))
#: lines of a page that say what it is about
_FIRST_LINES = 6
#: lines that read the same are told apart so far
_MOST_ALIKE = 100


class Finder:
    """One page, asked by all extractors: it is walked, labelled and searched in once."""

    def __init__(self, page: Page, tree: LexborHTMLParser, hints: Hints) -> None:
        self.page = page
        self.tree = tree
        self.hints = hints
        self.words = vocabulary()
        self.aliases = Aliases(hints.aliases)
        self._ignore = tuple(re.compile(pattern, re.IGNORECASE) for pattern in hints.ignore)
        #: what stands on the page of each language
        self._spoken: dict[str, Sequence[Spoken]] = {}
        #: lines whose place in the body is known, in order, and the bytes at which each begins and ends
        self._lines_placed: list[int] = []
        self._places: dict[int, tuple[int, int]] = {}
        self._selections: dict[str, Selection | None] = {}
        self._may_match: dict[int, tuple[re.Pattern[str], frozenset[Line]]] = {}

    @cached_property
    def outline(self) -> Outline:
        return outline(self.tree)

    @cached_property
    def base(self) -> str:
        node = self.tree.css_first("base[href]")
        return absolute(self.page.url, (node.attributes.get("href") or "") if node else "") or self.page.url

    @cached_property
    def lang(self) -> str | None:
        root = self.tree.root
        found = root.attrs.get("lang") or root.attrs.get("xml:lang") if root is not None else None
        return found.strip().lower()[:35] if found and found.strip() else None

    @cached_property
    def title(self) -> str | None:
        node = self.tree.css_first("title")
        return (collapse(node.text())[:500] or None) if node is not None else None

    @cached_property
    def heading_line(self) -> Line | None:
        """The page's own heading: its first ``h1``, else its first heading or bold line, else one its text repeats."""
        lines = [line for line in self.outline.lines if (line.level or line.strong) and len(line.text) <= 200]
        first = (line for line in lines if line.level == 1 and line.region not in _NO_HEAD)
        headed = (line for line in lines if (line.level or line.block.tag != "li") and line.region not in _NO_HEAD)
        return next(first, None) or next(headed, None) or self._repeated()

    def _repeated(self) -> Line | None:
        read = (line for line in self.outline.lines if len(line.text) <= 200 and line.region not in ("nav", "popup"))
        lines = islice(read, 20)
        names = (line for line in lines if 3 <= len(line.text) <= 60 and not is_file_name(line.text))
        prose = [line.text for line in self.outline.lines[:100] if len(line.text) > LABEL_CHARS]
        capital = (line for line in names if line.text[:1].isupper())
        return next((line for line in capital if sum(line.text in text for text in prose) >= 2), None)

    @property
    def heading(self) -> str | None:
        return self.heading_line.text if self.heading_line is not None else None

    def absolute(self, address: str | None) -> str | None:
        return absolute(self.base, address or "") or None

    @cached_property
    def addresses(self) -> dict[Element, str]:
        """The page's links with their ``href`` as it stands."""
        return {link: link.attribute("href") or "" for link in self.outline.links}

    @cached_property
    def linked_lines(self) -> list[tuple[Line, list[Element]]]:
        """The lines in which links stand, with those links."""
        return [(line, line.held) for line in self.outline.lines if line.is_linked]

    @cached_property
    def body(self) -> Body:
        return Body(self.page.body, self.page.charset, self.page.text)

    @cached_property
    def images(self) -> list[Image]:
        return list(images(self.outline.pictures, self.base))

    @cached_property
    def image_at(self) -> dict[int, Image]:
        return {image.at: image for image in self.images}

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
            stands = self._spotted.stands
            stems = [
                (language, tuple(stem for stem in language.stems.get(role, ()) if stands(stem)))
                for language in self.words.languages
            ]
            self._spoken[role] = [each for each in stems if each[1]]
        return self._spoken[role]

    def lines_with(self, words: Iterable[str]) -> list[Line]:
        """The lines in which any of the words stands, lower case, in order."""
        return [self.outline.lines[nth] for nth in self._spotted.lines_with(words)]

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
    def is_legal(self) -> bool:
        """Whether the law asks for the page: who is named on a cookie policy is nobody's member or sponsor."""
        heading = self.heading_line
        # A banner that asks for consent may be the first heading, and is not the page's.
        names = [heading.text] if heading is not None and heading.level == 1 else []
        names += title_parts(self.title)
        return any(self.words.legal.match(name.strip(" .:!?").casefold()) is not None for name in names)

    @cached_property
    def is_of_consortium(self) -> bool:
        """Whether the page tells of a consortium: its partners are those who make it up, and nobody's sponsors."""
        first = islice((line.text for line in self.outline.lines if line.region in READ), _FIRST_LINES)
        names = [self.heading or "", *title_parts(self.title)[:1], *address_words(self.page.url), *first]
        return any(self.words.consortium.search(name) is not None for name in names)

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
        for line in self.lines_with([*self.words.stems[role], *(label.lower() for label in extra)]):
            cued = [each for each, lines in cues if line in lines]
            if not cued and not extra and line not in fills:
                continue
            if line.region == "popup" or line.struck or len(line.text) > MAX_LABEL_LINE:
                continue
            if label := label_of(line, role, cued, extra):
                yield label

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
        set_off = (line for line in self._set_off if len(line.text) <= LABEL_CHARS and line in may_match)
        labels = (loose_label(line, role) for line in set_off)
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

    # Evidence

    def evidence(self, quote: str, line: Line | None = None, image: Image | None = None) -> Evidence | None:
        """Where *quote* stands in the body: within that line, or as an attribute of that image.

        None when the body does not hold it, which only a page that lies about its charset or a parser's repair brings.
        """
        if image is not None:
            place = self.body.locate(quote, after=self._placed_before(image.at)[1], where="attribute")
            place = place or self.body.locate(quote, where="attribute")
            if place is None and image.picture.background is not None:  # it stands in a <style>
                place = self.body.locate(quote)
            return _evidence(quote, place, image.picture.element)
        if line is None:
            return _evidence(quote, self.body.locate(quote), None)
        start = self._place(line)
        place = self.body.locate(quote, after=start, where="text") if start is not None else None
        return _evidence(quote, place or self.body.locate(quote), line.element)

    def body_evidence(self, quote: str, where: Where) -> Evidence | None:
        """The first place in the whole body, for what stands in its head."""
        return _evidence(quote, self.body.locate(quote, where=where), None)

    def attribute_evidence(self, value: str, element: Element) -> Evidence | None:
        return _evidence(value, self.body.locate(value, where="attribute"), element)

    def _place(self, line: Line) -> int | None:
        """The byte at which a line begins. Lines that read the same stand behind one another as in the outline."""
        if line.at not in self._places:
            earlier, after = self._placed_before(line.at)
            between = self.outline.between(earlier + 1, line.at)
            same = sum(isinstance(item, Line) and item.text == line.text for item in between)
            found = self.body.locate(line.text, after=after, where="text")
            for _ in range(min(same, _MOST_ALIKE)):
                found = (self.body.locate(line.text, after=found[1], where="text") or found) if found else None
            found = found or self.body.locate(line.text, where="text")
            if found is None:
                return None
            self._places[line.at] = found
            insort(self._lines_placed, line.at)
        return self._places[line.at][0]

    def _placed_before(self, at: int) -> tuple[int, int]:
        """The nearest line above that has a place, and the byte behind it; -1 and 0 where there is none."""
        nth = bisect_left(self._lines_placed, at)
        if nth == 0:
            return -1, 0
        line = self._lines_placed[nth - 1]
        return line, self._places[line][1]


def _evidence(quote: str, place: tuple[int, int] | None, element: Element | None) -> Evidence | None:
    if place is None:
        return None
    return Evidence(quote=quote, byte_start=place[0], byte_end=place[1], xpath=element.xpath if element else None)
