"""The entries that lines are: list items, table rows, bullets, pieces of one long line, or lines of some make."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from crawler.extract.dom import Element, Line, Part, collapse
from crawler.extract.names import is_name
from crawler.extract.naming import is_file_name
from crawler.extract.vocabulary import vocabulary

#: how far up from a line its list item, row or cell is looked for
_STEPS = 12
_MAX_PIECES = 100
#: fewer links beside one another are no list
_LINKS = 3
#: more elements than tell of one entry
_MAX_FIELDS = 8
#: fewer in a row are cells of one line each
_CELL_LINES = 4
INDEX_CHARS = 2
#: shapes that say of themselves that they are a list
MARKED = frozenset(("li", "tr", "td", "dd", "bullet", "piece", "file"))

BULLET = re.compile(
    r"^\s*(?:[•·▪▫◦‣⁃∙●○■□►▸▶➢➤→»✓✔❖*]|[-–—](?=\s)|\(?\d{1,2}[.)](?=\s)|\(?(?:[a-z]|[ivx]{2,4})[)](?=\s))\s*"
)
_SIGN = re.compile(r"\s*[•·▪▫◦‣⁃∙●○■□►▸▶➢➤✓✔❖]")
#: "O1. To measure what rivers carry": the item's own
_CODED = re.compile(r"[A-Z]{1,2}\d{1,2}[.:)] \S+(?: \S+){3}")
#: classes that tell one entry from the next, not entries from other things
_NTH = re.compile(r"\b(?:odd|even|first|last|active|current|on|off)\b|[\s\d_-]+", re.IGNORECASE)
_INLINE = frozenset(("span", "a", "strong", "b", "em", "i", "small"))
#: between entries that share a line
_SEPARATOR = re.compile(r"\s*[•▪●■►|]\s*|\s+·\s+")
#: the same, where it stands often
_DASH = re.compile(r"\s[–—]\s")


#: what the columns of a table, or selectors within an item, say that an entry tells: ``name``, ``year``, ``place``
Told = Mapping[str, tuple[str, Line]]


@dataclass(slots=True, eq=False)
class Entry:
    """One entry of a list, of one line or more; or a piece of a line, when the list is the line."""

    lines: list[Line]
    shape: str
    piece: str | None = None
    told: Told = field(default_factory=dict)
    #: what holds all its lines, where that is one element of the list
    element: Element | None = None

    @property
    def text(self) -> str:
        lines = self.lines
        if self.shape == "tr" and len(lines) > 1 and len(lines[0].text.strip(".)")) <= INDEX_CHARS:
            # The first cell counts the rows.
            lines = lines[1:]
        return BULLET.sub("", self.piece or " ".join(line.text for line in lines))

    @property
    def links(self) -> list[Element]:
        if self.piece is None:
            return [link for line in self.lines for link in line.links]
        parts = (part for line in self.lines for part in line.parts if part.text.strip() in self.piece)
        return [part.element.link for part in parts if part.element.link is not None]


def shaped(lines: Sequence[Line], start: int) -> list[Entry]:
    entries: list[Entry] = []
    holder: Element | None = None
    for line in lines:
        if line.block.tag == "option" or _is_quoted(line):
            # What a form offers is no list of the page's own, and what somebody says no entry of one.
            continue
        if (pieces := _pieces(line)) is not None:
            entries.extend(Entry([line], "piece", piece) for piece in pieces)
            holder = None
            continue
        shape, element = shape_of(line, start)
        if element is None and (entry := of_fields(line, shape)) is not None:
            entries.append(entry)
            holder = None
            continue
        if element is not None and element is holder:
            entries[-1].lines.append(line)
            continue
        holder = element
        entries.append(Entry([line], shape, element=element))
    return [each for nth, entry in enumerate(entries) for each in _typed_in_cells(entry, entries[nth - 1 : nth + 2])]


def of_fields(line: Line, shape: str) -> Entry | None:
    """The entry that a line is of whose elements one is called the name."""
    name = _called_name(line.parts)
    return Entry([line], shape, collapse(name.text)) if name is not None else None


def _typed_in_cells(entry: Entry, near: Sequence[Entry]) -> list[Entry]:
    """The lines of a row, where the row is all of its table and its cells set names beside one another."""
    lines = entry.lines
    if entry.shape != "tr" or len(lines) < _CELL_LINES or sum(each.shape == "tr" for each in near) > 1:
        return [entry]
    cells = {id(line.block) for line in lines}
    if len(lines) < len(cells) * 2 or not all(line.block.tag == "td" and is_name(line.text) for line in lines):
        return [entry]
    return [Entry([line], "td") for line in lines]


def _is_quoted(line: Line) -> bool:
    block = line.block
    return block.tag == "blockquote" or (block.parent is not None and block.parent.tag == "blockquote")


def without_badges(line: Line) -> str:
    """The line's text without what an element of its own sets behind it: a place, a number, a tag."""
    parts = line.parts
    named = _named_parts(parts)
    return line.text if len(named) == len(parts) else collapse(" ".join(part.text for part in named))


