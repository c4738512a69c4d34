"""What a label announces, and the shape in which it stands: list items, table rows, bullets, cards, one long line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from crawler.extract.cards import cards_in, defined_in, is_group_heading, is_letters, without_figures
from crawler.extract.dom import Item, Line, Picture
from crawler.extract.entries import INDEX_CHARS, MARKED, Entry, shape_of, shaped
from crawler.extract.labels import Label
from crawler.extract.names import are_persons, is_name, named_bodies, organisation_like

#: lines of a card beside its name
_CARD_LINES = 6
#: pages hold more lines than anybody wrote: of a list this many entries are read
_MAX_ENTRIES = 500
#: lines of one make that are a list
_SAME = 3
#: lines to a paragraph, on the average, from which on they are no name with an address below it
_COLUMN_LINES = 3
#: a line behind a bullet that others tell of
_TITLE_CHARS = 120
#: share of names that say what they are, in cards that hold lists of people and in these lists
_SAY, _SAY_NOT = 0.5, 0.1
#: headings that part a list into groups are short
_GROUP_CHARS = 40


@dataclass(slots=True, eq=False)
class Block:
    """What one label announces: the items it speaks for."""

    label: Label
    items: Sequence[Item]

    @property
    def lines(self) -> list[Line]:
        return [item for item in self.items if isinstance(item, Line)]

    @property
    def rule(self) -> str:
        """What a fact of it is found by, where nothing more is to be said."""
        return "labelled-list"

    @property
    def is_empty(self) -> bool:
        return not any(isinstance(item, Line | Picture) for item in self.items)

    def named_entries(self) -> list[Entry]:
        """The entries that begin with a name: of lines of one make, those that tell of the one above are dropped."""
        entries = self.entries()
        lines = self.lines
        if entries and entries[0].shape in MARKED and entries[0].lines[0] is lines[0]:
            return entries
        cards = cards_in(lines, self.items[0].at) if len(lines) > 1 else []
        if entries and entries[0].shape in MARKED:
            return cards if cards and _hold(cards, entries) else entries
        if cards:
            return cards
        bold = [entry for entry in entries if entry.lines[0].strong]
        if 2 <= len(bold) < len(entries) and entries[0] is bold[0]:
            return bold
        firsts = {id(entry.lines[0].block): entry for entry in reversed(entries)}
        if _SAME <= len(firsts) < len(entries) and not _are_columns(entries):
            # Paragraphs of several lines: a name, and the address below it.
            return [entry for entry in entries if firsts[id(entry.lines[0].block)] is entry]
        return entries

    def entries(self) -> list[Entry]:
        """The entries of the first list in the block; none when what stands there has no shape of a list.

        A list goes on in the next when both stand under group headings of one make: a country each, or a letter.
        """
        return entries_in(self.lines, self.items[0].at) if self.items else []


def entries_in(lines: Sequence[Line], start: int) -> list[Entry]:
    """The entries of the first list among the lines, of a block whose first item is *start*."""
    every = without_figures(shaped(lines, start))
    if any(line.block.tag == "td" for entry in every for line in entry.lines):
        # A row of headings names the columns.
        every = [entry for entry in every if any(line.block.tag != "th" for line in entry.lines)]
        rows = [entry for entry in every if entry.shape == "tr"]
        if len(rows) > 2 and _is_head(rows[0]) and not any(_is_head(row) for row in rows[1:]):
            every.remove(rows[0])
    if told := _in_definitions(every) or defined_in(every):
        return told[:_MAX_ENTRIES]
    runs: list[list[Entry]] = []
    for entry in _without_nests(every):
        if runs and runs[-1][-1].shape == entry.shape:
            runs[-1].append(entry)
        else:
            runs.append([entry])
    marked = _grouped(runs) or next(
        (run for run in runs if run[0].shape in MARKED and len(run) >= 2 and not _is_index(run)), []
    )
    marked = marked or _bulleted(runs)
    return (marked or _repeated(every))[:_MAX_ENTRIES]


def has_entries(items: Sequence[Item]) -> bool:
    """Whether a list stands among the items: two marked entries, or three lines of one make."""
    lines = [item for item in items if isinstance(item, Line)]
    counts: dict[str, int] = {}
    for entry in shaped(lines, items[0].at) if lines else []:
        if entry.shape not in MARKED or not _leads_into_parts(entry.lines[0]):
            counts[entry.shape] = counts.get(entry.shape, 0) + 1
    return any(count >= (2 if shape in MARKED else 3) for shape, count in counts.items())


def has_content(items: Sequence[Item]) -> bool:
    """Whether an image or a marked entry stands among the items."""
    return any(
        isinstance(item, Picture)
        or (isinstance(item, Line) and shape_of(item, 0)[0] in MARKED and not _leads_into_parts(item))
        for item in items
    )


def _bulleted(runs: Sequence[list[Entry]]) -> list[Entry]:
    """Short lines behind bullets, three or more, each with paragraphs below that tell of it."""
    bullets = [run[0] for run in runs if run[0].shape == "bullet"]
    if len(bullets) < _SAME or any(run[0].shape in MARKED and run[0].shape != "bullet" for run in runs):
        return []
    first = runs.index([bullets[0]])
    told = runs[first + 1 :: 2]
    alternate = all(run[0].shape == "bullet" for run in runs[first::2][: len(bullets)])
    brief = all(len(each.text) <= _TITLE_CHARS for each in bullets)
    return bullets if alternate and brief and all(len(run) <= _SAME for run in told[: len(bullets) - 1]) else []


def _are_columns(entries: Sequence[Entry]) -> bool:
    """Whether paragraphs of many lines, set beside one another, hold a name in each: below a name stands an address."""
    columns: dict[int, list[str]] = {}
    for entry in entries:
        columns.setdefault(id(entry.lines[0].block), []).append(entry.text)
    texts = [text for column in columns.values() if len(column) > 1 for text in column]
    return len(texts) > _COLUMN_LINES * len(columns) and all(map(is_name, texts)) and not are_persons(texts)


def _hold(cards: Sequence[Entry], listed: Sequence[Entry]) -> bool:
    """Whether the list is what one of the cards says of itself, or comes after them all."""
    if cards[0].lines[0].at > listed[0].lines[0].at:
        return False
    names = [entry.text for entry in listed if is_name(entry.text)]
    heads = [card.text for card in cards]
    if named_bodies(heads) >= _SAY and named_bodies(names) < _SAY_NOT:
        # Universities, and below each the people who work there.
        return True
    return len(names) * 5 < len(listed) * 4 or organisation_like(names) < organisation_like(heads)


def _in_definitions(entries: Sequence[Entry]) -> list[Entry]:
    """What a ``dl`` says under the names of regions, or several to a name."""
    begun = next((nth for nth, entry in enumerate(entries) if entry.lines[0].block.tag == "dt"), None)
    listed = (
        list(takewhile(lambda e: e.shape == "dd" or e.lines[0].block.tag == "dt", entries[begun:]))
        if begun == 0 or (begun and not any(e.shape in MARKED for e in entries[:begun]))
        else []
    )
    terms = [entry for entry in listed if entry.shape != "dd"]
    told = [entry for entry in listed if entry.shape == "dd"]
    if len(terms) < 2 or sum(is_group_heading(entry.text) for entry in terms) * 2 <= len(terms):
        return []
    return told


def _without_nests(entries: Sequence[Entry]) -> list[Entry]:
    """The entries without those that hold others, where the others are the names; else without the inner ones."""
    holding = [
        entry
        for entry, following in pairwise(entries)
        if entry.shape == "li"
        and following.shape == "li"
        and entry.element is not None
        and entry.element.first <= following.lines[0].at < entry.element.last
    ]
    if not holding:
        return list(entries)
    spans = [(entry.element.first, entry.element.last) for entry in holding if entry.element is not None]
    held = [entry for entry in entries if any(first < entry.lines[0].at < last for first, last in spans)]
    names = [entry.text for entry in held if is_name(entry.text)]
    groups = all(is_group_heading(entry.text) for entry in holding)
    likely = organisation_like(names) >= organisation_like([entry.text for entry in holding])
    dropped = holding if groups or (len(names) * 5 >= len(held) * 4 and likely) else held
    return [entry for entry in entries if not any(entry is each for each in dropped)]


def _is_index(run: Sequence[Entry]) -> bool:
    """Letters and numbers to leaf through a list by, or the tabs it is parted into, which stand above it; but not
    organisations, each of which leads to where more is told of it."""
    if sum(len(entry.text) <= INDEX_CHARS for entry in run) * 2 > len(run):
        return True
    if not all(len(entry.lines) == 1 and _leads_into_parts(entry.lines[0]) for entry in run):
        return False
    return len(run) < _SAME or named_bodies([entry.text for entry in run]) < _SAY


def _leads_into_parts(line: Line) -> bool:
    """Whether a line is a range of letters, or leads to a place on its own page and nowhere else."""
    if is_letters(line.text):
        return True
    return line.is_linked and all((link.attribute("href") or "").startswith("#") for link in line.links)


def _is_head(entry: Entry) -> bool:
    """A row of bold cells: it names the columns, where no other row is like it."""
    return entry.shape == "tr" and len(entry.lines) >= 2 and all(line.strong for line in entry.lines)


def _grouped(runs: Sequence[list[Entry]]) -> list[Entry]:
    """The entries of all lists that stand each under one line, where those lines are of one make."""
    found: list[Entry] = []
    heading: str | None = None
    lists = 0
    plain = False
    for before, run in pairwise(runs):
        if run[0].shape not in MARKED or before[-1].shape in MARKED or _is_index(run) or run[0].shape == "dd":
            # What a ``dd`` says is of the ``dt`` above it.
            continue
        line = before[-1].lines[-1]
        make = f"{before[-1].shape}/{line.level}"
        if heading is not None and (make != heading or len(before) > 1 or run[0].shape != found[0].shape):
            break
        plain = plain or not (line.strong or line.level)
        if len(line.text) > _GROUP_CHARS or (plain and not line.block.attribute("class")):
            break
        heading = make
        lists += 1
        found.extend(run)
    return [*found, *_unmarked_groups(runs, heading, found[-1])] if 2 <= lists < len(found) else []


def _unmarked_groups(runs: Sequence[list[Entry]], heading: str | None, last: Entry) -> Iterator[Entry]:
    """Names under group headings of that make below the *last* entry, where somebody typed them as paragraphs."""
    for before, run in pairwise(runs):
        if before[-1].lines[-1].at < last.lines[-1].at or run[0].shape in MARKED or len(before) > 1:
            continue
        if f"{before[-1].shape}/{before[-1].lines[-1].level}" != heading or not all(is_name(each.text) for each in run):
            return
        yield from run


def _prominence(entries: Sequence[Entry]) -> tuple[bool, bool]:
    lines = [entry.lines[0] for entry in entries]
    if len(lines) < _SAME:
        return False, False
    return all(line.level for line in lines), all(line.strong for line in lines)


def _count(entries: Sequence[Entry]) -> int:
    """How often a make is repeated: an address of two lines in each card stands there no oftener than the name."""
    blocks = len({id(entry.lines[0].block) for entry in entries})
    return blocks if blocks >= _SAME else len(entries)


def _repeated(entries: Sequence[Entry]) -> list[Entry]:
    """The lines of the commonest make, three or more, with no more than a card's other lines between them."""
    makes: dict[str, list[Entry]] = {}
    for entry in entries:
        if any(c.isalpha() for c in entry.text):
            makes.setdefault(entry.shape, []).append(entry)
    most = max((_count(made) for made in makes.values()), default=0)
    often = [make for make, made in makes.items() if _count(made) * 5 >= most * 3]
    # In cards of many lines the name is what is set off.
    shape = max(often, key=lambda make: (*_prominence(makes[make]), _count(makes[make])), default=None)
    same: list[Entry] = []
    gap = 0
    for entry in entries:
        if entry.shape == shape:
            same.append(entry)
            gap = 0
        elif same and (gap := gap + 1) > _CARD_LINES:
            break
    return same if len(same) >= _SAME else []
