"""One walk over a page's tree: its lines, images and links in the order a reader meets them.

There is no recursion and no look back up the tree: a page may nest a hundred thousand elements.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntFlag, auto
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

from archive.uncollected import uncollected
from crawler.extract.backgrounds import backgrounds
from crawler.extract.dom import BLOCKS, LINKS, Element, Line, Outline, Picture, Rule, collapse
from crawler.extract.regions import CLAIMANTS, claim, is_beside_main, is_caption
from crawler.extract.taken_back import take_back

_UNREAD = frozenset(
    """
    script style template textarea select datalist iframe object audio video canvas math title
    """.split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_STRONG = frozenset(("b", "strong", "th", "dt", "legend", "caption", "summary", "u", "big"))
_STRUCK = ("del", "s", "strike")
#: how what is no element is called: text, comment, doctype, and what has no name
_NO_ELEMENT = ("-", "!", "_", "")
#: elements that are given a background image of their own
STYLED = frozenset(("div", "span", "a", "li", "td", "section", "figure", "i", "p"))
#: a line this long is prose, no label and no menu
_PROSE_CHARS = 90


@lru_cache(maxsize=1)
def outline(tree: LexborHTMLParser) -> Outline:
    """Lines, pictures and links of the page, in document order.

    The last tree's is kept: its text and its facts are asked for one after the other.
    """
    return outline_with(tree, {})


@uncollected()
def outline_with(tree: LexborHTMLParser, shown: Mapping[int, str]) -> Outline:
    """As if style sheets that are not at hand gave elements a picture: addresses by ``mem_id``."""
    walk = _Walk(
        own={node.mem_id for node in tree.css('[style*="background"]')},
        backgrounds={**shown, **backgrounds(tree)},
    )
    if tree.root is not None:
        walk.over(tree.root)
        walk.settle_regions(tree)
        take_back(walk.outline, tree, walk.struck)
    return walk.outline


class _Trait(IntFlag):
    """What the walk does at an element of that tag, beside going through it."""

    UNREAD = auto()
    BLOCK = auto()
    #: ends the line
    BREAK = auto()
    REGION = auto()
    LINK = auto()
    STRONG = auto()
    HEADING = auto()
    #: anything else that one in a hundred elements is
    RARE = auto()


def _traits() -> dict[str, int]:
    found: dict[str, int] = dict.fromkeys(_UNREAD, int(_Trait.UNREAD))
    for tags, trait in (
        (BLOCKS, _Trait.BLOCK | _Trait.BREAK),
        (("br",), _Trait.BREAK),
        (CLAIMANTS, _Trait.REGION),
        (LINKS, _Trait.LINK),
        (_STRONG, _Trait.STRONG),
        (_HEADINGS, _Trait.HEADING),
        (("noscript", "hr", "img", "svg", "input", *_STRUCK), _Trait.RARE),
    ):
        for tag in tags:
            found[tag] = found.get(tag, 0) | int(trait)
    return found


_TRAITS = _traits()
# Plain numbers: an enum's operators cost more than all else that is done at an element.
_AT_START = int(_Trait.LINK | _Trait.STRONG | _Trait.HEADING | _Trait.RARE)
_AT_END = int(_Trait.STRONG | _Trait.HEADING | _Trait.RARE)
_IS_UNREAD, _IS_BLOCK, _BREAKS, _IS_REGION = map(int, (_Trait.UNREAD, _Trait.BLOCK, _Trait.BREAK, _Trait.REGION))
_IS_LINK, _IS_STRONG, _IS_HEADING = map(int, (_Trait.LINK, _Trait.STRONG, _Trait.HEADING))


def _is_of_row(link: Element) -> bool:
    """Whether a link stands beside one of its class in their block: style sheets set such apart, and a ``<br>`` in one
    breaks its name in two, not the row."""
    name = link.node.attributes.get("class")
    return bool(name) and any(
        node is not None and node.tag == "a" and node.attributes.get("class") == name
        for node in (_beside(link.node.prev, -1), _beside(link.node.next, 1))
    )


def _beside(node: LexborNode | None, step: int) -> LexborNode | None:
    """The node, or the next behind white space."""
    if node is not None and node.tag == "-text" and (node.text_content or "").isspace():
        return node.next if step > 0 else node.prev
    return node


class _Walk:
    def __init__(self, *, own: set[int], backgrounds: Mapping[int, str]) -> None:
        self.outline = Outline([], [], [], [])
        self._styled = STYLED if own or backgrounds else frozenset()
        #: by ``mem_id``: elements with a background in their own ``style``, and those that a style sheet gives one
        self._own = own
        self._backgrounds = backgrounds
        #: the open line: runs of text with what holds each, and how many of them are not bold
        self._runs: list[tuple[str, Element]] = []
        self._plain = 0
        self._held: list[Element] = []
        self._bold = 0
        self._level = 0
        self._noscript = 0
        self._claimants: list[Element] = []
        #: by ``mem_id``: elements that strike through what they hold
        self.struck: set[int] = set()

    def over(self, root: LexborNode) -> None:
        """The whole tree, without recursion. Ten thousand elements pass here for one that matters: what they all need
        is written out."""
        node, parent = root, None
        items, styled = self.outline.items, self._styled
        while True:
            tag = node.tag or ""
            if tag == "-text":
                text = node.text_content or " "
                # The root is an element: text has a parent.
                if text.isspace() or self._noscript:
                    if self._runs:
                        self._runs.append((" ", parent))  # type: ignore[arg-type]
                else:
                    self._runs.append((text, parent))  # type: ignore[arg-type]
                    if not self._bold:
                        self._plain += 1
                    link = parent.link  # type: ignore[union-attr, attr-defined]
                    if link is not None and (not self._held or self._held[-1] is not link):
                        self._held.append(link)
            elif not ((traits := _TRAITS.get(tag, 0)) & _IS_UNREAD) and tag[:1] not in _NO_ELEMENT:
                if traits & _BREAKS and self._runs:
                    if tag == "br" and parent is not None and parent.link is not None and _is_of_row(parent.link):
                        self._runs.append((" ", parent))
                    else:
                        self._flush()
                if parent is None:
                    element = Element(node, tag, None, len(items))
                else:
                    # As its properties say, without three calls.
                    element = Element(
                        node,
                        tag,
                        parent,
                        len(items),
                        0,
                        parent.depth + 1,
                        parent if parent.tag in BLOCKS else parent.outer_block,
                        parent if parent.tag in LINKS else parent.outer_link,
                        parent if parent.claim is not None else parent.outer_claimant,
                    )
                if traits:
                    if traits & _IS_REGION:
                        self._claim(element)
                    if traits & _AT_START:
                        self._start(element, traits)
                if tag in styled:
                    self._background(element)
                inside = node.first_child if tag != "svg" else None
                if inside is not None:
                    node, parent = inside, element
                    continue
                if traits:
                    self._end(element, traits)
                element.last = len(items)
            following = node.next if parent is not None else None
            while following is None:
                if parent is None:
                    self._flush()
                    return
                # The last child is done: so is its parent, and the next is the parent's sibling.
                if traits := _TRAITS.get(parent.tag, 0):
                    self._end(parent, traits)
                parent.last = len(items)
                node, parent = parent.node, parent.parent
                following = node.next if parent is not None else None
            node = following

    def settle_regions(self, tree: LexborHTMLParser) -> None:
        """Undo what a wrapper claims for the whole page: most of the prose stands in no header, menu or footer. A
        footer beside the page's ``<main>`` is one, though it says more."""
        if not self._claimants:
            return
        prose = [0]
        for item in self.outline.items:
            long = isinstance(item, Line) and len(item.text) >= _PROSE_CHARS
            prose.append(prose[-1] + (len(item.text) if long else 0))  # type: ignore[union-attr]
        for element in self._claimants:
            wraps = prose[-1] and (prose[element.last] - prose[element.first]) > prose[-1] / 2
            if wraps and not is_beside_main(element, tree):
                element.claim = element.parent.region if element.parent else "main"

    def _start(self, element: Element, traits: int) -> None:
        if traits & _IS_LINK:
            self.outline.links.append(element)
        elif traits & _IS_STRONG:
            self._bold += 1
        elif traits & _IS_HEADING:
            self._level = _HEADINGS[element.tag]
        elif element.tag == "noscript":
            self._noscript += 1
        elif element.tag == "hr":
            self._flush()
            self.outline.items.append(Rule(element, len(self.outline.items)))
        elif element.tag in _STRUCK:
            self.struck.add(element.node.mem_id)
        else:
            self._picture(element)

    def _claim(self, element: Element) -> None:
        attributes = element.node.attributes
        region = claim(
            element.tag, element.parent, attributes.get("id"), attributes.get("class"), attributes.get("role")
        )
        if region == "popup" and is_caption(element, attributes.get("id"), attributes.get("class")):
            return
        if region == "nav" and element.tag == "section" and element.node.css_first("h1") is not None:
            return  # a part of the page that is called "menu", as a link leads there
        if region != "main" and (element.claimant is None or region in ("nav", "popup")):
            element.claim = region
            self._claimants.append(element)

    def _background(self, element: Element) -> None:
        known = element.node.mem_id
        if known in self._own:
            self._picture(element)
        elif (address := self._backgrounds.get(known)) is not None:
            self._picture(element, address)

    def _picture(self, element: Element, background: str | None = None) -> None:
        if element.tag == "input" and (element.attribute("type") or "").lower() != "image":
            return
        # The line goes on around an image: it must not be cut, and the image must stand after what was read before it.
        picture = Picture(element, len(self.outline.items), self._noscript > 0, background)
        self.outline.items.append(picture)
        self.outline.pictures.append(picture)

    def _end(self, element: Element, traits: int) -> None:
        if traits & _IS_BLOCK and self._runs:
            self._flush()
        if traits & _AT_END:
            if traits & _IS_STRONG:
                self._bold -= 1
            elif traits & _IS_HEADING:
                self._level = 0
            elif element.tag == "noscript":
                self._noscript -= 1

    def _flush(self) -> None:
        runs = self._runs
        if not runs:
            return
        # White space opens no line, so the first run is one that is read.
        first = runs[0][1]
        text = collapse(runs[0][0] if len(runs) == 1 else "".join([text for text, _ in runs]))
        items = self.outline.items
        line = Line(text, first.block or first, runs, len(items), self._level, self._plain == 0, self._held)
        self._runs, self._plain, self._held = [], 0, []
        items.append(line)
        self.outline.lines.append(line)
