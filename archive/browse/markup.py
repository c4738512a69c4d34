"""A page as it looked: sanitised markup, its own styles and pictures out of the archive, and nothing that runs.

Scripts, forms, frames and embedded objects go. Every address in it leads into the archive, to the capture nearest in
time. What the sanitiser might let through is still kept from running, by the response's Content-Security-Policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import quote, urljoin

import nh3
from markupsafe import Markup, escape

#: markup past this is not made into a snapshot; its source can be looked at
MAX_CHARS = 4 << 20
#: style sheets past these are left out
MAX_SHEETS = 24
MAX_STYLE_CHARS = 1 << 20

_TAGS = nh3.ALLOWED_TAGS | {
    "main", "section", "address", "dir", "font", "big", "tfoot", "legend", "fieldset", "label", "button",
}  # fmt: skip
_DROPPED = {
    "script", "style", "noscript", "template", "iframe", "frame", "frameset", "object", "embed", "applet", "svg",
    "math", "title", "head", "textarea", "select", "noembed", "noframes", "xmp", "plaintext",
}  # fmt: skip
_EVERYWHERE = {"class", "id", "lang", "dir", "title", "style", "align", "valign", "width", "height", "bgcolor"}
_ATTRIBUTES = {
    **{tag: set(names) for tag, names in nh3.ALLOWED_ATTRIBUTES.items()},
    "*": _EVERYWHERE,
    "a": {"href", "name"},
    "area": {"href", "coords", "shape", "alt"},
    "font": {"color", "face", "size"},
    "img": {"src", "srcset", "alt", "border", "hspace", "vspace"},
    "table": {"border", "cellpadding", "cellspacing", "background", "summary"},
    "td": {"colspan", "rowspan", "headers", "background", "nowrap"},
    "th": {"colspan", "rowspan", "headers", "scope", "background", "nowrap"},
    "tr": {"background"},
    "time": {"datetime"},
    "ol": {"start", "type"},
    "li": {"value"},
    "details": {"open"},
    "br": {"clear"},
}

# Possessive throughout: a page that opens a tag a million times and never closes one is read once.
_TAG = re.compile(r"<(base|link|html|style|title|body)\b((?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([a-z-]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))", re.IGNORECASE)
_UNSEEN = re.compile(r"<!--|<script\b", re.IGNORECASE)
_END_OF_SCRIPT = re.compile(r"</script", re.IGNORECASE)
_END_OF_STYLE = re.compile(r"</style", re.IGNORECASE)
_URL = re.compile(r"url\(\s*+(?:\"([^\"\n]*+)\"|'([^'\n]*+)'|([^\s\"'()]*+))\s*+\)", re.IGNORECASE)
_IMPORT = re.compile(r"@import[^;]*+;?", re.IGNORECASE)
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])")
_ESCAPED = r"\\3c "
_LAZY = re.compile(r"(<img\b[^<>]*?\s)data-(?:src|lazy|original|lazy-src)(\s*=)", re.IGNORECASE)
_DATA = re.compile(r"data:image/(?:png|jpeg|gif|webp|avif)[;,]", re.IGNORECASE)

#: where in the archive an address is to be looked for
Rewrite = Callable[[str], str]


def into(prefix: str) -> Rewrite:
    """Addresses lead to *prefix*, such as ``/-/web/20160501120000/``; fragments go.

    >>> into("/-/web/2016/")('http://example.nl/a b"?c=1#d')
    '/-/web/2016/http://example.nl/a%20b%22?c=1'
    """
    return lambda url: prefix + quote(url.partition("#")[0], safe="%:/?&=+@!$,;()*~'[]")


@dataclass(slots=True)
class Head:
    """What a page's markup says outside its body."""

    base: str
    lang: str = ""
    title: str = ""
    body_class: str = ""
    body_id: str = ""
    #: in their order: ``(address, None)`` of a linked sheet, ``(base, text)`` of one that stands in the page
    styles: list[tuple[str, str | None]] = field(default_factory=list)


