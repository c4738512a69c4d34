"""Redirects that hand out a cookie and lead back: what lies behind them is given to who asks again with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archive.urls import join
from crawler.frontier import Frontier
from crawler.seen import seen_key

if TYPE_CHECKING:
    from scrapy.http import Response

REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: gates of one crawl that are remembered
MOST = 20_000


class CookieGates:
    """Of one crawl. Each URL is asked for once more, at most."""

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier
        #: URLs that redirected and set a cookie, and whether they were asked for again
        self._gates: dict[str, bool] = {}

    def redirected(self, url: str, response: Response) -> None:
        """*url* answered so, and its links are in the frontier."""
        target = join(url, (response.headers.get("Location") or b"").strip().decode("utf-8", "replace"))
        if "Set-Cookie" in response.headers and len(self._gates) < MOST:
            self._gates.setdefault(seen_key(url), False)
        if target and self._gates.get(seen_key(target)) is False:
            self._gates[seen_key(target)] = True
            if (found := self._frontier.find(target)) and found[1] == "expanded":
                self._frontier.release(found[0])
