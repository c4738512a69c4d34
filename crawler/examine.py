"""The facts on one page, for ``bewaar extract``: from its latest capture in the archive, or from a file on disk."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archive.decoding import decode
from archive.errors import WrongUse
from archive.layout import Archive
from archive.model import Page, Section
from crawler.extract import extract
from crawler.extract.hints import Hints
from crawler.kept import LARGEST_BYTES, Kept, latest_page, recorded_profile
from crawler.plan import profile_for
from crawler.tree import parse

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
    page: Page
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
            record = self.kept.record
            where = {"record_id": record.id, "warc_date": record.date, **asdict(record.place)}
        return [
            {"role": section.role, "url": self.page.url, **asdict(fact), **({"capture": where} if where else {})}
            for section in self.sections
            for fact in section.facts
        ]


def examine(page: str, archive: Path, *, base: str | None = None, site: str | None = None) -> Examined:
    """Read *page*, a URL or a file. A capture is read as its crawl read it; with *site*, with that profile of today.

    Raises WrongUse when there is no such page.
    """
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
    return Examined(read, sections, profile.name if profile else None, kept is not None and not site, kept)


def page_on_disk(path: Path, url: str, charset: str | None = None) -> Page:
    """The page in a file. Raises WrongUse for what cannot be read, and for what is no HTML."""
    try:
        with path.open("rb") as file:
            body = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise WrongUse(f"{path}: {error.strerror}; a URL begins with http:// or https://") from error
    if len(body) > LARGEST_BYTES:
        raise WrongUse(f"{path}: larger than {LARGEST_BYTES} bytes, not a page")
    if other := next((what for magic, what in _OTHERS.items() if body.startswith(magic)), None):
        raise WrongUse(f"{path}: {other}, not a page")
    text, charset = decode(body, f"text/html; charset={charset}" if charset else None)
    return Page(url, body, text, charset)
