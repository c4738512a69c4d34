from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.web.http import _ChunkedTransferDecoder, _MalformedChunkedDataError

from archive.errors import BadHttp
from archive.warc.blocks import OnDisk
from archive.warc.http import body, mime, parse_response, payload

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def payload_of(block: bytes) -> bytes:
    return b"".join(payload(block, parse_response(block)).chunks())


@pytest.mark.parametrize(
    ("block", "status", "reason", "headers"),
    [
        (b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n", 200, "OK", [("A", "b")]),
        (b"HTTP/1.1 200\r\n\r\n", 200, "", []),
        (b"HTTP/1.1  404   Niet  gevonden \r\n\r\n", 404, "Niet  gevonden", []),
        (b"HTTP/1.1 200 caf\xe9\r\nX: \xe9\xff\r\n\r\n", 200, "café", [("X", "éÿ")]),
        (b"HTTP/1.0 200 OK\nA: b\nC:d\n\nbody", 200, "OK", [("A", "b"), ("C", "d")]),
        (b"HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\nbody", 200, "OK", [("A", "b"), ("C", "d")]),
        (b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\td \r\nE: f\r\n\r\n", 200, "OK", [("A", "b c d"), ("E", "f")]),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n: no name\r\nA:\r\nA: 2\r\n\r\n", 200, "OK", [("A", ""), ("A", "2")]),
        (b"HTTP/1.1 200 OK\r\n folded first\r\nA: b\r\n\r\n", 200, "OK", [("A", "b")]),
        (b"HTTP/2 200\r\na: b\r\n\r\n", 200, "", [("a", "b")]),
        (b"HTTP/1.1 200 OK\r\nA: half", 200, "OK", [("A", "half")]),
        (b"HTTP/1.1 103 Early\r\nB: c\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n", 200, "OK", [("A", "b")]),
        (b"HTTP/1.1 101 Switching\r\nA: b\r\n\r\n\x00\x01", 101, "Switching", [("A", "b")]),
    ],
)
def test_header_sections_are_read_as_they_stand(
    block: bytes, status: int, reason: str, headers: list[tuple[str, str]]
) -> None:
    http = parse_response(block)
    assert (http.status, http.reason, list(http.headers)) == (status, reason, headers)


@pytest.mark.parametrize("block", [b"", b"\r\n\r\n", b"<html>HTTP/0.9", b"HTTP/1.1 OK\r\n\r\n", b"ICY 200 OK\r\n\r\n"])
def test_what_has_no_status_line_is_not_http(block: bytes) -> None:
    with pytest.raises(BadHttp):
        parse_response(block)


def test_an_endless_header_section_is_given_up() -> None:
    with pytest.raises(BadHttp, match="past 1048576 bytes"):
        parse_response(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300_000)


def test_a_payload_that_is_not_chunked_is_what_follows_the_header() -> None:
    assert payload_of(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello") == b"hello"
    assert payload_of(b"HTTP/1.1 200 OK\r\nA: half") == b""


@pytest.mark.parametrize(
    ("framed", "expected"),
    [
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
        (b'5;a=b;c="d;e"\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n', b"hello world"),
        (b"0005 \r\nhello\r\n00\r\n\r\n", b"hello"),
        (b"a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", b"0123456789" * 2),
        (b"5\nhello\n0\n\n", b"hello"),
        (b"0\r\n\r\n", b""),
        (b"", b""),
        (b"5", b""),
        (b"5\r", b""),
        (b"5\r\n", b""),
        (b"5;ext", b""),
        (b"5\r\nhel", b"hel"),
        (b"5\r\nhello", b"hello"),
        (b"5\r\nhello\r\n", b"hello"),
        (b"5\r\nhello\r\n5\r\nwo", b"hellowo"),
        (b"5\r\nhello\r\nZZ\r\nworld", b"hello"),
        (b"5\r\nhelloXX5\r\nworld\r\n0\r\n\r\n", b"hello"),
        (b"ffffffffffffffff\r\nhello", b"hello"),
        (b"5\r\nhello\r\n0\r\n\r\nleft over", b"hello"),
        (b"<html>already dechunked\n</html>", b"<html>already dechunked\n</html>"),
        (b"hello", b"hello"),
        (b"-5\r\nhello\r\n", b"-5\r\nhello\r\n"),
        (b"5 5\r\nhello\r\n", b"5 5\r\nhello\r\n"),
        (b"5;" + b"x" * 40_000 + b"\r\nhello\r\n0\r\n\r\n", b""),
    ],
)
def test_chunked_framing_is_undone_as_far_as_it_goes(framed: bytes, expected: bytes) -> None:
    assert payload_of(CHUNKED + framed) == expected


def test_chunked_stands_anywhere_among_the_codings() -> None:
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\nTRANSFER-ENCODING: foo , Chunked\r\n\r\n"
    assert payload_of(head + b"5\r\nhello\r\n0\r\n\r\n") == b"hello"


def twisted_payload(framed: bytes, sizes: list[int]) -> tuple[bytes, bool]:
    """What the crawler's HTTP stack hands over of a chunked body, however it came in; and whether it raised."""
    pieces: list[bytes] = []
    decoder = _ChunkedTransferDecoder(pieces.append, lambda rest: None)
    at = 0
    try:
        for size in [*sizes, len(framed)]:
            if decoder.state != "FINISHED" and at < len(framed):
                decoder.dataReceived(framed[at : at + size])
                at += size
    except _MalformedChunkedDataError:
        return b"".join(pieces), True
    return b"".join(pieces), False


chunks = st.lists(st.binary(min_size=1, max_size=40), max_size=6)
extensions = st.sampled_from([b"", b";a=b", b';q="1;2"'])
trailers = st.sampled_from([b"", b"X-Trailer: y\r\n"])


@given(chunks, extensions, trailers, st.integers(0, 400), st.lists(st.integers(1, 20), max_size=8))
def test_well_formed_and_cut_short_payloads_are_those_of_the_wire_tee(
    parts: list[bytes], extension: bytes, trailer: bytes, cut: int, sizes: list[int]
) -> None:
    framed = b"".join((b"%X" if cut % 2 else b"%x") % len(p) + extension + b"\r\n" + p + b"\r\n" for p in parts)
    framed = (framed + b"0\r\n" + trailer + b"\r\n")[:cut]
    expected, raised = twisted_payload(framed, sizes)
    assert not raised
    assert payload_of(CHUNKED + framed) == expected


@given(st.binary(max_size=200))
def test_no_body_makes_dechunking_fail(framed: bytes) -> None:
    found = payload_of(CHUNKED + framed)
    assert len(found) <= len(framed)


@given(st.binary(max_size=300))
def test_any_block_is_http_or_bad_http(block: bytes) -> None:
    try:
        http = parse_response(b"HTTP/1.1 200 OK\r\n" + block)
    except BadHttp:
        return
    found = payload(b"HTTP/1.1 200 OK\r\n" + block, http)
    body(found, http)
    mime(http)


def test_a_large_payload_does_not_stay_in_memory() -> None:
    block = CHUNKED + (b"100000\r\n" + bytes(1 << 20) + b"\r\n") * 10 + b"0\r\n\r\n"
    held = payload(block, parse_response(block))
    assert isinstance(held, OnDisk)
    assert held.size == 10 << 20
    assert b"".join(held.chunks(1, 6)) == bytes(5)
    assert sum(map(len, held.chunks())) == 10 << 20


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text/html; charset=utf-8", "text/html"),
        ("TEXT/HTML;charset=x", "text/html"),
        (" image/svg+xml ", "image/svg+xml"),
        ("application/vnd.ms-excel.sheet.macroEnabled.12", "application/vnd.ms-excel.sheet.macroenabled.12"),
        ("", None),
        ("html", None),
        ("text/", None),
        ("text/html, text/plain", "text/html"),
    ],
)
def test_mime_is_lowercase_without_parameters(value: str, expected: str | None) -> None:
    assert mime(parse_response(f"HTTP/1.1 200 OK\r\nContent-Type: {value}\r\n\r\n".encode())) == expected


def test_no_content_type_is_no_mime() -> None:
    assert mime(parse_response(b"HTTP/1.1 200 OK\r\n\r\n")) is None
