"""The sponsors a page shows, mostly by their logos: which image, whose, and how sure the name is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from urllib.parse import urlsplit

from archive.model import Evidence, Page, Tier
from crawler.extract.blocks import BULLET, Block, has_entries
from crawler.extract.dom import Element, Item, Line, Picture
from crawler.extract.finder import Finder, item_region
from crawler.extract.labels import Label
from crawler.extract.links import host_of, social_network
from crawler.extract.listing import listing
from crawler.extract.names import are_countries, are_persons, is_name, organisation_like
from crawler.extract.naming import (
    clean,
    file_name,
    is_file_name,
    is_machine_made,
    named_by_file,
    number_behind,
    without_number,
    without_slogan,
)
from crawler.extract.organisations import organisation_key
from crawler.extract.pictures import Image
from crawler.extract.registry import extractor
from crawler.items import Sponsor

#: text between two logos that parts them: a caption does not, a paragraph does
_BETWEEN_CHARS = 250
_STEPS = 40
#: below it a name is for a person to look at
_CONFIRMED = 0.7
_ARROW = re.compile(
    r"(?:^|[\W_])(?:arrow|pijl|pfeil|prev|next|close|search|zoek|menu|burger|play|pause|chevron|caret|loading)(?:[\W_]|$)",
    re.IGNORECASE,
)
_VERB = re.compile(
    r"\b(?:wordt|worden|is|zijn|werd|werden|mede|are|was|were|wird|wurde|sind|ist|est|sont)\s*$", re.IGNORECASE
)
_BELONGS_TO = re.compile(r"\b(?:van|of|der|des|von|du)\s+(?:(?:de|het|the|den)\s+)?(.{2,60})$", re.IGNORECASE)
_NOBODY = re.compile(
    r"^(?:ons|onze|wij|we|ze|zij|our|us|this|unsere?|wir|nous|nos|dit|deze|de|het|the|project|site|website|activiteiten|\W)*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Name:
    value: str
    #: the text or address it was read from, as it stands
    raw: str
    source: str
    confidence: float


@dataclass(frozen=True, slots=True)
class _Shown:
    """One sponsor as it is shown: by an image, or by a line of text."""

    name: _Name
    rule: str
    evidence: Evidence | None
    image: Image | None = None
    href: str | None = None


@extractor(Sponsor, version=1)
def sponsors(page: Page, finder: Finder) -> Iterator[Sponsor]:  # noqa: ARG001 - every extractor takes both
    seen: set[str] = set()
    taken: set[int] = set()
    position = 0
    for label in finder.labels("sponsor"):
        found = listing(label, finder) if label.rest and label.language else None
        shown = list(_in_sentence(label, finder)) if found else []
        beneficiary = _beneficiary(label, finder)
        shown = shown or list(_behind(finder.block(label, _has_wall), finder, taken))
        for each in shown:
            url = each.image.url if each.image else ""
            key = _key(each, finder)
            twin = f"{key}|{each.name.raw}"
            if each.evidence is None or twin in seen or (url and url in seen):
                continue
            seen.update((twin, url))
            yield _sponsor(each, key, beneficiary, position)
            position += 1


def _sponsor(each: _Shown, key: str | None, beneficiary: str | None, position: int) -> Sponsor:
    assert each.evidence is not None
    # A logo in a labelled wall is a sponsor's, whether or not its name can be told.
    tier: Tier = "confirmed" if each.image or each.name.confidence >= 0.4 else "candidate"
    return Sponsor(
        raw=each.name.raw,
        value=each.name.value,
        position=position,
        rule=each.rule,
        evidence=each.evidence,
        tier=tier,
        confidence=each.name.confidence,
        kind="logo" if each.image or is_file_name(each.name.raw) else "text",
        organisation=key,
        beneficiary=beneficiary,
        href=each.href,
        logo_url=each.image.url or None if each.image else None,
        name_source=each.name.source,
        alt=each.image.alt if each.image else None,
    )


def _key(each: _Shown, finder: Finder) -> str | None:
    """Key of whom it shows; none where nothing names it. "ministerie2.png" is not the one "ministerie.png" shows."""
    known = finder.aliases.name(each.name.raw, each.name.value)
    if known is not None:
        return organisation_key(known)
    if each.name.confidence <= _UNNAMED:
        return None
    return organisation_key(f"{each.name.value}{number_behind(each.name.raw)}") or None


# What stands behind a label


def _in_sentence(label: Label, finder: Finder) -> Iterator[_Shown]:
    found = listing(label, finder)
    for name in found.names if found else ():
        named = _Name(name.text, name.text, "text", found.confidence if found else 0)
        yield _Shown(named, "sentence", finder.evidence(name.text, label.line))


def _behind(block: Block, finder: Finder, taken: set[int]) -> Iterator[_Shown]:
    logos = _in_one_part(_wall(block.items, finder), block.label) or _wall_before(block.label, finder)
    logos = [logo for logo in logos if logo.at not in taken]
    taken.update(logo.at for logo in logos)
    if len(logos) >= (1 if _is_sure(block.label) else 2):
        for logo in logos:
            name = _name_of(logo, block, finder)
            stands = logo.address if name.source in ("file", "host") else name.raw
            evidence = finder.evidence(stands, image=logo) or finder.evidence(logo.address, image=logo)
            if name.source == "caption":
                evidence = finder.evidence(name.raw, _caption(logo, block)) or evidence
            yield _Shown(name, "logo-wall", evidence, logo, _href(logo, block, finder))
        return
    files = [line for line in _first_run(block.lines) if line.at not in taken]
    for line in files:
        taken.add(line.at)
        value = clean(line.text, from_file=True)
        name = _Name(value or line.text, line.text, "file", 0.7 if value else _UNNAMED)
        yield _Shown(name, "file-names", finder.evidence(line.text, line))
    if not files:
        yield from _in_list(block, finder, taken)


def _first_run(lines: Sequence[Line]) -> Iterator[Line]:
    """The file names that stand in a row, for pages that show an image's name where the image was."""
    begun = False
    for line in lines:
        if is_file_name(line.text):
            begun = True
            yield line
        elif begun:
            return


