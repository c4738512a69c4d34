from __future__ import annotations

from pathlib import Path

from tests.front_door import crawl
from tests.site_server import Site, page


def test_a_cookie_that_was_set_is_sent_back_for_the_rest_of_the_crawl(tmp_path: Path) -> None:
    status, headers, body = page('<a href="/second">2</a>')
    pages = {
        "/": page('<a href="/first">1</a>'),
        "/first": (status, {**headers, "Set-Cookie": "consent=yes; Path=/"}, body),
        "/second": page("<p>the end</p>"),
    }
    with Site(pages) as site:
        crawl(site.url(), tmp_path / "a")
    sent = {asked.path: asked.headers.get("Cookie") for asked in site.asked}
    assert sent == {"/robots.txt": None, "/": None, "/first": None, "/second": "consent=yes"}
