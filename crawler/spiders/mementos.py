"""Captures that another archive has: each is asked for, judged, and written as what the original URL answered then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import DeferredLock
from twisted.internet.threads import deferToThread

from archive.errors import ArchiveFault, BadHttp
from archive.exchange import Original
from archive.warc.revisits import may_refer
from archive.warc.writer import Written
from crawler.frontier import RETRIED
from crawler.memento.address import original_url, replay_of
from crawler.memento.frontier import Row
from crawler.memento.original import NotThatCapture, Rewritten, original
from crawler.spiders.listings import Listings
from crawler.spiders.recovering import RecoveringSpider

if TYPE_CHECKING:
    from scrapy.http import Response


class Mementos:
    def __init__(self, spider: RecoveringSpider, listings: Listings) -> None:
        self._spider = spider
        self._listings = listings
        self._recovery, self._frontier, self._outcome = spider.recovery, spider.frontier, spider.outcome
        #: which of the interface's prefixes is tried
        self._replay = 0
        #: one at a time: what the one before gave need not be stored again
        self._turn = DeferredLock()

    def address_of(self, row: Row) -> str:
        if row.kind != "memento":
            return row.url
        interface = self._listings.interface
        assert interface is not None
        return original_url(interface, row.listed, replay=self._replay)

    async def take(self, row: Row, request: Request, response: Response) -> None:
        # The status of a capture is that of the original (RFC 7089, 2.1.1), whatever it is.
        if "Memento-Datetime" not in response.headers:
            refuses = response.status in RETRIED
            if refuses and self._spider.retry(request, response.headers.get("Retry-After")):
                return
            if refuses:
                self._spider.fail(row, request.url, f"HTTP status {response.status}")
                return
            if self._try_other_replay(row, request):
                return
        try:
            await maybe_deferred_to_future(self._turn.acquire())
            try:
                await self._recover(row, request)
            finally:
                self._turn.release()
        except (NotThatCapture, Rewritten, BadHttp) as error:
            self._frontier.settle([row.id], "refused", type(error).__name__)
            self._outcome.refused += 1
            what = "rewritten by the archive" if isinstance(error, Rewritten) else "not that capture"
            self._outcome.problem(request.url, what, str(error))
        except OSError as error:
            raise ArchiveFault(str(error)) from error
        else:
            self._keep_replay(request.url)
            self._spider.settle_when_synced(row, request)

    def _try_other_replay(self, row: Row, request: Request) -> bool:
        """Captures may lie behind one of several prefixes, until one was seen to answer."""
        interface = self._listings.interface
        if interface is None or row.memento or len(interface.replays) < 2:
            return False
        if replay_of(request.url) == interface.replays[self._replay]:
            if self._replay + 1 >= len(interface.replays):
                return False
            self._replay += 1
        self._frontier.release(row.id, asked=False)
        return True

    def _keep_replay(self, url: str) -> None:
        interface = self._listings.interface
        prefix = replay_of(url)
        if interface and prefix and len(interface.replays) > 1 and prefix in interface.replays:
            self._replay = 0
            self._listings.settle_on(interface.with_replay(prefix))

    async def _recover(self, row: Row, request: Request) -> None:
        """Raises NotThatCapture, Rewritten, BadHttp, ArchiveFault."""
        spider, frontier = self._spider, self._frontier
        # Digests and copies of what may be many megabytes: in a thread. The frontier is this one's.
        exchange = await maybe_deferred_to_future(deferToThread(lambda: original(spider.record(request), row.listed)))
        digest = exchange.payload_digest or ""
        earlier = frontier.original(exchange.url, digest)

        def write() -> tuple[Original | None, Written]:
            first = self._recovery.recovered.original(exchange, earlier)
            return first, spider.capture.writer.write_exchange(exchange, first)

        first, written = await maybe_deferred_to_future(deferToThread(write))
        request.meta["end"] = (written.place.file, written.spans[-1][1])
        spider.capture.wrote_beside()
        if first is None and may_refer(exchange):
            frontier.remember(exchange.url, digest, written.place)
        self._outcome.note_recovered(exchange, is_revisit=first is not None)
        self._listings.follow(exchange)
