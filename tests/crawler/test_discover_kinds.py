from __future__ import annotations

import doctest
import gzip
import importlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discover import MOST_IN_SITEMAP, MOST_LINKS, discover
from crawler.discover.html import MOST_CHARACTERS
from crawler.discover.reference import Base
from crawler.discover.xml import references

URL = "http://a.example/dir/file"


@pytest.mark.parametrize(
    "name",
    [
        "dash",
        "data",
        "http",
        "playlist",
        "reference",
        "relations",
        "robots",
        "script",
        "source_sets",
        "structured",
        "xml",
    ],
)
def test_examples_in_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(f"crawler.discover.{name}")).failed == 0


def found(
    mime: str, body: str | bytes, *, url: str = URL, headers: tuple[tuple[str, str], ...] = ()
) -> list[tuple[str, str]]:
    data = body.encode() if isinstance(body, str) else body
    return [(link.hop, link.url.removeprefix("http://a.example")) for link in discover(url, mime, headers, data)]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (("Location", "/next"), [("R", "/next")]),
        (("LOCATION", " http://b.example"), [("R", "http://b.example/")]),
        (("Location", "/Ã¼"), [("R", "/%C3%BC")]),
        (("Location", "/\xfc"), [("R", "/%C3%BC")]),
        (("Location", ""), []),
        (("Location", "javascript:x"), []),
        (("Refresh", "0; url=/next"), [("R", "/next")]),
        (("Refresh", "10"), []),
        (("Link", "</s.css>; rel=preload; as=style, <//b.example>; rel=preconnect"), [("E", "/s.css")]),
        (("Link", '</2>; title="a, <b>; rel=x"; rel="Next Last"'), [("L", "/2")]),
        (("Link", "</wp-json/>; rel='https://api.w.org/'"), []),
        (("Link", "</s.css>; rel='alternate stylesheet'; as=style, </n>; rel='next'"), [("E", "/s.css"), ("L", "/n")]),
        (("Link", "nonsense <"), []),
        (("X-Other", "</s.css>; rel=preload"), []),
    ],
)
def test_headers_of_any_capture_are_read(header, expected):
    assert found("image/png", b"\x89PNG", headers=(header,)) == expected


SITEMAP = """<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc>
  http://a.example/1?a=1&amp;b=2 </loc><lastmod>2016</lastmod>
  <image:image><image:loc>/i.png</image:loc></image:image><video:video><video:thumbnail_loc>/t.png</video:thumbnail_loc></video:video>
  <news:news><news:title>no</news:title></news:news><xhtml:link rel="alternate" hreflang="de" href="/de"/></url>
<url><loc><![CDATA[/2]]></loc></url></urlset>"""


