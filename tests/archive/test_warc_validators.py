"""What a conditional request asks by, when a 304 is believed (RFC 9110, 8.8, 13 and 15.4.5), and what becomes of it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from archive.exchange import Exchange, Original, Validator
from archive.warc.http import parse_response
from archive.warc.reader import read_records
from archive.warc.validators import Strength, condition_of, is_not_modified
from tests.archive.warc_samples import HELLO, STARTED, exchange_of, member_texts, sha256, warc_writer

BIN = Path(sys.executable).parent
SUNDAY, MONDAY, TUESDAY = (f"{day} GMT" for day in
                           ("Sun, 04 Jan 2026 10:00:00", "Mon, 05 Jan 2026 10:00:00", "Tue, 06 Jan 2026 10:00:00"))  # fmt: skip
ORIGINAL = Original("<urn:uuid:00000000-0000-4000-8000-000000000001>", "http://example.test/",
                    "2026-01-02T03:04:05.678901Z", sha256(b"hello"))  # fmt: skip
TAG = Validator(ORIGINAL, "If-None-Match", '"a\xe9"', 5)
WEAK_TAG = replace(TAG, value='W/"a"')
SINCE = Validator(ORIGINAL, "If-Modified-Since", SUNDAY, 5)


@pytest.mark.parametrize(
    ("headers", "strong", "weak"),
    [
        ('ETag: "a"', '"a"', '"a"'),
        ('etag:  "a\xe9"\t', '"a\xe9"', '"a\xe9"'),
        ('ETag: W/"a"', None, 'W/"a"'),
        ("ETag: a", None, None),
        ('ETag: "a" x', None, None),
        ('ETag: "a"\r\nETag: "b"', None, None),
        ('ETag: "a\x01"', None, None),
        (f'ETag: "{"a" * 1001}"', None, None),
        (f'ETag: "a"\r\nLast-Modified: {SUNDAY}\r\nDate: {MONDAY}', '"a"', '"a"'),
        # What the server calls weak is not made sure by its date.
        (f'ETag: W/"a"\r\nLast-Modified: {SUNDAY}\r\nDate: {MONDAY}', None, 'W/"a"'),
        (f"Last-Modified: {SUNDAY}\r\nDate: {MONDAY}", SUNDAY, SUNDAY),
        (f"Last-Modified: {SUNDAY}\r\nDate: Sun, 04 Jan 2026 10:01:00 GMT", SUNDAY, SUNDAY),
        (f"Last-Modified: {SUNDAY}\r\nDate: Sun, 04 Jan 2026 10:00:59 GMT", None, SUNDAY),
        (f"Last-Modified: {MONDAY}\r\nDate: {SUNDAY}", None, MONDAY),
        (f"Last-Modified: {SUNDAY}", None, SUNDAY),
        (f"Last-Modified: {SUNDAY}\r\nLast-Modified: {SUNDAY}\r\nDate: {MONDAY}", None, None),
        (f"Last-Modified: yesterday\r\nDate: {MONDAY}", None, None),
        (f"Last-Modified: Mon, 99 Foo 2026 10:00:00 GMT\r\nDate: {MONDAY}", None, None),
        (f"Last-Modified: {SUNDAY}\r\nDate: {MONDAY}\r\nVary: Accept-Encoding", SUNDAY, SUNDAY),
        (f"Last-Modified: {SUNDAY}\r\nDate: {MONDAY}\r\nVary: Accept-Encoding, Cookie", None, None),
        ('ETag: "a"\r\nVary: Cookie', '"a"', '"a"'),
        ('ETag: "a"\r\nVary: Cookie, *', None, None),
        ("X-Nothing: 1", None, None),
    ],
)
def test_what_a_request_asks_by(headers: str, strong: str | None, weak: str | None) -> None:
    response = parse_response(f"HTTP/1.1 200 OK\r\n{headers}\r\n\r\nhello".encode("latin-1"))
    wanted: list[tuple[Strength, str | None]] = [("strong", strong), ("weak", weak)]
    for strength, value in wanted:
        field = "If-Modified-Since" if value and value.endswith("GMT") else "If-None-Match"
        assert condition_of(response, strength) == ((field, value) if value else None), strength


@pytest.mark.parametrize("status", ["203 Fine", "206 Partial Content", "301 Moved", "404 Not Found"])
def test_only_a_200_is_asked_about(status: str) -> None:
    assert condition_of(parse_response(f'HTTP/1.1 {status}\r\nETag: "a"\r\n\r\nx'.encode()), "weak") is None


def answer(headers: str, validator: Validator = TAG, status: str = "304 Not Modified", **about: object) -> Exchange:
    request = f"GET / HTTP/1.1\r\nHost: example.test\r\n{validator.field}: {validator.value}\r\n\r\n"
    response = f"HTTP/1.1 {status}\r\n{headers}\r\n" if headers else f"HTTP/1.1 {status}\r\n"
    return exchange_of(f"{response}\r\n".encode("latin-1"), request=request.encode("latin-1"), **about)


@pytest.mark.parametrize(
    ("validator", "headers", "believed"),
    [
        (TAG, "Server: x", True),
        (TAG, 'ETag: "a\xe9"', True),
        (TAG, f'ETag: "a\xe9"\r\nLast-Modified: {TUESDAY}', True),
        (TAG, 'ETag: "b"', False),
        (TAG, 'ETag: W/"a\xe9"', False),
        (TAG, 'ETag: "a\xe9"\r\nETag: "b"', False),
        (WEAK_TAG, 'ETag: W/"a"', True),
        (WEAK_TAG, 'ETag: "a"', True),
        (WEAK_TAG, 'ETag: W/"b"', False),
        (SINCE, "Server: x", True),
        (SINCE, f"Last-Modified: {SUNDAY}", True),
        (SINCE, "Last-Modified: Sunday, 04-Jan-26 10:00:00 GMT", True),
        (SINCE, f"Last-Modified: {MONDAY}", False),
        (SINCE, f'Last-Modified: {SUNDAY}\r\nETag: "new"', True),
    ],
)
def test_a_304_is_believed_of_what_was_asked_about(validator: Validator, headers: str, believed: bool) -> None:
    assert is_not_modified(answer(headers, validator), validator) is believed


@pytest.mark.parametrize(
    "exchange",
    [
        answer("", status="200 OK"),
        answer("", status="412 Precondition Failed"),
        answer("", truncated="disconnect"),
        answer("", error="connection lost"),
        exchange_of(b"HTTP/1.1 304 Not Modified\r\n\r\n"),
        answer("", SINCE),
        answer("", replace(TAG, value='"other"')),
        exchange_of(None),
    ],
    ids=["200", "412", "cut", "failed", "not asked", "asked by date", "asked by another tag", "nothing"],
)
def test_all_else_is_kept_as_it_came(exchange: Exchange) -> None:
    assert not is_not_modified(exchange, TAG)


def test_a_304_is_an_empty_block_and_its_header_section_is_kept_beside_it(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    again = answer('ETag: "a\xe9"\r\nX-Odd:  two  spaces\r\n  folded % %41', started_at=STARTED + timedelta(days=1))
    writer.write_exchange(again, ORIGINAL)
    sealed = writer.seal()
    assert sealed
    _, revisit, request, metadata = member_texts(tmp_path / sealed.file)
    assert revisit.decode() == (
        "WARC/1.1\r\n"
        "WARC-Type: revisit\r\n"
        "WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
        "WARC-Target-URI: http://example.test/\r\n"
        "WARC-Date: 2026-01-03T03:04:05.678901Z\r\n"
        "WARC-IP-Address: 192.0.2.7\r\n"
        "WARC-Protocol: http/1.1\r\n"
        "WARC-Warcinfo-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\n"
        "WARC-Profile: http://netpreserve.org/warc/1.1/revisit/server-not-modified\r\n"
        f"WARC-Payload-Digest: {sha256(b'hello')}\r\n"
        "WARC-Refers-To: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
        "WARC-Refers-To-Target-URI: http://example.test/\r\n"
        "WARC-Refers-To-Date: 2026-01-02T03:04:05.678901Z\r\n"
        f"WARC-Block-Digest: {sha256(b'')}\r\n"
        "Content-Type: application/http; msgtype=response\r\n"
        "Content-Length: 0\r\n"
        "\r\n\r\n\r\n"
    )
    assert b'\r\nIf-None-Match: "a\xe9"\r\n' in request
    (kept,) = [line for line in metadata.splitlines() if line.startswith(b"notModifiedResponse: ")]
    assert again.response
    assert unquote_to_bytes(kept.removeprefix(b"notModifiedResponse: ")) == b"".join(again.response.chunks())


def test_strict_fields_hold_for_a_304(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path, strict_fields=True)
    writer.write_exchange(answer(""), ORIGINAL)
    sealed = writer.seal()
    assert sealed
    for record in read_records(tmp_path / sealed.file):
        assert record.field("WARC-Protocol") is None


def test_the_judges_accept_a_304(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    written = writer.write_exchange(exchange_of(HELLO))
    original = replace(ORIGINAL, record_id=written.record_id)
    writer.write_exchange(answer("", started_at=STARTED + timedelta(days=1)), original)
    sealed = writer.seal()
    assert sealed
    file = tmp_path / sealed.file
    for command in (["gzip", "-t"], [BIN / "warcio", "check"], [BIN / "fastwarc", "check", "-q"]):
        done = subprocess.run([*command, file], check=False, capture_output=True, text=True)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    indexed = subprocess.run([BIN / "cdxj-indexer", file], check=True, capture_output=True, text=True).stdout
    first, second = indexed.splitlines()
    assert '"status": "200"' in first
    assert '"mime": "warc/revisit"' in second
    assert "status" not in second
