"""Which URLs belong to a crawl: ordered, named rules. The first with an opinion decides; its name is reported.

Pure: no network, no file, no clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

from crawler.domains import registered_domain
from crawler.seen import seen_key

#: a path segment, or a parameter's value, that is the name of what ends a session
_LOGOUT = re.compile(
    r"(?:^|[/?&=;])(?:log|sign)[-_.]?(?:out|off)(?:\.\w+)?(?=$|[/?&=;])"
    r"|(?:^|[/?&=;])(?:uitloggen|afmelden|abmelden|ausloggen|deconnexion|d%C3%A9connexion)(?:\.\w+)?(?=$|[/?&=;])",
    re.IGNORECASE,
)

Extent = Literal["page", "prefix", "host", "domain"]


@dataclass(frozen=True, slots=True)
class ScopeRules:
    """What a profile says about scope. Limits that are None do not limit."""

    seeds: tuple[str, ...]
    extent: Extent = "host"
    #: more hosts that are in scope as a whole: ``host`` or ``host:port``
    hosts: tuple[str, ...] = ()
    #: patterns (re.search) over the URL; a seed is never excluded
    exclude: tuple[str, ...] = ()
    #: links from the seed; embeds, redirects and sitemaps are not counted
    max_hops: int | None = None
    #: embeds on one way (page, stylesheet, its import, its image is 3)
    max_embed_hops: int = 6
    #: redirects in a row
    max_redirect_hops: int = 20
    #: sitemaps in a row: an index names sitemaps, and no index (sitemaps.org), but some do
    max_sitemap_hops: int = 5
    #: requisites of a page are fetched from any host, or only where links are followed too
    requisites_from: Literal["any", "scope"] = "any"
    #: links that look as if they ended a session are not followed
    keep_session: bool = False
    #: hosts (and all below them) nothing is fetched from
    tracker_hosts: frozenset[str] = frozenset()
    #: as Heritrix has it: no browser bar held more for decades
    max_url_length: int = 2083
    max_path_segments: int = 32
    #: how often a run of path segments may stand in a row (``/a/b/a/b``: 2)
    max_path_repeats: int = 2
    max_query_parameters: int = 40


@dataclass(frozen=True, slots=True)
class Verdict:
    accepted: bool
    #: name of the rule that decided
    rule: str
    #: how many links farther from the seed it counts as, in the order of the frontier
    wait: int = 0


@dataclass(frozen=True, slots=True)
class _Candidate:
    url: str
    scheme: str
    #: ``host`` or ``host:port``, lower case, without ``www.`` and without the scheme's own port; None if unusable
    authority: str | None
    netloc: str
    path: str
    query: str
    #: Heritrix path from the seed, this hop included
    hops: str


class Scope:
    """``judge`` is called for every link of every page: what can be known beforehand is worked out here."""

    def __init__(self, rules: ScopeRules) -> None:
        self.rules = rules
        self._exclude = [(re.compile(pattern), pattern) for pattern in rules.exclude]
        self._seed_keys = frozenset(seen_key(seed) for seed in rules.seeds)
        seeds = [c for c in (_candidate(seed, "") for seed in rules.seeds) if c.authority]
        self._authorities = {c.authority for c in seeds} | {_authority("http", host) for host in rules.hosts}
        self._pages = frozenset(_page_identity(seed) for seed in rules.seeds)
        self._prefixes = [(c.authority, c.path[: c.path.rfind("/") + 1] or "/") for c in seeds]
        self._whole_hosts = {_authority("http", host) for host in rules.hosts}
        hosts = [_hostname(c.authority) for c in seeds] if rules.extent == "domain" else []
        self._domains = {domain for host in hosts if (domain := registered_domain(host))}
        self._ports = {_port(c.authority) for c in seeds} | {None}
        self._inside: Callable[[_Candidate], bool] = getattr(self, f"_inside_{rules.extent}")
        self._rules: tuple[Callable[[_Candidate], Verdict | None], ...] = (
            self._scheme,
            self._url_length,
            self._seed,
            self._credentials,
            self._path_segments,
            self._path_repetition,
            self._query_parameters,
            self._excluded,
            self._logout,
            self._tracker,
            self._hops,
            self._extent,
            self._sitemap,
            self._seed_redirect,
            self._requisite,
        )
        self._outside = _refused(f"outside-{rules.extent}")

    def judge(self, url: str, hop: str = "", hops: str = "") -> Verdict:
        """Whether *url* belongs to the crawl. *hop* is how it was found (L, E, R, M; empty for a seed), *hops* the path
        from the seed to the capture it was found on. Never raises.
        """
        candidate = _candidate(url, hops + hop)
        for rule in self._rules:
            if verdict := rule(candidate):
                return verdict
        return self._outside

    def _scheme(self, c: _Candidate) -> Verdict | None:
        if c.scheme not in {"http", "https"}:
            return _refused("scheme")
        return None if c.authority else _refused("malformed")

    def _seed(self, c: _Candidate) -> Verdict | None:
        return _accepted("seed") if seen_key(c.url) in self._seed_keys else None

    def _credentials(self, c: _Candidate) -> Verdict | None:
        # What a page's author wrote into a link is not ours to send; a profile declares credentials.
        return _refused("credentials") if "@" in c.netloc else None

    def _url_length(self, c: _Candidate) -> Verdict | None:
        too_long = len(c.url) > self.rules.max_url_length and c.url not in self.rules.seeds
        return _refused("url-length") if too_long else None

    def _path_segments(self, c: _Candidate) -> Verdict | None:
        return _refused("path-segments") if c.path.count("/") > self.rules.max_path_segments else None

    def _path_repetition(self, c: _Candidate) -> Verdict | None:
        times = self.rules.max_path_repeats + 1
        return _refused("path-repetition") if c.path.count("/") >= times and _repeats(c.path, times) else None

    def _query_parameters(self, c: _Candidate) -> Verdict | None:
        too_many = c.query.count("&") >= self.rules.max_query_parameters
        return _refused("query-parameters") if too_many else None

    def _excluded(self, c: _Candidate) -> Verdict | None:
        for compiled, pattern in self._exclude:
            if compiled.search(c.url):
                return _refused(f"exclude {pattern}")
        return None

    def _logout(self, c: _Candidate) -> Verdict | None:
        ends = self.rules.keep_session and _LOGOUT.search(f"{c.path}?{c.query}")
        return _refused("logout") if ends else None

    def _tracker(self, c: _Candidate) -> Verdict | None:
        if not self.rules.tracker_hosts:
            return None
        host = _hostname(c.authority)
        found = any(name in self.rules.tracker_hosts for name in _host_and_parents(host))
        return _refused("tracker") if found else None

    def _hops(self, c: _Candidate) -> Verdict | None:
        if self.rules.max_hops is not None and c.hops.count("L") > self.rules.max_hops:
            return _refused("hops")
        way = c.hops[len(c.hops.rstrip("ER")) :]
        if way.count("E") > self.rules.max_embed_hops:
            return _refused("embed-hops")
        if len(way) - len(way.rstrip("R")) > self.rules.max_redirect_hops:
            return _refused("redirect-hops")
        return _refused("sitemap-hops") if c.hops.count("M") > self.rules.max_sitemap_hops else None

    def _extent(self, c: _Candidate) -> Verdict | None:
        return _accepted(self.rules.extent) if self._inside(c) else None

    def _sitemap(self, c: _Candidate) -> Verdict | None:
        # A sitemap lies at the root, outside every prefix, and tells of what lies inside.
        told = c.hops.endswith("M") and self.rules.extent != "page" and c.authority in self._authorities
        return _accepted("sitemap") if told else None

    def _seed_redirect(self, c: _Candidate) -> Verdict | None:
        # Captured, so that the archive shows where the seed went; links there are judged like any other.
        return _accepted("seed-redirect") if c.hops and not c.hops.strip("R") else None

    def _requisite(self, c: _Candidate) -> Verdict | None:
        if not c.hops.rstrip("R").endswith("E"):
            return None
        return _accepted("requisite") if self.rules.requisites_from == "any" else _refused("requisites-from")

    def _inside_page(self, c: _Candidate) -> bool:
        return _page_identity(c.url) in self._pages or c.authority in self._whole_hosts

    def _inside_prefix(self, c: _Candidate) -> bool:
        if c.authority in self._whole_hosts:
            return True
        path = c.path or "/"
        return any(c.authority == authority and path.startswith(prefix) for authority, prefix in self._prefixes)

    def _inside_host(self, c: _Candidate) -> bool:
        return c.authority in self._authorities

    def _inside_domain(self, c: _Candidate) -> bool:
        if c.authority in self._authorities:
            return True
        return _port(c.authority) in self._ports and registered_domain(_hostname(c.authority)) in self._domains


def _candidate(url: str, hops: str) -> _Candidate:
    try:
        parts = urlsplit(url)
    except ValueError:
        return _Candidate(url, "http", None, "", "", "", hops)
    return _Candidate(
        url, parts.scheme, _authority(parts.scheme, parts.netloc), parts.netloc, parts.path, parts.query, hops
    )


@lru_cache(maxsize=8192)
def _authority(scheme: str, netloc: str) -> str | None:
    """``host`` or ``host:port`` so that what a seed's host is also called compares equal; None when it is no host."""
    try:
        parts = urlsplit(f"//{netloc}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    host = (host or "").rstrip(".").removeprefix("www.")
    if not host:
        return None
    if port is None or port == {"http": 80, "https": 443}.get(scheme):
        return f"[{host}]" if ":" in host else host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _hostname(authority: str | None) -> str:
    return (urlsplit(f"//{authority}").hostname or "") if authority else ""


def _port(authority: str | None) -> int | None:
    return urlsplit(f"//{authority}").port if authority else None


def _page_identity(url: str) -> str:
    """*url* without what may differ between a seed and its redirect to https or to ``www.``."""
    return re.sub(r"^https?://(?:www\.)?", "", seen_key(url))


def _repeats(path: str, times: int) -> bool:
    """Whether some run of segments stands *times* in a row, as in ``/a/b/a/b/a/b``: a relative link gone wrong."""
    segments = path.split("/")[1:]
    for size in range(1, len(segments) // times + 1):
        for start in range(len(segments) - size * times + 1):
            run = segments[start : start + size]
            if run * times == segments[start : start + size * times] and any(run):
                return True
    return False


def _host_and_parents(host: str) -> Iterator[str]:
    while host:
        yield host
        host = host.partition(".")[2]


@lru_cache(maxsize=256)
def _accepted(rule: str) -> Verdict:
    return Verdict(accepted=True, rule=rule)


@lru_cache(maxsize=256)
def _refused(rule: str) -> Verdict:
    return Verdict(accepted=False, rule=rule)
