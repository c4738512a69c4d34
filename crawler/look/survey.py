"""What a look saw of a site, read back out of the WARC that it wrote: nothing is told that is not kept."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from protego import Protego

from archive.errors import BewaarError, Damaged
from archive.layout import Archive
from archive.model import HttpResponse, Reading, Record
from archive.urls import join
from archive.warc import http as warc_http
from archive.warc.fields import read_warc_fields
from archive.warc.reader import read_records
from crawler.events import Event, events
from crawler.look.platforms import platform
from crawler.look.sitemaps import LONGEST, Sitemap, newest_date
from crawler.reading import Reader
from crawler.robots_txt import legible
from crawler.tree import parse
from crawler.warcinfo import crawl_of, opening

#: sections that are told of; what a page says of itself and its links is told otherwise
_TOLD = ("member", "goal", "sponsor", "purpose", "treaty", "certification", "contact", "campaign", "social")
_FEEDS = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_TEXT_CHARS = 50_000


#: of a page's own description; what is longer is a text
_DESCRIPTION_CHARS = 500

_SHOWN = """SELECT 1 FROM capture WHERE crawl_id = ? AND page_key IS NOT NULL
AND (status BETWEEN 200 AND 299 OR status = 304) LIMIT 1"""


@dataclass(frozen=True, slots=True)
class PageSeen:
    """One HTML page that was answered with 200."""

    url: str
    size_bytes: int
    title: str | None
    language: str | None
    #: other languages it names (hreflang), and feeds
    languages: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    cms: str | None = None
    site_name: str | None = None
    #: what it says of itself for those who list it
    description: str | None = None
    #: facts by section
    sections: Mapping[str, int] = field(default_factory=dict)
    #: its readable text, in characters, and what it needs to show more
    text_chars: int = 0
    scripts: int = 0
    asks_password: bool = False
    links: tuple[str, ...] = ()
    requisites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One answer on the way from the address that was given."""

    url: str
    status: int | None
    mime: str | None = None
    location: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    asked: str
    #: from the address that was given to where it led
    way: tuple[Step, ...] = ()
    home: PageSeen | None = None
    inner: tuple[PageSeen, ...] = ()
    robots_status: int | None = None
    #: why it could not be asked for
    robots_error: str | None = None
    crawl_delay_s: float | None = None
    sitemaps: tuple[Sitemap, ...] = ()
    captures: int = 0

    @property
    def address(self) -> str:
        """Where the site is found: the end of the way."""
        return self.way[-1].url if self.way else self.asked

    @property
    def pages(self) -> tuple[PageSeen, ...]:
        return ((self.home,) if self.home else ()) + self.inner

    @property
    def cms(self) -> str | None:
        return next((page.cms for page in self.pages if page.cms), None)

    @property
    def languages(self) -> tuple[str, ...]:
        """The home page's own first."""
        told = [language for page in self.pages for language in (page.language, *page.languages)]
        return tuple(dict.fromkeys(language for language in told if language))

    @property
    def feeds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(feed for page in self.pages for feed in page.feeds))

    @property
    def newest(self) -> str | None:
        return max((sitemap.newest for sitemap in self.sitemaps if sitemap.newest), default=None)

    def other_hosts(self) -> Counter[str]:
        """Hosts beneath the site's own that its pages link to, by how often."""
        own = _plain_host(self.address)
        hosts = Counter(_plain_host(url) for page in self.pages for url in page.links)
        return Counter({host: count for host, count in hosts.items() if host.endswith(f".{own}")})


def survey(archive: Archive, crawl_id: str, site: str, asked: str, user_agent: str) -> Survey:
    """Raises BadRecord for a WARC that cannot be read."""
    reader = Reader()
    steps: dict[str, Step] = {}
    pages: dict[str, PageSeen] = {}
    sitemaps: dict[str, Sitemap] = {}
    robots: dict[str, tuple[int | None, str | None, bytes]] = {}
    captures = 0
    for event in _events(archive, crawl_id, site):
        if isinstance(event, Record):
            reader.learn(event)
            continue
        captures += 1
        reading = reader.read(event)
        capture, response, body = reading.capture, *_body(event.record)
        hops, url = capture.hops or "", capture.url
        if hops == "P":
            robots[urlsplit(url).netloc] = (capture.status, capture.error, body)
        elif "M" in hops:
            kinds = Counter(link.hop for link in reading.links)
            sitemaps[url] = Sitemap(url, capture.status, kinds["L"], kinds["M"], newest_date(body))
        else:
            location = response.header("Location") if response else None
            target = join(url, location) if location and 300 <= (capture.status or 0) < 400 else None
            if not hops.strip("R"):
                steps[url] = Step(url, capture.status, capture.mime, target, capture.error)
            if reading.page is not None and response is not None:
                pages[url] = _page(reading, body, response)
    way = tuple(_way(asked, steps))
    end = way[-1].url if way else asked
    # Where it leads to may be where nobody answers.
    asked_last = (way[-1].location if way else None) or end
    status, error, rules = robots.get(urlsplit(asked_last).netloc, (None, None, b""))
    return Survey(
        asked=asked,
        way=way,
        home=pages.pop(end, None),
        inner=tuple(pages.values()),
        robots_status=status,
        robots_error=error,
        crawl_delay_s=_crawl_delay(rules, user_agent) if status == 200 else None,
        sitemaps=tuple(sitemaps.values()),
        captures=captures,
    )


