"""What a label announces, and the shape in which it stands: list items, table rows, bullets, cards, one long line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise

from crawler.extract.dom import Element, Item, Line, Picture, collapse
from crawler.extract.labels import Label
from crawler.extract.naming import is_file_name

#: how far up from a line its list item, row or cell is looked for
_STEPS = 12
#: lines of a card beside its name
_CARD_LINES = 6
#: pages hold more lines than anybody wrote: of a list this many entries are read
_MAX_ENTRIES = 500
_MAX_PIECES = 100
_INDEX_CHARS = 2
#: lines of one make that are a list
_SAME = 3
#: headings that part a list into groups are short
_GROUP_CHARS = 40
#: shapes that say of themselves that they are a list
MARKED = frozenset(("li", "tr", "td", "dd", "bullet", "piece", "file"))

BULLET = re.compile(r"^\s*(?:[•·▪▫◦‣⁃∙●○■□►▸▶➢➤→»✓✔❖*]|[-–—](?=\s)|\(?\d{1,2}[.)](?=\s)|[a-z][)](?=\s))\s*")
#: classes that tell one entry from the next, not entries from other things
_NTH = re.compile(r"\b(?:odd|even|first|last|active|current|on|off)\b|[\s\d_-]+", re.IGNORECASE)
#: classes of what is set behind a name
_BADGE = re.compile(
    r"(?:^|[\s_-])(?:badge|label|tag|pill|meta|place|plaats|location|city|ville|ort|country|land|region|count|date|year)(?:$|[\s_-])",
    re.IGNORECASE,
)
#: between entries that share a line
_SEPARATOR = re.compile(r"\s*[•▪●■►|]\s*|\s+·\s+")


#: what the columns of a table, or selectors within an item, say that an entry tells: ``name``, ``year``, ``place``
Told = Mapping[str, tuple[str, Line]]


@dataclass(slots=True, eq=False)
class Entry:
    """One entry of a list, of one line or more; or a piece of a line, when the list is the line."""

    lines: list[Line]
    shape: str
    piece: str | None = None
    told: Told = field(default_factory=dict)

    @property
    def text(self) -> str:
        lines = self.lines
        if self.shape == "tr" and len(lines) > 1 and len(lines[0].text.strip(".)")) <= _INDEX_CHARS:
            # The first cell counts the rows.
            lines = lines[1:]
        return BULLET.sub("", self.piece or " ".join(line.text for line in lines))

    @property
    def links(self) -> list[Element]:
        if self.piece is None:
            return [link for line in self.lines for link in line.links]
        parts = (part for line in self.lines for part in line.parts if part.text.strip() in self.piece)
        return [part.element.link for part in parts if part.element.link is not None]


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
        if not entries or entries[0].shape in MARKED:
            return entries
        bold = [entry for entry in entries if entry.lines[0].strong]
        if 2 <= len(bold) < len(entries) and entries[0] is bold[0]:
            return bold
        firsts = {id(entry.lines[0].block): entry for entry in reversed(entries)}
        if _SAME <= len(firsts) < len(entries):
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
    shaped = _shaped(lines, start)
    if any(line.block.tag == "td" for entry in shaped for line in entry.lines):
        # A row of headings names the columns.
        shaped = [entry for entry in shaped if any(line.block.tag != "th" for line in entry.lines)]
        rows = [entry for entry in shaped if entry.shape == "tr"]
        if len(rows) > 2 and _is_head(rows[0]) and not any(_is_head(row) for row in rows[1:]):
            shaped.remove(rows[0])
    runs: list[list[Entry]] = []
    for entry in shaped:
        if runs and runs[-1][-1].shape == entry.shape:
            runs[-1].append(entry)
        else:
            runs.append([entry])
    marked = _grouped(runs) or next(
        (run for run in runs if run[0].shape in MARKED and len(run) >= 2 and not _is_index(run)), []
    )
    return (marked or _repeated(shaped))[:_MAX_ENTRIES]


def has_entries(items: Sequence[Item]) -> bool:
    """Whether a list stands among the items: two marked entries, or three lines of one make."""
    lines = [item for item in items if isinstance(item, Line)]
    counts: dict[str, int] = {}
    for entry in _shaped(lines, items[0].at) if lines else []:
        counts[entry.shape] = counts.get(entry.shape, 0) + 1
    return any(count >= (2 if shape in MARKED else 3) for shape, count in counts.items())


def has_content(items: Sequence[Item]) -> bool:
    """Whether an image or a marked entry stands among the items."""
    return any(isinstance(item, Picture) or (isinstance(item, Line) and _shape(item, 0)[0] in MARKED) for item in items)


def _shaped(lines: Sequence[Line], start: int) -> list[Entry]:
    entries: list[Entry] = []
    holder: Element | None = None
    for line in lines:
        if line.block.tag == "option":
            # What a form offers is no list of the page's own.
            continue
        if (pieces := _pieces(line)) is not None:
            entries.extend(Entry([line], "piece", piece) for piece in pieces)
            holder = None
            continue
        shape, element = _shape(line, start)
        if element is not None and element is holder:
            entries[-1].lines.append(line)
            continue
        holder = element
        entries.append(Entry([line], shape))
    return entries


def without_badges(line: Line) -> str:
    """The line's text without what an element of its own sets behind it: a place, a number, a tag."""
    parts = list(line.parts)
    while len(parts) > 1 and _is_badge(parts[-1].element):
        parts.pop()
    return line.text if len(parts) == len(line.parts) else collapse(" ".join(part.text for part in parts))


