"""Which payloads some fact shows as a logo, what each of them is and looks like, and which look the same.

Only those payloads are decoded, each once. What a payload looks like follows from its bytes, and which of them are
logos from what the site's captures and facts are by now, so the order in which crawls came does not matter.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urldefrag

from archive.model import Place
from archive.pictures.look import FAULTS, Outcome
from archive.pictures.phash import Gallery
from archive.store.payloads import ReadPayload, look_at_payload

MAX_REDIRECTS = 10
#: the problem of a logo that nobody can see
UNREAD_LOGO = "logo cannot be read"
_WHY: dict[Outcome, str] = {
    "no picture": "its bytes are no picture",
    "damaged": "its bytes are damaged or cut short",
    "too large": "it is too large to be decoded",
}
#: copies of a payload that are tried, where records cannot be read
_COPIES = 10

_SHOWN = """SELECT c.redirect_to, coalesce(c.payload_id, o.payload_id)
FROM resource r JOIN capture c ON c.resource_id = r.id JOIN crawl k ON k.id = c.crawl_id
  LEFT JOIN capture o ON o.id = c.original_id
WHERE r.url = ? AND k.site_id = ? AND (c.redirect_to IS NOT NULL OR c.status IS NULL OR c.status BETWEEN 200 AND 299
  OR c.status = 304)"""

_PLACES = f"""SELECT w.path, c.warc_offset, c.warc_length FROM capture c JOIN warc w ON w.id = c.warc_id
WHERE c.payload_id = ? ORDER BY c.captured_at, c.warc_date, w.path, c.warc_offset LIMIT {_COPIES}"""

#: the first capture of each in the site, revisits too
FIRST_SHOWN = """SELECT p.id AS payload_id, p.digest, p.phash, p.look, c.captured_at, c.id AS capture_id, c.crawl_id,
  r.url, row_number() OVER (PARTITION BY p.id
    ORDER BY c.captured_at, c.warc_date, c.record_id, w.path, c.warc_offset) AS nth
FROM (SELECT DISTINCT payload_id FROM picture WHERE site_id = :site) x JOIN payload p ON p.id = x.payload_id
  JOIN capture c ON c.id IN (SELECT o.id FROM capture o WHERE o.payload_id = p.id
    UNION ALL SELECT v.id FROM capture o JOIN capture v ON v.original_id = o.id WHERE o.payload_id = p.id)
  JOIN crawl k ON k.id = c.crawl_id AND k.site_id = :site JOIN resource r ON r.id = c.resource_id
  JOIN warc w ON w.id = c.warc_id"""


def write_looks(connection: sqlite3.Connection, site: str, read: ReadPayload) -> None:
    """Say which payloads *site* shows as logos, and look at those nobody looked at. What cannot be read now is left
    for the next time."""
    connection.execute("DELETE FROM picture WHERE site_id = ?", (site,))
    connection.executemany(
        "INSERT INTO picture (site_id, url, payload_id) VALUES (?,?,?)",
        [(site, *shown) for shown in sorted(_pictures(connection, site))],
    )
    _forget(connection)
    unseen = connection.execute(
        "SELECT id, digest FROM payload WHERE look IS NULL AND id IN (SELECT payload_id FROM picture WHERE site_id = ?)"
        " ORDER BY digest",
        (site,),
    ).fetchall()
    seen: list[tuple[int, str]] = []
    for payload_id, digest in unseen:
        payload = _payload(connection, payload_id, digest, read)
        if payload is None:
            continue
        look = look_at_payload(payload)
        connection.execute(
            "UPDATE payload SET media_type = ?, width = ?, height = ?, phash = ?, look = ? WHERE id = ?",
            (look.media_type, look.width, look.height, look.phash, look.outcome, payload_id),
        )
        if look.phash is not None:
            seen.append((payload_id, look.phash))
    _write_alike(connection, seen)
    _write_problems(connection, site)


def _pictures(connection: sqlite3.Connection, site: str) -> set[tuple[str, int]]:
    """The logo URLs of the site's facts with every payload they showed, through redirects."""
    urls = connection.execute(
        "SELECT DISTINCT f.logo_url FROM fact f JOIN section_version s ON s.id = f.section_version_id"
        " WHERE s.site_id = ? AND f.logo_url IS NOT NULL",
        (site,),
    ).fetchall()
    found: set[tuple[str, int]] = set()
    for (named,) in urls:
        ahead, known = [named], set()
        for _ in range(MAX_REDIRECTS):
            further = []
            for url in filter(None, map(_without_fragment, ahead)):
                if url in known:
                    continue
                known.add(url)
                for redirect_to, payload_id in connection.execute(_SHOWN, (url, site)):
                    if redirect_to is not None:
                        further.append(redirect_to)
                    elif payload_id is not None:
                        found.add((named, payload_id))
            ahead = further
    return found


