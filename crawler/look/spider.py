"""A crawl that looks: robots.txt, the front page, some sitemaps, a page or two behind it, and no more."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from archive.model import Link
from crawler.admission import Admission
from crawler.begin import Begun
from crawler.frontier import Judge
from crawler.scope import Verdict
from crawler.spiders.site import SiteSpider

#: the limit that ends every look, as its closing record names it
LOOK = "look"
#: the problem of where a site leads to, which may not be asked
NOT_ASKED = "not asked"
REDIRECTS = 5
SITEMAPS = 6
INNER_PAGES = 2
#: in the path of pages that are likely to list something
_PROMISING = re.compile(
    r"member|leden|deelnemer|aangesloten|mitglied|membre|adherent|partner|sponsor|supporter|network|netwerk|netzwerk|"
    r"reseau|organi[sz]at|about|over-|wie-|ueber|qui-|verein|vereniging",
    re.IGNORECASE,
)
#: files, doors, and front pages in other languages
_NO_PAGE = re.compile(
    r"\.(?:pdf|jpe?g|png|gif|svg|webp|zip|docx?|xlsx?|pptx?|mp[34]|ics|xml|rss|json|css|js)$|"
    r"/(?:wp-json|xmlrpc|feed|login|log-in|signin|inloggen|register|account|cart|basket|search|zoeken|privacy|cookies?)"
    r"(?:[/.]|$)|^/[a-z]{2}(?:-[a-z]{2})?/?$",
    re.IGNORECASE,
)


class LookAdmission(Admission):
    """Lets a site's redirects, sitemaps and a page or two in; its other links are refused by the rule ``look``."""

    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **settings)
        self.sitemaps = 0
        self._pages: list[bool] = []

    def judge(self, url: str, hop: str, hops: str, via: str | None) -> Verdict:
        verdict = self.scope.judge(url, hop, hops)
        # What no scope would have. Where a site begins may lead to another host: that is seen here, and told.
        if not verdict.accepted and not verdict.rule.startswith("outside-"):
            return verdict
        wants = {"R": self._wants_redirect, "M": self._wants_sitemap, "L": self._wants_page}.get(hop)
        return Verdict(accepted=wants is not None and wants(url, hops + hop, via), rule=LOOK)

    def judge_of(self, payload_digest: str | None, hops: str = "L") -> Judge:
        del payload_digest, hops
        return self.judge

    def _wants_redirect(self, url: str, hops: str, via: str | None) -> bool:
        way = len(hops) - len(hops.rstrip("R"))
        return way <= REDIRECTS and (way == len(hops) or _host(url) == _host(via))

    def _wants_sitemap(self, url: str, hops: str, via: str | None) -> bool:
        if _host(url) != _host(via) or "L" in hops:
            return False
        self.sitemaps += 1
        return self.sitemaps <= SITEMAPS

    def _wants_page(self, url: str, hops: str, via: str | None) -> bool:
        path = urlsplit(url).path
        if hops.strip("R") != "L" or _host(url) != _host(via) or path in ("", "/") or _NO_PAGE.search(path):
            return False
        promising = bool(_PROMISING.search(path))
        # One that promises nothing may come first; the second place is kept for one that does.
        if len(self._pages) >= INNER_PAGES or (not promising and self._pages):
            return False
        self._pages.append(promising)
        return True


class LookSpider(SiteSpider):
    admission: LookAdmission

    def __init__(self, begun: Begun) -> None:
        super().__init__(begun)
        self.admission = LookAdmission(begun.plan.profile, begun.plan.started_at.year, knows=self.frontier.let_in)

    async def parse(self, response: Any, **named: Any) -> AsyncIterator[dict[str, Any]]:
        async for fact in super().parse(response, **named):
            yield fact
        hops = response.request.meta["hops"]
        # Nobody named a sitemap: it may lie where most do.
        if not hops.strip("R") and response.status == 200 and not self.admission.sitemaps:
            usual = Link(urljoin(response.url, "/sitemap.xml"), "M", "look")
            self.frontier.add([usual], via=response.url, hops=hops, judge=self.admission.judge)

    def _not_asked(self, request: Any, why: BaseException | None) -> None:
        super()._not_asked(request, why)
        known = self.frontier.find(request.url)
        if known and known[1] in ("refused", "failed") and not request.meta["hops"].strip("R"):
            self.outcome.problem(request.url, NOT_ASKED, str(why))

    def closed(self, reason: str) -> None:
        super().closed(reason)
        if self.outcome.status in ("finished", "limited"):
            self.outcome.limit = LOOK


def _host(url: str | None) -> str:
    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""
