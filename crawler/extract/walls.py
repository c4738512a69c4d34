"""What tells a wall of logos from photographs and drawings: where it stands, where it leads, what markup calls it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from urllib.parse import urlsplit

from crawler.extract.blocks import Block
from crawler.extract.finder import Finder
from crawler.extract.labels import LABEL_CHARS, leads_elsewhere
from crawler.extract.logos import link_of
from crawler.extract.pictures import Image
from crawler.extract.surroundings import lead_out
from crawler.extract.vocabulary import vocabulary

#: how far up from an image its classes are read, and how much of one
_STEPS = 4
_CLASS_CHARS = 200
#: text between a sentence that tells of sponsors and their logos
_LINES = 2
_BETWEEN_CHARS = 250
#: so many logos are a wall wherever it stands
_WALL = 3
#: so many from one folder show that one from another is none of them
_LARGE = 5
#: how far up from an image a class may say that it shows somebody
_PORTRAIT_STEPS = 3
_PORTRAIT = re.compile(r"(?:^|[\s_-])(?:team|people|person|portrait|avatar|staff|headshot)(?:[\s_-]|$)", re.IGNORECASE)


def is_announced(images: Sequence[Image], block: Block, finder: Finder) -> bool:
    """Whether the block's label speaks for *images*: not where it is a link in a menu or on a card, nor where it is a
    sentence that goes on, and the images stand farther down."""
    label = block.label
    if leads_elsewhere(label):
        return looks_like_logos(images, block, finder)
    if label.language is None or not label.rest:
        return True
    between = [line for line in block.lines if line.at < images[0].at]
    near = len(between) <= _LINES and sum(len(line.text) for line in between) <= _BETWEEN_CHARS
    if near and not any(line.level for line in between):
        return len(images) > 1 or looks_like_logos(images, block, finder) or len(label.line.text) <= LABEL_CHARS
    return len(images) >= _WALL and looks_like_logos(images, block, finder)


def stands_alone(images: Sequence[Image], block: Block, finder: Finder) -> bool:
    """Whether the one image right behind a heading leads to somebody's site: "In cooperation with", and a logo."""
    line = block.label.line
    set_off = line.level > 0 or line.strong or line.text.endswith(":")
    if len(images) != 1 or not set_off or not block.items or block.items[0].at != images[0].at:
        return False
    return lead_out([images[0].href], 1, finder.page.url)


def looks_like_logos(images: Sequence[Image], block: Block, finder: Finder) -> bool:
    """Whether most lead to a site of their own each, or are called logos by their addresses, alts or classes."""
    if lead_out((link_of(image, block, finder) for image in images), len(images), finder.page.url):
        return True
    return sum(map(_is_called_logo, images)) * 2 > len(images)


def without_strangers(images: Sequence[Image]) -> list[Image]:
    """The wall without what stands before or behind it and leads nowhere, out of a folder of its own: a drawing of a
    purse above the sponsors, a chart below them."""
    folders = Counter(_folder(image.url) for image in images)
    common, count = max(folders.items(), key=lambda each: each[1], default=("", 0))
    if count < _LARGE or count * 4 < len(images) * 3:
        return list(images)
    start = next(nth for nth, image in enumerate(images) if image.href or _folder(image.url) == common)
    behind = next(nth for nth, image in enumerate(reversed(images)) if image.href or _folder(image.url) == common)
    return list(images[start : len(images) - behind])


def _folder(url: str) -> str:
    return url.rpartition("/")[0]


def _is_called_logo(image: Image) -> bool:
    near = islice(image.picture.element.ancestors(), _STEPS)
    said = (_path(image.url), image.alt or "", *((each.attribute("class") or "")[:_CLASS_CHARS] for each in near))
    words = ("logo", *vocabulary().box_words)
    return any(word in text.lower() for text in said for word in words)


def _path(url: str) -> str:
    try:
        return urlsplit(url).path[-300:]
    except ValueError:
        return ""


def are_portraits(images: Sequence[Image]) -> bool:
    """Whether classes say of most that they show people."""
    return sum(_is_portrait(image) for image in images) * 3 > len(images) * 2


def _is_portrait(image: Image) -> bool:
    near = islice(image.picture.element.ancestors(), _PORTRAIT_STEPS)
    return any(_PORTRAIT.search((each.attribute("class") or "")[:_CLASS_CHARS]) for each in near)
