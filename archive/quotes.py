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
from bisect import bisect_right
from functools import cached_property, lru_cache
from html.entities import html5
from itertools import accumulate
from typing import Literal

from archive.bytemap import ByteMap
from archive.decoding import decode_as, encoding_of
from archive.markup import Markup, Stretches

#: *text*: what a reader sees; *attribute*: the value of one attribute; *any*: either, or else the source as it stands
Where = Literal["any", "text", "attribute"]

#: characters between two places whose folded characters before them are counted
_STEP = 256
#: stands between two attribute values: a quote has it nowhere, for folding drops it
_BETWEEN = "\0"

_SPACES = re.compile(r"[\s\0]+")
#: as str.split() parts them
_WORD = re.compile(r"\S+")
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[A-Za-z][A-Za-z0-9]{1,39};?)")
#: what NFC may join to what stands before it, and that; below U+0300 it joins nothing
_MAY_JOIN = re.compile("[\0-\u02ff]?[\u0300-\U0010ffff]+")


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


@lru_cache(maxsize=1024)
def _undone(reference: str, in_attribute: bool, followed_by: str) -> tuple[str, int] | None:  # noqa: FBT001
    """As `resolve`, what it means being folded; None for what is no reference. Pages have the same few many times."""
    meaning, length = resolve(reference, in_attribute=in_attribute, followed_by=followed_by)
    return (_SPACES.sub("", meaning), length) if meaning != reference else None


def _numeric(digits: str) -> str:
    base = 16 if digits[:1] in ("x", "X") else 10
    # int() refuses thousands of digits, and takes quadratic time over them
    number = int(digits[base == 16 :].lstrip("0")[:8] or "0", base)
    if 0x80 <= number <= 0x9F:
        return decode_as(bytes([number]), "windows-1252")
    return "\ufffd" if number == 0 or number > 0x10FFFF or 0xD800 <= number <= 0xDFFF else chr(number)


