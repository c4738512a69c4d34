"""WARC records in, readings out: the one way from bytes to facts, for a crawl being written and for files long sealed.

No network, and nothing here knows whether the crawl is live: that is what makes live rows equal rebuilt rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser

from archive import urls
from archive.decoding import decode
from archive.digests import sha256_chunks
from archive.errors import BadProfile, BadRecord, Damaged
from archive.model import (
    HTML,
    Capture,
    Closing,
    Crawl,
    HttpResponse,
    Link,
    Page,
    Problem,
    Reading,
    Record,
    Section,
    Style,
    WireBytes,
)
from archive.uncollected import uncollected
from archive.warc import http as warc_http
from archive.warc.events import OTHER_DIGEST, SECRETS_IN_BODY
from archive.warc.revisits import is_declared, is_not_modified_revisit
from crawler.bounds import GAVE_UP, PAGE_MAX_BYTES, TOO_LARGE, too_large
from crawler.closings import CRAWL, PATCH, ending_of, read_closing
from crawler.discover import discover
from crawler.discover.needs import list_urls
from crawler.events import Event, capture_of
from crawler.login import is_logged_out
from crawler.sites.expectation import UNEXPECTED, unexpected
from crawler.sites.login import LOGGED_OUT
from crawler.sites.profile import Profile, default_profile
from crawler.tree import parse
from crawler.warcinfo import told_crawl

HTTP = ("http:", "https:")
#: answers that hold what was asked for
GOOD = range(200, 300)
#: what may hold links, beside HTML; all other bodies are only digested
LINKED = frozenset(
    (
        "text/css text/plain application/json application/pdf application/gzip application/x-gzip "
        "application/octet-stream application/vnd.apple.mpegurl application/x-mpegurl audio/mpegurl audio/x-mpegurl "
        "video/vnd.mpeg.dash.mpd"
    ).split()
)
#: types by which a server says that it does not know (MIME Sniffing, 7)
UNTOLD = frozenset(("unknown/unknown", "application/unknown", "*/*"))
#: ends of the types of the same
LINKED_ENDS = ("xml", "+json", "javascript", "ecmascript", "jscript")


class Reader:
    """Reads the events of one crawl, with the profile its WARC records; until that record is met, a default one."""

    def __init__(
        self,
        *,
        facts: bool = True,
        profile: Profile | None = None,
        before_body: Callable[[], None] = lambda: None,
        find_original: Callable[[str], Record | None] = lambda _: None,
    ) -> None:
        self._facts = facts
        #: the record of that id, for revisits
        self._find_original = find_original
        self._looks_inside = True
        #: called before a body is decoded and parsed, which is where a hostile one could end the process
        self._before_body = before_body
        #: given: this profile is used and the recorded one is not (``rebuild --profile current``)
        self._given = profile
        self.profile = profile
        self.crawl: Crawl | None = None
        #: what was learned of how the crawl ended, and nobody has taken yet
        self.closings: list[Closing] = []
        #: every seed read so far is something else than the profile expects: a parking page's facts are nobody's
        self._gone: bool | None = None

    def learn(self, record: Record) -> Crawl | None:
        """Take in a warcinfo or ``metadata://`` record; the crawl row when it says something new of it. Raises
        BadRecord for a profile or a report that is none: they may come out of anybody's file."""
        if record.type == "warcinfo":
            self.crawl = told_crawl(record, self.crawl)
            return self.crawl
        url = record.url or ""
        place = record.place
        try:
            if url.endswith("/profile.json") and self._given is None:
                self.profile = Profile.from_json(b"".join(record.block.chunks()))
            elif url.endswith((CRAWL, PATCH)) and self.crawl:
                closing = read_closing(self.crawl.id, url, record.block.chunks())
                self.closings.append(closing)
                if closing.kind == "crawl":
                    ended = ending_of(closing)
                    self.crawl = replace(self.crawl, finished_at=closing.finished_at, status=ended)
                return self.crawl
        except (BadProfile, ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            raise BadRecord(place.file, place.offset, f"{url[:200]}: {error}") from error
        return None

    def skim(self, event: Event) -> Reading:
        """A record that ended a reader, because it took too long or too much memory: its capture, and nothing of its
        body. What makes bodies dangerous is decoding and parsing them; digests are safe."""
        looked_at, self._looks_inside = self._looks_inside, False
        try:
            reading = self.read(event)
        finally:
            self._looks_inside = looked_at
        return replace(reading, problems=(*reading.problems, Problem(GAVE_UP, "too slow, or needs too much memory")))

    def read(self, event: Event) -> Reading:
        reading = self._read(event)
        if (places := event.about.get(SECRETS_IN_BODY, "")).isdigit():
            problem = Problem("a declared secret stood in its body", f"places masked: {places}")
            return replace(reading, problems=(*reading.problems, problem))
        if declared := event.about.get(OTHER_DIGEST):
            problem = Problem("not what the other archive's index says", f"{declared} there")
            return replace(reading, problems=(*reading.problems, problem))
        return reading

    def _read(self, event: Event) -> Reading:
        capture = capture_of(event)
        if self.profile is None:
            self.profile = default_profile(capture.url)
        if event.record.type == "metadata":
            return Reading(replace(capture, page_key=self._page_key(capture, None)))
        return self._read_response(event.record, capture)

    def _read_response(self, record: Record, capture: Capture) -> Reading:
        if is_not_modified_revisit(record):
            return self._read_not_modified(capture)
        if capture.type == "revisit" and not record.block.size:
            return Reading(capture)  # others' tools leave its header section out
        if capture.type == "resource":
            return self._read_resource(record, capture)
        try:
            response = warc_http.parse_response(record.block)
        except ValueError as error:
            if not capture.url.lower().startswith(HTTP) and capture.type == "response":
                return self._read_resource(record, capture)
            if capture.truncated is not None and not any(b"\n" in chunk for chunk in record.block.chunks()):
                return Reading(capture)  # cut off in its status line, as the record says
            # The bytes are kept; what they say cannot be told.
            return Reading(capture, problems=(Problem("not HTTP", str(error)),))
        mime = warc_http.mime(response)
        capture = replace(capture, status=response.status, mime=mime, page_key=self._page_key(capture, mime))
        payload = warc_http.payload(record.block, response)
        if capture.type == "revisit":
            original = self._original(capture)
            if original is None:
                return Reading(capture)
            payload = original[1]
        return self._read_payload(capture, response, payload, mime)

    def _read_resource(self, record: Record, capture: Capture) -> Reading:
        """A block that is the payload itself: a ``resource`` record, an answer of the DNS (WARC 1.1, 6.5 and annex)."""
        declared = HttpResponse(200, "", (("Content-Type", record.field("Content-Type") or ""),), 0)
        mime = warc_http.mime(declared)
        is_page = capture.url.lower().startswith(HTTP)
        capture = replace(capture, mime=mime, page_key=self._page_key(capture, mime) if is_page else None)
        if not is_page:
            digest = sha256_chunks(record.block.chunks())
            return Reading(replace(capture, payload_digest=digest, payload_bytes=record.block.size))
        return self._read_payload(capture, declared, record.block, mime)

    def _read_not_modified(self, capture: Capture) -> Reading:
        """Its own header section, if it is there, is about the original: that is read as if it had come again."""
        capture = replace(capture, status=304)
        original = self._original(capture)
        if original is None:
            return Reading(replace(capture, page_key=self._page_key(capture, None)))
        response, payload = original
        mime = warc_http.mime(response)
        capture = replace(capture, mime=mime, page_key=self._page_key(capture, mime))
        return self._read_payload(capture, response, payload, mime)

    def _read_payload(self, capture: Capture, response: HttpResponse, payload: WireBytes, mime: str | None) -> Reading:
        mime = None if mime in UNTOLD else mime
        digest = sha256_chunks(payload.chunks())
        if capture.type == "revisit" and not is_declared(capture, digest, payload):
            return Reading(capture)  # not what it refers to
        capture = replace(capture, payload_digest=digest, payload_bytes=payload.size)
        if capture.hops == "P" and not capture.url.endswith("/robots.txt"):
            return Reading(capture)  # a login: it leads to nothing of the site
        if capture.hops == "P" and 300 <= response.status < 400:
            return Reading(capture)  # followed already, to what is the robots.txt then
        if 300 <= response.status < 400 and self._asks_who_one_is(capture.url, response):
            return Reading(capture, problems=(Problem(LOGGED_OUT, "it sends to the login form"),))
        linked = mime is None or mime in HTML or mime in LINKED or mime.endswith(LINKED_ENDS)
        if not linked or not self._looks_inside or payload.size > PAGE_MAX_BYTES:
            links = tuple(discover(capture.url, mime or "", response.headers, b"", page=None))
            large = mime in HTML and payload.size > PAGE_MAX_BYTES
            why = Problem(TOO_LARGE, too_large(payload.size))
            return Reading(capture, links=links, problems=(why,) if large else ())
        self._before_body()
        try:
            body = warc_http.body(payload, response, limit=PAGE_MAX_BYTES)
        except Damaged as error:
            return Reading(capture, problems=(Problem("body cannot be decoded", str(error)),))
        if body.cut and capture.type != "revisit":
            # The message came whole, and what it holds is not: nobody knows what the rest of the page lists.
            capture = replace(capture, truncated=capture.truncated or "unspecified")
        with uncollected():
            reading = self._read_body(capture, response, body.data, mime)
        if response.status not in GOOD or any(problem.what == LOGGED_OUT for problem in reading.problems):
            return reading
        return replace(reading, urls=list_urls(reading.links, mime))

    def _asks_who_one_is(self, url: str, response: HttpResponse) -> bool:
        assert self.profile is not None
        if not self.profile.login or (target := urls.join(url, response.header("Location") or "")) is None:
            return False
        return any(login.sends_to_form(url, target) for login in self.profile.login)

    def _original(self, capture: Capture) -> tuple[HttpResponse, WireBytes] | None:
        """Of a revisit: what it showed stands in the record it refers to."""
        record = self._find_original(capture.refers_to) if capture.refers_to else None
        if record is None:
            return None
        try:
            response = warc_http.parse_response(record.block)
        except ValueError:
            return None
        return response, warc_http.payload(record.block, response)

    def _read_body(self, capture: Capture, response: HttpResponse, body: bytes, mime: str | None) -> Reading:
        if not (
            mime in HTML or (mime is None and body[:512].lstrip().lower().startswith((b"<!doctype html", b"<html")))
        ):
            is_sitemap = (capture.hops or "").endswith("M")
            links = tuple(discover(capture.url, mime or "", response.headers, body, is_sitemap=is_sitemap))
            return Reading(capture, links=links, style=self._style(response, body, mime))
        text, charset = decode(body, response.header("Content-Type"))
        page = Page(capture.url, body, text, charset, response.headers, response.status)
        tree = parse(text)
        assert self.profile is not None
        if any(is_logged_out(login, capture.url, text, tree) for login in self.profile.login):
            return Reading(capture, problems=(Problem(LOGGED_OUT, "it asks who one is"),))
        links = tuple(discover(capture.url, mime or "text/html", response.headers, body, page=page, tree=tree))
        if response.status != 200 or not self._facts or "E" in (capture.hops or ""):
            return Reading(capture, links=links)
        return self._read_page(capture, page, tree, links)

    def _read_page(self, capture: Capture, page: Page, tree: LexborHTMLParser, links: tuple[Link, ...]) -> Reading:
        from crawler.extract import extract_styled, page_text  # most of what a reader of no facts would load

        assert self.profile is not None
        try:
            said = page_text(tree)
            sections, style = extract_styled(page, tree, self.profile.hints())
        except (ValueError, LookupError, ArithmeticError, TypeError, AttributeError, RecursionError) as error:
            # One page that no extractor can read is a row, not the end of the crawl.
            problem = Problem("extractor failed", f"{type(error).__name__}: {error}")
            return Reading(capture, links=links, problems=(problem,))
        problems: tuple[Problem, ...] = ()
        if capture.url in self.profile.seeds:
            missing = unexpected(self.profile.expect, page, sections)
            # Once one seed is the site, the others may be what they like.
            self._gone = bool(missing) and self._gone is not False
            problems = (Problem(UNEXPECTED, missing),) if missing else ()
        if self._gone or problems:
            sections, style = (), None
        if capture.truncated is not None:
            sections = tuple(_without_the_end(section, len(page.body)) for section in sections)
        return Reading(capture, page=said, sections=sections, links=links, problems=problems, style=style)

    def _style(self, response: HttpResponse, body: bytes, mime: str | None) -> Style | None:
        if mime != "text/css" or response.status not in GOOD or not self._facts:
            return None
        from crawler.extract import read_sheet  # as in _read_page

        return read_sheet(body, decode(body, response.header("Content-Type"))[1])

    def _page_key(self, capture: Capture, mime: str | None) -> str | None:
        """Pages, and what stands where a page should: an error answer or a failed fetch of a link."""
        assert self.profile is not None
        if "E" in (capture.hops or "") or (mime is not None and mime not in HTML):
            return None
        if (capture.hops or "").endswith(("M", "P")):
            return None
        return self.profile.page_key(capture.url)


def _without_the_end(section: Section, size: int) -> Section:
    """Of a page that was cut: what runs to its very end may be half a name."""
    facts = tuple(fact for fact in section.facts if fact.evidence.byte_end < size)
    if len(facts) == len(section.facts):
        return section
    return replace(section, facts=facts, state="found" if facts else "absent")
