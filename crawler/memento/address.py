"""How another archive is asked: which interfaces its address may stand for, and what is requested of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

from archive.urls import join, urlkey
from crawler.domains import registered_domain
from crawler.memento.listing import Listed

Extent = Literal["page", "prefix", "host", "domain"]

#: lines of one answer of a server that goes on where it ended
PAGE_LINES = 10_000
#: a URI-M that has its time in its path, as OpenWayback began to: the modifier behind it asks for a form
_WAYBACK = re.compile(r"(?P<prefix>.*?/)(?P<at>\d{14})(?P<modifier>[a-z]{2}_)?/(?P<url>https?:/.*)", re.DOTALL)
_TIMEMAP = re.compile(r"(?P<base>.*?/)timemap/(?P<form>link|json|cdxj)(?:/.*|\*)?", re.DOTALL)
_CDX = re.compile(r"(?P<base>.*/)(?:cdx/search/cdx|cdx/search|[a-z-]*cdx|cdx-server)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Interface:
    """One way to ask what an archive has."""

    kind: Literal["cdx", "timemap"]
    #: a CDX server's address; or that of TimeMaps, behind which the URL stands
    base: str
    #: the server hands out so many lines, and a key to go on with
    resumes: bool = False
    #: what may stand before time and URL of a capture, the likeliest first; a TimeMap says it
    replays: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Interface:
        return cls(**{**data, "replays": tuple(data["replays"])})

    def with_replay(self, prefix: str) -> Interface:
        return replace(self, replays=(prefix,))


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants back: one URL, or all below it."""

    url: str
    extent: Extent
    #: 14 digits
    since: str | None = None
    until: str | None = None

    def includes(self, url: str) -> bool:
        """Whether *url*, which an archive lists, is part of it, by SURT key: scheme, ``www.`` and a closing slash say
        nothing.

        >>> docs = Asked("http://example.org/docs/", "prefix")
        >>> docs.includes("https://www.example.org/docs/a"), docs.includes("http://example.org/docsa")
        (True, False)
        >>> Asked("http://example.org/a", "domain").includes("http://shop.example.org/")
        True
        """
        if not url.lower().startswith(("http://", "https://")):
            return False
        key = urlkey(url)
        host = key.partition(")")[0]
        match self.extent:
            case "page":
                return key == urlkey(self.url)
            case "prefix":
                folder = urlkey(self.prefix)
                return key == folder or key.startswith(folder if folder.endswith("/") else (f"{folder}/", f"{folder}?"))
            case "host":
                return host == urlkey(self.url).partition(")")[0]
            case "domain":
                domain = urlkey(f"http://{self.domain}/").partition(")")[0]
                return host == domain or host.startswith((f"{domain},", f"{domain}:"))

    def is_within(self, digits: str) -> bool:
        return (self.since or "") <= digits <= (self.until or "99999999999999")

    @property
    def prefix(self) -> str:
        """The folder of the URL."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path[: parts.path.rfind('/') + 1] or '/'}"

    @property
    def domain(self) -> str:
        host = urlsplit(self.url).hostname or ""
        return registered_domain(host) or host


def interfaces(address: str) -> Iterator[Interface]:
    """What the archive at *address* may understand, the surest first.

    >>> [each.base for each in interfaces("http://a.example/coll")][:2]
    ['http://a.example/coll/cdx', 'http://a.example/coll/cdx/search/cdx']
    >>> next(interfaces("http://a.example/coll/timemap/link/http://x.example/")).base
    'http://a.example/coll/timemap/link/'
    """
    address = address.partition("?")[0].partition("#")[0]
    if found := _TIMEMAP.fullmatch(address):
        yield Interface("timemap", f"{found['base']}timemap/{found['form']}/")
        return
    if found := _CDX.fullmatch(address.rstrip("/")):
        base = found["base"]
        resumes = "/cdx/search" in address
        replays = (f"{base}web/", f"{base}wayback/", base) if resumes else (base, f"{base}web/", f"{base}wayback/")
        yield Interface("cdx", address.rstrip("/"), resumes=resumes, replays=replays)
        return
    base = f"{address.rstrip('/')}/"
    yield Interface("cdx", f"{base}cdx", replays=(base,))
    yield Interface("cdx", f"{base}cdx/search/cdx", resumes=True, replays=(f"{base}web/", base, f"{base}wayback/"))
    parent = base[: base.rstrip("/").rfind("/") + 1]
    if len(parent) > len("https://"):
        yield Interface("cdx", f"{parent}cdx/search/cdx", resumes=True, replays=(base,))
    for form in ("link", "json"):
        yield Interface("timemap", f"{base}timemap/{form}/")


def listing_url(interface: Interface, asked: Asked, *, resume: str | None = None, limit: int | None = None) -> str:
    """What is requested to be told what there is of *asked*."""
    if interface.kind == "timemap":
        return f"{interface.base}{asked.url}"
    target = {"page": asked.url, "prefix": asked.prefix, "host": asked.url, "domain": asked.domain}[asked.extent]
    values = {"url": target, "output": "json"}
    if asked.extent != "page":
        values["matchType"] = asked.extent
    if asked.since:
        values["from"] = asked.since
    if asked.until:
        values["to"] = asked.until
    if interface.resumes:
        values["fl"] = "timestamp,original,mimetype,statuscode,digest"
        values["showResumeKey"] = "true"
        limit = limit or PAGE_LINES
    if limit:
        values["limit"] = str(limit)
    if resume:
        values["resumeKey"] = resume
    return f"{interface.base}?{urlencode(values, quote_via=quote, safe=':/')}"


def original_url(interface: Interface, listed: Listed, *, replay: int = 0) -> str:
    """The address of a capture in the form it was captured in: ``id_`` behind its time. A URI-M of another make is
    what it is."""
    if listed.memento:
        found = _WAYBACK.fullmatch(listed.memento)
        return f"{found['prefix']}{found['at']}id_/{found['url']}" if found else listed.memento
    return f"{interface.replays[replay]}{listed.at}id_/{listed.url}"


def replay_of(url: str) -> str | None:
    """What stands before the time in the address of a capture.

    >>> replay_of("http://a.example/web/20140126200624id_/http://x.example/")
    'http://a.example/web/'
    """
    found = _WAYBACK.fullmatch(url)
    return found["prefix"] if found else None


def unwrapped(location: str, source: str) -> str:
    """Where a redirect led, without the archive around it, which its capture *source* was had from.

    >>> source = "http://a.example/web/20140126200624id_/http://x.example/"
    >>> unwrapped("/web/20140126200624id_/http://x.example/b", source), unwrapped("../b", source)
    ('http://x.example/b', '../b')
    """
    found = _WAYBACK.fullmatch(join(source, location) or "")
    # Relative to the capture it is relative to what was captured, too.
    is_whole = location.startswith(("/", "http://", "https://"))
    return found["url"] if found and is_whole and found["prefix"] == replay_of(source) else location