@pytest.mark.parametrize(
    ("mime", "body", "expected"),
    [
        (
            "application/xml",
            SITEMAP,
            [("L", "/1?a=1&b=2"), ("E", "/i.png"), ("E", "/t.png"), ("L", "/de"), ("L", "/2")],
        ),
        (
            "text/html",
            "<?xml version='1.0'?><sitemapindex><sitemap><loc>/s2.xml.gz</loc></sitemap></sitemapindex>",
            [("M", "/s2.xml.gz")],
        ),
        ("", "<urlset><url><loc>/1</loc></url><url><loc>/2</loc></url><url><loc>/cut", [("L", "/1"), ("L", "/2")]),
        (
            "application/rss+xml",
            (
                "<rss><channel><link>http://a.example/</link><atom:link rel='self' href='x'/><image><url>/i.png</url></image><item>"
                "<link>/item</link><guid isPermaLink='false'>http://a.example/no</guid><guid>http://a.example/yes</guid>"
                "<enclosure url='/e.mp3'/><description>&lt;img src=&quot;/d.png&quot;&gt; &lt;a href=/h&gt;x&lt;/a&gt;</description>"
                "</item></channel></rss>"
            ),
            [("L", "/"), ("E", "/i.png"), ("L", "/item"), ("L", "/yes"), ("E", "/e.mp3"), ("E", "/d.png"), ("L", "/h")],
        ),
        (
            "application/atom+xml",
            (
                "<feed><link href='/'/><link rel='self' href='/no'/><logo>/logo.png</logo><entry><link rel='enclosure' href='/e'/>"
                "<content type='html'><![CDATA[<img src=/c.png>]]></content></entry></feed>"
            ),
            [("L", "/"), ("E", "/logo.png"), ("E", "/e"), ("E", "/c.png")],
        ),
        (
            "image/svg+xml",
            (
                "<?xml-stylesheet href='s.css' type='text/css'?><svg xmlns:xlink='x'><a xlink:href='/l'><image xlink:href='i.png' "
                "style='fill:url(p.png)'/></a><use href='#no'/><style>a{b:url(/f.woff)}</style></svg>"
            ),
            [("E", "/dir/s.css"), ("L", "/l"), ("E", "/dir/i.png"), ("E", "/dir/p.png"), ("E", "/f.woff")],
        ),
        ("text/xml", "<opml><outline xmlUrl='/feed' htmlUrl='/site'/></opml>", [("L", "/feed"), ("L", "/site")]),
        ("application/xml", "<!DOCTYPE x [<!ENTITY a 'b'>]><urlset><url><loc>/1</loc></url></urlset>", []),
        (
            "application/xhtml+xml",
            "<html xmlns='http://www.w3.org/1999/xhtml'><a href='/x'>y</a></html>",
            [("L", "/x")],
        ),
        (
            "application/xhtml+xml",
            "<html><head><title/><script src='/s.js'/><style media='a/b' /></head><a title='/>' href='/x'>y</a></html>",
            [("E", "/s.js"), ("L", "/x")],
        ),
        ("text/html", "<script src='/s.js'/><a href='/x'>y</a></script>", [("E", "/s.js")]),
        (
            "application/atom+xml",
            (
                "<feed xml:base='/f/'><link href='1'/><logo>l.png</logo><entry xml:base='e/'><content type='xhtml'><div>"
                "<img src='i.png'/></div></content></entry><entry><content type='html'>&lt;img src=c.png></content></entry></feed>"
            ),
            [("L", "/f/1"), ("E", "/f/l.png"), ("E", "/f/e/i.png"), ("E", "/f/c.png")],
        ),
        ("text/xml", "<?xml version='1.0'?><!DOCTYPE html><html><img src='/x'/></html>", [("E", "/x")]),
        (
            "application/manifest+json",
            '{"start_url": "/?pwa", "icons": [{"src": "i.png"}]}',
            [("L", "/?pwa"), ("E", "/dir/i.png")],
        ),
        ("application/ld+json", '{"logo": "/l.png", "@context": "http://schema.org"}', [("E", "/l.png")]),
        (
            "application/json",
            '{"next": "http:\\/\\/a.example\\/2", "img": "\\/i.png", "n": "1.5"}',
            [("L", "/2"), ("E", "/i.png")],
        ),
        (
            "text/javascript",
            "f('/a.js');g(`/b.json?x=1`);h(\"../c.html\");i('image/png');/* it's */",
            [("E", "/a.js"), ("E", "/b.json?x=1"), ("L", "/c.html")],
        ),
        (
            "application/x-javascript",
            "a('//a.example/x.png'); b('http://b.example/y.png')",
            [("E", "/x.png"), ("L", "http://b.example/y.png")],
        ),
        (
            "text/javascript",
            "x = '<img src=\"/q.png\">'; y = 'http://a.example/z'; w = 'a/' + 'b.png' + 'c.png'",
            [("E", "/q.png"), ("L", "/z")],
        ),
        ("text/javascript", 'a={b:"1",c:d("2"),e:"/x.png"};f("a"==t.xml?"b":"c")', [("E", "/x.png")]),
        ("application/json", r'{"content": "<img src=\"\/x.png\">"}', [("E", "/x.png")]),
        (
            "text/xml",
            "<urlset><url><loc>/1?a=1&b=2&amp;c</loc></url><url><loc>/2&nbsp;</loc></url></urlset>",
            [("L", "/1?a=1&b=2&c"), ("L", "/2&nbsp;")],
        ),
        # White space before the declaration, another charset than it says, and what XML has no place for.
        ("text/xml", "\r\n\n <?xml version='1.0'?><urlset><url><loc>/1</loc></url></urlset>", [("L", "/1")]),
        (
            "text/xml",
            "<?xml version='1.0' encoding='utf-8'?><rss><channel><item><title>caf\xe9</title><link>/1?\xe9</link></item></channel></rss>".encode(
                "latin-1"
            ),
            [("L", "/1?%C3%A9")],
        ),
        (
            "text/xml",
            "<urlset><url><loc>/1</loc></url>\x0b<url><loc>/2</loc></url></urlset>",
            [("L", "/1"), ("L", "/2")],
        ),
        ("application/gzip", gzip.compress(b"<urlset><url><loc>/1</loc></url></urlset>", mtime=0), [("L", "/1")]),
        ("text/xml", gzip.compress(b"<urlset><url><loc>/1</loc></url></urlset>", mtime=0)[:-9], [("L", "/1")]),
        ("application/gzip", gzip.compress(b"neither sitemap nor feed", mtime=0), []),
        ("application/gzip", b"\x1f\x8bno gzip", []),
        (
            "application/vnd.apple.mpegurl",
            '#EXTM3U\r\n#EXT-X-MEDIA:TYPE=SUBTITLES,URI="nl.m3u8"\r\n#EXT-X-STREAM-INF:BANDWIDTH=1\r\nlow/v.m3u8\r\n\r\n/high.m3u8',
            [("E", "/dir/nl.m3u8"), ("E", "/dir/low/v.m3u8"), ("E", "/high.m3u8")],
        ),
        ("audio/x-mpegurl", "#EXTM3U\nhttp://radio.example:8000/live", []),
        ("text/plain", "http://a.example/not", []),
        ("image/png", "<html><img src=x>", []),
        ("application/pdf", "<html><img src=x>", []),
        ("", "  <!DOCTYPE html><img src=/x>", [("E", "/x")]),
        ("application/octet-stream", "<HTML><img src=/x>", [("E", "/x")]),
        ("", "plain <img src=/x>", []),
        ("text/html", "plain <img src=/x>", [("E", "/x")]),
        ("Text/HTML; charset=x", "<img src=/x>", [("E", "/x")]),
        ("text/html", "", []),
    ],
)
def test_every_kind_of_document(mime, body, expected):
    assert found(mime, body) == expected


