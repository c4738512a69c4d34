"""Logos that look the same, offered to a person: nothing is merged by what it looks like."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from archive.pictures.look import Outcome

# Files that are the very same bytes look the same too.
_NEAR = """(SELECT payload_id, other_id, distance FROM alike
  UNION ALL SELECT DISTINCT payload_id, payload_id, 0 FROM logo_file)"""
_PAIRS = f"""FROM {_NEAR} n JOIN logo_file f ON f.payload_id = n.payload_id JOIN logo l ON l.id = f.logo_id
  JOIN logo_file g ON g.payload_id = n.other_id JOIN logo m ON m.id = g.logo_id
  JOIN payload p ON p.id = n.payload_id JOIN payload q ON q.id = n.other_id
  JOIN capture c ON c.id = f.capture_id JOIN capture d ON d.id = g.capture_id"""
#: of all files that show it, the pair that is most alike, the first captured of equals
_BEST = "ORDER BY n.distance, c.captured_at, d.captured_at, p.digest, q.digest, c.record_id, d.record_id"

_ORGANISATIONS = f"""SELECT one, other, distance, digest, other_digest, record_id, other_record_id FROM
 (SELECT l.organisation_id AS one, m.organisation_id AS other, n.distance, p.digest, q.digest AS other_digest,
    c.record_id, d.record_id AS other_record_id,
    row_number() OVER (PARTITION BY l.organisation_id, m.organisation_id {_BEST}) AS nth
  {_PAIRS} WHERE l.organisation_id < m.organisation_id)
WHERE nth = 1 ORDER BY distance, one, other"""

_RECOGNISED = f"""SELECT site_id, role, subject, organisation, distance, digest, other_digest, record_id,
  other_record_id
FROM (SELECT l.site_id, l.role, l.subject, m.organisation_id AS organisation, n.distance, p.digest,
    q.digest AS other_digest, c.record_id, d.record_id AS other_record_id,
    row_number() OVER (PARTITION BY l.site_id, l.role, l.subject, m.organisation_id {_BEST}) AS nth
  {_PAIRS} WHERE l.organisation_id IS NULL AND l.subject LIKE 'sha256:%' AND m.organisation_id IS NOT NULL)
WHERE nth = 1 ORDER BY site_id, role, subject, distance, organisation"""

_UNNAMED = """SELECT site_id, role, subject, value, digest, path, warc_offset, warc_length, record_id, look FROM
 (SELECT l.site_id, l.role, l.subject, f.value, p.digest, w.path, c.warc_offset, c.warc_length, c.record_id, p.look,
    row_number() OVER (PARTITION BY l.site_id, l.role, l.subject
      ORDER BY p.width * p.height DESC, c.captured_at, p.digest, f.value) AS nth
  FROM logo l JOIN logo_file g ON g.logo_id = l.id JOIN payload p ON p.id = g.payload_id
    JOIN capture shown ON shown.id = g.capture_id JOIN capture c ON c.id = coalesce(shown.original_id, shown.id)
    JOIN warc w ON w.id = c.warc_id
    JOIN presence e ON e.site_id = l.site_id AND e.page_key = l.page_key AND e.role = l.role AND e.subject = l.subject
    JOIN fact f ON f.id = e.fact_id
  WHERE l.organisation_id IS NULL AND l.subject LIKE 'sha256:%' AND p.look = 'seen')
WHERE nth = 1 ORDER BY site_id, role, subject"""


@dataclass(frozen=True, slots=True)
class Lookalike:
    """Two organisations that were shown with the same picture: perhaps one under two names."""

    #: ids; the first sorts before the other
    organisation: str
    other: str
    #: bits of 64 in which the looks differ; 0 for the very same bytes too
    distance: int
    #: payload digests of the two files, and record ids of captures that show them
    digest: str
    other_digest: str
    record_id: str
    other_record_id: str


@dataclass(frozen=True, slots=True)
class Recognised:
    """A logo nothing names, that looks like that of an organisation."""

    site: str
    role: str
    #: its presence's subject: the digest of its first file
    subject: str
    organisation: str
    distance: int
    digest: str
    other_digest: str
    record_id: str
    other_record_id: str


@dataclass(frozen=True, slots=True)
class Unnamed:
    """A logo nothing names, by its largest file."""

    site: str
    role: str
    subject: str
    #: what stands for its name: its file's, as a rule
    value: str
    digest: str
    file: str
    offset: int
    length: int
    record_id: str
    look: Outcome


def lookalikes(connection: sqlite3.Connection) -> Iterator[Lookalike]:
    """The most alike first; each pair of organisations once, over all sites."""
    return (Lookalike(*row) for row in connection.execute(_ORGANISATIONS))


def recognised(connection: sqlite3.Connection) -> Iterator[Recognised]:
    """By site, role and subject; of each the organisation that is most alike first."""
    return (Recognised(*row) for row in connection.execute(_RECOGNISED))


def unnamed(connection: sqlite3.Connection) -> Iterator[Unnamed]:
    """Each subject once. Those whose picture cannot be decoded are not among them."""
    return (Unnamed(*row) for row in connection.execute(_UNNAMED))


def agreement(distance: int) -> float:
    """The part of a look's bits that agree, from 0 to 1."""
    return round(1 - distance / 64, 2)
