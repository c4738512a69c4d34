"""How large a first crawl will be, and how long it takes at the polite delay: told from a few pages and the sitemaps,
so a guess that says what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import mean
from urllib.parse import urlsplit

from crawler.look.survey import Survey


@dataclass(frozen=True, slots=True)
class Estimate:
    pages: int
    #: the sitemaps name them all; else it is what the pages that were seen link to, and there will be more
    from_sitemaps: bool
    #: with images, styles and scripts
    requests: int
    html_bytes: int
    delay_s: float
    time_s: float


def estimate(seen: Survey, delay_s: float) -> Estimate:
    from_sitemaps, pages = _pages(seen)
    shared: set[str] = set(seen.home.requisites) if seen.home else set()
    # What every page has is fetched once; what only an inner page has stands for what each page adds.
    own = [len(set(page.requisites) - shared) for page in seen.inner]
    requests = pages + len(shared) + round(pages * mean(own) if own else 0)
    delay = max(delay_s, seen.crawl_delay_s or 0) if delay_s else 0.0
    sizes = [page.size_bytes for page in seen.pages]
    return Estimate(
        pages=pages,
        from_sitemaps=from_sitemaps,
        requests=requests,
        html_bytes=round(pages * mean(sizes)) if sizes else 0,
        delay_s=delay,
        time_s=requests * delay,
    )


def _pages(seen: Survey) -> tuple[bool, int]:
    read = [sitemap for sitemap in seen.sitemaps if sitemap.there and sitemap.pages]
    named = sum(sitemap.pages for sitemap in read)
    # Of an index only some sitemaps were read: the others are taken for as large.
    unread = sum(sitemap.sitemaps for sitemap in seen.sitemaps) - len([s for s in seen.sitemaps if not s.sitemaps])
    if read and unread > 0 and any(sitemap.sitemaps for sitemap in seen.sitemaps):
        named += round(unread * named / len(read))
    host = urlsplit(seen.address).netloc.removeprefix("www.")
    linked = {url.partition("#")[0] for page in seen.pages for url in page.links if _on(url, host)}
    linked |= {page.url for page in seen.pages}
    return (True, named) if named and named >= len(linked) else (False, len(linked))


def _on(url: str, host: str) -> bool:
    try:
        return urlsplit(url).netloc.removeprefix("www.") == host
    except ValueError:
        return False
