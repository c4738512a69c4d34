"""Logos: the wall of them behind a label, which images belong to it, and whose each one is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import urlsplit

from archive.model import UNNAMED, Evidence
from crawler.extract.blocks import Block, has_entries
from crawler.extract.boxes import are_in_like_boxes, in_one_part
from crawler.extract.dom import Item, Line, Picture
from crawler.extract.finder import Finder
from crawler.extract.hosts import host_name
from crawler.extract.inline import pictures_in_line
from crawler.extract.labels import Label, is_called
from crawler.extract.links import host_of
from crawler.extract.names import is_name, opening_name
from crawler.extract.naming import (
    clean,
    file_name,
    is_file_name,
    is_machine_made,
    named_by_file,
    number_behind,
    without_number,
    without_slogan,
    without_state,
)
from crawler.extract.organisations import Aliases, organisation_key
from crawler.extract.ornaments import is_of_network, is_ornament
from crawler.extract.pictures import Image
from crawler.extract.zones import item_region

#: text between two logos that parts them: a caption does not, a paragraph does
_BETWEEN_CHARS = 250
#: and between two in boxes of one make
_TOLD_CHARS = 1500
_STEPS = 40
#: how far up from a logo the box is looked for that holds it and its name
_CARD_STEPS = 6
_CAPTION_CHARS = 60
#: how sure a name is that stands in the logo's own box
OWN_CAPTION = 0.85
#: different logos with one alt, from which on it is nobody's
_COPIED = 3
#: a logo, what stands in for it where scripts are off, and its caption
_CARD_HOLDS = 3
_CARD_HOLDS_MORE = 8
#: how a file's name is spelt, and no other
_AS_FILES = re.compile(r"_|^[^\sA-Z]+-[^\sA-Z]+$")


@dataclass(frozen=True, slots=True)
class LogoName:
    value: str
    #: the text or address it was read from, as it stands
    raw: str
    source: str
    confidence: float


def logos_behind(block: Block, finder: Finder) -> list[Image]:
    """The logos a label announces: those in its line, else those that follow it, else those right before it."""
    own = _wall(pictures_in_line(block.label.line, finder), finder)
    return own or in_one_part(_wall(block.items, finder), block.label) or _before_label(block.label, finder)


def has_wall(items: Sequence[Item]) -> bool:
    pictures = sum(isinstance(item, Picture) for item in items)
    files = sum(isinstance(item, Line) and is_file_name(item.text) for item in items)
    return pictures >= 2 or files >= 2 or has_entries([item for item in items if not _is_prose(item)])


def _is_prose(item: Item) -> bool:
    """Paragraphs of one make are no list of names."""
    return isinstance(item, Line) and len(item.text) > _CAPTION_CHARS and item.text.endswith((".", "!", "?"))


def _wall(items: Sequence[Item], finder: Finder) -> list[Image]:
    """The logos among the items, up to the text that parts them from the next."""
    logos: list[Image] = []
    between = 0
    for item in items:
        if isinstance(item, Line):
            between += len(item.text)
            if logos and between > _TOLD_CHARS:
                break
        elif (image := finder.image_at.get(item.at)) is not None and _is_logo(image, finder):
            if logos and between > _BETWEEN_CHARS and not are_in_like_boxes(logos[-1], image):
                break
            between = 0
            if not logos or not _is_same_shown_twice(logos[-1], image):
                logos.append(image)
    return logos


def _before_label(label: Label, finder: Finder) -> list[Image]:
    """The logos right before the label in its container: style sheets turn the order round."""
    for container in islice(label.line.block.ancestors(), 5):
        before = finder.outline.between(max(container.first, label.line.at - 40), label.line.at)
        if not any(isinstance(item, Picture) for item in before):
            continue
        run: list[Item] = []
        for item in reversed(before):
            if isinstance(item, Line) or item_region(item) != label.line.region:
                break
            run.insert(0, item)
        logos = _wall(run, finder)
        return logos if len(logos) >= 2 and label.line.level == 0 else []
    return []


def _is_logo(image: Image, finder: Finder) -> bool:
    if (
        image.is_tiny
        or not (image.url or image.alt or (image.title and image.href))
        or is_of_network(image)
        or finder.ignores(image.words)
    ):
        return False
    if is_ornament(image, finder) or image.url in finder.own_logos:
        return False
    # A link to the front page is around the site's own logo.
    own = image.href is not None and host_of(image.href) == host_of(finder.page.url)
    return not (own and urlsplit(image.href or "").path in ("", "/"))


def _is_same_shown_twice(one: Image, other: Image) -> bool:
    """A hover pair: two images of one name in one link."""
    if one.is_placeholder or other.is_placeholder:
        return False
    return one.link is not None and one.link is other.link and _letters(one.file) == _letters(other.file)


def _letters(file: str) -> str:
    return re.sub(r"\d", "", clean(file, from_file=True)).casefold()


def said_of_many(logos: Sequence[Image]) -> frozenset[tuple[str, int]]:
    """The alts and titles that were copied from one logo to the next and name nobody, with the places of the logos that
    carry them: those of several files; or of two, and the file of one is called so."""
    carry: dict[str, list[Image]] = {}
    for logo in logos:
        link_title = logo.link.attribute("title") if logo.link is not None else None
        for text in (logo.alt, logo.title, link_title):
            if text and not logo.is_placeholder:
                carry.setdefault(text, []).append(logo)
    return frozenset((text, logo.at) for text, alike in carry.items() for logo in _strangers(text, alike))


def _strangers(text: str, logos: Sequence[Image]) -> Sequence[Image]:
    """The logos that the text, which all of them carry, does not name."""
    files = {without_state(logo.file) for logo in logos}
    if len(files) >= _COPIED:
        return logos
    if len(files) == 1 or len({host_of(logo.href) for logo in logos} - {None}) == 1:
        return ()
    folded = organisation_key(text).replace("-", "")
    others = [logo for logo in logos if folded not in organisation_key(logo.file).replace("-", "")]
    return others if len(others) < len(logos) else ()


def name_of(logo: Image, block: Block, finder: Finder, copied: frozenset[tuple[str, int]] = frozenset()) -> LogoName:
    """The best name: title, alt, file name, host of the link, caption; the file's raw name when nothing names it.
    *copied*: texts that were copied from other logos, and the places of those that carry them."""
    link_title = logo.link.attribute("title") if logo.link is not None else None
    own = _card_caption(logo, block, finder)
    title = logo.title if logo.title != logo.alt else None
    if title and logo.alt and is_machine_made(title, logo.file) and not is_file_name(logo.alt) and clean(logo.alt):
        # The system spelt out the file's name; a person wrote the alt.
        title = None
    for source, text in (("title", title), ("alt", logo.alt), ("title", link_title)):
        spelt = text is not None and is_machine_made(text, logo.file)
        if not text or (text, logo.at) in copied or (spelt and own is not None):
            # The system spelt out the file's name; a person wrote what stands below.
            continue
        name = clean(text, from_file=True if spelt and _AS_FILES.search(text) else None)
        if name and not is_file_name(text):
            name = without_number(name) if spelt else without_slogan(name, logo.href)
        says_kind = name and len(name.split()) == 1 and is_called("sponsor", name)
        if name and len(name) <= 80 and not says_kind and not re.search(r"[!?]", name):
            return LogoName(name, text, source, 0.75 if is_file_name(text) else 0.9)
    caption = caption_of(logo, block)
    if own is not None and (name := clean(own.text)):
        return LogoName(name, own.text, "caption", OWN_CAPTION)
    out = logo.href if logo.href is not None and host_of(logo.href) != host_of(finder.page.url) else None
    if (by_file := name_by_file(logo.file_without_size, out)) is not None:
        line = _behind(logo, block)
        if isinstance(line, Line) and (told := opening_name(line.text, by_file.value)):
            return LogoName(told, told, "caption", OWN_CAPTION)
        return replace(by_file, raw=logo.file) if by_file.source == "file" else by_file
    if caption is not None and (name := clean(caption.text)):
        return LogoName(name, caption.text, "caption", 0.6)
    shown = caption.text if caption is not None and is_file_name(caption.text) else None
    alt, title = (text if (text or "", logo.at) not in copied else None for text in (logo.alt, logo.title))
    raw = next((text for text in (alt, title, shown, logo.file, file_name(logo.address)) if text), logo.address)
    source = "caption" if raw == shown else "alt" if raw == logo.alt and not is_file_name(raw) else "file"
    return LogoName(raw, raw, source, UNNAMED)


def name_by_file(file: str, out: str | None) -> LogoName | None:
    """By the file's name, or by the host of the link *out* around it; None where neither names anybody."""
    name, named_by = named_by_file(file, out)
    if not name:
        return None
    if named_by == "file" and len(name) <= 2 and out is not None and (host := host_name(out)):
        # "nm.png" that leads to northmill.test
        name, named_by = host, "host"
    sure = 0.5 if named_by == "host" or len(name) <= 2 else 0.7
    return LogoName(name, file if named_by == "file" else out or "", named_by, sure)


