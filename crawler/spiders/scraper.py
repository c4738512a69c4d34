"""Scrapy's scraper, for pages that yield few items or none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING, Any

from scrapy.core.scraper import Scraper
from scrapy.utils.asyncgen import as_async_generator
from scrapy.utils.defer import aiter_errback, iter_errback

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response
    from twisted.python.failure import Failure


class OneByOneScraper(Scraper):
    """Hands on what the spider yields one after the other. Scrapy makes a queue and two tasks for every response
    (scrapy#5182), though an image yields nothing: a twentieth of what a request costs."""

    async def handle_spider_output_async(
        self, result: Iterable[Any] | AsyncIterator[Any], request: Request, response: Response | Failure
    ) -> None:
        outputs: Iterable[Any] | AsyncIterator[Any]
        if isinstance(result, AsyncIterator):
            outputs = aiter_errback(result, self.handle_spider_error, request, response)
        else:
            outputs = iter_errback(result, self.handle_spider_error, request, response)
        async for output in as_async_generator(outputs):
            await self._process_spidermw_output_async(output, response)