def _in_list(block: Block, finder: Finder, taken: set[int]) -> Iterator[_Shown]:
    """Names in a list of text: only under a label that says more than "partners", and never a menu."""
    entries = [entry for entry in block.entries() if entry.lines[0].at not in taken]
    lines = [(entry, BULLET.sub("", entry.piece or entry.lines[0].text).strip(" ,;")) for entry in entries]
    names = [name for _entry, name in lines if is_name(name)]
    menu = all(entry.links and not _lead_out(entry.links, finder) for entry in entries)
    if len(names) < 2 or len(names) * 4 < len(entries) * 3 or menu or are_persons(names) or are_countries(names):
        return
    if any(len(entry.text) > 200 for entry in entries):
        return
    likely = organisation_like(names)
    confidence = round((0.5 if _is_sure(block.label) else 0.2) + 0.4 * likely, 2)
    if confidence < 0.5:
        return
    for entry, name in lines:
        if is_name(name):
            taken.add(entry.lines[0].at)
            links = entry.links
            href = finder.absolute(links[0].attribute("href")) if links else None
            named = _Name(name, name, "text", confidence)
            yield _Shown(named, "labelled-list", finder.evidence(name, entry.lines[0]), None, href)


def _lead_out(links: Sequence[Element], finder: Finder) -> bool:
    own = host_of(finder.page.url)
    return any((host := host_of(finder.absolute(link.attribute("href")))) and host != own for link in links)


def _is_sure(label: Label) -> bool:
    """Whether the words say that somebody supports somebody; "partner" may mean anything."""
    return label.language is not None or label.rule == "profile-label" or "partner" not in label.line.text.casefold()


def _has_wall(items: Sequence[Item]) -> bool:
    pictures = sum(isinstance(item, Picture) for item in items)
    files = sum(isinstance(item, Line) and is_file_name(item.text) for item in items)
    return pictures >= 2 or files >= 2 or has_entries(items)


def _wall(items: Sequence[Item], finder: Finder) -> list[Image]:
    """The logos among the items, up to the text that parts them from the next."""
    logos: list[Image] = []
    between = 0
    for item in items:
        if isinstance(item, Line):
            between += len(item.text)
            if logos and between > _BETWEEN_CHARS:
                break
        elif (image := finder.image_at.get(item.at)) is not None and _is_logo(image, finder):
            between = 0
            if not logos or not _is_same_shown_twice(logos[-1], image):
                logos.append(image)
    return logos


def _in_one_part(logos: list[Image], label: Label) -> list[Image]:
    """The logos of the part of the page behind the label, when the first part that holds any holds several.

    What follows it beside the label, an image at a time, is something else: banners under a carousel.
    """
    above = {id(element) for element in islice(label.line.block.ancestors(), _STEPS)}
    rows: list[tuple[Element | None, list[Image]]] = []
    for logo in logos:
        part = _part_below(logo.picture.element, above)
        if rows and part is not None and part is rows[-1][0]:
            rows[-1][1].append(logo)
        else:
            rows.append((part, [logo]))
    if not rows or len(rows[0][1]) < 3:
        return logos
    first = rows[0][0]
    wall = takewhile(lambda row: len(row[1]) >= 2 or _are_of_one_make(first, row[0]), rows)
    return [logo for _part, row in wall for logo in row]


