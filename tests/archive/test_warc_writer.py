from __future__ import annotations

import gzip
import random
import uuid
from pathlib import Path

import pytest

from archive.exchange import Exchange
from archive.warc.blocks import InMemory
from archive.warc.ids import RecordIds
from archive.warc.reader import WarcFile, read_record
from tests.archive.warc_samples import FILE, HELLO, REQUEST, exchange_of, member_texts, sha256, warc_writer

#: bodies: a page, and what an image is to a compressor
TEXT = b"Better Care Network Nederland. " * 2_000
NOISE = random.Random(1).randbytes(50_000)


def test_an_exchange_is_response_request_and_metadata(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    written = writer.write_exchange(
        exchange_of(
            HELLO,
            protocols=("http/1.1", "tls/1.3"),
            cipher_suite="TLS_AES_256_GCM_SHA384",
            via="http://example.test/index",
            hops="LE",
            fetch_ms=12,
        )
    )
    writer.seal()
    assert member_texts(tmp_path / FILE) == [
        (
            b"WARC/1.1\r\n"
            b"WARC-Type: warcinfo\r\n"
            b"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\n"
            b"WARC-Date: 2026-01-02T03:04:00.000000Z\r\n"
            b"WARC-Filename: demo-20260102030400000-00000-keeper.test.warc.gz\r\n"
            b"WARC-Block-Digest: sha256:2bbbdfa13b4dc091775594b05d3c288e682896727230053713bdee2349966705\r\n"
            b"Content-Type: application/warc-fields\r\n"
            b"Content-Length: 58\r\n"
            b"\r\n"
            b"software: Bewaar/0.1.0\r\nisPartOf: demo-20260102030400000\r\n"
            b"\r\n\r\n"
        ),
        (
            b"WARC/1.1\r\n"
            b"WARC-Type: response\r\n"
            b"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
            b"WARC-Target-URI: http://example.test/\r\n"
            b"WARC-Date: 2026-01-02T03:04:05.678901Z\r\n"
            b"WARC-IP-Address: 192.0.2.7\r\n"
            b"WARC-Protocol: http/1.1\r\n"
            b"WARC-Protocol: tls/1.3\r\n"
            b"WARC-Cipher-Suite: TLS_AES_256_GCM_SHA384\r\n"
            b"WARC-Warcinfo-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\n"
            b"WARC-Payload-Digest: sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\r\n"
            b"WARC-Block-Digest: sha256:33e1fc470cedf7c0312abd0a70dc49117002b14753e1b641c1b300821cad4244\r\n"
            b"Content-Type: application/http; msgtype=response\r\n"
            b"Content-Length: 50\r\n"
            b"\r\n"
            b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello"
            b"\r\n\r\n"
        ),
        (
            b"WARC/1.1\r\n"
            b"WARC-Type: request\r\n"
            b"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000002>\r\n"
            b"WARC-Target-URI: http://example.test/\r\n"
            b"WARC-Date: 2026-01-02T03:04:05.678901Z\r\n"
            b"WARC-Concurrent-To: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
            b"WARC-Warcinfo-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\n"
            b"WARC-Block-Digest: sha256:4c978059238d24f3ada3dee6091310f96414fd74bf78da8dbd7640b1ba62f3b1\r\n"
            b"Content-Type: application/http; msgtype=request\r\n"
            b"Content-Length: 38\r\n"
            b"\r\n"
            b"GET / HTTP/1.1\r\nHost: example.test\r\n\r\n"
            b"\r\n\r\n"
        ),
        (
            b"WARC/1.1\r\n"
            b"WARC-Type: metadata\r\n"
            b"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000003>\r\n"
            b"WARC-Target-URI: http://example.test/\r\n"
            b"WARC-Date: 2026-01-02T03:04:05.678901Z\r\n"
            b"WARC-Concurrent-To: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
            b"WARC-Warcinfo-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\n"
            b"WARC-Block-Digest: sha256:50b5be49c1031f82855b001d6130ddee91e52000ce00c730ad45867dc2a001df\r\n"
            b"Content-Type: application/warc-fields\r\n"
            b"Content-Length: 67\r\n"
            b"\r\n"
            b"via: http://example.test/index\r\nhopsFromSeed: LE\r\nfetchTimeMs: 12\r\n"
            b"\r\n\r\n"
        ),
    ]
    assert written.record_id == "<urn:uuid:00000000-0000-4000-8000-000000000001>"
    assert written.warc_date == "2026-01-02T03:04:05.678901Z"
    place = written.place
    assert place.file == FILE
    record = read_record(tmp_path / FILE, place.offset, place.length)
    assert (record.type, record.id, record.place) == ("response", written.record_id, place)


def test_a_failed_fetch_is_a_metadata_record_after_its_request(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    written = writer.write_exchange(
        exchange_of(
            None,
            error="connection lost\r\nWARC-Type: response",
            truncated="disconnect",
            hops="L",
            via="http://example.test/a b",
        )
    )
    writer.seal()
    _, request, metadata = member_texts(tmp_path / FILE)
    assert b"WARC-Concurrent-To: <urn:uuid:00000000-0000-4000-8000-000000000002>\r\n" in request
    assert request.endswith(REQUEST + b"\r\n\r\n")
    assert metadata == (
        b"WARC/1.1\r\n"
        b"WARC-Type: metadata\r\n"
        b"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000002>\r\n"
        b"WARC-Target-URI: http://example.test/\r\n"
        b"WARC-Date: 2026-01-02T03:04:05.678901Z\r\n"
        b"WARC-IP-Address: 192.0.2.7\r\n"
        b"WARC-Protocol: http/1.1\r\n"
        b"WARC-Warcinfo-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\n"
        b"WARC-Block-Digest: sha256:82c03403b1c1f524f94ca71bcba3f07cf292e2ee1e61df656f0b87801eecac29\r\n"
        b"Content-Type: application/warc-fields\r\n"
        b"Content-Length: 110\r\n"
        b"\r\n"
        b"fetchStatus: -3\r\nerror: connection lost WARC-Type: response\r\nvia: http://example.test/a%20b\r\nhopsFromSeed: L\r\n"
        b"\r\n\r\n"
    )
    assert written.record_id == "<urn:uuid:00000000-0000-4000-8000-000000000002>"
    assert read_record(tmp_path / FILE, written.place.offset, written.place.length).type == "metadata"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"request": b"", "error": "DNS lookup failed"}, "-1"),
        ({"request": b"", "error": "connection refused"}, "-2"),
        ({"error": "connection lost"}, "-3"),
        ({"error": "took too long", "truncated": "time"}, "-4"),
    ],
)
def test_a_failure_says_how_it_failed_as_heritrix_does(tmp_path: Path, fields: dict[str, object], status: str) -> None:
    writer = warc_writer(tmp_path)
    writer.write_exchange(exchange_of(b"", **fields))
    writer.seal()
    assert f"fetchStatus: {status}\r\nerror: {fields['error']}\r\n".encode() in member_texts(tmp_path / FILE)[-1]


