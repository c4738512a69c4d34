"""robots.txt (RFC 9309): what a host does not want to be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.robotstxt import RobotParser

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.http import Response


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
