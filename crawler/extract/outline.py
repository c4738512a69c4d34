"""One walk over a page's tree: its lines, images and links in the order a reader meets them.

There is no recursion and no look back up the tree: a page may nest a hundred thousand elements.
"""

from __future__ import annotations

from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.extract.dom import Element, Line, Outline, Part, Picture, Rule, collapse
from crawler.extract.regions import claim, may_claim

_BLOCKS = frozenset(
    """
    address article aside blockquote body caption center dd details dialog dir div dl dt fieldset
    figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 header hgroup html legend li main
    menu nav ol optgroup option p pre search section summary table tbody td tfoot th thead tr ul
    """.split()
)
_UNREAD = frozenset(
    """
    script style template textarea select datalist iframe object audio video canvas math title
    """.split()
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_STRONG = frozenset(("b", "strong", "th", "dt", "legend", "caption", "summary", "u", "big"))
_IMAGES = frozenset(("img", "svg", "input"))
#: elements that are given a background image of their own
_STYLED = frozenset(("div", "span", "a", "li", "td", "section", "figure", "i", "p"))
#: a line this long is prose, no label and no menu
_PROSE_CHARS = 90


@lru_cache(maxsize=1)
def outline(tree: LexborHTMLParser) -> Outline:
    """Lines, pictures and links of the page, in document order.

    The last tree's is kept: its text and its facts are asked for one after the other.
    """
    walk = _Walk(has_backgrounds=tree.css_first('[style*="background"]') is not None)
    if tree.root is not None:
        walk.over(tree.root)
        walk.settle_regions()
    return walk.outline


class _Walk:
    def __init__(self, *, has_backgrounds: bool) -> None:
        self.outline = Outline([], [], [], [])
        self._styled = _STYLED if has_backgrounds else frozenset()
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
            counts = parent.counts = parent.counts or {}
            nth = counts[tag] = counts.get(tag, 0) + 1
        if tag in _BLOCKS or tag == "br":
            self._flush()
        items = self.outline.items
        element = Element(node, tag, parent, nth, len(items))
        if parent is not None:
            element.depth, element.link, element.claimant = parent.depth + 1, parent.link, parent.claimant
            element.block = element if tag in _BLOCKS else parent.block
        if may_claim(tag):
            self._claim(element)
        if tag in ("a", "area"):
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
        if tag in _IMAGES or (tag in self._styled and "background" in (node.attrs.get("style") or "")):
            self._picture(element)
        return element

    def _claim(self, element: Element) -> None:
        attributes = element.node.attrs
        region = claim(
            element.tag, element.parent, attributes.get("id"), attributes.get("class"), attributes.get("role")
        )
        if region != "main" and (element.claimant is None or region in ("nav", "popup")):
            element.claim = region
            element.claimant = element
            self._claimants.append(element)

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
        if not self._parts:
            return
        parts, self._parts = self._parts, []
        plain, self._plain = self._plain, 0
        text = collapse("".join(part.text for part in parts))
        if not text:
            return
        parts = [part for part in parts if part.text.strip()]
        items = self.outline.items
        line = Line(text, parts[0].element.block or parts[0].element, parts, len(items), self._level, plain == 0)
        items.append(line)
        self.outline.lines.append(line)
