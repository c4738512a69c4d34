"""What the columns of a table hold, as its head says: in which one names stand, in which towns and years."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from crawler.extract.dom import Element, Item, Line
from crawler.extract.entries import Entry, Told
from crawler.extract.names import are_countries, are_persons, is_name, organisation_like
from crawler.extract.vocabulary import COLUMNS, vocabulary

#: how far up a cell's row, and a row's table, are looked for
_STEPS = 12
_MAX_COLUMNS = 40
#: of a row or a head that are looked at
_MAX_ITEMS = 400
#: cells of the head that must be known where its markup does not say that it is one
_KNOWN = 2

#: rows of a table without a head from which on its columns are compared
_ROWS = 3
_LIKELY = 0.5

_E = TypeVar("_E", bound=Entry)


@dataclass(frozen=True, slots=True)
class Columns:
    """Of one table: its head, and the columns, counted from 0, whose titles say what they hold."""

    head: Element
    at: dict[str, int]


def read_columns(entries: Sequence[_E], items: Sequence[Item]) -> list[_E]:
    """*entries*, those that are rows of a table with a head told apart by column, and without that head.

    *items* are the page's: the head may stand outside of what was chosen. Rows of people, as the head says, are left
    out.
    """
    tables: dict[int, Columns | None] = {}
    headless: dict[int, list[_E]] = {}
    read: list[_E] = []
    for entry in entries:
        row = row_of(entry.lines[0]) if entry.lines and entry.shape == "tr" else None
        table = next((e for e in islice(row.ancestors(), _STEPS) if e.tag == "table"), None) if row else None
        if row is None or table is None:
            read.append(entry)
            continue
        if table.first not in tables:
            tables[table.first] = columns_of(items[table.first : min(table.last, table.first + _MAX_ITEMS)])
        columns = tables[table.first]
        if columns is None:
            headless.setdefault(table.first, []).append(entry)
            read.append(entry)
        elif row is not columns.head and "forename" not in columns.at:
            entry.told = {**told_by(columns, items[row.first : min(row.last, row.first + _MAX_ITEMS)]), **entry.told}
            read.append(entry)
    dropped = {id(entry) for rows in headless.values() for entry in _without_head(rows, items)}
    return [entry for entry in read if id(entry) not in dropped]


def _without_head(rows: Sequence[Entry], items: Sequence[Item]) -> list[Entry]:
    """Of a table without a head, tell the names where they stand in a later column than the first.

    Those of its rows are returned that are none: they part the table, "Africa".
    """
    cells: list[dict[int, tuple[str, Line]]] = []
    for entry in rows:
        element = row_of(entry.lines[0])
        within = items[element.first : min(element.last, element.first + _MAX_ITEMS)] if element else ()
        cells.append({number: (text, line) for number, text, line in _cells(within, element)} if element else {})
    full = [row for row in cells if len(row) > 1]
    if len(full) < _ROWS or len(full) * 2 < len(rows):
        return []
    columns: dict[int, list[str]] = {}
    for row in full:
        for number, (text, _) in row.items():
            columns.setdefault(number, []).append(text)
    if _names_organisations(columns[min(columns)], len(full)):
        return []
    named = [number for number, texts in columns.items() if _names_organisations(texts, len(full))]
    if not named:
        return []
    best = max(named, key=lambda number: organisation_like(columns[number]))
    for entry, row in zip(rows, cells, strict=True):
        if best in row:
            entry.told = {"name": row[best], **entry.told}
    return [entry for entry, row in zip(rows, cells, strict=True) if best not in row]


def _names_organisations(texts: Sequence[str], rows: int) -> bool:
    names = [text for text in texts if is_name(text)]
    if len(names) * 5 < rows * 4 or len({*names}) * 5 < len(names) * 4:
        return False
    return not (are_persons(names) or are_countries(names)) and organisation_like(names) >= _LIKELY


def columns_of(items: Sequence[Item]) -> Columns | None:
    """The columns of the table that holds *items*; None when its first row is no head, or says nothing we know."""
    # A caption stands in the table, and in no row.
    rows = (row_of(item) for item in items if isinstance(item, Line))
    head = next((row for row in rows if row is not None), None)
    if head is None:
        return None
    titles = {number: text.casefold().strip(" :*\u200b") for number, text, _line in _cells(items, head)}
    words = vocabulary().columns
    known = {
        number: field
        for number, title in titles.items()
        if (field := next((field for field in COLUMNS if words[field].match(title)), None)) is not None
    }
    lines = [item for item in items if isinstance(item, Line) and row_of(item) is head]
    marked = all(any(e.tag in ("th", "thead") for e in islice(line.block.ancestors(), _STEPS)) for line in lines)
    if not known or len(titles) < 2 or not (marked or len(known) >= _KNOWN):
        return None
    at: dict[str, int] = {}
    for number in sorted(known):
        at.setdefault(known[number], number)
    # What a list of choirs calls the names is "Choir": the first column that says nothing else.
    others = [number for number in sorted(titles) if number not in known]
    if "name" not in at and others:
        at["name"] = others[0]
    return Columns(head, at)


def column_below(rows: Sequence[Line], items: Sequence[Item], is_title: Callable[[Line], bool]) -> list[Line]:
    """Of the table that *rows*, each by a line of it, belong to: the cells of the one column whose head *is_title*."""
    first = row_of(rows[0]) if rows else None
    table = next((e for e in islice(first.ancestors(), _STEPS) if e.tag == "table"), None) if first else None
    head = row_of(next((i for i in items[table.first : table.last] if isinstance(i, Line)), rows[0])) if table else None
    if table is None or head is None:
        return []
    titles = list(_cells(items[head.first : head.last], head))
    titled = [number for number, _text, line in titles if is_title(line)]
    if len(titles) < 2 or len(titled) != 1:
        return []
    found: list[Line] = []
    for row in dict.fromkeys(map(row_of, rows)):
        if row is not None and row is not head:
            cells = _cells(items[row.first : min(row.last, row.first + _MAX_ITEMS)], row)
            found += [line for number, _text, line in cells if number == titled[0]]
    return found


def told_by(columns: Columns, items: Sequence[Item]) -> Told:
    """What a row tells in the columns that are known: the text, and the line it begins in; of an empty cell no text."""
    first = next((item for item in items if isinstance(item, Line)), None)
    row = row_of(first) if first is not None else None
    if first is None or row is None:
        return {}
    cells = {number: (text, line) for number, text, line in _cells(items, row)}
    return {
        field: cells.get(number, ("", first))
        for field, number in columns.at.items()
        if number in cells or field != "name"
    }


def row_of(line: Line) -> Element | None:
    return next((element for element in islice(line.block.ancestors(), _STEPS) if element.tag == "tr"), None)


def _cells(items: Sequence[Item], row: Element) -> Iterator[tuple[int, str, Line]]:
    """Number, text and line of each cell of the row that holds any text. Of several lines the first counts."""
    seen: set[int] = set()
    for item in items:
        if not isinstance(item, Line) or row_of(item) is not row:
            continue
        cell = next((e for e in islice(item.block.ancestors(), _STEPS) if e.tag in ("td", "th")), None)
        if cell is None or (number := _column(cell)) in seen or number >= _MAX_COLUMNS:
            continue
        seen.add(number)
        yield number, item.text.strip("\u200b\ufeff "), item


def _column(cell: Element) -> int:
    """Its place in the row, empty cells and those that span several columns counted."""
    number = 0
    before = cell.node.prev
    while before is not None and number < _MAX_COLUMNS:
        if before.tag in ("td", "th"):
            span = before.attrs.get("colspan") or ""
            number += int(span) if span.isascii() and span.isdigit() and len(span) <= 2 and int(span) else 1
        before = before.prev
    return number
