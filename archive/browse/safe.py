"""Archived bytes on their way to a visitor. All of them are hostile: somebody else wrote them, for a browser.

An archived body is named by its own first bytes, never by what its server said; what can run is sent as text, as a
download, or where nothing can run. None of the archived headers reach the visitor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

_ALONE = ("form-action 'none'", "base-uri 'none'", "frame-ancestors 'self'")
#: Nothing runs, nothing loads; an SVG may style itself. ``sandbox`` without ``allow-scripts`` gives an opaque origin.
INERT = "; ".join(("sandbox", "default-src 'none'", "style-src 'unsafe-inline'", "img-src data:", *_ALONE))
#: A page of the archive: pictures out of the archive, its styles inlined, no scripts, no forms, an opaque origin.
SNAPSHOT = "; ".join(("sandbox", "default-src 'none'", "img-src 'self' data:", "style-src 'unsafe-inline'", *_ALONE))
_AMONG_US = ("img-src 'self' data:", "style-src 'self' 'unsafe-inline'", "form-action 'self'", *_ALONE[1:])
#: Our own pages show hostile text and need no script.
OURS = "; ".join(("default-src 'none'", "frame-src 'self'", *_AMONG_US))
#: Datasette's pages have inline scripts of their own, and styles.
DATASETTE = "; ".join(("default-src 'self'", "script-src 'self' 'unsafe-inline'", "object-src 'none'", *_AMONG_US))

#: how long others may keep what the public is shown: what is withheld then is shown no longer than this
PUBLIC_CACHE = "public, max-age=60"

_MAGIC: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "image/avif"),
)
#: Two and four bytes are little: these are believed only when the server said "image" too.
_WEAK_MAGIC = ((re.compile(rb"BM"), "image/bmp"), (re.compile(rb"\x00\x00\x01\x00"), "image/x-icon"))
_SVG = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml|<!--|<!DOCTYPE\s+svg|<svg[\s>])", re.IGNORECASE)
_TEXTUAL = re.compile(r"text/|application/(?:[a-z0-9.-]+\+)?(?:json|xml)$|application/(?:java|ecma)script$")
#: charsets a browser reads as what they are, and that cannot hide markup in plain text
_CHARSET = re.compile(r"[a-z0-9_-]{1,40}")
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Sending:
    content_type: str
    inline: bool


def picture(body: bytes, mime: str | None) -> str | None:
    """The media type of a picture a browser may show, by its first bytes; None for all else."""
    head = body[:4096]
    for magic, found in _MAGIC:
        if magic.match(head):
            return found
    if (mime or "").startswith("image/"):
        for magic, found in _WEAK_MAGIC:
            if magic.match(head):
                return found
    if mime == "image/svg+xml" and _SVG.match(head) and b"<svg" in head.lower():
        return "image/svg+xml"
    return None


def sending(body: bytes, mime: str | None, charset: str = "utf-8") -> Sending:
    """How *body* may be sent: HTML as its source, never as HTML.

    >>> sending(b"<html>", "text/html").content_type
    'text/plain; charset=utf-8'
    >>> sending(b"%PDF-1.4", "application/pdf")
    Sending(content_type='application/octet-stream', inline=False)
    """
    if found := picture(body, mime):
        return Sending(found, inline=True)
    if _TEXTUAL.match(mime or ""):
        known = charset if _CHARSET.fullmatch(charset) else "utf-8"
        return Sending(f"text/plain; charset={known}", inline=True)
    return Sending("application/octet-stream", inline=False)


def file_name(url: str) -> str:
    """A name to save it by: ASCII, no path, no leading dot.

    >>> file_name("https://example.nl/logo%2F..%2Fx.png?v=1")
    'x.png'
    >>> file_name("https://example.nl/")
    'example.nl'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return "capture"
    last = unquote(parts.path).rstrip("/").rsplit("/", 1)[-1] or parts.netloc
    return _NAME.sub("_", last).strip("._")[:80] or "capture"


def header_url(url: str) -> str:
    """*url* as it may stand in a header: printable ASCII, no quotes, no angle brackets."""
    return quote(url, safe=":/?#[]@!$&()*+,;=%~'")


def has(request: Any, tag: str) -> bool:
    """Whether who asks has what *tag* names (RFC 9110, 13.1.2), compared weakly: proxies pack what they hand on."""
    return tag in [one.strip().removeprefix("W/") for one in (request.headers.get("if-none-match") or "").split(",")]


def archived(csp: str, *, index: bool = False) -> dict[str, str]:
    """The headers of everything that came out of a WARC."""
    headers = {
        "Content-Security-Policy": csp,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    if not index:
        headers["X-Robots-Tag"] = "noindex"
    return headers
