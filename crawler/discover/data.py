"""``data-`` attributes, in which scripts keep what they show later: addresses, and settings as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from crawler.discover import script
from crawler.discover.found import Found
from crawler.discover.markup import CLICKED, LAZY
from crawler.discover.source_sets import candidates

#: JSON longer than this is read for its literals alone, characters
LONGEST = 1 << 20
#: what galleries call an address that is asked for with the page, and one that is followed; a value without a file's
#: name counts where it begins as an address does
_EMBEDS = frozenset(
    "src image img thumb thumbnail thumburl thumb_src poster full full_src full_url large large_src large_image "
    "original big medium background background_image bg retina lowres highres msrc image_url imageurl image_src".split()
)
_LINKS = frozenset("href link permalink page_url".split())
_SETS = frozenset("srcset data-srcset full_srcset".split())


def add_data(tag: str, name: str, value: str, found: Found) -> None:
    """Take what an attribute that begins with ``data-`` names."""
    context = f"{tag}@{name}"
    if value[0] in "{[":
        for reference, letter in urls_in_settings(value):
            found.add(reference, letter, context)
        found.add_literals(value, context)
    elif name in LAZY or name in CLICKED:
        if "url(" in value:
            found.add_css(value, context)
        elif "/" in value or "." in value:
            found.add(value, "E", context)
    elif len(value) > 4 and "." in value:
        hop = script.shape(value)
        if hop is not None:
            found.add(value, hop, context)
        elif "'" in value or '"' in value:
            # Settings in a notation of their own (``zoomImage: '/a.jpg'``), or markup that is shown later.
            found.add_literals(value, context)


def urls_in_settings(text: str) -> Iterator[tuple[str, str]]:
    """Reference and hop of what *text*, a JSON value, calls an image or a link; nothing for what is not JSON.

    >>> list(urls_in_settings('[{"src": "/photo/42", "thumb": "/t/42", "href": "/about", "title": "/no"}]'))
    [('/photo/42', 'E'), ('/t/42', 'E'), ('/about', 'L')]
    """
    if len(text) > LONGEST:
        return
    try:
        stack: list[Any] = [json.loads(text, strict=False)]
    except (ValueError, RecursionError):
        return
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                if isinstance(inner, str):
                    yield from _named(key.lower(), inner)
            stack.extend(inner for inner in reversed(value.values()) if isinstance(inner, list | dict))
        elif isinstance(value, list):
            stack.extend(inner for inner in reversed(value) if isinstance(inner, list | dict))


def _named(key: str, value: str) -> Iterator[tuple[str, str]]:
    if key in _SETS:
        yield from ((candidate, "E") for candidate in candidates(value))
    elif value.startswith(("/", "http://", "https://")) and len(value) > 1 and not set(value) & set(" {}<>\"'\n"):
        if key in _EMBEDS:
            yield value, "E"
        elif key in _LINKS:
            yield value, "L"