def manifest(*parts: str, mpd: str = "", period: str = "") -> str:
    sets = "".join(f"<AdaptationSet>{part}</AdaptationSet>" for part in parts)
    return f"<?xml version='1.0'?><MPD {mpd}><Period {period}>{sets}</Period></MPD>"


TEN = 'mediaPresentationDuration="PT10S"'
NUMBERED = '<SegmentTemplate media="$Number$" {}/><Representation id="1"/>'
TIMED = (
    '<SegmentTemplate media="t$Time$"><SegmentTimeline>{}</SegmentTimeline></SegmentTemplate><Representation id="1"/>'
)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        # Counted where lengths say how many there are; a part of a segment is one.
        (manifest(NUMBERED.format('duration="4"'), mpd=TEN), "1 2 3"),
        (manifest(NUMBERED.format('duration="5000" timescale="1000" startNumber="0"'), mpd=TEN), "0 1"),
        (manifest(NUMBERED.format('duration="4"'), period='duration="PT4S"'), "1"),
        (manifest(NUMBERED.format('startNumber="7" endNumber="8"')), "7 8"),
        # Not while it is broadcast, nor where nothing says so.
        (manifest(NUMBERED.format('duration="4"'), mpd=f'{TEN} type="dynamic"'), ""),
        (manifest(NUMBERED.format('duration="4"')), ""),
        (manifest(NUMBERED.format('duration="0"'), mpd=TEN), ""),
        # A timeline states its segments, and a repeat until the next or the end.
        (manifest(TIMED.format('<S t="5" d="2" r="2"/><S d="3"/>'), mpd='type="dynamic"'), "t5 t7 t9 t11"),
        (manifest(TIMED.format('<S t="0" d="4" r="-1"/><S t="8" d="1"/>')), "t0 t4 t8"),
        (manifest(TIMED.format('<S t="0" d="4" r="-1"/>'), mpd=TEN), "t0 t4 t8"),
        (manifest(TIMED.format('<S t="0" d="4" r="-1"/>')), "t0"),
        (manifest(TIMED.format('<S t="9" d="0"/>')), ""),
        (manifest('<SegmentTemplate media="$Time$" duration="5"/><Representation id="1"/>', mpd=TEN), ""),
        # What a level below says goes before what it inherits.
        (
            manifest(
                '<SegmentTemplate initialization="$RepresentationID$/$Bandwidth$/i" media="m" timescale="1"/>'
                '<Representation id="a" bandwidth="9"/><Representation id="b"><SegmentTemplate media="n"/></Representation>'
            ),
            "a/9/i m n",
        ),
        (manifest('<SegmentTemplate media="$$$Number%03d$" endNumber="1"/><Representation/>'), "$001"),
        # Of no kind: the file itself; several addresses hold the same.
        (manifest("<BaseURL>d/</BaseURL><Representation><BaseURL>a.mp4</BaseURL><BaseURL>//b.example/a.mp4</BaseURL></Representation>"), "d/a.mp4"),
        (manifest('<Representation><BaseURL>a</BaseURL><SegmentBase><Initialization sourceURL="i"/></SegmentBase></Representation>'), "a i"),
        (manifest('<Representation><SegmentList><SegmentURL media="a" index="b"/></SegmentList></Representation>')[:-30], "a b"),
        ("<MPD><Location>/new.mpd</Location></MPD>", "/new.mpd"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]>" + manifest(NUMBERED.format('endNumber="3"')), ""),
        ("<other/>", ""),
    ],
)  # fmt: skip
def test_a_manifest_names_what_it_states(document: str, expected: str) -> None:
    wanted = [("E", path if path.startswith("/") else f"/dir/{path}") for path in expected.split()]
    assert found("application/dash+xml", document) == wanted
    if document.startswith("<?xml"):
        assert found("text/xml", document) == wanted
    assert found("", document, url="http://a.example/dir/v.mpd") == wanted


