"""What became of the seeds of a crawl: their answers, and where they lead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from scrapy import Request

from archive.urls import join
from crawler.admission import Admission
from crawler.outcome import Outcome, SeedOutcome

if TYPE_CHECKING:
    from scrapy.http import Response


class Seeds:
    """Keeps the crawl's outcome of them; what is no seed is passed over."""

    def __init__(self, outcome: Outcome, admission: Admission, masked: Callable[[str], str]) -> None:
        """*masked*: a text without the crawl's secrets."""
        self._outcome, self._admission, self._masked = outcome, admission, masked
        #: what seeds redirect to, within the scope, by the seed
        self._led: dict[str, str] = {}

    def answered(self, request: Request, response: Response) -> None:
        url, hops, via = request.url, request.meta.get("hops") or "", request.meta.get("via") or ""
        seeds = self._outcome.seeds
        seed = url if url in seeds else None
        if seed is None and hops and not hops.strip("R"):
            seed = self._led.get(via, via if via in seeds else None)
        if seed is None:
            return
        redirected = None
        if 300 <= response.status < 400 and response.status != 304 and (location := response.headers.get("Location")):
            told = location.decode("latin-1")
            target = join(url, told) or told
            verdict = self._admission.scope.judge(target, "R", hops)
            # The first step out of scope is captured, so that it can be looked at; it is not the site.
            within = verdict.accepted and verdict.rule != "seed-redirect"
            redirected = None if within else self._masked(target)
        if seed == url:
            seeds[url] = SeedOutcome(status=response.status, error=None, redirected=redirected)
            return
        self._led[url] = seed
        if redirected:
            seeds[seed] = replace(seeds[seed], redirected=redirected)

    def failed(self, url: str, error: str) -> None:
        if url in self._outcome.seeds:
            self._outcome.seeds[url] = SeedOutcome(error=error)

    def unexpected(self, url: str, what: str) -> None:
        if url in self._outcome.seeds:
            self._outcome.seeds[url] = replace(self._outcome.seeds[url], unexpected=what)
