"""Scrapy's downloader, with manners: one request at a time to a host, a floor between two, and what the host's own
answers ask for."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader import Downloader, Slot
from scrapy.exceptions import IgnoreRequest
from scrapy.utils.asyncio import call_later
from twisted.python.failure import Failure

from crawler.politeness.gate import HostGate
from crawler.politeness.pace import Pace

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.defer import Deferred

#: requests that wait for one host inside Scrapy, beside those under way; all others wait in the frontier
WAITING = 7


class NotAsked(IgnoreRequest):
    """The request was not sent, and may be another time: the crawl ends or pauses, or a robots.txt is not known yet."""


class HostGivenUp(IgnoreRequest):
    """The request was not sent: its host has not answered for long."""


class PoliteDownloader(Downloader):
    """Scrapy 2.19 counts a request only once its task runs, and starts tasks in a loop: with no delay every request
    that waits for a host is sent at once, whatever CONCURRENT_REQUESTS_PER_DOMAIN says (measured: 16 at a limit of 1).
    And its delay runs from when a request is handed out, so that a slow connect brings two closer together at the
    server: here it runs from the end of the one before, as in wget and Heritrix.

    HOST_GATE names the file of the `HostGate`; without it, and where a host may be asked several things at a time
    (one's own), other processes are not heeded.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        #: told of each host that is given up, once
        self.on_given_up: Callable[[str], None] | None = None
        self._busy: set[Slot] = set()
        self._hosts: dict[Slot, str] = {}
        self._paces: dict[str, Pace] = {}
        path = self.settings.get("HOST_GATE") if self.domain_concurrency == 1 else None
        self._gate = HostGate(Path(path)) if path else None
        self.handlers = _Listening(self.handlers, self)  # type: ignore[assignment]  # what Downloader asks of it

    def pace(self, host: str) -> Pace:
        return self._paces.get(host) or self._paces.setdefault(host, Pace(self._delay))

    def full_hosts(self) -> set[str]:
        """Hosts that nothing more is to be handed out for at present."""
        now = monotonic()
        full = {host for host, pace in self._paces.items() if pace.not_before > now}
        most = self.domain_concurrency + WAITING
        full.update(host for host, slot in self.slots.items() if len(slot.active) >= most)
        return full

    def drop_waiting(self, why: IgnoreRequest, host: str | None = None) -> None:
        """Give back what waits for *host*, or for any, and is not under way."""
        for name, slot in self.slots.items():
            if host in (None, name):
                while slot.queue:
                    _, waiting = slot.queue.popleft()
                    waiting.errback(Failure(why))

    def answered(self, request: Request, response: Response, took_s: float) -> None:
        retry_after = response.headers.get("Retry-After")
        # The status of a capture that another archive hands out is that of the site it is of.
        is_capture = request.meta.get("memento") and "Memento-Datetime" in response.headers
        self.pace(self.get_slot_key(request)).answered(
            monotonic(),
            200 if is_capture else response.status,
            took_s=took_s,
            retry_after=retry_after.decode("latin-1") if retry_after else None,
        )

    def failed(self, request: Request) -> None:
        host = self.get_slot_key(request)
        pace = self.pace(host)
        given_up = pace.given_up
        pace.failed(monotonic())
        if pace.given_up and not given_up:
            if self.on_given_up:
                self.on_given_up(host)
            self.drop_waiting(HostGivenUp("its host does not answer"), host)

    def close(self) -> None:
        super().close()
        if self._gate:
            self._gate.close()
            self._gate = None

    def _get_slot(self, request: Request, spider: Spider | None = None) -> tuple[str, Slot]:
        key, slot = super()._get_slot(request, spider)
        self._hosts[slot] = key
        return key, slot

    def _slot_gc(self, age: float = 60) -> None:
        super()._slot_gc(age)
        kept = set(self.slots.values())
        self._hosts = {slot: host for slot, host in self._hosts.items() if slot in kept}

    def _wait_for_download(
        self, slot: Slot, request: Request, queue_dfd: Deferred[Response]
    ) -> Coroutine[Any, Any, None]:
        slot.transferring.add(request)
        self._busy.add(slot)
        return super()._wait_for_download(slot, request, queue_dfd)

    def _process_queue(self, slot: Slot) -> None:
        host = self._hosts[slot]
        if slot in self._busy and not slot.transferring:
            self._busy.discard(slot)
            slot.lastseen = monotonic()
            if self._gate:
                self._gate.leave(host)
        if slot.latercall or not slot.queue or slot.free_transfer_slots() <= 0:
            return
        if (wait := self._wait_s(slot, host)) > 0:
            slot.latercall = call_later(wait, self._latercall, slot)
        else:
            super()._process_queue(slot)

    def _wait_s(self, slot: Slot, host: str) -> float:
        """How long until the next in *slot* may be sent. At 0 the host is ours until it was answered."""
        pace, now = self.pace(host), monotonic()
        slot.delay = pace.delay_s
        wait = max(pace.held_s(now), slot.lastseen + pace.delay_s - now)
        if wait <= 0 and self._gate and slot not in self._busy:
            wait = self._gate.enter(host, pace.delay_s)
        return wait


class _Listening:
    """The download handlers, with what comes of each request told before the next one is sent."""

    def __init__(self, handlers: Any, downloader: PoliteDownloader) -> None:
        self._handlers, self._downloader = handlers, downloader

    async def download_request_async(self, request: Request) -> Response:
        began = monotonic()
        try:
            response: Response = await self._handlers.download_request_async(request)
        except Exception:
            captured = request.meta.get("captured")
            # What our own guard refused was never sent.
            if captured and not captured[-1].bytes and not (captured[-1].error or "").startswith("address:"):
                self._downloader.failed(request)
            raise
        self._downloader.answered(request, response, monotonic() - began)
        return response

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handlers, name)
