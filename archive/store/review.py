"""What a person is asked, as `bewaar curate` goes through it, and what names stand in the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, fields

from archive.store.subjects import fold, slug

#: what is asked first
_KINDS = ("unnamed logo", "compound", "candidate", "low confidence", "alias")

_SELECT_FACTS = """SELECT s.site_id, s.role, count(DISTINCT f.id)
FROM fact f JOIN section_version s ON s.id = f.section_version_id
WHERE fold(f.raw) = ?1 OR fold(f.value) = ?1 GROUP BY s.site_id, s.role ORDER BY s.site_id, s.role"""
_SELECT_OF_ORGANISATION = """SELECT DISTINCT s.site_id, s.role, f.organisation_id
FROM fact f JOIN section_version s ON s.id = f.section_version_id JOIN organisation o ON o.id = f.organisation_id
WHERE o.id = ?1 OR o.id = ?2 OR fold(o.name) = ?3 ORDER BY s.site_id, s.role, f.organisation_id"""

_SELECT_PAGES = """SELECT DISTINCT c.page_key
FROM fact f JOIN section_version s ON s.id = f.section_version_id LEFT JOIN organisation n ON n.id = f.organisation_id
  JOIN observation o ON o.section_version_id = s.id JOIN capture c ON c.id = o.capture_id
WHERE s.site_id = ?4 AND s.role = ?5 AND c.page_key IS NOT NULL
  AND (fold(f.raw) = ?1 OR fold(f.value) = ?1 OR n.id IN (?2, ?3) OR fold(n.name) = ?1)
ORDER BY c.page_key"""


@dataclass(frozen=True, slots=True)
class Item:
    """One row of the view ``review``."""

    kind: str
    what: str
    other: str | None
    why: str
    confidence: float | None
    role: str | None
    sightings: int | None
    other_sightings: int | None
    pages: int | None
    site_id: str | None
    raw: str | None
    quote: str | None
    url: str | None
    captured_at: str | None
    page_key: str | None
    organisation_id: str | None
    other_id: str | None
    #: names they go by, where it is about organisations
    organisation: str | None
    other_organisation: str | None
    #: where the other one stands
    other_url: str | None
    other_captured_at: str | None

    @property
    def key(self) -> tuple[str | None, ...]:
        """The same after a rebuild."""
        return self.kind, self.site_id, self.role, fold(self.raw or ""), self.organisation_id, self.other_id


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a name stands: as the wording of facts, or as the name of their organisation."""

    site: str
    role: str
    #: None: the wording is meant
    organisation: str | None = None


def read_queue(connection: sqlite3.Connection) -> list[Item]:
    """All that is asked, first what is easily answered, then by how often it was seen."""
    own = [field.name for field in fields(Item)][:-4]
    rows = connection.execute(
        f"SELECT {', '.join(f'v.{name}' for name in own)}, o.name, p.name, r.url, c.captured_at FROM review v"
        " LEFT JOIN organisation o ON o.id = v.organisation_id LEFT JOIN organisation p ON p.id = v.other_id"
        " LEFT JOIN capture c ON c.id = v.other_capture_id LEFT JOIN resource r ON r.id = c.resource_id"
    )
    items = [Item(*row) for row in rows]
    return sorted(
        items,
        key=lambda item: (
            _KINDS.index(item.kind) if item.kind in _KINDS else len(_KINDS),
            -(item.sightings or 0) - (item.other_sightings or 0),
            tuple(part or "" for part in item.key),
        ),
    )


def find_name(connection: sqlite3.Connection, name: str) -> list[Standing]:
    """Where *name* stands: in facts as it is worded; else as the name or key of the organisation of facts."""
    connection.create_function("fold", 1, lambda text: fold(text or ""), deterministic=True)
    worded = [Standing(site, role) for site, role, _ in connection.execute(_SELECT_FACTS, (fold(name),))]
    if worded:
        return worded
    return [Standing(*row) for row in connection.execute(_SELECT_OF_ORGANISATION, (name, slug(name), fold(name)))]


def pages_naming(connection: sqlite3.Connection, name: str, site: str, role: str) -> list[str]:
    """The keys of the pages of *site* on which *name*, found by `find_name`, ever stood as *role*."""
    return [row[0] for row in connection.execute(_SELECT_PAGES, (fold(name), name, slug(name), site, role))]


def known_names(connection: sqlite3.Connection) -> Iterable[str]:
    """What a person may have meant to write."""
    return (
        row[0]
        for row in connection.execute(
            "SELECT name FROM organisation UNION SELECT alias FROM organisation_alias UNION SELECT raw FROM fact"
            " WHERE organisation_id IS NOT NULL OR logo_url IS NOT NULL ORDER BY 1"
        )
    )
