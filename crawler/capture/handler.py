"""Scrapy's HTTP/1.1 download handler, with every exchange written to the WARC before anyone sees the response."""

from __future__ import annotations

from urllib.parse import urldefrag

from scrapy import Request
from scrapy.core.downloader.handlers import http11
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.threads import deferToThread

from archive.errors import ArchiveFault, WrongUse
from archive.exchange import Validator
from crawler.capture.attempts import Attempts
from crawler.capture.extension import CaptureExtension
from crawler.capture.guard import Guard
from crawler.capture.signals import Captured
from crawler.capture.tee import TeePool

#: fields that make a request conditional, or ask for a part (RFC 9110, 13.1 and 14.2)
_CONDITIONS = ("If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "If-Range", "Range")


class WarcDownloadHandler(http11.HTTP11DownloadHandler):
    """For ``http`` and ``https`` in DOWNLOAD_HANDLERS; needs `CaptureExtension` in EXTENSIONS.

    ``request.meta["captured"]`` holds one `Captured` per attempt afterwards, whether a response came or not. The
    response may be shorter than what was captured (WARC_FEED_BYTES): read the WARC, not ``response.body``.
    ``meta["via"]`` and ``meta["hops"]`` (page it was found on, hop path) go into the records; Scrapy's own redirects
    add to them. With ``meta["conditional"]`` the request asks only for what changed, where what is kept allows that:
    ``meta["validator"]`` says by what it asked.

    Settings: WARC_ALLOW_ADDRESSES (networks), WARC_CONSENT ((address, port) pairs: `guard.consent_of`), WARC_CONNECT_TO
    (curl's HOST:PORT:ADDRESS:PORT).
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        extension = crawler.get_extension(CaptureExtension)
        if extension is None:
            raise WrongUse(f"{type(self).__name__} needs crawler.capture.extension.CaptureExtension in EXTENSIONS")
        self._extension = extension
        settings = crawler.settings
        guard = Guard.of(
            settings.getlist("WARC_ALLOW_ADDRESSES"),
            settings.get("WARC_CONSENT") or (),
            settings.getlist("WARC_CONNECT_TO"),
        )
        self._tee = TeePool(self._pool._reactor, guard, self._pool.maxPersistentPerHost)
        self._pool = self._tee
        # Size is the tee's business: Scrapy sees only what it is fed, and would drop what is too large.
        self._default_maxsize = self._default_warnsize = 0

    async def download_request(self, request: Request) -> Response:
        meta = request.meta
        # Redirects and retries copy meta: what stands there belongs to another request.
        meta["captured"] = []
        limits = self._extension.limits
        # The tee keeps the time; this is Scrapy's own limit (10 seconds, unless said), behind which nothing may hang.
        meta.setdefault("download_timeout", 2 * limits.idle_s + limits.total_s)
        meta["validator"] = None
        self._extension.check()
        if meta.get("conditional"):
            meta["validator"] = await self._make_conditional(request)
        redirected = meta.get("redirect_urls") or ()
        attempts = Attempts(
            limits,
            urldefrag(request.url)[0],
            proxied=bool(meta.get("proxy")),
            via=redirected[-1] if redirected else meta.get("via"),
            hops=(meta.get("hops") or "") + "R" * len(redirected),
        )
        self._tee.attempts = attempts
        self._extension.under_way.add(attempts)
        try:
            response = await super().download_request(request)
        except Exception as error:
            await self._keep(attempts, request, error)
            raise
        await self._keep(attempts, request, None)
        return response

    async def _make_conditional(self, request: Request) -> Validator | None:
        find = self._extension.find_validator
        # What another part of the crawler asks on a condition is its own business, and its answer is kept as it comes.
        if find is None or request.method != "GET" or any(name in request.headers for name in _CONDITIONS):
            return None
        validator: Validator | None = await maybe_deferred_to_future(deferToThread(find, urldefrag(request.url)[0]))
        if validator is not None:
            request.headers[validator.field] = validator.value.encode("latin-1")
        return validator

    async def _keep(self, attempts: Attempts, request: Request, cause: Exception | None) -> None:
        captured: list[Captured] = request.meta["captured"]
        try:
            for exchange in attempts.exchanges(cause):
                captured += [await self._extension.keep(exchange, request)]
        except ArchiveFault as fault:
            raise self._extension.fail(fault) from cause
        finally:
            self._extension.under_way.discard(attempts)
            attempts.close()
