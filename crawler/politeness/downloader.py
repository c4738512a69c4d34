"""One request at a time to a host, with a floor between two."""

from __future__ import annotations

from collections.abc import Coroutine
from time import monotonic
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader import Downloader, Slot

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.defer import Deferred


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
