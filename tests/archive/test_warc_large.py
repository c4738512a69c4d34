"""Whatever the writer writes, the reader reads, however large and however well it compresses, and in bounded memory."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from archive.errors import ArchiveFault, TooLarge
from archive.exchange import Exchange
from archive.warc import http
from archive.warc.blocks import InMemory, OnDisk
from archive.warc.limits import Limits
from archive.warc.reader import read_record, read_records
from archive.warc.verify import Checked, verify_file
from archive.warc.writer import STORE_FROM_BYTES
from tests.archive.warc_samples import HELLO, REQUEST, STARTED, exchange_of, warc_writer

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/x-ms-bmp\r\n\r\n"


def of_zeros(size: int, folder: Path) -> Exchange:
    """An answer of so many zeros; no disk holds them."""
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        file.write(HEAD)
        file.truncate(len(HEAD) + size)
        response = OnDisk(os.dup(file.fileno()), 0, len(HEAD) + size)
    return Exchange("http://example.test/0", STARTED, InMemory(REQUEST), response, len(HEAD), 200)


def seal(folder: Path, *exchanges: Exchange, **settings: object) -> Path:
    writer = warc_writer(folder, **settings)
    for exchange in exchanges:
        writer.write_exchange(exchange)
    sealed = writer.seal()
    assert sealed
    return folder / sealed.file


#: reads a file as `bewaar verify` does; says what it found and the most memory it took beyond that of its start
READ = """
import re, sys
from pathlib import Path
from archive.warc.verify import Checked, verify_file

def most_kib():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

before, checked = most_kib(), Checked()
findings = [finding.what for finding in verify_file(Path(sys.argv[1]), checked)]
print(findings, checked.records, (most_kib() - before) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the most memory a process took is Linux's to tell")
def test_three_hundred_megabytes_of_zeros_are_read_back_in_bounded_memory(tmp_path: Path) -> None:
    path = seal(tmp_path, of_zeros(300_000_000, tmp_path), exchange_of(HELLO))
    assert path.stat().st_size < 300_000_000 / Limits().ratio  # else this test is about nothing
    said = subprocess.run([sys.executable, "-c", READ, path], check=True, capture_output=True, text=True, timeout=60)
    findings, records, mebibytes = said.stdout.rsplit(maxsplit=2)
    assert (findings, records) == ("[]", "7")
    assert int(mebibytes) < 32


def test_a_block_past_a_size_is_stored_so_that_no_ratio_refuses_it(tmp_path: Path) -> None:
    limits = Limits(ratio=2, ratio_from_bytes=4 << 20)
    below, above = of_zeros((3 << 20) - len(HEAD), tmp_path), of_zeros(6 << 20, tmp_path)
    path = seal(tmp_path, below, above, store_from_bytes=3 << 20)
    compressed, stored = (r for r in read_records(path, limits=limits) if r.type == "response")
    assert compressed.place.length < 100_000
    assert stored.place.length > stored.block.size == len(HEAD) + (6 << 20)
    assert b"".join(stored.block.chunks()) == HEAD + bytes(6 << 20)
    (tmp_path / "compressed").mkdir()
    refused = seal(tmp_path / "compressed", above)
    with pytest.raises(TooLarge, match="more than 2 times its size"):
        list(read_records(refused, limits=limits))


def test_what_is_stored_is_gzip_to_others(tmp_path: Path) -> None:
    path = seal(tmp_path, exchange_of(HELLO), exchange_of(HEAD + bytes(3 << 20)), store_from_bytes=0)
    assert gzip.decompress(path.read_bytes()).count(HELLO) == 1
    assert path.stat().st_size > 3 << 20


def test_writer_and_reader_agree_on_what_may_be_a_bomb() -> None:
    limits = Limits()
    header_and_line_ends = limits.header_bytes + 4
    assert STORE_FROM_BYTES + header_and_line_ends <= limits.ratio_from_bytes < limits.block_bytes


def test_a_block_that_could_not_be_read_back_is_not_written(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    with pytest.raises(ArchiveFault, match=r"http://example\.test/0: .* no more than 4294967296 can be read back"):
        writer.write_exchange(of_zeros(4 << 30, tmp_path))
    writer.write_exchange(exchange_of(HELLO))
    sealed = writer.seal()
    assert sealed
    assert [r.type for r in read_records(tmp_path / sealed.file)] == ["warcinfo", "response", "request", "metadata"]


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip"])
def test_a_bomb_in_a_body_harms_no_record(tmp_path: Path, coding: str) -> None:
    bomb = bytes(48 << 20)
    for _ in coding.split():
        bomb = gzip.compress(bomb)
    message = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n".encode() + bomb
    writer = warc_writer(tmp_path)
    place = writer.write_exchange(exchange_of(message)).place
    writer.write_exchange(exchange_of(HELLO))
    writer.seal()
    checked = Checked()
    assert list(verify_file(tmp_path / place.file, checked)) == []
    assert checked.records == 7
    record = read_record(tmp_path / place.file, place.offset, place.length)
    assert b"".join(record.block.chunks()) == message
    response = http.parse_response(record.block)
    payload = http.payload(record.block, response)
    with pytest.raises(TooLarge, match=r"body at 0: .* decode to more than 200 times as many"):
        http.body(payload, response)
    with pytest.raises(TooLarge, match=r"limit of 100000$"):
        http.body(payload, response, limit=100_000)
    assert b"".join(payload.chunks()) == bomb


def test_a_file_of_nothing_but_damage_is_findings(tmp_path: Path) -> None:
    path = tmp_path / "noise.warc"
    path.write_bytes(b"x\nWARC/1\r\n\r\n" * (Limits().damages + 1))
    found = list(verify_file(path, Checked()))
    assert len(found) == Limits().damages + 1
    assert found[-1].what == "more than 10000 damaged records"
