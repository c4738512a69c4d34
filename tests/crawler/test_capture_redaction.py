"""What is masked of an exchange, and that nothing else is."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.exchange import Exchange
from archive.model import WireBytes
from archive.warc.blocks import InMemory, Masked, hold, join, mask
from archive.warc.events import draft_exchange
from archive.warc.http import dechunk, dechunk_in_place, trailer_offset
from crawler.capture.forms import Forms, merged
from crawler.capture.redaction import Redactor
from crawler.capture.spool import Spool

SECRET = 'pa"ss/wörd+'
PIECES = st.lists(st.binary(max_size=40) | st.sampled_from([b"secret-value", b"secret%2Dvalue", b"secret-val", b"ue"]))


def exchange(request: bytes, response: bytes = b"", url: str = "https://www.example.org/") -> Exchange:
    header = response.find(b"\r\n\r\n") + 4
    return Exchange(
        url=url,
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        request=InMemory(request),
        response=InMemory(response) if response else None,
        header_bytes=header if header > 3 else None,
        payload_digest="sha256:of-what-came" if response else None,
    )


def block(data: WireBytes | None) -> bytes:
    assert data is not None
    return join(data)


def test_only_the_credentials_of_the_header_section_are_masked() -> None:
    body = b"Proxy-Authorization: stays\r\n"
    sent = b"POST / HTTP/1.1\r\nproxy-authorization: Basic abc=\r\nX-Proxy-Authorization: no\r\n\r\n" + body
    kept = Redactor().redact(exchange(sent))
    masked = b"POST / HTTP/1.1\r\nproxy-authorization: xxxxxxxxxx\r\nX-Proxy-Authorization: no\r\n\r\n" + body
    assert block(kept.request) == masked
    [redaction] = kept.redactions
    assert (redaction.record, redaction.why) == ("request", "proxy-authorization")
    assert masked[redaction.start : redaction.stop] == b"x" * 10


def test_without_credentials_nothing_is_touched() -> None:
    sent = b"GET / HTTP/1.1\r\nCookie: consent=yes\r\n\r\n"
    given = exchange(sent, b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n\r\nsecret")
    assert Redactor().redact(given) is given


def test_cookies_are_masked_on_the_hosts_of_the_session_and_nowhere_else() -> None:
    redactor = Redactor(["secret-value"], ["example.org"])
    sent, received = b"GET / HTTP/1.1\r\nCookie: a=b; c\r\n\r\n", b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\n\r\n"
    for url in ("https://example.org/", "http://files.example.org:8080/x"):
        kept = redactor.redact(exchange(sent, received, url))
        assert block(kept.request) == b"GET / HTTP/1.1\r\nCookie: a=x; x\r\n\r\n"
        assert block(kept.response) == b"HTTP/1.1 200 OK\r\nSet-Cookie: a=x; Path=/\r\n\r\n"
        assert [redaction.why for redaction in kept.redactions] == ["cookie", "cookie", "set-cookie"]
        # The payload is as it came.
        assert kept.payload_digest == "sha256:of-what-came"
    for url in ("https://example.com/", "https://badexample.org/", "https://example.org.evil.test/"):
        kept = redactor.redact(exchange(sent, received, url))
        assert (block(kept.request), block(kept.response), kept.redactions) == (sent, received, ())


@pytest.mark.parametrize("secrets", [(), ("secret-value",)])
def test_cookies_in_the_trailers_of_a_chunked_body_are_masked(secrets: tuple[str, ...]) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"1b\r\nSet-Cookie: is=text-here!\r\n\r\n0\r\nX-Sum: 1\r\n"
    trailers = b"Set-Cookie: a=bcd;\r\n Path=/\r\nset-cookie: e\r\n\r\n"
    kept = Redactor(secrets, ["example.org"]).redact(exchange(b"", head + body + trailers))
    masked = b"Set-Cookie: a=xxx;\r\n Path=/\r\nset-cookie: x\r\n\r\n"
    assert block(kept.response) == head + body + masked
    assert {redaction.why for redaction in kept.redactions} == {"set-cookie"}
    # No secret of the body, and the payload is as it came.
    assert kept.payload_digest == "sha256:of-what-came"
    drafts = draft_exchange(kept, algorithm="sha256", strict=False)
    about = join(drafts[-1].block)
    assert about.count(b"redaction: record=response; ") == len(kept.redactions) == 2
    assert b"secretsInBody" not in about
    # Elsewhere than on the session's hosts they stay, and so does what comes before a last-chunk that never came.
    other = exchange(b"", head + body + trailers, "https://example.com/")
    assert block(Redactor(secrets, ["example.org"]).redact(other).response) == head + body + trailers
    cut = exchange(b"", head + body[:20])
    assert block(Redactor(secrets, ["example.org"]).redact(cut).response) == head + body[:20]


def test_a_secret_in_a_url_or_an_error_is_masked() -> None:
    redactor = Redactor([SECRET])
    assert redactor.text(f"lost: {SECRET}!") == f"lost: {'x' * len(SECRET.encode())}!"
    assert redactor.text("a?b=pa%22ss%2fw%C3%B6rd%2B&c") == f"a?b={'x' * 22}&c"
    assert redactor.text('pa"ss/word+') == 'pa"ss/word+'


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET.encode(),
        SECRET.encode("latin-1"),
        b"pa%22ss%2Fw%c3%b6rd%2B",
        b"pa%2522ss%252fw%25C3%25B6rd%252B",
        b"pa&quot;ss/w&#246;rd+",
        b"pa&#x22;ss/w&#xF6;rd&#43;",
        json.dumps(SECRET).strip('"').encode(),
        rb"pa\"ss\/w\xf6rd\u002B",
        base64.b64encode(SECRET.encode()).rstrip(b"="),
        base64.urlsafe_b64encode(SECRET.encode()).rstrip(b"=").replace(b"-", b"%2B"),
    ],
)
def test_every_spelling_is_found_whole(spelled: bytes) -> None:
    forms = Forms([SECRET])
    assert forms.find(b"<" + spelled + b">") == [(1, 1 + len(spelled))]
    assert forms.find(b"<" + spelled[:-4] + b">" + spelled[-4:]) == []


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "user:"])
@pytest.mark.parametrize("behind", ["", "z", "yz"])
def test_base64_of_what_holds_one_is_found(before: str, behind: str) -> None:
    coded = base64.b64encode(f"{before}{SECRET}{behind}".encode()).rstrip(b"=")
    [(start, stop)] = Forms([SECRET]).find(coded)
    # All digits that depend on the secret alone: to anyone who reads the rest, at most a few bits are left.
    assert start <= -(-len(before) * 8 // 6)
    assert stop >= (len(before) + len(SECRET.encode())) * 8 // 6


@settings(max_examples=60, deadline=None)
@given(PIECES, st.integers(0, 70_000))
def test_in_pieces_the_same_is_found_as_in_one(pieces: list[bytes], filler: int) -> None:
    forms = Forms(["secret-value"])
    pieces = [b"." * filler, *pieces, b"." * filler, *pieces]
    whole, placed, at = b"".join(pieces), [], 0
    for piece in pieces:
        placed.append((at, piece))
        at += len(piece)
    assert merged(forms.find_in(placed)) == forms.find(whole)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200))), st.integers(1, 30))
def test_a_masked_block_reads_alike_from_anywhere(data: bytes, ranges: list[tuple[int, int]], step: int) -> None:
    ranges = merged((start, stop) for start, stop in ranges if start < stop <= len(data))
    expected = bytearray(data)
    for start, stop in ranges:
        expected[start:stop] = b"x" * (stop - start)
    held = mask(hold([data[:3], data[3:7], data[7:]], memory_bytes=0), ranges)
    assert isinstance(held, Masked) or not data
    for start in range(0, len(data) + 1, step):
        assert b"".join(held.chunks(start)) == expected[start:]
        assert b"".join(held.chunks(start, start + step)) == expected[start : start + step]
    assert held.size == len(data)


@given(st.lists(st.binary(min_size=1, max_size=9)), st.integers(1, 5))
def test_dechunked_pieces_stand_where_they_say(chunks: list[bytes], step: int) -> None:
    framed = b"".join(b"%x;e=1\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"

    class Stepwise(InMemory):
        def chunks(self, start=0, stop=None):
            data = self.data[start:stop]
            return (data[at : at + step] for at in range(0, len(data), step))

    found = list(dechunk_in_place(Stepwise(framed)))
    assert trailer_offset(Stepwise(framed)) == len(framed) - 2
    assert trailer_offset(Stepwise(framed[:-4])) is None
    assert b"".join(piece for _, piece in found) == b"".join(chunks) == b"".join(dechunk(InMemory(framed)))
    assert all(framed[at : at + len(piece)] == piece for at, piece in found)


def test_a_large_body_is_masked_in_bounded_memory(tmp_path: Path) -> None:
    import tracemalloc

    spool = Spool(tmp_path)
    head, size = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", 64 << 20
    spool.write(head)
    piece = bytes(range(256)) * 256
    for number in range(size // len(piece)):
        spool.write(piece if number % 100 else b"secret-value".ljust(len(piece), b"."))
    received = spool.range(0, spool.size)
    given = Exchange(url="https://example.org/", started_at=datetime(2026, 1, 1, tzinfo=UTC), request=InMemory(b""),
                     response=received, header_bytes=len(head), payload_digest="sha256:0")  # fmt: skip
    tracemalloc.start()
    kept = Redactor(["secret-value"]).redact(given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    spool.close()
    assert len(kept.redactions) == 11
    assert peak < 8 << 20
    assert kept.payload_digest != "sha256:0"
    assert kept.payload_bytes == size


def test_a_bomb_is_not_looked_into() -> None:
    import gzip

    coded = gzip.compress(bytes(64 << 20))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(coded)
    kept = Redactor(["secret-value"]).redact(exchange(b"", head + coded))
    assert block(kept.response) == head + coded
