"""Snapshots: what is left of a page's markup, and where its addresses lead."""

from __future__ import annotations

import time
from contextlib import suppress
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from archive.browse import markup, sanitiser

BASE = "http://example.test/dir/page"


def rewrite(url: str) -> str:
    return f"/-/web/2016/{url}"


class Found(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    handle_startendtag = handle_starttag


def looked_at(html: str) -> Found:
    found = Found()
    found.feed(html)
    found.close()
    return found


PIECES = st.sampled_from(
    ["<script>", "</script>", "<svg/onload=x>", "<img src=x onerror=x>", "<a href='javascript:x'>", "<style>", "</style>", "<!--",
     "-->", "<math>", "<mtext>", "<template>", "<noscript>", "</noscript>", "<title>", "</title>", "<textarea>", "<iframe srcdoc='<b>'>",
     "<base href=//x>", "<form action=x>", "<meta http-equiv=refresh content='0;url=x'>", "<![CDATA[", "]]>", "<p style='background:url(x)'>",
     "<table background=data:text/html,x>", "\"'>", "&#x3c;script&#x3e;", "<xmp>", "<plaintext>", "<select>", "<object data=x>", "\0",
     "<a href=' \tjava\nscript:x'>", "<img srcset='javascript:x 2x, /y 1x'>", "<img data-src=/z>", "text"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=12).map("".join))
def test_whatever_the_markup_nothing_that_runs_is_left(html):
    found = looked_at(markup.sanitise(html, BASE, rewrite))
    assert not set(found.tags) & {
        "script",
        "style",
        "svg",
        "math",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "meta",
        "link",
        "template",
    }
    for tag, name, value in found.attributes:
        assert not name.startswith("on")
        if name in {"href", "src", "background"}:
            assert value.startswith(("/-/web/2016/http", "#")) or (tag == "img" and value.startswith("data:image/")), (
                value
            )
        if name == "srcset":
            assert all(part.strip().startswith("/-/web/2016/http") for part in value.split(","))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=12).map("".join))
def test_a_document_has_one_head_one_body_and_the_banner_last(html):
    head = markup.read_head(html, BASE)
    document = markup.compose(head, [html, html], markup.sanitise(html, BASE, rewrite), Markup("<div>BANNER</div>"))
    found = looked_at(document)
    assert found.tags[:5] == ["html", "head", "meta", "meta", "title"]
    assert found.tags.count("style") == 2
    assert found.tags.count("body") == 1
    assert document.endswith("<div>BANNER</div></body></html>")
    assert not any(name.startswith("on") for _, name, _ in found.attributes)


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        ("a{background:url(x.png)}", 'a{background:url("/-/web/2016/http://example.test/dir/x.png")}'),
        ("a{background:URL( 'x y.png' )}", 'a{background:url("/-/web/2016/http://example.test/dir/x y.png")}'),
        ("a{background:url(data:image/png;base64,AAAA)}", "a{background:url(data:image/png;base64,AAAA)}"),
        ("a{background:url(data:text/html,x)}", "a{background:none}"),
        ("a{background:url(javascript:x)}", "a{background:none}"),
        ('@import "x.css"; a{}', " a{}"),
        ("@import url(x.css) screen;b{}", "b{}"),
        ("a{background:url()}", 'a{background:url("/-/web/2016/http://example.test/dir/page")}'),
    ],
)
def test_style_sheets_take_their_pictures_from_the_archive(css, expected):
    assert markup.rewrite_css(css, BASE, rewrite) == expected


def test_the_head_is_read_for_what_the_body_needs():
    html = """<!-- <base href="/wrong/"> --><html lang=nl><head><script>"<title>wrong</title>"</script>
    <title>Caf&eacute;
      nu</title><base href="/base/"><link rel="stylesheet" href="a.css"><style>b{}</style>
    <link rel="STYLESHEET" media=print href="print.css"><link rel=icon href=x><body class="c" id=d>"""
    head = markup.read_head(html, BASE)
    assert (head.lang, head.title, head.base) == ("nl", "Café nu", "http://example.test/base/")
    assert (head.body_class, head.body_id) == ("c", "d")
    assert head.styles == [("http://example.test/base/a.css", None), ("http://example.test/base/", "b{}")]


@pytest.mark.parametrize(
    "html",
    ["<div>" * 900 + "<p></p>" * 60_000, "<b>" * 900 + "<p>" * 60_000, "<!--" * 200_000, "<script>" * 100_000, "<style>" * 100_000, "<link rel=stylesheet href='" * 50_000, "<a b='" * 100_000,
     '<base href="' * 80_000, "<title>" * 100_000, "url(" * 200_000, "<img " + "a " * 300_000,      "<img data-src=x " * 60_000, "<body " + "x=y " * 200_000, "&#" * 300_000, "@import " * 100_000],
    ids=lambda html: html[:12],
)  # fmt: skip
def test_no_page_takes_long(html):
    started = time.process_time()
    head = markup.read_head(html, BASE)
    with suppress(sanitiser.CostsTooMuch):
        sanitiser.sanitise(html, head.base, "/")
    markup.rewrite_css(html, BASE, rewrite)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "html",
    ["<div>" * 400_000, "".join(f"<b x={n}>" for n in range(20_000)) + "<p>x" * 20_000, "x" * (markup.MAX_CHARS + 1)],
    ids=["nested", "formatting", "long"],
)
def test_a_page_that_costs_too_much_is_given_up(html):
    started = time.monotonic()
    with pytest.raises(sanitiser.CostsTooMuch):
        sanitiser.sanitise(html, BASE, "/-/web/2016/")
    assert time.monotonic() - started < 20


def test_the_sanitiser_apart_says_what_it_says_here():
    html = "<p onclick=x>caf\u00e9 <a href='/x y#z'>\U0001f600</a><script>x</script>" * 1000
    here = markup.sanitise(html, BASE, markup.into("/-/web/2016/"))
    assert sanitiser.sanitise(html, BASE, "/-/web/2016/") == here
    assert 'href="/-/web/2016/http://example.test/x%20y"' in here
