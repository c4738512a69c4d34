"""The organisations a page lists as members: in a labelled list, or in a sentence that says so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from archive.model import Evidence, Page, Tier
from crawler.extract.blocks import Block, has_entries
from crawler.extract.columns import read_columns
from crawler.extract.dom import Line, Picture, collapse
from crawler.extract.entries import BULLET, Entry, without_badges
from crawler.extract.finder import Finder
from crawler.extract.labels import MAX_LABEL_LINE
from crawler.extract.listing import announces_organisations, enumerated, host_in, listing
from crawler.extract.logos import LogoName, has_wall, link_of, logo_evidence, logos_behind, name_of
from crawler.extract.names import (
    are_countries,
    are_persons,
    are_promises,
    called_organisations,
    is_name,
    organisation_like,
)
from crawler.extract.organisations import organisation_key
from crawler.extract.pictures import Image
from crawler.extract.prose import without_stop
from crawler.extract.registry import extractor
from crawler.extract.selectors import RULE
from crawler.extract.tails import towns_behind, without_contact
from crawler.items import Member

#: below it a list is for a person to look at
_CONFIRMED = 0.7
#: fewer images under "Members" are illustrations
_LOGOS = 3
#: below a label, in which names may run on: an introduction may stand before them
_PARAGRAPHS = 3
#: how far behind a name its own image may stand
_CARD_ITEMS = 3

#: share of names that say what they are, where the heading does not
_CALLED = 0.5
#: confidence in a list whose heading only may announce it
_LOOSE = 0.7
#: share of names that must look like organisations' where nothing says that they are
_LIKELY = 0.6
_SET_OFF = frozenset(("a", "b", "strong", "em", "i", "u", "span"))
_SINCE = r"(?:lid |member )?(?:sinds|vanaf|since|from|seit|ab|depuis)"
#: set off, or announced: the year in "VV Klaver 1921" is part of a name, and one of founding is none of joining
_YEAR_BEHIND = re.compile(
    rf"\s*(?:[(\[,–-]\s*(?:{_SINCE})?|(?<!\w){_SINCE})\s*((?:19|20)\d\d)\s*[)\]]?\s*$", re.IGNORECASE
)
#: of most entries it is a count, of one it is a name's: "1. FC Nord"
_COUNT = re.compile(r"\s*\d{1,2}\.\s")
_YEAR_ALONE = re.compile(r"\D{0,12}((?:19|20)\d\d)\D?")
_YEAR = re.compile(r"(?<!\d)((?:1[89]|20)\d\d)(?!\d)")
#: "(until 2014)": listed, and no member any more
_FORMERLY = re.compile(r"\b(?:until|tot(?: en met)?|bis|jusqu'en) (?:\w+ )?(?:19|20)\d\d\b", re.IGNORECASE)
_REMARK = re.compile(r"\s*[(\[][^)\]]{1,60}[)\]]\s*$|\s+[–—|]\s+.*$|:\s.*$")


@dataclass(frozen=True, slots=True)
class _Found:
    """A name where it stands, before it is known whether it stands there twice."""

    name: str
    line: Line
    rule: str
    tier: Tier
    confidence: float
    kind: str = "member"
    compound: bool = False
    year: int | None = None
    place: str | None = None
    #: for a member shown by its logo: the image, what names it, and the block it stands in
    logo: Image | None = None
    shown: LogoName | None = None
    block: Block | None = None


@dataclass(frozen=True, slots=True)
class _Named:
    """What one entry of a list says of a member."""

    name: str
    line: Line
    year: int | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class _Chair:
    organisation: str | None
    since: int | None


@extractor(Member, version=4)
def members(page: Page, finder: Finder) -> Iterator[Member]:  # noqa: ARG001 - every extractor takes both
    found = list(_pointed_at(finder)) or [*_in_sentences(finder), *_in_lists(finder)]
    if not found:
        found = list(_in_loose_lists(finder))
    if not found:
        found = list(_in_menus(finder))
    chairs = list(_chairs(finder))
    seen: set[str] = set()
    for each in found:
        key = finder.aliases.organisation(each.name)
        evidence = _evidence(each, finder)
        if key is None or key in seen or evidence is None or finder.ignores(each.name):
            continue
        seen.add(key)
        chair = next((chair for chair in chairs if _same_body(chair.organisation, key, each.name)), None)
        yield Member(
            raw=each.shown.raw if each.shown else each.name,
            value=each.name,
            position=len(seen) - 1,
            rule=each.rule,
            evidence=evidence,
            tier=each.tier,
            confidence=each.confidence,
            kind=each.kind,
            organisation=key,
            year=each.year,
            href=_href(each, finder),
            logo_url=each.logo.url or None if each.logo else None,
            name_source=each.shown.source if each.shown else "text",
            chair=chair is not None,
            chair_since=chair.since if chair else None,
            compound=each.compound,
            place=each.place,
        )


def _pointed_at(finder: Finder) -> Iterator[_Found]:
    """What the profile's selector matches: whether it names organisations is not asked."""
    selection = finder.selection("member")
    if selection is None:
        return
    for item in read_columns(selection.chosen, finder.outline.items):
        named = _entry_name(item) if item.lines else None
        pictures = (finder.image_at.get(picture.at) for picture in item.pictures)
        logo = next((image for image in pictures if image is not None and not image.is_tiny), None)
        if named is not None:
            yield _Found(
                named.name,
                named.line,
                RULE,
                "confirmed",
                1.0,
                compound="/" in named.name,
                year=named.year,
                place=named.place,
            )
        elif logo is not None:
            name = name_of(logo, selection, finder)
            line = selection.label.line
            yield _Found(name.value, line, RULE, "confirmed", name.confidence, logo=logo, shown=name, block=selection)
        elif text := next((line for line in item.lines if any(c.isalpha() for c in line.text)), None):
            yield _Found(item.piece or text.text, text, RULE, "confirmed", 1.0)


