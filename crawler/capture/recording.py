"""What the tee collects, and the Exchange it becomes: as it was, secrets included (`redaction` is the writer's)."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from archive import times
from archive.errors import ArchiveFault
from archive.exchange import Exchange, Truncated
from archive.warc.blocks import InMemory
from crawler.capture.failures import TooSlow, explain, reason
from crawler.capture.spool import Spool


@dataclass(frozen=True, slots=True)
class Limits:
    #: where large bodies wait
    directory: Path
    #: Scrapy is handed this much of a payload; all of it is in the WARC
    feed_bytes: int
    #: a response is cut behind this many bytes
    response_bytes: int
    #: interim responses and header section together; nobody sends more, and they are held in memory
    header_bytes: int = 1 << 19
    #: a connection is waited for this long, and so is any part of an answer (`patience`), seconds
    idle_s: float = 60
    #: a whole answer, seconds
    total_s: float = 1200


class Recording:
    """One exchange while it goes on. Calls come in wire order, all from the reactor's thread."""

    __slots__ = (
        "_broken",
        "_header_end",
        "_http",
        "_interim_end",
        "_ip_address",
        "_loss",
        "_request",
        "_started_at",
        "_status",
        "_stopped_ms",
        "_surplus_bytes",
        "_tick",
        "_why",
        "closed",
        "complete",
        "fault",
        "limits",
        "payload_bytes",
        "payload_digest",
        "received",
        "room",
        "secure",
        "tls",
        "url",
    )

    def __init__(self, limits: Limits, url: str, *, secure: bool, ip_address: str | None) -> None:
        self.limits = limits
        self.url = url
        self.secure = secure
        self.tls: tuple[str, str] | None = None
        self.received = Spool(limits.directory)
        #: the exchange is cut once more than this has been received
        self.room = limits.header_bytes
        self.payload_digest = hashlib.sha256()
        self.payload_bytes = 0
        #: the whole message came
        self.complete = False
        #: bytes that come now are not recorded any more
        self.closed = False
        #: a temporary file could not be written
        self.fault: ArchiveFault | None = None
        self._request = Spool(limits.directory)
        self._ip_address = ip_address
        self._started_at = times.now()
        self._tick = time.monotonic()
        self._stopped_ms: int | None = None
        self._interim_end = 0
        self._header_end: int | None = None
        self._status: int | None = None
        self._http = "http/1.1"
        self._surplus_bytes = 0
        self._why: BaseException | None = None
        self._loss: Truncated | None = None
        self._broken = False

    def sent(self, data: bytes) -> None:
        try:
            self._request.write(data)
        except ArchiveFault as fault:
            self.fault = fault

    def interim_ended(self, end: int) -> None:
        self._interim_end = end

    def header_ended(self, end: int, response: Any) -> None:
        self._header_end = end
        self.room = self._interim_end + self.limits.response_bytes
        # A number no HTTP status can have stays in the bytes, but is not passed on as one.
        self._status = response.code if 100 <= response.code <= 999 else None
        # Then nobody can say where its payload begins.
        self._broken = self._status is None
        if response.version == (b"HTTP", 1, 0):
            self._http = "http/1.0"

    def finish(self, surplus_bytes: int) -> None:
        self.complete = True
        self._surplus_bytes = surplus_bytes
        self._stop()
        # A body that ends with the connection is whole only if that ended properly (RFC 9112, 9.8).
        if self._loss == "disconnect" and isinstance(self._why, ConnectionDone):
            self._loss = self._why = None

    def lost(self, why: Any) -> None:
        self._set("disconnect", why)

    def malformed(self, why: Any) -> None:
        self._broken = True
        self._set("unspecified", why)

    def cut(self, why: Exception) -> None:
        self._set("time" if isinstance(why, TooSlow) else "length", why)

    def _set(self, loss: Truncated, why: Any) -> None:
        # The first reason is the cause; those after it are its effects.
        if self._loss is None:
            self._loss = loss
            self._why = why.value if isinstance(why, Failure) else why
            self._stop()

    def _stop(self) -> None:
        if self._stopped_ms is None:
            self._stopped_ms = round((time.monotonic() - self._tick) * 1000)

    def exchange(self, cause: BaseException | None, via: str | None, hops: str) -> Exchange:
        """What has been collected; *cause* is what Scrapy says went wrong. Nothing is recorded after this."""
        self.closed = True
        self._stop()
        truncated, why = self._loss, self._why
        if truncated or not self.complete:
            if cause is not None and truncated in {None, "disconnect"}:
                # Our own abort shows up as a lost connection; Scrapy knows what it was for.
                told = reason(cause)
                truncated, why = (told, cause) if told != "unspecified" or truncated is None else (truncated, why)
            truncated = truncated or "unspecified"
        start, size = self._interim_end, self.received.size
        stop = size - self._surplus_bytes
        header = self._header_end
        # Before the handshake is done the request waits in our own buffer: it was never sent.
        unsent = self.secure and self.tls is None
        error = explain(why) if why is not None else ("cut short" if truncated else None)
        return Exchange(
            url=self.url,
            started_at=self._started_at,
            request=InMemory(b"") if unsent else self._request.range(0, self._request.size),
            response=self.received.range(start, stop) if stop > start else None,
            header_bytes=None if header is None else header - start,
            status=self._status,
            payload_digest=None if header is None or self._broken else f"sha256:{self.payload_digest.hexdigest()}",
            payload_bytes=self.payload_bytes,
            ip_address=self._ip_address,
            protocols=(self._http, *_tls_protocol(self.tls)),
            cipher_suite=self.tls[1] if self.tls else None,
            truncated=truncated,
            via=via,
            hops=hops,
            fetch_ms=self._stopped_ms,
            error=error,
            interim=self.received.bytes(0, start) if start else b"",
            surplus=self.received.bytes(stop, size) if size > stop else b"",
        )

    def close(self) -> None:
        self._request.close()
        self.received.close()


def _tls_protocol(tls: tuple[str, str] | None) -> tuple[str, ...]:
    """WARC-Protocol of a TLS version as OpenSSL names it.

    >>> _tls_protocol(("TLSv1.3", "TLS_AES_256_GCM_SHA384"))
    ('tls/1.3',)
    >>> _tls_protocol(("TLSv1", "AES128-SHA"))
    ('tls/1.0',)
    """
    if tls is None:
        return ()
    name, _, version = tls[0].lower().partition("v")
    return (f"{name}/{version if '.' in version or name == 'ssl' else version + '.0'}",)
