"""Two databases, row for row: integer ids are this file's own, so natural keys stand in their place."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from archive.counted import counted

#: tables whose ids others refer to, and what names a row of them
_NATURAL = {
    "warc": "SELECT id, path FROM warc",
    "resource": "SELECT id, url FROM resource",
    "payload": "SELECT id, digest FROM payload",
    "url_list": "SELECT id, digest FROM url_list",
    "style": "SELECT id, digest FROM style",
    "capture": "SELECT c.id, w.path || '@' || c.warc_offset FROM capture c JOIN warc w ON w.id = c.warc_id",
    "page_version": "SELECT id, site_id || ' ' || page_key || ' ' || digest FROM page_version",
    "section_version": "SELECT id, site_id || ' ' || role || ' ' || digest FROM section_version",
    "fact": """SELECT f.id, s.site_id || ' ' || s.role || ' ' || s.digest || ' ' || f.position
      FROM fact f JOIN section_version s ON s.id = f.section_version_id""",
    "observation": """SELECT o.id, w.path || '@' || c.warc_offset || ' ' || o.role
      FROM observation o JOIN capture c ON c.id = o.capture_id JOIN warc w ON w.id = c.warc_id""",
    "logo": """SELECT l.id, l.site_id || ' ' || l.page_key || ' ' || l.role || ' ' || l.subject || ' ' || w.path || '@'
      || c.warc_offset FROM logo l JOIN capture c ON c.id = l.capture_id JOIN warc w ON w.id = c.warc_id""",
}

Dump = dict[str, list[tuple[object, ...]]]


def dump(connection: sqlite3.Connection) -> Dump:
    """Every table's rows, sorted, integer ids replaced. It holds the whole database in memory."""
    names = {table: dict(connection.execute(sql).fetchall()) for table, sql in _NATURAL.items()}
    found: Dump = {}
    for table in tables(connection):
        keyed = {
            row[3]: names[row[2]]
            for row in connection.execute(f'PRAGMA foreign_key_list("{table}")')
            if row[2] in names
        }
        columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
        kept = [column for column in columns if column != "id" or _is_text(connection, table)]
        selected = ", ".join(f'"{column}"' for column in kept)
        rows = [
            tuple(
                keyed[column].get(value) if column in keyed else value for column, value in zip(kept, row, strict=True)
            )
            for row in connection.execute(f'SELECT {selected} FROM "{table}"')
        ]
        found[table] = sorted(rows, key=repr)
    found["name_trigram"] = sorted(connection.execute("SELECT kind, ref, folded FROM name_trigram").fetchall())
    indexed = connection.execute(
        "SELECT v.site_id, v.page_key, v.digest FROM page_version_fts_docsize d JOIN page_version v ON v.id = d.id"
    )
    found["page_version_fts"] = sorted(indexed.fetchall())
    return found


def differences(one: Dump, other: Dump) -> Iterator[tuple[str, str, tuple[object, ...]]]:
    """Rows that only one of two dumps holds: table, ``-`` (only in *one*) or ``+`` (only in *other*), row."""
    for table in sorted(one.keys() | other.keys()):
        here, there = one.get(table, []), other.get(table, [])
        if here == there:
            continue
        missing, extra = list(here), list(there)
        for row in here:
            if row in extra:
                extra.remove(row)
                missing.remove(row)
        yield from ((table, "-", row) for row in missing)
        yield from ((table, "+", row) for row in extra)


def tables(connection: sqlite3.Connection) -> list[str]:
    """The tables of the schema; not those that SQLite, the search index or the migrations keep for themselves."""
    found = connection.execute(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY name"
    )
    return [row[0] for row in found]


def _is_text(connection: sqlite3.Connection, table: str) -> bool:
    return any(row[1] == "id" and row[2] == "TEXT" for row in connection.execute(f'PRAGMA table_info("{table}")'))


@dataclass(frozen=True, slots=True, order=True)
class PageFact:
    """One fact of one page, in however many captures."""

    site: str
    role: str
    page_key: str
    value: str
    kind: str
    year: str
    organisation: str
    tier: str
    captures: int

    def __str__(self) -> str:
        more = " ".join(part for part in (self.kind if self.kind != self.role else "", self.year) if part)
        told = f"{self.value!r}{f' ({more})' if more else ''}{', candidate' if self.tier == 'candidate' else ''}"
        known = f", organisation {self.organisation}" if self.organisation else ""
        times = counted(capture=self.captures)
        return f"{self.role} {told}{known}: page {self.page_key or 'without a key'} of {self.site}, {times}"


#: text and nothing else, so that Python orders it as SQLite does
_PAGE_FACTS = """SELECT s.site_id, s.role, coalesce(c.page_key, ''), f.value, coalesce(f.kind, ''),
  coalesce(CAST(f.year AS TEXT), ''), coalesce(f.organisation_key, ''), f.tier, count(*)
FROM observation o JOIN capture c ON c.id = o.capture_id JOIN section_version s ON s.id = o.section_version_id
  JOIN fact f ON f.section_version_id = s.id
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8"""


def fact_differences(before: sqlite3.Connection, after: sqlite3.Connection) -> Iterator[tuple[str, PageFact]]:
    """What was read off pages in one database and not in the other, or in another number of captures: ``-`` only
    *before*, ``+`` only *after*. Of any two schemas there have been, in little memory."""
    old = (PageFact(*row) for row in before.execute(_PAGE_FACTS))
    new = (PageFact(*row) for row in after.execute(_PAGE_FACTS))
    here, there = next(old, None), next(new, None)
    while here is not None or there is not None:
        if here == there:
            here, there = next(old, None), next(new, None)
        elif there is None or (here is not None and here < there):
            assert here is not None
            yield "-", here
            here = next(old, None)
        else:
            yield "+", there
            there = next(new, None)
