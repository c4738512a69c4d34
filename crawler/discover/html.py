"""Links out of a parsed page: everything a browser without scripts would fetch or follow, and what scripts name."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, LexborNode

from archive.model import Link
from crawler.discover import data, script, structured
from crawler.discover.found import MOST_CHARACTERS, MOST_LINKS, Found
from crawler.discover.http import refresh_target
from crawler.discover.markup import (
    ANYWHERE,
    CLICKED_SETS,
    CODE,
    JSON_LD,
    META,
    PAINTED,
    PARAMETERS,
    RULES,
    SILENT,
    SOURCE_SETS,
    TILES,
    URLS,
)
from crawler.discover.reference import Base
from crawler.discover.relations import hop_of
from crawler.discover.source_sets import candidates
from crawler.tree import parse

__all__ = ["MOST_CHARACTERS", "MOST_LINKS", "candidates", "links_in_html"]

#: pages within a page (srcdoc, template)
_DEEPEST = 3

#: elements between a button and the form it stands in
_FARTHEST_FORM = 50
#: files that one plug-in is made of
_MOST_PARTS = 100
_NONE: dict[str, str] = {}


def links_in_html(tree: LexborHTMLParser, url: str, *, encoding: str = "utf-8", limit: int = MOST_LINKS) -> list[Link]:
    """The links of *tree*, each URL and hop once, in document order. *encoding* is the page's. Never raises."""
    found = Found(Base(url, encoding), limit)
    _walk_tree(tree, found, depth=0)
    return found.links()


def _walk_tree(tree: LexborHTMLParser, found: Found, depth: int, *, is_document: bool = True) -> None:
    if tree.root is None:
        return
    based = tree.css_first("base[href]") if is_document else None
    with found.based_on(based.attributes.get("href") if based is not None else None):
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
            elif name in SOURCE_SETS or name in CLICKED_SETS:
                _source_set(tag, name, value, attributes, found)
            elif name.startswith("data-"):
                data.add_data(tag, name, value, found)
            elif name in PAINTED:
                if "(" in value:
                    found.add_css(value, f"{tag}@{name}")
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
    if name.startswith(TILES):
        # name=News; action-uri=/news; icon-uri=/news.ico
        for part in content.split(";"):
            key, mark, value = part.partition("=")
            if mark and (hop := META.get(key.strip().lower())):
                found.add(value, hop, f"meta[{name}]@content/{key.strip().lower()}")
    elif (hop := META.get(name)) and content.strip().lower() != "none":
        found.add(content, hop, f"meta[{name}]@content")


def _form(_: LexborNode, attributes: Attributes, found: Found, depth: int) -> None:
    del depth
    if (action := attributes.get("action")) and _is_get(attributes.get("method")):
        found.add(action, "L", "form@action")


def _is_get(method: str | None) -> bool:
    return (method or "get").strip().lower() == "get"


def _button(node: LexborNode, attributes: Attributes, found: Found, depth: int) -> None:
    """It may send its form elsewhere, and in another way (HTML 4.10.18.6); without one it sends nothing."""
    del depth
    action = attributes.get("formaction")
    if not action:
        return
    method = attributes.get("formmethod")
    if method is None and "form" not in attributes:
        method = _method_around(node)
    if method is not None and _is_get(method):
        found.add(action, "L", f"{node.tag}@formaction")


def _method_around(node: LexborNode) -> str | None:
    """Of the form that *node* stands in; None where it stands in none."""
    owner = node.parent
    for _ in range(_FARTHEST_FORM):
        if owner is None:
            break
        if owner.tag == "form":
            return owner.attributes.get("method") or "get"
        owner = owner.parent
    return None


def _plugin(node: LexborNode, attributes: Attributes, found: Found, depth: int) -> None:
    """What it shows, and what it is made of, relative to its codebase (HTML 4.01, 13.3)."""
    del depth
    codebase = attributes.get("codebase")
    if codebase and node.tag == "applet" and not codebase.endswith("/"):
        codebase += "/"
    with found.based_on(codebase):
        for name in ("data", "code", "object"):
            if value := attributes.get(name):
                found.add(value, "E", f"{node.tag}@{name}")
        for part in (attributes.get("archive") or "").replace(",", " ").split()[:_MOST_PARTS]:
            found.add(part, "E", f"{node.tag}@archive")


def _script(node: LexborNode, attributes: Attributes, found: Found, depth: int) -> None:
    del depth
    kind = (attributes.get("type") or "").partition(";")[0].strip().lower()
    text = node.text()
    if not text.strip():
        return
    if kind == JSON_LD:
        for reference, hop, name in structured.urls_in_json_ld(text):
            found.add(reference, hop, f"script[{JSON_LD}]/{name}")
    elif kind == RULES:
        for reference in structured.urls_in_speculation_rules(text):
            found.add(reference, "L", f"script[{RULES}]")
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
        _walk_tree(parse(inner), found, depth + 1, is_document=False)


_SPECIAL = {
    "link": _link,
    "meta": _meta,
    "form": _form,
    "button": _button,
    "input": _button,
    "object": _plugin,
    "applet": _plugin,
    "script": _script,
    "style": _style,
    "param": _param,
    "option": _option,
    "iframe": _iframe,
    "template": _template,
    "noframes": _markup_as_text,
    "noembed": _markup_as_text,
}
