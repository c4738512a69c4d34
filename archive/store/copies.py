"""One record in two files is two captures: the second is linked to the first, so that no timeline counts it twice."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from archive.layout import KEPT

# Files of our own crawls share no records: one of the two was always taken in. What they have in common stands next to
# each other, ours first.
_TOGETHER = f"""SELECT o.resource_id, o.warc_date, o.record_type, o.id, o.warc_id, o.record_id, o.payload_id,
  o.copy_of_id
FROM (SELECT DISTINCT c.resource_id, c.captured_at FROM warc w JOIN capture c ON c.warc_id = w.id
    JOIN crawl k ON k.id = c.crawl_id
    WHERE substr(w.path, 1, {len(KEPT)}) = '{KEPT}' AND k.site_id = :site) t
  JOIN capture o ON o.resource_id = t.resource_id AND o.captured_at = t.captured_at
  JOIN crawl k ON k.id = o.crawl_id JOIN warc w ON w.id = o.warc_id
WHERE k.site_id = :site
ORDER BY o.resource_id, o.warc_date, o.record_type, substr(w.path, 1, {len(KEPT)}) = '{KEPT}', w.path, o.warc_offset"""

#: id, file, record id, payload, what it is known to be a copy of
_Capture = tuple[int, int, str, int | None, int | None]


def link_copies(connection: sqlite3.Connection, site: str) -> None:
    """Of the captures of *site*: the same URL and date, and the same record id or payload, in another file."""
    changed: list[tuple[int | None, int]] = []
    for _, rows in groupby(connection.execute(_TOGETHER, {"site": site}), key=itemgetter(0, 1, 2)):
        changed += _changes([row[3:] for row in rows])
    connection.executemany("UPDATE capture SET copy_of_id = ? WHERE id = ?", changed)


def _changes(captures: Iterable[_Capture]) -> Iterator[tuple[int | None, int]]:
    #: by what they share, where it was first: captures of two files at most, in their order
    firsts: defaultdict[tuple[str, str | int | None], list[tuple[int, int, int]]] = defaultdict(list)
    for number, (id_, file, record_id, payload, known) in enumerate(captures):
        shared: list[tuple[str, str | int | None]] = [("record", record_id)]
        if payload is not None:
            shared.append(("payload", payload))
        elsewhere = [first for key in shared for first in firsts[key] if first[1] != file]
        first = min(elsewhere)[2] if elsewhere else None
        if first is None:
            for key in shared:
                if len(firsts[key]) < 2 and all(file != there for _, there, _ in firsts[key]):
                    firsts[key].append((number, file, id_))
        if first != known:
            yield first, id_
