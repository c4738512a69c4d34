"""Asks another archive what it has, and for each capture of that; writes what it answers, and beside it the record of
the original URL and date that the answer stands for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from scrapy import Request, signals
from scrapy.exceptions import IgnoreRequest
from scrapy.utils.asyncio import create_looping_call
from twisted.python.failure import Failure

from archive import times
from archive.errors import ArchiveFault
from crawler.capture import signals as capture_signals
from crawler.frontier import RETRIED, host_of
from crawler.leases import Leased
from crawler.memento.address import replay_of
from crawler.memento.frontier import Row
from crawler.memento.recovery import MementoRecovery
from crawler.plan import scrapy_settings
from crawler.politeness.downloader import HostGivenUp, NotAsked
from crawler.politeness.robots import Disallowed
from crawler.spiders.closing import closing_records
from crawler.spiders.heard import HeardSignals
from crawler.spiders.listings import Listings
from crawler.spiders.mementos import Mementos
from crawler.spiders.recovering import RecoveringSpider

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

LEASE_ROWS = 8
#: requests handed to Scrapy and not answered, beside those that may be under way at a time
WAITING = 7
TICK_S = 0.25


class MementoSpider(RecoveringSpider):
    name = "memento"

    def __init__(self, recovery: MementoRecovery) -> None:
        super().__init__(recovery)
        self.sessions: list[Any] = []
        #: rows whose requests Scrapy has, or whose answers are being read
        self._under_way: set[int] = set()
        self._tick: Any = None
        self.listings = Listings(self)
        self._mementos = Mementos(self, self.listings)
        self.frontier.address_of = self._mementos.address_of
        self.frontier.captures_closed = recovery.dry_run

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, recovery: MementoRecovery, **kwargs: Any) -> Self:
        del args, kwargs
        settings = scrapy_settings(recovery.plan) | recovery.settings()
        crawler.settings.setdict(settings, priority="spider")
        crawler.signals = HeardSignals(crawler)
        spider = cls(recovery)
        spider._set_crawler(crawler)
        for handler, signal in (
            (spider.opened, signals.spider_opened),
            (spider.synced, capture_signals.synced),
            (spider.sealed, capture_signals.sealed),
            (spider.captured, capture_signals.captured),
        ):
            crawler.signals.connect(handler, signal=signal)
        return spider

    # What Scrapy and its scheduler ask.

    def opened(self) -> None:
        capture = self.capture
        self.frontier.on_fault = capture.fail
        self._tick = create_looping_call(self._look_again)
        self._tick.start(TICK_S, now=False)
        capture.redactor = self.plan.redactor
        capture.find_original = self.recovery.originals.of
        capture.closing_report = lambda: closing_records(self, self.crawler.settings["LOG_FILE"])
        url = f"metadata://bewaar/{self.plan.crawl_id}/profile.json"
        capture.writer.write_metadata(url, self.plan.profile.to_json().encode(), "application/json")

    async def start(self) -> AsyncIterator[Any]:
        self.downloader.on_given_up = self._host_given_up
        self.listings.begin()
        async for request in super().start():
            yield request

    def request(self, leased: Leased) -> Request:
        row = self.frontier.row(leased.id)
        meta = {"url_id": leased.id, "row": row, "hops": "P", "attempts": leased.attempts, "memento": True}
        via = row.url if row.kind == "memento" else None
        headers = None
        if row.kind == "memento" and replay_of(leased.url) is None:
            headers = {"Prefer": "original-content"}
        return Request(
            leased.url, self.parse, headers=headers, meta=meta | {"via": via}, dont_filter=True, errback=self.failed
        )

    def lease_rows(self) -> int:
        return 1 if self.recovery.limit else LEASE_ROWS

    def may_lease_pages(self) -> bool:
        return True

    def full_hosts(self) -> Collection[str]:
        """The archive's, where enough is under way, or as much as the limit allows."""
        limit, under_way = self.recovery.limit, len(self._under_way)
        if limit is not None and self.outcome.recovered + under_way >= limit:
            if not under_way and self.frontier.pending():
                self.stop("limit_limit")
            return {host_of(self.recovery.address)}
        if under_way >= self.plan.profile.concurrency + WAITING:
            return {host_of(self.recovery.address)}
        return self.downloader.full_hosts()

    def opens_at(self) -> datetime | None:
        return self.plan.profile.opening_hours().opens_at(times.now())

    def leased(self, url_id: int, hops: str) -> None:
        del hops
        self._under_way.add(url_id)

    def expects_links(self) -> bool:
        return False

    def closed(self, reason: str) -> None:
        if self._tick is not None and self._tick.running:
            self._tick.stop()
        if reason in ("disk_full", "io_fault"):
            self.outcome.fault = str(self.capture.fault or reason)
        super().closed(reason)

    # What comes of a request.

    async def parse(self, response: Response, **_: Any) -> None:
        assert response.request is not None
        request = response.request
        row: Row = request.meta["row"]
        try:
            if row.kind == "memento":
                await self._mementos.take(row, request, response)
            elif response.status in RETRIED:
                if not self.retry(request, response.headers.get("Retry-After")):
                    self.fail(row, request.url, f"HTTP status {response.status}")
            elif row.kind == "probe":
                await self.listings.take_probe(row, request, response.status)
            else:
                await self.listings.take_listing(row, request, response.status)
            self.frontier.commit()
        except ArchiveFault as fault:
            self.capture.fail(fault)
        finally:
            self._under_way.discard(row.id)
            self._look_again()

    def failed(self, failure: Failure) -> None:
        request: Request = failure.request  # type: ignore[attr-defined]  # set by Scrapy's scraper
        row: Row = request.meta["row"]
        self._under_way.discard(row.id)
        try:
            self._settle_failed(request, row, failure)
            self.frontier.commit()
        except ArchiveFault as fault:
            self.capture.fail(fault)
        finally:
            self._look_again()

    def _settle_failed(self, request: Request, row: Row, failure: Failure) -> None:
        why = failure.value
        if isinstance(why, NotAsked):
            self.frontier.release(row.id, asked=False)
            return
        error = self.error_of(request, failure)
        if isinstance(why, IgnoreRequest) and not isinstance(why, HostGivenUp):
            # By robots.txt: so is all else that would be asked.
            hint = "; docs/recover.md says what can be done" if isinstance(why, Disallowed) else ""
            self.break_off(f"{request.url.partition('?')[0]}: {error}{hint}")
            self.frontier.settle([row.id], "failed", error)
        elif isinstance(why, HostGivenUp) or not self.retry(request, None):
            self.fail(row, request.url, error)

    def _look_again(self) -> None:
        """There may be something to be asked for; Scrapy would look in five seconds."""
        slot = getattr(self.crawler.engine, "_slot", None)
        if slot is not None:
            slot.nextcall.schedule()
            if slot.closing:
                self.downloader.drop_waiting(NotAsked("the recovery is ending"))

    def _host_given_up(self, host: str) -> None:
        left = self.frontier.give_up("its host does not answer")
        self.outcome.failed += left
        self.break_off(f"{host} has not answered for long and is given up: {left} requests not made")
