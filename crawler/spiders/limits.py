"""Limits of a crawl on bytes and time. (Pages are limited where they are leased, so that the limit is not passed.)"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals
from scrapy.utils.asyncio import create_looping_call

from crawler.capture import signals as capture_signals
from crawler.capture.extension import CaptureExtension
from crawler.spiders.closing import close_spider

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

CHECK_S = 0.5


class LimitsExtension:
    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._spider: Any = crawler.spider
        self._began = time.monotonic()
        self._loop = create_looping_call(self._check)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.opened, signal=signals.spider_opened)
        crawler.signals.connect(extension.closed, signal=signals.spider_closed)
        crawler.signals.connect(extension.captured, signal=capture_signals.captured)
        return extension

    def opened(self) -> None:
        profile = self._spider.plan.profile
        if profile.max_bytes or profile.max_time_s:
            self._loop.start(CHECK_S, now=False)

    def captured(self) -> None:
        # After the reader has counted it, which is told of it first.
        if self._loop.running:
            self._check()

    def closed(self) -> None:
        if self._loop.running:
            self._loop.stop()

    def _check(self) -> None:
        profile, outcome = self._spider.plan.profile, self._spider.outcome
        if profile.max_bytes and outcome.bytes >= profile.max_bytes:
            self._stop("limit_max_bytes")
        elif profile.max_time_s and time.monotonic() - self._began >= profile.max_time_s:
            self._stop("limit_max_time")

    def _stop(self, reason: str) -> None:
        self._loop.stop()
        self._spider.outcome.limit = reason.removeprefix("limit_")
        self._spider.take_back("a limit was met")
        capture = self._crawler.get_extension(CaptureExtension)
        assert capture is not None
        capture.hurry()
        close_spider(self._crawler, reason)
