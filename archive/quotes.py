"""One definition of "this quote stands at this byte range", for those who find facts and those who check them.

A quote and a stretch of HTML read the same when, with tags, comments, scripts and styles dropped and character
references resolved, they are the same characters in NFC, white space apart. White space is left out rather than
collapsed, because ``<td>ab</td><td>cd`` and ``a<b>b</b> cd`` differ in it between the source and what a reader sees.

>>> page = b'<p>Wilde&nbsp;<b>Ganzen</b>, Plan</p>'
>>> locate(page, "utf-8", "Wilde Ganzen")
(3, 23)
>>> stands(page, "utf-8", 3, 23, "Wilde  Ganzen")
True
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from functools import cached_property
from html.entities import html5
from typing import Literal

from archive.bytemap import ByteMap
from archive.decoding import decode_as, encoding_of

#: *text*: what a reader sees; *attribute*: the value of one attribute; *any*: either, or else the source as it stands
Where = Literal["any", "text", "attribute"]

#: a run is cut here, so that finding a place within one costs the same on any page
_RUN_CHARS = 256
#: stands between two attribute values: a quote has it nowhere, for folding drops it
_BETWEEN = "\0"

_SPACES = re.compile(r"[\s\0]+")
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[A-Za-z][A-Za-z0-9]{1,39};?)")
# Possessive throughout: a page that opens a quote and never closes it is read once, to its end.
_VALUE = r"""\s*+=\s*+(?:"([^"]*+)(?:"|\Z)|'([^']*+)(?:'|\Z)|([^\s>"'][^\s>]*+))?"""
_ATTRIBUTE = re.compile(rf"[^\s/>][^\s/>=]*+(?:{_VALUE})?")
_TAG = re.compile(rf"<(/?)([A-Za-z][^\s/>]*+)(?:[\s/]*+{_ATTRIBUTE.pattern})*+[\s/]*+>?")
#: what NFC may join to what stands before it, and that; below U+0300 it joins nothing
_MAY_JOIN = re.compile("[\0-\u02ff]?[\u0300-\U0010ffff]+")
_END_OF_COMMENT = re.compile(r"--!?>")
#: elements whose text nobody sees, and elements whose text holds references but no tags (HTML 13.2.5.1-5)
_UNSEEN = frozenset(("script", "style", "xmp", "iframe", "noembed", "noframes"))
_NO_TAGS = frozenset(("title", "textarea"))
_CLOSING = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _UNSEEN | _NO_TAGS}


def fold(text: str) -> str:
    """What two readings of one text have in common: NFC without white space and NUL."""
    folded = _SPACES.sub("", text)
    return folded if folded.isascii() else unicodedata.normalize("NFC", folded)


def resolve(reference: str, *, in_attribute: bool = False, followed_by: str = "") -> tuple[str, int]:
    """Text a character reference stands for, and how many of its characters are the reference (HTML 13.2.5.72-80).

    >>> resolve("&copyright")
    ('©', 5)
    >>> resolve("&copy", in_attribute=True, followed_by="=")
    ('&copy', 5)
    """
    if reference[1] == "#":
        return _numeric(reference[2:].rstrip(";")), len(reference)
    for length in range(len(reference), 2, -1):
        meaning = html5.get(reference[1:length])
        if meaning is None:
            continue
        following = reference[length : length + 1] or followed_by
        if in_attribute and reference[length - 1] != ";" and re.match(r"[=A-Za-z0-9]", following):
            break
        return meaning, length
    return reference, len(reference)


def _numeric(digits: str) -> str:
    base = 16 if digits[:1] in ("x", "X") else 10
    # int() refuses thousands of digits, and takes quadratic time over them
    number = int(digits[base == 16 :].lstrip("0")[:8] or "0", base)
    if 0x80 <= number <= 0x9F:
        return decode_as(bytes([number]), "windows-1252")
    return "\ufffd" if number == 0 or number > 0x10FFFF or 0xD800 <= number <= 0xDFFF else chr(number)


