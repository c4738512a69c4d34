from __future__ import annotations

import doctest
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

import crawler.discover.html as html_module
from archive.model import Link, Page
from crawler.discover import discover, links_in_html
from crawler.discover.html import candidates

URL = "http://a.example/dir/page.html"


def links(markup: str, url: str = URL, **options: object) -> list[Link]:
    return links_in_html(LexborHTMLParser(markup), url, **options)  # type: ignore[arg-type]


def test_examples_in_docstrings_hold():
    assert doctest.testmod(html_module).failed == 0


#: Every mechanism once; what it leads to is named for it, and for the hop it should get.
EVERYTHING = """
<!doctype html><html manifest="E-appcache"><head>
<link rel=stylesheet href=E-stylesheet><link rel="Shortcut Icon" href=E-icon><link rel=apple-touch-icon href=E-touch>
<link rel=manifest href=E-manifest><link rel=preload as=image href=E-preload imagesrcset="E-imagesrcset 2x">
<link rel=modulepreload href=E-modulepreload><link rel=prefetch href=E-prefetch><link rel=image_src href=E-image_src>
<link rel="alternate stylesheet" href=E-alternate-stylesheet><link itemprop=logo href=E-microdata>
<link rel=canonical href=L-canonical><link rel=alternate hreflang=de href=L-hreflang><link rel=amphtml href=L-amp>
<link rel=alternate type="application/rss+xml" href=L-rss><link rel=alternate type="application/atom+xml" href=L-atom>
<link rel=next href=L-next><link rel=shortlink href=L-shortlink><link rel=search href=L-opensearch>
<meta http-equiv=Refresh content="5; URL='R-refresh'"><meta property="og:image" content="E-og-image">
<meta name="twitter:image" content="E-twitter-image"><meta property=og:url content=L-og-url>
<meta itemprop=image content=E-meta-itemprop>
<style>@import "E-style-import"; a{background:url(E-style-url)} b{background:image-set("E-style-image-set" 1x)}</style>
<script src=E-script></script><script>load("/E-inline-script.png"); go('/L-inline-script.html')</script>
<script type="application/ld+json">
{"@type":"NGO","logo":{"@type":"ImageObject","url":"E-jsonld-logo.png"},"sameAs":["/L-jsonld-sameas"],"url":"/L-jsonld-url"}
</script>
<noscript><link rel=stylesheet href=E-noscript-head></noscript>
</head><body background=E-body-background>
<a href=L-a>text</a><map><area href=L-area></map><a onclick="open('/L-onclick.html')">x</a>
<a href="javascript:pop('/L-javascript.html')">x</a>
<img src=E-img srcset="E-srcset-1 1x, E-srcset-2 2x" longdesc=L-longdesc lowsrc=E-lowsrc>
<picture><source srcset="E-source-srcset 100w"><img></picture>
<video src=E-video poster=E-poster><source src=E-video-source><track src=E-track></video><audio src=E-audio></audio>
<iframe src=E-iframe></iframe><iframe srcdoc="&lt;img src=E-srcdoc&gt;"></iframe>
<embed src=E-embed><object data=E-object><param name=movie value="E-param.swf"></object><applet archive=E-applet></applet>
<form action=L-form></form><form method=POST action=no-post></form><form method=GET action=L-form-get></form>
<input type=image src=E-input><blockquote cite=L-cite></blockquote>
<p style="background:url('E-style-attribute')"><table background=E-table><td background=E-td></td></table>
<image src=E-image-element>
<svg><image href=E-svg-href /><image xlink:href=E-svg-xlink /><use href="E-svg-use#part"/><a xlink:href=L-svg-a>x</a>
<style>a{fill:url(E-svg-style)}</style></svg>
<img data-src="/E-data-src"><img data-lazy-src="/E-data-lazy-src"><img data-srcset="E-data-srcset 2x"><p data-bg="/E-data-bg">
<p data-bg="url(/E-data-bg-url)"><p data-settings='{"image": "/E-data-settings.png", "to": "\\/L-data-settings.html"}'>
<select><option value=/L-option.html>x</option><option value=no-option>y</option></select><svg><feImage href=E-fe-image /></svg>
<meta name="twitter:player:stream" content=E-player-stream>
<p><p data-original="/E-data-original"><p data-whatever="/E-data-file.jpg">
<noscript><img src=E-noscript></noscript><template><img src=E-template></template><noembed><img src=E-noembed></noembed>
</body></html>
"""