def _in_sentences(finder: Finder) -> Iterator[_Found]:
    for label in finder.labels("member"):
        found = listing(label, finder) if label.rest else None
        if found is None:
            continue
        tier: Tier = "confirmed" if found.confidence >= _CONFIRMED else "candidate"
        if found.host is not None:
            yield _Found(found.host, label.line, "sentence-host", tier, found.confidence, kind="host")
        for name in found.names:
            yield _Found(
                name.text, label.line, "sentence", tier, found.confidence, compound=name.compound, year=name.year
            )


def _in_lists(finder: Finder) -> Iterator[_Found]:
    taken: set[int] = set()
    lists: list[list[_Found]] = []
    for label in sorted(finder.labels("member"), key=lambda label: -label.line.at):
        # From the bottom up: of two labels that announce the same list, the one right above it does.
        if label.rest and label.language is not None:
            continue
        if label.rule == "inline-label":
            lists.append(_named_in(label.line, label.rest, finder))
            continue
        listed = finder.block(label, has_entries)
        found = (
            _in_entries(listed, finder, taken)
            or _on_logos(finder.block(label, has_wall), finder, taken)
            or _in_running_text(listed, finder, taken)
        )
        host = host_in(label.line.text, label.language) if found and label.language else None
        if host is not None:
            found.insert(0, _Found(host, label.line, "list-host", "confirmed", 0.9, kind="host"))
        lists.append(found)
    for found in reversed(lists):
        yield from found