def _without_fragment(url: str) -> str | None:
    try:
        return urldefrag(url).url
    except ValueError:
        return None


def _forget(connection: sqlite3.Connection) -> None:
    """The looks of what no site shows as a logo any more, now that a revisit has found another original."""
    gone = connection.execute(
        "SELECT id FROM payload WHERE look IS NOT NULL AND id NOT IN (SELECT payload_id FROM picture)"
    ).fetchall()
    connection.executemany("DELETE FROM alike WHERE payload_id = ?1 OR other_id = ?1", gone)
    connection.executemany(
        "UPDATE payload SET media_type = NULL, width = NULL, height = NULL, phash = NULL, look = NULL WHERE id = ?",
        gone,
    )


def _payload(connection: sqlite3.Connection, payload_id: int, digest: str, read: ReadPayload) -> bytes | None:
    for place in connection.execute(_PLACES, (payload_id,)):
        payload = read(Place(*place), digest)
        if payload is not None:
            return payload
    return None


def _write_alike(connection: sqlite3.Connection, seen: Iterable[tuple[int, str]]) -> None:
    """Each of *seen* with all that look the same, both ways round."""
    fresh = dict(seen)
    if not fresh:
        return
    gallery: Gallery[int] = Gallery()
    for payload_id, phash in connection.execute("SELECT id, phash FROM payload WHERE phash IS NOT NULL"):
        gallery.add(payload_id, int(phash, 16))
    pairs = {
        pair
        for payload_id, phash in fresh.items()
        for other_id, apart in gallery.like(int(phash, 16)).items()
        if other_id != payload_id
        for pair in ((payload_id, other_id, apart), (other_id, payload_id, apart))
    }
    connection.executemany("INSERT INTO alike (payload_id, other_id, distance) VALUES (?,?,?)", sorted(pairs))


def _write_problems(connection: sqlite3.Connection, site: str) -> None:
    """A row for each logo that cannot be seen, at its first capture."""
    connection.execute(
        "DELETE FROM problem WHERE what = ? AND crawl_id IN (SELECT id FROM crawl WHERE site_id = ?)",
        (UNREAD_LOGO, site),
    )
    faults = ", ".join(f"'{fault}'" for fault in FAULTS)
    found = connection.execute(
        f"SELECT crawl_id, capture_id, url, look FROM ({FIRST_SHOWN} WHERE p.look IN ({faults})) WHERE nth = 1",
        {"site": site},
    ).fetchall()
    connection.executemany(
        "INSERT INTO problem (crawl_id, capture_id, url, what, detail) VALUES (?,?,?,?,?)",
        [(crawl, capture, url, UNREAD_LOGO, _WHY[look]) for crawl, capture, url, look in found],
    )


@dataclass(frozen=True, slots=True)
class Pictures:
    """What stands for each payload of a site: the first that was captured of those that look the same."""

    #: payload digest -> that of what stands for it
    _stands: dict[str, str]
    #: payload digest -> first captured at
    _since: dict[str, str]
    #: logo URL -> digests of what it showed
    _shown: dict[str, list[str]]

    @classmethod
    def read(cls, connection: sqlite3.Connection, site: str) -> Pictures:
        stands: dict[str, str] = {}
        since: dict[str, str] = {}
        gallery: Gallery[str] = Gallery()
        rows = connection.execute(
            f"SELECT captured_at, digest, phash FROM ({FIRST_SHOWN}) WHERE nth = 1", {"site": site}
        ).fetchall()
        order: dict[str, int] = {}
        for at, digest, phash in sorted(rows, key=lambda row: row[:2]):
            since[digest], order[digest] = at, len(order)
            like = gallery.like(int(phash, 16)) if phash is not None else {}
            first = min(like, key=lambda other: (like[other], order[other])) if like else digest
            stands[digest] = first
            if first == digest and phash is not None:
                gallery.add(digest, int(phash, 16))
        shown: dict[str, list[str]] = {}
        for url, digest in connection.execute(
            "SELECT x.url, p.digest FROM picture x JOIN payload p ON p.id = x.payload_id WHERE x.site_id = ?", (site,)
        ):
            shown.setdefault(url, []).append(digest)
        return cls(stands, since, shown)

    def stands_for(self, digest: str) -> str:
        return self._stands.get(digest, digest)

    def at_other_times(self, url: str) -> Iterator[tuple[str, str]]:
        """What *url* showed in any crawl: first captured at, digest."""
        return ((self._since[digest], digest) for digest in self._shown.get(url, ()) if digest in self._since)
