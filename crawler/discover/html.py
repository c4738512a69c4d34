"""Links out of a parsed page: everything a browser without scripts would fetch or follow, and what scripts name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from archive.model import Link
from crawler.discover import css, script
from crawler.discover.http import refresh_target
from crawler.discover.markup import (
    ANYWHERE,
    CODE,
    JSON_LD,
    LAZY,
    META,
    PARAMETERS,
    SILENT,
    SOURCE_SETS,
    URLS,
)
from crawler.discover.reference import Base
from crawler.discover.relations import hop_of
from crawler.discover.structured import urls_in_json_ld
from crawler.tree import parse

#: Links kept of one page; the rest of a page of more is a trap, or a database dump.
MOST_LINKS = 20_000
#: and of these so many characters: a long base makes long URLs of short references
MOST_CHARACTERS = 24 << 20
LONGEST_ANCHOR = 200
#: Anchor texts are read until so many characters: links nested in links make each text the next one's too.
_ANCHOR_BUDGET = 4 << 20
#: pages within a page (srcdoc, template)
_DEEPEST = 3

#: white space is ASCII's (HTML 4.8.4.3.10): a no-break space is of the URL
_CANDIDATE = re.compile(r"[ \t\n\f\r,]*+([^ \t\n\f\r,][^ \t\n\f\r]*+)")
#: up to the next comma that stands outside parentheses
_DESCRIPTORS = re.compile(r"(?:[^,(]|\([^)]*+\)?)*+")
_NONE: dict[str, str] = {}


def links_in_html(tree: LexborHTMLParser, url: str, *, encoding: str = "utf-8", limit: int = MOST_LINKS) -> list[Link]:
    """The links of *tree*, each URL and hop once, in document order. *encoding* is the page's. Never raises."""
    found = Found(Base(url, encoding), limit)
    _walk_tree(tree, found, depth=0)
    return found.links()


def candidates(source_set: str) -> Iterator[str]:
    """The URLs of a ``srcset`` (HTML 4.8.4.3.10).

    >>> list(candidates("a.png, b.png 2x,c,d.png 100w"))
    ['a.png', 'b.png', 'c,d.png']
    """
    position = 0
    while found := _CANDIDATE.match(source_set, position):
        position = found.end()
        url = found[1].rstrip(",")
        yield url
        # A comma at its end ends the candidate; commas inside are the URL's own.
        if url == found[1] and (descriptors := _DESCRIPTORS.match(source_set, position)):
            position = descriptors.end()


class Found:
    """Links as they are found, resolved; the first of a URL and hop stays."""

    def __init__(self, base: Base, limit: int = MOST_LINKS) -> None:
        self.base = base
        self._limit = limit
        self._links: dict[tuple[str, str], Link] = {}
        #: no more is taken
        self.full = limit <= 0
        self._anchor_budget = _ANCHOR_BUDGET
        self._characters_left = MOST_CHARACTERS

    def links(self) -> list[Link]:
        return list(self._links.values())

    def add(
        self, reference: str, hop: str, context: str, anchor: LexborNode | None = None, *, size_of: str | None = None
    ) -> None:
        """Take *reference*; the text of *anchor* is its anchor text."""
        url = self.base.resolve(reference)
        if url is None or (url, hop) in self._links or self.full:
            return
        text = None
        if anchor is not None and self._anchor_budget > 0:
            read = anchor.text()
            self._anchor_budget -= len(read)
            text = " ".join(read[: LONGEST_ANCHOR * 20].split())[:LONGEST_ANCHOR] or None
        self._keep(Link(url, hop, context, text, size_of if size_of != url else None))

    def merge(self, links: Iterable[Link], context: str | None = None) -> None:
        """Take over links found elsewhere; *context* says where that stood."""
        for link in links:
            if (link.url, link.hop) not in self._links and not self.full:
                self._keep(replace(link, context=f"{context}/{link.context}") if context else link)

    def _keep(self, link: Link) -> None:
        self._links[link.url, link.hop] = link
        self._characters_left -= len(link.url)
        self.full = len(self._links) >= self._limit or self._characters_left <= 0

    def extend(self, limit: int) -> None:
        """Take up to *limit* links in all."""
        self._limit = max(self._limit, limit)

    def add_css(self, text: str, context: str) -> None:
        for reference, where in css.references(text):
            self.add(reference, "E", f"{context}/{where}")

    def add_literals(self, text: str, context: str) -> None:
        for literal, hop in script.literals(text, self.base.url):
            self.add(literal, hop, context)


def _walk_tree(tree: LexborHTMLParser, found: Found, depth: int) -> None:
    if tree.root is None:
        return
    based = tree.css_first("base[href]")
    if based is not None and depth == 0:
        stated = found.base.resolve(based.attributes.get("href") or "")
        if stated:
            found.base = Base(stated, found.base.encoding)
    _walk(tree.root, found, depth)


