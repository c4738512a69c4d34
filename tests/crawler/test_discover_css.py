from __future__ import annotations

import doctest
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crawler.discover.css as css_module
from crawler.discover import discover
from crawler.discover.css import references


def test_examples_in_docstrings_hold():
    assert doctest.testmod(css_module).failed == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a{background:url(x.png)}", [("x.png", "url")]),
        ("a{background:URL( 'x y.png' )}", [("x y.png", "url")]),
        ('a{background:Url("x.png")}', [("x.png", "url")]),
        ("a{background:url(a\\(1\\).png)}", [("a(1).png", "url")]),
        ('a{background:url("a\\\nb.png")}', [("ab.png", "url")]),
        ("a{background:url(\\61 b.png)}", [("ab.png", "url")]),
        ("a{background:url(a),url(b)}", [("a", "url"), ("b", "url")]),
        ("a{background:url()}", [("", "url")]),
        ("a{background:url(x.png", [("x.png", "url")]),
        ("a{background:url('x.png", [("x.png", "url")]),
        ("a{background:url('x.png\n b{}", [("x.png", "url")]),
        ("/* url(x) */ /* unclosed url(y)", []),
        ("a{background:/**/url(x)/**/}", [("x", "url")]),
        ("a{background:url('/* x */')}", [("/* x */", "url")]),
        ("a{content:'url(x)'} b{content:\"/*\"} c{d:url(y)}", [("y", "url")]),
        ("@import 'a.css';", [("a.css", "@import")]),
        ('@import "a.css" screen and (x);@import "b.css"', [("a.css", "@import"), ("b.css", "@import")]),
        ("@import url(a.css);", [("a.css", "@import")]),
        ("@IMPORT/**/ url('a.css') layer(x);", [("a.css", "@import")]),
        ("@important 'a.css'", []),
        ("@namespace url(http://www.w3.org/1999/xhtml); a{b:url(x)}", [("x", "url")]),
        ("@-moz-document url(http://a/){a{b:url(x)}}", [("x", "url")]),
        ("a{b:image-set('x' 1x, 'y' type('image/z') 2x)} c{d:'e'}", [("x", "image-set"), ("y", "image-set")]),
        ("a{b:-webkit-image-set(url('x') 1x, url(y) 2x)}", [("x", "url"), ("y", "url")]),
        ("@font-face{src:url(a.eot?#iefix) format('embedded-opentype')}", [("a.eot?#iefix", "url")]),
        ("a{background:url(x) no-repeat", [("x", "url")]),
        ("", []),
    ],
)
def test_references(text, expected):
    found = list(references(text))
    assert found == expected


def test_stylesheet_is_read_as_its_charset_says():
    found = discover(
        "http://a.example/s.css", "text/css", (), '@charset "iso-8859-1"; a{b:url(ü.png)}'.encode("latin-1")
    )
    assert [(link.url, link.hop, link.context) for link in found] == [("http://a.example/%C3%BC.png", "E", "css/url")]
    for body in (
        b'@charset "UTF-16LE"; a{b:url(x)}',
        b"\xef\xbb\xbfa{b:url(x)}",
        "a{b:url(x)}".encode("utf-16"),
        b'@charset "nonsense"; a{b:url(x)}',
    ):
        assert [link.url for link in discover("http://a.example/s.css", "text/css", (), body)] == ["http://a.example/x"]
    assert discover("http://a.example/s.css", "text/css; charset=utf-8", (), b"a{b:url(data:x)} c{d:url(#y)}") == []


@given(
    st.text()
    | st.lists(st.sampled_from("url( @import image-set( ' \" \\ /* */ ) ; } \n a \\61 type(".split(" "))).map("".join)
)
def test_any_text_is_read(text):
    for reference, where in references(text):
        assert isinstance(reference, str)
        assert where in {"url", "@import", "image-set"}


@pytest.mark.parametrize(
    "unit",
    [
        "url(",
        "/*",
        '"',
        "'",
        "\\",
        "@import ",
        "@import/**",
        "@import url(",
        "@namespace ",
        "image-set(",
        "image-set(''",
        "u",
        "a{b:url(x)}",
    ],
)
def test_twenty_megabytes_take_seconds_not_minutes(unit):
    text = unit * (20_000_000 // len(unit))
    started = time.process_time()
    for _ in references(text):
        pass
    assert time.process_time() - started < 10
