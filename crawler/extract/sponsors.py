"""The sponsors a page shows, mostly by their logos: which image, whose, and how sure the name is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from archive.model import UNNAMED, Page, Tier
from crawler.extract.blocks import Block
from crawler.extract.dom import Line
from crawler.extract.entries import BULLET
from crawler.extract.finder import Finder
from crawler.extract.label_entries import within_own_list
from crawler.extract.labels import Label, is_sure, leads_elsewhere
from crawler.extract.listing import listing, one_named
from crawler.extract.logos import (
    LogoName,
    has_wall,
    link_of,
    logo_evidence,
    logos_behind,
    name_of,
    organisation_of,
    said_of_many,
    twin_of,
)
from crawler.extract.named import all_named_in, by_links, in_list, in_running_text
from crawler.extract.names import are_persons, called_organisations, is_name
from crawler.extract.naming import clean, is_file_name
from crawler.extract.offered import are_levels
from crawler.extract.registry import extractor
from crawler.extract.selectors import RULE
from crawler.extract.shown import Shown, shown_once
from crawler.extract.surroundings import lead_out
from crawler.extract.tails import without_shared_head, without_shared_tail
from crawler.extract.thanked import thanked_below, thanked_in
from crawler.extract.tiers import lower_tiers
from crawler.extract.unlabelled import NAMED, filed_walls, unlabelled_walls, walls_above
from crawler.extract.walls import are_portraits, is_announced, looks_like_logos, stands_alone, without_strangers
from crawler.items import Sponsor

#: below it a name is for a person to look at
_CONFIRMED = 0.4
_LABEL_WORDS = 5
#: fewer under a heading that only may announce sponsors are illustrations
_LOOSE = 3
#: share of names in text that must say there what they are; and how sure those are then: not enough
_CALLED = 0.5
_DOUBTFUL = 0.3


@extractor(Sponsor, version=8)
def sponsors(page: Page, finder: Finder) -> Iterator[Sponsor]:  # noqa: ARG001 - every extractor takes both
    seen: set[str] = set()
    position = 0
    announced = pointed_at(finder) or list(_announced(finder))
    if not any(shown for shown, _beneficiary in announced):
        announced = list(_loosely_announced(finder))
    if finder.selection("sponsor") is None:
        announced.append((list(thanked_below(finder)), finder.hints.owner))
    if not any(shown for shown, _beneficiary in announced):
        announced = list(_unlabelled(finder, unlabelled_walls(finder)))
    elif finder.selection("sponsor") is None:
        announced += _unlabelled(finder, (*walls_above(finder), *filed_walls(finder)))
    every = [replace(each, beneficiary=beneficiary) for shown, beneficiary in announced for each in shown]
    for each in shown_once(every):
        url = each.image.url if each.image else ""
        key = organisation_of(each.name, finder.aliases)
        twin = twin_of(each.name, key, each.image.url if each.image else None)
        if each.evidence is None or twin in seen or (url and url in seen):
            continue
        seen.update((twin, url))
        yield _sponsor(each, key, position)
        position += 1


def _sponsor(each: Shown, key: str | None, position: int) -> Sponsor:
    assert each.evidence is not None
    # A logo in a labelled wall is a sponsor's, whether or not its name can be told.
    shown = each.image is not None or is_file_name(each.name.raw)
    sure = shown or each.rule == RULE or each.name.confidence >= _CONFIRMED
    tier: Tier = "confirmed" if sure and not each.doubtful else "candidate"
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
        beneficiary=each.beneficiary,
        href=each.href,
        logo_url=each.image.url or None if each.image else None,
        name_source=each.name.source,
        alt=each.image.alt if each.image else None,
    )


def pointed_at(finder: Finder) -> list[tuple[list[Shown], str | None]]:
    """What the profile's selector matches, and whom it supports."""
    selection = finder.selection("sponsor")
    if selection is None:
        return []
    shown: list[Shown] = []
    for item in selection.chosen:
        pictures = (finder.image_at.get(picture.at) for picture in item.pictures)
        logo = next((image for image in pictures if image is not None and not image.is_tiny), None)
        if logo is not None:
            name = name_of(logo, selection, finder)
            evidence = logo_evidence(logo, name, selection, finder)
            shown.append(Shown(name, RULE, evidence, logo, link_of(logo, selection, finder)))
        elif item.lines:
            text, line = item.told.get("name", (item.piece or item.lines[0].text, item.lines[0]))
            text = BULLET.sub("", text).strip(" ,;")
            value = clean(text, from_file=True) if is_file_name(text) else text
            name = LogoName(value or text, text, "file" if is_file_name(text) else "text", 1.0 if value else UNNAMED)
            href = finder.absolute(item.links[0].attribute("href")) if item.links else None
            shown.append(Shown(name, RULE, finder.evidence(text, line), None, href))
    label = finder.label_above(selection) or selection.label
    return [([each for each in shown if not finder.ignores(each.name.raw)], beneficiary_of(label, finder))]