def _in_entries(block: Block, finder: Finder, taken: set[int]) -> list[_Found]:
    label = block.label
    entries = [entry for entry in block.named_entries() if entry.lines[0].at not in taken]
    entries = [entry for entry in entries if not _FORMERLY.search(entry.text)]
    entries = read_columns(entries, finder.outline.items)
    counted = sum(_COUNT.match(entry.lines[0].text) is not None for entry in entries) * 2 > len(entries)
    names = [found for entry in entries if (found := _entry_name(entry, counted=counted)) is not None]
    names = _without_towns(names)
    texts = [found.name for found in names]
    if len(texts) < 2 or len(texts) * 10 < len(entries) * 6 or are_persons(texts) or are_countries(texts):
        return []
    if are_promises(texts):
        return []
    if sum(text[:1].islower() and text.islower() for text in texts) * 2 > len(texts):
        # Names people gave themselves, or things.
        return []
    if label.language and not announces_organisations(label.line.text) and organisation_like(texts) < _LIKELY:
        # A parser consists of parts, and nothing says that they are organisations.
        return []
    set_off = bool(label.line.level or label.language) or label.line.text.endswith(":")
    if _is_menu(entries) and not set_off:
        return []
    taken.update(line.at for entry in entries for line in entry.lines)
    # The images in their cards show the same members again.
    last = max(line.at for entry in entries for line in entry.lines) + _CARD_ITEMS
    taken.update(item.at for item in block.items if isinstance(item, Picture) and item.at <= last)
    confidence = 0.9 if set_off else 0.8
    return [
        _Found(
            each.name,
            each.line,
            "labelled-list",
            "confirmed",
            confidence,
            compound="/" in each.name,
            year=each.year,
            place=each.place,
        )
        for each in names
    ]


def _without_towns(names: Sequence[_Named]) -> list[_Named]:
    parted = towns_behind([each.name for each in names])
    return [
        replace(each, name=name, place=each.place or town) for each, (name, town) in zip(names, parted, strict=True)
    ]


def _in_running_text(block: Block, finder: Finder, taken: set[int]) -> list[_Found]:
    """Names that are parted by commas, in a paragraph right below the label that holds nothing else."""
    for line in block.lines[:_PARAGRAPHS]:
        if line.at not in taken and (found := _named_in(line, line.text, finder)):
            taken.add(line.at)
            return found
    return []


def _named_in(line: Line, text: str, finder: Finder) -> list[_Found]:
    return [
        _Found(each.text, line, "sentence", "confirmed", 0.8, compound=each.compound, year=each.year)
        for each in enumerated(text, finder.words.language(finder.lang))
    ]


def _in_loose_lists(finder: Finder) -> Iterator[_Found]:
    """Lists under headings that only may announce members: what stands there must look like it by itself."""
    taken: set[int] = set()
    for label in finder.loose_labels("member"):
        listed = finder.block(label, has_entries)
        found = (
            _in_entries(listed, finder, taken)
            or _on_logos(finder.block(label, has_wall), finder, taken)
            or _in_running_text(listed, finder, taken)
        )
        if len(found) >= _LOGOS and organisation_like([each.name for each in found]) >= _LIKELY:
            # The heading says little: what calls itself a club is one, and the rest is for a person to look at.
            tier: Tier = "confirmed" if called_organisations([each.name for each in found]) >= _CALLED else "candidate"
            yield from (replace(each, rule=f"loose-{each.rule}", tier=tier, confidence=_LOOSE) for each in found)


def _on_logos(block: Block, finder: Finder, taken: set[int]) -> list[_Found]:
    """Members that are shown by their logos alone."""
    logos = [logo for logo in logos_behind(block, finder) if logo.at not in taken]
    named = [(logo, name_of(logo, block, finder)) for logo in logos]
    texts = [name.value for _logo, name in named]
    sure = [name for _logo, name in named if name.confidence >= _CONFIRMED and is_name(name.value)]
    if len(texts) < _LOGOS or len(sure) * 2 < len(texts) or are_persons(texts):
        return []
    taken.update(logo.at for logo in logos)
    return [
        _Found(
            name.value, block.label.line, "logo-wall", "confirmed", name.confidence, logo=logo, shown=name, block=block
        )
        for logo, name in named
    ]