def _are_of_one_make(one: Element | None, other: Element | None) -> bool:
    if one is None or other is None:
        return False
    return one.tag == other.tag and one.attribute("class") == other.attribute("class")


def _part_below(element: Element, above: set[int]) -> Element | None:
    """The ancestor of the element, or itself, that is a child of one that stands above the label too."""
    for ancestor in islice(element.ancestors(), _STEPS):
        if ancestor.parent is not None and id(ancestor.parent) in above:
            return ancestor
    return None


def _wall_before(label: Label, finder: Finder) -> list[Image]:
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
    if image.is_tiny or not (image.url or image.alt) or social_network(image.href) or finder.ignores(image.words):
        return False
    name = image.alt or image.file
    if _ARROW.search(image.file) or any(
        finder.words.certification.fullmatch(clean(text)) for text in (name, image.file)
    ):
        return False
    # A link to the front page is around the site's own logo.
    own = image.href is not None and host_of(image.href) == host_of(finder.page.url)
    return not (own and urlsplit(image.href or "").path in ("", "/"))


def _is_same_shown_twice(one: Image, other: Image) -> bool:
    """A hover pair: two images of one name in one link."""
    return one.link is not None and one.link is other.link and _letters(one.file) == _letters(other.file)


def _letters(file: str) -> str:
    return re.sub(r"\d", "", clean(file, from_file=True)).casefold()


# Whose logo it is

_UNNAMED = 0.2


def _name_of(logo: Image, block: Block, finder: Finder) -> _Name:
    """The best name: title, alt, file name, host of the link, caption; the file's raw name when nothing names it."""
    link_title = logo.link.attribute("title") if logo.link is not None else None
    title = logo.title if logo.title != logo.alt else None
    for source, text in (("title", title), ("alt", logo.alt), ("title", link_title)):
        if not text:
            continue
        name = clean(text)
        if name and not is_file_name(text):
            name = without_number(name) if is_machine_made(text, logo.file) else without_slogan(name)
        if name and len(name) <= 80 and not re.search(r"[!?]", name):
            return _Name(name, text, source, 0.75 if is_file_name(text) else 0.9)
    caption = _caption(logo, block)
    out = logo.href if logo.href is not None and host_of(logo.href) != host_of(finder.page.url) else None
    name, named_by = named_by_file(logo.file, out)
    if name:
        sure = 0.5 if named_by == "host" or len(name) <= 2 else 0.7
        return _Name(name, logo.file if named_by == "file" else out or "", named_by, sure)
    if caption is not None and (name := clean(caption.text)):
        return _Name(name, caption.text, "caption", 0.6)
    shown = caption.text if caption is not None and is_file_name(caption.text) else None
    raw = next(
        (text for text in (logo.alt, logo.title, shown, logo.file, file_name(logo.address)) if text), logo.address
    )
    source = "caption" if raw == shown else "alt" if raw == logo.alt and not is_file_name(raw) else "file"
    return _Name(raw, raw, source, _UNNAMED)


def _caption(logo: Image, block: Block) -> Line | None:
    """The line right behind the logo and before the next, when it is a name."""
    for item in block.items:
        if item.at > logo.at:
            return item if isinstance(item, Line) and is_name(item.text) else None
    return None


def _href(logo: Image, block: Block, finder: Finder) -> str | None:
    """Where the logo's link leads; else where the first link behind it does, in the card they share."""
    if logo.href is not None:
        return logo.href
    for item in block.items:
        if item.at > logo.at:
            links = item.links if isinstance(item, Line) else []
            return finder.absolute(links[0].attribute("href")) if len(links) == 1 else None
    return None


def _beneficiary(label: Label, finder: Finder) -> str | None:
    """Whom the label says is supported; the site's owner where it says nobody and a profile names one."""
    text = label.line.text
    named = ""
    if label.language is not None or label.rule == "profile-label":
        named = _VERB.sub("", text[: label.start].strip())
        named = named if len(named) <= 80 else ""
    elif found := _BELONGS_TO.search(text.strip(" :.")):
        named = found[1] if found[1][:1].isupper() else ""
    if not named or _NOBODY.match(named):
        named = finder.hints.owner or ""
    return finder.aliases.organisation(named) if named else None