@pytest.mark.parametrize(
    "document",
    [
        manifest(NUMBERED.format('duration="1" timescale="1000000"'), mpd='mediaPresentationDuration="P9999D"'),
        manifest(NUMBERED.format(f'endNumber="{10**18}"') + '<Representation id="2"/>' * 20_000),
        manifest(TIMED.format(f'<S t="0" d="1" r="{10**17}"/>' * 1000) + '<Representation id="2"/>' * 20_000),
        manifest(TIMED.format('<S t="9" d="1" r="-1"/><S t="1" d="1"/>' * 20_000) + "<Representation/>" * 20_000),
        manifest('<SegmentTemplate media="x$Bandwidth$" endNumber="40000"/>' + "<Representation/>" * 20_000),
        manifest(
            "<SegmentList>" + '<SegmentURL media="x"/>' * 100_000 + "</SegmentList>" + "<Representation/>" * 50_000
        ),
        "<MPD>" + "<Period>" * 100_000,
        "<MPD><BaseURL>" + "x" * 4_000_000,
    ],
    ids=range(8),
)
def test_hostile_manifests_are_read_quickly(document: str) -> None:
    start = time.process_time()
    assert len(found("application/dash+xml", document)) <= MOST_LINKS
    assert time.process_time() - start < 5


def test_robots_and_text_sitemaps_go_by_name():
    body = (
        "User-agent: *\nDisallow: /x\nSITEMAP : http://a.example/s.xml # all\rSitemap:/t.xml\nSitemap:\n# Sitemap: /no"
    )
    assert found("text/plain", body, url="http://a.example/robots.txt") == [("M", "/s.xml"), ("M", "/t.xml")]
    assert found("text/plain", body) == []
    assert found("text/plain", "http://a.example/1\nx\n", url="http://a.example/sitemap.txt") == [("L", "/1")]
    assert found("text/plain", "a{b:url(/x)}", url="http://a.example/old.css") == [("E", "/x")]


def test_xml_in_an_old_charset():
    body = "<?xml version='1.0' encoding='windows-1252'?><urlset><url><loc>/é</loc></url></urlset>".encode("cp1252")
    assert found("text/xml", body) == [("L", "/%C3%A9")]
    assert (
        found("text/xml", b"<?xml version='1.0' encoding='nonsense'?><urlset><url><loc>/1</loc></url></urlset>") == []
    )