def named(markup: str) -> set[str]:
    import re

    return set(re.findall(r"[ELR]-[\w-]+(?:\.\w+)?", markup))


def test_every_mechanism_is_found_with_its_hop():
    found = {link.url.rpartition("/")[2]: link for link in links(EVERYTHING)}
    assert set(found) == named(EVERYTHING)
    assert len(found) > 60
    for name, link in found.items():
        assert link.hop == name[0], name
        assert link.url in {f"http://a.example/{name}", f"http://a.example/dir/{name}"}
        assert link.context


def test_frames_are_found():
    markup = "<frameset background=f.png><frame src=f1><noframes><a href=f2>x</a></noframes></frameset>"
    assert [link.url.rpartition("/")[2] for link in links(markup)] == ["f.png", "f1", "f2"]


@pytest.mark.parametrize(
    "markup",
    [
        "<a href='mailto:a@a.example'>",
        "<a href='tel:123'>",
        "<img src='data:image/gif;base64,AAAA'>",
        "<a href='#top'>",
        "<a href=''>",
        "<img src=' '>",
        "<a href='about:blank'>",
        "<iframe src='javascript:void(0)'>",
        "<a href='http://'>",
        "<a href='http://:80/'>",
        "<a href='http://a b/'>",
        "<a href='http://[::1/'>",
        "<a href='http://a.example:99999/'>",
        "<a href='ftp://a.example/'>",
        "<link rel=preconnect href=//cdn.example>",
        "<link rel=dns-prefetch href=//cdn.example>",
        "<link rel='https://api.w.org/' href=/wp-json/>",
        "<link href=nothing>",
        "<form method=post action=/x>",
        "<meta name=description content='/a.html'>",
        "<p data-ratio=16.9 data-date=2016.04 data-text='see b.png below' data-x=text/html>",
        '<div data-src=\'{"a": "b.c"}\'>',
        "<script>x = 'text/html'; y = '/'; z = 'a.b'; w = '1.5'; v = 'use strict'; q = '/img/' + 'a.png'</script>",
        "<!-- <img src=x> --><textarea><img src=x></textarea><title><img src=x></title>",
        f"<a href='/{'x' * 9000}'>",
        "",
        "\0",
    ],
)
def test_what_leads_nowhere_is_no_link(markup):
    assert links(markup) == []


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("x", "http://a.example/dir/x"),
        ("/x", "http://a.example/x"),
        ("//b.example/x", "http://b.example/x"),
        ("//b.example", "http://b.example/"),
        ("?q=1", "http://a.example/dir/page.html?q=1"),
        ("./x", "http://a.example/dir/x"),
        ("../../../x", "http://a.example/x"),
        ("/a/../b/./c", "http://a.example/b/c"),
        ("x/..", "http://a.example/dir/"),
        ("https://b.example/a/../b", "https://b.example/b"),
        ("https://b.example?x=../y", "https://b.example/?x=../y"),
        ("x?y=/../z", "http://a.example/dir/x?y=/../z"),
        ("HTTP://B.Example/X", "http://b.example/X"),
        ("http://b.example:80/", "http://b.example/"),
        ("https://b.example:443/x", "https://b.example/x"),
        ("https://b.example:80/x", "https://b.example:80/x"),
        ("http:x", "http://a.example/dir/x"),
        ("http:/x", "http://a.example/x"),
        ("https:/b.example/x", "https://b.example/x"),
        ("https:b.example/x", "https://b.example/x"),
        ("http:///b.example/x", "http://b.example/x"),
        ("\\\\b.example\\x", "http://b.example/x"),
        ("\\x\\y", "http://a.example/x/y"),
        (" \n x y\t.html \r\n", "http://a.example/dir/x%20y.html"),
        ("a\nb", "http://a.example/dir/ab"),
        ("x#y", "http://a.example/dir/x"),
        ("ü?ü", "http://a.example/dir/%C3%BC?%C3%BC"),
        ("http://münchen.example/", "http://xn--mnchen-3ya.example/"),
        ("http://Straße.example:81/ß", "http://xn--strae-oqa.example:81/%C3%9F"),
        ("//☃.example/", "http://xn--n3h.example/"),
        ("http://ex%61mple.example/a", "http://example.example/a"),
        ("http://a%2Fb.example/", None),
        ("x%20y%2fz%zz", "http://a.example/dir/x%20y%2fz%zz"),
        ("http://[::1]:81/x", "http://[::1]:81/x"),
        ("a:b", None),
        ("x/a:b", "http://a.example/dir/x/a:b"),
        ("&#x2f;x", "http://a.example/x"),
    ],
)
def test_references_resolve_as_in_browsers(reference, url):
    quoted = reference.replace('"', "&quot;")
    assert [link.url for link in links(f'<a href="{quoted}">')] == ([url] if url else [])


