"""What other archives say: listings in every form that is met, and answers that are not what they are said to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.model import Place, Record
from archive.warc.blocks import InMemory
from crawler.memento.address import Asked, interfaces, listing_url, original_url
from crawler.memento.frontier import MementoFrontier
from crawler.memento.listing import Listed, More, NotAListing, Odd, ResumeKey, read_listing
from crawler.memento.original import NotThatCapture, Rewritten, original
from tests.memento_archive import http_date, sha1

URL, AT = "http://gone.test/", "20140126200624"
TIMEMAP = "http://a.test/timemap/link/http://gone.test/"
SHA1 = f"sha1:{sha1(b'x')}"

FORMS = {
    "pywb": b'{"urlkey": "test,gone)/", "timestamp": "%s", "url": "%s", "digest": "%s", "status": "200"}\n',
    "cdxj": b'test,gone)/ %s {"url": "%s", "digest": "%s", "status": "200"}\n',
    "cdx": b" CDX N b a m s k S\ntest,gone)/ %s %s text/html 200 %s 512\n",
    "wayback": b'[["timestamp","original","digest","statuscode"],\n["%s","%s","%s","200"]]',
}


@pytest.mark.parametrize("form", FORMS)
def test_a_listing_in_every_form(form: str) -> None:
    digest = SHA1.removeprefix("sha1:") if form in ("cdx", "wayback") else SHA1
    body = FORMS[form] % (AT.encode(), URL.encode(), digest.encode())
    [found] = read_listing("http://a.test/cdx", [body[:7], body[7:]])
    assert isinstance(found, Listed)
    assert (found.url, found.at, found.digest, found.status) == (URL, AT, SHA1, "200")


def test_a_timemap_and_the_next() -> None:
    memento = f"http://a.test/{AT}/{URL}"
    timemap = (
        f'<{URL}>; rel="original",\n<{TIMEMAP}>; rel="self"; type="application/link-format",\n'
        f'<{memento}>; rel="first memento"; datetime="{http_date(AT)}",\n'
        f'<http://a.test/{AT}/x>; rel="memento"; datetime="yesterday",\n<{TIMEMAP}?page=2>; rel="timemap"'
    )
    found = list(read_listing(TIMEMAP, [timemap.encode()]))
    assert found[0] == Listed(URL, AT, memento=memento)
    assert isinstance(found[1], Odd)
    assert found[2:] == [More(f"{TIMEMAP}?page=2")]
    aggregate = b'{"original_uri": "%s", "mementos": {"list": [{"datetime": "2014-01-26T20:06:24Z", "uri": "%s"}]}}'
    assert list(read_listing("", [aggregate % (URL.encode(), memento.encode())])) == [Listed(URL, AT, memento=memento)]


def test_a_resumption_key() -> None:
    rows = b'[["timestamp","original"],["%s","%s"],[],["test,gone)/ 2014"]]' % (AT.encode(), URL.encode())
    assert list(read_listing("", [rows]))[-1] == ResumeKey("test,gone)/ 2014")


@pytest.mark.parametrize(
    "body",
    [
        b"<!doctype html><html><p>Hello",
        b"<?xml version='1.0'?><feed/>",
        b"User-agent: *\nDisallow: /\n",
        b'{"error": "no such thing"}',
        b'[["name","size"],["a","1"]]',
        b"[" * 100_000,
        b'<http://gone.test/>; rel="icon"',
    ],
)
def test_what_is_no_listing(body: bytes) -> None:
    with pytest.raises(NotAListing):
        list(read_listing("http://a.test/", [body]))


def test_nothing_is_a_listing_of_nothing() -> None:
    assert list(read_listing("http://a.test/", [b"\n"])) == []
    assert list(read_listing("http://a.test/", [b"[]"])) == []


def test_a_line_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.memento.listing.LINE_BYTES", 1000)
    endless = (b"x" * 500 for _ in iter(int, 1))
    with pytest.raises(NotAListing, match="a line of more than"):
        list(read_listing("http://a.test/", (b"test,gone)/ 2014", *[next(endless)] * 9)))


def test_where_an_archive_is_asked() -> None:
    wayback = next(
        each for each in interfaces("https://web.a.test/web/") if each.base == "https://web.a.test/cdx/search/cdx"
    )
    assert original_url(wayback, Listed(URL, AT)) == f"https://web.a.test/web/{AT}id_/{URL}"
    asked = Asked("http://gone.test/docs/a", "prefix", since="20100101000000")
    assert "url=http://gone.test/docs/&" in listing_url(wayback, asked)
    assert "matchType=prefix&from=20100101000000&" in listing_url(wayback, asked)
    in_timemap = Listed(URL, AT, memento=f"http://a.test/{AT}/{URL}")
    assert original_url(wayback, in_timemap) == f"http://a.test/{AT}id_/{URL}"


def answer(
    body: bytes, *fields: str, status: str = "200 OK", source: str = f"http://a.test/web/{AT}id_/{URL}"
) -> Record:
    memento = () if any("Memento-Datetime" in field for field in fields) else (f"Memento-Datetime: {http_date(AT)}",)
    head = "\r\n".join([f"HTTP/1.1 {status}", *memento, *fields, "", ""])
    block = InMemory(head.encode() + body)
    return Record("response", "<urn:uuid:x>", (), source, "2026-01-01T00:00:00Z", Place("f", 0, 1), block)


def stored(record: Record, listed: Listed) -> bytes:
    response = original(record, listed).response
    assert response
    return b"".join(response.chunks())


def test_header_fields_are_the_originals() -> None:
    record = answer(
        b"5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked", "Date: now", "Server: archive", "X-Archive-Orig-Date: then",
        "X-Archive-Orig-Transfer-Encoding: chunked", "X-Archive-Orig-Content-Length: 99", "Content-Type: text/plain",
        "X-Archive-Orig-Set-Cookie: a=1", "X-Archive-Orig-Set-Cookie: b=2", "Set-Cookie: archive=1",
    )  # fmt: skip
    assert stored(record, Listed(URL, AT)) == (
        b"HTTP/1.1 200 OK\r\nDate: then\r\nX-Archive-Orig-Transfer-Encoding: chunked\r\nX-Archive-Orig-Content-Length: 99"
        b"\r\nContent-Type: text/plain\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nhello"
    )
    assert original(record, Listed(URL, AT)).source.renamed == (  # type: ignore[union-attr]
        "X-Archive-Orig-Transfer-Encoding",
        "X-Archive-Orig-Content-Length",
    )


def test_a_coding_that_was_undone_is_not_claimed() -> None:
    undone = answer(b"plain", "X-Archive-Orig-Content-Encoding: gzip")
    assert b"\r\nX-Archive-Orig-Content-Encoding: gzip\r\n" in stored(undone, Listed(URL, AT))
    recoded = answer(b"\x1f\x8b", "X-Archive-Orig-Content-Encoding: br", "Content-Encoding: gzip")
    assert b"\r\nContent-Encoding: gzip\r\n" in stored(recoded, Listed(URL, AT))
    left = answer(b"\x1f\x8b", "X-Archive-Orig-Content-Encoding: gzip")
    assert b"\r\nContent-Encoding: gzip\r\n" in stored(left, Listed(URL, AT))


@pytest.mark.parametrize(
    "record",
    [
        answer(b"", "Memento-Datetime: Sun, 26 Jan 2014 20:06:25 GMT"),
        answer(b"", "Memento-Datetime: soon"),
        answer(b"", 'Link: <http://elsewhere.test/>; rel="original"'),
        answer(b"", 'Link: <https://gone.test/>; rel="original"'),
        answer(b"there", "Memento-Datetime: Sun, 26 Jan 2014 20:06:25 GMT", status="404 Not Found"),
    ],
)
def test_what_is_another_capture(record: Record) -> None:
    with pytest.raises(NotThatCapture):
        original(record, Listed(URL, AT, f"sha1:{sha1(b'there')}", status="200"))


@pytest.mark.parametrize(
    "body",
    [
        b"<a href='/web/20140126200624/http://gone.test/b'>",
        b'<img src="http://a.test/web/2014im_/http://gone.test/i.png">',
        b"<!-- BEGIN WAYBACK TOOLBAR INSERT -->",
        b"<script src='//cdn.test/static/wombat.js'></script>",
    ],
)
def test_what_was_rewritten(body: bytes) -> None:
    record = answer(body, "Content-Type: text/html")
    with pytest.raises(Rewritten):
        original(record, Listed(URL, AT))
    # A page may be about archives: its digest proves that it always was.
    assert stored(record, Listed(URL, AT, f"sha1:{sha1(body)}")).endswith(body)


def test_an_address_without_a_known_unrewritten_form() -> None:
    plain = f"http://a.test/memento/42?u={URL}"
    with pytest.raises(Rewritten, match="no unrewritten form"):
        original(answer(b"page", source=plain), Listed(URL, AT))
    applied = answer(b"page", "Preference-Applied: original-content", source=plain)
    assert stored(applied, Listed(URL, AT)).endswith(b"page")


def test_a_listing_is_asked_for_once_and_goes_first(tmp_path: Path) -> None:
    frontier = MementoFrontier(tmp_path / "frontier.db")
    try:
        assert frontier.take(Listed(URL, AT, SHA1))
        assert not frontier.take(Listed(URL, AT, SHA1))
        assert frontier.take(Listed(URL, "20150101000000", SHA1))
        assert frontier.collapse() == 1
        assert frontier.ask("listing", "http://a.test/1", URL)
        assert not frontier.ask("listing", "http://a.test/1", URL)
        frontier.address_of = lambda row: row.url
        assert [each.url for each in frontier.lease(9)] == ["http://a.test/1", URL]
        assert frontier.counts() == {"listing leased": 1, "memento collapsed": 1, "memento leased": 1}
        frontier.reclaim(lambda listed: listed.at == AT)
        assert frontier.counts() == {"listing queued": 1, "memento collapsed": 1, "memento done": 1}
    finally:
        frontier.close()
