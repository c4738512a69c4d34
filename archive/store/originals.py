"""What captures say about one another: which original a revisit refers to, and what kind of thing a URL was."""

from __future__ import annotations

import sqlite3

from archive.model import Place

#: originals are tried until one can be read and fits; most payloads have one, but the files of many may be elsewhere
HOLDERS = 100

# An original holds a payload. Others' files may hold one record id twice: the first by date, then by place, is meant.
_IS_ORIGINAL = "o.record_type IN ('response', 'resource') AND o.payload_id IS NOT NULL"
_FIRST = "ORDER BY o.captured_at, o.warc_date, w.path, o.warc_offset LIMIT 1"

# By record id, then by URI and date, then by URI and digest (WARC 1.1, 6.7.2: Refers-To is only recommended, and none
# of the revisits seen in others' files has it). Of several with that digest the last one before the revisit.
_BY_DIGEST = f"""FROM resource t JOIN capture o ON o.resource_id = t.id JOIN warc w ON w.id = o.warc_id
     JOIN payload p ON p.id = o.payload_id
   WHERE t.url = coalesce(c.refers_to_url, r.url) AND {_IS_ORIGINAL}
     AND c.declared_digest IN (o.declared_digest, p.digest)"""
_ORIGINAL = f"""coalesce(
  (SELECT o.id FROM capture o JOIN warc w ON w.id = o.warc_id
   WHERE o.record_id = c.refers_to AND {_IS_ORIGINAL} {_FIRST}),
  (SELECT o.id FROM resource t JOIN capture o ON o.resource_id = t.id JOIN warc w ON w.id = o.warc_id
   WHERE t.url = coalesce(c.refers_to_url, r.url) AND o.warc_date = c.refers_to_date AND {_IS_ORIGINAL} {_FIRST}),
  (SELECT o.id {_BY_DIGEST} AND o.captured_at <= c.captured_at
   ORDER BY o.captured_at DESC, o.warc_date DESC, w.path, o.warc_offset LIMIT 1),
  (SELECT o.id {_BY_DIGEST} {_FIRST}))"""

_OWN = "c.crawl_id IN (SELECT id FROM crawl WHERE site_id = :site)"
_ELSEWHERE = """c.crawl_id NOT IN (SELECT id FROM crawl WHERE site_id = :site)
  AND (c.refers_to IN (SELECT s.record_id FROM capture s JOIN crawl k ON k.id = s.crawl_id WHERE k.site_id = :site)
    OR coalesce(c.refers_to_url, r.url) IN (SELECT t.url FROM capture s JOIN crawl k ON k.id = s.crawl_id
      JOIN resource t ON t.id = s.resource_id WHERE k.site_id = :site))"""

_KIND = """CASE
  WHEN c.page_version_id IS NOT NULL THEN 'page'
  WHEN c.mime LIKE 'image/%' THEN 'image'
  WHEN c.mime = 'text/css' THEN 'stylesheet'
  WHEN c.mime LIKE '%javascript' OR c.mime LIKE '%ecmascript' THEN 'script'
  WHEN c.mime LIKE 'font/%' OR c.mime LIKE 'application/%font%' THEN 'font'
  WHEN c.mime LIKE 'audio/%' OR c.mime LIKE 'video/%' THEN 'media'
  WHEN c.mime IN ('application/rss+xml', 'application/atom+xml') THEN 'feed'
  WHEN c.mime IN ('text/html', 'application/xhtml+xml') THEN 'html'
  WHEN c.mime IN ('application/pdf', 'application/msword', 'application/rtf') OR c.mime LIKE 'application/vnd.%'
    THEN 'document'
  ELSE 'other' END"""

# Others' files may repeat record ids: the place decides then.
_NEWEST = """ORDER BY c.captured_at DESC, c.warc_date DESC, c.record_id DESC,
            (SELECT w.path FROM warc w WHERE w.id = c.warc_id) DESC, c.warc_offset DESC LIMIT 1"""


_HOLDERS = f"""SELECT w.path, o.warc_offset, o.warc_length FROM payload p JOIN capture o ON o.payload_id = p.id
  JOIN crawl k ON k.id = o.crawl_id JOIN warc w ON w.id = o.warc_id JOIN resource r ON r.id = o.resource_id
WHERE p.digest = ? AND k.site_id = ? AND (? IS NULL OR r.url = ?) AND o.record_type = 'response' AND o.truncated IS NULL
ORDER BY o.captured_at, o.warc_date, w.path, o.warc_offset LIMIT {HOLDERS}"""


def holders(connection: sqlite3.Connection, site: str, digest: str, *, url: str | None) -> list[Place]:
    """Where whole responses with a payload of *digest* lie, of *url* or of any, the first of all first.

    `HOLDERS` at most, and only of *site*: its files can be read, moved and handed on without those of others.
    """
    return [Place(*row) for row in connection.execute(_HOLDERS, (digest, site, url, url))]


_LATEST = """SELECT w.path, o.warc_offset, o.warc_length FROM resource r JOIN capture o ON o.resource_id = r.id
  JOIN crawl k ON k.id = o.crawl_id JOIN warc w ON w.id = o.warc_id JOIN payload p ON p.id = o.payload_id
WHERE r.url = ? AND k.site_id = ? AND o.record_type = 'response' AND o.status = 200 AND o.truncated IS NULL
  AND o.error IS NULL AND p.size > 0
ORDER BY o.captured_at DESC, o.warc_date DESC, w.path DESC, o.warc_offset DESC LIMIT 1"""


def latest_whole(connection: sqlite3.Connection, site: str, url: str) -> Place | None:
    """Where the last whole response of *url* lies: no failure, nothing cut short, no revisit."""
    found = connection.execute(_LATEST, (url, site)).fetchone()
    return Place(*found) if found else None


