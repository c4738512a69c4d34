"""Whatever a page's bytes spell as the text, they are found and masked; in time that grows with the bytes alone."""

from __future__ import annotations

import functools
import html
import json
import time
import unicodedata
from html.entities import html5
from urllib.parse import quote

import pytest

from archive.erasure.needles import Needles

NAME = "Zoë O'Hara-Müller"
NFD = unicodedata.normalize("NFD", NAME)


needles_of = functools.cache(lambda text: Needles([text]))


def referred(text: str, form: str) -> str:
    return "".join(form.format(ord(one)) for one in text)


#: as a page or a script writes NAME
SPELLED = {
    "itself": NAME,
    "decomposed": NFD,
    "upper": NAME.upper(),
    "decomposed upper": NFD.upper(),
    "lower": NAME.lower(),
    "names": "Zo&euml; O&apos;Hara-M&uuml;ller",
    "names, upper": "ZO&Euml; O&apos;HARA-M&Uuml;LLER",
    "names without semicolons": "Zo&euml O'Hara-M&uumlller",
    "decimal": referred(NAME, "&#{};"),
    "decimal with zeros": referred(NAME, "&#000000{};"),
    "decimal without semicolons": "Zo&#235 O&#39Hara-M&#0252ller",
    "hexadecimal": referred(NAME, "&#x{:x};"),
    "hexadecimal with zeros": referred(NAME, "&#X0000000000{:X};"),
    "hexadecimal without semicolons": "Zo&#xEB O&#x27Hara-M&#XfCller",
    "decomposed references": referred(NFD, "&#{};"),
    "escaped twice": html.escape(html.escape(referred(NAME, "&#{};"))),
    "a form of Python's": html.escape(NAME),
    "JSON": json.dumps(NAME)[1:-1],
    "JSON in JSON": json.dumps(json.dumps(NFD))[3:-3],
    "JavaScript": "Zo\\xeb O\\'Hara-M\\u{fc}ller",
    "percent signs": quote(NAME),
    "percent signs twice": quote(quote(NAME)),
    "percent signs of Latin-1": quote(NAME, encoding="latin-1"),
    "a form": quote(NAME).replace("%20", "+"),
    "white space": "Zoë\r\n" + " " * 900 + "\t&nbsp;&#160;&#x20;O'Hara-Müller",
}


@pytest.mark.parametrize("spelled", SPELLED.values(), ids=SPELLED)
@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("asked", [NAME, NFD], ids=["composed", "decomposed"])
def test_a_spelling_is_found_and_masked(spelled: str, codec: str, asked: str) -> None:
    before, after = "<p>aan ".encode(codec), " en Jan</p>".encode(codec)
    found = spelled.encode(codec, "xmlcharrefreplace")
    masked, count = needles_of(asked).masked(before + found + after)
    assert (count, len(masked)) == (1, len(before + found + after))
    if codec.startswith("utf-16"):  # nobody can tell from the middle of a page which byte of two is the first
        assert b"xx" * (len(found) // 2) in masked
    else:
        assert masked == before + b"x" * len(found) + after


@pytest.mark.parametrize("character", ["é", "&", '"', "ß", "Å", "–", "€", "😀"])
def test_every_name_that_html_has_for_a_character_is_found(character: str) -> None:
    needles = Needles([f"Anna{character}Jan"])
    for name in [name for name, meaning in html5.items() if meaning == character]:
        assert needles.is_in([f"Anna&{name}Jan".encode()]), name
    assert needles.is_in([f"ANNA{character.upper()}JAN".encode()])


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("Лев Толстой", "cp1251"),
        ("Лев Толстой", "koi8-r"),
        ("夏目漱石の家族", "shift_jis"),
        ("Łódź Żeromski", "iso8859-2"),
    ],
)
def test_a_name_is_found_in_the_codecs_of_its_pages(text: str, codec: str) -> None:
    assert Needles([text]).is_in([b"<p>", f"{text.upper()}</p>".encode(codec)])


def test_what_only_looks_like_it_stays() -> None:
    for other in ("Zoe O'Hara-Müller", "Zo&#2350; O'Hara", "Zo&#235;O'Hara-Müller", "Zo&euml;; O'Hara-Müller"):
        assert Needles([NAME]).masked(other.encode()) == (other.encode(), 0)


def test_of_an_address_all_that_follows_its_host_is_masked_in_any_spelling() -> None:
    needles = Needles([], ["http://a.test/p", "http://a.test/p/zo%C3%AB?a=1&b=2"])
    for said, left in (
        ("http://a.test/p/zo%C3%AB?a=1&amp;b=2 on", "http://a.test/"),
        ("http:\\/\\/a.test/P/zo%c3%ab?a=1&#38;b=2 on", "http:\\/\\/a.test/"),
        ("http%3A%2F%2Fa.test%2Fp%2Fzo%25C3%25AB%3Fa%3D1%26b%3D2 on", "http%3A%2F%2Fa.test"),
    ):
        masked, count = needles.masked(said.encode())
        assert (masked.decode(), count) == (left + "x" * (len(said) - len(left) - 3) + " on", 1)


#: what each position of a hostile page may begin to look like the text
HOSTILE = {
    "zeros": b"Zo&#" + b"0" * (1 << 20),
    "references": b"Zo&#0" * (1 << 18),
    "ampersands": b"Zo&amp;amp;" * (1 << 17),
    "backslashes": b"\\" * (1 << 20),
    "white space": b"Zo&euml;" + b" \n" * (1 << 19),
    "white space and words": (b"Zo&euml;" + b" " * 100) * 10_000,
    "percent signs": b"%25" * (1 << 19),
}


@pytest.mark.parametrize("page", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_page_costs_what_its_length_costs(page: bytes) -> None:
    needles = needles_of(NAME)
    times: list[float] = []
    for part in (page[: len(page) // 8], page):
        begun = time.process_time()
        assert not needles.is_in([part])
        times.append(time.process_time() - begun)
    # Eight times as long; were it quadratic, 64 times.
    assert times[1] < 24 * max(times[0], 0.01), times
