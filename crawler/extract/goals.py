"""The goals a page lists, each as it stands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from archive.model import Page
from crawler.extract.blocks import Block, has_entries
from crawler.extract.clauses import clauses_in
from crawler.extract.dom import Line, collapse
from crawler.extract.entries import Entry
from crawler.extract.finder import Finder
from crawler.extract.goal_entries import (
    ANNOUNCED,
    CARD_CHARS,
    NUMBERED,
    TITLES,
    WEAK,
    announced,
    are_short,
    formed,
    goal_entries,
    lone_entry,
)
from crawler.extract.headings import READ
from crawler.extract.labels import Label, is_called
from crawler.extract.names import are_persons, hold_promises
from crawler.extract.naming import address_words, title_parts
from crawler.extract.prose import sentences
from crawler.extract.registry import extractor
from crawler.extract.selectors import Selection
from crawler.extract.vocabulary import vocabulary
from crawler.items import Goal

#: confidence in a list whose heading only may announce goals; it is short, and stands near
_LOOSE = 0.6
#: and in clauses of a sentence
_IN_SENTENCE = 0.5
_MAX_LINE = 3000
_LOOSE_GOALS = 12
#: of entries that are asked for prices
_OFFERS = 60
#: of an offer; and what a lens lets in
_PRICE = re.compile(r"[€$£] ?\d|\d ?(?:€|(?:euro|eur|usd|chf)\b)|\bf/\d", re.IGNORECASE)
_LOOSE_DISTANCE = 3
#: what announces goals by less than a heading of its own, and what of the lines behind it says whose they are
_WEAK_LABELS = ("numbered-label", "page-label")
_LEADS, _LEAD = 2, 400
#: "1-0", "44'": of a game
_SCORE = re.compile(r"\b\d{1,2} ?[-:] ?\d{1,2}\b|\b\d{1,3}['’](?!\w)")
#: a word of a phrase, and not of a name
_SMALL = re.compile(r"\b[a-zà-ÿ]{4,}")
#: what a page of goals is called is short
_CALLED_WORDS = 4


@extractor(Goal, version=8)
def goals(page: Page, finder: Finder) -> Iterator[Goal]:  # noqa: ARG001 - every extractor takes both
    position = 0
    seen: set[str] = set()
    blocks = [block for block in finder.blocks("goal", has_entries) if not _is_of_others(block)]
    if not any(_entries_of(block) for block in blocks):
        may_be = (finder.block(label, has_entries) for label in finder.loose_labels("goal"))
        blocks = [
            block for block in may_be if _is_plain_list(block) and not _is_of_others(block) and not _is_doubtful(block)
        ]
    if not any(_entries_of(block) for block in blocks):
        blocks = [block for block in _of_page(finder) if not _is_of_others(block) and not _is_doubtful(block)]
    found = any(_entries_of(block) for block in blocks)
    for text, line in _in_sentences(finder) if not found else ():
        evidence = finder.evidence(text, line)
        if evidence is None or text in seen or finder.ignores(text):
            continue
        seen.add(text)
        yield Goal(
            raw=text,
            value=unicodedata.normalize("NFC", collapse(text)),
            position=position,
            rule="sentence",
            evidence=evidence,
            tier="candidate",
            confidence=_IN_SENTENCE,
            kind="goal",
            name_source="text",
        )
        position += 1
    leading = {block.label.line.text for block in blocks if block.label.language and _entries_of(block)}
    for block in blocks:
        pointed_at = isinstance(block, Selection)
        entries = _entries_of(block)
        if not entries and block.label.line.text in leading:
            # What leads into several lists may lead into one of one item.
            entries = lone_entry(block)
        loose = block.label.rule == "loose-label"
        weak = bool(entries) and (entries[0].shape in WEAK or block.label.rule in _WEAK_LABELS)
        doubtful = not pointed_at and (
            loose or weak or _is_doubtful(block) or are_short([entry.text for entry in entries])
        )
        confidence = (
            _LOOSE if doubtful else 0.95 if block.label.language or block.label.rule == "profile-label" else 0.85
        )
        for entry in entries:
            text = finder.words.phrases.last_but_one.sub("", entry.text.strip())
            evidence = finder.evidence(text, entry.lines[0])
            if evidence is None or text in seen or finder.ignores(text):
                continue
            seen.add(text)
            yield Goal(
                raw=text,
                value=unicodedata.normalize("NFC", collapse(text)),
                position=position,
                rule=block.rule if pointed_at else f"loose-{_rule(entry)}" if loose else _rule(entry),
                evidence=evidence,
                tier="candidate" if doubtful else "confirmed",
                confidence=1.0 if pointed_at else confidence,
                kind="statement" if _is_statement(text, entries, finder) else "goal",
                name_source="text",
            )
            position += 1


def _is_of_others(block: Block) -> bool:
    """Whether what is announced are aims of a course, or of keeping data; or what a game was won by."""
    if isinstance(block, Selection) or block.label.rule == "profile-label":
        return False
    said = [announced(block)]
    if block.label.rule in _WEAK_LABELS:
        # A contract has its "Article 1: Purpose", too, and a course its page of objectives.
        said += [line.text[:_LEAD] for line in block.lines[:_LEADS]]
    told = any(vocabulary().not_ours.search(text) for text in said) or _are_learnt(block)
    if told:
        return True
    entries = block.entries()
    return _are_minutes(entries) or _are_offers(block, entries)


def _are_learnt(block: Block) -> bool:
    """Whether the line that leads into the list says that somebody learns what stands in it."""
    label, lead = block.label.line, next(iter(block.lines), None)
    weak = block.label.rule == "page-label"
    led = [line.text for line in (label, lead) if line is not None and (weak or line.text.endswith(":"))]
    return any(vocabulary().learnt.search(text[-ANNOUNCED:]) for text in led)


def _is_doubtful(block: Block) -> bool:
    """Whether they may be aims of a law, or means by which the aims are to be reached."""
    return vocabulary().doubtful.search(announced(block)) is not None


def _are_minutes(entries: Sequence[Entry]) -> bool:
    """Whether the entries are numbered, and their numbers count something else: "12. Jansen", "44. De Boer"."""
    if sum(_SCORE.search(entry.text) is not None for entry in entries) * 2 > len(entries) > 0:
        return True
    begun = [NUMBERED.match(entry.lines[0].text) for entry in entries[:TITLES]]
    numbers = [int(found[1]) for found in begun if found is not None]
    return len(numbers) > 1 and len(numbers) == len(begun) and numbers[1] - numbers[0] != 1


def _are_offers(block: Block, entries: Sequence[Entry]) -> bool:
    """Whether most entries have a price: "Ziele" of a travel agency, "Objectifs" of a camera shop."""
    # In a card it stands below what is offered.
    priced = sum(_PRICE.search(line.text[:CARD_CHARS]) is not None for line in block.lines)
    return priced * 2 > min(len(entries), _OFFERS) > 0


def _in_sentences(finder: Finder) -> Iterator[tuple[str, Line]]:
    """The clauses of the first sentence that says what the organisation wants: under a label of goals, or by itself."""
    under = [finder.block(label, bool).lines[:1] for label in finder.labels("goal") if not label.rest]
    wanted = [line for lines in under for line in lines]
    cues = [cue for each in finder.spoken("purpose") if (cue := each[0].cues.get("purpose"))]
    # Three clauses are parted by a comma at least, and few lines that say what somebody is for hold one.
    may_tell = (line for cue in cues for line in finder.may_match(cue) if "," in line.text and cue.search(line.text))
    told = {line.at: line for line in may_tell}
    for line in (*wanted, *(told[at] for at in sorted(told))):
        if line.region not in READ or line.level or len(line.text) > _MAX_LINE:
            continue
        prose = finder.words.language(finder.lang).prose
        for sentence in sentences(line.text, prose.abbreviations):
            if clauses := clauses_in(sentence.text):
                yield from ((clause, line) for clause in clauses)
                return


def _entries_of(block: Block) -> list[Entry]:
    if isinstance(block, Selection):
        return block.entries()
    if block.label.line.region == "footer":
        return []
    entries = goal_entries(block)
    if block.label.rule == "page-label" and entries:
        entries = entries if _fits_page(block, entries) else []
    # Statutes say among their aims that nobody earns by them; where they say little else, they tell no aims.
    aims = [entry for entry in entries if vocabulary().form.search(entry.text) is None]
    return aims if len(aims) * 3 >= len(entries) * 2 else []


def _is_plain_list(block: Block) -> bool:
    """Whether what stands under a heading that only may announce goals is a list of phrases, not of names or offers."""
    entries = goal_entries(block)
    texts = [entry.text for entry in entries]
    listed = bool(entries) and (entries[0].shape in ("li", "bullet") or _is_boxed(entries))
    if not listed or len(entries) > _LOOSE_GOALS:
        return False
    if len(block.label.line.text.split()) == 1 and not _are_formed(entries):
        # "Mission", of a game, too
        return False
    # Between the heading and its list stands an introduction at most.
    near = entries[0].lines[0].at - block.label.line.at <= _LOOSE_DISTANCE
    return near and not any(entry.links for entry in entries) and not hold_promises(texts) and not are_persons(texts)


def _fits_page(block: Block, entries: list[Entry]) -> bool:
    """Whether a page that is called so holds nothing before them, nor parts that every page has ("Contact") among
    them, and they are no names."""
    words, first = vocabulary(), entries[0].lines[0].at
    if entries[0].shape not in WEAK and (
        not _is_plain_list(block) or any(line.level for line in block.lines if line.at < first)
    ):
        return False
    if len(block.label.line.text.split()) == 1 and not _are_formed(entries):
        # "Ziele" are where one travels to, too, and "Objectifs" lenses.
        return False
    parts = any(words.other.match(entry.text) or words.site_page.match(entry.text) for entry in entries)
    return not parts and sum(_SMALL.search(entry.text) is not None for entry in entries) * 2 > len(entries)


def _is_boxed(entries: list[Entry]) -> bool:
    """Whether they are phrases in boxes, most of the form of a goal."""
    return entries[0].shape not in WEAK and "/" in entries[0].shape and _are_formed(entries)


def _are_formed(entries: list[Entry]) -> bool:
    return formed([entry.text for entry in entries]) * 3 >= len(entries) * 2


def _of_page(finder: Finder) -> Iterator[Block]:
    """What may be goals on a page that is called so, where no label announces any, and no heading of its own."""
    heading = finder.heading_line
    parts = title_parts(finder.title)
    if finder.is_legal:
        return
    of_site = heading is None or heading.level != 1 or heading.region == "header" or heading.text in parts[1:]
    names = [*parts[:1], *address_words(finder.page.url)] if of_site else []
    called = [each for each in names if len(each.split()) <= _CALLED_WORDS and _is_called(each)]
    name = max(called, key=lambda each: len(each.split()), default=None)
    first = next(iter(finder.outline.lines), None)
    if name is None or first is None:
        return
    headed = heading is not None and heading.level == 1
    line = heading if heading is not None and headed else first
    *_, whole = line.block.ancestors()
    line = replace(line, text=name, level=1, at=line.at if headed else -1, block=whole)
    yield finder.block(Label("goal", line, None, 0, len(name), "page-label"), has_entries)


def _is_called(name: str) -> bool:
    return is_called("goal", name) and vocabulary().aims.search(name) is not None


def _rule(entry: Entry) -> str:
    return f"labelled-{'list' if entry.shape in ('li', 'dd', 'tr', 'td') else 'lines'}"


def _is_statement(text: str, entries: list[Entry], finder: Finder) -> bool:
    """An entry of several sentences among entries of one each: it tells of the list, and is no item of it."""
    language = finder.words.language(finder.lang).prose

    def count(each: str) -> int:
        return sum(1 for _ in sentences(each, language.abbreviations))

    single = sum(count(entry.text) == 1 for entry in entries)
    return count(text) > 1 and single * 2 > len(entries)