def _named_parts(parts: Sequence[Part]) -> Sequence[Part]:
    """Those of the parts that are the name, without what elements of their own tell beside it."""
    if (name := _called_name(parts)) is not None:
        return [name]
    if len(parts) > 1 and _is_glued(*parts[:2]):
        return parts[:1]
    end = len(parts)
    while end > 1 and _is_badge(parts[end - 1].element):
        end -= 1
    return parts[:end]


def _called_name(parts: Sequence[Part]) -> Part | None:
    """The one of elements beside one another that its class calls a name: a style sheet sets each in a line of its own,
    and what the others tell is no name. None where there is none, or several."""
    if not 1 < len(parts) <= _MAX_FIELDS or len({part.element.parent for part in parts}) > 1:
        return None
    called = vocabulary().called_name
    named = [part for part in parts if called.search(part.element.attribute("class") or "")]
    return named[0] if len(named) == 1 and all(part.element.tag in _INLINE for part in parts) else None


def _is_glued(one: Part, other: Part) -> bool:
    """Whether two elements stand without a space between them, as columns do: a name, and its town."""
    if one.element is other.element or not {one.element.tag, other.element.tag} <= {"span", "a"}:
        return False
    before, after = one.text[-1:], other.text[:1]
    return (before.islower() or before in ".)") and (after.isupper() or after.isdigit())


def _is_badge(element: Element) -> bool:
    if element.tag in ("small", "sup", "sub"):
        return True
    if element.tag not in ("span", "em", "i"):
        return False
    return vocabulary().badge.search(element.attribute("class") or "") is not None


def shape_of(line: Line, start: int) -> tuple[str, Element | None]:
    """How a line is an entry of a list, and the element that is the entry when that may hold more lines."""
    if is_file_name(line.text):
        return "file", None
    if line.block.tag != "li" and (_SIGN if line.block.tag == "td" else BULLET).match(line.text):
        # In a cell a number may be of the row.
        return "bullet", None
    if _CODED.match(line.text):
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
    for separator, fewest in ((_SEPARATOR, 3), (_DASH, 4)):
        if len(separator.findall(line.text)) >= fewest - 1:
            pieces = [piece for piece in separator.split(line.text) if piece]
            if fewest <= len(pieces) <= _MAX_PIECES and (separator is _SEPARATOR or all(map(is_name, pieces))):
                return pieces
            return None
    if not 3 <= len(line.parts) <= _MAX_PIECES or _called_name(line.parts) is not None:
        return None
    if (linked := _linked_pieces(line)) is not None:
        return linked
    tags = {part.element.tag for part in line.parts if part.text.strip(" ,;/&\n\t")}
    elements = {id(part.element) for part in line.parts}
    if len(tags) != 1 or len(elements) != len(line.parts) or line.parts[0].element.tag not in ("a", "span"):
        return None
    return [collapse(part.text) for part in line.parts]


def _linked_pieces(line: Line) -> list[str] | None:
    """The names in links of one class, three or more, that are all of the line."""
    parts: dict[Element | None, list[Part]] = {}
    for part in line.parts:
        parts.setdefault(part.element.link, []).append(part)
    links = [link for link in parts if link is not None]
    if len(links) < len(parts) or len(links) < _LINKS or len({link.attribute("class") for link in links}) > 1:
        return None
    if links[0].attribute("class") is None:
        return None
    return [collapse(" ".join(part.text for part in _named_parts(told))) for told in parts.values()]
