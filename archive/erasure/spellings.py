"""Every way in which pages, addresses and scripts write one text, as a regular expression over their bytes.

Case, composed or decomposed letters, percent signs, HTML's character references (HTML 13.1.4), a script's escapes may
change from character to character. Each is tried where it stands and nothing is repeated without bound but zeros,
possessively: time grows with the bytes searched, whatever they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from html.entities import html5

#: in which pages are written; those that cannot write a text, or write it as another does, cost nothing
_CODECS = (
    "utf-8", "utf-16-le", "utf-16-be", "cp1252", "iso8859-15", "iso8859-2", "cp1250", "cp1251", "koi8-u", "iso8859-5",
    "cp1253", "iso8859-7", "cp1254", "cp1255", "cp1256", "cp1257", "shift_jis", "euc_jp", "gbk", "big5", "euc_kr",
)  # fmt: skip
#: HTML's names of each character, without ``&``; with and without the semicolon that some may lack
_NAMES: dict[str, list[str]] = {}
for _name, _meaning in html5.items():
    _NAMES.setdefault(_meaning, []).append(_name)
_SPACES = " \t\n\r\f\v\u00a0"


def codecs_of(text: str) -> Iterator[str]:
    for codec in _CODECS:
        try:
            _encoded(unicodedata.normalize("NFC", text), codec)
        except UnicodeError:
            continue
        yield codec


def pattern(text: str, codec: str, *, letters_are_plain: bool = False) -> bytes:
    """*text* in all its spellings in a page of *codec*. No flags are needed, and none may be set.

    With *letters_are_plain* ASCII letters and digits are themselves: nobody escapes them in an address.
    """
    units = _Units(codec)
    return b"".join(_spelled(cluster, text, units, plain=letters_are_plain) for cluster in _clusters(text))


def _clusters(text: str) -> Iterator[str]:
    """A letter and its marks; white space between words."""
    yield from re.findall(r"\s+|.[\u0300-\u036f]*", unicodedata.normalize("NFC", text), re.DOTALL)


def _spelled(cluster: str, text: str, units: _Units, *, plain: bool) -> bytes:
    if not cluster.strip():
        return _space(text, units)
    if plain and cluster.isascii() and cluster.isalnum():
        return units.any_case(cluster)
    cased = (cluster, cluster.lower(), cluster.upper(), cluster.title(), cluster.casefold())
    written = dict.fromkeys(unicodedata.normalize(form, one) for one in cased for form in ("NFC", "NFD"))
    found: list[bytes] = []
    for one in written:
        # The forms of the first character apart: a search begins at literals, of which most bytes are none.
        first, rest = _forms(one[0], units), b"".join(_any_of(_forms(character, units)) for character in one[1:])
        found += [form + rest for form in first]
    return _any_of(found)


def _any_of(forms: Iterable[bytes]) -> bytes:
    return b"(?:%s)" % b"|".join(dict.fromkeys(forms))


def _space(text: str, units: _Units) -> bytes:
    """Any white space between two words, as much as there is; not by a sign that *text* itself has."""
    forms = [form for one in _SPACES for form in _forms(one, units)]
    forms += [units.exactly("\\") + units.exactly(letter) for letter in "ntr" if "\\" not in text]
    forms += [units.exactly("+")] if "+" not in text else []
    return _any_of(forms) + b"{1,4096}+"


def _forms(character: str, units: _Units) -> list[bytes]:
    """How one character may be written; each begins with a literal."""
    code = ord(character)
    zeros = b"(?:%s)*+" % units.exactly("0")
    references = [units.exactly(name) for name in sorted(_NAMES.get(character, ()), key=len, reverse=True)]
    numbers = zeros + units.exactly(str(code)) + units.end_of_number("0123456789")
    hex_digits = zeros + units.any_case(f"{code:x}") + units.end_of_number("0123456789abcdefABCDEF")
    references += [units.exactly("#") + _any_of((numbers, units.any_case("x") + hex_digits))]
    halves = character.encode("utf-16-be", "surrogatepass").hex()
    again = units.exactly("\\") + units.maybe("\\", 7) + b"+"
    escapes = [
        again.join(units.exactly("u") + units.any_case(halves[at : at + 4]) for at in range(0, len(halves), 4)),
        units.exactly("u{") + units.maybe("0", 6) + units.any_case(f"{code:x}") + units.exactly("}"),
    ]
    if code < 1 << 8:
        escapes.append(units.exactly("x") + units.any_case(f"{code:02x}"))
    if character.isascii() and not character.isalnum() and character not in " \t\n\r\f\v\\":
        escapes.append(units.exactly(character))
    sign = units.exactly("%") + units.maybe("25", 3)
    raw = units.raw(character) if character != "\\" else [units.exactly("\\") + units.maybe("\\", 7)]
    return [
        *raw,
        # Escaped more than once, as in feeds and in attributes.
        units.exactly("&") + units.maybe("amp;", 3) + _any_of(references),
        *(b"".join(sign + units.any_case(f"{byte:02x}") for byte in data) for data in units.percent(character)),
        again + _any_of(escapes),
    ]


class _Units:
    """What ASCII looks like in a codec, as regular expressions."""

    def __init__(self, codec: str) -> None:
        self.codec = codec

    def exactly(self, text: str) -> bytes:
        return re.escape(text.encode(self.codec))

    def any_case(self, text: str) -> bytes:
        pairs = zip(text.lower().encode(self.codec), text.upper().encode(self.codec), strict=True)
        return b"".join(re.escape(bytes([a])) if a == b else b"[%c%c]" % (a, b) for a, b in pairs)

    def maybe(self, text: str, times: int) -> bytes:
        return b"(?:%s){0,%d}" % (self.exactly(text), times)

    def end_of_number(self, digits: str) -> bytes:
        more = b"|".join(self.exactly(digit) for digit in digits)
        return b"(?:%s|(?!%s))" % (self.exactly(";"), more)

    def raw(self, character: str) -> list[bytes]:
        try:
            return [re.escape(_encoded(character, self.codec))]
        except UnicodeError:
            return []

    def percent(self, character: str) -> list[bytes]:
        """The bytes that percent signs would stand for: UTF-8's, Latin-1's, and those of the page."""
        found = [_encoded(character, "utf-8")]
        for codec in ("cp1252", self.codec) if not self.codec.startswith("utf-16") else ("cp1252",):
            with suppress(UnicodeError):
                found.append(_encoded(character, codec))
        return list(dict.fromkeys(found))


def _encoded(text: str, codec: str) -> bytes:
    return text.encode(codec, "surrogatepass" if codec.startswith("utf") else "strict")
