"""What other people's programs say of the files we write. Their false alarms are asserted as what they are."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import brotli
import pytest

from archive import cdxj, urls
from archive.model import Capture, Record
from archive.warc import http
from archive.warc.reader import read_records
from tests.archive.warc_samples import exchange_of, warc_writer

BIN = Path(sys.executable).parent
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
PLAIN = {
    "http://www.example.test/p//215/?b=2&a=1": HEAD + b"Content-Length: 5\r\n\r\nhello",
    "http://example.test/caf%C3%A9": HEAD + b"X-Latin: caf\xe9\r\nX-Fold: a\r\n b\r\n\r\n" + os.urandom(3000),
    "https://example.test:8443/gone": b"HTTP/1.1 404  Not  Found\r\ncontent-type: TEXT/plain\r\n\r\n",
    "http://example.test/moved": b"HTTP/1.1 301 Moved\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n",
    "http://example.test/packed": HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"hello"),
    "http://example.test/large": HEAD + b"\r\n" + os.urandom(3 << 20),
    "http://example.test/none": b"HTTP/1.1 204 No Content\r\n\r\n",
}
CHUNKED = {
    "http://example.test/chunked": HEAD + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n",
}


def written(directory: Path, responses: dict[str, bytes]) -> Path:
    writer = warc_writer(directory)
    for url, response in responses.items():
        writer.write_exchange(exchange_of(response, url=url, via="http://example.test/", fetch_ms=3))
    writer.write_exchange(exchange_of(None, url="http://nowhere.test/", error="DNS lookup failed"))
    writer.write_exchange(exchange_of(b"HTTP/1.1 200 OK\r\nServ", truncated="disconnect", error="connection lost"))
    writer.write_metadata("metadata://demo/log.txt", b"log\n", "text/plain")
    sealed = writer.seal()
    assert sealed
    return directory / sealed.file


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], check=False, capture_output=True, text=True)


def test_gzip_finds_nothing(tmp_path: Path) -> None:
    assert run("gzip", "-t", written(tmp_path, PLAIN | CHUNKED)).returncode == 0


def test_warcio_finds_nothing(tmp_path: Path) -> None:
    found = run(BIN / "warcio", "check", "-v", written(tmp_path, PLAIN))
    assert (found.returncode, "fail" in found.stdout) == (0, False), found.stdout + found.stderr
    assert found.stdout.count("digest pass") > 2 * len(PLAIN)


def test_warcio_takes_chunk_framing_for_payload(tmp_path: Path) -> None:
    # A false alarm: the payload digest is over the entity body, from which chunking is undone (WARC 1.1, 5.9).
    found = run(BIN / "warcio", "check", "-v", written(tmp_path, CHUNKED))
    assert found.returncode == 1
    assert found.stdout.count("payload digest failed") == 1
    assert "block digest failed" not in found.stdout


def test_fastwarc_finds_nothing(tmp_path: Path) -> None:
    assert fastwarc_says(written(tmp_path, PLAIN), "-p").count("PAYLOAD_OK") == len(PLAIN)


def test_fastwarc_takes_chunk_framing_for_payload(tmp_path: Path) -> None:
    # The same false alarm as warcio's; without -p it has none.
    path = written(tmp_path, CHUNKED)
    assert "FAIL" not in fastwarc_says(path)
    assert (
        fastwarc_says(path, "-p", code=1).count("PAYLOAD_FAIL") == fastwarc_says(path, "-p", code=1).count("FAIL") == 1
    )


def fastwarc_says(path: Path, *options: str, code: int = 0) -> str:
    said = path.with_suffix(".txt")
    found = run(BIN / "fastwarc", "check", "-q", *options, "-o", said, path)
    assert found.returncode == code, found.stdout + found.stderr
    return said.read_text() if said.exists() else ""


def test_warcio_reads_back_every_block(tmp_path: Path) -> None:
    from warcio.archiveiterator import ArchiveIterator

    path = written(tmp_path, PLAIN | CHUNKED)
    with path.open("rb") as file:
        theirs = [
            (r.rec_type, r.rec_headers.get_header("WARC-Record-ID"), r.raw_stream.read())
            for r in ArchiveIterator(file, no_record_parse=True)
        ]
    assert theirs == [(r.type, r.id, b"".join(r.block.chunks())) for r in read_records(path)]


def capture_of(record: Record) -> Capture:
    response = http.parse_response(record.block) if record.type == "response" else None
    return Capture(
        record_id=record.id,
        type="response" if response else "resource",
        url=record.url or "",
        urlkey=urls.urlkey(record.url or ""),
        warc_date=record.date,
        status=response.status if response else None,
        mime=http.mime(response) if response else record.field("Content-Type"),
        place=record.place,
        declared_digest=record.field("WARC-Payload-Digest"),
    )


def test_cdxj_indexer_writes_the_lines_we_write(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN | CHUNKED)
    theirs = run(BIN / "cdxj-indexer", "-s", path).stdout.splitlines()
    records = [
        record
        for record in read_records(path)
        if record.type == "response" or (record.url or "").startswith("metadata:")
    ]
    ours = list(cdxj.cdxj_index(map(capture_of, records)))
    assert len(ours) == len(PLAIN) + len(CHUNKED) + 2
    for our, their in zip(ours, theirs, strict=True):
        assert our.split(" ")[:2] == their.split(" ")[:2]
        ours_fields, their_fields = (json.loads(line.split(" ", 2)[2]) for line in (our, their))
        if "digest" not in ours_fields:  # it makes up a sha1 where a record declares none
            assert their_fields.pop("digest").startswith("sha1:")
        assert their_fields.pop("mime", "").lower() == ours_fields.pop("mime", "")
        assert ours_fields == their_fields


def test_brotli_is_stored_and_decoded_where_warcio_cannot(tmp_path: Path) -> None:
    block = HEAD + b"Content-Encoding: br\r\n\r\n" + brotli.compress(b"hello")
    (response,) = (
        r
        for r in read_records(written(tmp_path, {"http://example.test/": block}))
        if r.type == "response" and r.block.size == len(block)
    )
    parsed = http.parse_response(response.block)
    assert http.body(http.payload(response.block, parsed), parsed).data == b"hello"


@pytest.mark.parametrize("digest", ["sha256", "sha1"])
def test_judges_accept_either_digest(tmp_path: Path, digest: str) -> None:
    writer = warc_writer(tmp_path, digest=digest, strict_fields=True)
    writer.write_exchange(exchange_of(PLAIN["http://example.test/packed"]))
    sealed = writer.seal()
    assert sealed
    found = run(BIN / "warcio", "check", "-v", tmp_path / sealed.file)
    assert (found.returncode, found.stdout.count("digest pass")) == (0, 4), found.stdout
