"""Cookies, for the sites that set some."""

from __future__ import annotations

from collections import Counter
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import NotConfigured

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.downloadermiddlewares.cookies import CookiesMiddleware
    from scrapy.http import Response

#: what a browser must be able to hold (RFC 6265, 6.1), and all that is held here: name and value in characters,
#: cookies of one domain, cookies of all. A server that sets more could make every later request too long to be answered
LONGEST = 4096
MOST_OF_A_DOMAIN = 50
MOST = 3000


class FirstCookieMiddleware:
    """Scrapy's cookie middleware, from the first cookie on, within bounds. Most sites set none; it asks its jar for
    every request all the same, and loads the library of the public suffix list, which brings an HTTP client."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._cookies: CookiesMiddleware | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.getbool("COOKIES_ENABLED"):
            raise NotConfigured("COOKIES_ENABLED is off")
        return cls(crawler)

    def process_request(self, request: Request) -> Request | Response | None:
        return self._begun().process_request(request) if self._cookies or request.cookies else None

    def process_response(self, request: Request, response: Response) -> Request | Response:
        if b"Set-Cookie" in response.headers:
            self._begun().process_response(request, response)
            for jar in self._begun().jars.values():
                forget_surplus(jar.jar)
        return response

    def _begun(self) -> CookiesMiddleware:
        if self._cookies is None:
            from scrapy.downloadermiddlewares import cookies
            from tldextract import TLDExtract

            # It would fetch the list, unarchived, at the first cookie.
            cookies._split_domain = TLDExtract(  # noqa: SLF001
                include_psl_private_domains=True, suffix_list_urls=(), cache_dir=None
            )
            self._cookies = cookies.CookiesMiddleware.from_crawler(self._crawler)
        return self._cookies


def forget_surplus(jar: CookieJar) -> None:
    """Drop cookies that are too long, and of too many those that came first (RFC 6265, 5.3)."""
    kept = []
    for cookie in jar:
        if len(cookie.name) + len(cookie.value or "") > LONGEST:
            jar.clear(cookie.domain, cookie.path, cookie.name)
        else:
            kept.append(cookie)
    of_domain = Counter(cookie.domain for cookie in kept)
    surplus = len(kept) - MOST
    for cookie in kept:
        if surplus > 0 or of_domain[cookie.domain] > MOST_OF_A_DOMAIN:
            jar.clear(cookie.domain, cookie.path, cookie.name)
            of_domain[cookie.domain] -= 1
            surplus -= 1
