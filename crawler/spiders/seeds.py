"""What became of the seeds of a crawl: their answers, and where they lead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from scrapy import Request

from archive.urls import join
from crawler.admission import Admission
from crawler.outcome import Outcome, SeedOutcome
from crawler.seen import seen_key
from crawler.spiders.gates import REDIRECTS

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
        url, seeds = request.url, self._outcome.seeds
        seed = self._seed_of(request)
        if seed is None:
            return
        redirected = led = None
        if response.status in REDIRECTS and (location := response.headers.get("Location")):
            told = location.decode("latin-1")
            target = join(url, told) or told
            verdict = self._admission.scope.judge(target, "R", request.meta.get("hops") or "")
            # The first step out of scope is captured, so that it can be looked at; it is not the site.
            within = verdict.accepted and verdict.rule != "seed-redirect"
            redirected = None if within else self._masked(target)
            way = [seed, url, *(step for step, first in self._led.items() if first == seed)]
            if seen_key(target) in map(seen_key, way):
                led = f"redirects in a circle, to {self._masked(target)}"
        if seed == url:
            # What it leads to may not be asked for a second time.
            led = led or (seeds[url].led if response.status in REDIRECTS else None)
            seeds[url] = SeedOutcome(status=response.status, error=None, redirected=redirected, led=led)
            return
        self._led[url] = seed
        if response.status >= 400:
            led = f"redirects to {self._masked(url)}: HTTP status {response.status}"
        seeds[seed] = replace(seeds[seed], redirected=redirected or seeds[seed].redirected, led=led)

    def failed(self, request: Request, error: str) -> None:
        seeds = self._outcome.seeds
        if request.url in seeds:
            seeds[request.url] = SeedOutcome(error=error)
        elif seed := self._seed_of(request):
            seeds[seed] = replace(seeds[seed], led=f"redirects to {self._masked(request.url)}: {error}")

    def given_up(self, url: str) -> None:
        if url in self._outcome.seeds:
            self._outcome.seeds[url] = SeedOutcome(error="its host does not answer")

    def _seed_of(self, request: Request) -> str | None:
        """*request* is of a seed, or of what it redirected to."""
        url, hops, via = request.url, request.meta.get("hops") or "", request.meta.get("via") or ""
        if url in self._outcome.seeds:
            return url
        if hops and not hops.strip("R"):
            return self._led.get(via, via if via in self._outcome.seeds else None)
        return None

    def unexpected(self, url: str, what: str) -> None:
        if url in self._outcome.seeds:
            self._outcome.seeds[url] = replace(self._outcome.seeds[url], unexpected=what)
