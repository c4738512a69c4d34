"""A site is a directory that is there whole, or not at all; another export takes its place at once."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.browse.citing import cite_site
from archive.browse.language import Visit, visiting
from archive.browse.serve import build_still
from archive.errors import ArchiveFault, WrongUse
from archive.export.dataset import Dataset, describe
from archive.layout import Archive
from archive.report.words import Language
from archive.site.pages import Pages
from archive.store.rules import read_rules
from archive.store.withheld import open_visible
from archive.warc.drafts import new_directory
from archive.warc.segment import flush

#: says that a directory was made here, of what, and which files: only such a one is replaced
MARKER = "bewaar-site.json"
_MADE_BY = "bewaar export --site"
_ADDRESS = re.compile(r"https?://[^\s/?#]+/(?:[^\s?#]*/)?")


@dataclass(frozen=True, slots=True)
class Made:
    directory: str
    pages: int
    pictures: int
    #: bytes
    size: int
    digest: str
    citation: str
    #: what whoever exports should know
    notes: tuple[str, ...]


def export_site(
    archive: Archive,
    directory: Path,
    extractors: Mapping[str, int],
    *,
    base_url: str = "",
    index: bool = False,
    language: Language = "en",
) -> Made:
    """Write the site into *directory*, or in place of the one that was made there before. *base_url* is where it will
    stand, with a slash at its end: feeds then have whole addresses. *extractors* are their versions, by role.

    Raises WrongUse for a directory with anything in it that an export did not write, an address that is none, a
    decision that cannot be obeyed; NotAnArchive; ArchiveFault or DiskFull when it cannot be written. The directory that
    was there is then whole as before.
    """
    if base_url and not _ADDRESS.fullmatch(base_url):
        raise WrongUse(f"--base-url {base_url!a}: an address such as https://example.org/archive/ is expected")
    _check(directory)
    with new_directory(directory, replace=True) as place:
        dataset, running = _dataset(archive, extractors)
        days = (dataset.first[:10], dataset.last[:10]) if dataset.first and dataset.last else None
        with visiting(Visit(language=language)):
            citation = cite_site(archive.operator, dataset.sites, days, base_url, dataset.digest)
        about = {"digest": dataset.digest, "citation": citation}
        pages, notes = asyncio.run(_write(archive, place, about, base_url=base_url, index=index, language=language))
        files = {path.relative_to(place).as_posix(): _digest(path) for path in _files(place)}
        marker = {"made_by": _MADE_BY, "software": dataset.software, "dataset_digest": dataset.digest,
                  "citation": citation, "files": files}  # fmt: skip
        (place / MARKER).write_text(json.dumps(marker, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        for path in _files(place):
            with path.open("rb") as file:
                flush(file.fileno())
        size = sum(path.stat().st_size for path in _files(place))
        _check(directory)
    if running:
        notes.append("a crawl is running, or was cut off: what it has not written yet is not in here")
    pictures = sum(name.startswith("pictures/") for name in files)
    return Made(str(directory), pages, pictures, size, dataset.digest, citation, tuple(notes))


async def _write(
    archive: Archive, place: Path, about: Mapping[str, str], *, base_url: str, index: bool, language: Language
) -> tuple[int, list[str]]:
    with _serving(archive, base_url, index=index) as (datasette, publication):
        await datasette.invoke_startup()
        shown = publication.shown()
        pages = Pages(datasette, place, about, index=index, language=language)
        await pages.fetch()
        if publication.shown() != shown or not publication.holds():
            raise ArchiveFault(
                f"{archive.decisions}: what may be seen changed while the site was written: run it again"
            )
        await pages.link()
    return pages.count, pages.notes


@contextmanager
def _serving(archive: Archive, base_url: str, *, index: bool) -> Iterator[tuple[Any, Any]]:
    datasette, publication = build_still(archive, base_url=base_url, index=index)
    try:
        yield datasette, publication
    finally:
        for database in datasette.databases.values():
            database.close()
        if datasette.executor is not None:
            datasette.executor.shutdown()


def _dataset(archive: Archive, extractors: Mapping[str, int]) -> tuple[Dataset, bool]:
    with open_visible(archive, candidates=False) as connection:
        withholding = len(read_rules(connection))
        running = connection.execute("SELECT 1 FROM main.crawl WHERE status = 'running'").fetchone() is not None
        return describe(connection, archive, extractors, withholding=withholding), running


def _check(directory: Path) -> None:
    """Raises WrongUse unless nothing is lost when *directory* is replaced."""
    if not os.path.lexists(directory):
        return
    if directory.is_symlink() or not directory.is_dir():
        raise WrongUse(f"{directory}: is there, and is no directory")
    try:
        found = json.loads((directory / MARKER).read_text(encoding="utf-8"))
        known = found["files"] if found["made_by"] == _MADE_BY else None
    except (OSError, ValueError, KeyError, TypeError):
        known = None
    if not isinstance(known, dict):
        raise WrongUse(f"{directory}: is there, and was not made by `{_MADE_BY}`: it is not replaced")
    for path in _files(directory):
        name = path.relative_to(directory).as_posix()
        if name not in known and name != MARKER:
            raise WrongUse(f"{path}: no export wrote it, and it would be lost: move it out of the way")


def _files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_symlink() or not path.is_dir())


def _digest(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
