"""Members where no label announces them: under headings in other words, behind a line that leads into a list, or on a
page whose title or address says members. What stands there must look like it by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from archive.model import Tier
from crawler.extract.blocks import Block, has_entries
from crawler.extract.finder import Finder
from crawler.extract.headings import READ
from crawler.extract.labels import LABEL_CHARS, Label, is_called, is_sure, lead_label, refuses
from crawler.extract.logos import has_wall
from crawler.extract.menus import is_menu
from crawler.extract.names import (
    are_spelt_as_names,
    called_organisations,
    is_spelt_as_name,
    named_bodies,
    organisation_like,
)
from crawler.extract.naming import address_words, title_parts
from crawler.extract.roster import LIKELY, LOGOS, Found, in_entries, in_running_text, on_logos
from crawler.extract.surroundings import cards_lead_out, cards_say_how_to_reach, lead_home, lead_out
from crawler.extract.zones import is_of_another

#: share of names that say what they are, where the heading does not
_CALLED = 0.5
#: share of names that are spelt as such, or say what they are, that a heading of one word needs
_SPELT = 1 / 3
#: words of a page's name that says whose members it lists
_WHOSE_WORDS = 4
#: confidence in a list whose heading only may announce it
_LOOSE = 0.7
#: and in one of which the names say nothing
_DOUBTFUL = 0.5


def in_loose_lists(finder: Finder) -> Iterator[Found]:
    heading = finder.heading_line
    called = [heading.text] if heading is not None and heading.level == 1 else []
    if any(finder.words.other.match(name) for name in (*called, *title_parts(finder.title)[:1])):
        # On a page called "News", or "People", no weak word makes members of what is listed.
        return
    if _is_of_links(finder):
        return
    taken: set[int] = set()
    listed = False
    for label in (*finder.loose_labels("member"), *_partners(finder), *finder.lead_labels()):
        for found in _behind(label, finder, taken):
            listed = True
            yield found
    of_page = None if listed else _page_label(finder)
    if of_page is not None:
        yield from _behind(of_page, finder, taken)


def _is_of_links(finder: Finder) -> bool:
    """Whether the page is called "Links": the clubs it lists are a neighbour's, or nobody's."""
    names = (finder.heading or "", *title_parts(finder.title)[:1], *address_words(finder.page.url)[:1])
    return any(finder.words.links.match(name.strip(" .:!").casefold()) is not None for name in names)


def _partners(finder: Finder) -> Iterator[Label]:
    """The partners of a consortium are its members, and so are those of a project that others pay for."""
    labels = [label for label in finder.labels("sponsor") if not (label.rest or is_sure(label))]
    if labels and (finder.is_of_consortium or finder.is_of_project):
        yield from (replace(label, rule="loose-label") for label in labels)


def _behind(label: Label, finder: Finder, taken: set[int]) -> Iterator[Found]:
    listed = finder.block(label, has_entries)
    if label.rule == "page-label":
        listed = _above_menus(listed)
    # What is not believed here may be what another label leads into.
    asked = set(taken)
    found = (
        in_entries(listed, finder, asked)
        or on_logos(finder.block(label, has_wall), finder, asked)
        or in_running_text(listed, finder, asked)
    )
    if len(found) < LOGOS:
        return
    names = [each.name for each in found]
    called = called_organisations(names) >= _CALLED
    # What a page is called is far from the list: there the names, or what stands beside them, must say what they are.
    likely = called if label.rule == "page-label" else organisation_like(names) >= LIKELY
    told = _are_told_of(found, label, finder)
    if not told and label.rule == "loose-label":
        told = are_spelt_as_names(names) and _is_said_below(label, finder)
    bare = finder.words.bare.match(label.line.text.casefold().strip(" :")) is not None
    if not (likely or told):
        return
    logos = [each.logo for each in found if each.logo is not None]
    is_ours = _say_what_they_are(names) and not (_are_headlines(names) or lead_home(logos, finder.page.url))
    if bare and not told and not is_ours:
        return
    taken |= asked
    # The heading says little: what calls itself a club is one, and the rest is for a person to look at. "Chapters" or
    # "Companies" may head those of a book, or of a market.
    whose = (told or not bare) and not finder.words.directory.search(label.line.text)
    # Capitals alone, which make a name look like an abbreviation, stand in the names of banners, too.
    said = told or not logos or named_bodies(names) >= _CALLED
    speaks = label.rule == "loose-label" or (label.rule == "lead-label" and finder.is_of_consortium)
    sure = likely and called and said and speaks and whose
    tier: Tier = "confirmed" if sure else "candidate"
    rule, confidence = label.rule.partition("-")[0], _LOOSE if speaks and likely else _DOUBTFUL
    for each in found:
        yield replace(each, rule=f"{rule}-{each.rule}", tier=tier, confidence=min(confidence, each.confidence))


def _is_said_below(label: Label, finder: Finder) -> bool:
    """Whether the line below the heading says it in other words: "Taking part are", under "Organisations"."""
    below = next(iter(finder.outline.lines_after(label.line, 1)), None)
    if below is None or below.level or below.is_linked or len(below.text) > LABEL_CHARS:
        return False
    if lead_label(below) is not None:
        # It leads into the list by itself.
        return False
    return finder.words.loose["member"].search(below.text) is not None and not is_of_another("member", below.text)


def _above_menus(block: Block) -> Block:
    """The block up to the first list of links to the site's own pages: its footer may be called nothing."""
    entries = block.named_entries() if block.items else []
    if len(entries) < LOGOS or not is_menu(entries) or named_bodies([each.text for each in entries]) >= _CALLED:
        return block
    first = entries[0].lines[0].at
    return Block(block.label, [item for item in block.items if item.at < first])


