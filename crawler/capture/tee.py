"""The wire tee: Twisted's own HTTP/1.1 client, with every byte it sends and receives kept.

`TeePool` makes connections whose protocol stands above TLS and below HTTP parsing: what `dataReceived` is given and
what the request writes to the transport *is* the exchange. One `Recording` collects it; the `Attempts` of a Scrapy
request hold one for every time it went out, Twisted's silent retry on a dropped keep-alive connection included.

Scrapy and Twisted have no public place for this. The private names used here are pinned in pyproject.toml and held by
tests/crawler/test_wire_contract.py.
"""

from __future__ import annotations

import logging
from typing import Any, cast

from scrapy.core.downloader.handlers import http11
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHandshakeListener, IStreamClientEndpoint
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web._newclient import DONE
from twisted.web._newclient import Request as TxRequest
from twisted.web.client import HTTPConnectionPool
from twisted.web.http import PotentialDataLoss, _ChunkedTransferDecoder
from zope.interface.declarations import implementer

from archive.errors import ArchiveFault
from crawler.capture.attempts import Attempts
from crawler.capture.connect import Route
from crawler.capture.failures import Stalled, TooLong, TooSlow
from crawler.capture.guard import Guard
from crawler.capture.patience import Patience
from crawler.capture.recording import Recording

logger = logging.getLogger(__name__)