def _events(archive: Archive, crawl_id: str, site: str) -> Iterator[Event | Record]:
    for path in archive.warcs_of(site):
        crawl = crawl_of(path)
        if crawl is not None and crawl.id == crawl_id:
            yield from events(read_records(path))


def _body(record: Record) -> tuple[HttpResponse | None, bytes]:
    if record.type != "response":
        return None, b""
    try:
        response = warc_http.parse_response(record.block)
        return response, warc_http.body(warc_http.payload(record.block, response), response, limit=LONGEST).data
    except (Damaged, ValueError):
        return None, b""


def _way(asked: str, steps: Mapping[str, Step]) -> Iterator[Step]:
    url: str | None = asked
    seen = set()
    while url is not None and url not in seen and (step := steps.get(url)):
        seen.add(url)
        yield step
        url = step.location


def _page(reading: Reading, body: bytes, response: HttpResponse) -> PageSeen:
    capture, said = reading.capture, reading.page
    assert said is not None
    told: dict[str, Any] = {}
    sections: dict[str, int] = {}
    for section in reading.sections:
        if section.role == "identity":
            for fact in section.facts:
                told.setdefault(fact.kind or "", fact.value)
        elif section.role in _TOLD and (count := sum(fact.tier == "confirmed" for fact in section.facts)):
            sections[section.role] = count
    tree = parse(body.decode("utf-8", "replace"))
    links = tuple(link.url for link in reading.links if link.hop == "L" and not link.context.startswith("script"))
    requisites = tuple(link.url for link in reading.links if link.hop == "E" and not link.context.startswith("script"))
    return PageSeen(
        url=capture.url,
        size_bytes=capture.payload_bytes or 0,
        title=said.title,
        language=said.lang,
        languages=_hreflangs(tree),
        feeds=tuple(_feeds(tree, capture.url)),
        cms=told.get("cms") or platform((*requisites, *links), response.headers),
        site_name=told.get("site_name"),
        description=_description(tree),
        sections=sections,
        text_chars=len(said.text[:_TEXT_CHARS].strip()),
        scripts=len(tree.css("script:not([type*=json])")),
        asks_password=tree.css_first('input[type="password" i]') is not None,
        links=links,
        requisites=requisites,
    )


def _description(tree: Any) -> str | None:
    for wanted in ('meta[name="description" i]', 'meta[property="og:description" i]'):
        node = tree.css_first(wanted)
        if node is not None and (said := " ".join((node.attributes.get("content") or "").split())):
            return said[:_DESCRIPTION_CHARS]
    return None


def _hreflangs(tree: Any) -> tuple[str, ...]:
    told = [node.attributes.get("hreflang") or "" for node in tree.css("link[rel~=alternate][hreflang]")[:200]]
    return tuple(dict.fromkeys(lang.lower()[:35] for lang in told if lang and lang.lower() != "x-default"))


def _feeds(tree: Any, base: str) -> Iterator[str]:
    for node in tree.css("link[rel~=alternate][type][href]")[:50]:
        kind = (node.attributes.get("type") or "").partition(";")[0].strip().lower()
        if kind in _FEEDS and (url := join(base, node.attributes.get("href") or "")):
            yield url


def _crawl_delay(rules: bytes, user_agent: str) -> float | None:
    try:
        delay = Protego.parse(legible(rules)).crawl_delay(user_agent)
    except (ValueError, RecursionError):
        return None
    return float(delay) if delay else None


def _plain_host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def how_it_ended(db: sqlite3.Connection, crawl: str, status: str) -> str:
    """*status*, as people read it: a crawl of a server that is dead comes to its end, and nothing came of it."""
    return "no page" if status == "finished" and db.execute(_SHOWN, (crawl,)).fetchone() is None else status


def is_look(archive: Archive, file: str) -> bool:
    """Whether the WARC file of that name holds a look, and no crawl."""
    try:
        first = next(opening(archive.warcs / file), None)
    except (OSError, BewaarError):
        return False
    return first is not None and read_warc_fields(first.block.chunks()).get("bewaar-look") == "yes"