def test_base_moves_every_reference():
    markup = "<a href=before><base href=/other/place.html><a href=after><base href=/not/this/>"
    assert [link.url for link in links(markup)] == ["http://a.example/other/before", "http://a.example/other/after"]
    assert links("<base href='javascript:x'><a href=x>")[0].url == "http://a.example/dir/x"


def test_queries_are_written_in_the_pages_encoding_and_paths_are_not():
    assert links("<a href='ü?ü=ж'>", encoding="windows-1252")[0].url.startswith("http://a.example/dir/%C3%BC?")
    assert links("<a href='ü?ü'>", encoding="windows-1252")[0].url == "http://a.example/dir/%C3%BC?%FC"
    for odd in ("x-user-defined", "utf-16", "no such", "idna", "base64", ""):
        assert links("<a href='?ü'>", encoding=odd)[0].url.endswith("?%C3%BC")


def test_anchor_text_is_collapsed_and_cut():
    found = links("<a href=x> Wilde\n <b>Ganzen</b>&nbsp;! </a><a href=y><img></a><a href=z>" + "ab " * 200)
    assert [link.anchor for link in found[:2]] == ["Wilde Ganzen !", None]
    assert len(found[2].anchor or "") == 200


def test_first_of_a_url_and_hop_stays_in_document_order():
    found = links("<a href=b>1</a><img src=a><a href=a>2</a><a href=b#x>3</a><img src=a>")
    assert [(link.url[-1], link.hop, link.anchor) for link in found] == [
        ("b", "L", "1"),
        ("a", "E", None),
        ("a", "L", "2"),
    ]


@pytest.mark.parametrize(
    ("source_set", "expected"),
    [
        ("a", ["a"]),
        ("a 1x, b 2x", ["a", "b"]),
        ("a,b", ["a,b"]),
        ("a, b", ["a", "b"]),
        (" , a 100w , ,b", ["a", "b"]),
        ("a 1x,b 2x", ["a", "b"]),
        ("data:image/png;base64,AA 1x, b 2x", ["data:image/png;base64,AA", "b"]),
        ("a (x, y) 1x, b", ["a", "b"]),
        ("a (x, y", ["a"]),
        ("a 1x,\u00a0b 2x,\x0bc", ["a", "\u00a0b", "\x0bc"]),
        ("", []),
        (",,,", []),
    ],
)
def test_source_sets(source_set, expected):
    assert list(candidates(source_set)) == expected


def test_a_page_of_links_is_cut():
    page = "".join(f"<a href=/{i}>x</a>" for i in range(100_000))
    assert len(links(page)) == 20_000
    assert [link.url[-2:] for link in links(page, limit=2)] == ["/0", "/1"]
    assert links(page, limit=0) == []


