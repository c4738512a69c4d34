"""Links that lead nowhere new, for ever: what a crawl learns of a site while it goes on, and refuses then.

`crawler.scope` judges a URL by itself; here it is judged by those that were accepted before. Each rule refuses what a
generator makes and an editor does not:

- ``template-chain``: more than 500 links from the seed, a link to a URL of the same form as the page it stands on, but
  for numbers and values: "next month", "next page", for ever.
- ``calendar``: a year and a month, in the path or as parameters, more than a year ahead, or in a
  chain of 240 months or 31 days.
- ``path-growth``: path segments that differ in their numbers alone, four or more in a row, each beneath
  the other (``/mo480-cg310/mo481-cg310/...``): menus that add their own path to where they are.
- ``parameter-mix``: of one path with several parameters, URLs that bring no two values together for the first time,
  once 300 were accepted: filters combined with one another. (``option=event&id=7`` is new, though both were seen.)
- ``path-mix``: the same of filters in the path or in a list, as `crawler.path_mixes` tells them from folders.
- ``path-session``: what is known already, under another name of a visit in the path, as `crawler.path_sessions` tells
  these from names of things.
- ``numeric-grid``: one page more in a grid that has no edge, as `crawler.grids` has it.
- ``sitemaps``: more than 50,000 of them, as many as one index may name: indexes that name new ones for ever.
- ``same-as-others``: links of a page whose bytes 10 other URLs of this crawl gave already: error pages that say 200.

What is remembered is bounded. A crawl that is taken up again is told anew what it had accepted, but not what it read.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from urllib.parse import urlsplit

from crawler.grids import Grids
from crawler.neighbours import Neighbours
from crawler.path_mixes import PathMixes
from crawler.path_sessions import PathSessions

#: links from the seed, past which a chain of one template ends; no menu is as deep
CHAIN_HOPS = 500
#: the same, of URLs with a year and a month in them, and with a day: archives are linked from elsewhere too
MONTH_HOPS, DAY_HOPS = 240, 31
#: URLs of one path and two parameters or more, before a mix of known values is refused
MIXES = 300
#: URLs that give the same page, before its links are no longer followed
SAME_PAGES = 10
#: segments alike but for their numbers, in a row
GROWTH = 4
#: paths, values and pages that are remembered, each; what comes after is not judged
_REMEMBERED = 200_000
#: sitemaps of one crawl
SITEMAPS = 50_000
#: parameters of one URL that are looked at
_PAIRED = 20

_NUMBER = re.compile(r"\d+")
_VALUE = re.compile(r"=[^&]*")
_PATH_MONTH = re.compile(r"/((?:19|20|21)\d\d)[/-](?:0?[1-9]|1[0-2])(?=[/.-]|$)")
_QUERY_MONTH = re.compile(r"(?:^|[&_])(?:month|monat|maand|mois|mon|mnd)=", re.IGNORECASE)
_QUERY_YEAR = re.compile(r"(?:^|[&_])(?:year|jahr|jaar|annee|yr)=((?:1|2)\d{3})(?:&|$)", re.IGNORECASE)
_DAY = re.compile(r"[/-][0-3]?\d(?=[/.&-]|$)")
_QUERY_DAY = re.compile(r"(?:^|[&_])(?:day|tag|dag|jour)=", re.IGNORECASE)
_QUERY_DATE = re.compile(r"=((?:19|20|21)\d\d)-(?:0?[1-9]|1[0-2])(?=-\d\d?(?:&|$)|&|$)")


class Traps:
    """Of one crawl, which goes on in *year*."""

    def __init__(self, year: int) -> None:
        self._year = year
        #: by path: how many URLs with several parameters were accepted
        self._mixes: Counter[int] = Counter()
        self._values: set[int] = set()
        self._pages: Counter[int] = Counter()
        self._sitemaps = 0
        self._path_mixes = PathMixes()
        self._grids = Grids()
        self._path_sessions = PathSessions()

    def rule(self, url: str, hops: str, via: str | None) -> str | None:
        """The rule that refuses a link or sitemap, which scope accepted; None for most. *hops* is the path to it, this
        hop included."""
        if hops.endswith("M"):
            self._sitemaps += 1
            return "sitemaps" if self._sitemaps > SITEMAPS else None
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        found = _month(parts.path, parts.query)
        if found is not None and int(found[1]) > self._year + 1:
            return "calendar"
        if _grows(parts.path):
            return "path-growth"
        away = hops.count("L")
        most = CHAIN_HOPS if found is None else DAY_HOPS if _is_day(found) else MONTH_HOPS
        if via and away > most and template(url) == template(via):
            return "template-chain" if found is None else "calendar"
        if "&" in parts.query and self._is_mixed(f"{parts.netloc}{parts.path}", parts.query):
            return "parameter-mix"
        if self._path_sessions.is_known(url):
            return "path-session"
        if self._grids.is_endless(url, via):
            return "numeric-grid"
        return "path-mix" if self._path_mixes.is_mixed(url) else None

    def learn(self, url: str, told: Neighbours) -> None:
        """What all links of the page at *url* told together."""
        self._path_sessions.learn(told)
        self._grids.learn(url, told)

    def is_one_of_many(self, payload_digest: str) -> bool:
        """Whether so many URLs gave this page that its links are not followed any more; counts it."""
        key = hash(payload_digest)
        if key not in self._pages and len(self._pages) >= _REMEMBERED:
            return False
        self._pages[key] += 1
        return self._pages[key] > SAME_PAGES

    def _is_mixed(self, path: str, query: str) -> bool:
        pairs = query.split("&")
        mix = hash(path)
        values = {hash((path, frozenset(two))) for two in combinations(pairs[:_PAIRED], 2)}
        is_new = not values <= self._values
        if self._mixes[mix] >= MIXES and not is_new:
            return True
        if len(self._values) < _REMEMBERED:
            self._mixes[mix] += 1
            self._values |= values
        return False


def _month(path: str, query: str) -> re.Match[str] | None:
    """Where a URL names a year and a month; the year is the first group."""
    found = _PATH_MONTH.search(path) or _QUERY_DATE.search(query)
    if found is None and _QUERY_MONTH.search(query):
        found = _QUERY_YEAR.search(query)
    return found


def _is_day(month: re.Match[str]) -> bool:
    return _DAY.match(month.string, month.end()) is not None or _QUERY_DAY.search(month.string) is not None


def template(url: str) -> str:
    """*url* without what a generator counts up: numbers in its path, values of its parameters.

    >>> template("http://a.nl/agenda/2026/11?dag=28")
    'http://a.nl/agenda/#/#?dag='
    """
    head, mark, query = url.partition("?")
    return _NUMBER.sub("#", head) + mark + _VALUE.sub("=", query)


def _grows(path: str) -> bool:
    """
    >>> _grows("/mo480-cg310/mo481-cg310/mo482-cg310/mo483-cg310/p7"), _grows("/2026/11/28/1/2")
    (True, False)
    """
    if path.count("/") < GROWTH:
        return False
    run, before = 1, ""
    for segment in path.split("/"):
        alike = _NUMBER.sub("#", segment)
        # Dates and ids are numbers alone; a page of a page of a page is words and numbers.
        run = run + 1 if alike == before and alike.strip("#.-_") and "#" in alike else 1
        if run >= GROWTH:
            return True
        before = alike
    return False
