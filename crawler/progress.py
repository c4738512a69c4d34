"""What a person sees while a crawl runs: one live line on a terminal, a plain line now and then elsewhere. On standard
error: standard output is for results."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.utils.asyncio import create_looping_call

if TYPE_CHECKING:
    from rich.status import Status
    from scrapy.crawler import Crawler

TERMINAL_S = 0.5
PLAIN_S = 30.0


class Progress:
    def __init__(self, crawler: Crawler, site: str) -> None:
        self._crawler = crawler
        self._site = site
        self._status: Status | None = None
        self._began = time.monotonic()
        self._loop: Any = None
        crawler.signals.connect(self.opened, signal=signals.spider_opened)
        crawler.signals.connect(self.closed, signal=signals.spider_closed)

    def opened(self) -> None:
        if sys.stderr.isatty():
            from rich.console import Console  # as much to load as a tenth of the crawler

            self._status = Console(stderr=True).status(f"{self._site}: starting")
            self._status.start()
        self._loop = create_looping_call(self._show)
        self._loop.start(TERMINAL_S if self._status else PLAIN_S, now=False)

    def closed(self) -> None:
        if self._loop and self._loop.running:
            self._loop.stop()
        if self._status:
            self._status.update(f"{self._site}: closing the WARC, deriving the history")

    def end(self) -> None:
        if self._status:
            self._status.stop()

    def _show(self) -> None:
        spider: Any = self._crawler.spider
        outcome = spider.outcome
        waiting = spider.frontier.left()
        line = (
            f"{self._site}: {outcome.captures} captures, {outcome.pages} pages, {_size(outcome.bytes)}, "
            f"{waiting} to go, {outcome.failed} failed, {time.monotonic() - self._began:.0f} s"
        )
        if self._status:
            self._status.update(line)
        else:
            sys.stderr.write(f"{line}\n")


def _size(count: float) -> str:
    """
    >>> _size(1536), _size(20)
    ('1.5 KiB', '20 B')
    """
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"
