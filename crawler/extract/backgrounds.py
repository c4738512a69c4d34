"""Logos that a page's ``<style>`` gives to elements of their own: ``.sponsor-plan { background: url(plan.png) }``.

A background is a logo's only where it belongs to one element, or to its few copies in a carousel, and that element
shows nothing else. What many elements have is a bullet or a pattern; one file for many rules is a sprite.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from archive.uncollected import uncollected

#: of all of a page's style sheets
_CSS_CHARS = 200_000
_MAX_RULES = 200
#: elements of the page that carry one of the rules' classes or ids
_MAX_ELEMENTS = 2_000
COPIES = 3
#: what the element may say beside: the name that is hidden behind the picture
_NAME_CHARS = 80
_STEPS = 40

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_URL = re.compile(
    r"background(?:-image)?\s{0,20}:[^;]{0,200}?url\(\s{0,20}(?:\"([^\"]*)\"|'([^']*)'|([^)\"']*))\s{0,20}\)",
    re.IGNORECASE,
)
_PATTERN = re.compile(r"repeat-[xy]|background-repeat\s{0,20}:\s{0,20}repeat\b", re.IGNORECASE)
#: no attribute selectors, no pseudo-classes but those below: nothing that takes long to match
_SELECTOR = re.compile(r"[\w\s.#>-]{1,200}")
_PSEUDO_ELEMENT = re.compile(r"::?(?:before|after)$")
_COMPOUND = re.compile(r"([a-z][\w-]*)?((?:[.#][\w-]+)*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Compound:
    tag: str | None
    classes: frozenset[str]
    id: str | None

    def matches(self, node: LexborNode) -> bool:
        attributes = node.attributes
        return self.fits(node.tag, attributes.get("id"), set((attributes.get("class") or "").split()))

    def fits(self, tag: str | None, own_id: str | None, classes: Collection[str]) -> bool:
        return (
            (self.tag is None or tag == self.tag)
            and (self.id is None or own_id == self.id)
            and all(name in classes for name in self.classes)
        )

    @property
    def names(self) -> list[str]:
        """Its classes and its id as selectors write them."""
        return [f".{name}" for name in sorted(self.classes)] + ([f"#{self.id}"] if self.id else [])


@dataclass(frozen=True, slots=True)
class _Rule:
    #: the block of declarations it is of
    block: int
    #: the element's own part of the selector first, then its ancestors', nearest first
    compounds: tuple[Compound, ...]
    address: str


@uncollected()
def backgrounds(tree: LexborHTMLParser) -> dict[int, str]:
    """Address of the background by the element's ``mem_id``, as it stands in the style sheet."""
    rules = _rules(tree)
    if not rules:
        return {}
    # One walk over the tree for all of them.
    keys = {key for rule in rules for key in rule.compounds[0].names}
    nodes = tree.css(", ".join(sorted(keys)))
    if len(nodes) > _MAX_ELEMENTS:
        return {}
    by_key: dict[str, list[LexborNode]] = defaultdict(list)
    for node in nodes:
        attributes = node.attributes
        for name in set((attributes.get("class") or "").split()):
            by_key[f".{name}"].append(node)
        by_key[f"#{attributes.get('id')}"].append(node)
    shown: dict[str, dict[int, dict[int, LexborNode]]] = defaultdict(lambda: defaultdict(dict))
    for rule in rules:
        candidates = by_key.get(min(rule.compounds[0].names, key=lambda key: len(by_key.get(key, ()))), [])
        matched = {node.mem_id: node for node in candidates if _matches(rule, node)}
        if matched:
            shown[rule.address][rule.block] |= matched
    return {
        mem_id: address
        for address, blocks in shown.items()
        if _is_of_one(list(blocks.values()))
        for mem_id in next(iter(blocks.values()))
    }


def _is_of_one(blocks: list[dict[int, LexborNode]]) -> bool:
    """Whether a background is of one element and its copies. Other blocks may say it of the same for other screens."""
    first, *others = blocks
    if len(first) > COPIES or any(other.keys() != first.keys() for other in others):
        return False
    says = [says_beside(node) for node in first.values()]
    return all(said == 0 or (said is not None and len(says) == 1) for said in says)


def _rules(tree: LexborHTMLParser) -> list[_Rule]:
    rules: list[_Rule] = []
    for block, (selectors, declarations) in enumerate(_blocks(tree)):
        address = _URL.search(declarations[:2000])
        url = (address[1] or address[2] or address[3] or "").strip() if address else ""
        if not url or url[:5].lower() == "data:" or _PATTERN.search(declarations[:2000]):
            continue
        chains = [found for selector in selectors.split(",")[:10] if (found := compounds(selector.strip()))]
        rules += [_Rule(block, found, url) for found in chains]
        if len(rules) > _MAX_RULES:
            return []
    return rules


def _blocks(tree: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    """Selectors and declarations, those within ``@media`` too."""
    left = _CSS_CHARS
    for node in tree.css("style")[:50]:
        text = node.text()
        if "url(" not in text or "background" not in text or len(text) > left:
            continue
        left -= len(text)
        for block in _COMMENT.sub("", text).split("}"):
            head, _, declarations = block.rpartition("{")
            if "url(" in declarations:
                yield re.split(r"[{;]", head)[-1], declarations


def compounds(selector: str) -> tuple[Compound, ...] | None:
    """None for a selector whose own part has no class and no id, or that is more than names."""
    selector = _PSEUDO_ELEMENT.sub("", selector)
    if not _SELECTOR.fullmatch(selector):
        return None
    found = []
    for part in reversed(selector.replace(">", " ").split()):
        match = _COMPOUND.fullmatch(part)
        if match is None:
            return None
        names = re.findall(r"([.#])([\w-]+)", match[2])
        ids = [name for sign, name in names if sign == "#"]
        classes = frozenset(name for sign, name in names if sign == ".")
        found.append(Compound(match[1].lower() if match[1] else None, classes, ids[0] if ids else None))
    return tuple(found) if found and (found[0].classes or found[0].id) else None


def _matches(rule: _Rule, node: LexborNode) -> bool:
    """A child is taken for any descendant: style sheets do not tell logos apart by that."""
    own, *above = rule.compounds
    if not own.matches(node):
        return False
    at = node.parent
    for _ in range(_STEPS):
        if not above or at is None or not at.tag or at.tag.startswith(("-", "#")):
            break
        if above[0].matches(at):
            del above[0]
        at = at.parent
    return not above


def says_beside(node: LexborNode) -> int | None:
    """How many characters stand in the element; None where more than a name does."""
    said = 0
    child = node.first_child
    for _ in range(5):
        if child is None:
            return said if said <= _NAME_CHARS else None
        if child.tag == "-text":
            said += len((child.text_content or "").strip())
        elif child.tag == "span" and child.css_first("img, svg, div, p") is None:
            said += len(child.text().strip())
        elif child.tag not in ("span", "-comment", "!--"):
            return None
        child = child.next
    return None
