"""The frontier as a Scrapy scheduler: what is leased from it becomes requests, one host after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, Self, cast

from scrapy import Request
from scrapy.core.scheduler import BaseScheduler

from crawler.frontier import Frontier, host_of
from crawler.leases import Leased

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class Leaser(Protocol):
    """What the scheduler asks of a spider."""

    frontier: Frontier

    def lease_rows(self) -> int: ...

    def may_lease_pages(self) -> bool: ...

    def full_hosts(self) -> Collection[str]: ...

    def opens_at(self) -> datetime | None: ...

    def leased(self, url_id: int, hops: str) -> None: ...

    def request(self, leased: Leased) -> Request: ...

    def expects_links(self) -> bool: ...


class FrontierScheduler(BaseScheduler):
    """Gives Scrapy's engine the frontier's URLs as requests. Links never become requests until they are leased."""

    def __init__(self, spider: Leaser) -> None:
        self._spider = spider
        self._frontier = spider.frontier
        self._leased: deque[Leased] = deque()
        self._own: deque[Request] = deque()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(cast("Leaser", crawler.spider))

    def has_pending_requests(self) -> bool:
        self._frontier.pages_closed = not self._spider.may_lease_pages()
        return bool(self._own or self._leased) or self._frontier.pending() or self._spider.expects_links()

    def enqueue_request(self, request: Request) -> bool:
        """Requests that a user's own middleware or extension makes: kept in memory, fetched first."""
        self._own.append(request)
        return True

    def next_request(self) -> Request | None:
        if self._own:
            return self._own.popleft()
        if self._spider.opens_at():
            return None
        full = self._spider.full_hosts()
        if (leased := self._next(full)) is None:
            self._frontier.pages_closed = not self._spider.may_lease_pages()
            self._leased.extend(self._frontier.lease(self._spider.lease_rows(), full=full))
            if (leased := self._next(full)) is None:
                return None
        self._spider.leased(leased.id, leased.hops)
        return self._spider.request(leased)

    def _next(self, full: Collection[str]) -> Leased | None:
        """The first of those handed out whose host is not *full*."""
        for place, leased in enumerate(self._leased):
            if not full or host_of(leased.url) not in full:
                del self._leased[place]
                return leased
        return None

    def close(self, reason: str) -> None:
        del reason
        for leased in self._leased:
            self._frontier.release(leased.id, asked=False)
        self._leased.clear()
        self._frontier.commit()
