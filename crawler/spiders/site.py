"""One spider for every site: what to fetch is the frontier's business, what a page says the reader's. The spider yields
the facts it is answered, so that feed exports and pipelines work as people expect and cannot alter the archive."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.exceptions import IgnoreRequest
from scrapy.logformatter import LogFormatter
from twisted.python.failure import Failure

from archive import times
from archive.counted import counted
from archive.model import Link
from crawler.admission import Admission
from crawler.begin import Begun
from crawler.capture.extension import CaptureExtension
from crawler.capture.signals import Captured
from crawler.credentials import MIN_CHARACTERS
from crawler.frontier import ATTEMPTS, HOST_DOWN, RETRIED, UNANSWERED
from crawler.leases import Leased
from crawler.outcome import Outcome, SeedOutcome
from crawler.plan import CrawlPlan, scrapy_settings
from crawler.politeness.downloader import HostGivenUp, NotAsked
from crawler.politeness.robots import Disallowed
from crawler.sites.expectation import UNEXPECTED
from crawler.spiders import door
from crawler.spiders.closing import close_spider
from crawler.spiders.gates import REDIRECTS, CookieGates
from crawler.spiders.heard import HeardSignals
from crawler.spiders.leasing import LeasingSpider
from crawler.spiders.login import Session
from crawler.spiders.reader import ReaderExtension
from crawler.spiders.scraper import OneByOneScraper
from crawler.spiders.seeds import Seeds

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.login import LoginFailed

log = logging.getLogger(__name__)

#: rows leased at once: what a kill -9 costs at most, beside the fetches in flight
LEASE_ROWS = 16
#: what is left of a link in which a secret was masked: it leads nowhere
_MASKED = re.compile(f"x{{{MIN_CHARACTERS},}}")
#: never hold links, so nobody waits for the reader
LEAVES = (b"image/", b"video/", b"audio/", b"font/")


class QuietLogFormatter(LogFormatter):
    """No line per URL and fact: the WARC and the database hold them."""

    def crawled(self, *_: Any, **__: Any) -> None:  # type: ignore[override]  # Scrapy documents None, but types it not
        return None

    def scraped(self, *_: Any, **__: Any) -> None:  # type: ignore[override]
        return None


class SiteSpider(LeasingSpider):
    """``scrapy crawl site -a site=NAME_OR_URL -a archive=DIR [-a contact=ADDRESS]``"""

    name = "site"

    def __init__(self, begun: Begun) -> None:
        super().__init__()
        self.begun = begun
        self.plan: CrawlPlan = begun.plan
        self.frontier = begun.frontier
        masked = _MASKED if begun.plan.credentials.secrets else None
        year = begun.plan.started_at.year
        patch = begun.plan.patch
        self.admission = Admission(
            begun.plan.profile, year, masked=masked, knows=self.frontier.let_in, held=patch.held if patch else None
        )
        seeds = () if patch else begun.plan.profile.seeds
        self.outcome = Outcome(begun.plan.crawl_id, seeds={url: SeedOutcome() for url in seeds})
        if begun.plan.resumed:
            for url in self.outcome.seeds:
                known = self.frontier.find(url)
                if known and known[1] in ("captured", "expanded"):
                    self.outcome.seeds[url] = SeedOutcome(error=None)
            self.admission.remember(self.frontier.accepted(), self.frontier.accepted_by_host())
        self._hours = begun.plan.profile.opening_hours()
        self._seeds = Seeds(self.outcome, self.admission, begun.plan.redactor.text)
        self._gates = CookieGates(self.frontier)
        self._pages_leased: set[int] = set()
        #: of its login forms; set by the middleware that opens them
        self.sessions: list[Session] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, begun: Begun | None = None, **kwargs: Any) -> Self:
        del args
        is_plain, begun = begun is None, begun or door.begin(**kwargs)
        # Scrapy freezes the settings after this; what the command line says stands above them.
        crawler.settings.setdict(scrapy_settings(begun.plan), priority="spider")
        if begun.plan.credentials.domains:
            # Its lines would hold the session's cookies, whoever asks for them.
            crawler.settings.set("COOKIES_DEBUG", value=False, priority=1000)
        crawler.signals = HeardSignals(crawler)
        spider = cls(begun)
        spider._set_crawler(crawler)
        crawler.signals.connect(spider.ended, signal=signals.engine_stopped)
        if is_plain:
            crawler.signals.connect(spider.told, signal=signals.engine_stopped)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        if self.settings.getint("CONCURRENT_ITEMS") == 1:
            self.crawler.engine.scraper.__class__ = OneByOneScraper
        self.downloader.on_given_up = self.host_given_up
        for seed in self.outcome.seeds:
            self.frontier.add_seed(seed)
        for url, via, hops in self.plan.patch.requisites if self.plan.patch else ():
            self.frontier.add([Link(url, "E", "")], via=via, hops=hops, judge=self.admission.judge)
        self.frontier.commit()
        async for request in super().start():
            yield request

    def request(self, leased: Leased) -> Request:
        meta: dict[str, Any] = {
            "url_id": leased.id,
            "via": leased.via,
            "hops": leased.hops,
            "attempts": leased.attempts,
            # Asked again, because the answer was none or was not believed, it is asked for in full.
            "conditional": self.plan.profile.conditional != "off" and leased.attempts == 1,
        }
        # A page's address is nobody else's business (as browsers' strict-origin-when-cross-origin).
        own = leased.via and urlsplit(leased.via)[:2] == urlsplit(leased.url)[:2]
        headers = {"Referer": leased.via} if own else None
        return Request(leased.url, self.parse, headers=headers, meta=meta, dont_filter=True, errback=self.failed)

    async def parse(self, response: Response, **_: Any) -> AsyncIterator[dict[str, Any]]:
        request = response.request
        assert request is not None
        self._seeds.answered(request, response)
        unanswered = response.status in RETRIED or _refuses_condition(request, response.status)
        if unanswered and self.retry(request, response.headers.get("Retry-After")):
            return
        is_page = not request.meta["hops"].endswith("E")
        if is_page and (response.status in RETRIED or _is_unasked(request, response.status)):
            what = "no answer, however often it was asked for" if unanswered else "no answer to what was asked"
            self.outcome.problem(request.url, what, f"HTTP status {response.status}")
        if response.status == 200 and (response.headers.get("Content-Type") or b"").startswith(LEAVES):
            return
        answer = await self._reader.answer(request.meta["captured"][-1].record_id)
        if response.status in REDIRECTS:
            self._gates.redirected(request.url, response)
        for fact in answer.get("facts", ()):
            yield fact

    def failed(self, failure: Failure) -> None:
        """The errback of every request the frontier hands out."""
        request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy's scraper
        url_id: int = request.meta["url_id"]
        if failure.check(IgnoreRequest):
            self.settled(url_id)
            self._not_asked(request, failure.value)
            return
        error = self.error_of(request, failure)
        log.info("failed: %s: %s", request.url, error)
        self._seeds.failed(request, error)
        self.settled(url_id)
        if not self.retry(request, None):
            self.frontier.settle(url_id, "failed", error.partition(":")[0])
            self.outcome.failed += 1

    def _not_asked(self, request: Request, why: BaseException | None) -> None:
        url_id = request.meta["url_id"]
        if isinstance(why, NotAsked):
            self.frontier.release(url_id, asked=False)
            return
        if isinstance(why, HostGivenUp):
            self.frontier.settle(url_id, "failed", HOST_DOWN)
            self.outcome.failed += 1
        else:
            self.frontier.settle(url_id, "refused", "robots" if isinstance(why, Disallowed) else "robots-unreachable")
        self._seeds.failed(request, str(why))

    def host_given_up(self, host: str) -> None:
        """What is queued of it will not be asked for: said as one problem where pages are among that."""
        left = self.frontier.give_up(host)
        log.warning("%s has not answered for long and is given up: %d URLs are not asked for", host, len(left))
        self.outcome.failed += len(left)
        for url, _ in left:
            self._seeds.given_up(url)
        if pages := [url for url, hops in left if not hops.endswith("E")]:
            self.outcome.problem(
                pages[0], "its host does not answer", f"{counted(URL=len(left))} of {host} not asked for"
            )

    def ask_logged_in(self, url: str, url_id: int | None, attempts: int, asked_in: Mapping[Session, int]) -> bool:
        """Ask for *url* again, after a new login: it was answered as to somebody who is not. False where that was
        tried often enough, and for the forms themselves."""
        sessions = [each for each in self.sessions if each.login.covers(url) and not each.login.is_form_page(url)]
        if url_id is None or not sessions:
            return False
        # What was asked for after that, before it was known, is not to blame.
        is_news = sum(each.lost(asked_in.get(each)) for each in sessions) > 0
        if is_news:
            log.info("logged out at %s", url)
            if attempts >= ATTEMPTS:
                return False
        self.frontier.release(url_id, asked=is_news)
        return True

    def cannot_log_in(self, failure: LoginFailed) -> None:
        """Without its session the crawl would keep what is not the site: it ends, to be taken up again."""
        if self.outcome.broken is None:
            self.outcome.broken = self.plan.redactor.text(str(failure))
            log.error("cannot log in: %s", self.outcome.broken)
            close_spider(self.crawler, "login_failed")

    def opens_at(self) -> datetime | None:
        """When the site may be asked again; None while it may be."""
        return self._hours.opens_at(times.now())

    def lease_rows(self) -> int:
        """With a limit on pages one row at a time, so that the limit is met and not passed."""
        return 1 if self.plan.profile.max_pages else LEASE_ROWS

    def may_lease_pages(self) -> bool:
        """Whether ``max_pages`` leaves room for one more page, those being fetched counted as pages."""
        limit = self.plan.profile.max_pages
        return limit is None or self.outcome.pages + len(self._pages_leased) < limit

    def full_hosts(self) -> set[str]:
        return self.downloader.full_hosts()

    def leased(self, url_id: int, hops: str) -> None:
        if not hops.endswith("E"):
            self._pages_leased.add(url_id)

    def settled(self, url_id: int) -> None:
        """Its fetch came to an end: read, refused or failed."""
        self._pages_leased.discard(url_id)

    def expects_links(self) -> bool:
        """Whether captures of an earlier run are still being read for their links: the crawl is not at its end then."""
        return self._reader.reading_again()

    def closed(self, reason: str) -> None:
        super().closed(reason)
        if reason == "finished" and self.frontier.left():
            self.outcome.limit = "max_pages"

    def ended(self) -> None:
        """After the last row: the frontier is at its end unless the crawl is to be resumed."""
        capture = self.crawler.get_extension(CaptureExtension)
        if capture and capture.fault:
            self.outcome.fault = str(capture.fault)
        if self.outcome.status in ("finished", "limited"):
            self.frontier.finish()
        self.begun.close()

    def told(self) -> None:
        """After `ended`, where nobody else tells how the crawl ended."""
        self.outcome.interrupted = self.outcome.interrupted or not self.was_closed
        door.tell(self.plan.archive, self.outcome)

    def note_problem(self, url: str, what: str, detail: str | None) -> None:
        if what == UNEXPECTED:
            self._seeds.unexpected(url, f"{what}: {detail}")
        self.outcome.problem(url, what, detail)

    @property
    def _reader(self) -> ReaderExtension:
        extension = self.crawler.get_extension(ReaderExtension)
        assert extension is not None
        return extension


def _refuses_condition(request: Request, status: int) -> bool:
    """Whether we asked on a condition, and the answer holds nothing and is not believed: it speaks of another version
    than we asked about, or says that the condition fails (RFC 9110, 15.5.13: no answer to a GET of ours)."""
    captured: list[Captured] = request.meta.get("captured") or []
    believed = bool(captured) and captured[-1].revisit is not None
    return request.meta.get("validator") is not None and status in UNANSWERED and not believed


def _is_unasked(request: Request, status: int) -> bool:
    """Whether it is told that nothing changed, and nobody had asked."""
    return status == 304 and "If-None-Match" not in request.headers and "If-Modified-Since" not in request.headers
