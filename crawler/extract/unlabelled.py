"""Walls of logos that no label announces: the page itself is called "Sponsors", a box around them or their folder is by
its name, or each picture is called a logo. What is shown there is for a person to look at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, takewhile

from crawler.extract.blocks import Block
from crawler.extract.dom import Element, Item, Line
from crawler.extract.finder import Finder
from crawler.extract.labels import Label, is_called
from crawler.extract.links import host_of
from crawler.extract.logos import has_wall
from crawler.extract.names import are_spelt_as_names, is_name
from crawler.extract.naming import address_words, clean, title_parts
from crawler.extract.pictures import Image
from crawler.extract.surroundings import lead_out

#: what a page of sponsors is called is short
_WORDS = 4
#: how far up from a logo a box is looked for, how much of its names is read, and logos in it
_STEPS = 8
_NAMES_CHARS = 300
_LEAST = 3
_MOST = 100
#: so many pictures that are called logos are a wall by that alone, with no more than a caption between
_LOGOS = 5
_NEXT = 2
#: pictures of a page that are asked
_PICTURES = 500
_LOGO = re.compile(r"logo", re.IGNORECASE)
#: rule of a wall whose pictures are known by their names alone
NAMED = "above-label"
_NO_WALL = ("nav", "popup", "header")


def unlabelled_walls(finder: Finder) -> Iterator[Block]:
    """What may be walls of sponsors, on a page where no label announces any."""
    if not _may_hold_walls(finder):
        return
    # Its heading, too: where that is a label, it stood over nothing.
    names = (finder.heading or "", *title_parts(finder.title)[:1], *address_words(finder.page.url))
    if any(len(name.split()) <= _WORDS and is_called("sponsor", name) for name in names):
        yield finder.block(_label(finder, "page-label"), has_wall)
    yield from walls_above(finder)
    yield from _marked(finder)
    yield from filed_walls(finder)
    yield from _called_logos(finder)


def walls_above(finder: Finder) -> Iterator[Block]:
    """Pictures in a row right above the heading that the page is called by, in strips that a style sheet sets aside."""
    heading = finder.heading_line
    if not _may_hold_walls(finder) or heading is None or not is_called("sponsor", heading.text):
        return
    run: list[Image] = []
    for item in reversed(finder.outline.between(max(heading.at - _PICTURES, 0), heading.at)):
        image = finder.image_at.get(item.at)
        if isinstance(item, Line) or image is None or item.element.region != heading.region:
            break
        run.insert(0, image)
    names = list(dict.fromkeys(clean(image.alt or "") for image in run))
    # Nothing but their names says what they show.
    spelt = sum(are_spelt_as_names([name]) for name in names)
    likely = all(map(is_name, names)) and spelt * 4 >= len(names) * 3
    if len(names) >= _LOGOS and likely and all(_leads_out(image, finder) for image in run):
        yield Block(_label(finder, NAMED), [image.picture for image in run])


def filed_walls(finder: Finder) -> Iterator[Block]:
    """Walls of pictures that the site keeps in a folder for sponsors, wherever they stand."""
    if not (_may_hold_walls(finder) and _names_sponsors(finder)):
        return
    folders: dict[str, list[Image]] = {}
    for image in islice(finder.images, _PICTURES):
        folder = image.url.rpartition("/")[0]
        if image.picture.region not in _NO_WALL and finder.words.folder.search(folder[-_NAMES_CHARS:]):
            folders.setdefault(folder, []).append(image)
    for images in folders.values():
        if len({each.url for each in images}) >= _LEAST and len(images) <= _MOST:
            yield Block(_label(finder, "filed-label"), _with_captions(images, finder))


def _may_hold_walls(finder: Finder) -> bool:
    return len(finder.outline.pictures) >= _LEAST and not (finder.is_legal or finder.is_of_consortium)


def _names_sponsors(finder: Finder) -> bool:
    """Whether the page's source holds a word that boxes or folders of them are called by."""
    return any(word in finder.page.text for word in finder.words.box_words)