class _RequestTee:
    """The transport a request is written to."""

    __slots__ = ("_recording", "_transport")

    def __init__(self, transport: Any, recording: Recording) -> None:
        self._transport = transport
        self._recording = recording

    def write(self, data: bytes) -> None:
        self._transport.write(data)
        self._recording.sent(data)

    def writeSequence(self, parts: Any) -> None:
        # Twisted hands the whole header section over in one call.
        data = b"".join(parts)
        self._transport.write(data)
        self._recording.sent(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _ChunkedDecoder(_ChunkedTransferDecoder):
    """Twisted's, but white space may stand behind a chunk size, as RFC 9112, 7.1.1 allows and old servers pad it."""

    def _dataReceived_CHUNK_LENGTH(self) -> bool:
        buffer = self._buffer
        line = buffer.find(b"\r\n", self._start)
        if line > 0:
            end = buffer.find(b";", 0, line)
            end = line if end < 0 else end
            size = buffer[:end].rstrip(b" \t")
            if len(size) < end:
                buffer[:end] = size
        return super()._dataReceived_CHUNK_LENGTH()


class _Parser(http11._LenientHTTPClientParser):
    # Twisted drops the connection at a header line over 16 KiB; browsers take 256 KiB.
    MAX_LENGTH = 1 << 18
    _transferDecoders: dict[bytes, Any] = {b"chunked": _ChunkedDecoder}  # noqa: RUF012 - declared so by Twisted

    recording: Recording

    def allHeadersReceived(self) -> None:
        recording = self.recording
        end = recording.received.size - len(self._buffer)
        if 100 <= self.response.code < 200:
            recording.interim_ended(end)
        else:
            recording.header_ended(end, self.response)
            encodings = self.connHeaders.getRawHeaders(b"Transfer-Encoding")
            if encodings and all(value.strip().lower() == b"identity" for value in encodings):
                # RFC 2616, 3.6.2: no encoding at all. Twisted knows only chunked and fails on any other.
                self.connHeaders.removeHeader(b"Transfer-Encoding")
        super().allHeadersReceived()

    def lineLengthExceeded(self, line: bytes) -> None:
        del line
        raise TooLong(f"header line longer than {self.MAX_LENGTH} bytes")

    def switchToBodyMode(self, decoder: Any) -> None:
        super().switchToBodyMode(decoder)
        recording = self.recording
        deliver = decoder.dataCallback
        update = recording.payload_digest.update
        feed_bytes = recording.limits.feed_bytes

        def take(data: bytes) -> None:
            update(data)
            recording.payload_bytes += len(data)
            if recording.payload_bytes <= feed_bytes:
                deliver(data)

        decoder.dataCallback = take


@implementer(IHandshakeListener)
class _Protocol(http11._LenientHTTP11ClientProtocol):
    _recording: Recording | None = None
    _patience: Patience | None = None
    #: (protocol, cipher suite) once the TLS handshake is done
    _tls: tuple[str, str] | None = None

    def __init__(self, quiescent: Any, clock: Any) -> None:
        super().__init__(quiescent)
        self._clock = clock

    def handshakeCompleted(self) -> None:
        transport: Any = self.transport
        handle = transport.getHandle()
        self._tls = (handle.get_protocol_version_name(), handle.get_cipher_name())
        if self._recording is not None:
            self._recording.tls = self._tls

    def request(self, request: Any) -> Any:
        recording = self._recording = request.attempts.begin(request, self.transport)
        # Known on a connection from the pool; on a new one the handshake is still under way.
        recording.tls = self._tls
        request.writeTo = lambda transport: TxRequest.writeTo(request, _RequestTee(transport, recording))
        self._patience = Patience(self._clock, recording, self._too_slow)
        request.attempts.patience = self._patience
        finished = super().request(request)
        parser: Any = self._parser
        if parser is not None:
            parser.recording = recording
            parser.__class__ = _Parser
        return finished

    def dataReceived(self, data: bytes) -> None:
        recording = self._recording
        if recording is None:
            # On an idle connection, which Twisted closes for it. They belong to no exchange that could hold them.
            logger.warning("%d bytes that nobody asked for, from %s", len(data), self.transport)
        elif not recording.closed:
            try:
                recording.received.write(data)
            except ArchiveFault as fault:
                recording.fault = fault
                self._cut(recording, fault)
                return
        super().dataReceived(data)
        if recording is not None and recording.received.size > recording.room and not recording.complete:
            self._cut(recording, TooLong(f"longer than {recording.room} bytes"))

    def _too_slow(self, why: TooSlow) -> None:
        recording = self._recording
        if recording is None or recording.closed:
            return
        if isinstance(why, Stalled):
            self._giveUp(Failure(why))
        else:
            self._cut(recording, why)
        transport: Any = self.transport
        # Closed in good manners, a TLS connection would wait for a server that has none.
        transport.abortConnection()

    def _cut(self, recording: Recording, why: Exception) -> None:
        """Stop here. A body is handed to Scrapy as far as it came, with the flag ``partial``: the crawl goes on."""
        recording.cut(why)
        parser: Any = self._parser
        if parser is None:
            return
        if parser.bodyDecoder is None:
            self._giveUp(Failure(why))
            return
        transport: Any = self.transport
        transport.abortConnection()
        # Otherwise the decoder would call the body lost, and Scrapy fetch it again.
        parser.bodyDecoder = None
        parser.state = DONE
        self._disconnectParser(Failure(why))
        parser.response._bodyDataFinished(Failure(PotentialDataLoss()))

    def _giveUp(self, reason: Any) -> None:
        if (recording := self._recording) is not None:
            why: Any = reason.value if isinstance(reason, Failure) else reason
            (recording.cut if isinstance(why, (TooLong, TooSlow)) else recording.malformed)(why)
        super()._giveUp(reason)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._stop_waiting()
        super().connectionLost(reason)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.end()
            self._patience = None

    def _disconnectParser(self, reason: Any) -> None:
        self._stop_waiting()
        if self._recording is not None:
            self._recording.lost(reason)
        super()._disconnectParser(reason)

    def _finishResponse(self, rest: bytes) -> None:
        self._stop_waiting()
        recording, self._recording = self._recording, None
        request = self._currentRequest
        if recording is not None:
            recording.finish(len(rest))
            if request is not None and (rest or self._closes()):
                # What follows the message belongs to no request: on a reused connection it would be read as the
                # answer to the next one.
                request.persistent = False
        super()._finishResponse(rest)

    def _closes(self) -> bool:
        """Whether the server said that it closes (RFC 9112, 9.3). Twisted knows only a lower-case ``close``, and would
        send the next request into a connection that is going away."""
        parser: Any = self._parser
        tokens = b",".join(parser.connHeaders.getRawHeaders(b"Connection", ())).lower()
        if parser.response.version < (b"HTTP", 1, 1):
            return b"keep-alive" not in tokens
        return b"close" in tokens


class _Factory(http11._LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: Any) -> Any:
        del addr
        from twisted.internet import reactor

        return _Protocol(self._quiescentCallback, reactor)


class _Bound:
    """A connection that knows on whose behalf it is used."""

    __slots__ = ("_attempts", "_connection")

    def __init__(self, connection: Any, attempts: Attempts) -> None:
        self._connection = connection
        self._attempts = attempts

    def request(self, request: Any) -> Any:
        request.attempts = self._attempts
        return self._connection.request(request)


class TeePool(HTTPConnectionPool):
    """*attempts* is set just before a request is handed to Scrapy's agent: that calls `getConnection` before anything
    else can run."""

    _factory = _Factory

    def __init__(self, reactor: Any, guard: Guard, max_per_host: int) -> None:
        super().__init__(reactor, persistent=True)
        self.maxPersistentPerHost = max_per_host
        self._guard = guard
        self.attempts: Attempts | None = None

    def getConnection(self, key: Any, endpoint: Any) -> Deferred[Any]:
        attempts, self.attempts = self.attempts, None
        assert attempts is not None
        guard = None if attempts.proxied else self._guard
        route = Route(endpoint, guard, attempts.limits.idle_s, attempts.not_connected)
        connection: Deferred[Any] = super().getConnection(key, cast("IStreamClientEndpoint", route))
        return connection.addCallback(_Bound, attempts)
