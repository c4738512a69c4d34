"""Where words stand: on pages, and among what was listed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from archive.errors import WrongUse
from archive.store.expressions import Piece, pieces_of, widened_expression
from archive.store.meant import find_meant
from archive.store.subjects import fold
from archive.store.vocabulary import read_vocabulary

#: stand around a hit in a snippet: control characters are in no text that a page shows
OPEN, CLOSE = "\x02", "\x03"
#: pages, and things listed; who wants more asks for a shorter period
_MOST = 50

_PAGES = f"""SELECT v.id, v.site_id, v.page_key, v.title, snippet(page_version_fts, 1, '{OPEN}', '{CLOSE}', '…', 28)
FROM page_version_fts JOIN page_version v ON v.id = page_version_fts.rowid
WHERE page_version_fts MATCH :expression AND (:site IS NULL OR v.site_id = :site) AND EXISTS (SELECT 1 FROM capture c
  WHERE c.page_version_id = v.id AND c.captured_at BETWEEN :since AND :until)
  AND (:versions IS NULL OR (:versions = 'current') = (v.id = (SELECT w.id FROM page_version w
    JOIN capture c ON c.page_version_id = w.id WHERE w.site_id = v.site_id AND w.page_key = v.page_key
    ORDER BY c.captured_at DESC, w.id DESC LIMIT 1)))
ORDER BY rank, v.id LIMIT {_MOST * 10}"""
_CAPTURES = """SELECT min(c.captured_at), max(c.captured_at) AS newest, c.record_id, r.url
FROM capture c JOIN resource r ON r.id = c.resource_id
WHERE c.page_version_id = ? AND c.captured_at BETWEEN ? AND ?"""
_TEXT = "SELECT coalesce(title, '') || char(10) || text FROM page_version WHERE id = ?"
_LISTED = """SELECT p.site_id, p.role, coalesce(o.name, p.value), p.value, p.state, p.first_seen, p.last_seen,
  p.gone_by, p.page_key, c.record_id, r.url
FROM presence p JOIN capture c ON c.id = p.last_capture_id JOIN resource r ON r.id = c.resource_id
  LEFT JOIN organisation o ON o.id = p.organisation_id
WHERE (:role IS NULL OR p.role = :role) AND (:site IS NULL OR p.site_id = :site) AND p.first_seen <= :until
  AND p.last_seen >= :since AND holds(coalesce(o.name, '') || ' ' || p.value)"""


@dataclass(frozen=True, slots=True)
class PageHit:
    """A page, by the version that fits best."""

    site: str
    page_key: str
    title: str | None
    #: with `OPEN` and `CLOSE` around each hit
    snippet: str
    #: versions that fit
    versions: int
    #: of the best version's captures in the period
    first_seen: str
    last_seen: str
    record_id: str
    url: str


@dataclass(frozen=True, slots=True)
class ListedHit:
    site: str
    role: str
    name: str
    value: str
    state: str
    first_seen: str
    last_seen: str
    gone_by: str | None
    page_key: str
    #: of the last capture that lists it
    record_id: str
    url: str


@dataclass(frozen=True, slots=True)
class Hits:
    listed: tuple[ListedHit, ...]
    pages: tuple[PageHit, ...]
    #: whether there are more than these
    more: bool
    #: where nothing is found: what may have been meant, and is found
    meant: str | None = None


def search(
    connection: sqlite3.Connection,
    words: str,
    *,
    site: str | None = None,
    since: str = "",
    until: str = "~",
    role: str | None = None,
    versions: Literal["current", "past"] | None = None,
) -> Hits:
    """The best first, and last the pages that have a word inside longer ones only. Any *words* will do; with *role*
    only what is listed so is looked at, with *versions* only pages: what the last capture of each shows, or what it
    showed before. Raises WrongUse for a site or a role that is not in the database."""
    _check(connection, "site", "SELECT id FROM site ORDER BY id", site)
    _check(connection, "role", "SELECT DISTINCT role FROM presence ORDER BY role", role)
    asked = {"site": site, "since": since, "until": until, "role": role, "versions": versions}
    listed = [] if versions else _find_listed(connection, fold(words), asked)
    pages, meant = ([], None) if role else _find_pages(connection, pieces_of(words), asked)
    more = len(listed) > _MOST or len(pages) > _MOST
    return Hits(tuple(listed[:_MOST]), tuple(pages[:_MOST]), more, None if listed else meant)


def _check(connection: sqlite3.Connection, what: str, sql: str, given: str | None) -> None:
    known = [row[0] for row in connection.execute(sql)]
    if given is not None and given not in known:
        raise WrongUse(f"no {what} {given!a} in the database; there are: {', '.join(known) or 'none'}")


def _find_listed(connection: sqlite3.Connection, folded: str, asked: dict[str, str | None]) -> list[ListedHit]:
    parts: Sequence[str] = folded.split()
    if not parts:
        return []

    def holds(text: str) -> bool:
        there = fold(text)
        return all(part in there for part in parts)

    connection.create_function("holds", 1, holds, deterministic=True)
    found = [ListedHit(*row) for row in connection.execute(_LISTED, asked)]
    return sorted(found, key=lambda hit: (_rank(fold(hit.name), folded), hit.name, hit.site, hit.role, hit.first_seen))


def _rank(name: str, folded: str) -> int:
    """The name itself, one that begins so, one that holds it as it was typed, any other."""
    return (name != folded) + (not name.startswith(folded)) + (folded not in name)


def _find_pages(
    connection: sqlite3.Connection, pieces: Sequence[Piece], asked: dict[str, str | None]
) -> tuple[list[PageHit], str | None]:
    """And where there are none, what may have been meant."""
    if not pieces:
        return [], None
    best: dict[tuple[str, str], tuple[int, str | None, str]] = {}
    versions: dict[tuple[str, str], set[int]] = {}

    def add(expression: str) -> None:
        for id_, site, page_key, title, snippet in connection.execute(_PAGES, asked | {"expression": expression}):
            best.setdefault((site, page_key), (id_, title, snippet or ""))
            versions.setdefault((site, page_key), set()).add(id_)

    add(" ".join(piece.expression for piece in pieces))
    if len(best) <= _MOST:
        # Reading the vocabulary costs more than any question: only where there is room for what it finds.
        vocabulary = read_vocabulary(connection)
        if widened := widened_expression(pieces, vocabulary.longer_of(pieces)):
            add(widened)
        if not best and (meant := find_meant(vocabulary, pieces)):
            # Told only where it is found: the index holds words of what is withheld too.
            row = connection.execute(_PAGES, asked | {"expression": meant.expression}).fetchone()
            return [], meant.as_written(connection.execute(_TEXT, (row[0],)).fetchone()[0]) if row else None
    found = []
    for key, (id_, title, snippet) in list(best.items())[: _MOST + 1]:
        # Beside max() SQLite takes the other columns from the row that has it.
        first, last, record_id, url = connection.execute(_CAPTURES, (id_, asked["since"], asked["until"])).fetchone()
        found.append(PageHit(*key, title, snippet, len(versions[key]), first, last, record_id, url))
    return found, None
