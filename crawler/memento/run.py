"""Runs one recovery in this process, from the first question to the last sealed file."""

from __future__ import annotations

import gc
import logging
from typing import Any

import scrapy.core.downloader.contextfactory  # noqa: F401  # as in crawler.run
from scrapy.crawler import CrawlerProcess
from scrapy.settings import Settings

from archive.errors import BewaarError
from crawler.memento.job import Job
from crawler.progress import RecoveryProgress
from crawler.spiders.memento import MementoSpider


def run_job(job: Job) -> None:
    """Returns when the last file is sealed. Raises BewaarError when it could not begin."""
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    logging.raiseExceptions = False
    folder = job.away or job.plan.archive.logs
    settings.set("LOG_FILE", str(folder / f"{job.plan.crawl_id}.log"), priority="cmdline")
    try:
        process = CrawlerProcess(settings)
        crawler = process.create_crawler(MementoSpider)
        progress = RecoveryProgress(crawler, job.plan.site)
        failures: list[Any] = []
        process.crawl(crawler, job=job).addErrback(failures.append)
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
        spider: Any = crawler.spider
        spider.settle()
        job.outcome.note_left(job.frontier)
        job.outcome.interrupted = job.outcome.interrupted or not spider.was_closed
    finally:
        logging.shutdown()
