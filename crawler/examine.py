"""The facts on one page, for ``bewaar extract``: from its latest capture in the archive, or from a file on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from archive.decoding import decode
from archive.errors import Damaged, WrongUse
from archive.layout import Archive
from archive.model import Page, Place, Record, Section
from archive.store import open_read_only
from archive.warc import http as warc_http
from archive.warc.reader import open_warc
from crawler.extract import extract
from crawler.extract.hints import Hints
from crawler.plan import profile_for
from crawler.tree import parse

#: a page larger than this is none
LARGEST_BYTES = 64 << 20


def examine(page: str, archive: Path, *, base: str | None = None, site: str | None = None) -> list[dict[str, Any]]:
    """One dict per fact, in the order of the sections. Raises WrongUse when there is no such page."""
    found = Archive.open(archive) if archive.exists() else None
    hints = profile_for(site, found).hints() if site else Hints()
    if "://" not in page:
        return _facts(_page_on_disk(Path(page), base or f"file:///{Path(page).name}"), hints, {})
    if found is None:
        raise WrongUse(f"{archive}: no archive there; `bewaar crawl --scope page {page}` makes one that holds the page")
    record = _latest(found, page)
    response = warc_http.parse_response(record.block)
    body = warc_http.body(warc_http.payload(record.block, response), response, limit=LARGEST_BYTES).data
    text, charset = decode(body, response.header("Content-Type"))
    where = {"record_id": record.id, "warc_date": record.date, **asdict(record.place)}
    return _facts(Page(page, body, text, charset, response.headers, response.status), hints, where)


def _page_on_disk(path: Path, url: str) -> Page:
    try:
        with path.open("rb") as file:
            body = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise WrongUse(f"{path}: {error.strerror}; a URL begins with http:// or https://") from error
    if len(body) > LARGEST_BYTES:
        raise WrongUse(f"{path}: larger than {LARGEST_BYTES} bytes, not a page")
    text, charset = decode(body, None)
    return Page(url, body, text, charset)


def _latest(archive: Archive, url: str) -> Record:
    if not archive.database.exists():
        raise WrongUse(f"{archive.root}: nothing was crawled into it yet")
    db = open_read_only(archive.database)
    try:
        row = db.execute(
            "SELECT w.name, c.warc_offset, c.warc_length FROM capture c JOIN resource r ON r.id = c.resource_id "
            "JOIN warc w ON w.id = c.warc_id WHERE r.url = ? AND c.status = 200 AND c.record_type = 'response' "
            "ORDER BY c.warc_date DESC LIMIT 1",
            [url],
        ).fetchone()
    finally:
        db.close()
    if row is None:
        raise WrongUse(f"{url}: not in {archive.root}; `bewaar crawl --scope page {url}` fetches it into the archive")
    place = Place(*row)
    try:
        with open_warc(archive.warcs, place.file) as file:
            return file.read(place.offset, place.length)
    except OSError as error:
        raise Damaged(f"{archive.warcs / place.file}: {error.strerror}") from error


def _facts(page: Page, hints: Hints, where: dict[str, Any]) -> list[dict[str, Any]]:
    sections: Sequence[Section] = extract(page, parse(page.text), hints)
    return [
        {"role": section.role, "url": page.url, **asdict(fact), **({"capture": where} if where else {})}
        for section in sections
        for fact in section.facts
    ]
