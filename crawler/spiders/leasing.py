"""What spiders have in common whose requests are leased: how they end, what is asked for again, and when."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

from scrapy import Request, Spider
from twisted.python.failure import Failure

from archive import times
from crawler.capture.extension import CaptureExtension
from crawler.frontier import ATTEMPTS
from crawler.plan import CrawlPlan
from crawler.politeness.downloader import NotAsked, PoliteDownloader
from crawler.politeness.pace import retry_after_s


class LeasingSpider(Spider):
    plan: CrawlPlan
    #: `crawler.frontier.Frontier`, or another `crawler.leases.Leases`
    frontier: Any
    outcome: Any

    def __init__(self) -> None:
        super().__init__()
        #: Scrapy closed it in order; a second Ctrl-C does not
        self.was_closed = False

    async def start(self) -> AsyncIterator[Any]:
        """An asynchronous generator, as Scrapy wants it; the requests come from the frontier."""
        requests: tuple[Request, ...] = ()
        for request in requests:
            yield request

    def closed(self, reason: str) -> None:
        """Scrapy's close reason becomes the outcome, before the closing record is written."""
        outcome = self.outcome
        self.was_closed = True
        if reason.startswith("limit_"):
            outcome.limit = reason.removeprefix("limit_")
        elif reason in ("disk_full", "io_fault"):
            outcome.fault = outcome.fault or reason
        elif reason != "finished":
            outcome.interrupted = not outcome.broken

    def is_interrupted(self) -> bool:
        """Whether it is being closed and nothing but a signal can be why, with answers still under way."""
        slot = getattr(self.crawler.engine, "_slot", None)
        capture = self.crawler.get_extension(CaptureExtension)
        if slot is None or not slot.closing or not slot.inprogress or capture is None or capture.fault:
            return False
        return not (self.outcome.limit or self.outcome.fault or self.outcome.broken)

    def take_back(self, why: str) -> None:
        """What Scrapy was handed and only waits for its host's turn goes back into the frontier."""
        self.downloader.drop_waiting(NotAsked(why))

    def retry(self, request: Request, retry_after: bytes | None) -> bool:
        """Ask again later, when told to or twice as late each time. False where it was asked for often enough."""
        meta = request.meta
        if meta.get("url_id") is None or meta["attempts"] >= ATTEMPTS:
            return False
        wait = retry_after_s(retry_after.decode("latin-1") if retry_after else None)
        if wait is None:
            wait = self.plan.profile.delay_s * 2 ** meta["attempts"]
        self.frontier.release(meta["url_id"], not_before=times.now().timestamp() + wait)
        return True

    def error_of(self, request: Request, failure: Failure) -> str:
        """Why there was no answer, in the words of its record where there is one."""
        captured = request.meta.get("captured") or ()
        error = (captured[-1].error if captured else None) or str(failure.value) or type(failure.value).__name__
        return self.plan.redactor.text(error)

    @property
    def downloader(self) -> PoliteDownloader:
        assert self.crawler.engine is not None
        return cast("PoliteDownloader", self.crawler.engine.downloader)

    @property
    def capture(self) -> CaptureExtension:
        extension = self.crawler.get_extension(CaptureExtension)
        assert extension is not None
        return extension
