"""Pictures that stand in a label's own line, behind its words: "Partner of: [logo]"."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from crawler.extract.dom import Line, Picture
from crawler.extract.finder import Finder

#: how far up from a picture to its line's block text is looked for before it, and past how many nodes
_STEPS = 8
_NODES = 60
#: pictures in one line
_PICTURES = 30


def pictures_in_line(line: Line, finder: Finder) -> list[Picture]:
    """Those right behind the line's words, where these lead on to them. In the outline a line stands behind the
    pictures within it."""
    if not finder.words.phrases.leads_on.search(line.text):
        return []
    found: list[Picture] = []
    for item in reversed(finder.outline.between(max(line.block.first, line.at - _PICTURES), line.at)):
        if not isinstance(item, Picture) or item.element.block is not line.block:
            break
        found.append(item)
    return [picture for picture in reversed(found) if _has_text_before(picture, line)]


def _has_text_before(picture: Picture, line: Line) -> bool:
    node: LexborNode | None = picture.element.node
    passed = steps = 0
    while node is not None and node.mem_id != line.block.node.mem_id and steps < _STEPS:
        before = node.prev
        while before is not None and before.tag != "br" and passed < _NODES:
            text = before.text_content if before.tag == "-text" else before.text()
            if text and not text.isspace():
                return True
            before, passed = before.prev, passed + 1
        node, steps = node.parent, steps + 1
    return False
