"""How much a takedown or an embargo hides, counted before it is decided and wherever it is listed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from archive.layout import Archive
from archive.store.rules import Rule
from archive.store.withheld import hide, open_decided

#: URLs that are named, of however many there are
_NAMED = 10

_COUNTS = """SELECT (SELECT count(*) FROM temp.hidden_capture),
  (SELECT count(DISTINCT c.page_key) FROM main.capture c WHERE c.id IN (SELECT id FROM temp.hidden_capture)),
  (SELECT count(*) FROM temp.hidden_fact),
  (SELECT count(*) FROM main.payload p WHERE p.id IN (SELECT id FROM temp.hidden_payload) AND p.mime LIKE 'image/%'),
  (SELECT count(*) FROM temp.touched_resource)"""
_URLS = """SELECT url FROM main.resource WHERE id IN (SELECT id FROM temp.touched_resource) ORDER BY url LIMIT ?"""
# The same page, or the same bytes, under an address that the rules do not cover.
_ELSEWHERE = """SELECT DISTINCT r.url FROM main.capture h
  JOIN main.capture c ON c.page_version_id = h.page_version_id OR c.payload_id = h.payload_id
  JOIN main.resource r ON r.id = c.resource_id
WHERE h.id IN (SELECT id FROM temp.hidden_capture) AND c.id NOT IN (SELECT id FROM temp.hidden_capture)
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


def count_hidden(archive: Archive, rules: Sequence[Rule]) -> Hides:
    """What *rules* hide, whatever else is hidden. Raises NotAnArchive."""
    with open_decided(archive) as connection:
        return _count(connection, rules)


def _count(connection: sqlite3.Connection, rules: Sequence[Rule]) -> Hides:
    hide(connection, rules)
    captures, pages, facts, images, urls = connection.execute(_COUNTS).fetchone()

    def named(sql: str) -> tuple[str, ...]:
        return tuple(row[0] for row in connection.execute(sql, (_NAMED,)))

    return Hides(captures, pages, facts, images, urls, named(_URLS), named(_ELSEWHERE))
