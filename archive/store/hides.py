"""How much a takedown or an embargo hides, counted before it is decided and wherever it is listed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from archive.layout import Archive
from archive.store.rules import Rule
from archive.store.withheld import hide, list_captures, open_decided

#: URLs that are named, of however many there are
_NAMED = 10

# Captures of the rules that are asked about; what is hidden with them may be of others too.
_ASKED = "CREATE TEMP TABLE asked_capture (id INTEGER PRIMARY KEY, resource_id INTEGER NOT NULL)"
_COUNTS = """SELECT (SELECT count(*) FROM temp.asked_capture),
  (SELECT count(DISTINCT c.page_key) FROM main.capture c WHERE c.id IN (SELECT id FROM temp.asked_capture)),
  (SELECT count(*) FROM main.fact f WHERE f.id IN (SELECT id FROM temp.hidden_fact) AND f.section_version_id IN (
    SELECT o.section_version_id FROM main.observation o WHERE o.capture_id IN (SELECT id FROM temp.asked_capture))),
  (SELECT count(*) FROM main.payload p WHERE p.id IN (SELECT id FROM temp.hidden_payload) AND p.mime LIKE 'image/%'
    AND p.id IN (SELECT c.payload_id FROM main.capture c WHERE c.id IN (SELECT id FROM temp.asked_capture))),
  (SELECT count(DISTINCT resource_id) FROM temp.asked_capture)"""
_URLS = (
    """SELECT url FROM main.resource WHERE id IN (SELECT resource_id FROM temp.asked_capture) ORDER BY url LIMIT ?"""
)
# The same page, or the same bytes, under an address that no rule covers.
_ELSEWHERE = """SELECT DISTINCT r.url FROM main.capture h
  JOIN main.capture c ON c.page_version_id = h.page_version_id OR c.payload_id = h.payload_id
  JOIN main.resource r ON r.id = c.resource_id
WHERE h.id IN (SELECT id FROM temp.asked_capture) AND c.id NOT IN (SELECT id FROM temp.hidden_capture)
  AND c.resource_id NOT IN (SELECT id FROM temp.touched_resource) ORDER BY r.url LIMIT ?"""


@dataclass(frozen=True, slots=True)
class Hides:
    captures: int
    pages: int
    #: facts that no other capture shows
    facts: int
    #: pictures that no other capture shows
    images: int
    urls: int
    #: the first of them
    examples: tuple[str, ...]
    #: URLs that show the same page or the same bytes, and stay
    elsewhere: tuple[str, ...]


def count_hidden(archive: Archive, rules: Sequence[Rule], *, also: Sequence[Rule] = ()) -> Hides:
    """What *rules* hide when *also* hide too: no other capture is one of neither. Raises NotAnArchive."""
    with open_decided(archive) as connection:
        return _count(connection, rules, also)


def _count(connection: sqlite3.Connection, rules: Sequence[Rule], also: Sequence[Rule]) -> Hides:
    hide(connection, [*rules, *also])
    connection.execute(_ASKED)
    list_captures(connection, "asked_capture", rules, columns="id, resource_id")
    captures, pages, facts, images, urls = connection.execute(_COUNTS).fetchone()

    def named(sql: str) -> tuple[str, ...]:
        return tuple(row[0] for row in connection.execute(sql, (_NAMED,)))

    return Hides(captures, pages, facts, images, urls, named(_URLS), named(_ELSEWHERE))
