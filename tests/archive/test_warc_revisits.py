"""What a revisit record says, and which record it may refer to (WARC 1.1, 6.7)."""

from __future__ import annotations

import gzip
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from archive.exchange import Exchange, Original
from archive.model import Record
from archive.warc.reader import read_records
from archive.warc.revisits import is_original, may_refer
from tests.archive.warc_samples import HELLO, STARTED, exchange_of, member_texts, sha256, warc_writer

BIN = Path(sys.executable).parent
ORIGINAL = Original("<urn:uuid:00000000-0000-4000-8000-00000000ffff>", "http://example.test/a", "2025-01-01T00:00:00Z")
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
PACKED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"hello", mtime=0)
MISLABELLED = b"HTTP/1.1 200 OK\r\n\r\n" + gzip.compress(b"hello", mtime=0)


def test_a_revisit_holds_the_header_section_and_says_where_the_rest_is(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    writer.write_exchange(exchange_of(HELLO), ORIGINAL)
    sealed = writer.seal()
    assert sealed
    _, revisit, request, metadata = member_texts(tmp_path / sealed.file)
    head = HELLO[: -len(b"hello")]
    assert revisit.decode() == (
        "WARC/1.1\r\n"
        "WARC-Type: revisit\r\n"
        "WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
        "WARC-Target-URI: http://example.test/\r\n"
        "WARC-Date: 2026-01-02T03:04:05.678901Z\r\n"
        "WARC-IP-Address: 192.0.2.7\r\n"
        "WARC-Protocol: http/1.1\r\n"
        "WARC-Warcinfo-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\n"
        "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/identical-payload-digest\r\n"
        f"WARC-Payload-Digest: {sha256(b'hello')}\r\n"
        "WARC-Refers-To: <urn:uuid:00000000-0000-4000-8000-00000000ffff>\r\n"
        "WARC-Refers-To-Target-URI: http://example.test/a\r\n"
        "WARC-Refers-To-Date: 2025-01-01T00:00:00Z\r\n"
        "WARC-Truncated: length\r\n"
        f"WARC-Block-Digest: {sha256(head)}\r\n"
        "Content-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(head)}\r\n"
        "\r\n" + head.decode() + "\r\n\r\n"
    )
    for other in (request, metadata):
        assert b"WARC-Concurrent-To: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n" in other


def stored(directory: Path, response: bytes, **about: object) -> Record:
    writer = warc_writer(directory)
    writer.write_exchange(exchange_of(response, **about))
    sealed = writer.seal()
    assert sealed
    return next(record for record in read_records(directory / sealed.file) if record.type == "response")


@pytest.mark.parametrize(
    ("original", "now", "fits"),
    [
        (HELLO, HELLO, True),
        (HELLO, HELLO.replace(b"Content-Type", b"X-Other"), True),
        (HELLO, CHUNKED, False),
        (CHUNKED, HELLO, False),
        (CHUNKED, CHUNKED.replace(b"Chunked", b"chunked"), True),
        (PACKED, MISLABELLED, False),
        (MISLABELLED, PACKED, False),
        (PACKED, PACKED.replace(b"gzip\r\n", b"GZIP\r\nX-A: b\r\n"), True),
    ],
    ids=[
        "same",
        "other header",
        "chunked now",
        "chunked then",
        "chunked both",
        "coded then",
        "coded now",
        "coded both",
    ],
)
def test_original_and_revisit_are_framed_and_coded_alike(
    tmp_path: Path, original: bytes, now: bytes, fits: bool
) -> None:
    exchange = exchange_of(now)
    assert exchange.payload_digest == exchange_of(original).payload_digest
    assert may_refer(exchange)
    assert is_original(stored(tmp_path, original), exchange) is fits


def test_a_short_original_is_none(tmp_path: Path) -> None:
    assert not is_original(stored(tmp_path, HELLO, truncated="disconnect", error="connection lost"), exchange_of(HELLO))


@pytest.mark.parametrize(
    "exchange",
    [
        exchange_of(HELLO[: -len(b"hello")]),
        exchange_of(HELLO, truncated="length"),
        exchange_of(HELLO, error="connection lost"),
        exchange_of(HELLO.replace(b"200 OK", b"206 Partial Content")),
        exchange_of(b"no HTTP at all"),
        exchange_of(None),
    ],
    ids=["empty", "truncated", "failed", "partial", "no HTTP", "nothing"],
)
def test_what_is_no_whole_payload_refers_to_nothing(exchange: Exchange) -> None:
    assert not may_refer(exchange)


def test_the_judges_accept_a_file_of_revisits(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    writer.write_exchange(exchange_of(HELLO))
    again = exchange_of(HELLO, started_at=STARTED + timedelta(days=1))
    first = Original("<urn:uuid:00000000-0000-4000-8000-000000000001>", again.url, "2026-01-02T03:04:05.678901Z")
    writer.write_exchange(again, first)
    sealed = writer.seal()
    assert sealed
    file = tmp_path / sealed.file
    for command in (["gzip", "-t"], [BIN / "warcio", "check"], [BIN / "fastwarc", "check", "-q"]):
        done = subprocess.run([*command, file], check=False, capture_output=True, text=True)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    indexed = subprocess.run([BIN / "cdxj-indexer", file], check=True, capture_output=True, text=True).stdout
    lines = indexed.splitlines()
    assert len(lines) == 2
    assert '"mime": "warc/revisit"' in lines[1]
    assert sha256(b"hello").removeprefix("sha256:") in lines[0]
    assert sha256(b"hello").removeprefix("sha256:") in lines[1]
