"""Whose captures others' files hold: their records name no site and no crawl of ours.

A host that a profile is about belongs to the profile's site, any other host is a site of its own. One file's captures
of one site on one day (UTC) are one crawl, named by the first of them: of a page that is captured again and again over
the years each day counts, and no name depends on the clock, nor on what else is in the archive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from archive import times
from archive.errors import WrongUse
from archive.layout import Archive
from archive.model import Capture, Crawl
from crawler.domains import registered_domain
from crawler.sites.profile import Profile, default_profile
from crawler.sites.profile_files import list_profiles, read_profile

#: the site of what has no host: screenshots, provenance
NO_HOST = "without_host"

_SEEN_LIMIT = 100_000
#: what programs put in front of the URL of a page that something is about: ``urn:text:https://...``
_ABOUT = re.compile(r"https?://[^/?#\s]+", re.IGNORECASE)


class Sites:
    """The sites of hosts, by the profiles of the archive and the shipped ones."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._profiles: dict[str, Profile] = {}
        self._hosts: dict[str, str] | None = None
        self._domains: dict[str, str] = {}
        self._seen: dict[str, str] = {}

    def site_of(self, url: str) -> str:
        """Raises BadProfile for a profile that is none."""
        origin = _origin(url)
        if (known := self._seen.get(origin)) is None:
            if len(self._seen) >= _SEEN_LIMIT:
                self._seen.clear()
            known = self._seen[origin] = self._by_host(origin)
        return known

    def profile_of(self, site: str) -> Profile | None:
        """None for a site nobody has written a profile of."""
        self._load()
        return self._profiles.get(site)

    def _by_host(self, origin: str) -> str:
        self._load()
        assert self._hosts is not None
        host = _bare(urlsplit(origin).hostname or "") if origin else ""
        if found := self._hosts.get(host):
            return found
        if self._domains and (found := self._domains.get(registered_domain(host) or "")):
            return found
        try:
            return default_profile(f"{origin}/").name
        except WrongUse:
            return NO_HOST

    def _load(self) -> None:
        if self._hosts is not None:
            return
        self._hosts = {}
        # Of two profiles about one host the archive's own goes first, then the first by name.
        for file in sorted(list_profiles(self._archive), key=lambda file: (file.shipped, file.name)):
            profile = self._profiles[file.name] = read_profile(file.path)
            seeds = [_bare(urlsplit(seed).hostname or "") for seed in profile.seeds]
            for host in (*seeds, *(_bare(host.partition(":")[0]) for host in profile.hosts)):
                self._hosts.setdefault(host, file.name)
            if profile.scope == "domain":
                for host in seeds:
                    if domain := registered_domain(host):
                        self._domains.setdefault(domain, file.name)


@dataclass(slots=True)
class MadeUp:
    """A crawl that was made up from its records."""

    id: str
    site: str
    #: of its captures, ``YYYY-MM-DDTHH:MM:SSZ``
    first: str
    last: str
    software: str
    operator: str | None

    @classmethod
    def of(cls, capture: Capture, site: str, software: str, operator: str | None) -> MadeUp:
        """The crawl that begins with *capture*."""
        at = captured_at(capture)
        try:
            digits = times.digits17(times.parse(at if capture.misdated else capture.warc_date))
        except (ValueError, OverflowError):
            digits = times.digits14(at).ljust(17, "0")
        return cls(f"{site}-{digits.rjust(17, '0')}", site, at, at, software, operator)

    def take(self, capture: Capture) -> None:
        at = captured_at(capture)
        self.first, self.last = min(self.first, at), max(self.last, at)

    def row(self, *, whole: bool) -> Crawl:
        """*whole*: all of its captures in this file were taken."""
        finished_at = self.last if whole else None
        return Crawl(self.id, self.site, self.first, finished_at, "imported", self.software, self.operator)


def captured_at(capture: Capture) -> str:
    """Of a date that is none, or cannot be: one that sorts before everything."""
    if capture.misdated:
        return times.NO_DATE
    try:
        return times.captured_at(capture.warc_date)
    except (ValueError, OverflowError):
        return times.NO_DATE


def _origin(url: str) -> str:
    """Scheme, host and port; nothing of what has no host."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme == "dns":  # dns:example.org, RFC 4501
        return f"http://{parts.path.rpartition('/')[2].lower()}"
    if host and parts.scheme in ("http", "https", "ftp"):
        shown = f"[{host}]" if ":" in host else host
        return f"{'http' if parts.scheme == 'ftp' else parts.scheme}://{shown}{f':{port}' if port else ''}"
    found = _ABOUT.search(url, 1)
    return _origin(found[0]) if found else ""


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")
