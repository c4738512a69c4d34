"""Finding secrets in bytes that come in pieces, in whatever spelling text on the web gives them."""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from html.entities import html5

#: searched at once
_WINDOW_BYTES = 1 << 16
#: HTML's names of each character (HTML, 13.5), with and without the semicolon that some may lack
_ENTITIES: dict[str, list[str]] = {}
for _name, _meaning in html5.items():
    _ENTITIES.setdefault(_meaning, []).append(f"&{_name}")
#: of one character in its longest spelling, such as ``%252f``, ``&#00047;`` or ``&DiacriticalGrave;``
_LONGEST = 36


class Forms:
    """Every spelling of some secrets: as they are, percent-encoded (twice, too), as HTML or JSON escapes them,
    character by character in any mix; and in base64, alone or inside something longer."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # One pattern each: a search for one first character is many times faster than for several.
        self._patterns: list[re.Pattern[bytes]] = []
        self._overlap = 0
        for secret in secrets:
            for letters in (list(map(_spelled, secret)), *_in_base64(secret)):
                self._patterns.append(re.compile(b"".join(letters)))
                self._overlap = max(self._overlap, 4 * _LONGEST * len(letters))

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def find(self, data: bytes | bytearray) -> list[tuple[int, int]]:
        """Where they stand in *data*, as ranges in order that do not touch."""
        return merged(match.span() for pattern in self._patterns for match in pattern.finditer(data))

    def find_in(self, pieces: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, int]]:
        """The same of bytes that come in *pieces*, each behind its offset. What stands across pieces whose offsets do
        not follow each other (chunks of a chunked body) is several ranges. Not in order, and may overlap."""
        window = bytearray()
        #: where in the window each piece begins, and the offset it came from
        starts: list[int] = []
        offsets: list[int] = []
        for offset, piece in pieces:
            if not starts or offsets[-1] + len(window) - starts[-1] != offset:
                starts.append(len(window))
                offsets.append(offset)
            window += piece
            if len(window) < _WINDOW_BYTES + self._overlap:
                continue
            # A match that begins past here may not have all come yet.
            safe = len(window) - self._overlap
            for start, stop in self.find(window):
                yield from _located(start, stop, starts, offsets)
            del window[:safe]
            first = bisect_right(starts, safe) - 1
            offsets = [offsets[first] + safe - starts[first], *offsets[first + 1 :]]
            starts = [0, *(start - safe for start in starts[first + 1 :])]
        for start, stop in self.find(window):
            yield from _located(start, stop, starts, offsets)


def _located(start: int, stop: int, starts: list[int], offsets: list[int]) -> Iterator[tuple[int, int]]:
    at = bisect_right(starts, start) - 1
    while start < stop:
        end = min(stop, starts[at + 1]) if at + 1 < len(starts) else stop
        if start < end:
            yield offsets[at] + start - starts[at], offsets[at] + end - starts[at]
        start, at = end, at + 1


def merged(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """*ranges* in order, those that overlap or touch made one.

    >>> merged([(5, 9), (0, 2), (7, 12), (12, 13)])
    [(0, 2), (5, 13)]
    """
    found: list[tuple[int, int]] = []
    for start, stop in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found


def _spelled(character: str) -> bytes:
    data = character.encode("utf-8", "surrogateescape")
    percent = b"".join(b"%%(?:25)*%s" % _hex(b"%02x" % byte) for byte in data)
    forms = [re.escape(data), percent]
    # A search begins at the letters it can begin with: one that most bytes are not.
    forms += [b"&#0{0,3}%d;" % ord(character), b"&#[xX]0{0,3}%s;" % _hex(b"%x" % ord(character))]
    if ord(character) < 1 << 16:
        forms.append(rb"\\u%s" % _hex(b"%04x" % ord(character)))
    if ord(character) < 1 << 8:
        forms.append(rb"\\x%s" % _hex(b"%02x" % ord(character)))
    if names := _ENTITIES.get(character):
        forms += [re.escape(name.encode()) for name in sorted(names, key=len, reverse=True)]
    if character in "\"'\\/":
        forms.insert(0, rb"\\" + re.escape(data))
    if character == " ":
        forms.append(rb"\+")
    if len(data) > 1 and ord(character) < 1 << 8:
        forms += [re.escape(character.encode("latin-1")), b"%%(?:25)*%s" % _hex(b"%02x" % ord(character))]
    return b"(?:%s)" % b"|".join(forms)


def _hex(digits: bytes) -> bytes:
    return b"".join(b"[%c%c]" % (d, d - 32) if d > 57 else b"%c" % d for d in digits)


def _in_base64(secret: str) -> Iterator[list[bytes]]:
    """The base64 of *secret*; and of what holds it, the digits that depend on nothing else, for each way it can lie."""
    data = secret.encode("utf-8", "surrogateescape")
    yield [_digit(character) for character in base64.b64encode(data).rstrip(b"=").decode()]
    for before in (1, 2):
        digits = base64.b64encode(bytes(before) + data).decode()
        first, end = -(-before * 8 // 6), (before + len(data)) * 8 // 6
        yield [_digit(character) for character in digits[first:end]]
    yield [_digit(character) for character in base64.b64encode(data).decode()[: len(data) * 8 // 6]]


def _digit(character: str) -> bytes:
    """Of base64, or of its alphabet for URLs."""
    if character == "+":
        return rb"(?:[+]|-|%(?:25)*2[bB])"
    if character == "/":
        return rb"(?:/|_|\\/|%(?:25)*2[fF])"
    return character.encode()