class _Reading:
    """One reading of a text: parts of it, one behind the other with *between* around each, references to characters
    undone. What is read keeps its place; what a reference leaves over is blanked out."""

    def __init__(self, parts: Stretches, between: str, *, in_attribute: bool = False) -> None:
        self._parts = parts
        #: by place: the reference that the character there stands for
        self._references: dict[int, tuple[int, int]] = {}
        #: by place in the text: what `_index` tells of it, where something was found
        self._known: dict[int, int] = {}
        self._shown = between.join(["", *parts.parts])
        if "&" in self._shown:
            self._shown = self._resolved(in_attribute=in_attribute)

    def _resolved(self, *, in_attribute: bool) -> str:
        shown, at = self._shown, 0
        pieces: list[str] = []
        for found in _REFERENCE.finditer(shown):
            start, end = found.span()
            # What follows matters to no reference that is closed.
            following = "" if shown[end - 1] == ";" else shown[end : end + 1]
            if (undone := _undone(found[0], in_attribute, following)) is None:
                continue
            folded, length = undone
            # No reference is shorter than what it means; one to white space is blanked out.
            pieces += (shown[at:start], folded.ljust(length))
            at = start + length
            for place in range(start, start + len(folded)):
                self._references[place] = start, at
        return "".join([*pieces, shown[at:]])

    @cached_property
    def folded(self) -> str:
        # str.split() knows the white space of _SPACES but for NUL, which is not there but between values.
        return "".join(self._shown.split())

    @cached_property
    def _shown_starts(self) -> list[int]:
        """Where each part begins in what is shown; and where one more would."""
        return [*accumulate((len(part) + 1 for part in self._parts.parts), initial=1)]

    @cached_property
    def _counts(self) -> list[int]:
        """How many characters of the folded text stand before every _STEP-th of what is shown."""
        steps = range(0, len(self._shown), _STEP)
        return [*accumulate((_folded_length(self._shown[at : at + _STEP]) for at in steps), initial=0)]

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
        begin = self._index(after) if after else 0
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
            first, last = self._shown_at(at), self._shown_at(end - 1)
        else:
            first = self._shown_at(at)
            # Most stand there character by character, white space too.
            told = quote.strip()
            is_told = told[-1:] == wanted[-1:] and self._shown.startswith(told, first)
            last = first + len(told) - 1 if is_told else self._shown_at(end - 1)
        start, stop = self._place(first)[0], self._place(last)[1]
        if first not in self._references:
            self._known[start] = at
        return start, stop

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

    def _index(self, place: int) -> int:
        """How many characters of the folded text stand before *place* in the text."""
        if place in self._known:
            return self._known[place]
        part = bisect_right(self._parts.starts, place) - 1
        if part < 0:
            return 0
        begin, following = self._shown_starts[part : part + 2]
        at = min(begin + place - self._parts.starts[part], following - 1)
        nth = min(at // _STEP, len(self._counts) - 1)
        return self._counts[nth] + _folded_length(self._shown[nth * _STEP : at])

    def _shown_at(self, index: int) -> int:
        """Where in what is shown the folded character at *index* stands."""
        nth = bisect_right(self._counts, index) - 1
        low, high = nth * _STEP, min((nth + 1) * _STEP, len(self._shown))
        left = index - self._counts[nth]
        # It stands in shown[low:high], with *left* others before it.
        for word in _WORD.finditer(self._shown, low, high):
            length = word.end() - word.start()
            if left < length:
                return word.start() + left
            left -= length
        return low

    def _place(self, shown_at: int) -> tuple[int, int]:
        """Where in the text the character that is shown there begins, and where it ends."""
        start, end = self._references.get(shown_at, (shown_at, shown_at + 1))
        part = bisect_right(self._shown_starts, start) - 1
        shift = self._parts.starts[part] - self._shown_starts[part]
        return start + shift, end + shift


def _folded_length(text: str) -> int:
    return len("".join(text.split()))


def _begins_cluster(character: str) -> bool:
    """Whether NFC never joins it to what stands before: no mark, and no vowel or final consonant of Hangul jamo."""
    return unicodedata.category(character)[0] != "M" and not "\u1160" <= character <= "\u11ff"


class _Readings:
    """Both readings of a text, which is taken apart once for them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._holds_nul = "\0" in text

    @cached_property
    def _markup(self) -> Markup:
        return Markup(self._text)

    @cached_property
    def seen(self) -> _Reading:
        """What a reader sees."""
        markup = Markup(self._text.replace("\0", " ")) if self._holds_nul else self._markup
        return _Reading(markup.texts, " ")

    @cached_property
    def values(self) -> _Reading:
        """The values of attributes, each on its own."""
        values = self._markup.values
        if self._holds_nul:
            values = values._replace(parts=[part.replace("\0", " ") for part in values.parts])
        return _Reading(values, _BETWEEN, in_attribute=True)


def _source(text: str, *, in_attribute: bool = False) -> _Reading:
    """The text as it stands, or the value that it is."""
    return _Reading(Stretches([text.replace("\0", " ")], [0]), " ", in_attribute=in_attribute)


#: of a page, where its title and what its tags say of it stand
_HEAD_CHARS = 2048
_MARGIN_CHARS = 256


class Body:
    """A body in which many quotes are looked for: it is read once, and only as far as the quotes ask."""

    def __init__(self, body: bytes, charset: str, text: str | None = None) -> None:
        """*text*: the body's, where it is decoded already."""
        self.text = decode_as(body, charset) if text is None else text
        self._map = ByteMap(body, charset, self.text)
        self._whole = _Readings(self.text)
        self._head = _Readings(self.text[:_HEAD_CHARS])

    def _in_head(self, quote: str, where: Where) -> tuple[int, int] | None:
        """Where it stands first, if that is near the beginning: most pages are asked for their title, and no more."""
        if len(self.text) < 2 * _HEAD_CHARS:
            return None
        reading = self._head.values if where == "attribute" else self._head.seen
        found = reading.find(quote, 0)
        # At its very end what follows might belong to it.
        return found if found and found[1] < _HEAD_CHARS - _MARGIN_CHARS else None

    @cached_property
    def _source(self) -> _Reading:
        return _source(self.text)

    def locate(self, quote: str, *, after: int = 0, where: Where = "any") -> tuple[int, int] | None:
        """Byte range of the first place at byte *after* or behind it that reads as *quote*; None when there is none."""
        if not fold(quote):
            return None
        begin = self._map.char_at(after) if after else 0
        found = None if begin else self._in_head(quote, where)
        if found is None and where != "attribute":
            found = self._whole.seen.find(quote, begin)
        if found is None and where != "text":
            found = self._whole.values.find(quote, begin)
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
    readings = (_Readings(text).seen, _source(text, in_attribute=True), _source(text))
    return any(fold(reading.folded) == wanted for reading in readings)
