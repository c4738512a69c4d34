"""The facts on one page, for ``bewaar extract``: from its latest capture in the archive, or from a file on disk."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive.decoding import decode
from archive.errors import BewaarError, WrongUse
from archive.layout import Archive
from archive.model import Page, Section
from crawler.bounds import GAVE_UP, MEMORY_BYTES, PAGE_MAX_BYTES, RECORD_TIMEOUT_S, TOO_LARGE, reader_process, too_large

if TYPE_CHECKING:
    from crawler.kept import Kept

#: what a body that is no HTML begins with
_OTHERS = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "a ZIP file",
    b"%PDF": "PDF",
    b"WARC/": "a WARC file",
    b"SQLite": "a database",
}


@dataclass(frozen=True, slots=True)
class Examined:
    url: str
    sections: tuple[Section, ...]
    #: the name of the profile it was read with, and whether as its crawl recorded it; None where it has none
    profile: str | None
    recorded: bool
    #: of a page out of the archive
    kept: Kept | None

    def facts(self) -> list[dict[str, Any]]:
        """One dict per fact, in the order of the sections."""
        where: dict[str, Any] = {}
        if self.kept is not None:
            kept = self.kept
            where = {"record_id": kept.record_id, "warc_date": kept.warc_date, **asdict(kept.place)}
        return [
            {"role": section.role, "url": self.url, **asdict(fact), **({"capture": where} if where else {})}
            for section in self.sections
            for fact in section.facts
        ]


def examine(
    page: str,
    archive: Path,
    *,
    base: str | None = None,
    site: str | None = None,
    timeout_s: float = RECORD_TIMEOUT_S,
) -> Examined:
    """Read *page*, a URL or a file. A capture is read as its crawl read it; with *site*, with that profile of today.

    In a process of its own, ended where that of a crawl would be. Raises WrongUse when there is no such page,
    BewaarError for one that no crawl would read either.
    """
    said: object = None
    with reader_process(_examine, page, archive, base, site) as (channel, _), suppress(EOFError, ConnectionError):
        if channel.poll(timeout_s):
            said = channel.recv()
    if isinstance(said, BaseException):
        raise said
    if not isinstance(said, Examined):
        limits = f"more than {timeout_s:.0f} s or {MEMORY_BYTES >> 30} GiB"
        raise BewaarError(f"{page}: {GAVE_UP}: too slow, or needs too much memory ({limits}); no crawl reads it either")
    return said


def _examine(channel: Connection, page: str, archive: Path, base: str | None, site: str | None) -> None:
    """The process itself."""
    try:
        channel.send(_examined(page, archive, base, site))
    except MemoryError:
        return  # as one that is killed for it
    except (BewaarError, OSError, sqlite3.Error) as error:
        channel.send(error)


def _examined(page: str, archive: Path, base: str | None, site: str | None) -> Examined:
    from crawler.extract import extract  # the process that starts this one needs none of them
    from crawler.extract.hints import Hints
    from crawler.kept import latest_page, recorded_profile
    from crawler.plan import profile_for
    from crawler.tree import parse

    found = Archive.find(archive) or (Archive.open(archive) if archive.exists() else None)
    profile = profile_for(site, found) if site else None
    kept = None
    if "://" not in page:
        read = page_on_disk(Path(page), base or f"file:///{Path(page).name}")
    elif found is None:
        raise WrongUse(f"{archive}: no archive there; `bewaar crawl --scope page {page}` makes one that holds the page")
    else:
        kept = latest_page(found, page)
        read = kept.page
        profile = profile or recorded_profile(found, kept.crawl)
    hints = profile.hints() if profile else Hints()
    sections = extract(read, parse(read.text), hints)
    # The body is not asked for, and is long.
    read = replace(read, body=b"", text="")
    kept = replace(kept, page=read) if kept else None
    return Examined(read.url, sections, profile.name if profile else None, kept is not None and not site, kept)


def page_on_disk(path: Path, url: str, charset: str | None = None) -> Page:
    """The page in a file. Raises WrongUse for what cannot be read, and for what is no HTML; BewaarError for what is
    larger than the pages that are read."""
    try:
        with path.open("rb") as file:
            body = file.read(PAGE_MAX_BYTES + 1)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise WrongUse(f"{path}: {error.strerror}; a URL begins with http:// or https://") from error
    if other := next((what for magic, what in _OTHERS.items() if body.startswith(magic)), None):
        raise WrongUse(f"{path}: {other}, not a page")
    if len(body) > PAGE_MAX_BYTES:
        raise BewaarError(f"{path}: {TOO_LARGE}: {too_large(max(size, len(body)))}")
    text, charset = decode(body, f"text/html; charset={charset}" if charset else None)
    return Page(url, body, text, charset)
