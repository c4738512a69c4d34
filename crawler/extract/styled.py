"""Elements that would be logos if one of the page's linked style sheets gave them a picture. The page alone cannot
tell: what they are called, what selectors would ask of them and where they stand is kept until the sheets are there.

They are found by reading the page as if each of them were a picture; `crawler.extract.cascade` tells which are.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from selectolax.lexbor import LexborNode

from archive.model import Evidence, Style
from crawler.extract.backgrounds import COPIES, says_beside
from crawler.extract.blocks import Block
from crawler.extract.dom import Element, collapse
from crawler.extract.finder import Finder
from crawler.extract.labels import Label, is_sure
from crawler.extract.links import host_of
from crawler.extract.logos import OWN_CAPTION, LogoName, caption_of, has_wall, link_of, name_of, organisation_of
from crawler.extract.names import is_name
from crawler.extract.naming import clean
from crawler.extract.outline import STYLED, outline_with
from crawler.extract.pictures import PLACEHOLDER, Image
from crawler.extract.shown import Shown
from crawler.extract.sponsors import behind, beneficiary_of, is_headline, pointed_at
from crawler.extract.stylesheets import applies, imports_in

#: of one page
_MOST_SHEETS = 50
_MOST_NODES = 20_000
_MOST_ELEMENTS = 400
_MOST_SLOTS = 100
#: fewer logos under a heading that only may announce sponsors are illustrations
_LOOSE = 3
#: how far up selectors may ask, and how far up an element may be told from all others by
_STEPS = 40
_APART = 4
_NAMES_CHARS = 500

#: what one label announces: how many logos there must be, the rule's name, whom they support
_Group = tuple[list[Shown], Block, int, str, str | None]


def read_styled(finder: Finder, *, found: bool) -> Style | None:
    """*found*: the page by itself shows sponsors. None where no style sheet could show any more."""
    if not (_is_announced(finder, found=found) and (sheets := list(_sheets(finder)))):
        return None
    if finder.page.text.count("class") > 2 * _MOST_NODES:
        return None  # counted in no time; finding them all is not
    nodes = finder.tree.css("[class], [id]")
    if len(nodes) > _MOST_NODES:
        return None
    counts = Counter(name for node in nodes for name in set(_names(node)))
    candidates = _candidates(nodes, counts)
    if not candidates:
        return None
    shown = outline_with(finder.tree, {node: f"{PLACEHOLDER}{n}" for n, node in enumerate(candidates)})
    as_if = Finder(finder.page, finder.tree, finder.hints, finder.quoted.as_if(shown))
    said = _Said(as_if, counts)
    for group in _groups(as_if, found=found):
        said.add(*group)
    if not said.slots:
        return None
    return Style("page", tuple(sheets[:_MOST_SHEETS]), said.as_json())


def _is_announced(finder: Finder, *, found: bool) -> bool:
    if "sponsor" in finder.hints.selectors or finder.labels("sponsor"):
        return True
    return not found and next(iter(finder.loose_labels("sponsor")), None) is not None


def _sheets(finder: Finder) -> Iterator[tuple[str, bool]]:
    for node in islice(finder.tree.css('link[rel~="stylesheet" i], style'), 2 * _MOST_SHEETS):
        attributes = node.attributes
        conditional = applies(attributes.get("media"))
        if conditional is None:
            continue
        if node.tag == "style":
            named = [(finder.absolute(address), also) for address, also in imports_in(node.text())]
        elif "disabled" in attributes or "alternate" in (attributes.get("rel") or "").lower().split():
            continue
        else:
            named = [(finder.absolute(attributes.get("href")), False)]
        yield from ((url, conditional or also) for url, also in named if url)


def _candidates(nodes: Sequence[LexborNode], counts: Counter[str]) -> list[int]:
    """Elements that show nothing but a name at most, and can be told from others, by ``mem_id``."""
    found = []
    for node in nodes:
        if node.tag not in STYLED or "background" in (node.attributes.get("style") or ""):
            continue
        if says_beside(node) is not None and _is_apart(node, counts):
            found.append(node.mem_id)
            if len(found) > _MOST_ELEMENTS:
                return []
    return found


def _names(node: LexborNode) -> list[str]:
    attributes = node.attributes
    own = attributes.get("id")
    return [f".{name}" for name in (attributes.get("class") or "")[:_NAMES_CHARS].split()] + (
        [f"#{own[:_NAMES_CHARS]}"] if own else []
    )


def _is_apart(node: LexborNode, counts: Counter[str]) -> bool:
    at: LexborNode | None = node
    for _ in range(_APART):
        if at is None or not at.tag or at.tag[0] in "-#":
            return False
        if any(counts[name] <= COPIES for name in _names(at)):
            return True
        at = at.parent
    return False


def _groups(finder: Finder, *, found: bool) -> Iterator[_Group]:
    """As `crawler.extract.sponsors` looks for logos."""
    selection = finder.selection("sponsor")
    if selection is not None:
        for shown, beneficiary in pointed_at(finder):
            yield shown, selection, 1, "", beneficiary
        return
    taken: set[int] = set()
    announced = False
    for label in finder.labels("sponsor"):
        if (finder.is_of_consortium and not is_sure(label)) or label.rule == "inline-label":
            continue
        block = finder.block(label, has_wall)
        shown = list(behind(block, finder, taken))
        announced = announced or bool(shown)
        yield shown, block, _least(label), "", beneficiary_of(label, finder)
    if found or announced:
        return
    for label in finder.loose_labels("sponsor"):
        block = finder.block(label, has_wall)
        yield list(behind(block, finder, taken)), block, _LOOSE, "loose-", beneficiary_of(label, finder)


def _least(label: Label) -> int:
    return 1 if is_sure(label) and not is_headline(label) else 2


class _Said:
    """What is kept of a page."""

    def __init__(self, finder: Finder, counts: Counter[str]) -> None:
        self.slots: list[dict[str, object]] = []
        self._finder = finder
        #: how many elements carry each class and id
        self._counts = counts
        #: tag, id, classes and the node above, of elements that slots stand in
        self._nodes: list[tuple[int | None, str, str | None, str]] = []
        self._known: dict[Element, int] = {}
        #: logos there must be, and those the page shows by itself
        self._groups: list[tuple[int, int]] = []

    def add(self, shown: list[Shown], block: Block, least: int, rule: str, beneficiary: str | None) -> None:
        slots = [each for each in shown if each.image is not None and each.image.is_placeholder]
        real = sum(each.image is not None for each in shown) - len(slots)
        if not slots:
            return
        texts = Counter(_text(each) for each in slots)
        for each in slots[: _MOST_SLOTS - len(self.slots)]:
            assert each.image is not None
            # What stands in several of them ("supports us") is no name.
            slot = self._slot(each, each.image, block, _text(each) if texts[_text(each)] == 1 else "")
            if slot is not None:
                told = {"group": len(self._groups), "rule": rule, "beneficiary": beneficiary}
                self.slots.append({name: value for name, value in (told | slot).items() if value not in (None, "")})
        self._groups.append((least, real))

    def as_json(self) -> str:
        names = {f".{name}" for *_, classes in self._nodes for name in classes.split()}
        names |= {f"#{own}" for _, _, own, _ in self._nodes if own}
        rare = sorted(name for name in names if self._counts[name] <= COPIES)
        said = {"nodes": self._nodes, "rare": rare, "groups": self._groups, "slots": self.slots}
        return json.dumps(said, separators=(",", ":"))

    def _slot(self, each: Shown, image: Image, block: Block, text: str) -> dict[str, object] | None:
        element = image.picture.element
        named = name_of(image, block, self._finder)
        # "file" is the one that stands in for the one nobody knows yet.
        name = named if named.source != "file" else None
        # A link's host is no name that stands there: what a selector knows the element by says more.
        evidence = each.evidence if name is not None and name.source != "host" else None
        if named.source not in ("title", "alt") and is_name(text):
            name = LogoName(clean(text) or text, text, "caption", OWN_CAPTION)
            line = caption_of(image, block)
            evidence = self._finder.evidence(text, line)
        evidence = evidence or self._own_evidence(element, image)
        if evidence is None:
            return None
        href = link_of(image, block, self._finder)
        out = image.href if image.href and host_of(image.href) != host_of(self._finder.page.url) else None
        return {
            "node": self._node(element),
            "name": (name.value, name.raw, name.source, name.confidence) if name is not None else None,
            "key": organisation_of(name, self._finder.aliases) if name is not None else None,
            "alt": image.alt,
            "href": href,
            "out": out,
            "quote": evidence.quote,
            "place": (evidence.byte_start, evidence.byte_end),
            "xpath": element.xpath,
        }

    def _own_evidence(self, element: Element, image: Image) -> Evidence | None:
        """The attribute that a selector knows it by, its own or of what it stands in: one that few others have, which
        is found where it stands and not at the first of many."""
        for each in islice(element.ancestors(), _APART):
            for name in _names(each.node):
                value = (each.attribute("id" if name[0] == "#" else "class") or "").strip()[:_NAMES_CHARS]
                if value and self._counts[name] <= COPIES:
                    evidence = self._finder.evidence(value, image=image)
                    if evidence is not None:
                        return replace(evidence, xpath=element.xpath)
        return None

    def _node(self, element: Element) -> int:
        chain = list(islice(element.ancestors(), _STEPS))
        above: int | None = None
        for each in reversed(chain):
            if each not in self._known:
                self._known[each] = len(self._nodes)
                own = (each.attribute("id") or "")[:_NAMES_CHARS] or None
                self._nodes.append((above, each.tag, own, (each.attribute("class") or "")[:_NAMES_CHARS]))
            above = self._known[each]
        assert above is not None
        return above


def _text(each: Shown) -> str:
    """What is hidden behind the picture."""
    assert each.image is not None
    return collapse(each.image.picture.element.node.text())
