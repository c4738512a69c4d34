"""Sponsors that are named in text: in a list under a label, or in a paragraph or a line that enumerates them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from crawler.extract.blocks import Block
from crawler.extract.columns import column_below
from crawler.extract.dom import Element, Line
from crawler.extract.entries import BULLET, Entry
from crawler.extract.finder import Finder
from crawler.extract.labels import is_sure, short_pattern
from crawler.extract.links import host_of
from crawler.extract.listing import enumerated
from crawler.extract.logos import LogoName
from crawler.extract.names import are_countries, are_persons, is_name, is_spelt_as_name, is_to_come, organisation_like
from crawler.extract.offered import are_levels, are_offers, is_level
from crawler.extract.shown import Shown
from crawler.extract.surroundings import lead_out
from crawler.extract.tails import usual_remarks, without_remarks
from crawler.extract.vocabulary import vocabulary

_PAIR = 2
#: names under "Partners", and how sure it is that those are
_LISTED = 3
#: lines that are asked for links, and how sure the names in those are
_MAX_LINES = 200
_LINKED = 0.6
_SPELT = 0.85
_PARTNERS = 0.3
#: lines above a list among which its price stands
_ABOVE = 3


def in_running_text(block: Block, finder: Finder, taken: set[int]) -> Iterator[Shown]:
    """Names that are parted by commas, in a paragraph right below a label that says more than "partners"."""
    line = next(iter(block.lines), None)
    if line is None or line.at in taken or not is_sure(block.label):
        return
    # Two lines of one paragraph, or two paragraphs of one make.
    both = list(takewhile(lambda other: _make(other) == _make(line), block.lines))
    names = [other.text.strip(" ,;") for other in both]
    if len(both) == _PAIR and all(map(is_name, names)) and organisation_like(names) == 1 and not are_persons(names):
        # Two lines are no list by their make, but both are names.
        taken.update(other.at for other in both)
        for other, name in zip(both, names, strict=True):
            yield Shown(LogoName(name, name, "text", 0.6), "labelled-list", finder.evidence(name, other))
        return
    taken.add(line.at)
    yield from all_named_in(line, line.text, finder)


def _make(line: Line) -> tuple[str, int, str | None]:
    return line.block.tag, line.block.depth, line.block.attribute("class")


def all_named_in(line: Line, text: str, finder: Finder) -> Iterator[Shown]:
    for each in enumerated(text, finder.words.language(finder.lang)):
        yield Shown(LogoName(each.text, each.text, "text", 0.8), "sentence", finder.evidence(each.text, line))


def in_list(block: Block, finder: Finder, taken: set[int]) -> Iterator[Shown]:
    """Names in a list of text: only under a label that says more than "partners", and never a menu."""
    entries = [entry for entry in block.named_entries() if entry.lines[0].at not in taken]
    entries = _column(entries, finder) or _cells(entries, finder) or entries
    if _is_offered(block, entries) or _are_members(block, entries):
        return
    entries = [entry for entry in entries if not is_to_come(entry.lines[0].text)]
    texts = [BULLET.sub("", entry.piece or entry.lines[0].text).strip(" ,;") for entry in entries]
    usual = usual_remarks(texts)
    lines = [
        (entry, without_remarks(name, usual))
        for entry, text in zip(entries, texts, strict=True)
        for name in _without_label(text)
    ]
    names = [name for _entry, name in lines if is_name(name)]
    menu = all(entry.links and not _lead_out(entry.links, finder) for entry in entries)
    if len(names) < 2 or len(names) * 4 < len(entries) * 3 or menu or are_persons(names) or are_countries(names):
        return
    if any(len(entry.text) > 200 for entry in entries) or are_levels(names):
        return
    likely = organisation_like(names)
    confidence = round((0.5 if is_sure(block.label) else 0.2) + 0.4 * likely, 2)
    if confidence < 0.5:
        if not _are_partners(block, entries, names, finder):
            return
        # Whose partners they are, and of what make, nothing says: a person looks at them.
        confidence = _PARTNERS
        lines = [(entry, name) for entry, name in lines if _is_spelt_as_body(name)]
    for entry, name in lines:
        if is_name(name) and not is_level(name):
            taken.add(entry.lines[0].at)
            links = entry.links
            href = finder.absolute(links[0].attribute("href")) if links else None
            named = LogoName(name, name, "text", confidence)
            yield Shown(named, "labelled-list", finder.evidence(name, entry.lines[0]), None, href)


def _without_label(text: str) -> list[str]:
    """The names in an entry that says what they are: "Media partners: Radio Vale & The Daily Lamp"."""
    short, (label, colon, names) = short_pattern("sponsor"), text.partition(": ")
    if not colon or short is None or not short.search(label):
        return [text]
    parts = names.split(" & ")
    return parts if all(len(part.split()) > 1 for part in parts) else [names]


def by_links(block: Block, finder: Finder, taken: set[int]) -> Iterator[Shown]:
    """Names that are links to sites of their own, several to a line or a line each, and no list by their make."""
    if not is_sure(block.label):
        return
    told: list[tuple[str, Line, str]] = []
    for line in block.lines[:_MAX_LINES]:
        if line.at in taken or not line.held or any(part.element.link is None for part in line.parts):
            continue
        for link in line.held:
            name = " ".join("".join(text for text, element in line.runs if element.link is link).split())
            address = finder.absolute(link.attribute("href"))
            if name and address:
                told.append((name, line, address))
    out = [each for each in told if lead_out([each[2]], 1, finder.page.url) and is_name(each[0])]
    names = [name for name, _line, _address in out]
    if len({*names}) < _LISTED or not lead_out([each[2] for each in out], len(out), finder.page.url):
        return
    if are_persons(names) or are_countries(names):
        return
    for name, line, address in out:
        taken.add(line.at)
        named = LogoName(name, name, "text", _LINKED)
        yield Shown(named, "labelled-list", finder.evidence(name, line), None, address)


def _are_partners(block: Block, entries: Sequence[Entry], names: Sequence[str], finder: Finder) -> bool:
    """Whether a list of items under a heading "Partners" names bodies, though in no words that say so."""
    listed = all(entry.shape in ("li", "piece") and entry.lines[0].region == "main" for entry in entries)
    home = any(entry.links and not _lead_out(entry.links, finder) for entry in entries)
    line = block.label.line
    # The label may be set in small print above the heading.
    headed = line.level > 0 or any(below.level > 0 for below in finder.outline.lines_after(line, 1))
    enough = len(names) >= _LISTED and headed and block.label.rule == "label"
    return enough and listed and not home and sum(map(_is_spelt_as_body, names)) >= _SPELT * len(names)


def _is_spelt_as_body(name: str) -> bool:
    return is_name(name) and is_spelt_as_name(name)


def _is_offered(block: Block, entries: Sequence[Entry]) -> bool:
    """Whether the list says what a sponsor gets, or a price stands above it; and names no sponsors."""
    if are_offers([entry.text for entry in entries]):
        return True
    first = entries[0].lines[0].at if entries else 0
    above = [line.text for line in block.lines if line.at < first]
    return any(vocabulary().phrases.price.fullmatch(text) for text in above[-_ABOVE:])


def _are_members(block: Block, entries: Sequence[Entry]) -> bool:
    """Whether the line right above the list leads into members: "The members of the harbour committee are:"."""
    first = entries[0].lines[0].at if entries else 0
    lead = next((line.text for line in reversed(block.lines) if line.at < first), "")
    words = vocabulary()
    sponsors = (short_pattern("sponsor"), words.loose["sponsor"])
    told = lead.endswith(":") and words.sponsors.members.search(lead) is not None
    return told and not any(pattern and pattern.search(lead) for pattern in sponsors)


def _column(entries: Sequence[Entry], finder: Finder) -> list[Entry]:
    """The cells of a table's column that says who: "Project", "Funder"."""
    rows = [entry.lines[0] for entry in entries if entry.shape == "tr" and len(entry.lines) >= 2]
    if len(rows) < 2:
        return []
    below = column_below(rows, finder.outline.items, lambda line: finder.announces(line, "sponsor"))
    return [Entry([line], "td") for line in below]


def _cells(entries: Sequence[Entry], finder: Finder) -> list[Entry]:
    """The cells of a table whose rows each begin with a label: tiers by year."""
    rows = [entry for entry in entries if entry.shape == "tr" and len(entry.lines) >= 2]
    tiers = sum(finder.announces(row.lines[0], "sponsor") for row in rows)
    if not rows or tiers * 2 < len(rows):
        return []
    return [Entry([line], "td") for row in rows for line in row.lines[1:]]


def _lead_out(links: Sequence[Element], finder: Finder) -> bool:
    own = host_of(finder.page.url)
    return any((host := host_of(finder.absolute(link.attribute("href")))) and host != own for link in links)
