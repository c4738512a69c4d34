"""Run by tests in a process of its own: fetches what a plan lists through our handler, and says what came of it.

``python wire_crawl.py PLAN.json``: PLAN holds ``settings`` and ``requests``; each line printed is one event. Retry and
redirect middlewares are on, with one retry.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import sys
from pathlib import Path

import scrapy
from scrapy import signals as scrapy_signals
from scrapy.crawler import AsyncCrawlerProcess

from crawler.capture import signals
from crawler.capture.extension import CaptureExtension

SETTINGS = {
    "WARC_PREFIX": "wire",
    "WARC_INFO": {"software": "wire test"},
    "DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), "crawler.capture.handler.WarcDownloadHandler")
    | dict.fromkeys(("file", "data", "ftp", "s3")),
    "EXTENSIONS": {"crawler.capture.extension.CaptureExtension": 10},
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "CONCURRENT_REQUESTS": 32,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "RETRY_TIMES": 1,
    "HTTPERROR_ALLOW_ALL": True,
    "LOG_LEVEL": "ERROR",
}


def say(event: str, **about: object) -> None:
    print(json.dumps({"event": event, **about}, default=dataclasses.asdict), flush=True)


class WireSpider(scrapy.Spider):
    name = "wire"

    async def start(self):
        for wanted in self.plan:
            yield self.request(wanted)

    def request(self, wanted):
        return scrapy.Request(
            wanted["url"],
            method=wanted.get("method", "GET"),
            body=wanted.get("body"),
            headers=wanted.get("headers"),
            meta=wanted.get("meta", {}) | {"then": wanted.get("then")},
            dont_filter=True,
            callback=self.parse,
            errback=self.failed,
        )

    def parse(self, response):
        captured = response.meta["captured"]
        say(
            "response",
            url=response.url,
            status=response.status,
            body=len(response.body),
            flags=response.flags,
            captured=captured,
        )
        if response.meta["then"]:
            response.meta["then"]["meta"] = {}
            yield self.request(response.meta["then"])

    def failed(self, failure):
        request = failure.request
        say("error", url=request.url, error=repr(failure.value), captured=request.meta.get("captured"))


def fault_of(crawler) -> str | None:
    try:
        extension = crawler.get_extension(CaptureExtension)
    except RuntimeError:
        return None
    return extension and extension.fault and f"{type(extension.fault).__name__}: {extension.fault}"


def main() -> int:
    plan = json.loads(Path(sys.argv[1]).read_text())
    if limit := plan.get("file_bytes"):
        # What a full disk is to a write, without one: the write fails.
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    process = AsyncCrawlerProcess(SETTINGS | plan["settings"])
    crawler = process.create_crawler(WireSpider)

    def opened(spider):
        extension = crawler.get_extension(CaptureExtension)
        extension.closing_report = lambda: [("metadata://wire/report", extension.reason.encode(), "text/plain")]

    connect = crawler.signals.connect
    connect(opened, scrapy_signals.spider_opened, weak=False)
    connect(
        lambda captured, request: say("captured", captured=captured, method=request.method),
        signals.captured,
        weak=False,
    )
    connect(lambda file, offset: say("synced", file=file, offset=offset), signals.synced, weak=False)
    connect(lambda sealed: say("sealed", sealed=sealed), signals.sealed, weak=False)
    connect(lambda reason: say("closed", reason=reason), scrapy_signals.spider_closed, weak=False)
    started = process.crawl(crawler, plan=plan["requests"])
    process.start()
    failed = started.exception()
    say(
        "done",
        error=None if failed is None else f"{type(failed).__name__}: {failed}",
        fault=fault_of(crawler),
        rss_kib=_peak_kib(),
    )
    return 0


def _peak_kib() -> int:
    """VmHWM: ru_maxrss would begin at the peak of the process that forked this one."""
    with Path("/proc/self/status").open(encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


if __name__ == "__main__":
    sys.exit(main())