def _are_headlines(names: Sequence[str]) -> bool:
    """Whether most go on in small letters, as what is told does: "Red Cross opens a centre in Harwick"."""
    return sum(map(is_spelt_as_name, names)) < _SPELT * len(names)


def _say_what_they_are(names: Sequence[str]) -> bool:
    return named_bodies(names) >= _SPELT


def _page_label(finder: Finder) -> Label | None:
    """The page's own heading, where its title or its address says members, and the heading itself need not."""
    line = finder.heading_line
    if line is None or line.region not in READ or finder.is_legal or is_of_another("member", line.text):
        return None
    if finder.announces(line, "member") or (finder.announces(line, "sponsor") and not finder.is_of_consortium):
        # It has been asked, and stands over nothing; or over sponsors.
        return None
    names = (*title_parts(finder.title)[:1], *address_words(finder.page.url), finder.menu_entry or "")
    if not any(_is_called_so(name) for name in names if len(name) <= LABEL_CHARS):
        return None
    if line.level != 1:
        # It may be the first of many that head parts of the list: what is listed begins before it.
        *_, whole = line.block.ancestors()
        line = replace(line, level=1, at=line.at - 1, block=whole)
    return Label("member", line, None, 0, len(line.text), "page-label")


def _is_called_so(name: str) -> bool:
    """Whether a page's name says members, whosever: "Our members", "NAMB Members"."""
    words = name.split()
    if is_called("member", name):
        return True
    spelt = all(word[:1].isupper() for word in words[:-1])
    whose = 1 < len(words) <= _WHOSE_WORDS and spelt and is_called("member", words[-1])
    return whose and not refuses("member", name) and not is_of_another("member", name)


def _are_told_of(found: Sequence[Found], label: Label, finder: Finder) -> bool:
    """Whether links, addresses, or the line that leads into the list say that organisations are named."""
    names = [each.name for each in found]
    logos = [each.logo for each in found if each.logo is not None]
    if logos:
        return lead_out([logo.href for logo in logos], len(found), finder.page.url)
    if label.rule == "lead-label" and are_spelt_as_names(names):
        return True
    places = [each.line.at for each in found]
    return cards_lead_out(places, finder) or (
        organisation_like(names) >= LIKELY and cards_say_how_to_reach(places, finder)
    )
