"""What a page needs to be shown, and what a crawl says it did not get, as rows."""

from __future__ import annotations

import json

import pytest

from archive.model import UrlList
from crawler.closings import read_closing
from crawler.discover import discover
from crawler.discover.needs import list_urls

PAGE = b"""<link rel=stylesheet href=/s.css><link rel=prefetch href=/next.html><link rel=apple-touch-icon href=/t.png>
<img src=/a.png srcset="/a.png 1x, /a2.png 2x"><picture><source srcset="/b.webp, /b2.webp 2x"><img src=/b.jpg></picture>
<img data-src=/late.png><p style="background: url(/p.png)"><a href="javascript:show('/shown.png')">x</a>
<script src=/s.js></script><script>load("/guess.png")</script><meta property=og:image content=/og.png>
<script type="application/ld+json">{"@type": "Organization", "logo": "http://a.test/logo.png"}</script>
<iframe src=/inner.html></iframe><a href=/page.html>page</a>"""


def needs(body: bytes, mime: str, url: str = "http://a.test/") -> list[list[str]]:
    found = list_urls(discover(url, mime, (), body), mime)
    assert found is not None
    return [[url.removeprefix("http://a.test") for url in one] for one in found.urls]


def test_a_page_needs_what_a_browser_asks_for_and_of_sizes_one():
    assert needs(PAGE, "text/html") == [
        ["/s.css"], ["/a.png", "/a2.png"], ["/b.webp", "/b2.webp"], ["/b.jpg"], ["/late.png"], ["/p.png"], ["/s.js"],
        ["/inner.html"],
    ]  # fmt: skip


def test_a_style_sheet_needs_its_imports_and_fonts():
    css = b"@import 'more.css'; @font-face { src: url(f.woff2) } p { background: image-set('x.png' 1x) }"
    assert needs(css, "text/css") == [["/more.css"], ["/f.woff2"], ["/x.png"]]


def test_a_sitemap_lists_pages_and_a_feed_nothing():
    sitemap = b"<?xml version='1.0'?><urlset><url><loc>http://a.test/1</loc></url></urlset>"
    links = discover("http://a.test/sitemap.xml", "application/xml", (), sitemap)
    assert list_urls(links, "application/xml") == UrlList("sitemap", (("http://a.test/1",),))
    feed = (
        b"<rss><channel><item><link>http://a.test/1</link><enclosure url='http://a.test/1.mp3'/></item></channel></rss>"
    )
    assert list_urls(discover("http://a.test/feed", "application/rss+xml", (), feed), "application/rss+xml") is None


REPORT = {"finished_at": "2026-01-01T00:00:00Z", "status": "finished"}


def test_a_closing_report_is_kept_within_bounds():
    told = {
        **REPORT,
        "seeds": {"http://a.test/": {"status": 200, "problem": None}},
        "refusals": {"robots": 3, "\ud800": 1 << 80},
        "missed": [{"url": "x" * 9000, "state": "refused", "rule": None, "more": []}] * 20_001,
        "unknown": {"deep": []},
    }
    closing = read_closing("site-1", "metadata://bewaar/site-1/report.json", [json.dumps(told).encode()])
    kept = json.loads(closing.report)
    assert (closing.kind, closing.finished_at) == ("crawl", "2026-01-01T00:00:00Z")
    assert kept["seeds"] == [{"url": "http://a.test/", "status": 200, "problem": None}]
    assert kept["refusals"] == {"robots": 3, "\ufffd": 1 << 62}
    assert len(kept["missed"]) == 20_000
    assert set(kept["missed"][0]) == {"url", "state", "rule"}
    assert len(kept["missed"][0]["url"]) < 3000
    assert "unknown" not in kept


@pytest.mark.parametrize("told", [[], 1, {}, {**REPORT, "status": "x"}, {**REPORT, "seeds": 3}, {**REPORT, "missed": [1]},
                                  {**REPORT, "captures": "many"}, {**REPORT, "refusals": {"a": None}}])  # fmt: skip
def test_what_is_no_closing_report_is_refused(told):
    with pytest.raises((ValueError, LookupError, TypeError, AttributeError)):
        read_closing("site-1", "x/report.json", [json.dumps(told).encode()])
