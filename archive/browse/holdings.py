"""What is known of every page version and counted at each search: its page and site, its months, the sections on it,
whether it is the last that was captured; and the words on all of them. Held in memory: joined in SQL, counting a word
that stands on 100,000 versions costs several times what finding it does.

It is read again when the file that is served has other rows, and at once when a decision was made: no word is held that
is not in what may be seen.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from array import array
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from archive.browse import access
from archive.databases import read_only_uri
from archive.store.vocabulary import Vocabulary, read_vocabulary

#: what captures of known pages add is counted no sooner than this after the last reading, seconds, nor than so many
#: times as long as reading took
_FRESH_S, _COSTS = 5.0, 10

_PAGES = "SELECT id, site_id, page_key FROM page_version ORDER BY site_id, page_key"
_MONTHS = """SELECT page_version_id, group_concat(DISTINCT substr(captured_at, 1, 7)), max(captured_at) FROM capture
WHERE page_version_id IS NOT NULL GROUP BY page_version_id"""
_SECTIONS = """SELECT c.page_version_id, group_concat(DISTINCT o.role) FROM capture c
JOIN observation o ON o.capture_id = c.id
WHERE c.page_version_id IS NOT NULL AND o.state = 'found' GROUP BY c.page_version_id"""
# The index's own records of its segments and its totals (FTS5, "The %_data table"): both change with every write.
_INDEX = "SELECT group_concat(hex(block)) FROM page_version_fts_data WHERE id IN (1, 10)"
_LAST = "SELECT max(id) FROM capture"


@dataclass(frozen=True, slots=True)
class Kind:
    """What any number of versions have in common."""

    site: str
    #: in which it was captured, ``YYYY-MM``, in order
    months: tuple[str, ...]
    #: roles of the sections that were found on it
    sections: tuple[str, ...]
    #: whether it is what the page's last readable capture shows
    is_current: bool

    @property
    def facets(self) -> Iterator[tuple[str, str]]:
        yield "site", self.site
        yield from (("year", year) for year in sorted({month[:4] for month in self.months}))
        yield from (("section", role) for role in self.sections)
        yield "versions", "current" if self.is_current else "past"


@dataclass(frozen=True, slots=True)
class Holdings:
    #: by version id: the number of its page, and of its kind; 0 is no version that is shown
    page_of: array[int]
    kind_of: array[int]
    kinds: tuple[Kind, ...]
    #: of a mask the meaning of each bit, the least first
    facets: tuple[tuple[str, str], ...]
    #: of each kind which facets it has: those of a page are those of its versions, or'ed
    masks: tuple[int, ...]
    vocabulary: Vocabulary


@dataclass(frozen=True, slots=True)
class _Stamp:
    #: of what may be seen: another after every decision
    publication: object
    path: str
    index: str
    last_capture: int


@dataclass(slots=True)
class _Shelf:
    """Of one database: one thread reads while the others wait."""

    lock: threading.Lock
    holdings: Holdings | None = None
    stamp: _Stamp | None = None
    read_at: float = 0.0
    took_s: float = 0.0


_shelves: WeakKeyDictionary[Any, _Shelf] = WeakKeyDictionary()


async def holdings_of(datasette: Any, name: str) -> Holdings:
    return await asyncio.to_thread(_current, datasette, name)


def _current(datasette: Any, name: str) -> Holdings:
    database = datasette.databases[name]
    shelf = _shelves.setdefault(database, _Shelf(threading.Lock()))
    with shelf.lock:
        publication = access.publication_of(datasette, name)
        # Before the file: what is read is then of this decision or of a later one, never of an earlier.
        decided = publication.state()[0] if publication else None
        with closing(sqlite3.connect(read_only_uri(Path(database.path)), uri=True)) as connection:
            connection.execute("BEGIN")
            stamp = _Stamp(
                decided,
                database.path,
                str(connection.execute(_INDEX).fetchone()[0]),
                connection.execute(_LAST).fetchone()[0] or 0,
            )
            if shelf.holdings is None or _is_due(shelf, stamp):
                began = time.monotonic()
                shelf.holdings, shelf.stamp = _read(connection), stamp
                shelf.read_at = time.monotonic()
                shelf.took_s = shelf.read_at - began
        return shelf.holdings


def _is_due(shelf: _Shelf, stamp: _Stamp) -> bool:
    known = shelf.stamp
    if known is None or (known.publication, known.path, known.index) != (stamp.publication, stamp.path, stamp.index):
        return True
    rest_s = max(_FRESH_S, _COSTS * shelf.took_s)
    return known.last_capture != stamp.last_capture and time.monotonic() - shelf.read_at >= rest_s


def _read(connection: sqlite3.Connection) -> Holdings:
    months = {id_: (listed, last) for id_, listed, last in connection.execute(_MONTHS)}
    sections = dict(connection.execute(_SECTIONS))
    most = max(months, default=0) + 1
    page_of, kind_of = array("I", bytes(4 * most)), array("I", bytes(4 * most))
    numbers: dict[Kind, int] = {}
    rows = ((id_, site, key) for id_, site, key in connection.execute(_PAGES) if id_ in months)
    for number, (site, versions) in enumerate(_by_page(rows), 1):
        current = max(versions, key=lambda id_: (months[id_][1], id_))
        for id_ in versions:
            found = sections.get(id_)
            kind = Kind(
                site,
                tuple(sorted(months[id_][0].split(","))),
                tuple(sorted(found.split(","))) if found else (),
                id_ == current,
            )
            page_of[id_], kind_of[id_] = number, numbers.setdefault(kind, len(numbers) + 1)
    facets = sorted({facet for kind in numbers for facet in kind.facets})
    bits = {facet: 1 << place for place, facet in enumerate(facets)}
    masks = (0, *(sum(bits[facet] for facet in kind.facets) for kind in numbers))
    nothing = Kind("", (), (), is_current=False)
    vocabulary = read_vocabulary(connection)
    return Holdings(page_of, kind_of, (nothing, *numbers), tuple(facets), masks, vocabulary)


def _by_page(rows: Iterable[tuple[int, str, str]]) -> Iterator[tuple[str, list[int]]]:
    """Of each page its site and its versions; *rows* come page by page."""
    of: tuple[str, str] | None = None
    versions: list[int] = []
    for id_, site, key in rows:
        if of is not None and of != (site, key):
            yield of[0], versions
            versions = []
        of = site, key
        versions.append(id_)
    if of is not None:
        yield of[0], versions
