"""A page out of the archive, or a file, recorded as a golden page; and where golden pages are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.parse import unquote, urlsplit

from archive.errors import WrongUse
from archive.layout import Archive, check_site_name
from archive.model import Page
from crawler.examine import page_on_disk
from crawler.extract import extract
from crawler.extract.hints import Hints
from crawler.extract.organisations import slug
from crawler.golden.pages import Sections, write_golden_page
from crawler.kept import latest_page
from crawler.sites.profile import Profile, default_profile
from crawler.sites.profile_files import list_profiles, load_profile
from crawler.tree import parse

_NAME_CHARS = 60


@dataclass(frozen=True, slots=True)
class Recorded:
    folder: Path
    site: str
    page: Page
    sections: Sections
    #: of that name; None where the page was read without one
    profile: Profile | None
    #: False when it stood there already, as it is
    new: bool


def record_page(
    target: str,
    archive_path: Path,
    *,
    base: str | None = None,
    site: str | None = None,
    name: str | None = None,
    into: Path | None = None,
    force: bool = False,
) -> Recorded:
    """Record the latest capture of a URL, or a file saved from the URL *base*, as ``INTO/SITE/PAGE``.

    SITE is the site whose crawl captured it, and PAGE what its URL calls it, unless they are given. It is read with the
    profile SITE as it is now. Raises WrongUse.
    """
    archive = Archive.find(archive_path)
    if "://" in target:
        if archive is None:
            raise WrongUse(f"{archive_path}: no archive there; `bewaar crawl --scope page {target}` makes one")
        kept = latest_page(archive, target)
        page, site = kept.page, site or kept.site
    else:
        if base is None:
            raise WrongUse(f"{target}: give --url URL, where the file was saved from")
        site = site or default_profile(base).name
        page = page_on_disk(Path(target), base)
    profile = profile_named(check_site_name(site), archive)
    folder = (into or home_of(site, archive, archive_path)) / site / check_site_name(name or _name_in(page.url))
    hints = profile.hints() if profile else Hints()
    sections = {section.role: section for section in extract(page, parse(page.text), hints)}
    new = write_golden_page(folder, page, _charset_told(page), sections, force=force)
    return Recorded(folder, site, page, sections, profile, new)


def profile_named(site: str, archive: Archive | None) -> Profile | None:
    known = any(file.name == site for file in list_profiles(archive))
    return load_profile(site, archive) if known else None


def home_of(site: str, archive: Archive | None, archive_path: Path) -> Path:
    """Where a site's golden pages belong: with its profile. The archive's, if the profile is its own; else those of the
    project in whose checkout one stands; else the archive's.
    """
    own = archive is not None and (archive.sites / f"{site}.toml").exists()
    checkout = checkout_pages()
    return archive_path / "pages" if own or checkout is None else checkout


def checkout_pages() -> Path | None:
    """``tests/pages``, in a checkout of the project."""
    pages = Path("tests", "pages")
    return pages if pages.is_dir() and Path("crawler", "extract", "registry.py").is_file() else None


def _charset_told(page: Page) -> str | None:
    """What the Content-Type header said, which the file alone does not tell."""
    told = next((value for name, value in page.headers if name.lower() == "content-type"), None)
    if told is None:
        return None
    message = Message()
    message["content-type"] = told
    return message.get_content_charset()


def _name_in(url: str) -> str:
    """What a URL calls its page: the last folder or file of its path.

    >>> _name_in("https://example.org/About-us/Our_Members.html?lang=en"), _name_in("https://example.org/")
    ('our-members', 'front')
    """
    steps = [step for step in unquote(urlsplit(url).path).split("/") if step]
    name = slug(re.sub(r"\.[a-z]{2,5}$", "", steps[-1], flags=re.IGNORECASE)) if steps else ""
    return re.sub(r"[^a-z0-9-]+", "-", name).strip("-")[:_NAME_CHARS] or "front"
