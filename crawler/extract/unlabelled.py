"""Walls of logos that no label announces: the page itself is called "Sponsors", or a box around them is by its class.
What is shown there is for a person to look at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from crawler.extract.blocks import Block
from crawler.extract.dom import Element
from crawler.extract.finder import Finder
from crawler.extract.labels import Label, is_called
from crawler.extract.logos import has_wall
from crawler.extract.naming import address_words, title_parts
from crawler.extract.surroundings import lead_out

#: what a page of sponsors is called is short
_WORDS = 4
#: how far up from a logo a box is looked for, how much of its names is read, and logos in it
_STEPS = 8
_NAMES_CHARS = 300
_LEAST = 3
_MOST = 100
#: pictures of a page that are asked
_PICTURES = 500
_CALLED = re.compile(r"(?:^|[\s_-])(?:sponsor(?:s|en)?|partners?|partenaires?)(?=$|[\s_-])", re.IGNORECASE)
#: stands in a page whose boxes may be called so
_TOLD = ("sponsor", "partner", "partenaire")


def unlabelled_walls(finder: Finder) -> Iterator[Block]:
    """What may be walls of sponsors, on a page where no label announces any."""
    if finder.is_legal or finder.is_of_consortium or not finder.outline.lines or not finder.outline.pictures:
        return
    names = (*title_parts(finder.title)[:1], *address_words(finder.page.url))
    if any(len(name.split()) <= _WORDS and is_called("sponsor", name) for name in names):
        yield finder.block(_label(finder, "page-label"), has_wall)
    yield from _marked(finder)


def _label(finder: Finder, rule: str) -> Label:
    heading = finder.heading_line
    line = heading or finder.outline.lines[0]
    *_, whole = line.block.ancestors()
    line = replace(line, level=1, at=line.at if heading is not None and heading.level else -1, block=whole)
    return Label("sponsor", line, None, 0, len(line.text), rule)


def _marked(finder: Finder) -> Iterator[Block]:
    pictures = finder.outline.pictures
    if len(pictures) < _LEAST or not any(word in finder.page.text for word in _TOLD):
        return
    boxes: dict[Element, list[str | None]] = {}
    asked: dict[Element, bool] = {}
    for picture in islice(pictures, _PICTURES):
        if picture.region in ("nav", "popup", "header") or (box := _box(picture.element, asked)) is None:
            continue
        image = finder.image_at.get(picture.at)
        if image is not None:
            boxes.setdefault(box, []).append(image.href)
    for box, addresses in boxes.items():
        if _LEAST <= len(addresses) <= _MOST and lead_out(addresses, len(addresses), finder.page.url):
            yield Block(_label(finder, "marked-label"), finder.outline.between(box.first, box.last))


def _box(element: Element, asked: dict[Element, bool]) -> Element | None:
    """The outermost box around it, not far up, that is called so."""
    found = None
    for each in islice(element.ancestors(), _STEPS):
        if each not in asked:
            names = f"{each.attribute('id') or ''} {each.attribute('class') or ''}"[:_NAMES_CHARS]
            asked[each] = each.tag != "body" and _CALLED.search(names) is not None
        if asked[each]:
            found = each
    return found