def test_headers_come_first_and_the_limit_holds():
    body = b"<urlset>" + b"".join(b"<url><loc>/%d</loc></url>" % i for i in range(50_000)) + b"</urlset>"
    links = discover(URL, "text/xml", (("Location", "/first"),), body, limit=10)
    assert len(links) == 10
    assert links[0].hop == "R"


def test_a_sitemap_of_50_000_pages_is_read_whole_and_a_feed_of_a_million_is_not():
    locations = b"".join(b"<url><loc>/%d</loc></url>" % i for i in range(50_000))
    assert len(discover(URL, "text/xml", (), b"<urlset>" + locations + b"</urlset>")) == 50_000
    items = b"".join(b"<item><link>/%d</link></item>" % i for i in range(1_000_000))
    assert len(discover(URL, "application/rss+xml", (), b"<rss>" + items + b"</rss>")) == MOST_IN_SITEMAP


def test_a_long_base_does_not_make_gigabytes_of_short_links():
    page = f"<base href='http://a.example/{'x' * 8000}/'>" + "".join(f"<a href={i}>x</a>" for i in range(20_000))
    links = discover(URL, "text/html", (), page.encode())
    assert len(links) > 1000
    assert sum(len(link.url) for link in links) < MOST_CHARACTERS + 8192


@pytest.mark.parametrize(
    "body",
    [
        b"<a>" * 1_000_000,
        b"<a " + b"x='y' " * 500_000 + b">",
        b"<" + b"a" * 40_000_000,
        b"<urlset>" + b"x" * 20_000_000,
        b"<urlset><url><loc>" + b"x" * 20_000_000 + b"</loc></url></urlset>",
        b"<rss>" + b"<description>&lt;a&gt;</description>" * 20_000,
        b"<?xml-stylesheet href=" + b"'" * 1_000_000 + b"?>",
        b'<!DOCTYPE a [<!ENTITY b "'
        + b"c" * 100_000
        + b'"><!ENTITY d "&b;&b;&b;&b;&b;&b;&b;">]><urlset>&d;&d;&d;</urlset>',
    ],
    ids=lambda body: repr(body[:24]),
)
def test_hostile_xml_is_read_quickly(body):
    started = time.process_time()
    discover(URL, "application/xml", (), body)
    assert time.process_time() - started < 5


@given(
    st.binary()
    | st.lists(
        st.sampled_from([b"<", b">", b"<urlset>", b"<url><loc>", b"</loc>", b"&#0;", b"<![CDATA[", b"<?xml "])
    ).map(b"".join)
)
def test_any_xml_is_read(body):
    for reference, hop, context in references(body):
        assert reference
        assert hop in set("LEMR<{")
        assert context


def test_slashes_of_a_script_may_be_escaped_in_any_way():
    for slash in ("/", r"\/", r"\u002f", r"\x2F"):
        body = f"go('https:{slash}{slash}b.example{slash}a.html')".encode()
        found = discover(URL, "text/javascript", (), body)
        assert [link.url for link in found] == ["https://b.example/a.html"], slash
    (colon,) = discover(URL, "text/javascript", (), rb"go('https\x3a\x2f\x2fb.example/a.html')")
    assert colon.url == "https://b.example/a.html"


@given(st.text("'\"`/\\.:ahtpsjpng+ ux002f", max_size=300))
def test_any_script_is_read(text):
    for link in discover(URL, "text/javascript", (), text.encode()):
        assert link.context == "script"


def test_what_was_named_as_a_sitemap_is_read_as_one() -> None:
    text, markup = b"http://a.example/1\n", b"<urlset><url><loc>/1</loc></url></urlset>"
    for body in (text, markup):
        assert [link.url for link in discover(URL, "text/plain", (), body, is_sitemap=True)] == ["http://a.example/1"]
        assert discover(URL, "text/plain", (), body) == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("/docs/%2e%2e/up", "/up"),
        ("%2E/x", "/dir/x"),
        (".%2e/x", "/x"),
        ("/a%2e/b", "/a%2e/b"),
        ("/a?b=/%2e%2e/c", "/a?b=/%2e%2e/c"),
    ],
)
def test_a_dot_is_a_dot_however_it_is_written(written: str, meant: str) -> None:
    assert Base(URL).resolve(written) == f"http://a.example{meant}"
