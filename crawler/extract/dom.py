"""A page as a reader goes through it: its lines of text and its images, in order, each knowing where it stands.

The tree is walked once, with parent pointers and no recursion: a page may nest a hundred thousand elements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

#: Where on the page an element stands, as its tags, roles, ids and classes say; ``main`` when they say nothing.
Region = Literal["main", "header", "nav", "footer", "aside", "popup"]

_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "frame",
        "frameset",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "optgroup",
        "option",
        "p",
        "pre",
        "search",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_UNREAD = frozenset(
    [
        "script",
        "style",
        "template",
        "textarea",
        "select",
        "datalist",
        "iframe",
        "object",
        "audio",
        "video",
        "canvas",
        "math",
        "title",
    ]
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_STRONG = frozenset(("b", "strong", "th", "dt", "legend", "caption", "summary", "u", "big"))
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
    r"|(?P<popup>popup|pop-up|modal|overlay|lightbox|cookies?))(?=$|[\s_-])"
    # "section-header" heads a section: only a whole name heads or closes the page
    r"|(?:^|\s)(?:(?P<header>(?:site|main|top|global)?[_-]?header|masthead|top-?bar|kop)"
    r"|(?P<footer>(?:site|main|page|global)?[_-]?footer|colophon|voet))(?=$|\s)",
    re.IGNORECASE,
)
_SPACES = re.compile(r"\s+")
#: a line this long is prose, no label and no menu
_PROSE_CHARS = 90
#: an element deeper than this is given no xpath; nobody could read it
_XPATH_DEPTH = 200


@dataclass(slots=True, eq=False)
class Element:
    """An element of the tree with what the walk learnt of it."""

    node: LexborNode
    tag: str
    parent: Element | None
    #: position among its siblings of the same tag, from 1, as xpath counts
    nth: int
    depth: int
    #: nearest link around it, itself included
    link: Element | None
    #: nearest element around it, itself included, whose tag, role, id or class names a region
    claimant: Element | None
    #: the region it names itself
    claim: Region
    #: its items are ``outline.items[first:last]``
    first: int
    last: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def attribute(self, name: str) -> str | None:
        return self.node.attrs.get(name)

    def ancestors(self) -> Iterator[Element]:
        """Itself, its parent, and so on up to the root."""
        at: Element | None = self
        while at is not None:
            yield at
            at = at.parent

    @property
    def region(self) -> Region:
        return self.claimant.claim if self.claimant is not None else "main"

    @property
    def xpath(self) -> str | None:
        if self.depth > _XPATH_DEPTH:
            return None
        steps = [step.tag if step.parent is None else f"{step.tag}[{step.nth}]" for step in self.ancestors()]
        return "/" + "/".join(reversed(steps))


@dataclass(slots=True, eq=False)
class Part:
    """A run of text within a line that one element holds."""

    text: str
    element: Element


@dataclass(slots=True, eq=False)
class Line:
    """Text that no block and no ``<br>`` breaks."""

    #: white space collapsed
    text: str
    #: the innermost block that holds it
    block: Element
    parts: Sequence[Part]
    #: place among the outline's items
    at: int
    #: heading level 1-6; 0 for what is none
    level: int
    #: all of it is bold, or it is the head of a table, list or group
    strong: bool

    @property
    def region(self) -> Region:
        return self.block.region

    @property
    def element(self) -> Element:
        """The one element that holds all of it: an inline one where there is one."""
        first = self.parts[0].element
        return first if all(part.element is first for part in self.parts) else self.block

    @property
    def links(self) -> list[Element]:
        """The links in it, each once."""
        return list(dict.fromkeys(part.element.link for part in self.parts if part.element.link is not None))


@dataclass(slots=True, eq=False)
class Picture:
    """Where an image stands: ``img``, ``svg``, or any element with a background image of its own."""

    element: Element
    at: int
    #: inside ``<noscript>``: what is shown where scripts are off
    fallback: bool = False

    @property
    def region(self) -> Region:
        return self.element.region


@dataclass(slots=True, eq=False)
class Rule:
    """``<hr>``: what follows is something else."""

    element: Element
    at: int


Item = Line | Picture | Rule


@dataclass(slots=True, eq=False)
class Outline:
    items: list[Item]
    lines: list[Line]
    pictures: list[Picture]
    links: list[Element]

    def between(self, start: int, stop: int) -> Sequence[Item]:
        return self.items[max(start, 0) : stop]

    def lines_after(self, line: Line, count: int) -> Sequence[Line]:
        return [item for item in self.items[line.at + 1 : line.at + 1 + count] if isinstance(item, Line)]


def parse(text: str) -> LexborHTMLParser:
    """The page's tree, as browsers build it. Parse once a page; link discovery reads the same tree."""
    return LexborHTMLParser(text)


def collapse(text: str) -> str:
    """White space (no-break space too) as one space, none at the ends."""
    return _SPACES.sub(" ", text).strip()


def outline(tree: LexborHTMLParser) -> Outline:
    """Lines, pictures and links of the page, in document order."""
    walk = _Walk()
    if tree.root is not None:
        walk.over(tree.root)
        walk.settle_regions()
    return walk.outline


