"""``plain_spider.py URL CONCURRENCY``: what Scrapy costs that follows the same links and keeps nothing.

Prints how many responses with status 200 it had, robots.txt included."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess
from scrapy.http import HtmlResponse, Response
from scrapy.linkextractors import LinkExtractor


class PlainSpider(Spider):
    name = "plain"

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._links = LinkExtractor(
            allow_domains=[urlsplit(url).netloc],
            tags=("a", "area", "link", "img", "script", "iframe"),
            attrs=("href", "src"),
            deny_extensions=(),
        )

    async def start(self) -> AsyncIterator[Any]:
        yield Request(self._url)

    def parse(self, response: Response, **_: Any) -> Iterator[Request]:
        if isinstance(response, HtmlResponse):
            for link in self._links.extract_links(response):
                yield Request(link.url)


if __name__ == "__main__":
    process = CrawlerProcess(
        {
            # The limit per domain is passed when there is no delay; this one is kept.
            "CONCURRENT_REQUESTS": int(sys.argv[2]),
            "DOWNLOAD_DELAY": 0,
            "ROBOTSTXT_OBEY": True,
            "LOG_LEVEL": "ERROR",
            "TELNETCONSOLE_ENABLED": False,
        }
    )
    crawler = process.create_crawler(PlainSpider)
    process.crawl(crawler, url=sys.argv[1])
    process.start()
    print(crawler.stats.get_value("downloader/response_status_count/200"))
