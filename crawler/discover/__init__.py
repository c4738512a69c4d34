"""Where a capture leads: its links, by what kind of document it is. Pure: bytes and headers in, links out."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from itertools import islice
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from archive.model import Headers, Link, Page
from crawler.discover import dash, http, pdf, playlist, robots, structured, xml
from crawler.discover.found import MOST_LINKS, Found
from crawler.discover.html import links_in_html
from crawler.discover.reference import Base
from crawler.tree import parse

#: Links kept of a sitemap: the 50,000 pages that one may have (sitemaps.org), with an image and a language each.
MOST_IN_SITEMAP = 150_000

__all__ = ["MOST_IN_SITEMAP", "MOST_LINKS", "discover", "links_in_html"]

_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_CSS_CHARSET = re.compile(rb'@charset "([\w.:-]{1,40})";')
#: XHTML may close any element at once; of these HTML takes all that follows for their content
_CLOSED_AT_ONCE = re.compile(
    r"""<(script|title|style|textarea|iframe|noscript|select|noframes|noembed)\b"""
    r"""((?:[^<>"'/]++|"[^"<]*+"|'[^'<]*+'|/(?!>))*+)/>""",
    re.IGNORECASE,
)
_SNIFFED = 1024
_SNIFFED_JSON = 1 << 16
#: what JSON with icons has besides that is a web app manifest
_MANIFEST = re.compile(rb'"(?:start_url|display|theme_color|background_color)"')
_GZIP = frozenset(("application/gzip", "application/x-gzip", "application/octet-stream", "text/plain"))


def discover(
    url: str,
    mime: str,
    headers: Headers,
    body: bytes,
    *,
    page: Page | None = None,
    tree: LexborHTMLParser | None = None,
    limit: int | None = None,
    is_sitemap: bool = False,
) -> list[Link]:
    """The links of one capture, those of its headers first; each URL and hop once. Never raises.

    Of a page `MOST_LINKS` are kept, of a sitemap `MOST_IN_SITEMAP`; or *limit*.
    *body* has Content-Encoding undone; *mime* may be empty, and is then told from the body. *page* and *tree* spare
    decoding and parsing HTML again. Links whose context begins with ``script`` are guesses.
    *is_sitemap*: something named it so.
    """
    found = Found(Base(url), MOST_LINKS if limit is None else limit)
    for reference, hop, context in http.references(headers):
        found.add(reference, hop, context)
    mime = mime.partition(";")[0].strip().lower()
    if body[:2] == b"\x1f\x8b":
        # A compressed sitemap is a file of its own, whatever type and coding the server gave it.
        body = _inflated(body)
        mime = "" if mime in _GZIP else mime
        url = re.sub(r"\.gz(?=$|\?)", "", url, count=1)
    kind = _kind(url, mime, body, is_sitemap=is_sitemap)
    if limit is None and kind in {_xml, _text_sitemap}:
        found.extend(MOST_IN_SITEMAP)
    if kind is not None and body:
        kind(_Document(url, headers, body, page, tree, is_xhtml=mime == "application/xhtml+xml"), found)
    return found.links()


def _inflated(body: bytes) -> bytes:
    """The sitemap or feed within a gzip file, read as far as any is; nothing of what begins like neither."""
    inflate = zlib.decompressobj(31)
    try:
        start = inflate.decompress(body, _SNIFFED)
        if not start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"http://", b"https://")):
            return b""
        return start + inflate.decompress(inflate.unconsumed_tail, xml.LONGEST)
    except zlib.error:
        return b""


