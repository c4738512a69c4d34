"""Exchanges that are odd or cut, or whose bytes are masked, as the writer stores them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from archive.exchange import Exchange, Original, Redaction
from archive.warc.reader import read_record
from tests.archive.warc_samples import FILE, HELLO, exchange_of, member_texts, sha256, warc_writer

#: an HTTP header block with everything servers do wrong in one; nothing of it may change on the way to disk
ODD = (
    b"HTTP/1.0  404   Niet \xe9\xe9n gevonden \r\n"
    b"server:nginx\r\nSERVER: twice\r\nX-Two:  spaces\t \r\nset-cookie: a=1\r\nSet-Cookie: b=2\r\n"
    b"X-Fold: a\r\n\t b\r\nno colon here\r\n: no name\r\nX-Empty:\r\nX-Latin: caf\xe9 \x80\xff\r\nX-Nul: \x00\x01\r\n"
    b"lf only: yes\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"
    b'5;name="x"\r\nhello\r\n0005\r\n\r\n\r\n\x1f\r\n0\r\nTrailer: t\r\n\r\n'
)


def test_every_byte_of_an_odd_response_is_stored(tmp_path: Path) -> None:
    assert stored(tmp_path, exchange_of(ODD)) == ODD


@pytest.mark.parametrize(
    "odd",
    [
        b"HTTP/1.1 200\r\n\r\n",
        b"HTTP/1.1 200 OK\nServer: lf\n\nbody\n",
        b"HTTP/1.1 200 OK\r\nServer: half a hea",
        b"\x16\x03\x01 not HTTP at all",
        b"hello from HTTP/0.9",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 20_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(range(256)) * 20,
        b"HTTP/1.1 200 OK\r\n\r\nWARC/1.1\r\nWARC-Type: response\r\nContent-Length: 0\r\n\r\n\r\n\r\n",
        b"\r\n\r\n",
    ],
)
def test_oddities_are_stored_as_they_came(tmp_path: Path, odd: bytes) -> None:
    truncated = exchange_of(odd, truncated="unspecified", header_bytes=None)
    assert stored(tmp_path, truncated) == odd


def stored(directory: Path, exchange: Exchange) -> bytes:
    writer = warc_writer(directory)
    place = writer.write_exchange(exchange).place
    writer.seal()
    return b"".join(read_record(directory / place.file, place.offset, place.length).block.chunks())


@pytest.mark.parametrize(
    ("url", "field"),
    [
        ("http://example.test/\r\nWARC-Type: request", b"http://example.test/%0D%0AWARC-Type:%20request"),
        ("http://example.test/caf\xe9 \u2028\ud800", b"http://example.test/caf%C3%A9%20%E2%80%A8%ED%A0%80"),
    ],
)
def test_no_url_can_end_its_header_line(tmp_path: Path, url: str, field: bytes) -> None:
    writer = warc_writer(tmp_path)
    writer.write_exchange(exchange_of(HELLO, url=url, via=url, protocols=("http/1.1\r\nX: y",), cipher_suite="a\nb"))
    writer.seal()
    _, response, _, metadata = member_texts(tmp_path / FILE)
    assert b"\r\nWARC-Target-URI: " + field + b"\r\n" in response
    assert b"\r\nvia: " + field + b"\r\n" in metadata
    assert b"\r\nWARC-Protocol: http/1.1%0D%0AX: y\r\nWARC-Cipher-Suite: a%0Ab\r\n" in response


def test_strict_fields_leave_out_what_the_standard_does_not_name(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path, strict_fields=True)
    writer.write_exchange(exchange_of(HELLO, cipher_suite="X"))
    writer.seal()
    text = b"".join(member_texts(tmp_path / FILE))
    assert b"WARC-IP-Address: 192.0.2.7" in text
    assert b"WARC-Protocol" not in text
    assert b"WARC-Cipher-Suite" not in text


def test_what_is_no_address_is_left_out(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    writer.write_exchange(exchange_of(HELLO, ip_address="keeper.test"))
    writer.write_exchange(exchange_of(HELLO, ip_address="fe80::1%eth0"))
    writer.seal()
    text = b"".join(member_texts(tmp_path / FILE))
    assert b"keeper.test\r\n" not in text.replace(FILE.encode(), b"")
    assert text.count(b"WARC-IP-Address: fe80::1\r\n") == 1


def test_the_payload_digest_of_a_short_body_is_that_of_the_stored_block(tmp_path: Path) -> None:
    # Twisted gives up at the first odd chunk; what the reader finds in the block is what counts.
    block = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\nZZ\r\n"
    writer = warc_writer(tmp_path)
    writer.write_exchange(
        exchange_of(block, truncated="unspecified", payload_digest=sha256(b""), payload_bytes=0, error="bad chunk")
    )
    writer.seal()
    response = member_texts(tmp_path / FILE)[1]
    assert f"WARC-Payload-Digest: {sha256(b'hello')}\r\n".encode() in response
    assert b"WARC-Truncated: unspecified\r\n" in response


def test_a_header_section_without_an_end_has_no_payload_digest(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    writer.write_exchange(exchange_of(b"HTTP/1.1 200 OK\r\nServer", truncated="disconnect"))
    writer.seal()
    assert b"WARC-Payload-Digest" not in member_texts(tmp_path / FILE)[1]


def test_interim_responses_and_surplus_bytes_are_kept(tmp_path: Path) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a%20b.css>\r\n\r\n"
    surplus = bytes(range(256))
    writer = warc_writer(tmp_path)
    writer.write_exchange(exchange_of(HELLO, interim=interim, surplus=surplus))
    writer.seal()
    block = member_texts(tmp_path / FILE)[-1].split(b"\r\n\r\n", 1)[1]
    fields = dict(line.split(": ", 1) for line in block.decode("ascii").split("\r\n") if line)
    assert unquote_to_bytes(fields["interimResponse"]) == interim
    assert unquote_to_bytes(fields["surplusBytes"]) == surplus


def test_surplus_past_its_limit_says_that_it_is_cut(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    writer.write_exchange(exchange_of(HELLO, surplus=b"x" * 70_000))
    writer.seal()
    metadata = member_texts(tmp_path / FILE)[-1]
    assert b"x" * 65_536 + b"\r\nsurplusBytesTruncated: 65536 of 70000 bytes kept\r\n" in metadata


REDACTIONS = (
    Redaction("request", 16, 20, "cookie"),
    Redaction("response", 17, 20, "set-cookie"),
    Redaction("response", len(HELLO) - 2, len(HELLO), "secret"),
    Redaction("surplus", 65_530, 65_550, "secret"),
    Redaction("surplus", 65_560, 65_570, "secret"),
)


def test_masked_ranges_are_named(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    writer.write_exchange(exchange_of(HELLO, redactions=REDACTIONS, surplus=b"s" * 70_000))
    writer.seal()
    assert member_texts(tmp_path / FILE)[-1].partition(b"bytes kept\r\n")[2] == (
        b"redaction: record=request; offset=16; length=4; why=cookie\r\n"
        b"redaction: record=response; offset=17; length=3; why=set-cookie\r\n"
        b"redaction: record=response; offset=48; length=2; why=secret\r\n"
        # Of what is not kept, nothing is said.
        b"redaction: record=surplusBytes; offset=65530; length=6; why=secret\r\n"
        b"secretsInBody: 1\r\n\r\n\r\n"
    )


def test_of_a_revisit_only_what_is_stored_is_named(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    original = Original("<urn:uuid:1>", "http://example.test/", "2026-01-01T00:00:00Z")
    writer.write_exchange(exchange_of(HELLO, redactions=REDACTIONS), original)
    writer.seal()
    about = member_texts(tmp_path / FILE)[-1]
    assert b"\r\nredaction: record=revisit; offset=17; length=3; why=set-cookie\r\n" in about
    assert b"offset=48" not in about
    # What came over the wire is a fact all the same.
    assert b"\r\nsecretsInBody: 1\r\n" in about
