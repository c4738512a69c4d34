"""A page as a reader goes through it: its lines of text and its images, in order, each knowing where it stands.

The tree is walked once, with parent pointers and no recursion: a page may nest a hundred thousand elements.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from selectolax.lexbor import LexborNode

#: Where on the page an element stands, as its tags, roles, ids and classes say; ``main`` when they say nothing.
Region = Literal["main", "header", "nav", "footer", "aside", "popup"]

#: elements that a line of text does not reach across
BLOCKS = frozenset(
    """
    address article aside blockquote body caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 header hgroup html legend li main
    menu nav ol optgroup option p pre search section summary table tbody td tfoot th thead tr ul
    """.split()
)
LINKS = frozenset(("a", "area"))
#: an element deeper than this is given no xpath; nobody could read it
_XPATH_DEPTH = 200


@dataclass(slots=True, eq=False)
class Element:
    """An element of the tree with what the walk learnt of it.

    It refers to those around it and never to itself, nor they to it: so a page's elements are gone with its outline,
    and nothing has to look for them (`archive.uncollected`).
    """

    node: LexborNode
    tag: str
    parent: Element | None
    #: its items are ``outline.items[first:last]``
    first: int
    last: int = 0
    depth: int = 0
    #: nearest block, nearest link and nearest that names a region, of those around it
    outer_block: Element | None = None
    outer_link: Element | None = None
    outer_claimant: Element | None = None
    #: the region that it names itself
    claim: Region | None = None
    #: of its children, by the parser's number: position among those of the same tag, from 1, as xpath counts
    places: dict[int, int] | None = None

    def attribute(self, name: str) -> str | None:
        return self.node.attrs.get(name)

    def ancestors(self) -> Iterator[Element]:
        """Itself, its parent, and so on up to the root."""
        at: Element | None = self
        while at is not None:
            yield at
            at = at.parent

    @property
    def block(self) -> Element | None:
        """The nearest block around it, itself included."""
        return self if self.tag in BLOCKS else self.outer_block

    @property
    def link(self) -> Element | None:
        """The nearest link around it, itself included."""
        return self if self.tag in LINKS else self.outer_link

    @property
    def claimant(self) -> Element | None:
        """The nearest element around it, itself included, that names a region."""
        return self if self.claim is not None else self.outer_claimant

    @property
    def region(self) -> Region:
        claimant = self.claimant
        return claimant.claim or "main" if claimant is not None else "main"

    @property
    def xpath(self) -> str | None:
        if self.depth > _XPATH_DEPTH:
            return None
        steps = [
            step.tag if step.parent is None else f"{step.tag}[{step.parent.place_of(step)}]"
            for step in self.ancestors()
        ]
        return "/" + "/".join(reversed(steps))

    def place_of(self, child: Element) -> int:
        if self.places is None:
            counts: Counter[str] = Counter()
            self.places = {}
            for node in self.node.iter():
                counts[node.tag or ""] += 1
                self.places[node.mem_id] = counts[node.tag or ""]
        return self.places[child.node.mem_id]


class Part(NamedTuple):
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
    #: runs of text with the element that holds each, white space between them too
    runs: list[tuple[str, Element]]
    #: place among the outline's items
    at: int
    #: heading level 1-6; 0 for what is none
    level: int
    #: all of it is bold, or it is the head of a table, list or group
    strong: bool
    #: the links around its texts, in order
    held: list[Element]
    #: struck through, or hidden: the page takes it back
    struck: bool = False

    @property
    def is_linked(self) -> bool:
        """Whether some of it stands in a link."""
        return bool(self.held)

    @property
    def region(self) -> Region:
        return self.block.region

    @property
    def parts(self) -> list[Part]:
        """Its runs but for those of white space."""
        return [Part(text, element) for text, element in self.runs if not text.isspace()]

    @property
    def element(self) -> Element:
        """The one element that holds all of it: an inline one where there is one."""
        first = self.runs[0][1]
        return first if all(element is first for text, element in self.runs if not text.isspace()) else self.block

    @property
    def links(self) -> list[Element]:
        """The links in it, each once."""
        return list(dict.fromkeys(self.held))

    @property
    def anchors(self) -> list[tuple[Element, str]]:
        """The links in it with their text."""
        return [(link, collapse("".join(texts))) for link, texts in self._linked()] if self.held else []

    def _linked(self) -> Iterable[tuple[Element, list[str]]]:
        found: dict[Element, list[str]] = {}
        for text, element in self.runs:
            if element.link is not None and (element.link in found or not text.isspace()):
                found.setdefault(element.link, []).append(text)
        return found.items()


@dataclass(slots=True, eq=False)
class Picture:
    """Where an image stands: ``img``, ``svg``, or any element with a background image of its own."""

    element: Element
    at: int
    #: inside ``<noscript>``: what is shown where scripts are off
    fallback: bool = False
    #: the address that a style sheet of the page gives it
    background: str | None = None
    struck: bool = False

    @property
    def region(self) -> Region:
        return self.element.region


@dataclass(slots=True, eq=False)
class Rule:
    """``<hr>``: what follows is something else."""

    element: Element
    at: int
    struck: bool = False


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


def same_make(one: Line, other: Line) -> bool:
    """Whether both are headings of one level, or none, in blocks of one tag and class, as deep in the tree."""
    same = one.level == other.level and one.block.depth == other.block.depth and one.block.tag == other.block.tag
    return same and one.block.attribute("class") == other.block.attribute("class")


def collapse(text: str) -> str:
    """White space (no-break space too) as one space, none at the ends."""
    return " ".join(text.split())