def test_sha1_is_written_in_base32(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path, digest="sha1")
    writer.write_exchange(exchange_of(HELLO))
    writer.seal()
    response = member_texts(tmp_path / FILE)[1]
    assert b"WARC-Payload-Digest: sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N\r\n" in response
    assert b"sha256:" not in b"".join(member_texts(tmp_path / FILE))


def test_metadata_of_the_crawl_stands_on_its_own_url(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    written = writer.write_metadata("metadata://demo/report.json", b'{"a": 1}', "application/json")
    writer.seal()
    assert member_texts(tmp_path / FILE)[1] == (
        b"WARC/1.1\r\n"
        b"WARC-Type: metadata\r\n"
        b"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000001>\r\n"
        b"WARC-Target-URI: metadata://demo/report.json\r\n"
        b"WARC-Date: 2026-01-02T03:04:00.000000Z\r\n"
        b"WARC-Warcinfo-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\n"
        b"WARC-Block-Digest: sha256:f9d86028c6e0d64e225186f96acb69338b2c59764df79162107f5c4bb34d1310\r\n"
        b"Content-Type: application/json\r\n"
        b"Content-Length: 8\r\n"
        b"\r\n"
        b'{"a": 1}'
        b"\r\n\r\n"
    )
    assert written.warc_date == "2026-01-02T03:04:00.000000Z"


def test_values_of_warcinfo_keep_to_one_line(tmp_path: Path) -> None:
    warc_writer(tmp_path, info={"description": "een\r\nWARC-Type: x\n  twee", "operator": "Café"}).seal()
    assert member_texts(tmp_path / FILE)[0].endswith(
        "\r\n\r\ndescription: een WARC-Type: x twee\r\noperator: Café\r\n\r\n\r\n".encode()
    )


def test_a_block_in_pieces_is_one_block(tmp_path: Path) -> None:
    class Pieces(InMemory):
        def chunks(self, start: int = 0, stop: int | None = None):
            for byte in self.data[start:stop]:
                yield b""
                yield bytes([byte])

    writer = warc_writer(tmp_path)
    exchange = exchange_of(HELLO)
    writer.write_exchange(Exchange("http://example.test/", exchange.started_at, Pieces(REQUEST), Pieces(HELLO)))
    writer.seal()
    _, response, request, _ = member_texts(tmp_path / FILE)
    assert response.endswith(b"\r\n\r\n" + HELLO + b"\r\n\r\n")
    assert f"WARC-Block-Digest: {sha256(HELLO)}\r\n".encode() in response
    assert request.endswith(b"\r\n\r\n" + REQUEST + b"\r\n\r\n")


@pytest.mark.parametrize(("body", "stored_as_it_is"), [(NOISE, True), (TEXT, False)], ids=["noise", "text"])
def test_what_does_not_shrink_is_stored(tmp_path: Path, body: bytes, *, stored_as_it_is: bool) -> None:
    """Most images: compressing them costs more than all the rest of writing them."""
    writer = warc_writer(tmp_path)
    place = writer.write_exchange(exchange_of(HELLO.replace(b"hello", body))).place
    sealed = writer.seal()
    assert sealed
    data = (tmp_path / sealed.file).read_bytes()[place.offset : place.offset + place.length]
    assert (body[:20_000] in data) is stored_as_it_is
    assert gzip.decompress(data).endswith(body + b"\r\n\r\n")


def test_a_reader_is_told_where_the_response_is_and_what_tells_about_it(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    written = writer.write_exchange(exchange_of(HELLO))
    sealed = writer.seal()
    assert sealed
    with WarcFile(tmp_path / sealed.file) as file:
        found = [record.type for start, end in written.spans for record in file.span(start, end)]
        everything = [record.type for record in file.span(written.spans[0][0], written.spans[-1][1])]
    assert (found, everything) == (["response", "metadata"], ["response", "request", "metadata"])
    assert written.spans[-1][1] == sealed.size


def test_ids_are_uuids_and_those_of_two_writers_differ() -> None:
    of_one, of_another = RecordIds(), RecordIds()
    ids = [of_one() for _ in range(300)] + [of_another() for _ in range(300)]
    assert len(set(ids)) == 600
    for text in ids:
        assert text.startswith("<urn:uuid:")
        parsed = uuid.UUID(text.removeprefix("<urn:uuid:").removesuffix(">"))
        assert (parsed.version, parsed.variant) == (8, uuid.RFC_4122)
    # What the compressor lives on: of one writer only the end changes, of two nothing agrees by rule.
    assert len({text[:38] for text in ids}) == 2
