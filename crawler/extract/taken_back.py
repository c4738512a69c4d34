"""What a page takes back: struck through, or hidden with no button that shows it."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

from crawler.extract.dom import Line, Outline

#: how far up from a line what strikes it through, or hides it, is looked for
_STRIKE_STEPS = 4
_HIDDEN_STEPS = 12


def take_back(outline: Outline, tree: LexborHTMLParser, struck: Collection[int]) -> None:
    """Mark the items that the page takes back. *struck*: what strikes through, by ``mem_id``."""
    hidden = {node.mem_id for node in tree.css("[hidden]") if (node.attributes.get("hidden") or "") != "until-found"}
    if not hidden and not struck:
        return
    shown = _shown_by_others(tree) if hidden else frozenset()
    for item in outline.items:
        if isinstance(item, Line):
            item.struck = bool(struck) and all(
                any(e.node.mem_id in struck for e in islice(part.element.ancestors(), _STRIKE_STEPS))
                for part in item.parts
            )
        if not item.struck and hidden:
            holder = item.block if isinstance(item, Line) else item.element
            item.struck = any(
                e.node.mem_id in hidden and (e.attribute("id") or "") not in shown and e.attribute("role") != "tabpanel"
                for e in islice(holder.ancestors(), _HIDDEN_STEPS)
            )


def _shown_by_others(tree: LexborHTMLParser) -> frozenset[str]:
    """Ids of what a button or a link of the page shows."""
    named: set[str] = set()
    for node in tree.css("[aria-controls], [data-target], [data-bs-target], a[href^='#']"):
        for name in ("aria-controls", "data-target", "data-bs-target", "href"):
            named.update(each.removeprefix("#") for each in (node.attributes.get(name) or "")[:1000].split())
    return frozenset(named)