def is_recovered(connection: sqlite3.Connection, url: str, at: str, archive: str) -> bool:
    """Whether the capture of *url* at *at* (``captured_at``) was had from *archive*, the beginning of an address."""
    found = connection.execute(
        "SELECT 1 FROM resource r JOIN capture c ON c.resource_id = r.id WHERE r.url = ?1 AND c.captured_at = ?2"
        " AND substr(c.source_url, 1, length(?3)) = ?3",
        (url, at, archive),
    ).fetchone()
    return found is not None


def place_of(connection: sqlite3.Connection, record_id: str) -> Place | None:
    """Where the response with this record id lies."""
    found = connection.execute(
        "SELECT w.path, c.warc_offset, c.warc_length FROM capture c JOIN warc w ON w.id = c.warc_id"
        " WHERE c.record_id = ? AND c.record_type = 'response' ORDER BY w.path, c.warc_offset LIMIT 1",
        (record_id,),
    ).fetchone()
    return Place(*found) if found else None


_WAITING = """SELECT w.path, c.warc_offset, c.warc_length, c.crawl_id FROM capture c JOIN warc w ON w.id = c.warc_id
WHERE c.record_type = 'revisit' AND c.original_id IS NULL AND NOT c.was_read AND c.refers_to IS NOT NULL
  AND EXISTS (SELECT 1 FROM capture o WHERE o.record_id = c.refers_to AND o.record_type = 'response')
  AND NOT EXISTS (SELECT 1 FROM problem p WHERE p.capture_id = c.id AND p.what = ?)
ORDER BY c.crawl_id, w.name, w.path, c.warc_offset"""


def waiting_revisits(connection: sqlite3.Connection, gave_up: str) -> list[tuple[Place, str]]:
    """Revisits that no `resolve_revisits` has seen since their originals are there, with the crawls they are of."""
    return [(Place(*row[:3]), row[3]) for row in connection.execute(_WAITING, (gave_up,))]


def resolve_revisits(connection: sqlite3.Connection, site: str) -> set[str]:
    """Find every revisit of *site* its original, and for other sites' revisits the originals that *site* holds.

    Returns the other sites that were touched: their timelines may now know more.
    """
    touched: set[str] = set()
    for whose in (_OWN, _ELSEWHERE):
        found = connection.execute(
            f"SELECT * FROM (SELECT c.id, k.site_id, c.original_id AS known, {_ORIGINAL} AS original FROM capture c"
            f" JOIN resource r ON r.id = c.resource_id JOIN crawl k ON k.id = c.crawl_id"
            f" WHERE c.record_type = 'revisit' AND {whose}) WHERE known IS NOT original",
            {"site": site},
        ).fetchall()
        connection.executemany("UPDATE capture SET original_id = ? WHERE id = ?", [(row[3], row[0]) for row in found])
        touched |= {row[1] for row in found}
    # What a server did not send again has the media type of its original, and so is a page or is none.
    connection.execute(
        """UPDATE capture SET mime = (SELECT o.mime FROM capture o WHERE o.id = capture.original_id),
          page_key = CASE WHEN (SELECT o.mime FROM capture o WHERE o.id = capture.original_id)
            NOT IN ('text/html', 'application/xhtml+xml') THEN NULL ELSE page_key END
        WHERE record_type = 'revisit' AND status = 304 AND mime IS NULL AND original_id IS NOT NULL AND NOT was_read
          AND crawl_id IN (SELECT id FROM crawl WHERE site_id = :site)""",
        {"site": site},
    )
    # A revisit of a page, where it was not read itself, is a capture of the version its original is.
    found = connection.execute(
        """SELECT * FROM (SELECT c.id, c.page_version_id AS known,
            (SELECT v.id FROM capture o JOIN page_version ov ON ov.id = o.page_version_id
               JOIN page_version v ON v.site_id = k.site_id AND v.page_key = c.page_key AND v.digest = ov.digest
             WHERE o.id = c.original_id) AS version
          FROM capture c JOIN crawl k ON k.id = c.crawl_id
          WHERE c.record_type = 'revisit' AND NOT c.was_read AND k.site_id = :site) WHERE known IS NOT version""",
        {"site": site},
    ).fetchall()
    connection.executemany("UPDATE capture SET page_version_id = ? WHERE id = ?", [(row[2], row[0]) for row in found])
    return touched - {site}


def describe_resources(connection: sqlite3.Connection, site: str) -> None:
    """Say of each URL that *site* captured whose it is, which page, what kind and by what title: out of all captures,
    so that the order in which they came does not matter.
    """
    connection.execute(
        f"""UPDATE resource SET
          site_id = (SELECT k.site_id FROM capture c JOIN crawl k ON k.id = c.crawl_id
            WHERE c.resource_id = resource.id ORDER BY c.captured_at, c.warc_date, c.record_id, k.site_id LIMIT 1),
          page_key = (SELECT c.page_key FROM capture c
            WHERE c.resource_id = resource.id AND c.page_key IS NOT NULL {_NEWEST}),
          title = (SELECT v.title FROM capture c JOIN page_version v ON v.id = c.page_version_id
            WHERE c.resource_id = resource.id AND v.title IS NOT NULL {_NEWEST}),
          kind = coalesce((SELECT {_KIND} FROM capture c
            WHERE c.resource_id = resource.id AND c.status BETWEEN 200 AND 299
              AND coalesce(c.mime, c.page_version_id) IS NOT NULL {_NEWEST}), 'unknown')
        WHERE id IN (SELECT c.resource_id FROM capture c JOIN crawl k ON k.id = c.crawl_id WHERE k.site_id = :site)""",
        {"site": site},
    )
