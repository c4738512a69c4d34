"""Cookies, for the sites that set some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy.exceptions import NotConfigured

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.downloadermiddlewares.cookies import CookiesMiddleware
    from scrapy.http import Response


class FirstCookieMiddleware:
    """Scrapy's cookie middleware, from the first cookie on. Most sites set none; it asks its jar for every request all
    the same, and loads the library of the public suffix list, which brings an HTTP client."""

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
        if self._cookies or b"Set-Cookie" in response.headers:
            return self._begun().process_response(request, response)
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
