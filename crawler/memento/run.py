"""Runs one recovery in this process, from the first question to the last sealed file."""

from __future__ import annotations

import logging

from crawler.memento.job import Job
from crawler.progress import RecoveryProgress
from crawler.run import run_spider
from crawler.spiders.memento import MementoSpider


def run_job(job: Job) -> None:
    """Returns when the last file is sealed. Raises BewaarError when it could not begin."""
    log = (job.away or job.plan.archive.logs) / f"{job.plan.crawl_id}.log"
    try:
        spider = run_spider(MementoSpider, RecoveryProgress, job.plan.site, log, job=job)
        spider.settle()
        job.outcome.note_left(job.frontier)
        job.outcome.interrupted = job.outcome.interrupted or not spider.was_closed
    finally:
        logging.shutdown()