def _entry_name(entry: Entry, *, counted: bool = True) -> _Named | None:
    """Name of a list entry: what its table says is one, else its bold or linked line, else its first; and its year."""
    if entry.piece is not None:
        name = without_stop(entry.text)
        return _Named(name, entry.lines[0]) if is_name(name) else None
    lines = [line for line in entry.lines if any(c.isalpha() for c in line.text)]
    if not lines:
        return None
    told = entry.told
    line = next((line for line in lines if line.strong or line.level), lines[0])
    text = without_badges(line)
    if any(c.isalpha() for c in told.get("name", ("", line))[0]):
        text, line = told["name"]
    text = without_stop(text if not counted and _COUNT.match(text) else BULLET.sub("", text))
    year = _YEAR_BEHIND.search(text)
    others = (other.text for other in entry.lines if other is not line)
    other = next((found for said in others if (found := _YEAR_ALONE.fullmatch(said))), None)
    text = _YEAR_BEHIND.sub("", text) if year else text
    if len(text) > 60 and len(line.parts) > 1 and line.parts[0].element.tag in _SET_OFF:
        text = without_stop(BULLET.sub("", collapse(line.parts[0].text)).rstrip(":–- "))
    text = without_stop(_REMARK.sub("", without_contact(text)))
    # Of several years in a row, the column says which it is: not that of the founding.
    # Where the columns are known and none is it, a number is a year of something else.
    found = _YEAR.search(told["year"][0]) if "year" in told else year or (None if told else other)
    place = told["place"][0] or None if "place" in told else None
    return _Named(text, line, int(found[1]) if found else None, place) if is_name(text) else None


def _in_menus(finder: Finder) -> Iterator[_Found]:
    """Names under a menu entry "Members": a guess, and only where the page has no other list."""
    for label in finder.labels("member", in_menus=True):
        item = next((e for e in label.line.block.ancestors() if e.tag == "li"), None)
        if item is None or label.language is not None:
            continue
        lines = [line for line in finder.outline.between(label.line.at + 1, item.last) if isinstance(line, Line)]
        names = [line.text for line in lines]
        if len(names) < 3 or not all(is_name(name, max_words=6) for name in names) or are_persons(names):
            continue
        if organisation_like(names) >= 0.6:
            yield from (_Found(line.text, line, "menu", "candidate", 0.4) for line in lines)
            return


def _chairs(finder: Finder) -> Iterator[_Chair]:
    for line in finder.lines_with(finder.words.stems["chair"]):
        if line.region in ("nav", "popup") or len(line.text) > MAX_LABEL_LINE:
            continue
        for language in finder.words.languages:
            for chair in language.chairs:
                if found := chair.search(line.text):
                    articled = language.prose.article.sub("", found["name"].strip(), count=1)
                    yield _Chair(finder.aliases.organisation(articled), int(found["year"]) if found["year"] else None)


def _same_body(chair: str | None, key: str, name: str) -> bool:
    """Whether one name begins with the other's words: "Defence for Children", and "Defence for Children-ECPAT"."""
    keys = (key, organisation_key(name))
    return chair is not None and any(chair == k or k.startswith(f"{chair}-") or chair.startswith(f"{k}-") for k in keys)


def _evidence(found: _Found, finder: Finder) -> Evidence | None:
    if found.logo is None or found.shown is None or found.block is None:
        return finder.evidence(found.name, found.line)
    return logo_evidence(found.logo, found.shown, found.block, finder)


def _href(found: _Found, finder: Finder) -> str | None:
    if found.logo is not None and found.block is not None:
        return link_of(found.logo, found.block, finder)
    links = found.line.links
    if len(links) != 1:
        links = list(
            dict.fromkeys(p.element.link for p in found.line.parts if p.element.link and p.text.strip() == found.name)
        )
    return finder.absolute(links[0].attribute("href")) if len(links) == 1 else None


def _is_menu(entries: Sequence[Entry]) -> bool:
    """Every entry is a link and nothing else, and none leads to a site of its own."""
    links = [entry.links for entry in entries]
    return all(links) and not any("//" in (link.attribute("href") or "") for each in links for link in each)
