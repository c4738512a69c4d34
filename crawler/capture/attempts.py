"""The times that one Scrapy request went out, each with its recording."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from archive import times
from archive.exchange import Exchange
from archive.warc.blocks import InMemory
from crawler.capture.failures import explain, reason
from crawler.capture.patience import Patience
from crawler.capture.recording import Limits, Recording


class Attempts:
    """Every time one Scrapy request went out, and every time it could not."""

    def __init__(self, limits: Limits, url: str, *, proxied: bool, via: str | None, hops: str) -> None:
        self.proxied = proxied
        self.limits = limits
        self._url = url
        self._via = via
        self._hops = hops
        self._tried: list[Recording | tuple[datetime, BaseException]] = []
        #: of the one under way
        self.patience: Patience | None = None

    def hurry(self) -> None:
        if self.patience is not None and self._tried and not self._ended():
            self.patience.hurry()

    def _ended(self) -> bool:
        last = self._tried[-1]
        return not isinstance(last, Recording) or last.closed or last.complete

    def begin(self, request: Any, transport: Any) -> Recording:
        """A request is about to be written to *transport*."""
        secure = request._parsedURI.scheme == b"https"
        address = None if self.proxied else getattr(transport.getPeer(), "host", None)
        recording = Recording(self.limits, self._url, secure=secure, ip_address=address)
        self._tried.append(recording)
        return recording

    def not_connected(self, why: BaseException, at: datetime) -> None:
        self._tried.append((at, why))

    def exchanges(self, cause: BaseException | None) -> Iterator[Exchange]:
        """In the order they were tried. Raises ArchiveFault when one could not be spooled."""
        if not self._tried and cause is not None:
            self.not_connected(cause, times.now())
        last = self._tried[-1] if self._tried else None
        for tried in self._tried:
            told = cause if tried is last else None
            if isinstance(tried, Recording):
                if tried.fault is not None:
                    raise tried.fault
                yield tried.exchange(told, self._via, self._hops)
            else:
                at, why = tried
                # A connect that Scrapy gave up on says only that it was cancelled.
                yield self._failure(at, told if told is not None and reason(told) == "time" else why)

    def _failure(self, at: datetime, why: BaseException) -> Exchange:
        return Exchange(
            url=self._url,
            started_at=at,
            request=InMemory(b""),
            response=None,
            protocols=(),
            truncated="time" if reason(why) == "time" else None,
            via=self._via,
            hops=self._hops,
            error=explain(why),
        )

    def close(self) -> None:
        for tried in self._tried:
            if isinstance(tried, Recording):
                tried.close()
