"""The organisations a page lists as members: in a labelled list, or in a sentence that says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from archive.model import UNNAMED, Evidence, Page, Tier
from crawler.extract.blocks import has_entries
from crawler.extract.columns import read_columns
from crawler.extract.dom import Line
from crawler.extract.finder import Finder
from crawler.extract.label_entries import end_of_filter
from crawler.extract.labels import MAX_LABEL_LINE, Label
from crawler.extract.listing import host_in, listing
from crawler.extract.logos import has_wall, link_of, logo_evidence, name_of
from crawler.extract.loose import in_loose_lists
from crawler.extract.names import are_persons, is_name, organisation_like
from crawler.extract.organisations import organisation_key
from crawler.extract.registry import extractor
from crawler.extract.roster import (
    CONFIRMED,
    LIKELY,
    Found,
    entry_name,
    in_entries,
    in_running_text,
    named_in,
    on_logos,
)
from crawler.extract.selectors import RULE
from crawler.items import Member

#: fewer cards are sorted by nobody; and confidence in those that are
_SORTED = 3
_IN_SORTED = 0.5


@dataclass(frozen=True, slots=True)
class _Chair:
    organisation: str | None
    since: int | None


@extractor(Member, version=9)
def members(page: Page, finder: Finder) -> Iterator[Member]:  # noqa: ARG001 - every extractor takes both
    found = list(_pointed_at(finder)) or [*_in_sentences(finder), *_in_lists(finder)]
    if not found:
        found = list(in_loose_lists(finder))
    if not found:
        found = list(_in_menus(finder))
    chairs = list(_chairs(finder))
    seen: set[str] = set()
    for each in found:
        key = _key(each, finder)
        evidence = _evidence(each, finder)
        subject = key or (each.logo.url if each.logo else "")
        if not subject or subject in seen or evidence is None or finder.ignores(each.name):
            continue
        seen.add(subject)
        chair = next((chair for chair in chairs if key and _same_body(chair.organisation, key, each.name)), None)
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


def _key(found: Found, finder: Finder) -> str | None:
    """None for a logo that nothing names: its file's name is no organisation's."""
    if found.shown is not None and found.shown.confidence <= UNNAMED:
        known = finder.aliases.name(found.shown.raw, found.shown.value)
        return organisation_key(known) if known else None
    return finder.aliases.organisation(found.name)


def _pointed_at(finder: Finder) -> Iterator[Found]:
    """What the profile's selector matches: whether it names organisations is not asked."""
    selection = finder.selection("member")
    if selection is None:
        return
    for item in read_columns(selection.chosen, finder.outline.items):
        named = entry_name(item) if item.lines else None
        pictures = (finder.image_at.get(picture.at) for picture in item.pictures)
        logo = next((image for image in pictures if image is not None and not image.is_tiny), None)
        if named is not None:
            yield Found(
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
            yield Found(name.value, line, RULE, "confirmed", name.confidence, logo=logo, shown=name, block=selection)
        elif text := next((line for line in item.lines if any(c.isalpha() for c in line.text)), None):
            yield Found(item.piece or text.text, text, RULE, "confirmed", 1.0)


def _in_sentences(finder: Finder) -> Iterator[Found]:
    for label in finder.labels("member"):
        found = listing(label, finder) if label.rest else None
        if found is None:
            continue
        tier: Tier = "confirmed" if found.confidence >= CONFIRMED else "candidate"
        if found.host is not None:
            yield Found(found.host, label.line, "sentence-host", tier, found.confidence, kind="host")
        for name in found.names:
            yield Found(
                name.text, label.line, "sentence", tier, found.confidence, compound=name.compound, year=name.year
            )


def _in_lists(finder: Finder) -> Iterator[Found]:
    taken: set[int] = set()
    lists: list[list[Found]] = []
    for label in sorted(finder.labels("member"), key=lambda label: -label.line.at):
        # From the bottom up: of two labels that announce the same list, the one right above it does.
        if label.rest and label.language is not None:
            continue
        if label.rule == "inline-label":
            lists.append(named_in(label.line, label.rest, finder))
            continue
        listed = finder.block(label, has_entries)
        found = (
            in_entries(listed, finder, taken)
            or on_logos(finder.block(label, has_wall), finder, taken)
            or in_running_text(listed, finder, taken)
            or _in_sorted(label, finder, taken)
        )
        host = host_in(label.line.text, label.language) if found and label.language else None
        if host is not None:
            found.insert(0, Found(host, label.line, "list-host", "confirmed", 0.9, kind="host"))
        lists.append(found)
    for found in reversed(lists):
        yield from found


def _in_sorted(label: Label, finder: Finder, taken: set[int]) -> list[Found]:
    """Names behind the buttons that sort them, of which "Members" is one: which of them are, a script knows."""
    end = end_of_filter(label)
    if not end:
        return []
    whole = finder.block(label, lambda items: has_entries([item for item in items if item.at >= end]))
    block = replace(whole, items=[item for item in whole.items if item.at >= end])
    found = in_entries(block, finder, taken) if block.items else []
    if len(found) <= _SORTED or organisation_like([each.name for each in found]) < LIKELY:
        return []
    return [replace(each, tier="candidate", confidence=_IN_SORTED) for each in found]


def _in_menus(finder: Finder) -> Iterator[Found]:
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
            yield from (Found(line.text, line, "menu", "candidate", 0.4) for line in lines)
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


def _evidence(found: Found, finder: Finder) -> Evidence | None:
    if found.logo is None or found.shown is None or found.block is None:
        return finder.evidence(found.name, found.line)
    return logo_evidence(found.logo, found.shown, found.block, finder)


def _href(found: Found, finder: Finder) -> str | None:
    if found.logo is not None and found.block is not None:
        return link_of(found.logo, found.block, finder)
    links = found.line.links
    if len(links) != 1:
        links = list(
            dict.fromkeys(p.element.link for p in found.line.parts if p.element.link and p.text.strip() == found.name)
        )
    return finder.absolute(links[0].attribute("href")) if len(links) == 1 else None
