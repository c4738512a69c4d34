"""Facts a person should look at: of what nobody has decided yet, each wording once for a site and a kind of section."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from archive.store.subjects import fold

#: below it a fact is for review
SURE = 0.8

# What the profile names, or an alias does, a person has named: the doubt was about the name.
_SELECT = f"""WITH unsure AS (SELECT f.id, s.role, s.digest, f.section_version_id, f.position, f.raw, CASE
    WHEN f.logo_url IS NOT NULL AND f.organisation_id IS NULL AND f.confidence < {SURE} THEN 'unnamed logo'
    WHEN json_extract(f.extra, '$.compound') = 1 AND NOT named THEN 'compound'
    WHEN f.tier = 'candidate' THEN 'candidate'
    WHEN f.confidence < {SURE} AND NOT named THEN 'low confidence' END AS reason
  FROM (SELECT *, organisation_key IS NOT organisation_id OR coalesce(organisation_key IN
      (SELECT organisation_key FROM profile_name WHERE site_id = ?1), 0) AS named FROM fact) f
    JOIN section_version s ON s.id = f.section_version_id
  WHERE s.site_id = ?1)
SELECT u.role, u.raw, u.reason, u.id, c.page_key, count(*), max(c.captured_at || ' ' || c.warc_date || ' '
    || c.record_id || ' ' || w.path || printf(' %020d', c.warc_offset)) AS newest, u.digest, u.position, o.id,
  o.capture_id
FROM unsure u JOIN observation o ON o.section_version_id = u.section_version_id
  JOIN capture c ON {{shows}}
  JOIN crawl k ON k.id = c.crawl_id JOIN warc w ON w.id = c.warc_id
WHERE u.reason IS NOT NULL AND k.site_id = ?1 AND c.page_key IS NOT NULL AND c.copy_of_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM correction d WHERE d.fact_id = u.id AND d.page_key IN (c.page_key, '*'))
GROUP BY u.id, c.page_key"""
#: the captures that show an observation; one a time, or there is no index to find them by. A revisit that was not read
#: itself shows what its original showed, and the quote stands in that one.
_SHOWS = (
    "c.id = o.capture_id AND (c.was_read OR c.original_id IS NULL)",
    "c.original_id = o.capture_id AND NOT c.was_read",
)


@dataclass(slots=True)
class _Doubt:
    newest: tuple[str, str, int]
    reason: str
    fact: int
    observation: int
    capture: int
    sightings: int
    pages: set[str]


def write_doubts(connection: sqlite3.Connection, site: str) -> None:
    """The site's corrections are there, its doubts of before are not."""
    doubts: dict[tuple[str, str], _Doubt] = {}
    rows = (row for shows in _SHOWS for row in connection.execute(_SELECT.format(shows=shows), (site,)))
    for role, raw, reason, fact, page, times, newest, digest, position, observation, capture in rows:
        if not raw.strip():
            continue  # nothing a decision could name it by
        at = (newest, digest, position)
        doubt = doubts.setdefault((role, fold(raw)), _Doubt(at, reason, fact, observation, capture, 0, set()))
        doubt.sightings += times
        doubt.pages.add(page)
        if at > doubt.newest:
            doubt.newest, doubt.reason = at, reason
            doubt.fact, doubt.observation, doubt.capture = fact, observation, capture
    connection.executemany(
        "INSERT INTO doubt VALUES (?,?,?,?,?,?,?,?,?)",
        [
            (site, role, folded, d.reason, d.fact, d.observation, d.capture, d.sightings, len(d.pages))
            for (role, folded), d in doubts.items()
        ],
    )
