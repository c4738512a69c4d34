"""What a style sheet that pages link to may show of their logos: its rules that give a background to what has a class
or an id, with the bytes each stands at, and the sheets it imports. CSS Syntax 3, as far as that takes.

Rules for the mouse over an element (``:hover``) show no other logo and are left out; so are those for paper, those
within other rules, and selectors that ask more than names. Nothing here looks back: a sheet is read once, to its end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from archive.decoding import decode_as
from archive.model import Style
from archive.quotes import stands
from crawler.css_escapes import unescape
from crawler.extract.backgrounds import compounds

#: how far into a sheet is read
MOST_BYTES = 1 << 20
MOST_RULES = 2_000
MOST_IMPORTS = 50
#: of all that is kept of a sheet
_KEPT_CHARS = 400_000
#: of a rule, whole; those that are longer style no single logo
_RULE_BYTES = 4_000
_SELECTORS = 10
_ADDRESS_CHARS = 2_000
#: blocks within blocks
_DEPTH = 64

_COMMENT = r"/\*(?s:.)*?(?:\*/|\Z)"
_STRING = r"""(?:"(?:[^"\\\n]|\\(?s:.))*+"?|'(?:[^'\\\n]|\\(?s:.))*+'?)"""
#: with a string in it only its beginning: the string is a token of its own
_URL = r"""[uU][rR][lL]\([ \t\r\n\f]*+(?:(?=["'])|[^)"'\\]*+(?:\\(?s:.)[^)"'\\]*+)*+\)?)"""
_TOKEN = re.compile(rf"{_COMMENT}|{_STRING}|{_URL}|\\(?s:.)|[{{}};]")
_COMMENTS = re.compile(_COMMENT)
_BLANK = re.compile(rf"(?:\s|{_COMMENT}|<!--|-->)*+")
_DECLARATION = re.compile(
    rf"(?:(?<=[;\s/])|\A)(background(?:-image|-repeat)?)\s*+:((?:{_COMMENT}|{_STRING}|{_URL}|\\(?s:.)|[^;\\])*+)",
    re.IGNORECASE,
)
_BARE = r"""(?:[^"'()\\\s]|\\[0-9a-fA-F]{1,6}[ \t\r\n\f]?|\\(?s:.))*+"""
_ADDRESS = re.compile(
    rf"""url\([ \t\r\n\f]*+(?:"((?:[^"\\\n]|\\(?s:.))*+)"|'((?:[^'\\\n]|\\(?s:.))*+)'|({_BARE}))""",
    re.IGNORECASE,
)
_IMPORT = re.compile(rf"@import\s*+(?:{_ADDRESS.pattern}\s*+\)|({_STRING}))(.*)", re.IGNORECASE | re.DOTALL)
_IMPORTANT = re.compile(r"!\s*+important\s*+\Z", re.IGNORECASE)
_REPEATS = re.compile(r"repeat-[xy]", re.IGNORECASE)
_REPEATED = re.compile(r"\s*+repeat(?:-[xy])?+\b", re.IGNORECASE)
#: what is true of a link that nobody has touched
_AT_REST = re.compile(r":(?:link|any-link)\b", re.IGNORECASE)
_NOT_SHOWN = re.compile(
    r"\s*+(?:only\s++)?(?:print|speech|aural|braille|embossed|tty|tv|projection|handheld|not\s++(?:all|screen))\b",
    re.IGNORECASE,
)
_SHOWN = re.compile(r"\s*+(?:(?:only\s++)?(?:all|screen))?\s*+\Z", re.IGNORECASE)
_GROUP = re.compile(r"@(?:media|supports|layer|container|scope|-moz-document|document|starting-style)\b", re.IGNORECASE)


@dataclass(slots=True)
class _Block:
    kind: str  # ``group``, ``rule`` or ``other``
    #: of what stands before the brace, and behind it
    start: int
    body: int
    conditional: bool = False
    #: holds blocks itself
    nests: bool = False


def read_sheet(body: bytes, charset: str) -> Style:
    """*body* has Content-Encoding undone. Raises nothing, whatever it holds."""
    # A character is a byte here, so that places are places in the body; what is kept is decoded piece by piece.
    text = body[:MOST_BYTES].decode("latin-1")
    reading = _Reading(body, charset, text)
    if re.search(r"(?i)url\(|@import", text):
        reading.run()
    said = json.dumps({"rules": reading.rules}, separators=(",", ":"))
    return Style("sheet", tuple(reading.imports), said)


def applies(media: str | None) -> bool | None:
    """Whether only some screens apply what is written for *media*; None where no screen does.

    >>> applies("screen, print"), applies("(min-width: 40em)"), applies("print"), applies(None)
    (False, True, None, False)
    """
    queries = [query for query in (media or "").split(",") if not _NOT_SHOWN.match(query)]
    if not queries:
        return None
    return not any(_SHOWN.match(query) for query in queries)


def imports_in(text: str) -> Iterator[tuple[str, bool]]:
    """The sheets that a ``<style>`` imports."""
    reading = _Reading(b"", "utf-8", text[:MOST_BYTES])
    if "@import" in text.lower():
        reading.run()
    yield from reading.imports


