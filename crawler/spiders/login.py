"""Logs a crawl in before it asks for what lies behind a form, and again when the session is over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from scrapy import Request
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from archive.decoding import decode
from archive.errors import Damaged
from archive.urls import join
from archive.warc import encodings
from archive.warc.blocks import InMemory
from crawler.frontier import ATTEMPTS, RETRIED
from crawler.login import LoginFailed, check_answer, fill
from crawler.politeness.downloader import NotAsked
from crawler.sites.login import Login

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

log = logging.getLogger(__name__)

#: of one form in one crawl: a session that ends after every page is none
MOST_LOGINS = 50
MOST_REDIRECTS = 10
#: a page with a form on it
_PAGE_BYTES = 8 << 20


class LoginMiddleware:
    """Holds every request of a form's area back until the form was sent. Its own requests are prerequisites, as
    robots.txt is: hop P, in the WARC with the secrets masked, no page of the site."""

    def __init__(self, crawler: Crawler) -> None:
        spider: Any = crawler.spider
        if not spider.plan.credentials.logins:
            raise NotConfigured("the profile has no login")
        self._spider = spider
        self._sessions = [Session(crawler, login, values) for login, values in spider.plan.credentials.logins]
        spider.sessions = self._sessions

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        if request.meta.get("dont_obey_robotstxt"):
            return  # robots.txt, or the form itself
        sessions = [session for session in self._sessions if session.login.covers(request.url)]
        if sessions:
            request.meta["sessions"] = {session: await self._open(session) for session in sessions}

    async def _open(self, session: Session) -> int:
        try:
            return await session.open()
        except LoginFailed as failure:
            self._spider.cannot_log_in(failure)
            raise NotAsked(str(failure)) from failure


class Session:
    """Of one form: opened by the first request that needs it."""

    def __init__(self, crawler: Crawler, login: Login, values: Mapping[str, str]) -> None:
        self.login = login
        self._crawler = crawler
        self._values = values
        #: how often the form was sent; what was asked for in an earlier session says nothing of this one
        self.number = 0
        self._is_open = False
        self._opening: asyncio.Future[None] | None = None

    async def open(self) -> int:
        """The session's number. Raises LoginFailed."""
        if not self._is_open:
            if self._opening is None or self._opening.done():
                self._opening = asyncio.ensure_future(self._log_in())
            await asyncio.shield(self._opening)
        return self.number

    def lost(self, number: int | None) -> bool:
        """What was asked for in session *number* was answered as to nobody. Whether that is news."""
        news = self._is_open and number == self.number
        self._is_open = self._is_open and not news
        return news

    async def _log_in(self) -> None:
        page = self.login.page
        if self.number >= MOST_LOGINS:
            raise LoginFailed(f"{page}: logged in {self.number} times, and out again each time")
        url, status, text, charset = await self._ask(Request(page))
        if not self.login.is_form_page(url):
            raise LoginFailed(f"{page}: redirects to {url}; give that as page, if the form stands there")
        try:
            form = fill(self.login, self._values, url, text, charset)
        except LoginFailed as failure:
            raise LoginFailed(f"{failure} (HTTP status {status})") if status >= 400 else failure from None
        # A page's own request names it, and servers that guard against forgery ask for that.
        origin = "/".join(url.split("/", 3)[:3])
        headers = [*form.headers, ("Referer", url), ("Origin", origin)]
        sent = Request(form.url, method="POST", headers=headers, body=form.body)
        url, status, text, _ = await self._ask(sent)
        check_answer(self.login, url, status, text)
        self.number += 1
        self._is_open = True
        log.info("logged in at %s", page)

    async def _ask(self, request: Request) -> tuple[str, int, str, str]:
        """URL, status, text and encoding of what *request* leads to, redirects followed."""
        for _ in range(MOST_REDIRECTS):
            response = await self._fetch(request)
            location = response.headers.get("Location")
            if location is None or not 300 <= response.status < 400:
                content_type = (response.headers.get("Content-Type") or b"").decode("latin-1")
                return response.url, response.status, *decode(_body(response), content_type)
            target = join(response.url, location.decode("latin-1"))
            if target is None or not target.startswith(("http://", "https://")):
                raise LoginFailed(f"{request.url}: a redirect to what is no address")
            if request.method == "POST" and response.status in {307, 308}:
                raise LoginFailed(f"{request.url}: what was filled in is to be sent on to {target}")
            request = Request(target)
        raise LoginFailed(f"{self.login.page}: more than {MOST_REDIRECTS} redirects")

    async def _fetch(self, request: Request) -> Response:
        engine = self._crawler.engine
        assert engine is not None
        why = ""
        # What is filled in is sent once: servers count wrong passwords, and lock who gives too many.
        for attempt in range(ATTEMPTS if request.method == "GET" else 1):
            asked = request.replace(
                callback=NO_CALLBACK,
                dont_filter=True,
                # Of a compressed answer no part could be masked.
                headers={**request.headers, "Accept-Encoding": "identity"},
                meta={"dont_obey_robotstxt": True, "hops": "P", "attempts": attempt + 1},
            )
            try:
                response: Response = await engine.download_async(asked)
            except NotAsked:
                raise
            except Exception as error:  # noqa: BLE001  # whatever Scrapy raises for a fetch that failed
                captured = asked.meta.get("captured") or ()
                why = (captured[-1].error if captured else None) or str(error) or type(error).__name__
                continue
            captured = asked.meta.get("captured") or ()
            if captured and captured[-1].truncated:
                why = captured[-1].error or "cut short"
            elif response.status in RETRIED:
                why = f"HTTP status {response.status}"
            else:
                return response
        raise LoginFailed(f"{request.url}: {why}")


def _body(response: Response) -> bytes:
    codings = (response.headers.get("Content-Encoding") or b"").decode("latin-1").lower().replace(" ", "").split(",")
    try:
        return encodings.decode(InMemory(response.body), codings, limit=_PAGE_BYTES)[0]
    except Damaged as error:
        raise LoginFailed(f"{response.url}: {error}") from error
