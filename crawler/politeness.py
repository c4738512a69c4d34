"""Manners towards a host: one request at a time, robots.txt, cookies, Retry-After. (The delay is Scrapy's downloader
slot's, set by ``crawler.plan``.)"""

from __future__ import annotations

from collections.abc import Coroutine
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

from scrapy.core.downloader import Downloader, Slot
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.robotstxt import RobotParser

from archive import times

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.downloadermiddlewares.cookies import CookiesMiddleware
    from scrapy.http import Response
    from twisted.internet.defer import Deferred

#: the longest Retry-After that is waited out inside a crawl
RETRY_AFTER_MAX_S = 600.0


class PoliteDownloader(Downloader):
    """Scrapy's downloader, with its two promises to a host kept.

    Scrapy 2.19 counts a request only once its task runs, and starts tasks in a loop: with no delay every request that
    waits for a host is sent at once, whatever CONCURRENT_REQUESTS_PER_DOMAIN says (measured: 16 at a limit of 1). And
    its delay runs from when a request is handed out, so that a slow connect brings two closer together at the server:
    here it runs from the end of the one before, as in wget and Heritrix.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._busy: set[Slot] = set()

    def _wait_for_download(
        self, slot: Slot, request: Request, queue_dfd: Deferred[Response]
    ) -> Coroutine[Any, Any, None]:
        slot.transferring.add(request)
        self._busy.add(slot)
        return super()._wait_for_download(slot, request, queue_dfd)

    def _process_queue(self, slot: Slot) -> None:
        if slot in self._busy and not slot.transferring:
            self._busy.discard(slot)
            slot.lastseen = monotonic()
        super()._process_queue(slot)


class _Disallowed(RobotParser):
    """RFC 9309, 2.3.1.4: a robots.txt that answers 5xx or not at all disallows everything."""

    def __init__(self, why: str) -> None:
        self.why = why

    @classmethod
    def from_crawler(cls, crawler: object, robotstxt_body: bytes) -> _Disallowed:
        del crawler, robotstxt_body
        return cls("")

    def allowed(self, url: str | bytes, user_agent: str | bytes) -> bool:
        del url, user_agent
        return False


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy parses robots.txt at any status; here its status counts, and its fetch has a hop letter of its own."""

    async def process_request(self, request: Request, spider: Spider | None = None) -> None:
        del spider
        if request.meta.get("dont_obey_robotstxt"):
            request.meta.setdefault("hops", "P")
            return
        policy = self.crawler.settings["WARC_ROBOTS"]
        if policy == "obey-except-requisites" and str(request.meta.get("hops", "")).endswith("E"):
            return
        rp = await self.robot_parser(request)
        if isinstance(rp, _Disallowed):
            raise IgnoreRequest(f"its robots.txt cannot be had: {rp.why}")
        if rp is not None and not rp.allowed(request.url, self.crawler.settings["USER_AGENT"]):
            raise IgnoreRequest("refused by robots.txt")

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            self._settle(netloc, _Disallowed(f"HTTP status {response.status}"))
        elif response.status >= 400:
            self._settle(netloc, None)
        else:
            await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self._settle(netloc, _Disallowed(str(exc) or type(exc).__name__))

    def _settle(self, netloc: str, parser: RobotParser | None) -> None:
        waiting = self._parsers[netloc]
        self._parsers[netloc] = parser
        if waiting is not None and not isinstance(waiting, RobotParser):
            waiting.callback(parser)


def retry_after_s(value: str | None) -> float | None:
    """Seconds a Retry-After header asks for, in either of its forms (RFC 9110, 10.2.3), at most RETRY_AFTER_MAX_S.

    >>> retry_after_s("120"), retry_after_s(None), retry_after_s("soon")
    (120.0, None, None)
    """
    if not value:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), RETRY_AFTER_MAX_S)
    try:
        wait = (parsedate_to_datetime(value) - times.now()).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(wait, 0.0), RETRY_AFTER_MAX_S)


class FirstCookieMiddleware:
    """Scrapy's cookie middleware, from the first cookie on. Most sites set none; it asks its jar for every request all
    the same, and loads the library of the public suffix list, which brings an HTTP client."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._cookies: CookiesMiddleware | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.getbool("COOKIES_ENABLED"):
            raise NotConfigured("COOKIES_ENABLED is off")
        return cls(crawler)

    def process_request(self, request: Request) -> Request | Response | None:
        return self._begun().process_request(request) if self._cookies or request.cookies else None

    def process_response(self, request: Request, response: Response) -> Request | Response:
        if self._cookies or b"Set-Cookie" in response.headers:
            return self._begun().process_response(request, response)
        return response

    def _begun(self) -> CookiesMiddleware:
        if self._cookies is None:
            from scrapy.downloadermiddlewares import cookies
            from tldextract import TLDExtract

            # It would fetch the list, unarchived, at the first cookie.
            cookies._split_domain = TLDExtract(  # noqa: SLF001
                include_psl_private_domains=True, suffix_list_urls=(), cache_dir=None
            )
            self._cookies = cookies.CookiesMiddleware.from_crawler(self._crawler)
        return self._cookies
