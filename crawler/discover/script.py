"""URL-like string literals in scripts and JSON. A guess, and a careful one: scripts are read, not run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

#: A script is read this far, characters.
LONGEST = 8 << 20

_REQUISITES = (
    "css js mjs cjs json png jpe?g gif webp avif svgz? ico cur bmp tiff? jxl apng woff2? ttf otf eot mp4 m4v webm "
    "og[gav] opus mp3 m4a wav flac mov flv swf vtt srt wasm webmanifest m3u8 mpd"
).replace(" ", "|")
_PAGES = (
    "html? xhtml shtml phtml php[345]? aspx? jspx? cfm cgi pdf docx? xlsx? pptx? od[tsp] rtf csv ics epub zip rss "
    "atom xml txt"
).replace(" ", "|")

#: A literal in quotes that holds nothing a URL cannot. Slashes may be escaped, as JSON within HTML has them. Only its
#: first quote is consumed: a quote taken for an opening one, which closed a short literal, must not hide the next.
_LITERAL = re.compile(
    r"""(?P<quote>["'`])(?=[^\s"'`<>{}|^]{3})"""
    r"""(?=(?P<text>(?:[^\s"'`<>\\{}|^]++|\\/|\\(?:u00|x)[0-9a-fA-F]{2})++)\\?(?P=quote))"""
)
_LITERAL_CHARS = range(3, 2001)
_SHAPE = re.compile(
    rf"""
    (?:(?P<absolute>(?:https?:)?//[\w\[][\w.:\[\]-]*[\w\]](?=[/?#]|$))|/|(?:\.{{1,2}}/)+)?
    (?P<path>[\w~%!$&'()*+,;=:@./-]*?(?:\.(?:(?P<requisite>{_REQUISITES})|(?P<page>{_PAGES})))?/?)
    (?:[?#].*)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_FILE_NAME = re.compile(rf"\.(?:{_REQUISITES}|{_PAGES})/?(?:[?#]|\Z)", re.IGNORECASE)
_ESCAPED = re.compile(r"\\(?:/|(?:u00|x)([0-9a-fA-F]{2}))")


def looks_like_url(text: str) -> bool:
    """Whether *text* is a whole URL, or a path that ends in a file name of a known kind."""
    return shape(text) is not None


def shape(text: str) -> str | None:
    """``E`` for what looks like a requisite, ``L`` for what looks like a page or a whole URL, None for what does not.

    >>> shape("/img/a.png?1"), shape("//cdn.example/x"), shape("en/index.html"), shape("text/html"), shape("1.5")
    ('E', 'L', 'L', None, None)
    """
    if len(text) > 2000 or ("//" not in text[:8] and _FILE_NAME.search(text) is None):
        return None
    found = _SHAPE.fullmatch(text)
    if not found:
        return None
    if found["requisite"]:
        return "E" if not found["path"].startswith(".") else None
    return "L" if found["absolute"] or (found["page"] and not found["path"].startswith(".")) else None


def literals(text: str, url: str) -> Iterator[tuple[str, str]]:
    """Yield each URL-like literal of a script at *url* (or on the page there), and its hop.

    A requisite is one only on the script's own host; elsewhere it is a link, followed where links are.
    """
    host = _host(url)
    for found in _LITERAL.finditer(text[:LONGEST]):
        literal = found["text"]
        if "\\" in literal:
            literal = _ESCAPED.sub(lambda m: chr(int(m[1], 16)) if m[1] else "/", literal)
        # Most are none; the rest is asked of those that are.
        if len(literal) not in _LITERAL_CHARS or (hop := shape(literal)) is None:
            continue
        # Code between two literals is none, and half of a concatenation is no URL.
        if found["text"][0] in "+,;:=)(&!*":
            continue
        if text[max(0, found.start() - 2) : found.start()].rstrip("\\ ").endswith("+"):
            continue
        if text[found.end("text") + 1 : found.end("text") + 3].lstrip().startswith("+"):
            continue
        if hop == "E" and "//" in literal[:8] and _host(literal) != host:
            hop = "L"
        yield literal, hop


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
