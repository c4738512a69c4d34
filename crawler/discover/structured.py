"""URLs in JSON-LD, web app manifests and speculation rules: what a property is called says whether its value is fetched
or followed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

#: what keeps a script's text from old browsers and from XML parsers, and what some editors leave behind it
_WRAPPED = re.compile(
    r"\A\s*(?:(?://|/\*)?\s*(?:<!--|<!\[CDATA\[)\s*(?:\*/)?\s*)++|[;,\s]*(?:(?://|/\*)?\s*(?:-->|\]\]>)\s*(?:\*/)?[;,\s]*)*+\Z"
)

#: JSON longer than this is not read, characters.
LONGEST = 2 << 20

_EMBEDS = frozenset(
    "image images logo photo photos thumbnail thumbnailUrl contentUrl primaryImageOfPage associatedMedia "
    "screenshot".split()
)
_LINKS = frozenset(
    "url @id embedUrl sameAs mainEntityOfPage mainEntity item significantLink relatedLink citation author downloadUrl "
    "installUrl discussionUrl license isPartOf hasPart hasMap subjectOf archivedAt publishingPrinciples hasMenu".split()
)


def urls_in_json_ld(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield reference, hop and property for each URL a JSON-LD block states. Nothing for what is not JSON.

    >>> list(urls_in_json_ld('{"@type": "NGO", "logo": {"url": "/l.png"}, "sameAs": ["https://a.example/"]}'))
    [('/l.png', 'E', 'logo'), ('https://a.example/', 'L', 'sameAs')]
    """
    if len(text) > LONGEST:
        return
    try:
        data = json.loads(_WRAPPED.sub("", text), strict=False)
    except (ValueError, RecursionError):
        return
    # Not recursive: nesting is the author's. Reversed, so that what stands first comes first.
    stack: list[tuple[Any, str | None]] = [(data, None)]
    while stack:
        value, name = stack.pop()
        if isinstance(value, list):
            stack.extend((item, name) for item in reversed(value))
        elif isinstance(value, dict):
            for key, inner in reversed(value.items()):
                # {"logo": {"@type": "ImageObject", "url": ...}}: the picture is the property's, not a page.
                inherits = key in {"url", "contentUrl", "@id"} and name in _EMBEDS
                stack.append((inner, name if inherits else key))
        elif isinstance(value, str) and name in _EMBEDS:
            if "/" in value or "." in value:
                yield value, "E", name or ""
        elif isinstance(value, str) and name in _LINKS and value.startswith(("http://", "https://", "/")):
            yield value, "L", name or ""


def urls_in_manifest(text: str) -> Iterator[tuple[str, str]]:
    """Yield reference and hop for the icons, screenshots and pages of a web app manifest (W3C).

    >>> list(urls_in_manifest('{"start_url": "/", "icons": [{"src": "i.png"}], "shortcuts": [{"url": "/a"}]}'))
    [('/', 'L'), ('i.png', 'E'), ('/a', 'L')]
    """
    try:
        data = json.loads(text[:LONGEST], strict=False)
    except (ValueError, RecursionError):
        return
    stack: list[Any] = [data]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(reversed(value))
        elif isinstance(value, dict):
            for key, inner in value.items():
                # %s stands for what a protocol handler is called with.
                if isinstance(inner, str) and key in {"src", "start_url", "url"} and "%s" not in inner:
                    yield inner, "E" if key == "src" else "L"
            stack.extend(inner for inner in reversed(value.values()) if isinstance(inner, list | dict))


def urls_in_speculation_rules(text: str) -> Iterator[str]:
    """Yield the pages that a browser may load beforehand (WICG Speculation Rules); patterns of URLs name none.

    >>> list(urls_in_speculation_rules('{"prefetch": [{"urls": ["/a", "/b"]}, {"where": {"href_matches": "/*"}}]}'))
    ['/a', '/b']
    """
    try:
        rules = json.loads(text[:LONGEST], strict=False)
    except (ValueError, RecursionError):
        return
    for kind in ("prefetch", "prerender"):
        for rule in (rules.get(kind) if isinstance(rules, dict) else None) or ():
            for url in (rule.get("urls") if isinstance(rule, dict) else None) or ():
                if isinstance(url, str):
                    yield url