def _label(finder: Finder, rule: str) -> Label:
    heading = finder.heading_line
    first = heading or next(iter(finder.outline.lines), None)
    *_, whole = (first.block if first is not None else finder.outline.pictures[0].element).ancestors()
    # A page may hold nothing but logos.
    line = first or Line("", whole, [("", whole)], -1, 1, False, [])
    line = replace(line, level=1, at=line.at if heading is not None and heading.level else -1, block=whole)
    return Label("sponsor", line, None, 0, len(line.text), rule)


def _marked(finder: Finder) -> Iterator[Block]:
    if not _names_sponsors(finder):
        return
    boxes: dict[Element, list[Image]] = {}
    asked: dict[Element, bool] = {}
    for picture in islice(finder.outline.pictures, _PICTURES):
        if picture.region in _NO_WALL or (box := _box(picture.element, asked, finder)) is None:
            continue
        image = finder.image_at.get(picture.at)
        if image is not None:
            boxes.setdefault(box, []).append(image)
    for box, images in boxes.items():
        led = _LEAST <= len(images) <= _MOST and lead_out([each.href for each in images], len(images), finder.page.url)
        if led or (_LOGOS <= len(images) <= _MOST and all(_is_called_logo(each, finder) for each in images)):
            yield Block(_label(finder, "marked-label"), finder.outline.between(box.first, box.last))


def _box(element: Element, asked: dict[Element, bool], finder: Finder) -> Element | None:
    """The outermost box around it, not far up, that is called so."""
    found = None
    for each in islice(element.ancestors(), _STEPS):
        if each not in asked:
            names = f"{each.attribute('id') or ''} {each.attribute('class') or ''}"[:_NAMES_CHARS]
            asked[each] = each.tag != "body" and finder.words.box_name.search(names) is not None
        if asked[each]:
            found = each
    return found


def _called_logos(finder: Finder) -> Iterator[Block]:
    """Pictures in a row that are named one by one and called logos: all of them, or half in the page's footer."""
    if finder.page.text.count("logo") < _LEAST:
        return
    images = list(islice(finder.images, _PICTURES))
    if sum(_says_logo(image) and image.picture.region not in _NO_WALL for image in images) < _LEAST:
        return
    run: list[Image] = []
    for image in (*images, None):
        named = image is not None and _leads_out(image, finder) and is_name(clean(image.alt or ""))
        if image is not None and named and (not run or _are_next(run[-1], image)):
            run.append(image)
            continue
        called = sum(map(_says_logo, run))
        in_footer = bool(run) and run[0].picture.region == "footer"
        enough = len({each.url for each in run}) >= _LOGOS and called * (2 if in_footer else 1) >= len(run)
        if enough and not _is_headed(run[0], finder):
            yield Block(_label(finder, "called-label"), _with_captions(run, finder))
        run = [image] if image is not None and named else []


def _are_next(one: Image, other: Image) -> bool:
    return other.at - one.at <= _NEXT and one.picture.region == other.picture.region


def _is_headed(image: Image, finder: Finder) -> bool:
    """Whether a heading stands above it in its region: that would have said it."""
    region = image.picture.region
    above = takewhile(lambda line: line.at < image.at, finder.outline.lines)
    return any(line.level and line.region == region for line in above)


def _is_called_logo(image: Image, finder: Finder) -> bool:
    return _says_logo(image) and _leads_out(image, finder)


def _says_logo(image: Image) -> bool:
    return _LOGO.search(image.url[-_NAMES_CHARS:]) is not None or _LOGO.search(image.alt or "") is not None


def _leads_out(image: Image, finder: Finder) -> bool:
    """Whether it leads to no page of the site itself, and stands in no menu."""
    outside = image.href is None or host_of(image.href) not in ("", host_of(finder.page.url))
    return outside and image.picture.region not in _NO_WALL


def _with_captions(images: Sequence[Image], finder: Finder) -> list[Item]:
    """The pictures, and the line right behind each."""
    items: list[Item] = []
    for image in images:
        behind = finder.outline.between(image.at, image.at + 2)
        items += [item for item in behind if item.at == image.at or isinstance(item, Line)]
    return items
