"""A file in ``warcs/`` that the manifest does not name, told to the person who decides what it is."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from archive.layout import is_unicode
from archive.warc.recover import crawl_told
from archive.warc.rules import shown


def crawl_of(path: Path) -> str | None:
    """The crawl that it says it is of, fit for a terminal; None where it says none, or cannot be named there itself."""
    plain = is_unicode(path.name) and path.name.isprintable() and path.is_file() and not path.is_symlink()
    crawl = crawl_told(path) if plain else None
    return shown(crawl) if crawl else None


def told_of(path: Path) -> str:
    """One line: what is known of it, and what to do."""
    if (crawl := crawl_of(path)) is None:
        return "does not stand in the manifest: nobody knows what it is"
    return (
        f"does not stand in the manifest: by its own words of the crawl {crawl}; copied here from another archive, "
        f"`bewaar ingest {quote(str(path))}` takes it in"
    )