class _Reading:
    def __init__(self, body: bytes, charset: str, text: str) -> None:
        self._body = body
        self._charset = charset
        self._text = text
        #: selectors, address, first byte, byte behind the last, text, and of "c" (conditional), "i" (important) and
        #: "p" (a pattern) those that are true
        self.rules: list[tuple[list[str], str, int, int, str, str]] = []
        self.imports: list[tuple[str, bool]] = []
        self._kept = self._tried = 0

    def run(self) -> None:
        text = self._text
        blocks: list[_Block] = []
        at = deeper = 0
        begun = False
        for token in _TOKEN.finditer(text):
            sign = text[token.start()]
            if sign == "{":
                begun = True
                if len(blocks) >= _DEPTH:
                    deeper += 1
                else:
                    blocks.append(self._opened(blocks, at, token.start()))
            elif sign == "}":
                if deeper:
                    deeper -= 1
                elif blocks:
                    self._closed(blocks.pop(), token.start())
            elif sign != ";":
                continue
            elif not begun:
                self._statement(text[at : token.start()])
            if len(self.rules) >= MOST_RULES or self._tried >= MOST_RULES or self._kept > _KEPT_CHARS:
                return
            at = token.end()
        if not begun and at < len(text):
            self._statement(text[at:])

    def _opened(self, blocks: list[_Block], start: int, brace: int) -> _Block:
        above = blocks[-1] if blocks else None
        conditional = above.conditional if above else False
        if above is not None and above.kind != "group":
            above.nests = True
            return _Block("other", start, brace + 1)
        blank = _BLANK.match(self._text, start, brace)
        start = blank.end() if blank else start
        if brace - start > _RULE_BYTES:
            return _Block("other", start, brace + 1)
        if self._text[start] != "@":
            return _Block("rule", start, brace + 1, conditional)
        named = _GROUP.match(self._text, start, brace)
        media = None
        if named is not None and named[0].lower() == "@media":
            media = applies(_COMMENTS.sub(" ", self._text[named.end() : brace]))
            return _Block("other" if media is None else "group", start, brace + 1, conditional or bool(media))
        if named is None:
            return _Block("other", start, brace + 1)
        return _Block("group", start, brace + 1, conditional or named[0].lower() != "@layer")

    def _closed(self, block: _Block, brace: int) -> None:
        if block.kind != "rule" or block.nests or brace + 1 - block.start > _RULE_BYTES:
            return
        said = _background(self._text[block.body : brace])
        if said is None:
            return
        address, flags = said
        # Within parentheses and strings a comma parts nothing; no selector that is understood has any.
        named = self._decoded(_COMMENTS.sub(" ", self._text[block.start : block.body - 1])).split(",")
        stripped = (_AT_REST.sub("", selector).strip() for selector in named[: _SELECTORS + 1])
        selectors = [" ".join(selector.split()) for selector in stripped if compounds(selector) is not None]
        if not selectors or len(named) > _SELECTORS:
            return
        start, end, quote = block.start, brace + 1, ""
        if address:
            self._tried += 1
            address = self._decoded(address)
            quote = self._decoded(self._text[start:end])
            if not stands(self._body, self._charset, start, end, quote):
                return
        self._kept += len(quote) + len(address) + sum(map(len, selectors))
        self.rules.append((selectors, address, start, end, quote, flags + ("c" if block.conditional else "")))

    def _statement(self, text: str) -> None:
        found = _IMPORT.match(_COMMENTS.sub(" ", text).strip())
        conditional = applies(re.sub(r"(?i)\blayer\b(?:\([^)]*\))?", "", found[5])) if found else None
        if found is None or conditional is None or len(self.imports) >= MOST_IMPORTS:
            return
        address = self._decoded(unescape(found[1] or found[2] or found[3] or (found[4] or "").strip("\"'")).strip())
        if address and len(address) <= _ADDRESS_CHARS and address[:5].lower() != "data:":
            self.imports.append((address, conditional))

    def _decoded(self, text: str) -> str:
        if text.isascii() or not self._body:
            return text
        try:
            return decode_as(text.encode("latin-1"), self._charset)
        except UnicodeEncodeError:  # an escape
            return text


def _background(declarations: str) -> tuple[str, str] | None:
    """The address of the background, empty for one without a file of its own; None where none is declared."""
    if "background" not in declarations.lower():
        return None
    found: tuple[str, bool] | None = None
    repeated = False
    for declaration in _DECLARATION.finditer(declarations):
        name, value = declaration[1].lower(), _COMMENTS.sub(" ", declaration[2])
        if name == "background-repeat":
            repeated = _REPEATED.match(value) is not None
            continue
        important = _IMPORTANT.search(value.rstrip()) is not None
        if found is not None and found[1] and not important:
            continue
        repeated = repeated if name == "background-image" else _REPEATS.search(value) is not None
        url = _ADDRESS.search(value)
        address = unescape(url[1] or url[2] or url[3] or "").strip() if url else ""
        if address[:5].lower() == "data:" or len(address) > _ADDRESS_CHARS:
            address = ""
        found = address, important
    if found is None:
        return None
    return found[0], ("i" if found[1] else "") + ("p" if repeated else "")