def _is_badge(element: Element) -> bool:
    if element.tag in ("small", "sup", "sub"):
        return True
    return element.tag in ("span", "em", "i") and _BADGE.search(element.attribute("class") or "") is not None


def _is_index(run: Sequence[Entry]) -> bool:
    """Letters and numbers to leaf through a list by, which stand above it."""
    return sum(len(entry.text) <= _INDEX_CHARS for entry in run) * 2 > len(run)


def _is_head(entry: Entry) -> bool:
    """A row of bold cells: it names the columns, where no other row is like it."""
    return entry.shape == "tr" and len(entry.lines) >= 2 and all(line.strong for line in entry.lines)


def _shape(line: Line, start: int) -> tuple[str, Element | None]:
    """How a line is an entry of a list, and the element that is the entry when that may hold more lines."""
    if is_file_name(line.text):
        return "file", None
    if BULLET.match(line.text) and line.block.tag not in ("li", "td"):
        return "bullet", None
    for element in islice(line.block.ancestors(), _STEPS):
        if element.first < start:
            break
        if element.tag in ("li", "dd", "tr"):
            return element.tag, element
        if element.tag == "td" and element.parent is not None and element.parent.first < start:
            # The label stands in the same row.
            return "td", element
    classes = _NTH.sub("", line.block.attribute("class") or "")
    return f"{line.block.tag}/{line.block.depth}/{classes}", None


def _pieces(line: Line) -> list[str] | None:
    """The entries that one line holds: parted by bullets or bars, or each an element of its own.

    Markup parts what the text runs together: ``<span>CARE Nederland</span><span>Cordaid</span>``.
    """
    if len(_SEPARATOR.findall(line.text)) >= 2:
        pieces = [piece for piece in _SEPARATOR.split(line.text) if piece]
        return pieces if 3 <= len(pieces) <= _MAX_PIECES else None
    if not 3 <= len(line.parts) <= _MAX_PIECES:
        return None
    tags = {part.element.tag for part in line.parts if part.text.strip(" ,;/&\n\t")}
    elements = {id(part.element) for part in line.parts}
    if len(tags) != 1 or len(elements) != len(line.parts) or line.parts[0].element.tag not in ("a", "span"):
        return None
    return [collapse(part.text) for part in line.parts]


def _grouped(runs: Sequence[list[Entry]]) -> list[Entry]:
    """The entries of all lists that stand each under one line, where those lines are of one make."""
    found: list[Entry] = []
    heading: str | None = None
    lists = 0
    for before, run in pairwise(runs):
        if run[0].shape not in MARKED or before[-1].shape in MARKED or _is_index(run) or run[0].shape == "dd":
            # What a ``dd`` says is of the ``dt`` above it.
            continue
        line = before[-1].lines[-1]
        make = f"{before[-1].shape}/{line.level}"
        if heading is not None and (make != heading or len(before) > 1 or run[0].shape != found[0].shape):
            break
        if not (line.strong or line.level) or len(line.text) > _GROUP_CHARS:
            break
        heading = make
        lists += 1
        found.extend(run)
    return found if 2 <= lists < len(found) else []


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
