"""Asks a time stamp authority, on behalf of `bewaar pack`: one request over HTTP (RFC 3161, 3.4), one reply.

It is no part of a crawl: what is sent is a digest, what comes back goes into a package, not into the archive.
"""

from __future__ import annotations

import ssl
import time
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPResponse
from importlib.metadata import version
from typing import Any

from archive.errors import NoAnswer

TIMEOUT_S = 30.0
#: a reply is a few kilobytes
LARGEST_REPLY_BYTES = 1 << 20
_PIECE_BYTES = 1 << 14
_SEQUENCE = 0x30


def ask(url: str, query: bytes, *, timeout_s: float = TIMEOUT_S) -> bytes:
    """The reply to *query*, DER as far as its first byte tells. Raises NoAnswer."""
    request = urllib.request.Request(  # noqa: S310  # archive.wacz.stamping has seen to it that it is http or https
        url,
        query,
        {
            "Content-Type": "application/timestamp-query",
            "Accept": "application/timestamp-reply",
            "User-Agent": f"Bewaar/{version('bewaar')}",
        },
    )
    until = time.monotonic() + timeout_s
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=timeout_s) as response:
            reply = _read(response, until)
            kind = response.headers.get_content_type()
    except urllib.error.HTTPError as error:
        with error:
            elsewhere = f", and points to {_shown(to)}" if (to := error.headers.get("Location")) else ""
            raise NoAnswer(f"{url}: answered {error.code} {_shown(error.reason)}{elsewhere}") from error
    except TimeoutError as error:
        raise NoAnswer(f"{url}: no reply within {timeout_s:g} s") from error
    except ssl.SSLError as error:
        raise NoAnswer(f"{url}: {_shown(error.reason)}") from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise NoAnswer(f"{url}: no reply within {timeout_s:g} s") from error
        raise NoAnswer(f"{url}: {_reason(error.reason)}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise NoAnswer(f"{url}: {_reason(error)}") from error
    except KeyboardInterrupt as error:
        # What was packed until now is worth more than the stamp.
        raise NoAnswer(f"{url}: interrupted while waiting for its reply") from error
    if not reply or reply[0] != _SEQUENCE:
        raise NoAnswer(f"{url}: answered with {_shown(kind)} of {len(reply)} bytes, which is not a time-stamp reply")
    return reply


def _read(response: HTTPResponse, until: float) -> bytes:
    reply = b""
    while piece := response.read1(_PIECE_BYTES):
        reply += piece
        if len(reply) > LARGEST_REPLY_BYTES:
            raise ValueError(f"a reply of more than {LARGEST_REPLY_BYTES} bytes")
        if time.monotonic() > until:
            raise TimeoutError
    return reply


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A POST that is sent on becomes a GET, and the question is lost."""

    def redirect_request(self, *_: Any) -> None:
        return


def _reason(error: Any) -> str:
    return _shown(getattr(error, "strerror", None) or getattr(error, "reason", None) or error or type(error).__name__)


def _shown(text: object) -> str:
    return ascii(str(text))[1:-1][:200]