class _Walk:
    def __init__(self) -> None:
        self.outline = Outline([], [], [], [])
        self._parts: list[Part] = []
        self._bold = 0
        #: how much of the open line's text is not bold
        self._plain = 0
        self._level = 0
        self._noscript = 0
        self._claimants: list[Element] = []

    def over(self, root: LexborNode) -> None:
        node: LexborNode | None = root
        current = self._enter(root, None)
        inside = root.first_child
        while True:
            node = inside
            while node is not None:
                inside = None
                tag = node.tag or ""
                if tag == "-text":
                    self._text(node, current)
                elif tag not in _UNREAD and tag[:1] not in ("-", "!", "_", ""):
                    current = self._enter(node, current)
                    inside = node.first_child if tag != "svg" else None
                    if inside is not None:
                        break
                    self._leave(current)
                    current = current.parent or current
                node = node.next
            if inside is not None:
                continue
            # The last child is done: so is its parent, and the next is the parent's sibling.
            while True:
                self._leave(current)
                if current.parent is None:
                    self._flush()
                    return
                following = current.node.next
                current = current.parent
                if following is not None:
                    inside = following
                    break

    def settle_regions(self) -> None:
        """Undo what a wrapper claims for the whole page: most of the prose stands in no header, menu or footer."""
        prose = [0]
        for item in self.outline.items:
            long = isinstance(item, Line) and len(item.text) >= _PROSE_CHARS
            prose.append(prose[-1] + (len(item.text) if long else 0))  # type: ignore[union-attr]
        for element in self._claimants:
            if prose[-1] and (prose[element.last] - prose[element.first]) > prose[-1] / 2:
                element.claim = element.parent.region if element.parent else "main"

    def _enter(self, node: LexborNode, parent: Element | None) -> Element:
        tag = node.tag or ""
        nth = 1
        if parent is not None:
            nth = parent.counts[tag] = parent.counts.get(tag, 0) + 1
        attributes = node.attrs
        claim = _claim(tag, attributes.get("id"), attributes.get("class"), attributes.get("role"), parent)
        if tag in _BLOCKS or tag == "br":
            self._flush()
        items = self.outline.items
        depth, link, claimant = (parent.depth + 1, parent.link, parent.claimant) if parent else (0, None, None)
        element = Element(node, tag, parent, nth, depth, link, claimant, claim, len(items))
        if claim != "main" and (claimant is None or claim in ("nav", "popup")):
            element.claimant = element
            self._claimants.append(element)
        if tag == "a" or tag == "area":
            element.link = element
            self.outline.links.append(element)
        elif tag in _STRONG:
            self._bold += 1
        elif tag in _HEADINGS:
            self._level = _HEADINGS[tag]
        elif tag == "noscript":
            self._noscript += 1
        elif tag == "hr":
            self._flush()
            items.append(Rule(element, len(items)))
        if tag in ("img", "svg", "input") or "background" in (attributes.get("style") or ""):
            self._picture(element)
        return element

    def _picture(self, element: Element) -> None:
        if element.tag == "input" and (element.attribute("type") or "").lower() != "image":
            return
        # The line goes on around an image: it must not be cut, and the image must stand after what was read before it.
        picture = Picture(element, len(self.outline.items), self._noscript > 0)
        self.outline.items.append(picture)
        self.outline.pictures.append(picture)

    def _leave(self, element: Element) -> None:
        if element.tag in _BLOCKS:
            self._flush()
        if element.tag in _STRONG:
            self._bold -= 1
        elif element.tag in _HEADINGS:
            self._level = 0
        elif element.tag == "noscript":
            self._noscript -= 1
        element.last = len(self.outline.items)

    def _text(self, node: LexborNode, element: Element) -> None:
        text = node.text_content or ""
        if text.strip() and not self._noscript:
            self._parts.append(Part(text, element))
            if not self._bold:
                self._plain += 1
        elif self._parts:
            self._parts.append(Part(" ", element))

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        plain, self._plain = self._plain, 0
        text = collapse("".join(part.text for part in parts))
        if not text:
            return
        parts = [part for part in parts if part.text.strip()]
        block = next(e for e in parts[0].element.ancestors() if e.tag in _BLOCKS or e.parent is None)
        items = self.outline.items
        line = Line(text, block, parts, len(items), self._level, plain == 0)
        items.append(line)
        self.outline.lines.append(line)


def _claim(tag: str, name: str | None, classes: str | None, role: str | None, parent: Element | None) -> Region:
    if tag in _REGION_TAGS:
        # The header of an article, or of a section in it, is no header of the page.
        near = (ancestor.tag for ancestor in _near(parent)) if parent and tag in ("header", "footer") else ()
        return "main" if any(ancestor in ("main", "article", "section") for ancestor in near) else _REGION_TAGS[tag]
    if role in _REGION_ROLES:
        return _REGION_ROLES[role]
    if tag in ("body", "html", "main", "article", "a", "img", "svg") or not (name or classes):
        return "main"
    found = _REGION_NAMES.search(f"{name or ''} {classes or ''}"[:300])
    return next((region for region in _REGIONS if found[region]), "main") if found else "main"


def _near(element: Element) -> Iterator[Element]:
    for ancestor, _ in zip(element.ancestors(), range(12), strict=False):
        yield ancestor