def _walk(root: LexborNode, found: Found, depth: int) -> None:
    add = found.add
    for node in root.traverse():
        attributes = node.attributes
        tag = node.tag or ""
        special = _SPECIAL.get(tag)
        if special is not None:
            special(node, attributes, found, depth)
        if not attributes:
            continue
        own = URLS.get(tag, _NONE)
        for name, value in attributes.items():
            if name in SILENT or not value:
                continue
            hop = own.get(name)
            if hop == "E":
                add(value, hop, f"{tag}@{name}")
            elif hop == "L":
                if value[:11].lower() == "javascript:":
                    found.add_literals(value, f"{tag}@{name}")
                else:
                    add(value, "L", f"{tag}@{name}", node)
            elif name == "style":
                if "(" in value:
                    found.add_css(value, f"{tag}@style")
            elif name in SOURCE_SETS:
                _source_set(tag, name, value, attributes, found)
            elif name.startswith("data-"):
                _data(tag, name, value, found)
            elif name in ANYWHERE:
                add(value, ANYWHERE[name], f"{tag}@{name}")
            elif name.startswith("on") and ("'" in value or '"' in value):
                found.add_literals(value, f"{tag}@{name}")
        if found.full:
            return


def _source_set(tag: str, name: str, value: str, attributes: dict[str, str | None], found: Found) -> None:
    beside = attributes.get("src" if name == "srcset" else "data-src") if tag in {"img", "amp-img"} else None
    first = found.base.resolve(beside) if beside else None
    for candidate in candidates(value):
        first = first or found.base.resolve(candidate)
        found.add(candidate, "E", f"{tag}@{name}", size_of=first)


def _data(tag: str, name: str, value: str, found: Found) -> None:
    if value[0] in "{[":
        found.add_literals(value, f"{tag}@{name}")  # settings of a script, as JSON
    elif name in LAZY:
        if "url(" in value:
            found.add_css(value, f"{tag}@{name}")
        elif "/" in value or "." in value:
            found.add(value, "E", f"{tag}@{name}")
    elif len(value) > 4 and "." in value and (hop := script.shape(value)):
        found.add(value, hop, f"{tag}@{name}")


Attributes = dict[str, str | None]


def _link(_: LexborNode, attributes: Attributes, found: Found, depth: int) -> None:
    del depth
    relations = (attributes.get("rel") or "").lower()
    # <link itemprop=logo href> is microdata's way of a property that is a URL.
    hop = hop_of(relations) or META.get((attributes.get("itemprop") or "").lower())
    if hop and (href := attributes.get("href")):
        found.add(href, hop, f"link[rel={' '.join(relations.split())[:80]}]@href")


def _meta(_: LexborNode, attributes: Attributes, found: Found, depth: int) -> None:
    del depth
    content = attributes.get("content")
    if not content:
        return
    if (attributes.get("http-equiv") or "").strip().lower() == "refresh":
        if target := refresh_target(content):
            found.add(target, "R", "meta[http-equiv=refresh]@content")
        return
    name = (attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or "").lower()
    if hop := META.get(name):
        found.add(content, hop, f"meta[{name}]@content")


def _form(_: LexborNode, attributes: Attributes, found: Found, depth: int) -> None:
    del depth
    if (action := attributes.get("action")) and (attributes.get("method") or "get").strip().lower() == "get":
        found.add(action, "L", "form@action")


def _script(node: LexborNode, attributes: Attributes, found: Found, depth: int) -> None:
    del depth
    kind = (attributes.get("type") or "").partition(";")[0].strip().lower()
    text = node.text()
    if not text.strip():
        return
    if kind == JSON_LD:
        for reference, hop, name in urls_in_json_ld(text):
            found.add(reference, hop, f"script[{JSON_LD}]/{name}")
    else:
        found.add_literals(text, "script" if kind in CODE else f"script[{kind[:40]}]")


def _style(node: LexborNode, attributes: Attributes, found: Found, depth: int) -> None:
    del attributes, depth
    found.add_css(node.text(), "style")


def _param(_: LexborNode, attributes: Attributes, found: Found, depth: int) -> None:
    del depth
    value = attributes.get("value")
    if value and (attributes.get("name") or "").lower() in PARAMETERS and script.looks_like_url(value):
        found.add(value, "E", "param@value")


def _option(_: LexborNode, attributes: Attributes, found: Found, depth: int) -> None:
    """Menus of old, which go where one chooses."""
    del depth
    value = (attributes.get("value") or "").strip()
    if len(value) > 4 and "." in value and script.shape(value) == "L":
        found.add(value, "L", "option@value")


def _iframe(_: LexborNode, attributes: Attributes, found: Found, depth: int) -> None:
    if (inner := attributes.get("srcdoc")) and depth < _DEEPEST:
        _walk_tree(parse(inner), found, depth + 1)


def _template(node: LexborNode, attributes: Attributes, found: Found, depth: int) -> None:
    """What scripts put on the page, or browsers do where it is a shadow root; it stands outside the tree."""
    del attributes
    if depth < _DEEPEST:
        for content in node.template_fragments():
            _walk(content, found, depth + 1)


def _markup_as_text(node: LexborNode, attributes: Attributes, found: Found, depth: int) -> None:
    """Elements whose markup the parser keeps as text, and some browsers show."""
    del attributes
    if (inner := node.text()) and depth < _DEEPEST:
        _walk_tree(parse(inner), found, depth + 1)


_SPECIAL = {
    "link": _link,
    "meta": _meta,
    "form": _form,
    "script": _script,
    "style": _style,
    "param": _param,
    "option": _option,
    "iframe": _iframe,
    "template": _template,
    "noframes": _markup_as_text,
    "noembed": _markup_as_text,
}
