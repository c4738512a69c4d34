"""What a person sees while a crawl runs: one live line on a terminal, a plain line now and then elsewhere. On standard
error: standard output is for results."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.utils.asyncio import create_looping_call

from archive.counted import counted

if TYPE_CHECKING:
    from rich.status import Status
    from scrapy.crawler import Crawler

TICK_S = 0.5
#: between two lines where there is no terminal
PLAIN_S = 30.0


class Progress:
    def __init__(self, crawler: Crawler, site: str) -> None:
        self._crawler = crawler
        self._site = site
        self._status: Status | None = None
        self._began = self._shown_at = time.monotonic()
        self._captures = 0
        self._said_ending = False
        self._loop: Any = None
        crawler.signals.connect(self.opened, signal=signals.spider_opened)
        crawler.signals.connect(self.closed, signal=signals.spider_closed)

    def opened(self) -> None:
        if sys.stderr.isatty():
            from rich.console import Console  # as much to load as a tenth of the crawler

            self._status = Console(stderr=True).status(f"{self._site}: starting")
            self._status.start()
        self._loop = create_looping_call(self._show)
        self._loop.start(TICK_S, now=False)

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
        if not self._said_ending and spider.is_interrupted():
            self._said_ending = True
            self._say(f"{self._site}: finishing what is under way; Ctrl-C once more stops at once")
        if self._status is None and time.monotonic() - self._shown_at < PLAIN_S:
            return
        line = self._line(spider)
        if self._status:
            self._status.update(line)
        else:
            self._say(line)

    def _line(self, spider: Any) -> str:
        outcome = spider.outcome
        waiting = spider.frontier.left()
        now = time.monotonic()
        rate = self._rate(outcome.captures, now)
        line = (
            f"{self._site}: {counted(capture=outcome.captures, page=outcome.pages)}, {_size(outcome.bytes)}, "
            f"{waiting} to go on {counted(host=spider.frontier.hosts())}, {spider.frontier.refused} refused, "
            f"{outcome.failed} failed, {now - self._began:.0f} s, {rate:.1f} a second"
        )
        if opens := spider.opens_at():
            line += f"; paused until {opens:%Y-%m-%d %H:%M %Z}, when the site may be asked again"
        elif waiting and outcome.captures:
            # By the pace so far: links that are still to be found are not in it.
            line += f", {_duration(waiting * (now - self._began) / outcome.captures)} left at least"
        return line

    def _rate(self, captures: int, now: float) -> float:
        rate = (captures - self._captures) / max(0.1, now - self._shown_at)
        self._captures, self._shown_at = captures, now
        return rate

    def _say(self, line: str) -> None:
        if self._status:
            self._status.console.print(line)
        else:
            sys.stderr.write(f"{line}\n")


class RecoveryProgress(Progress):
    """Of captures that another archive has: what is left is known once all of its listings are read."""

    def _line(self, spider: Any) -> str:
        outcome, frontier = spider.outcome, spider.frontier
        now = time.monotonic()
        rate = self._rate(outcome.captures, now)
        waiting = frontier.count("memento", "queued", "leased")
        listings = frontier.count("listing", "queued", "leased")
        line = (
            f"{self._site}: {counted(capture=outcome.recovered)} recovered, {waiting} to go, {_size(outcome.bytes)}, "
            f"{outcome.refused} refused, {outcome.failed} failed, {now - self._began:.0f} s, {rate:.1f} a second"
        )
        if listings:
            line += f", {listings} listings to be read"
        if opens := spider.opens_at():
            line += f"; paused until {opens:%Y-%m-%d %H:%M %Z}, when the archive may be asked again"
        elif waiting and outcome.recovered:
            line += f", {_duration(waiting * (now - self._began) / outcome.recovered)} left"
        return line


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


def _duration(seconds: float) -> str:
    """
    >>> _duration(42), _duration(4000), _duration(200000)
    ('42 s', '67 min', '56 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.0f} h"
