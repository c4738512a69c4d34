"""Runs one recovery in this process, from the first question to the last sealed file."""

from __future__ import annotations

import logging

from crawler.memento.recovery import MementoRecovery
from crawler.progress import RecoveryProgress
from crawler.run import run_spider
from crawler.spiders.memento import MementoSpider


def run_recovery(recovery: MementoRecovery) -> None:
    """Returns when the last file is sealed. Raises BewaarError when it could not begin."""
    log = (recovery.away or recovery.plan.archive.logs) / f"{recovery.plan.crawl_id}.log"
    try:
        spider = run_spider(MementoSpider, RecoveryProgress, recovery.plan.site, log, recovery=recovery)
        spider.settle()
        recovery.outcome.note_left(recovery.frontier)
        recovery.outcome.interrupted = recovery.outcome.interrupted or not spider.was_closed
    finally:
        logging.shutdown()