def read_head(html: str, url: str) -> Head:
    """Look for what a sanitised fragment has lost. Nothing here is trusted: it is escaped, or looked up, later."""
    head = Head(base=url)
    text = _seen(html)
    based, closes = False, True
    for found in _TAG.finditer(text):
        name, attributes = found[1].lower(), dict(_attributes(found[2]))
        if name == "base" and not based and attributes.get("href"):
            head.base, based = _join(url, attributes["href"]) or url, True
        elif name == "html":
            head.lang = head.lang or attributes.get("lang", "")
        elif name == "body":
            head.body_class = head.body_class or attributes.get("class", "")
            head.body_id = head.body_id or attributes.get("id", "")
        elif name == "title" and not head.title:
            end = text.find("<", found.end())
            head.title = " ".join(unescape(text[found.end() : end if end >= 0 else None][:500]).split())
        elif name == "link" and "stylesheet" in attributes.get("rel", "").lower().split():
            if attributes.get("media", "").lower().strip() != "print":
                head.styles.append((attributes.get("href", ""), None))
        elif name == "style" and closes:
            closing = _END_OF_STYLE.search(text, found.end())
            closes = closing is not None
            head.styles.append(("", text[found.end() : closing.start()][:MAX_STYLE_CHARS] if closing else ""))
        if len(head.styles) >= MAX_SHEETS:
            break
    head.styles = [(_join(head.base, address) if text is None else head.base, text) for address, text in head.styles]
    return head


def sheet_urls(head: Head) -> list[str]:
    return [address for address, text in head.styles if text is None and address.startswith(("http://", "https://"))]


def sanitise(html: str, base: str, rewrite: Rewrite) -> str:
    """The markup of the page's body, safe to look at, its addresses rewritten."""

    def attribute(tag: str, name: str, value: str) -> str | None:
        if name in ("href", "src", "background"):
            return _address(tag, value, base, rewrite)
        if name == "srcset":
            return _srcset(value, base, rewrite)
        if name == "style":
            return rewrite_css(value, base, rewrite)
        return value

    lazy = _LAZY.sub(r"\1srcset\2", html)
    return nh3.clean(
        lazy,
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=attribute,
        link_rel=None,
        url_schemes={"http", "https", "data"},
    )


def rewrite_css(css: str, base: str, rewrite: Rewrite) -> str:
    """Every ``url()`` leads into the archive; imports go."""

    def address(found: re.Match[str]) -> str:
        value = next((group for group in found.groups() if group), "")
        if _DATA.match(value):
            return found[0]
        absolute = _join(base, value)
        return f'url("{rewrite(absolute)}")' if absolute.startswith(("http://", "https://")) else "none"

    return _URL.sub(address, _IMPORT.sub("", css))


def compose(head: Head, styles: list[str], body: str, banner: Markup) -> str:
    """The whole document. The banner comes last and is fixed, so that no style of the page lies over it."""
    # Nothing in a sheet looks like a tag, so nothing in it ends the element; in CSS the escape is the same character.
    # Each sheet keeps an element of its own: what one leaves open, the next must not suffer from.
    css = "".join(f"<style>{_MARKUP.sub(_ESCAPED, sheet[:MAX_STYLE_CHARS])}</style>" for sheet in styles)
    return (
        f'<!doctype html>\n<html lang="{escape(head.lang[:35])}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(head.title)} (archived copy)</title>{css}</head>"
        f'<body class="{escape(head.body_class[:500])}" id="{escape(head.body_id[:200])}" '
        'style="display:block!important;visibility:visible!important;opacity:1!important;transform:none!important;'
        'filter:none!important;padding-bottom:4rem!important">'
        f"{body}{banner}</body></html>"
    )


def _seen(html: str) -> str:
    """*html* without comments and scripts; one that never closes ends the search."""
    parts, at = [], 0
    while found := _UNSEEN.search(html, at):
        end = html.find("-->", found.end()) if found[0] == "<!--" else -1
        if found[0] != "<!--" and (closing := _END_OF_SCRIPT.search(html, found.end())):
            end = closing.start()
        if end < 0:
            break
        parts.append(html[at : found.start()])
        at = end
    return "".join([*parts, html[at:]])


def _attributes(text: str) -> Iterator[tuple[str, str]]:
    for name, double, single, bare in _ATTRIBUTE.findall(text):
        yield name.lower(), unescape(double or single or bare)


def _join(base: str, address: str) -> str:
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return ""


def _address(tag: str, value: str, base: str, rewrite: Rewrite) -> str | None:
    if value.startswith("#"):
        return value
    if tag == "img" and _DATA.match(value):
        return value
    absolute = _join(base, value)
    return rewrite(absolute) if absolute.startswith(("http://", "https://")) else None


def _srcset(value: str, base: str, rewrite: Rewrite) -> str | None:
    candidates = []
    for candidate in value.split(",")[:30]:
        address, *size = candidate.split()[:2] or [""]
        rewritten = _address("img", address, base, rewrite) if address and not address.startswith("data:") else None
        if rewritten is not None:
            candidates.append(" ".join([quote(rewritten, safe=":/?#[]@!$&()*+;=%~'"), *size]))
    return ", ".join(candidates) or None
