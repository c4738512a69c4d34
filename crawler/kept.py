"""A page as the archive has it: the latest capture of a URL, decoded, and the profile its crawl was made with."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from archive.decoding import decode
from archive.errors import BewaarError, Damaged, WrongUse
from archive.layout import Archive
from archive.model import Page, Place, Record
from archive.store import open_read_only
from archive.urls import urlkey
from archive.warc import http as warc_http
from archive.warc.reader import open_warc
from crawler.bounds import PAGE_MAX_BYTES, TOO_LARGE, too_large
from crawler.reading import Reader
from crawler.sites.profile import Profile
from crawler.warcinfo import opening_of

#: Of a revisit the record that holds what it stands for; the URL itself before others that are spelt otherwise.
_LATEST = """SELECT r.url, w.path, c.warc_offset, c.warc_length, k.id, k.site_id, at.captured_at
FROM capture at JOIN resource r ON r.id = at.resource_id JOIN crawl k ON k.id = at.crawl_id
  JOIN capture c ON c.id = coalesce(at.original_id, at.id) JOIN warc w ON w.id = c.warc_id
WHERE r.urlkey = ? AND c.record_type = 'response' AND c.status = 200 AND (at.status = 200 OR at.status = 304)
ORDER BY r.url = ? DESC, at.captured_at DESC, at.warc_date DESC, at.record_id DESC LIMIT 1"""
_OTHERWISE = """SELECT r.url, c.status, c.error, c.redirect_to, c.captured_at
FROM capture c JOIN resource r ON r.id = c.resource_id WHERE r.urlkey = ?
ORDER BY r.url = ? DESC, c.captured_at DESC, c.warc_date DESC LIMIT 1"""
_FILES = "SELECT DISTINCT w.path FROM warc w JOIN capture c ON c.warc_id = w.id WHERE c.crawl_id = ? ORDER BY w.path"
_NO_PAGES = ("image", "stylesheet", "script", "font", "media", "document")


@dataclass(frozen=True, slots=True)
class Kept:
    page: Page
    #: id, WARC-Date and place of the record that holds its bytes
    record_id: str
    warc_date: str
    place: Place
    crawl: str
    site: str
    #: when it was captured last, ``YYYY-MM-DDTHH:MM:SSZ``; later than the record where that was not sent again
    captured_at: str


def latest_page(archive: Archive, url: str) -> Kept:
    """The latest capture of *url*, or of what differs from it only as index keys do not: the scheme, ``www.``, a
    slash at the end. Raises WrongUse, telling what there is of it, when none is a page; BewaarError for one that no
    crawl would read either.
    """
    if not archive.database.exists():
        derive = "; `bewaar rebuild` derives the database from the WARC files" if archive.sealed_warcs() else ""
        raise WrongUse(f"{archive.root}: {'no database' if derive else 'nothing was crawled into it yet'}{derive}")
    key = urlkey(url)
    db = open_read_only(archive.database)
    try:
        row = db.execute(_LATEST, [key, url]).fetchone()
        if row is None:
            raise WrongUse(_why_not(db.conn, archive, key, url))
        kind = db.execute("SELECT kind FROM resource WHERE url = ?", [row[0]]).fetchone()
    finally:
        db.close()
    if kind is not None and kind[0] in _NO_PAGES:
        raise WrongUse(f"{row[0]}: not a page but of the kind {kind[0]}")
    found, crawl, site, captured_at = row[0], row[4], row[5], row[6]
    record = _read(archive, Place(*row[1:4]))
    response = warc_http.parse_response(record.block)
    payload = warc_http.payload(record.block, response)
    if payload.size > PAGE_MAX_BYTES:
        raise BewaarError(f"{found}: {TOO_LARGE}: {too_large(payload.size)}")
    body = warc_http.body(payload, response, limit=PAGE_MAX_BYTES).data
    text, charset = decode(body, response.header("Content-Type"))
    page = Page(found, body, text, charset, response.headers, response.status)
    return Kept(page, record.id, record.date, record.place, crawl, site, captured_at)


def recorded_profile(archive: Archive, crawl: str) -> Profile | None:
    """The profile *crawl* was made with, as its WARC files hold it; None of a crawl that others made."""
    db = open_read_only(archive.database)
    try:
        files = [path for (path,) in db.execute(_FILES, [crawl])]
    finally:
        db.close()
    for path in files:
        reader = Reader()
        try:
            with open_warc(archive.warcs, path) as file:
                for record in opening_of(record for record, _ in file.scan()):
                    reader.learn(record)
        except (OSError, BewaarError, ValueError):
            continue  # one that is still being written, or damaged: `bewaar verify` says what is wrong with it
        if reader.profile is not None:
            return reader.profile
    return None


def _read(archive: Archive, place: Place) -> Record:
    try:
        with open_warc(archive.warcs, place.file) as file:
            return file.read(place.offset, place.length)
    except OSError as error:
        raise Damaged(f"{archive.warcs / place.file}: {error.strerror}") from error


def _why_not(db: sqlite3.Connection, archive: Archive, key: str, url: str) -> str:
    row = db.execute(_OTHERWISE, [key, url]).fetchone()
    if row is None:
        return f"{url}: not in {archive.root}; `bewaar crawl --scope page {url}` fetches it into the archive"
    found, status, error, redirect_to, captured_at = row
    said = f"status {status}" if status is not None else error or "no answer"
    leads = f" and leads to {redirect_to}: give that" if redirect_to else ": no page to read"
    return f"{found}: its latest capture in {archive.root}, of {captured_at}, has {said}{leads}"
