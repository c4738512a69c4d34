"""Hands requests what their profile adds to them, and no other request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from scrapy import Request
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class CredentialsMiddleware:
    """Every request comes through here by its own URL: nothing is taken along from one to the next, so a redirect to
    another host, or from https to http, loses what was declared for the first."""

    def __init__(self, spider: Any) -> None:
        self._credentials = spider.plan.credentials
        self._profile = spider.plan.profile
        #: cookies that a host has set anew or taken back since: the jar's from then on
        self._taken: set[tuple[str, str]] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.spider)

    def process_request(self, request: Request) -> None:
        if self._profile.proxy:
            scheme, _, rest = self._profile.proxy.partition("://")
            user = f"{self._credentials.proxy}@" if self._credentials.proxy else ""
            # Taken out again, and into Proxy-Authorization, by Scrapy's own middleware right after this one.
            request.meta["proxy"] = f"{scheme}://{user}{rest}"
        sending = self._credentials.sending(request.url)
        for name, value in sending.headers.items():
            request.headers[name] = value
        if sending.cookies:
            self._add_cookies(request, sending.cookies)
        if sending.secret:
            # Of a compressed answer no part could be masked.
            request.headers["Accept-Encoding"] = "identity"

    def process_response(self, request: Request, response: Response) -> Response:
        if self._credentials.entries:
            for cookie in response.headers.getlist("Set-Cookie"):
                self._taken.add((_host(request), cookie.partition(b"=")[0].strip().decode("latin-1")))
        return response

    def _add_cookies(self, request: Request, cookies: dict[str, str]) -> None:
        host = _host(request)
        own = [f"{name}={value}" for name, value in cookies.items() if (host, name) not in self._taken]
        if own:
            jar = request.headers.get("Cookie") or b""
            request.headers["Cookie"] = b"; ".join([*([jar] if jar else []), *(pair.encode("ascii") for pair in own)])


def _host(request: Request) -> str:
    return urlparse_cached(request).hostname or ""
