"""HTML to a tree, as browsers do it and within bounds. A page is parsed once: links and facts read the same tree."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)(?![^<>]*/>)")
#: elements without content, and those that the next of their kind closes
_CLOSED_BY_OTHERS = frozenset(
    """
    area base br col embed hr img image input link meta param source track wbr
    p li dt dd option optgroup tr td th thead tbody tfoot colgroup rp rt html head body
    """.split()
)
#: fewer tags than this are parsed in a moment however they nest
_MANY_TAGS = 20_000
_MAX_DEPTH = 1000
#: no page has a tag with so many attributes; the parser compares each with all before it
_MAX_ATTRIBUTES = 1000
_LONG_TAG = re.compile(rf"<[a-zA-Z][^<>]{{{2 * _MAX_ATTRIBUTES},}}")
_MAYBE_LONG_TAG = re.compile(rf"<[^<]{{{2 * _MAX_ATTRIBUTES}}}")
#: a shorter page is parsed in a moment whatever its tags hold
_LONG_TEXT = 30_000
_VALUE = re.compile(r"""=\s*(?:"[^"]*"|'[^']*'|[^\s"'>]\S*)?""")
_BETWEEN = re.compile(r"[\s/]+")


def parse(text: str) -> LexborHTMLParser:
    """The page's tree, as browsers build it. Parse once a page; link discovery reads the same tree."""
    end = len(text)
    if end > _LONG_TEXT and _MAYBE_LONG_TAG.search(text):
        end = min((tag.start() for tag in _LONG_TAG.finditer(text) if _is_overloaded(tag[0])), default=end)
    if text.count("<", 0, end) >= _MANY_TAGS:
        end = _sane_length(text[:end])
    return LexborHTMLParser(text[:end])


def _is_overloaded(tag: str) -> bool:
    """
    >>> _is_overloaded("<p " + " ".join(f"a{n}=1" for n in range(2000)))
    True
    >>> _is_overloaded("<img src=data:image/png;base64," + "ab/+" * 10_000)
    False
    """
    return len(_BETWEEN.findall(_VALUE.sub(" ", tag))) > _MAX_ATTRIBUTES


def _sane_length(text: str) -> int:
    """Where a page begins to nest deeper than any browser follows (they stop at 512).

    HTML's rules look up all open elements at a start tag, so a megabyte of ``<div>`` takes a parser minutes.
    """
    depth = deepest = 0
    for closes, name in _TAG.findall(text):
        if name not in _CLOSED_BY_OTHERS and name.lower() not in _CLOSED_BY_OTHERS:
            if not closes:
                depth += 1
                deepest = max(deepest, depth)
            elif depth:
                depth -= 1
    return len(text) if deepest <= _MAX_DEPTH else _first_too_deep(text)


def _first_too_deep(text: str) -> int:
    depth = 0
    for tag in _TAG.finditer(text):
        if tag[2].lower() not in _CLOSED_BY_OTHERS:
            depth = max(depth - 1, 0) if tag[1] else depth + 1
            if depth > _MAX_DEPTH:
                return tag.start()
    return len(text)
