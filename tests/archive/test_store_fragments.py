"""Fragments: what stood there, what stands there now, each to be cut out of its body again."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.decoding import decode_as
from archive.store.fragments import LIMIT, Fragment, PageSource, cut_again, standing, standing_now
from tests.archive.store_builders import absent, members, open_store, reading, rows, write

INTRO = "<p>Samen zorgen deze clubs in de hele delta voor schoon water en stille oevers, het hele jaar door.</p>"
END = "<h2>Bezoek</h2><p>Het kantoor is op werkdagen open van negen tot vijf en staat aan de haven van Dokkum.</p>"


def page(html: str, *quotes: str, charset: str = "utf-8") -> PageSource:
    body = html.encode({"utf-16le": "utf-16-le", "windows-1252": "cp1252"}.get(charset, charset))
    empty = PageSource(body, charset, [])
    evidence = [(quote, *found) for quote in quotes if (found := empty.quoted.locate(quote))]
    assert len(evidence) == len(quotes)
    return PageSource(body, charset, evidence)


def now(before: PageSource, after: PageSource) -> Fragment:
    return standing_now(before, after, [span for quote in before.quotes if (span := after.locate(quote))])


OLD = page(f"<body>{INTRO}<h2>Leden</h2><ul><li>Bond Eén</li><li>Bond Twee</li></ul>{END}", "Bond Eén", "Bond Twee")


def test_old_one_begins_with_the_label():
    assert standing(OLD).text == "<h2>Leden</h2><ul><li>Bond Eén</li><li>Bond Twee"
    assert standing(OLD).readable == "Leden Bond Eén Bond Twee"


def test_names_that_stand_elsewhere_are_shown_there():
    after = page(f"<body>{END}<div><b>Wie we zijn</b> <i>Bond Twee</i>, <i>Bond Eén</i></div>{INTRO}")
    assert now(OLD, after).readable == "Wie we zijn Bond Twee , Bond Eén"


def test_what_stands_between_the_words_around_it():
    after = page(f"<body><nav>menu</nav>{INTRO}<form>Doe mee en word vrijwilliger</form>{END}")
    assert "door. Doe mee en word vrijwilliger Bezoek Het" in now(OLD, after).readable


def test_what_follows_where_only_the_words_before_it_stand():
    after = page(f"<body>{INTRO}<p>Iets heel anders</p>")
    assert now(OLD, after).readable.endswith("Iets heel anders")


def test_page_of_other_words_is_shown_from_its_beginning():
    after = page("<head><title>x</title></head><body class=p>This domain is for sale")
    assert now(OLD, after).text == "<body class=p>This domain is for sale"


def test_section_that_is_there_is_shown_before_anything_else():
    after = page(f"<body>Bond Eén en Bond Twee{INTRO}<h3>Leden</h3><ul><li>Bond Drie</li></ul>", "Bond Drie")
    assert now(OLD, after).text == "<h3>Leden</h3><ul><li>Bond Drie"


def test_words_that_stand_twice_are_no_place():
    twice = page(f"<body>{INTRO}<p>Een</p>{INTRO}<p>Twee</p>")
    assert now(OLD, twice).text.startswith("<body>")


def test_logo_wall_without_words_shows_its_source():
    wall = page("<body><div><img src=a.png alt=Fonds><img src=b.png></div>", "Fonds", "b.png")
    assert "<img" in standing(wall).text
    assert standing(wall).readable


@settings(deadline=None, max_examples=150)
@given(
    html=st.text(st.sampled_from("<>/ab é€\0\n&;\U0001f600\u0301"), max_size=3000),
    other=st.text(st.sampled_from("<>ab é&;"), max_size=300),
    spans=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 900)), max_size=4),
    charset=st.sampled_from(["utf-8", "utf-16le", "windows-1252"]),
)
def test_any_fragment_can_be_cut_out_of_its_body_again(html, other, spans, charset):
    codec = {"utf-16le": "utf-16-le", "windows-1252": "cp1252"}.get(charset, charset)
    body = html.encode(codec, "replace")
    evidence = [("ab", min(start, len(body)), min(start + size, len(body))) for start, size in spans]
    one, two = PageSource(body, charset, evidence), PageSource(other.encode(codec, "replace"), charset, [])
    for fragment, of in ((standing(one), body), (now(one, two), two.body), (now(two, one), body)):
        assert cut_again(of, charset, fragment.byte_start, fragment.byte_end) == fragment.text
        assert fragment.text in decode_as(of, charset)
        assert len(fragment.text) <= LIMIT
        assert "\n" not in fragment.readable


@pytest.mark.parametrize(
    "body",
    [b"<" * (1 << 20), b"<script>" * (1 << 17), b'<a href="' + b"x " * (1 << 19), b"aa bb cc dd ee " * (1 << 16)],
)
def test_hostile_pages_cost_seconds_at_most(body):
    began = time.process_time()
    now(PageSource(body, "utf-8", [("aa bb", 500_000, 500_005)]), PageSource(body, "utf-8", []))
    assert time.process_time() - began < 20


def test_row_stands_without_fragments_where_the_files_cannot_be_read(tmp_path):
    with open_store(tmp_path) as store:
        write(store, 0, reading(0, members("A", "B", "C", "D")))
        write(store, 1, reading(1, absent("member")))
        store.derive("example", anchors=["home"], warcs=tmp_path)
        assert rows(store, "SELECT kind, before_fragment, after_fragment, quotes_still FROM drift") == [
            ("section vanished", None, None, None)
        ]