@pytest.mark.parametrize(
    "markup",
    [
        "<a href=x><object>" * 20_000,
        "<span>" * 100_000 + "<a href=x>",
        "<img srcset='" + "," * 1_000_000 + "'>",
        "<img srcset='" + "a (" * 300_000 + "'>",
        "<img srcset='" + "a " * 500_000 + "'>",
        "<p style='" + "url(" * 250_000 + "'>",
        "<script>" + '"' * 1_000_000 + "</script>",
        "<script>" + '"a/' * 300_000 + "</script>",
        "<script>'" + "/a" * 900 + "'" + "</script>",
        "<script>" + "'" + ("(" * 1990 + "'") * 500 + "</script>",
        "<p data-x='" + "../" * 600 + "'>" * 1,
        "<p data-x='" + ".a" * 900 + "'>" * 1,
        "<meta http-equiv=refresh content='" + " " * 500_000 + "'>",
        "<meta http-equiv=refresh content='" + "1" * 500_000 + "'>",
        "<script type=application/ld+json>" + "[" * 500_000 + "</script>",
        "<script type=application/ld+json>" + '{"a":' * 500_000 + "</script>",
        "<iframe srcdoc='" + "<iframe srcdoc=" * 10_000 + "'>",
        "<template>" * 5_000,
        "<noembed><noframes>" * 5_000,
        "<a " + " ".join(f"data-{i}=x.png" for i in range(50_000)) + ">",
        "<base href='" + "/.." * 100_000 + "'>",
    ],
    ids=lambda markup: markup[:30],
)
def test_hostile_markup_is_read_quickly(markup):
    tree = LexborHTMLParser(markup)
    started = time.process_time()
    assert len(links_in_html(tree, URL)) <= 20_000
    assert time.process_time() - started < 2


PIECES = [
    *"< > / = ' \" # ? & ; : , ( ) [ ] { } \\ \0 \n".split(" "),
    *(
        "a",
        "img",
        "href",
        "src",
        "srcset",
        "style",
        "base",
        "meta",
        "http://",
        "//",
        "..",
        "url(",
        "@import",
        "&#x",
        "data-src",
    ),
    *(
        "<a href=",
        "<img src=",
        "<base href=",
        "<script>",
        "</script>",
        "<style>",
        "<svg>",
        "<template>",
        "xlink:href",
        "\ud800",
        "é",
    ),
    *(
        '<script type="application/ld+json">',
        "content=",
        "<meta http-equiv=refresh ",
        "<link rel=stylesheet href=",
        "[::1]",
        ":99999",
    ),
]
MARKUP = st.text() | st.lists(st.sampled_from(PIECES)).map("".join)


@given(MARKUP, st.sampled_from([URL, "http://a.example", "http://[::1]:8/", "https://a.example/?x", "nonsense", ""]))
def test_any_markup_gives_links_that_can_be_requested(markup, url):
    for link in links_in_html(LexborHTMLParser(markup.encode("utf-8", "replace").decode()), url):
        assert link.url.startswith(("http://", "https://"))
        assert link.url.isascii()
        assert link.hop in {"E", "L", "R"}
        assert not set(link.url) & set(' \t\n\r#<>"\\')


@given(
    st.binary(),
    st.sampled_from(["text/html", "", "text/css", "application/xml", "application/json", "text/javascript"]),
)
def test_any_body_is_discovered_without_a_word(body, mime):
    discover(URL, mime, (("Content-Type", mime), ("Link", body.decode("latin-1"))), body)


def test_page_and_tree_spare_work_and_change_nothing():
    body = EVERYTHING.encode()
    page = Page(URL, body, EVERYTHING, "utf-8")
    whole = discover(URL, "text/html", (), body)
    assert discover(URL, "text/html", (), body, page=page) == whole
    assert discover(URL, "text/html", (), body, page=page, tree=LexborHTMLParser(EVERYTHING)) == whole
    assert whole == links(EVERYTHING)


@pytest.mark.shared
def test_real_pages_give_what_they_show(shared):
    page = shared / "pages" / "bos-fahrzeuge" / "page.html"
    found = links(page.read_text("utf-8"))
    assert len([link for link in found if link.hop == "L"]) > 100
    assert len([link for link in found if link.hop == "E"]) > 20
