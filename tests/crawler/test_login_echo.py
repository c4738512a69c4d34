"""Servers that say secrets back, in every place and spelling there is: masked, named, and the rest byte for byte."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from archive.store.compare import differences
from tests.crawler.crawled import dumped, query
from tests.front_door import bewaar, crawl
from tests.login_site import (
    BASIC,
    ENVIRONMENT,
    KEY,
    PASSWORD,
    SECRETS,
    SESSION,
    check_redactions,
    declare,
    events_of,
    files_holding,
    gzipped,
    lower,
    ranges_of,
)
from tests.wire_run import Event
from tests.wire_server import WireServer


def answer(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    lines = (b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers)
    return b"\r\n".join((*lines, b"", body))


def chunked(body: bytes, size: int, *headers: bytes) -> bytes:
    head = b"\r\n".join((b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked", *headers, b"", b""))
    chunks = (body[at : at + size] for at in range(0, len(body), size))
    return head + b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


#: one crawl serves all
pytestmark = pytest.mark.xdist_group("echo")

HTML = b"Content-Type: text/html; charset=utf-8"
SAID = PASSWORD.encode()
COOKIE = b"aGVyZS1pcy1hLXNlc3Npb24"
ECHOES = {
    "raw": answer(b"<p>before " + SAID + b" after " + SESSION.encode() + b"</p>", HTML),
    "percent": answer(f"<p>{quote(PASSWORD)} {quote_plus(PASSWORD)} {lower(quote(PASSWORD, safe=''))}</p>".encode(), HTML),
    "base64": answer(b"<p>%s %s</p>" % (BASIC.encode(), base64.b64encode(b"ab" + SAID)), HTML),
    "escaped": answer(f"<p>{html.escape(PASSWORD)}</p><script>{json.dumps(PASSWORD)}</script>".encode(), HTML),
    "chunked": chunked(b"<p>before " + SAID + b" after</p>", 5, HTML),
    "bytewise": chunked(b"<p>before " + KEY.encode() + b" after</p>", 1, HTML),
    "gzip": answer(gzipped(f"<p>before {PASSWORD} after</p>"), HTML, b"Content-Encoding: gzip"),
    "gzip-chunked": chunked(gzipped(f"<p>{SESSION} after</p>"), 7, HTML, b"Content-Encoding: gzip"),
    "gzip-clean": answer(gzipped("<p>no secret of anybody's</p>"), HTML, b"Content-Encoding: gzip"),
    "header": answer(b"<p>x</p>", HTML, b"X-Echo: " + BASIC.encode(), b"x-key:" + KEY.encode() + b"; and more"),
    "cookies": answer(
        b"<p>x</p>", HTML,
        b"Set-Cookie: SESSION=" + COOKIE + b"; path=/; HttpOnly; SameSite=Lax; Expires=Thu, 01 Jan 2037 00:00:00 GMT",
        b"SET-COOKIE:  other=" + COOKIE + b"; Max-Age=3600; sneaky=" + COOKIE + b"; Secure",
        b"set-cookie: folded=\r\n " + COOKIE + b"\r\n\t; Domain=.example.org; Path=/a, b=" + COOKIE,
        b"Set-Cookie: " + COOKIE,
    ),
    "interim": b"HTTP/1.1 103 Early Hints\r\nSet-Cookie: SESSION=" + COOKIE + b"\r\nX-Key: " + KEY.encode() + b"\r\n\r\n"
               + answer(b"<p>x</p>", HTML),
    "surplus": answer(b"<p>x</p>", HTML) + b"surplus " + KEY.encode(),
    "redirect": answer(b"", b"Location: /landing?key=" + quote(PASSWORD, safe="").encode(), status=b"302 Found"),
    "short": b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n" + HTML + b"\r\n\r\n<p>" + SAID,
    "many": answer(b"<p>" + b" ".join([KEY.encode()] * 3000) + b" end</p>", HTML),
}  # fmt: skip
#: pages whose body holds one
IN_BODY = {"raw", "percent", "base64", "escaped", "chunked", "bytewise", "gzip", "gzip-chunked", "short", "many"}


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict, dict[str, Event]]:
    archive = tmp_path_factory.mktemp("echo") / "a"
    index = "".join(f'<a href="/{name}">x</a>' for name in ECHOES) + f'<a href="/token?key={quote(PASSWORD)}">y</a>'
    with pytest.MonkeyPatch.context() as patch, WireServer(own={**ECHOES, "": answer(index.encode(), HTML)}) as server:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        url = f"http://127.0.0.1:{server.port}/"
        report = crawl(declare(archive, url, more="timeout_s = 5"), archive, code=1)
        turns = {turn.name: turn.received for turn in server.turns}
    # All secrets went out each time.
    assert all(BASIC.encode() in received and KEY.encode() in received for received in turns.values())
    assert "landing" not in turns
    assert "token" not in turns
    found = {event.name: event for event in events_of(archive) if event.response is not None}
    assert set(ECHOES) <= set(found)
    return archive, report, found


def test_no_file_of_the_archive_holds_one(crawled):
    archive, report, _ = crawled
    assert files_holding(archive, *SECRETS, COOKIE.decode()) == []
    assert KEY not in json.dumps(report)


@pytest.mark.parametrize("name", ECHOES)
def test_all_but_what_is_named_is_byte_for_byte(crawled, name):
    event, sent = crawled[2][name], ECHOES[name]
    # Four in each request.
    assert (check_redactions(event) > 4) == (name != "gzip-clean")
    response = bytearray(sent.partition(b"\r\n\r\n")[2] if name == "interim" else sent)
    response = response[: len(event.response)]
    masked = bytearray(event.response)
    for record, start, stop in ranges_of(event):
        if record == "response":
            assert response[start:stop] != masked[start:stop]
            masked[start:stop] = response[start:stop]
    assert masked == response


def test_digests_are_over_what_is_stored(crawled):
    for event in crawled[2].values():
        assert event.fields["WARC-Block-Digest"] == [f"sha256:{hashlib.sha256(event.response).hexdigest()}"]
    assert crawled[2]["raw"].response.endswith(b"<p>before %s after %s</p>" % (b"x" * len(SAID), b"x" * len(SESSION)))
    body = crawled[2]["raw"].response.partition(b"\r\n\r\n")[2]
    assert crawled[2]["raw"].fields["WARC-Payload-Digest"] == [f"sha256:{hashlib.sha256(body).hexdigest()}"]
    dechunked = b"<p>before %s after</p>" % (b"x" * len(SAID))
    assert crawled[2]["chunked"].fields["WARC-Payload-Digest"] == [f"sha256:{hashlib.sha256(dechunked).hexdigest()}"]
    # The framing is as it came.
    assert crawled[2]["chunked"].response.count(b"\r\n5\r\n") == ECHOES["chunked"].count(b"\r\n5\r\n")


def test_a_coded_body_that_holds_one_is_masked_whole(crawled):
    head, _, body = crawled[2]["gzip"].response.partition(b"\r\n\r\n")
    assert b"Content-Encoding: gzip" in head
    assert set(body) == {ord("x")}
    assert crawled[2]["gzip-clean"].response == ECHOES["gzip-clean"]


def test_cookies_keep_their_names_and_attributes(crawled):
    x = b"x" * len(COOKIE)
    head = crawled[2]["cookies"].response
    assert (
        b"\r\nSet-Cookie: SESSION=%s; path=/; HttpOnly; SameSite=Lax; Expires=Thu, 01 Jan 2037 00:00:00 GMT\r\n" % x
        in head
    )
    assert b"\r\nSET-COOKIE:  other=%s; Max-Age=3600; sneaky=%s; Secure\r\n" % (x, x) in head
    assert b"\r\nset-cookie: folded=\r\n %s\r\n\t; Domain=.example.org; Path=" % x in head
    assert b"\r\nSet-Cookie: %s\r\n" % x in head


def test_what_stands_aside_is_masked_too(crawled):
    interim = crawled[2]["interim"].about
    assert interim["interimResponse"][0].count("x" * len(COOKIE)) == 1
    assert "x" * len(KEY) in interim["interimResponse"][0]
    assert [line.partition(";")[0] for line in interim["redaction"]][-2:] == ["record=interimResponse"] * 2
    assert "x" * len(KEY) in crawled[2]["surplus"].about["surplusBytes"][0]


def test_a_body_full_of_them_costs_a_bounded_number_of_lines(crawled):
    assert 1000 <= len(crawled[2]["many"].about["redaction"]) <= 1010
    assert b" end</p>" not in crawled[2]["many"].response


def test_each_such_page_is_a_problem_of_the_crawl_and_its_links_are_refused(crawled):
    archive, report, _ = crawled
    told = {problem["url"].rpartition("/")[2] for problem in report["problems"] if "secret" in problem["what"]}
    assert told == {*IN_BODY, ""}  # the front page links to one
    rows = query(archive, "SELECT r.url FROM problem p JOIN capture c ON c.id = p.capture_id"
                          " JOIN resource r ON r.id = c.resource_id WHERE p.what LIKE '%secret%'")  # fmt: skip
    assert {str(url).rpartition("/")[2] for (url,) in rows} == told
    assert report["refusals"]["held-a-secret"] == 2


def test_live_rows_equal_rebuilt_rows_and_all_verifies(crawled):
    archive = crawled[0]
    live = dumped(archive)
    bewaar("verify", "--rows", "--strict", "--archive", archive)
    bewaar("rebuild", "--archive", archive)
    assert list(differences(live, dumped(archive))) == []