class _Reading:
    """One reading of a text: folded pieces in order, each with the stretch of the text it came from."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._pieces: list[str] = []
        #: per piece: index of its first folded character, and its stretch of the text
        self._indexes: list[int] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        #: pieces that are a character reference, and stand for their stretch as a whole
        self._whole: set[int] = set()
        self._length = 0

    def add(self, start: int, end: int, *, in_attribute: bool = False) -> None:
        at = start
        if self._text.find("&", start, end) < 0:
            if end - start <= _RUN_CHARS:
                # Most of a page, without two more calls.
                self._add_piece("".join(self._text[start:end].split()).replace("\0", ""), start, end)
                return
        else:
            for found in _REFERENCE.finditer(self._text, start, end):
                following = self._text[found.end() : found.end() + 1]
                meaning, length = resolve(found[0], in_attribute=in_attribute, followed_by=following)
                if meaning != found[0]:
                    self._add_runs(at, found.start())
                    at = found.start() + length
                    if folded := _SPACES.sub("", meaning):
                        # A reference to white space is no piece: what follows it would be taken whole in its place.
                        self._whole.add(len(self._pieces))
                        self._add_piece(folded, found.start(), at)
        self._add_runs(at, end)

    def part(self) -> None:
        """No quote runs across this place."""
        if self._pieces:
            self._add_piece(_BETWEEN, self._ends[-1], self._ends[-1])

    def _add_runs(self, start: int, end: int) -> None:
        for at in range(start, end, _RUN_CHARS):
            stop = min(at + _RUN_CHARS, end)
            # str.split() knows the white space of _SPACES but for NUL, and is the faster by half
            self._add_piece("".join(self._text[at:stop].split()).replace("\0", ""), at, stop)

    def _add_piece(self, folded: str, start: int, end: int) -> None:
        if folded:
            self._pieces.append(folded)
            self._indexes.append(self._length)
            self._starts.append(start)
            self._ends.append(end)
            self._length += len(folded)

    @cached_property
    def folded(self) -> str:
        return "".join(self._pieces)

    @cached_property
    def _composed(self) -> tuple[str, list[int], list[int], set[int]]:
        """The folded text in NFC; the indexes in both at which a stretch begins that joins none before; and which of
        the stretches NFC leaves as they are, character by character."""
        normal: list[str] = []
        here: list[int] = []
        there: list[int] = []
        plain: set[int] = set()
        at = length = 0

        def add(end: int, *, as_it_is: bool) -> None:
            nonlocal at, length
            if at == end:
                return
            if as_it_is:
                plain.add(len(here))
            here.append(length)
            there.append(at)
            stretch = self.folded[at:end]
            normal.append(stretch if as_it_is else unicodedata.normalize("NFC", stretch))
            length += len(normal[-1])
            at = end

        for run in _MAY_JOIN.finditer(self.folded):
            add(run.start(), as_it_is=True)
            for index in range(run.start() + 1, run.end()):
                if _begins_cluster(self.folded[index]):
                    add(index, as_it_is=False)
            add(run.end(), as_it_is=False)
        add(len(self.folded), as_it_is=True)
        return "".join(normal), [*here, length], [*there, at], plain

    def find(self, quote: str, after: int) -> tuple[int, int] | None:
        """Stretch of the text that reads as *quote*, at *after* or behind it."""
        nth = bisect_left(self._starts, after)
        begin = self._indexes[nth] if nth < len(self._indexes) else self._length
        wanted = _SPACES.sub("", quote)
        at = self.folded.find(wanted, begin)
        end = at + len(wanted)
        if at < 0:
            if wanted.isascii() and unicodedata.is_normalized("NFC", self.folded):
                return None
            composed = self._find_composed(unicodedata.normalize("NFC", wanted), begin)
            if composed is None:
                return None
            at, end = composed
        return self._place(at, behind=False), self._place(end - 1, behind=True)

    def _find_composed(self, wanted: str, begin: int) -> tuple[int, int] | None:
        normal, here, there, plain = self._composed

        def folded_index(index: int) -> int | None:
            nth = bisect_right(here, index) - 1
            within = index - here[nth]
            return there[nth] + within if nth in plain or not within else None

        at = normal.find(wanted, here[min(max(bisect_right(there, begin) - 1, 0), len(here) - 1)])
        while at >= 0:
            first, last = folded_index(at), folded_index(at + len(wanted))
            if first is not None and last is not None and first >= begin:
                return first, last
            at = normal.find(wanted, at + 1)
        return None

    def _place(self, index: int, *, behind: bool) -> int:
        """Where in the text the folded character at *index* stands; with *behind*, where it ends."""
        nth = bisect_right(self._indexes, index) - 1
        start, end = self._starts[nth], self._ends[nth]
        if nth in self._whole:
            return end if behind else start
        left = index - self._indexes[nth]
        for at in range(start, end):
            if not (self._text[at].isspace() or self._text[at] == "\0"):
                if left == 0:
                    return at + behind
                left -= 1
        return end


def _begins_cluster(character: str) -> bool:
    """Whether NFC never joins it to what stands before: no mark, and no vowel or final consonant of Hangul jamo."""
    return unicodedata.category(character)[0] != "M" and not "\u1160" <= character <= "\u11ff"


def _seen(text: str, until: int | None = None) -> tuple[_Reading, list[tuple[int, int]]]:
    """What a reader sees of *text*, and where its tags' attributes stand. What never closes runs to the end. With
    *until* it ends behind the first tag that ends there or later."""
    seen = _Reading(text)
    tags: list[tuple[int, int]] = []
    at = start = 0
    while (at := text.find("<", at)) >= 0:
        if until is not None and start >= until:
            return seen, tags
        tag = _TAG.match(text, at)
        if tag is None and text[at + 1 : at + 2] not in ("!", "/", "?"):
            at += 1
            continue
        if start < at:
            seen.add(start, at)
        if tag is None:
            at = start = _end_of_comment(text, at)
            continue
        at = start = tag.end()
        if at - tag.end(2) > len("a=b>"):
            tags.append((tag.end(2), at))
        name = tag[2].lower()
        if name in _CLOSING and not tag[1]:
            closing = _CLOSING[name].search(text, at)
            at = closing.start() if closing else len(text)
            if name in _NO_TAGS:
                seen.add(start, at)
            start = at
    seen.add(start, len(text))
    return seen, tags


def _values(text: str, tags: list[tuple[int, int]]) -> _Reading:
    values = _Reading(text)
    for start, end in tags:
        for found in _ATTRIBUTE.finditer(text, start, end):
            if found.lastindex:
                values.part()
                values.add(*found.span(found.lastindex), in_attribute=True)
    return values


def _end_of_comment(text: str, at: int) -> int:
    if not text.startswith("<!--", at):
        end = text.find(">", at)
        return len(text) if end < 0 else end + 1
    # "<!-->" and "<!--->" are whole comments (HTML 13.2.5.43)
    ends = _END_OF_COMMENT.search(text, at + 2)
    return ends.end() if ends else len(text)


#: of a page, where its title and what its tags say of it stand
_HEAD_CHARS = 2048
_MARGIN_CHARS = 256


class Body:
    """A body in which many quotes are looked for: it is read once, and only as far as the quotes ask."""

    def __init__(self, body: bytes, charset: str) -> None:
        self.text = decode_as(body, charset)
        self._map = ByteMap(body, charset, self.text)

    @cached_property
    def _seen(self) -> tuple[_Reading, list[tuple[int, int]]]:
        return _seen(self.text)

    @cached_property
    def _values(self) -> _Reading:
        return _values(self.text, self._seen[1])

    @cached_property
    def _head(self) -> tuple[_Reading, list[tuple[int, int]]]:
        return _seen(self.text, _HEAD_CHARS)

    @cached_property
    def _head_values(self) -> _Reading:
        return _values(self.text, self._head[1])

    def _in_head(self, quote: str, where: Where) -> tuple[int, int] | None:
        """Where it stands first, if that is near the beginning: most pages are asked for their title, and no more."""
        if len(self.text) < 2 * _HEAD_CHARS:
            return None
        reading = self._head_values if where == "attribute" else self._head[0]
        found = reading.find(quote, 0)
        # At its very end what follows might belong to it.
        return found if found and found[1] < _HEAD_CHARS - _MARGIN_CHARS else None

    @cached_property
    def _source(self) -> _Reading:
        source = _Reading(self.text)
        source.add(0, len(self.text))
        return source

    def locate(self, quote: str, *, after: int = 0, where: Where = "any") -> tuple[int, int] | None:
        """Byte range of the first place at byte *after* or behind it that reads as *quote*; None when there is none."""
        if not fold(quote):
            return None
        begin = self._map.char_at(after) if after else 0
        found = None if begin else self._in_head(quote, where)
        if found is None and where != "attribute":
            found = self._seen[0].find(quote, begin)
        if found is None and where != "text":
            found = self._values.find(quote, begin)
        if found is None and where == "any":
            found = self._source.find(quote, begin)
        return (self._map.byte_at(found[0]), self._map.byte_at(found[1])) if found else None

    def stands(self, start: int, end: int, quote: str) -> bool:
        if not 0 <= start < end:
            return False
        return _reads_as(self.text[self._map.char_at(start) : self._map.char_at(end)], quote)


def locate(body: bytes, charset: str, quote: str, *, after: int = 0) -> tuple[int, int] | None:
    """`Body.locate` for one quote."""
    return Body(body, charset).locate(quote, after=after)


def stands(body: bytes, charset: str, start: int, end: int, quote: str) -> bool:
    """Whether ``body[start:end]`` reads as *quote*, no more and no less: as text, or as the value of an attribute."""
    if not 0 <= start < end <= len(body):
        return False
    if encoding_of(charset) == "iso-2022-jp":
        # What its bytes mean hangs on the escapes before them.
        return Body(body, charset).stands(start, end, quote)
    return _reads_as(decode_as(body[start:end], charset), quote)


def _reads_as(text: str, quote: str) -> bool:
    wanted = fold(quote)
    if not wanted:
        return False
    value, source = _Reading(text), _Reading(text)
    value.add(0, len(text), in_attribute=True)
    source.add(0, len(text))
    return any(fold(reading.folded) == wanted for reading in (_seen(text)[0], value, source))
