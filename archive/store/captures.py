"""The evidence layer: what WARC records alone say. Nothing here depends on the order in which records arrive."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import urlsplit

from archive import digests, times
from archive.errors import WrongUse
from archive.model import Capture, Closing, Crawl, Reading, Style, UrlList
from archive.store.rows import Remembered, Rows
from archive.store.styles import Styles
from archive.urls import urlkey
from archive.warc.tombstones import Erased

#: of two statements about one crawl the later wins: finished later, then further along
_STATUS_RANK = ("running", "imported", "interrupted", "limited", "failed", "finished")

_INSERT_CAPTURE = """INSERT INTO capture (record_id, crawl_id, resource_id, page_key, warc_date, captured_at, status,
  mime, record_type, truncated, error, redirect_to, payload_id, declared_digest, refers_to, refers_to_url,
  refers_to_date, via, hops, was_read,
  page_version_id, warc_id, warc_offset, warc_length, url_list_id, fetch_ms, source_url,
  style_id)
VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"""

# URLs are ASCII, as they are requested. (json.dumps() with options makes an encoder anew for every call.)
_to_json = json.JSONEncoder(separators=(",", ":")).encode

# One payload may be served with several media types: the smallest is kept, so that arrival order does not matter.
_UPSERT_PAYLOAD = """INSERT INTO payload (digest, size, mime, width, height) VALUES (?,?,?,?,?)
ON CONFLICT (digest) DO UPDATE SET mime = coalesce(min(mime, excluded.mime), mime, excluded.mime),
  width = coalesce(width, excluded.width), height = coalesce(height, excluded.height)
