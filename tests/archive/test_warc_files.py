"""The files records go into: open and sealed, rotated, synced, followed, written by several threads at once."""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from archive.errors import ArchiveFault, DiskFull, WrongUse
from archive.exchange import Exchange
from archive.warc.reader import open_warc, read_record, read_records
from archive.warc.writer import Sealed, WarcWriter
from tests.archive.warc_samples import CLOCK, FILE, HELLO, exchange_of, unique_ids, warc_writer


def test_a_file_is_open_until_it_is_sealed(tmp_path: Path) -> None:
    told: list[Sealed] = []
    writer = warc_writer(tmp_path, on_sealed=told.append)
    writer.write_exchange(exchange_of(HELLO))
    assert [p.name for p in tmp_path.iterdir()] == [FILE + ".open"]
    sealed = writer.seal()
    data = (tmp_path / FILE).read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == [FILE]
    assert sealed == Sealed(FILE, hashlib.sha256(data).hexdigest(), len(data))
    assert told == [sealed]
    assert writer.seal() is None


def test_sync_tells_up_to_where_the_file_is_safe(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    before = writer.sync()
    writer.write_exchange(exchange_of(HELLO))
    after = writer.sync()
    assert before[0] == after[0] == FILE
    assert before[1] < after[1] == (tmp_path / (FILE + ".open")).stat().st_size
    writer.seal()
    assert writer.sync() == after


def test_files_rotate_between_exchanges(tmp_path: Path) -> None:
    told: list[Sealed] = []
    clock = iter(CLOCK + timedelta(milliseconds=n) for n in range(100))
    writer = warc_writer(tmp_path, max_bytes=2500, on_sealed=told.append, clock=lambda: next(clock))
    bodies = [os.urandom(600) for _ in range(10)]
    places = [writer.write_exchange(exchange_of(HELLO + body)).place for body in bodies]
    writer.seal()
    assert [sealed.file for sealed in told] == sorted(p.name for p in tmp_path.iterdir())
    assert len(told) == 5
    for body, place in zip(bodies, places, strict=True):
        assert b"".join(read_record(tmp_path / place.file, place.offset, place.length).block.chunks()) == HELLO + body
    for sealed in told:
        records = list(read_records(tmp_path / sealed.file))
        assert [record.type for record in records] == ["warcinfo"] + ["response", "request", "metadata"] * 2
        assert records[0].field("WARC-Filename") == sealed.file
        assert {record.field("WARC-Warcinfo-ID") for record in records[1:]} == {records[0].id}


def test_two_writers_in_one_millisecond_take_two_names(tmp_path: Path) -> None:
    first, second = warc_writer(tmp_path), warc_writer(tmp_path)
    first.seal()
    third = warc_writer(tmp_path)
    second.seal()
    third.seal()
    assert sorted(p.name for p in tmp_path.iterdir()) == [FILE.replace("-00000-", f"-0000{n}-") for n in (0, 1, 2)]


def test_a_body_larger_than_memory_is_streamed(tmp_path: Path) -> None:
    block = Zeros(b"HTTP/1.1 200 OK\r\n\r\n", 40 << 20)
    writer = warc_writer(tmp_path)
    exchange = exchange_of(HELLO)
    small = writer.write_exchange(exchange)
    large = writer.write_exchange(
        Exchange("http://example.test/", exchange.started_at, exchange.request, block, header_bytes=19)
    )
    after = writer.write_exchange(exchange)
    writer.seal()
    assert [p.name for p in tmp_path.iterdir()] == [FILE]
    record = read_record(tmp_path / FILE, large.place.offset, large.place.length)
    assert record.block.size == block.size
    assert next(record.block.chunks(0, 22)) == b"HTTP/1.1 200 OK\r\n\r\n\0\0\0"
    assert [r.type for r in read_records(tmp_path / FILE)][1:] == ["response", "request", "metadata"] * 3
    assert small.place.offset < large.place.offset < after.place.offset


@dataclass
class Zeros:
    """Wire bytes that lie elsewhere: a header and zeros; *missing* of them cannot be read back."""

    head: bytes
    zeros: int
    missing: int = 0

    @property
    def size(self) -> int:
        return len(self.head) + self.zeros

    def chunks(self, start: int = 0, stop: int | None = None):
        assert not start
        assert stop is None or stop >= self.size or stop > len(self.head)
        yield self.head
        for _ in range((self.zeros - self.missing) >> 16):
            yield bytes(1 << 16)


@pytest.mark.parametrize("zeros", [1 << 18, 8 << 20])
def test_a_block_that_falls_short_never_reaches_the_file(tmp_path: Path, zeros: int) -> None:
    writer = warc_writer(tmp_path)
    exchange = exchange_of(HELLO)
    short = Exchange(
        "http://example.test/", exchange.started_at, exchange.request, Zeros(b"HTTP/1.1 200 OK\r\n\r\n", zeros, 1 << 17)
    )
    size = writer.sync()[1]
    with pytest.raises(ArchiveFault, match="bytes held"):
        writer.write_exchange(short)
    assert (tmp_path / (FILE + ".open")).stat().st_size == size
    writer.write_exchange(exchange)
    writer.seal()
    assert [r.type for r in read_records(tmp_path / FILE)] == ["warcinfo", "response", "request", "metadata"]


def test_threads_may_write_sync_and_rotate_at_once(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path, max_bytes=200_000, new_id=unique_ids())
    failures: list[BaseException] = []
    places = {}

    def work(number: int) -> None:
        try:
            for n in range(40):
                body = f"{number}-{n} ".encode() + os.urandom((3 << 20) if n == 20 else 3000)
                places[body] = writer.write_exchange(exchange_of(HELLO + body)).place
                writer.sync()
        except BaseException as error:  # noqa: BLE001  # told by the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.seal()
    assert not failures
    assert len(places) == 160
    for body, place in places.items():
        assert b"".join(read_record(tmp_path / place.file, place.offset, place.length).block.chunks()) == HELLO + body
    for path in tmp_path.iterdir():
        records = list(read_records(path))
        assert {record.field("WARC-Warcinfo-ID") for record in records[1:]} <= {records[0].id}
        assert [r.type for r in records[1:]] == ["response", "request", "metadata"] * (len(records) // 3)


def test_the_reader_follows_a_file_that_is_written_and_sealed(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    first = writer.write_exchange(exchange_of(HELLO)).place
    with open_warc(tmp_path, first.file) as following:
        second = writer.write_exchange(exchange_of(HELLO + b" again")).place
        assert following.read(first.offset, first.length).type == "response"
        writer.seal()
        assert b"".join(following.read(second.offset, second.length).block.chunks()) == HELLO + b" again"
    with open_warc(tmp_path, first.file) as sealed:
        assert sealed.read(second.offset, second.length).place == second


def test_no_room_left_but_the_reserve_is_disk_full(tmp_path: Path) -> None:
    with pytest.raises(
        DiskFull, match=rf"{tmp_path}.* MB free, 1152921504606\.8 MB are kept in reserve so .*: make room on this disk"
    ):
        warc_writer(tmp_path, reserve_bytes=1 << 60)
    assert not list(tmp_path.iterdir())


def test_a_directory_that_is_not_there_is_an_archive_fault(tmp_path: Path) -> None:
    with pytest.raises(ArchiveFault, match="nowhere"):
        warc_writer(tmp_path / "nowhere")


def test_a_prefix_cannot_leave_the_directory(tmp_path: Path) -> None:
    with pytest.raises(WrongUse):
        WarcWriter(tmp_path, "../x", {})


def test_the_closing_record_stays_with_its_crawl(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path, max_bytes=1)
    first = writer.write_exchange(exchange_of(HELLO)).place.file
    assert writer.write_metadata("metadata://demo/report.json", b"{}", "application/json").place.file == first
    assert writer.write_exchange(exchange_of(HELLO)).place.file != first
    writer.seal()
