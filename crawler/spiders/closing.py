"""The end of a crawl, and what it says of itself then, in its own WARC: its log and its report."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.utils.defer import deferred_from_coro

from archive import times
from crawler.admission import HELD, NO_REQUISITE
from crawler.outcome import MISSED_SHOWN

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

log = logging.getLogger(__name__)

#: of the log
LOG_BYTES = 8 << 20


def closing_records(spider: Any, log_file: str | None) -> Iterator[tuple[str, bytes, str]]:
    """URL, block and content type of the last records; the report is the very last. A log that cannot be read is left
    out: it still lies in the archive's ``state/logs``."""
    name = f"metadata://bewaar/{spider.plan.crawl_id}"
    # Where the disk is full, what is left of it is the report's.
    if log_file and not spider.outcome.fault:
        with suppress(OSError):
            yield f"{name}/crawl.log", read_end(Path(log_file)), "text/plain"
    outcome = spider.outcome
    outcome.finished_at = times.seconds(times.now())
    outcome.states, outcome.refusals = spider.frontier.counts(), spider.frontier.refusals()
    outcome.target = spider.plan.target
    if spider.plan.patch:
        outcome.missed = spider.frontier.asked(MISSED_SHOWN, apart=(NO_REQUISITE, HELD))
    else:
        outcome.missed = spider.frontier.missed(MISSED_SHOWN)
    block = json.dumps(outcome.report(), ensure_ascii=False, indent=1).encode()
    yield f"{name}/{'patch' if spider.plan.patch else 'report'}.json", block, "application/json"


def read_end(log_file: Path, limit: int = LOG_BYTES) -> bytes:
    """The last *limit* bytes at most, from the beginning of a line: nobody reads a log that is longer."""
    with log_file.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - limit))
        if size > limit:
            file.readline()
        return file.read(limit)


def close_spider(crawler: Crawler, reason: str) -> None:
    assert crawler.engine is not None
    # Raises when the spider is being closed for another reason.
    deferred_from_coro(crawler.engine.close_spider_async(reason=reason)).addErrback(
        lambda failure: log.debug("not closed twice: %s", failure.value)
    )
