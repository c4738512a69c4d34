"""Field lines of WARC headers and of ``application/warc-fields`` blocks (WARC 1.1, 4 and annex).

What comes off the network ends up here (URLs, error texts, interim responses), so no value can end its line: that
would let a server write our header fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

#: one field; several of a name may follow each other where the standard allows it
Field = tuple[str, str]

# C0, DEL, C1, the Unicode line ends that str.splitlines() honours, and lone surrogates, which UTF-8 cannot hold.
_UNSAFE_IN_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_UNSAFE_IN_URL = re.compile("[^\x21-\x7e]")
_UNSAFE_BYTE = re.compile(rb"[^\x21-\x24\x26-\x7e]")


def _escape(match: re.Match[str]) -> str:
    raw = match[0].encode("utf-8", "surrogatepass")
    return "".join(f"%{byte:02X}" for byte in raw)


def text(value: str) -> str:
    r"""*value* on one line: control characters percent-encoded, the rest as it is.

    >>> text("refused\r\nWARC-Type: response")
    'refused%0D%0AWARC-Type: response'
    """
    return value if value.isascii() and value.isprintable() else _UNSAFE_IN_TEXT.sub(_escape, value)


def url(value: str) -> str:
    r"""*value* as a URI on one line: white space, control and non-ASCII characters percent-encoded as UTF-8.

    >>> url("http://example.nl/een pad/café\n")
    'http://example.nl/een%20pad/caf%C3%A9%0A'
    """
    return _UNSAFE_IN_URL.sub(_escape, value)


def raw(value: bytes) -> str:
    r"""Bytes as a field value, each of them recoverable with ``urllib.parse.unquote_to_bytes``.

    >>> raw(b"HTTP/1.1 103 Early Hints\r\n\r\n")
    'HTTP/1.1%20103%20Early%20Hints%0D%0A%0D%0A'
    """
    return _UNSAFE_BYTE.sub(lambda match: b"%%%02X" % match[0][0], value).decode("ascii")


def read_warc_fields(block: Iterable[bytes]) -> dict[str, str]:
    """What a block of type ``application/warc-fields`` says (WARC 1.1, annex B); of a repeated field, the first."""
    found: dict[str, str] = {}
    for line in b"".join(block).decode("utf-8", "replace").splitlines():
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip(), value.strip())
    return found


def warc_fields(fields: Iterable[Field]) -> bytes:
    """A block of type ``application/warc-fields``. White space inside a value is collapsed: lines are not folded."""
    return "".join(f"{name}: {text(' '.join(value.split()))}\r\n" for name, value in fields).encode()
