"""The shapes in which goals stand below what announces them: items of a list, titles of cards or what is told below
them, phrases in boxes, lines and paragraphs of one make."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from crawler.extract.blocks import Block
from crawler.extract.dom import Line, collapse
from crawler.extract.entries import MARKED, Entry, shape_of, shaped
from crawler.extract.names import are_countries, are_persons, called_organisations, hold_promises
from crawler.extract.prose import sentences
from crawler.extract.vocabulary import vocabulary

#: shorter, and it is a menu, a tag or a name
_MIN_CHARS = 8
#: a list of shorter ones may be one of topics: a person looks at it
_SHORT_CHARS = 12
_MAX_CHARS = 1200
_MAX_GOALS = 60
LABEL_WORDS = 3
CARD_CHARS = 120
#: of what a card or a paragraph tells, where that is the goal: a sentence
_TOLD_CHARS = 300
#: of a line, what stands before its announcement and says whose the aims are
ANNOUNCED = 160
#: share of names that say what they are, from which on a list of two words each is one of names
_NAMES = 0.5
#: titles that make a row of cards, and the most lines below one
TITLES = 3
#: lines that introduce cards
_INTRODUCED = 2
#: buttons are short
_BUTTON_WORDS = 3
#: shapes that were told by less than a list or titles: a person looks at these
WEAK = frozenset(("title", "told", "paragraph"))
NUMBERED = re.compile(r"(\d{1,3})[.')’]? ")
_LETTER = re.compile(r"([a-z]|[ivx]{1,5})[.)]\s+(?=\S)", re.IGNORECASE)
#: "Goal 2: ", "Doel 3"
_COUNTED = re.compile(r"\w+ (?:n[°ro]\.? ?)?\d{1,2}\b(?: ?[:.–-] ?|$)")
#: begins a paragraph as a bullet does: "✅ ", "🌱 "
_SIGNED = re.compile(r"^[^\w\s\"'«„“‘’(\[<&§#@-]+\s*(?=\w)")


def goal_entries(block: Block) -> list[Entry]:
    if titles := _titled(block):
        return titles
    entries = _lettered([without_number(entry) for entry in block.entries()])
    texts = [entry.text for entry in entries]
    if not 2 <= len(entries) <= _MAX_GOALS or not all(len(text) <= _MAX_CHARS for text in texts):
        return []
    if not _is_near(block, entries[0]):
        return []
    led_into = block.label.language or block.label.line.text.endswith(":")
    if entries[0].shape not in MARKED and not led_into and not _in_cards(block, entries):
        # Paragraphs under "Goals" tell of them; only what a sentence leads into is a list, or what looks like one.
        if not _are_phrases(block, entries):
            return []
        entries = [replace(e, shape="paragraph", piece=_SIGNED.sub("", e.text, count=1)) for e in entries]
    entries = _until_one_unlike(entries)
    texts = [entry.text for entry in entries]
    long = [text for text in texts if len(text) >= _MIN_CHARS and len(text.split()) >= 2]
    linked = sum(_is_link(line) for e in entries for line in e.lines)
    if len(long) * 4 < len(texts) * 3 or linked * 2 > len(texts):
        return []
    return [] if are_short(texts) and not _may_be_short(block, entries) else entries


def _is_near(block: Block, first: Entry) -> bool:
    """Whether a sentence that breaks off ("The aims of the society are to") leads into what stands right behind it."""
    label = block.label
    leads_on = label.rule != "cue" or label.line.text.endswith((":", "…", "..."))
    return leads_on or first.lines[0].at <= label.line.at + 1


def _lettered(entries: list[Entry]) -> list[Entry]:
    """The entries of a list whose items somebody counted by letters, without these: "a. the study of moths"."""
    begun = [_LETTER.match(entry.text) for entry in entries]
    letters = [found[1].lower() for found in begun if found is not None]
    if len(letters) < 2 or len(letters) != len(entries) or letters[:2] not in (["a", "b"], ["i", "ii"]):
        return entries
    return [
        replace(entry, piece=entry.text[len(found[0]) :], shape="bullet")
        for entry, found in zip(entries, begun, strict=True)
        if found is not None
    ]


def lone_entry(block: Block) -> list[Entry]:
    """The one item of a list that stands right below the label."""
    first = shaped(block.lines[:1], block.items[0].at) if block.lines else []
    return first if first and first[0].shape == "li" and len(first[0].text.split()) >= TITLES else []


def are_short(texts: Sequence[str]) -> bool:
    """Whether most are of two words: "Clean water"."""
    phrases = sum(len(text.split()) >= 3 for text in texts)
    long = sum(len(text) >= _SHORT_CHARS and len(text.split()) >= 2 for text in texts)
    return phrases * 3 < len(texts) * 2 or long * 4 < len(texts) * 3


def without_number(entry: Entry) -> Entry:
    """The entry without a line of its own that counts it."""
    lines = entry.lines
    counted = len(lines) > 1 and entry.piece is None and not any(map(str.isalpha, lines[0].text))
    return replace(entry, lines=lines[1:]) if counted else entry


def are_sentences(texts: Sequence[str]) -> bool:
    """Whether each is a sentence, or less."""
    abbreviations = frozenset[str]().union(*(each.prose.abbreviations for each in vocabulary().languages))
    return all(sum(1 for _ in sentences(text, abbreviations)) <= 1 for text in texts)


def formed(texts: Sequence[str]) -> int:
    """How many begin, or end, as goals do: "Promoting ..."."""
    return sum(vocabulary().opens.match(text) is not None for text in texts)


def _is_link(line: Line) -> bool:
    return bool(line.links) and line.text == collapse("".join(p.text for p in line.parts if p.element.link))


def _titled(block: Block) -> list[Entry]:
    """Phrases of which something is told below each: titles of cards, or what a ``dl`` explains; or what is told, where
    the titles are topics."""
    # A number may stand above each, and an introduction above them all.
    lines = [line for line in block.lines if any(map(str.isalpha, line.text))]
    titled = next((n for n, line in enumerate(lines[: _INTRODUCED + 1]) if _is_title(line)), None)
    if titled is None:
        return []
    lines = lines[titled:]
    first = lines[0]
    make = _make(first)
    if first.level:
        # Behind the cards goes on what is no part of them.
        end = next((n for n, each in enumerate(lines) if 0 < each.level <= first.level and _make(each) != make), None)
        lines = lines[:end]
    titles = [line for line in lines if _make(line) == make]
    texts = [line.text for line in titles]
    below = len(lines) - len(titles)
    if len(titles) < TITLES or not len(titles) <= below <= len(titles) * TITLES:
        return []
    if any(len(text) > CARD_CHARS for text in texts) or are_persons(texts):
        return []
    if any(line.is_linked for line in titles) and not _may_lead_on(block, texts):
        return []
    if sum(text.endswith("?") for text in texts) * 3 > len(texts):
        return []
    words = vocabulary()
    if not first.level and any(words.other.match(text) or words.site_page.match(text) for text in texts):
        return []
    if told := _told(block, titles, lines):
        return told
    counted = all(NUMBERED.match(text) for text in texts)
    short = sum(len(text.split()) <= LABEL_WORDS for text in texts)
    if short * 4 > len(texts) and not counted and not _are_aims(block, texts):
        return []
    return [Entry([line], "title") for line in titles]


def _may_lead_on(block: Block, titles: Sequence[str]) -> bool:
    """Whether titles that are links may be goals, of which more is told elsewhere: phrases below "Our goals"."""
    named = _says_aims(block) and len(announced(block).split()) > 1
    return named and not are_short(titles)


def _is_title(line: Line) -> bool:
    if line.level or line.block.tag == "dt":
        return True
    # In a list the item is the goal, bold words and all.
    return line.strong and line.block.tag in ("p", "div") and shape_of(line, 0)[0] not in MARKED


def _make(line: Line) -> tuple[str, int, bool]:
    return line.block.tag, line.block.depth, line.strong and not line.level


def _told(block: Block, titles: Sequence[Line], lines: Sequence[Line]) -> list[Entry]:
    """The one sentence below each title, where the label says aims: all titles are topics and no phrases ("Health"), or
    most sentences have the form of a goal, and titles have not."""
    if not _says_aims(block):
        return []
    said: list[Line] = []
    for title, following in pairwise([*(line.at for line in titles), lines[-1].at + 1]):
        body = [line for line in lines if title < line.at < following and not _is_button(line)]
        if len(body) != 1:
            return []
        said.extend(body)
    heads, texts = [line.text for line in titles], [line.text for line in said]
    if any(len(text) > _TOLD_CHARS or len(text.split()) <= LABEL_WORDS for text in texts) or not are_sentences(texts):
        return []
    counted = all(_COUNTED.fullmatch(head) for head in heads)
    topics = counted or (formed(texts) * 3 >= len(texts) * 2 and formed(heads) * 3 < len(heads))
    return [Entry([line], "told") for line in said] if topics else []


def _is_button(line: Line) -> bool:
    return _is_link(line) and len(line.text.split()) <= _BUTTON_WORDS


def _are_aims(block: Block, titles: Sequence[str]) -> bool:
    """Whether the label says aims, and no deeds or topics, and the titles below it are phrases: "Clean rivers"."""
    phrases = sum(len(title.split()) > 1 for title in titles)
    return _says_aims(block) and phrases * 3 >= len(titles) * 2


def _says_aims(block: Block) -> bool:
    words, said = vocabulary(), announced(block)
    return (
        block.label.rule != "loose-label" and words.aims.search(said) is not None and words.deeds.search(said) is None
    )


def announced(block: Block) -> str:
    return block.label.line.text[: block.label.end][-ANNOUNCED:]


def _may_be_short(block: Block, entries: Sequence[Entry]) -> bool:
    """Whether a list of two words each may be one of goals: not under "What we do", and no names, links or offers."""
    texts = [entry.text for entry in entries]
    if block.label.rule == "loose-label" or vocabulary().deeds.search(block.label.line.text):
        return False
    linked = any(entry.links for entry in entries)
    names = are_persons(texts) or are_countries(texts) or called_organisations(texts) > _NAMES
    return not (linked or names or hold_promises(texts))


def _in_cards(block: Block, entries: list[Entry]) -> bool:
    """A phrase to a box, three boxes or more, and nothing else in them."""
    lines = [entry.lines[0] for entry in entries]
    boxes = {id(line.block.parent) for line in lines}
    alone = all(after.at - before.at <= 2 for before, after in pairwise(lines))
    short = all(len(line.text) <= CARD_CHARS and ". " not in line.text for line in lines)
    # Or the boxes are what the class of a ``div`` makes them.
    divs = all(line.block.tag == "div" and line.block.attribute("class") for line in lines)
    each = len(boxes) == len(lines) or (divs and _says_aims(block))
    blocks = len({id(line.block) for line in lines}) == len(lines)
    return len(lines) >= TITLES and each and blocks and alone and short


def _are_phrases(block: Block, entries: Sequence[Entry]) -> bool:
    """Whether paragraphs, three or more with nothing between them, are a list that somebody typed: of one sentence each
    at most, not as short as names, and without a full stop each, or begun in bold, or behind a sign, or of a form."""
    lines = [entry.lines[0] for entry in entries]
    texts = [line.text for line in lines]
    if len(lines) < TITLES or block.label.rule == "loose-label" or not _says_aims(block):
        return False
    if any(len(text) > _TOLD_CHARS or len(text.split()) < TITLES for text in texts):
        return False
    if any(line.is_linked or line.level for line in lines) or not all(b.at - a.at == 1 for a, b in pairwise(lines)):
        return False
    if not are_sentences(texts):
        return False
    opens = vocabulary().opens
    tests: tuple[Callable[[Line], bool], ...] = (
        lambda line: not line.text.endswith((".", "!", "?", ":", "…")),
        lambda line: line.text.endswith(";"),
        lambda line: _SIGNED.match(line.text) is not None,
        lambda line: opens.match(line.text) is not None,
    )
    # The last may end as a sentence does.
    return any(all(map(test, lines[:-1])) for test in tests)


def _until_one_unlike(entries: list[Entry]) -> list[Entry]:
    """Lines up to a short one among sentences: nothing marks it, but it is the next label."""
    if entries[0].shape in MARKED:
        return entries
    for nth, entry in enumerate(entries[2:], 2):
        short = len(entry.text.split()) <= LABEL_WORDS and not entry.text.endswith((".", ";", "!"))
        if short and all(len(before.text.split()) > LABEL_WORDS for before in entries[:nth]):
            return entries[:nth]
    return entries
