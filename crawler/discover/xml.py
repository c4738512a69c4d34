"""References in XML: sitemaps and their indexes, RSS and Atom, SVG, OPML.

Read by expat with entity declarations refused (no billion laughs, nothing fetched) and names taken as written: feeds
use prefixes that they never declare. A document that breaks off gives what stood before the break.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from urllib.parse import urljoin
from xml.parsers import expat

from crawler.discover.markup import DRAWN, PAINTED, URLS
from crawler.discover.relations import hop_of

#: A document is read this far, bytes. Sitemaps may have 50 MB (sitemaps.org), and 50,000 URLs.
LONGEST = 52 << 20
_CHUNK = 64 << 10
_DEEPEST = 200
#: a single tag longer than this is not read: expat begins it anew with every chunk
_LONGEST_TAG = 1 << 20
#: text of one element that may be HTML (a feed's entry) is kept up to here, characters
_LONGEST_TEXT = 1 << 20

#: element text that is a URL: (parent, element) -> hop; a parent of "" stands for any other
_TEXTS = {
    ("url", "loc"): "L",
    ("sitemap", "loc"): "M",
    ("image", "loc"): "E",
    ("video", "thumbnail_loc"): "E",
    ("video", "content_loc"): "E",
    ("video", "player_loc"): "L",
    ("channel", "link"): "L",
    ("item", "link"): "L",
    ("image", "url"): "E",
    ("image", "link"): "L",
    ("item", "comments"): "L",
    ("item", "origLink"): "L",
    ("feed", "icon"): "E",
    ("feed", "logo"): "E",
    ("OpenSearchDescription", "Image"): "E",
    ("OpenSearchDescription", "SearchForm"): "L",
}
#: attributes that are URLs: (element, attribute) -> hop
_ATTRIBUTES = {
    ("enclosure", "url"): "E",
    ("content", "url"): "E",
    ("content", "src"): "E",
    ("thumbnail", "url"): "E",
    ("image", "href"): "E",
    **{(element, attribute): hop for element in DRAWN for attribute, hop in URLS[element].items()},
    ("script", "href"): "E",
    ("script", "src"): "E",
    ("a", "href"): "L",
    ("img", "src"): "E",
    ("iframe", "src"): "E",
    ("video", "src"): "E",
    ("video", "poster"): "E",
    ("audio", "src"): "E",
    ("source", "src"): "E",
    ("outline", "xmlUrl"): "L",
    ("outline", "htmlUrl"): "L",
    ("player", "url"): "L",
    # A template with parameters is a question that nobody asked yet.
    ("Url", "template"): "L",
    # browserconfig.xml
    **{(f"{size}logo", "src"): "E" for size in ("square70x70", "square150x150", "wide310x150", "square310x310")},
    ("TileImage", "src"): "E",
    **{(f"polling-uri{number}", "src"): "L" for number in ("", 2, 3, 4, 5)},
}
#: elements whose text is HTML
_HTML = frozenset({"description", "encoded", "content", "summary"})
#: an ampersand that begins nothing XML knows: sitemaps are full of them
_STRAY = re.compile(rb"&(?!(?:#[0-9]{1,7}|#x[0-9a-fA-F]{1,6}|amp|lt|gt|quot|apos);)")
#: white space before the declaration, and characters that XML has no place for
_MISPLACED = re.compile(rb"\A(?:\xef\xbb\xbf)?[ \t\r\n]+(?=<)|[\x00-\x08\x0b\x0c\x0e-\x1f]")
_ENCODING = re.compile(rb"""<\?xml[^>]*?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})""")
_UNDECODED = re.compile("[\udc80-\udcff]")
_STYLESHEET = re.compile(r"""href\s*=\s*["']([^"']*)["']""")


def references(body: bytes, encoding: str | None = None) -> Iterator[tuple[str, str, str]]:
    """Yield reference, hop and context, such as ``("http://...", "L", "url/loc")``.

    Hop ``<`` marks markup instead: HTML to be read for references of its own; hop ``{`` marks CSS.
    """
    reader = _Reader(encoding)
    for start in range(0, min(len(body), LONGEST), _CHUNK):
        going = reader.feed(body[start : start + _CHUNK])
        yield from reader.found
        reader.found.clear()
        if not going:
            if reader.is_broken and (mended := _mended(body, encoding))[0] != body:
                # What stood before the break comes a second time; whoever gathers links keeps one of each.
                yield from references(*mended)
            return


def _mended(body: bytes, encoding: str | None) -> tuple[bytes, str | None]:
    """*body* without what its writers commonly get wrong, and its encoding."""
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return body, encoding
    mended = _MISPLACED.sub(b"", _STRAY.sub(b"&amp;", body))
    stated = encoding or next((found[1].decode("ascii") for found in _ENCODING.finditer(mended[:200])), "utf-8")
    if stated.lower() not in {"utf-8", "utf8"}:
        return mended, encoding
    # Bytes that are no UTF-8 are another charset's, which nobody says.
    text = mended.decode("utf-8", "surrogateescape")
    return _UNDECODED.sub(lambda byte: chr(ord(byte[0]) - 0xDC00), text).encode(), "utf-8"


class _Reader:
    def __init__(self, encoding: str | None) -> None:
        self.found: list[tuple[str, str, str]] = []
        #: the markup is at fault, and not what it asks for
        self.is_broken = False
        self._path: list[str] = []
        self._text: list[str] = []
        self._size = self._fed = 0
        self._permalink = True
        #: what references are relative to, by element that says so (XML Base); "" for the document's own URL
        self._bases: list[str] = [""]
        parser = expat.ParserCreate(encoding)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = self._refuse
        parser.ProcessingInstructionHandler = self._instruction
        parser.buffer_text = True
        self._parser = parser

    def feed(self, chunk: bytes) -> bool:
        """Whether there is any use in going on."""
        try:
            self._parser.Parse(chunk, False)
        except expat.ExpatError:
            self.is_broken = True
            return False
        except (ValueError, LookupError):
            return False
        self._fed += len(chunk)
        return self._fed - self._parser.CurrentByteIndex < _LONGEST_TAG

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= _DEEPEST:
            raise ValueError("nested too deeply")
        local = name.rpartition(":")[2]
        self._path.append(local)
        self._bases.append(self._absolute(attributes.get("xml:base", "")))
        self._text.clear()
        self._size = 0
        self._permalink = attributes.get("isPermaLink", "true") != "false"
        if local == "link" and "href" in attributes:
            relation = attributes.get("rel", "alternate")
            hop = "E" if relation == "enclosure" else hop_of(relation)
            if hop:
                self.found.append((self._absolute(attributes["href"]), hop, f"link[rel={relation}]@href"))
            return
        for key, value in attributes.items():
            plain = key.rpartition(":")[2]
            if hop := _ATTRIBUTES.get((local, plain)):
                if plain == "template" and "{" in value:
                    continue
                self.found.append((self._absolute(value), hop, f"{name}@{key}"))
            elif (key == "style" or key in PAINTED) and "url(" in value:
                self.found.append((value, "{", f"{name}@{key}"))

    def _end(self, name: str) -> None:
        local = self._path.pop()
        base = self._bases.pop()
        text = "".join(self._text).strip()
        self._text.clear()
        if not text:
            return
        parent = self._path[-1] if self._path else ""
        if hop := _TEXTS.get((parent, local)):
            self.found.append((self._absolute(text, base), hop, f"{parent}/{name}"))
        elif local == "guid" and self._permalink and text.startswith(("http://", "https://")):
            self.found.append((text, "L", f"{parent}/{name}"))
        elif local == "style":
            self.found.append((text, "{", name))
        elif local in _HTML and "<" in text:
            self.found.append((f'<base href="{escape(base)}">{text}' if base else text, "<", name))

    def _absolute(self, reference: str, base: str | None = None) -> str:
        base = self._bases[-1] if base is None else base
        try:
            return urljoin(base, reference.strip()) if base else reference
        except ValueError:
            return reference

    def _characters(self, data: str) -> None:
        self._size += len(data)
        if self._size <= _LONGEST_TEXT:
            self._text.append(data)

    def _instruction(self, target: str, data: str) -> None:
        if target == "xml-stylesheet" and (found := _STYLESHEET.search(data)):
            self.found.append((found[1], "E", "xml-stylesheet"))

    def _refuse(self, *_: object) -> None:
        raise ValueError("entity declaration")