def _announced(finder: Finder) -> Iterator[tuple[list[Shown], str | None]]:
    """What each label announces, and whom it says is supported."""
    taken: set[int] = set()
    read: set[int] = set()
    for label in finder.labels("sponsor"):
        if finder.is_of_consortium and not is_sure(label):
            continue
        found = listing(label, finder) if label.rest and label.language else None
        shown = list(_in_sentence(label, finder)) if found else []
        beneficiary = beneficiary_of(label, finder)
        if label.rule == "inline-label":
            shown = list(all_named_in(label.line, label.rest, finder))
        shown = shown or list(behind(finder.block(label, has_wall), finder, taken))
        shown = shown or list(_one_in_line(label, finder)) or list(thanked_in(finder.block(label, bool), finder, read))
        if finder.is_of_project and not is_sure(label):
            # In text its partners are those who carry it out; logos may be of anybody.
            shown = [each for each in shown if each.image is not None]
        if label.language is None and finder.words.not_only.search(label.line.text):
            # "Contributors" in text are people, who took part, unless they say what they are.
            told = called_organisations([each.name.value for each in shown]) >= _CALLED
            shown = [replace(each, doubtful=True) for each in shown if told or each.image is not None]
        yield shown, beneficiary


def _loosely_announced(finder: Finder) -> Iterator[tuple[list[Shown], str | None]]:
    """Where no label announces sponsors: what stands under headings that may, when it is a wall of logos, or names."""
    taken: set[int] = set()
    for label in finder.loose_labels("sponsor"):
        shown = list(behind(finder.block(label, has_wall), finder, taken))
        logos = [each for each in shown if each.image is not None]
        names = [each.name.value for each in shown]
        sure = [each for each in logos if each.name.confidence > UNNAMED and is_name(each.name.value)]
        likely = len(sure) * 2 > len(logos) if logos else called_organisations(names) >= _CALLED
        if len(shown) >= _LOOSE and likely and not are_persons(names):
            # In text nothing but the names says so: a person looks at them.
            doubtful = [
                each if each.image else replace(each, name=replace(each.name, confidence=_DOUBTFUL)) for each in shown
            ]
            yield [replace(each, rule=f"loose-{each.rule}") for each in doubtful], beneficiary_of(label, finder)


def _unlabelled(finder: Finder, walls: Iterable[Block]) -> Iterator[tuple[list[Shown], str | None]]:
    taken: set[int] = set()
    for block in walls:
        # What stands in the page's header stands on each of its site's.
        shown = [each for each in behind(block, finder, taken) if each.image and each.image.picture.region != "header"]
        logos = [each.image for each in shown if each.image is not None]
        if len(logos) >= _LOOSE and (block.label.rule == NAMED or looks_like_logos(logos, block, finder)):
            prefix = block.label.rule.partition("-")[0]
            yield [replace(each, rule=f"{prefix}-{each.rule}", doubtful=True) for each in shown], finder.hints.owner


# What stands behind a label


def _in_sentence(label: Label, finder: Finder) -> Iterator[Shown]:
    found = listing(label, finder)
    for name in found.names if found else ():
        named = LogoName(name.text, name.text, "text", found.confidence if found else 0)
        yield Shown(named, "sentence", finder.evidence(name.text, label.line))


def _one_in_line(label: Label, finder: Finder) -> Iterator[Shown]:
    """The one body that the announcing line names itself: "Gefördert durch das Umweltamt". A person looks at it."""
    text = label.line.text
    said = label.rest
    if label.language is None:
        found = finder.words.given_by.search(text)
        said = text[found.end() :] if found else ""
    language = label.language or finder.words.language(finder.lang)
    if said and (name := one_named(said, language)):
        named = LogoName(name.text, name.text, "text", _DOUBTFUL)
        yield Shown(named, "sentence", finder.evidence(name.text, label.line))