class _Document:
    def __init__(
        self,
        url: str,
        headers: Headers,
        body: bytes,
        page: Page | None,
        tree: LexborHTMLParser | None,
        *,
        is_xhtml: bool,
    ) -> None:
        self.url = url
        self.body = body
        self.page = page
        self.tree = tree
        stated = next((value for name, value in headers if name.lower() == "content-type"), "")
        charset = _CHARSET.search(stated)
        self.charset = charset[1] if charset else None
        self.is_xhtml = is_xhtml

    def text(self, *, charset: str | None = None) -> str:
        """Decoded as well as it goes: what of a URL is not ASCII is rarely lost by it."""
        if self.body[:3] == b"\xef\xbb\xbf":
            return self.body[3:].decode("utf-8", "replace")
        if self.body[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return self.body.decode("utf-16", "replace")
        try:
            return self.body.decode(self.charset or charset or "utf-8", "replace")
        except (LookupError, ValueError):
            return self.body.decode("utf-8", "replace")


def _html(document: _Document, found: Found) -> None:
    page = document.page
    tree = document.tree
    if tree is None or document.is_xhtml:
        text = page.text if page else document.text()
        tree = parse(_CLOSED_AT_ONCE.sub(r"<\1\2></\1>", text) if document.is_xhtml else text)
    encoding = page.charset if page else document.charset or "utf-8"
    found.merge(links_in_html(tree, document.url, encoding=encoding))


def _css(document: _Document, found: Found) -> None:
    stated = _CSS_CHARSET.match(document.body)
    charset = stated[1].decode("ascii") if stated else None
    if charset and charset.lower().startswith("utf-16"):
        charset = None  # it would not have been legible: UTF-8 (CSS Syntax 3.2)
    found.add_css(document.text(charset=charset), "css")


def _script(document: _Document, found: Found) -> None:
    found.add_literals(document.text(), "script")


def _json(document: _Document, found: Found) -> None:
    found.add_literals(document.text(), "script[json]")


def _json_ld(document: _Document, found: Found) -> None:
    for reference, hop, name in structured.urls_in_json_ld(document.text()):
        found.add(reference, hop, f"json-ld/{name}")


def _manifest(document: _Document, found: Found) -> None:
    for reference, hop in structured.urls_in_manifest(document.text()):
        found.add(reference, hop, "manifest")


def _json_manifest(document: _Document, found: Found) -> None:
    """A web app manifest under the type that most servers give it."""
    _manifest(document, found)
    _json(document, found)


def _xml(document: _Document, found: Found) -> None:
    for reference, hop, context in xml.references(document.body, document.charset):
        if found.full:
            return
        if hop == "<":
            inner = links_in_html(parse(reference), document.url)
            found.merge(inner, context=context)
        elif hop == "{":
            found.add_css(reference, context)
        else:
            found.add(reference, hop, context)


def _robots(document: _Document, found: Found) -> None:
    for reference in robots.sitemaps(document.text()):
        found.add(reference, "M", "robots.txt/Sitemap")


def _text_sitemap(document: _Document, found: Found) -> None:
    for line in document.text().splitlines():
        if line.startswith(("http://", "https://")):
            found.add(line, "L", "sitemap.txt")


def _pdf(document: _Document, found: Found) -> None:
    for reference in pdf.references(document.body):
        found.add(reference, "L", "pdf/link")


def _playlist(document: _Document, found: Found) -> None:
    for reference in playlist.references(document.text()):
        found.add(reference, "E", "playlist")


def _dash(document: _Document, found: Found) -> None:
    # Representations may name the same over and over.
    for reference in islice(dash.references(document.body, document.url), 5 * MOST_LINKS):
        if found.full:
            return
        found.add(reference, "E", "dash")


_Kind = Callable[[_Document, Found], None]

_KINDS: dict[str, _Kind] = {
    "text/html": _html,
    "application/xhtml+xml": _html,
    "text/css": _css,
    "application/json": _json,
    "application/ld+json": _json_ld,
    "application/manifest+json": _manifest,
    "text/xml": _xml,
    "application/xml": _xml,
    "application/pdf": _pdf,
    "application/dash+xml": _dash,
    "video/vnd.mpeg.dash.mpd": _dash,
    "application/vnd.apple.mpegurl": _playlist,
    "application/x-mpegurl": _playlist,
    "audio/mpegurl": _playlist,
    "audio/x-mpegurl": _playlist,
}
_ROBOTS = "/robots.txt"


def _kind(url: str, mime: str, body: bytes, *, is_sitemap: bool = False) -> _Kind | None:
    """How *body* is read. The server's word counts, where it says anything that browsers would not overrule."""
    try:
        path = urlsplit(url).path.lower()
    except ValueError:
        path = ""
    start = body[:_SNIFFED].lstrip(b"\xef\xbb\xbf \t\r\n\x0c").lower()
    if mime in _KINDS:
        # A feed or sitemap sent as HTML is none; a page sent as XML without being XHTML is read as what it looks like.
        if mime == "text/html" and start.startswith((b"<?xml", b"<urlset", b"<sitemapindex", b"<rss", b"<feed")):
            return _html if b"<html" in start else _xml
        if path.endswith(".webmanifest"):
            return _manifest
        if _KINDS[mime] is _json and b'"icons"' in body[:_SNIFFED_JSON] and _MANIFEST.search(body, 0, _SNIFFED_JSON):
            return _json_manifest
        if _KINDS[mime] is _xml and b"<mpd" in start:
            return _dash
        return _html if _KINDS[mime] is _xml and b"<html" in start else _KINDS[mime]
    if mime.endswith("+xml"):
        return _xml
    if mime.endswith(("javascript", "ecmascript", "jscript")):
        return _script
    if mime.endswith("+json"):
        return _json
    if mime in {"text/plain", ""} and path == _ROBOTS:
        return _robots
    if mime in {"text/plain", ""} and (is_sitemap or "sitemap" in path):
        if start.startswith((b"http://", b"https://")):
            return _text_sitemap
        if is_sitemap and start.startswith((b"<?xml", b"<urlset", b"<sitemapindex")):
            return _xml
    if mime and mime not in {"application/octet-stream", "unknown/unknown", "application/unknown", "text/plain"}:
        return None
    return _sniffed(path, mime, start)


def _sniffed(path: str, mime: str, start: bytes) -> _Kind | None:
    """Without a type: by the first bytes, then by the name. Text stays text when a server says so (MIME Sniffing 7)."""
    if path.endswith(".css"):
        return _css
    if path.endswith((".js", ".mjs")):
        return _script
    if path.endswith(".m3u8"):
        return _playlist
    if path.endswith(".mpd"):
        return _dash
    if mime == "text/plain":
        return None
    if start.startswith((b"<?xml", b"<urlset", b"<sitemapindex", b"<rss", b"<feed", b"<svg")):
        return _html if b"<html" in start else _xml
    if start.startswith(b"%pdf-"):
        return _pdf
    return (
        _html
        if re.match(rb"<(?:!doctype html|html|head|body|script|title|!--|h1|div|a|p|table|b|br)[\s>-]", start)
        else None
    )
