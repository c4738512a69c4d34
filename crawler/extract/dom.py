"""A page as a reader goes through it: its lines of text and its images, in order, each knowing where it stands.

The tree is walked once, with parent pointers and no recursion: a page may nest a hundred thousand elements.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from selectolax.lexbor import LexborNode

#: Where on the page an element stands, as its tags, roles, ids and classes say; ``main`` when they say nothing.
Region = Literal["main", "header", "nav", "footer", "aside", "popup"]

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
    #: its items are ``outline.items[first:last]``
    first: int
    last: int = 0
    depth: int = 0
    #: nearest block and nearest link around it, itself included
    block: Element | None = None
    link: Element | None = None
    #: nearest element around it, itself included, that names a region; and the region it names itself
    claimant: Element | None = None
    claim: Region = "main"
    #: children so far, by tag
    counts: dict[str, int] | None = None

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

    @property
    def anchors(self) -> list[tuple[Element, str]]:
        """The links in it with their text."""
        texts: dict[Element, list[str]] = {}
        for part in self.parts:
            if part.element.link is not None:
                texts.setdefault(part.element.link, []).append(part.text)
        return [(link, collapse("".join(pieces))) for link, pieces in texts.items()]


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


def collapse(text: str) -> str:
    """White space (no-break space too) as one space, none at the ends."""
    return " ".join(text.split())
