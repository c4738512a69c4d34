"""The goals a page lists, each as it stands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise

from archive.model import Page
from crawler.extract.blocks import Block, has_entries
from crawler.extract.clauses import clauses_in
from crawler.extract.dom import Line, collapse
from crawler.extract.entries import MARKED, Entry
from crawler.extract.finder import Finder
from crawler.extract.headings import READ
from crawler.extract.names import are_countries, are_persons, called_organisations, hold_promises
from crawler.extract.prose import sentences
from crawler.extract.registry import extractor
from crawler.extract.selectors import Selection
from crawler.extract.vocabulary import vocabulary
from crawler.items import Goal

#: shorter, and it is a menu, a tag or a name
_MIN_CHARS = 8
#: a list of shorter ones may be one of topics: a person looks at it
_SHORT_CHARS = 12
_MAX_CHARS = 1200
_MAX_GOALS = 60
_LABEL_WORDS = 3
_CARD_CHARS = 120
#: share of names that say what they are, from which on a list of two words each is one of names
_NAMES = 0.5
#: confidence in a list whose heading only may announce goals; it is short, and stands near
_LOOSE = 0.6
#: and in clauses of a sentence
_IN_SENTENCE = 0.5
_MAX_LINE = 3000
#: titles that make a row of cards, and the most lines below one
_TITLES = 3
_LOOSE_GOALS = 12
#: of a line, what stands before its announcement and says whose the aims are
_ANNOUNCED = 160
#: of an offer; and what a lens lets in
_PRICE = re.compile(r"[€$£] ?\d|\d ?(?:€|(?:euro|eur|usd|chf)\b)|\bf/\d", re.IGNORECASE)
_NUMBERED = re.compile(r"(\d{1,3})[.')’]? ")
_LOOSE_DISTANCE = 3


@extractor(Goal, version=7)
def goals(page: Page, finder: Finder) -> Iterator[Goal]:  # noqa: ARG001 - every extractor takes both
    position = 0
    seen: set[str] = set()
    blocks = [block for block in finder.blocks("goal", has_entries) if not _is_of_others(block)]
    if not any(_entries_of(block) for block in blocks):
        announced = (finder.block(label, has_entries) for label in finder.loose_labels("goal"))
        blocks = [
            block
            for block in announced
            if _is_plain_list(block) and not _is_of_others(block) and not _is_doubtful(block)
        ]
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
    for block in blocks:
        pointed_at = isinstance(block, Selection)
        entries = _entries_of(block)
        loose = block.label.rule == "loose-label"
        titled = bool(entries) and entries[0].shape == "title"
        doubtful = not pointed_at and (
            loose or titled or _is_doubtful(block) or _are_short([entry.text for entry in entries])
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
    told = vocabulary().not_ours.search(_said(block)) is not None or _are_learnt(block)
    return told or _are_minutes(block) or _are_offers(block)


def _are_learnt(block: Block) -> bool:
    """Whether the line that leads into the list says that somebody learns what stands in it."""
    label, lead = block.label.line, next(iter(block.lines), None)
    led = [line.text for line in (label, lead) if line is not None and line.text.endswith(":")]
    return any(vocabulary().learnt.search(text[-_ANNOUNCED:]) for text in led)


def _is_doubtful(block: Block) -> bool:
    """Whether they may be aims of a law, or means by which the aims are to be reached."""
    return vocabulary().doubtful.search(_said(block)) is not None


def _said(block: Block) -> str:
    return block.label.line.text[: block.label.end][-_ANNOUNCED:]


def _are_minutes(block: Block) -> bool:
    """Whether the entries are numbered, and their numbers count something else: "12. Jansen", "44. De Boer"."""
    begun = [_NUMBERED.match(entry.lines[0].text) for entry in block.entries()[:_TITLES]]
    numbers = [int(found[1]) for found in begun if found is not None]
    return len(numbers) > 1 and len(numbers) == len(begun) and numbers[1] - numbers[0] != 1


def _are_offers(block: Block) -> bool:
    """Whether most entries have a price: "Ziele" of a travel agency, "Objectifs" of a camera shop."""
    entries = block.entries()[:_MAX_GOALS]
    return sum(_PRICE.search(entry.text[:_CARD_CHARS]) is not None for entry in entries) * 2 > len(entries)


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


def _titled(block: Block) -> list[Entry]:
    """Phrases of which something is told below each: titles of cards, or what a ``dl`` explains."""
    # A number may stand above each, and an introduction above them all.
    lines = [line for line in block.lines if any(map(str.isalpha, line.text))]
    titled = next((n for n, line in enumerate(lines[:2]) if line.level or line.block.tag == "dt"), None)
    if titled is None:
        return []
    lines = lines[titled:]
    first = lines[0]
    make = first.block.tag, first.block.depth
    titles = [line for line in lines if (line.block.tag, line.block.depth) == make]
    texts = [line.text for line in titles]
    below = len(lines) - len(titles)
    if len(titles) < _TITLES or not len(titles) <= below <= len(titles) * _TITLES:
        return []
    if any(line.is_linked or len(line.text) > _CARD_CHARS or line.text.endswith("?") for line in titles):
        return []
    counted = all(_NUMBERED.match(text) for text in texts)
    short = sum(len(text.split()) <= _LABEL_WORDS for text in texts)
    return (
        []
        if (short * 4 > len(texts) and not counted and not _are_aims(block, texts)) or are_persons(texts)
        else [Entry([line], "title") for line in titles]
    )


def _are_aims(block: Block, titles: Sequence[str]) -> bool:
    """Whether the label says aims, and no deeds or topics, and the titles below it are phrases: "Clean rivers"."""
    phrases = sum(len(title.split()) > 1 for title in titles)
    named = vocabulary().aims.search(_said(block)) is not None and vocabulary().deeds.search(_said(block)) is None
    return named and block.label.rule != "loose-label" and phrases * 3 >= len(titles) * 2


def _entries_of(block: Block) -> list[Entry]:
    if isinstance(block, Selection):
        return block.entries()
    return [] if block.label.line.region == "footer" else _goal_entries(block)


def _is_plain_list(block: Block) -> bool:
    """Whether what stands under a heading that only may announce goals is a list of phrases, not of names or offers."""
    entries = _goal_entries(block)
    texts = [entry.text for entry in entries]
    if not entries or entries[0].shape not in ("li", "bullet") or len(entries) > _LOOSE_GOALS:
        return False
    # Between the heading and its list stands an introduction at most.
    near = entries[0].lines[0].at - block.label.line.at <= _LOOSE_DISTANCE
    return near and not any(entry.links for entry in entries) and not hold_promises(texts) and not are_persons(texts)


def _rule(entry: Entry) -> str:
    return f"labelled-{'list' if entry.shape in ('li', 'dd', 'tr', 'td') else 'lines'}"


def _goal_entries(block: Block) -> list[Entry]:
    if titles := _titled(block):
        return titles
    entries = block.entries()
    texts = [entry.text for entry in entries]
    if not 2 <= len(entries) <= _MAX_GOALS or not all(len(text) <= _MAX_CHARS for text in texts):
        return []
    led_into = block.label.language or block.label.line.text.endswith(":")
    if entries[0].shape not in MARKED and not led_into and not _in_cards(entries):
        # Paragraphs under "Goals" tell of them; only what a sentence leads into is a list.
        return []
    entries = _until_one_unlike(entries)
    texts = [entry.text for entry in entries]
    long = [text for text in texts if len(text) >= _MIN_CHARS and len(text.split()) >= 2]
    linked = sum(
        bool(line.links) and line.text == collapse("".join(p.text for p in line.parts if p.element.link))
        for e in entries
        for line in e.lines
    )
    if len(long) * 4 < len(texts) * 3 or linked * 2 > len(texts):
        return []
    return [] if _are_short(texts) and not _may_be_short(block, entries) else entries


def _are_short(texts: Sequence[str]) -> bool:
    """Whether most are of two words: "Clean water"."""
    phrases = sum(len(text.split()) >= 3 for text in texts)
    long = sum(len(text) >= _SHORT_CHARS and len(text.split()) >= 2 for text in texts)
    return phrases * 3 < len(texts) * 2 or long * 4 < len(texts) * 3


def _may_be_short(block: Block, entries: Sequence[Entry]) -> bool:
    """Whether a list of two words each may be one of goals: not under "What we do", and no names, links or offers."""
    texts = [entry.text for entry in entries]
    if block.label.rule == "loose-label" or vocabulary().deeds.search(block.label.line.text):
        return False
    linked = any(entry.links for entry in entries)
    names = are_persons(texts) or are_countries(texts) or called_organisations(texts) > _NAMES
    return not (linked or names or hold_promises(texts))


def _in_cards(entries: list[Entry]) -> bool:
    """A phrase to a box, three boxes or more, and nothing else in them."""
    lines = [entry.lines[0] for entry in entries]
    boxes = {id(line.block.parent) for line in lines}
    alone = all(after.at - before.at <= 2 for before, after in pairwise(lines))
    short = all(len(line.text) <= _CARD_CHARS and ". " not in line.text for line in lines)
    return len(lines) >= 3 and len(boxes) == len(lines) and alone and short


def _until_one_unlike(entries: list[Entry]) -> list[Entry]:
    """Lines up to a short one among sentences: nothing marks it, but it is the next label."""
    if entries[0].shape in MARKED:
        return entries
    for nth, entry in enumerate(entries[2:], 2):
        short = len(entry.text.split()) <= _LABEL_WORDS and not entry.text.endswith((".", ";", "!"))
        if short and all(len(before.text.split()) > _LABEL_WORDS for before in entries[:nth]):
            return entries[:nth]
    return entries


def _is_statement(text: str, entries: list[Entry], finder: Finder) -> bool:
    """An entry of several sentences among entries of one each: it tells of the list, and is no item of it."""
    language = finder.words.language(finder.lang).prose

    def count(each: str) -> int:
        return sum(1 for _ in sentences(each, language.abbreviations))

    single = sum(count(entry.text) == 1 for entry in entries)
    return count(text) > 1 and single * 2 > len(entries)