RETURNING id"""


class Captures:
    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._warcs: Remembered[str, int] = Remembered(1_000)
        self._resources: Remembered[str, int] = Remembered(50_000)
        self._url_lists: Remembered[str, int] = Remembered(20_000)
        self._styles = Styles(rows)
        self._payloads: Remembered[tuple[str | int | None, ...], int] = Remembered(50_000)

    def forget(self) -> None:
        """After a rollback: ids given out in the transaction are not in the file."""
        for remembered in (self._warcs, self._resources, self._payloads, self._url_lists):
            remembered.clear()
        self._styles.forget()

    def write_crawl(self, crawl: Crawl) -> None:
        """Insert, or merge with what is there: a WARC's warcinfo and its closing record may come in any order."""
        found = self._rows.connection.execute(
            "SELECT site_id, started_at, finished_at, status, software, operator, profile_digest"
            " FROM crawl WHERE id = ?",
            (crawl.id,),
        ).fetchone()
        if found and found[0] != crawl.site:
            raise WrongUse(f"crawl {crawl.id} belongs to site {found[0]}, not {crawl.site}")
        last = _last_statement(crawl)
        started_at = crawl.started_at
        if found:
            known = Crawl(
                id=crawl.id,
                site=found[0],
                started_at=found[1],
                finished_at=found[2],
                status=found[3],
                software=found[4],
                operator=found[5],
                profile_digest=found[6],
            )
            started_at = min(started_at, known.started_at)
            if _last_statement(known) > last:
                crawl = known
        self._rows.one(
            "INSERT INTO crawl (id, site_id, started_at, finished_at, status, software, operator, profile_digest)"
            " VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at,"
            " finished_at = excluded.finished_at, status = excluded.status, software = excluded.software,"
            " operator = excluded.operator, profile_digest = excluded.profile_digest",
            (
                crawl.id,
                crawl.site,
                started_at,
                crawl.finished_at,
                crawl.status,
                crawl.software,
                crawl.operator,
                crawl.profile_digest,
            ),
        )

    def write_closing(self, closing: Closing) -> None:
        """Each once, however many files tell it."""
        digest = digests.sha256(f"{closing.kind} {closing.report}".encode())
        self._rows.one(
            "INSERT OR IGNORE INTO closing (crawl_id, finished_at, digest, kind, report) VALUES (?,?,?,?,?)",
            (closing.crawl, closing.finished_at, digest, closing.kind, closing.report),
        )

    def site_of(self, crawl_id: str) -> str:
        found = self._rows.connection.execute("SELECT site_id FROM crawl WHERE id = ?", (crawl_id,)).fetchone()
        if found is None:
            raise WrongUse(f"crawl {crawl_id} is not in the database: write_crawl comes before its readings")
        return str(found[0])

    def seal_warc(self, file: str, sha256: str, size: int, name: str | None) -> None:
        self._rows.one(
            "UPDATE warc SET sha256 = ?, size = ?, name = coalesce(?, name), sealed = 1 WHERE id = ?",
            (sha256, size, name, self._warc(file)),
        )

    def write_erased(self, file: str, erased: Sequence[Erased]) -> None:
        """What the tombstones in *file* tell; repeating it changes nothing."""
        warc = self._warc(file)
        self._rows.many(
            "INSERT OR IGNORE INTO erased (warc_id, record_id, record_type, warc_date, url, urlkey, payload_digest,"
            " block_digest, erased_at, reason, who, order_reference, erasure_id) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                (warc, one.record_id, one.type, one.date, one.url, one.url and urlkey(one.url), one.payload_digest,
                 one.block_digest, captured_at(one.at), one.reason, one.who, one.order, one.erasure)
                for one in erased
            ),
        )  # fmt: skip

    def sealed_warcs(self) -> set[str]:
        return {row[0] for row in self._rows.connection.execute("SELECT path FROM warc WHERE sealed")}

    def is_known(self, capture: Capture) -> bool:
        """Whether this record, by file and offset, has its row already."""
        place = capture.place
        return (
            self._rows.one(
                "SELECT 1 FROM capture WHERE warc_id = ? AND warc_offset = ?", (self._warc(place.file), place.offset)
            )
            is not None
        )

    def write(self, crawl_id: str, reading: Reading, page_key: str | None, page_version: int | None) -> int:
        """The new row's id."""
        capture = reading.capture
        return self._rows.insert(
            _INSERT_CAPTURE,
            (
                capture.record_id,
                crawl_id,
                self.resource(capture),
                page_key,
                capture.warc_date,
                times.NO_DATE if capture.misdated else captured_at(capture.warc_date),
                capture.status,
                capture.mime,
                capture.type,
                capture.truncated,
                capture.error,
                _redirect_to(reading),
                self._payload(capture),
                capture.declared_digest,
                capture.refers_to,
                capture.refers_to_url,
                capture.refers_to_date,
                capture.via,
                capture.hops,
                reading.page is not None or bool(reading.sections),
                page_version,
                self._warc(capture.place.file),
                capture.place.offset,
                capture.place.length,
                self._url_list(_own_urls(reading)),
                capture.fetch_ms,
                capture.source_url,
                self._styles.id_of(_own_style(reading)),
            ),
        )

    def complete(self, reading: Reading, page_key: str | None, page_version: int | None) -> int:
        """The id of the row there is of a revisit, which had been written before its original could be read."""
        capture = reading.capture
        found = self._rows.one(
            "UPDATE capture SET status = ?, mime = ?, redirect_to = ?, page_key = ?, was_read = ?,"
            " page_version_id = ?, url_list_id = ?, style_id = ?"
            " WHERE warc_id = ? AND warc_offset = ? RETURNING id",
            (
                capture.status,
                capture.mime,
                _redirect_to(reading),
                page_key,
                reading.page is not None or bool(reading.sections),
                page_version,
                self._url_list(_own_urls(reading)),
                self._styles.id_of(_own_style(reading)),
                self._warc(capture.place.file),
                capture.place.offset,
            ),
        )
        assert found is not None
        return found[0]

    def _warc(self, file: str) -> int:
        if (known := self._warcs.get(file)) is not None:
            return known
        found = self._rows.one("SELECT id FROM warc WHERE path = ?", (file,))
        if found is None:
            name = file.replace("!", "/").rsplit("/", 1)[-1]
            return self._warcs.put(file, self._rows.insert("INSERT INTO warc (path, name) VALUES (?,?)", (file, name)))
        return self._warcs.put(file, found[0])

    def resource(self, capture: Capture) -> int:
        if (known := self._resources.get(capture.url)) is not None:
            return known
        found = self._rows.one(
            # The update changes nothing: it makes RETURNING answer for a row that is there.
            "INSERT INTO resource (url, urlkey, host) VALUES (?,?,?)"
            " ON CONFLICT (url) DO UPDATE SET urlkey = min(urlkey, excluded.urlkey) RETURNING id",
            (capture.url, capture.urlkey, _host(capture.url)),
        )
        assert found is not None
        return self._resources.put(capture.url, found[0])

    def _url_list(self, found: UrlList | None) -> int | None:
        if found is None:
            return None
        urls = urls_as_json(found.urls)
        digest = digests.sha256(f"{found.kind} {urls}".encode())
        if (known := self._url_lists.get(digest)) is not None:
            return known
        row = self._rows.one("SELECT id FROM url_list WHERE digest = ?", (digest,))
        if row is None:
            values = (digest, found.kind, urls)
            row = (self._rows.insert("INSERT INTO url_list (digest, kind, urls) VALUES (?,?,?)", values),)
        return self._url_lists.put(digest, row[0])

    def _payload(self, capture: Capture) -> int | None:
        if capture.payload_digest is None or capture.type == "revisit":
            return None
        key = (capture.payload_digest, capture.mime, capture.width, capture.height)
        if (known := self._payloads.get(key)) is not None:
            return known
        found = self._rows.one(
            _UPSERT_PAYLOAD,
            (capture.payload_digest, capture.payload_bytes or 0, capture.mime, capture.width, capture.height),
        )
        assert found is not None
        return self._payloads.put(key, found[0])


def urls_as_json(urls: Sequence[Sequence[str]]) -> str:
    """Each URL as a string, or with those that would do in its place as an array.

    >>> urls_as_json([["http://a/"], ["http://b/", "http://c/"]])
    '["http://a/",["http://b/","http://c/"]]'
    """
    return _to_json([each[0] if len(each) == 1 else list(each) for each in urls])


def captured_at(warc_date: str) -> str:
    try:
        return times.captured_at(warc_date)
    except (ValueError, OverflowError):
        return times.NO_DATE


def _redirect_to(reading: Reading) -> str | None:
    status = reading.capture.status
    if status is None or not 300 <= status < 400 or status == 304:
        return None
    return next((link.url for link in reading.links if link.hop == "R"), None)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _last_statement(crawl: Crawl) -> tuple[str, int, str, str, str]:
    rank = _STATUS_RANK.index(crawl.status)
    return (crawl.finished_at or "", rank, crawl.software, crawl.operator or "", crawl.profile_digest or "")


def _own_urls(reading: Reading) -> UrlList | None:
    """What a revisit needs stands with its original, which may come later, unless that lies at another URL: what it
    names is resolved anew then."""
    return None if _is_as_original(reading.capture) else reading.urls


def _own_style(reading: Reading) -> Style | None:
    """The same of what style sheets may show."""
    return None if _is_as_original(reading.capture) else reading.style


def _is_as_original(capture: Capture) -> bool:
    return capture.type == "revisit" and capture.refers_to_url in (None, capture.url)