def organisation_of(name: LogoName, aliases: Aliases) -> str | None:
    """Key of whom it shows; none where nothing names it. "ministerie2.png" is not the one "ministerie.png" shows."""
    known = aliases.name(name.raw, name.value)
    if known is not None:
        return organisation_key(known)
    if name.confidence <= UNNAMED:
        return None
    return organisation_key(f"{name.value}{number_behind(name.raw)}") or None


def twin_of(name: LogoName, key: str | None, url: str | None) -> str:
    """The same for the copies of one logo: in a carousel, in two sizes, for the mouse over it and not. *url* is of its
    image, None where it is text."""
    if url is None or name.source not in ("file", "host"):
        return f"{key}|{name.raw}"
    # Files that name nobody may have one name in two folders.
    folder = "" if key is not None else url.rpartition("/")[0]
    return f"{key}|{folder}|{without_state(file_name(url))}"


def logo_evidence(logo: Image, name: LogoName, block: Block, finder: Finder) -> Evidence | None:
    """Where the name of a logo stands: in an attribute, in its caption, or else in the image's address."""
    stands = {"file": logo.address, "host": logo.link.attribute("href") if logo.link else None}.get(
        name.source, name.raw
    )
    found = None
    if name.source == "caption":
        line = _behind(logo, block)
        found = finder.evidence(name.raw, line if isinstance(line, Line) else None)
    elif stands:
        found = finder.evidence(stands, image=logo)
    found = found or (finder.evidence(logo.address, image=logo) if logo.address else None)
    # The name of a drawing is the text of its own title.
    return found or (finder.body_evidence(name.raw, "text") if logo.picture.element.tag == "svg" else None)


