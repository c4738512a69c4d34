"""The names of members as they stand in what a label announces: a list, running text, or a wall of logos."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from archive.model import Tier
from crawler.extract.blocks import Block
from crawler.extract.columns import read_columns
from crawler.extract.dom import Line, Picture, collapse
from crawler.extract.entries import BULLET, Entry, without_badges
from crawler.extract.finder import Finder
from crawler.extract.label_entries import is_one_of
from crawler.extract.links import is_document
from crawler.extract.listing import announces_organisations, enumerated
from crawler.extract.logos import LogoName, logos_behind, name_of
from crawler.extract.menus import are_site_pages, is_column, is_menu
from crawler.extract.names import (
    are_advice,
    are_countries,
    are_handles,
    are_kinds_of_members,
    are_persons,
    are_promises,
    is_button,
    is_name,
    may_be_persons,
    named_bodies,
    organisation_like,
)
from crawler.extract.pictures import Image
from crawler.extract.prose import without_stop
from crawler.extract.surroundings import cards_lead_out, lead_home, lead_out
from crawler.extract.tails import REMARKS, towns_behind, usual_remarks, without_contact, without_remarks
from crawler.extract.vocabulary import vocabulary

#: below it a list is for a person to look at
CONFIRMED = 0.7
#: confidence in names that may be people's
_DOUBTFUL = 0.5
#: fewer images under "Members" are illustrations
LOGOS = 3
#: how far up from an image a class may call it a logo, and how much of one is read
_LOGO_STEPS = 4
_LOGO_CHARS = 300
#: below a label, in which names may run on: an introduction may stand before them
_PARAGRAPHS = 3
#: how far behind a name its own image may stand
_CARD_ITEMS = 3

#: share of names that must look like organisations' where nothing says that they are
LIKELY = 0.6
#: labels that are asked only where no other speaks
_WEAK = ("loose-label", "lead-label", "page-label")
_SET_OFF = frozenset(("a", "b", "strong", "em", "i", "u", "span"))
#: of most entries it is a count, of one it is a name's: "1. FC Nord"
_COUNT = re.compile(r"\s*\d{1,2}\.\s")
_YEAR_ALONE = re.compile(r"\D{0,12}((?:19|20)\d\d)\D?")
_YEAR = re.compile(r"(?<!\d)((?:1[89]|20)\d\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class Found:
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
class Named:
    """What one entry of a list says of a member."""

    name: str
    line: Line
    year: int | None = None
    place: str | None = None


def in_entries(block: Block, finder: Finder, taken: set[int]) -> list[Found]:
    label = block.label
    entries = [entry for entry in block.named_entries() if entry.lines[0].at not in taken]
    entries = [entry for entry in entries if not finder.words.phrases.formerly.search(entry.text)]
    entries = read_columns(entries, finder.outline.items)
    counted = sum(_COUNT.match(entry.lines[0].text) is not None for entry in entries) * 2 > len(entries)
    usual = usual_remarks([entry.lines[0].text for entry in entries])
    names = _linked_names(entries) or [
        found for entry in entries if (found := entry_name(entry, counted=counted, usual=usual)) is not None
    ]
    names = _without_towns(names)
    texts = [found.name for found in names]
    if len(texts) < 2 or len(texts) * 10 < len(entries) * 6 or are_persons(texts) or are_countries(texts):
        return []
    if are_promises(texts) or are_kinds_of_members(texts) or _are_documents(entries):
        return []
    if are_advice(texts) or are_handles(texts) or are_site_pages(texts) or is_one_of(label, entries):
        return []
    articles = finder.words.articles
    if sum(text[:1].islower() and (text.islower() or bool(articles.match(text))) for text in texts) * 2 > len(texts):
        # Names people gave themselves, or things: "eine Beschreibung des Hofs".
        return []
    if label.language and not announces_organisations(label.line.text) and organisation_like(texts) < LIKELY:
        # A parser consists of parts, and nothing says that they are organisations.
        return []
    set_off = bool(label.line.level or label.language) or label.line.text.endswith(":")
    if is_column(label, entries, finder.outline) or (is_menu(entries) and not set_off):
        return []
    taken.update(line.at for entry in entries for line in entry.lines)
    # The images in their cards show the same members again.
    last = max(line.at for entry in entries for line in entry.lines) + _CARD_ITEMS
    taken.update(item.at for item in block.items if isinstance(item, Picture) and item.at <= last)
    # A profile knows its members, and a place, or a year of joining, is told of bodies.
    told = label.rule == "profile-label" or any(each.year or each.place for each in names)
    doubtful = may_be_persons(texts) and not (told or cards_lead_out([each.line.at for each in names], finder))
    tier: Tier = "candidate" if doubtful else "confirmed"
    confidence = _DOUBTFUL if doubtful else 0.9 if set_off else 0.8
    return [
        Found(
            each.name,
            each.line,
            "labelled-list",
            tier,
            confidence,
            compound="/" in each.name,
            year=each.year,
            place=each.place,
        )
        for each in names
    ]


def _linked_names(entries: Sequence[Entry]) -> list[Named]:
    """The names where each is a link of its own in its line, and what stands behind them all is told of them:
    "De <a>VGSU</a> in Utrecht". None where some entry is made in another way."""
    names: list[Named] = []
    for entry in entries:
        line = entry.lines[0]
        anchors = line.anchors if len(entry.lines) == 1 and entry.piece is None else []
        if len(anchors) != 1 or not is_name(name := anchors[0][1]):
            return []
        before, _, behind = line.text.partition(name)
        before, words = before.strip(), vocabulary()
        town = None if before and not words.articles.fullmatch(before) else words.phrases.town.fullmatch(behind)
        if town is None:
            return []
        names.append(Named(name, line, place=town[1]))
    return names


def _without_towns(names: Sequence[Named]) -> list[Named]:
    parted = towns_behind([each.name for each in names])
    return [
        replace(each, name=name, place=each.place or town) for each, (name, town) in zip(names, parted, strict=True)
    ]


def in_running_text(block: Block, finder: Finder, taken: set[int]) -> list[Found]:
    """Names that are parted by commas, in a paragraph right below the label that holds nothing else."""
    for line in block.lines[:_PARAGRAPHS]:
        if line.level and block.label.rule in _WEAK:
            # What that heads is not what a heading in other words does.
            break
        if line.at in taken:
            continue
        # What they do may stand before the names, and a colon between.
        said = line.text.partition(": ")[2]
        if found := named_in(line, line.text, finder) or (named_in(line, said, finder) if said else []):
            taken.add(line.at)
            return found
    return []


def named_in(line: Line, text: str, finder: Finder) -> list[Found]:
    return [
        Found(each.text, line, "sentence", "confirmed", 0.8, compound=each.compound, year=each.year)
        for each in enumerated(text, finder.words.language(finder.lang))
    ]


def on_logos(block: Block, finder: Finder, taken: set[int]) -> list[Found]:
    """Members that are shown by their logos alone. One that nothing but its link names is for a person to look at."""
    logos = [logo for logo in logos_behind(block, finder) if logo.at not in taken]
    named = [(logo, name_of(logo, block, finder)) for logo in logos]
    texts = [name.value for _logo, name in named]
    sure = [name for _logo, name in named if name.confidence >= CONFIRMED and is_name(name.value)]
    if len(texts) < LOGOS or are_persons(texts):
        return []
    told = len(sure) * 2 >= len(texts) or lead_out([logo.href for logo in logos], len(logos), finder.page.url)
    called = _are_called_logos(logos)
    if not (told or called) or are_handles(texts):
        # Photographs, as far as anything says.
        return []
    # Pictures that lead to pages of the site itself may be of its users.
    doubtful = not called and lead_home(logos, finder.page.url) and not named_bodies(texts)
    taken.update(logo.at for logo in logos)
    return [
        Found(
            name.value,
            block.label.line,
            "logo-wall",
            "confirmed" if name.confidence >= CONFIRMED and not doubtful else "candidate",
            name.confidence,
            logo=logo,
            shown=name,
            block=block,
        )
        for logo, name in named
    ]


def _are_called_logos(logos: Sequence[Image]) -> bool:
    """Whether the address, the alt or the classes of most say that they are logos."""
    return sum(_is_called_logo(logo) for logo in logos) * 3 >= len(logos) * 2


def _is_called_logo(logo: Image) -> bool:
    near = islice(logo.picture.element.ancestors(), _LOGO_STEPS)
    said = (logo.address, logo.alt or "", *((each.attribute("class") or "")[:_LOGO_CHARS] for each in near))
    return any("logo" in text.lower() for text in said)


def entry_name(entry: Entry, *, counted: bool = True, usual: Sequence[re.Pattern[str]] = REMARKS) -> Named | None:
    """Name of a list entry: what its table says is one, else its bold or linked line, else its first; and its year.

    *usual* are the remarks that stand behind many names of its list.
    """
    if entry.piece is not None:
        name = without_stop(entry.text)
        return Named(name, entry.lines[0]) if is_name(name) else None
    lines = [line for line in entry.lines if any(c.isalpha() for c in line.text)]
    # "Open website" may stand before the name.
    lines = [line for line in lines if len(lines) == 1 or not is_button(line.text)]
    if not lines:
        return None
    told = entry.told
    line = next((line for line in lines if line.strong or line.level), lines[0])
    text = without_badges(line)
    if any(c.isalpha() for c in told.get("name", ("", line))[0]):
        text, line = told["name"]
    text = without_stop(text if not counted and _COUNT.match(text) else BULLET.sub("", text))
    year = vocabulary().phrases.joined.search(text)
    others = (other.text for other in entry.lines if other is not line)
    other = next((found for said in others if (found := _YEAR_ALONE.fullmatch(said))), None)
    text = vocabulary().phrases.joined.sub("", text) if year else text
    if len(text) > 60 and len(line.parts) > 1 and line.parts[0].element.tag in _SET_OFF:
        text = without_stop(BULLET.sub("", collapse(line.parts[0].text)).rstrip(":–- "))
    text = without_contact(text)
    text = without_stop(without_remarks(text, usual))
    # Of several years in a row, the column says which it is: not that of the founding.
    # Where the columns are known and none is it, a number is a year of something else.
    found = _YEAR.search(told["year"][0]) if "year" in told else year or (None if told else other)
    place = told["place"][0] or None if "place" in told else None
    return Named(text, line, int(found[1]) if found else None, place) if is_name(text) else None


def _are_documents(entries: Sequence[Entry]) -> bool:
    """Whether most are files to fetch: what members published."""
    files = sum(any(is_document(link.attribute("href") or "") for link in entry.links) for entry in entries)
    return files * 2 > len(entries)
