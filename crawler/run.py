"""Runs one crawl in this process, from the first request to the derived history."""

from __future__ import annotations

import gc
import logging
from pathlib import Path
from typing import Any, cast

# Asks who imports it, in three classes, and looks at every module for each frame of the stack: here the stack is short.
import scrapy.core.downloader.contextfactory  # noqa: F401
from scrapy import Spider
from scrapy.crawler import CrawlerProcess
from scrapy.settings import Settings

from archive.errors import BewaarError
from crawler.begin import Begun
from crawler.outcome import Outcome
from crawler.progress import Progress
from crawler.spiders.site import SiteSpider


def run_crawl(begun: Begun, spider_class: type[SiteSpider] = SiteSpider) -> Outcome:
    """Returns when the last row is written; the lock and the frontier are given back. Raises BewaarError when the
    crawl could not begin."""
    plan = begun.plan
    try:
        spider = run_spider(spider_class, Progress, plan.site, plan.log, begun=begun)
        outcome = cast("Outcome", spider.outcome)
        outcome.interrupted = outcome.interrupted or not spider.was_closed
        return outcome
    finally:
        begun.close()
        logging.shutdown()


def run_spider(spider_class: type[Spider], progress_of: type[Progress], site: str, log: Path, **arguments: Any) -> Any:
    """Run Scrapy in this process until its spider is done; the spider. Raises BewaarError when it could not begin."""
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    # A log line that a full disk does not take is no traceback on the terminal.
    logging.raiseExceptions = False
    settings.set("LOG_FILE", str(log), priority="cmdline")
    # Scrapy would import every spider to find one by its name; those that ask other archives bring the whole store.
    settings.set("SPIDER_MODULES", [], priority="cmdline")
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(spider_class)
    progress = progress_of(crawler, site)
    failures: list[Any] = []
    process.crawl(crawler, **arguments).addErrback(failures.append)
    # What is loaded by now stays: the collector need not look at it every few pages.
    gc.freeze()
    try:
        process.start()
    finally:
        progress.end()
    if failures:
        error = failures[0].value
        if isinstance(error, BewaarError):
            raise error
        failures[0].raiseException()
    return crawler.spider
