"""What a site's profile points at by CSS selector: the items of a section, or what holds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from crawler.extract.blocks import Block, entries_in
from crawler.extract.dom import Element, Item, Line, Outline, Picture, collapse
from crawler.extract.entries import Entry
from crawler.extract.hints import Selector
from crawler.extract.labels import Label

#: the rule of every fact that a selector pointed at
RULE = "profile-selector"
#: what holds items, however often it is matched, and is never one itself
_LISTS = frozenset(("ul", "ol", "dl", "table", "thead", "tbody"))
_ITEMS = frozenset(("li", "dt", "dd", "tr"))
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_FIELDS = ("name", "year", "place")
_MAX_MATCHES = 500
#: of what is matched within items
_MAX_WITHIN = 5_000
#: up to the list from what stands in it
_STEPS = 60


@dataclass(slots=True, eq=False)
class Selected(Entry):
    """One item that a selector matched, or an item of the list it matched. It may hold images alone, and no line."""

    pictures: Sequence[Picture] = ()


@dataclass(slots=True, eq=False)
class Selection(Block):
    """What a selector makes a block of. That it is a list of its role a person has said."""

    chosen: list[Selected] = field(default_factory=list)

    @property
    def rule(self) -> str:
        return RULE

    def entries(self) -> list[Entry]:
        return [entry for entry in self.chosen if entry.lines]


def check_selector(css: str) -> str:
    """Raises ValueError for what is no CSS selector, or of a kind that the parser does not know."""
    try:
        LexborHTMLParser("<p>").css(css)
    except SelectolaxError as error:
        raise ValueError(f"{css[:120]!r} is no CSS selector") from error
    return css


def select(role: str, selector: Selector, tree: LexborHTMLParser, outline: Outline) -> Selection | None:
    """The items that *selector* matches, in the order of the page; None where it matches nothing that holds anything.

    Of ``ul``, ``ol``, ``dl`` and ``table`` the items are meant. So they are of anything else that matches once and has
    a list in it; what matches several times is an item itself.
    """
    places = _Places(outline)
    matches = places.of(tree, selector.items, _MAX_MATCHES)
    chosen: list[Selected] = []
    for match in matches:
        held = list(_held(match, places)) if match.tag in _LISTS or len(matches) == 1 else []
        chosen += held or [places.item(match)]
    if not chosen:
        return None
    _tell(selector, chosen, tree, places)
    items = sorted({item.at: item for match in matches for item in places.items(match)}.values(), key=lambda i: i.at)
    first = items[0]
    block = first.block if isinstance(first, Line) else first.element
    # The label that a block is known by; whoever needs its words finds that there are none.
    return Selection(
        Label(role, Line("", block, [], first.at, 0, strong=False, held=[]), None, 0, 0, RULE), items, chosen
    )


class _Places:
    """Which items of the outline stand in which element of the tree."""

    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._elements: dict[int, Element] = {}
        #: of an element within a line: the line, and what it holds of it
        self._within: dict[int, list[tuple[Line, str]]] = {}
        for item in outline.items:
            starts = [part.element for part in item.parts] if isinstance(item, Line) else [item.element]
            for start in starts:
                for element in start.ancestors():
                    if element.node.mem_id in self._elements:
                        break
                    self._elements[element.node.mem_id] = element
            if isinstance(item, Line):
                self._note(item)

    def _note(self, line: Line) -> None:
        texts: dict[int, list[str]] = {}
        for part in line.parts:
            for element in islice(part.element.ancestors(), _STEPS):
                if element is line.block:
                    break
                texts.setdefault(element.node.mem_id, []).append(part.text)
        for key, pieces in texts.items():
            self._within.setdefault(key, []).append((line, collapse("".join(pieces))))

    def of(self, tree: LexborHTMLParser, css: str, limit: int) -> list[Element]:
        """The elements that match and hold anything, each once, without those inside of another."""
        nodes = tree.css(css)[:limit]
        found = [self._elements[node.mem_id] for node in nodes if node.mem_id in self._elements]
        keys = {id(element) for element in found}
        return [
            element
            for element in dict.fromkeys(found)
            if not any(id(around) in keys for around in islice(element.ancestors(), 1, _STEPS))
        ]

    def items(self, element: Element) -> list[Item]:
        inside = list(self._outline.between(element.first, element.last))
        at = {item.at for item in inside}
        within = (line for line, _text in self._within.get(element.node.mem_id, ()) if line.at not in at)
        return sorted([*inside, *within], key=lambda item: item.at)

    def item(self, element: Element) -> Selected:
        items = self.items(element)
        lines = [item for item in items if isinstance(item, Line)]
        within = dict(self._within.get(element.node.mem_id, ()))
        piece = within.get(lines[0]) if len(lines) == 1 else None
        whole = piece is None or piece == lines[0].text
        pictures = [item for item in items if isinstance(item, Picture)]
        return Selected(lines, element.tag, None if whole else piece, pictures=pictures)

    def text(self, element: Element) -> tuple[str, Line] | None:
        """Its first line, or what it holds of one."""
        within = self._within.get(element.node.mem_id)
        if within:
            return within[0][1], within[0][0]
        line = next((item for item in self.items(element) if isinstance(item, Line)), None)
        return (line.text, line) if line is not None else None


def _held(match: Element, places: _Places) -> Iterator[Selected]:
    """The items of the list that *match* is, or has in it."""
    inside = places.items(match)
    elements: list[Element] = []
    for item in inside:
        start = item.block if isinstance(item, Line) else item.element
        below = [e for e in islice(start.ancestors(), _STEPS) if e.first >= match.first and e.depth > match.depth]
        outermost = next((element for element in reversed(below) if element.tag in _ITEMS), None)
        if outermost is not None and outermost not in elements[-1:]:
            elements.append(outermost)
    if elements:
        yield from _without_heads([places.item(element) for element in elements])
        return
    lines = [item for item in inside if isinstance(item, Line)]
    pictures = [item for item in inside if isinstance(item, Picture)]
    cards = [places.item(card) for card in _cards(match, inside)]
    if cards and sum(len(card.pictures) for card in cards) == len(pictures):
        yield from cards
    elif len(pictures) > 1:
        yield from (Selected([], picture.element.tag, pictures=[picture]) for picture in pictures)
    else:
        yield from (Selected(entry.lines, entry.shape, entry.piece) for entry in entries_in(lines, match.first))


def _cards(match: Element, inside: Sequence[Item]) -> list[Element]:
    """The children of one tag, two or more, that hold what *match* does, headings apart; or its only child's."""
    below: list[list[Element]] = []
    for item in inside:
        start = item.block if isinstance(item, Line) else item.element
        below.append([e for e in islice(start.ancestors(), _STEPS) if e.first >= match.first and e.depth > match.depth])
    for level in range(1, _STEPS):
        children = list(dict.fromkeys(elements[-level] for elements in below if len(elements) >= level))
        if len(children) == 1:
            continue
        if any(len(elements) < level for elements in below):
            return []
        by_tag: dict[str, list[Element]] = {}
        for child in children:
            by_tag.setdefault(child.tag, []).append(child)
        others = [tag for tag in by_tag if tag not in _HEADINGS]
        return by_tag[others[0]] if len(others) == 1 and len(by_tag[others[0]]) > 1 else []
    return []


def _without_heads(items: list[Selected]) -> list[Selected]:
    """A row of headings names the columns; what stands under a term belongs to it."""
    rows = [item for item in items if not item.lines or any(line.block.tag != "th" for line in item.lines)]
    joined: list[Selected] = []
    for item in rows or items:
        if item.shape == "dd" and joined:
            joined[-1].lines.extend(item.lines)
            joined[-1].pictures = [*joined[-1].pictures, *item.pictures]
        else:
            joined.append(item)
    return joined


def _tell(selector: Selector, items: Sequence[Selected], tree: LexborHTMLParser, places: _Places) -> None:
    """Note what the selectors within an item find; where one finds nothing, that there is no year or place."""
    for name in _FIELDS:
        css = getattr(selector, name)
        if css is None:
            continue
        found: dict[int, tuple[str, Line]] = {}
        for element in places.of(tree, css, _MAX_WITHIN):
            if (text := places.text(element)) is not None:
                found.setdefault(text[1].at, text)
        for item in items:
            text = next((found[line.at] for line in item.lines if line.at in found), None)
            if item.lines and (text is not None or name != "name"):
                item.told = {**item.told, name: text or ("", item.lines[0])}
