"""No page may take long, or break the extraction: what comes off the network is anything at all."""

from __future__ import annotations

import doctest
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.decoding import decode
from archive.model import Page, Section
from archive.quotes import stands
from crawler import tree as tree_module
from crawler.extract import extract, page_text
from crawler.items import KINDS
from crawler.tree import parse

SIZE = 200_000
#: a quadratic step took minutes over this; the slowest that is none takes a second
LIMIT_S = 10


def read(body: bytes) -> tuple[Section, ...]:
    text, charset = decode(body, "text/html")
    page = Page("http://x.test/", body, text, charset)
    tree = parse(text)
    page_text(tree)
    return extract(page, tree)


@pytest.mark.parametrize(
    "piece",
    [
        "<div>",
        "<b>",
        "<ul><li>",
        "<table><tr><td>",
        "<nav class=nav>",
        "<a href=x>Leden",
        "<b>x<br>",
        "<h2>Onze leden</h2>",
        "<h2>Sponsors</h2><img src=a.png>",
        "<p>Leden:</p><p>Stichting A</p>",
        "<p>Sponsors</p>",
        "<img src=a.png alt='logo x.png'>",
        "<p>De leden zijn: ",
        "bestaat uit A, ",
        "Doelen: • een goed doel ",
        "A/B, C en D; ",
        "is sinds 2016 voorzitter ",
        "het Verdrag (1999) ",
        "www.x.test ",
        "x y z. ",
        "Aa Aa Aa ",
        "<span>Leden</span>",
        "KvK 1",
        "powered by A ",
        "het doel van x is ",
        "<svg>",
        "<noscript><img src=x>",
        "<i style='background:url(x'>",
        "ANBI ",
        "</p>",
        "<p>Wij willen:<p>- a b c d e f",
        "<script type='application/ld+json'>[[[[",
        "- ",
        "(",
    ],
)
@pytest.mark.parametrize(
    "head", ["", "<p>Onze leden:</p>", "<p>Wordt ondersteund door:</p><p>Better Care betekent dat:</p>"]
)
def test_much_of_one_thing_takes_no_quadratic_time(piece: str, head: str) -> None:
    body = (head + piece * (SIZE // len(piece))).encode()
    began = time.process_time()
    assert len(read(body)) == len(KINDS)
    assert time.process_time() - began < LIMIT_S


@pytest.mark.parametrize(
    "text",
    [
        "<p>" + "a" * SIZE,
        "<p>" + "A" * SIZE,
        "<p>" + " " * SIZE,
        "<p>Leden: " + "A, " * (SIZE // 3),
        "<img alt='" + "x" * SIZE + "'>",
        "<img srcset='" + "x 1w," * (SIZE // 5) + "'>",
        "<p " + "a=b " * (SIZE // 4) + ">Leden:</p>",
        "<title>" + "x - " * (SIZE // 4),
        "<html lang='" + "x" * SIZE + "'>",
        "<base href='" + "x" * SIZE + "'><a href=y>z</a>",
        "<a href='http://[::1'>x</a><img src='http://[bad'>",
        "<p>" + "\u0301" * 100_000,
    ],
    ids=range(12),
)  # fmt: skip
def test_one_endless_thing_is_read_too(text: str) -> None:
    began = time.process_time()
    assert len(read(text.encode())) == len(KINDS)
    assert time.process_time() - began < LIMIT_S


@pytest.mark.parametrize(
    "body", [b"", b"\x00", b"\xff\xfe", b"<", b"<!doctype html>", b"\xef\xbb\xbf", b"<frameset><frame src=x>"]
)
def test_next_to_nothing_is_a_page(body: bytes) -> None:
    assert [section.state for section in read(body)] == ["absent"] * len(KINDS)


PIECES = st.sampled_from(
    "<p> </p> <ul> <li> </ul> <table> <tr> <td> <br> <h2> </h2> <b> </b> <a\thref='http://y.test/'> </a> <hr> <div\tclass=nav> </div> "
    "<img\tsrc=a.png\talt='Plan.jpg'> Leden: Sponsors Doelen: Plan Cordaid , en ; • bestaat\tuit\tde\tvolgende\torganisaties: "
    "naast voorzitter sinds 2016 (1989) verdrag &amp; &nbsp; é Stichting\tEik ANBI wordt\tgesteund\tdoor: 1. <svg> <noscript> <!-- --> <script> </script>".split(
        " "
    )
).map(lambda piece: piece.replace("\t", " "))


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES | st.text(max_size=8), max_size=60))
def test_any_soup_gives_facts_that_stand_in_it(pieces: list[str]) -> None:
    body = " ".join(pieces).encode("utf-8", "replace")
    for section in read(body):
        assert (section.state == "found") == bool(section.facts)
        for fact in section.facts:
            at = fact.evidence
            assert stands(body, "utf-8", at.byte_start, at.byte_end, at.quote), fact


def test_examples_of_the_tree_hold() -> None:
    assert doctest.testmod(tree_module).failed == 0


@pytest.mark.parametrize(
    "tag",
    [
        "<p " + " ".join(f"a{n}=1" for n in range(SIZE)),
        "<p " + "".join(f'a{n}="1"' for n in range(SIZE)),
        "<p " + "".join(f"a{n}/" for n in range(SIZE)),
        "<p " + " ".join(f"a{n}" for n in range(900)) + ">" * 100,
    ],
)
def test_a_tag_of_many_attributes_takes_no_time(tag: str) -> None:
    began = time.monotonic()
    parse("<p>before" + tag)
    assert time.monotonic() - began < LIMIT_S


def test_a_page_is_read_up_to_a_tag_of_thousands_of_attributes() -> None:
    overloaded = "<p " + " ".join(f"a{n}" for n in range(20_000)) + ">"
    assert page_text(parse(f"<p>before{overloaded}after")).text == "before"
    picture = f"<img src=data:image/png;base64,{'ab/+' * 10_000}>"
    assert page_text(parse(f"<p>before{picture}after")).text == "beforeafter"