def caption_of(logo: Image, block: Block) -> Line | None:
    """The line right behind the logo and before the next, when it is a name."""
    item = _behind(logo, block)
    return item if isinstance(item, Line) and is_name(item.text) else None


def _behind(logo: Image, block: Block) -> Item | None:
    """What stands right behind the logo, but for what stands in for it where scripts are off."""
    return next((i for i in block.items if i.at > logo.at and not (isinstance(i, Picture) and i.fallback)), None)


def _card_caption(logo: Image, block: Block, finder: Finder) -> Line | None:
    """The one line in the box that holds this logo and no other, a ``figcaption`` or a link; or the box's heading."""
    line = _behind(logo, block)
    if not isinstance(line, Line) or len(line.text) > _CAPTION_CHARS or not is_name(line.text):
        return None
    for box in islice(logo.picture.element.ancestors(), _CARD_STEPS):
        if line.at < box.last:
            most = _CARD_HOLDS_MORE if line.level else _CARD_HOLDS
            held = finder.outline.between(box.first, box.last) if box.last - box.first <= most else ()
            shown = [item for item in held if not (isinstance(item, Picture) and item.fallback)]
            # It, and the line; below a heading more may be told.
            alone = len(shown) == 2 or (line.level > 0 and sum(isinstance(item, Picture) for item in shown) == 1)
            alone = alone and box.first <= logo.at
            return line if alone and not finder.announces(line, "sponsor") else None
    return None


def link_of(logo: Image, block: Block, finder: Finder) -> str | None:
    """Where the logo's link leads; else where the first link behind it does, in the card they share."""
    if logo.href is not None:
        return logo.href
    for item in block.items:
        if item.at > logo.at:
            links = item.links if isinstance(item, Line) else []
            return finder.absolute(links[0].attribute("href")) if len(links) == 1 else None
    return None