def behind(block: Block, finder: Finder, taken: set[int]) -> Iterator[Shown]:
    block = within_own_list(block)
    logos = without_strangers([logo for logo in logos_behind(block, finder) if logo.at not in taken])
    if logos and are_portraits(logos):
        return
    if logos and not is_announced(logos, block, finder):
        logos = []
    taken.update(logo.at for logo in logos)
    in_line = bool(logos) and logos[0].at < block.label.line.at
    alone = stands_alone(logos, block, finder)
    if len(logos) >= (1 if in_line or alone or (is_sure(block.label) and not is_headline(block.label)) else 2):
        doubtful = not is_sure(block.label) and not in_line and (alone or not looks_like_logos(logos, block, finder))
        copied = said_of_many(logos)
        named = _without_what_they_share([name_of(logo, block, finder, copied) for logo in logos])
        if are_persons([name.value for name in named]) and not (
            is_sure(block.label) and lead_out([logo.href for logo in logos], len(logos), finder.page.url)
        ):
            # The partners of a practice are people, and so is a committee of patrons.
            return
        if are_levels([name.value for name in named]) and not any(logo.href for logo in logos):
            return
        for logo, name in zip(logos, named, strict=True):
            evidence = logo_evidence(logo, name, block, finder)
            yield Shown(name, "logo-wall", evidence, logo, link_of(logo, block, finder), doubtful=doubtful)
        for text, line in lower_tiers(block, logos[0].at, logos[-1].at, finder) if is_sure(block.label) else ():
            yield Shown(LogoName(text, text, "text", 0.7), "labelled-list", finder.evidence(text, line))
        return
    files = [line for line in _first_run(block.lines) if line.at not in taken]
    for line in files:
        taken.add(line.at)
        value = clean(line.text, from_file=True)
        name = LogoName(value or line.text, line.text, "file", 0.7 if value else UNNAMED)
        yield Shown(name, "file-names", finder.evidence(line.text, line))
    # A sentence that goes on behind its cue leads to no list below it: "formats that are supported by the parser". Nor
    # does a link to "Partners".
    elsewhere = leads_elsewhere(block.label) and not is_sure(block.label)
    if not files and not elsewhere and not (block.label.language and block.label.rest):
        asked = set(taken)
        listed = list(in_list(block, finder, asked))
        linked = list(by_links(block, finder, taken)) if len(block.lines) > len(listed) else []
        if len(linked) > len(listed):
            yield from linked
            return
        taken |= asked
        yield from listed or in_running_text(block, finder, taken)


def _without_what_they_share(names: list[LogoName]) -> list[LogoName]:
    by_file = [name.value for name in names if name.source == "file"]
    told = [name.value for name in names if name.source in ("alt", "title")]
    shorter = dict(zip(by_file, without_shared_tail(by_file), strict=True))
    shorter |= zip(told, without_shared_head(told), strict=True)
    return [replace(name, value=shorter.get(name.value, name.value)) for name in names]


def _first_run(lines: Sequence[Line]) -> Iterator[Line]:
    """The file names that stand in a row, for pages that show an image's name where the image was."""
    begun = False
    for line in lines:
        if is_file_name(line.text):
            begun = True
            yield line
        elif begun:
            return


def is_headline(label: Label) -> bool:
    """A heading that tells of a sponsor: "Slagerij Knook nieuwe sponsor van de club"."""
    return label.rule == "label" and len(label.line.text.split()) > _LABEL_WORDS


def beneficiary_of(label: Label, finder: Finder) -> str | None:
    """Whom the label says is supported; the site's owner where it says nobody and a profile names one."""
    text = label.line.text
    named = ""
    if label.language is not None or label.rule == "profile-label":
        named = finder.words.phrases.verb.sub("", text[: label.start].strip())
        named = named if len(named) <= 80 else ""
    elif found := finder.words.phrases.belongs.search(text.strip(" :.")):
        named = found[1] if found[1][:1].isupper() else ""
    if not named or finder.words.phrases.nobody.match(named):
        named = finder.hints.owner or ""
    return finder.aliases.organisation(named) if named else None
