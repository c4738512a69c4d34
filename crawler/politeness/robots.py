"""robots.txt (RFC 9309): what a host does not want to be asked for, and how often it wants to be asked."""

from __future__ import annotations

import logging
from collections import Counter
from time import monotonic
from typing import TYPE_CHECKING, cast
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser

from archive.errors import Damaged
from archive.warc import encodings
from archive.warc.blocks import InMemory
from crawler.politeness.downloader import HostGivenUp, NotAsked, PoliteDownloader
from crawler.politeness.pace import BACK_OFF_S, Pace
from crawler.robots_txt import legible

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response

#: a robots.txt that answers 5xx or not at all is asked for so often, with a pause of its host in between
TRIES = 3
#: redirects from a robots.txt that are followed, to other hosts too (RFC 9309, 2.3.1.2); after that there is none
REDIRECTS = 5
#: bytes that a coded one may decode to; RFC 9309, 2.5, wants 500 KiB to be read
LONGEST = 8 << 20


class Disallowed(IgnoreRequest):
    """By robots.txt."""


class RobotsUnreachable(IgnoreRequest):
    """RFC 9309, 2.3.1.4: a robots.txt that answers 5xx or not at all disallows everything."""


class _Unknown(RobotParser):
    """Stands for the rules of a host while they are not known."""

    def __init__(self, why: IgnoreRequest) -> None:
        self.why = why

    @classmethod
    def from_crawler(cls, crawler: object, robotstxt_body: bytes) -> _Unknown:
        del crawler, robotstxt_body
        return cls(NotAsked(""))

    def allowed(self, url: str | bytes, user_agent: str | bytes) -> bool:
        del url, user_agent
        raise self.why


class RobotsMiddleware(RobotsTxtMiddleware):
    """Scrapy parses robots.txt at any status; here its status counts, and its fetch has a hop letter of its own."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # Scrapy would tell each failure with its traceback; the WARC and the report tell it in a line.
        logging.getLogger(RobotsTxtMiddleware.__module__).setLevel(logging.CRITICAL)
        self._tries: Counter[str] = Counter()

    async def process_request(self, request: Request, spider: Spider | None = None) -> None:
        del spider
        if request.meta.get("dont_obey_robotstxt"):
            request.meta.setdefault("hops", "P")
            return
        policy = self.crawler.settings["WARC_ROBOTS"]
        if policy == "obey-except-requisites" and str(request.meta.get("hops", "")).endswith("E"):
            return
        try:
            rp = await self.robot_parser(request)
        except KeyError:  # it was forgotten on the way, and is asked for anew
            raise NotAsked("its robots.txt is asked for again later") from None
        if rp is not None and not rp.allowed(request.url, self.crawler.settings["USER_AGENT"]):
            raise Disallowed("refused by robots.txt")

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        response = await self._redirected(response)
        if response.status >= 500 or response.status == 429:
            self._unreachable(netloc, f"HTTP status {response.status}")
        elif response.status >= 300:
            self._settle(netloc, None)
        else:
            await self._obey(response, netloc, request)

    async def _obey(self, response: Response, netloc: str, request: Request) -> None:
        stated = (response.headers.get("Content-Encoding") or b"").decode("latin-1").lower().replace(" ", "")
        if not stated and response.body.startswith(b"\x1f\x8b"):
            stated = "gzip"
        held = InMemory(response.body)
        try:
            body = encodings.decode(held, stated.split(","), limit=max(LONGEST, held.size))[0]
        except Damaged as error:  # a bomb: no rules can be read out of it
            self._unreachable(netloc, str(error))
            return
        plain = response.replace(body=legible(body).encode("utf-8", "replace"))
        await super()._parse_robots(plain, netloc, request)
        self._heed_rate(netloc)

    async def _redirected(self, response: Response) -> Response:
        """What *response* leads to. The rules there are those of the host that was asked first."""
        assert self.crawler.engine is not None
        for _ in range(REDIRECTS):
            location = (response.headers.get("Location") or b"").strip()
            if response.status not in {301, 302, 303, 307, 308} or not location:
                break
            meta = {"dont_obey_robotstxt": True}
            try:
                target = urljoin(response.url, location.decode("utf-8", "replace"))
                asked = Request(target, priority=self.DOWNLOAD_PRIORITY, meta=meta, callback=NO_CALLBACK)
            except ValueError:
                break
            if not target.lower().startswith(("http://", "https://")):
                break
            try:
                response = await self.crawler.engine.download_async(asked)
            except HostGivenUp as error:
                raise ConnectionError(str(error)) from error  # another host's: this one is there
        return response

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        if isinstance(exc, NotAsked | HostGivenUp):
            self._settle(netloc, _Unknown(exc))
            del self._parsers[netloc]
        else:
            causes = getattr(exc, "reasons", None)  # Twisted wraps what it says of a connection
            cause = causes[0].value if causes else exc
            self._unreachable(netloc, str(cause) or type(cause).__name__)

    def _unreachable(self, netloc: str, why: str) -> None:
        self._tries[netloc] += 1
        if self._tries[netloc] >= TRIES:
            self._settle(netloc, _Unknown(RobotsUnreachable(f"its robots.txt cannot be had: {why}")))
            return
        pace = self._pace(netloc)
        pace.hold(monotonic(), max(BACK_OFF_S, pace.floor_s) * 2 ** self._tries[netloc])
        self._settle(netloc, _Unknown(NotAsked("its robots.txt is asked for again later")))
        del self._parsers[netloc]

    def _heed_rate(self, netloc: str) -> None:
        """Crawl-delay and Request-rate, which RFC 9309 does not know and webmasters use. Those of one's own server,
        which is asked without a delay, are left to its owner."""
        pace, rules = self._pace(netloc), getattr(self._parsers[netloc], "rp", None)
        if rules is None or not pace.floor_s:
            return
        agent = self.crawler.settings["USER_AGENT"]
        pace.robots_ask(rules.crawl_delay(agent) or 0)
        if rate := rules.request_rate(agent):
            pace.robots_ask(rate.seconds / max(1, rate.requests))

    def _pace(self, netloc: str) -> Pace:
        assert self.crawler.engine is not None
        downloader = cast("PoliteDownloader", self.crawler.engine.downloader)
        return downloader.pace(urlsplit(f"//{netloc}").hostname or "")

    def _settle(self, netloc: str, parser: RobotParser | None) -> None:
        waiting = self._parsers[netloc]
        self._parsers[netloc] = parser
        if waiting is not None and not isinstance(waiting, RobotParser):
            waiting.callback(parser)
