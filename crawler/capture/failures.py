"""Why a fetch failed or fell short, in one line that can stand in a WARC record."""

from __future__ import annotations

from collections.abc import Iterator

from OpenSSL import SSL
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from twisted.internet import error as tx
from twisted.internet.defer import CancelledError
from twisted.python.failure import Failure
from twisted.web._newclient import ParseError, RequestGenerationFailed, RequestTransmissionFailed, ResponseFailed
from twisted.web.http import PotentialDataLoss, _DataLoss, _MalformedChunkedDataError

from archive.exchange import Truncated
from crawler.capture.guard import AddressRefused

MAX_CHARACTERS = 300


class TooLong(Exception):
    """A header section or a response is longer than we keep."""


class TooSlow(Exception):
    """An answer is not whole after the time it may take."""


class Stalled(TooSlow, CancelledError):
    """Hardly a byte comes any more; at another time it may be different. Not at once, and Twisted asks again at once on
    a connection that was used before, unless somebody cancelled."""


_KINDS: tuple[tuple[str, tuple[type[BaseException], ...]], ...] = (
    ("address", (AddressRefused,)),
    ("dns", (CannotResolveHostError, tx.DNSLookupError)),
    ("refused", (DownloadConnectionRefusedError, tx.ConnectionRefusedError)),
    ("length", (TooLong,)),
    ("timeout", (TooSlow, DownloadTimeoutError, tx.TimeoutError)),
    ("proxy", (TunnelError,)),
    ("tls", (SSL.Error,)),
    ("malformed", (ParseError, _MalformedChunkedDataError, ValueError, KeyError)),
    ("cancelled", (DownloadCancelledError, CancelledError)),
    ("disconnect", (tx.ConnectionDone, tx.ConnectionLost, tx.ConnectionAborted, ResponseDataLossError)),
    ("connect", (tx.ConnectError,)),
)
#: wrappers and after-effects: what they hold, or what comes with them, says more
_DULL = (ResponseFailed, RequestGenerationFailed, RequestTransmissionFailed, _DataLoss, PotentialDataLoss)


def explain(error: BaseException) -> str:
    """``KIND: what``, as in ``dns: no results for hostname lookup: example.test``. One line without control characters,
    whatever a server put into it."""
    causes = [cause for cause in _flatten(error) if not isinstance(cause, _DULL)] or [error]
    for kind, types in _KINDS:
        for cause in causes:
            if isinstance(cause, types):
                return _line(f"{kind}: {_text(cause)}")
    return _line(f"error: {_text(causes[0])}")


def reason(error: BaseException) -> Truncated:
    """WARC-Truncated for a body that *error* cut short (WARC 1.1, 5.13)."""
    causes = list(_flatten(error))
    if any(isinstance(cause, (TooSlow, DownloadTimeoutError, tx.TimeoutError)) for cause in causes):
        return "time"
    # Scrapy cancels a download for its size alone; a cancelled timeout is a DownloadTimeoutError by then.
    if any(isinstance(cause, DownloadCancelledError) for cause in causes):
        return "length"
    if any(isinstance(cause, (ParseError, _MalformedChunkedDataError, ValueError, KeyError)) for cause in causes):
        return "unspecified"
    lost = (tx.ConnectionDone, tx.ConnectionLost, ResponseDataLossError, _DataLoss)
    return "disconnect" if any(isinstance(cause, lost) for cause in causes) else "unspecified"


def _flatten(error: BaseException, depth: int = 8) -> Iterator[BaseException]:
    yield error
    inner = [failure.value for failure in getattr(error, "reasons", ()) if isinstance(failure, Failure)]
    for cause in (*inner, error.__cause__):
        if cause is not None and depth:
            yield from _flatten(cause, depth - 1)


def _text(error: BaseException) -> str:
    if isinstance(error, SSL.Error) and error.args and isinstance(error.args[0], list):
        # A list of (library, function, reason); the reason is the part people search for.
        return ", ".join(str(part[-1]) for part in error.args[0] if part) or "handshake failed"
    return str(error) or type(error).__name__


def _line(text: str) -> str:
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.split())[:MAX_CHARACTERS]
