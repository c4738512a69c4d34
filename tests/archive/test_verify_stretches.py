"""A file judged by several processes gives the findings of one reading from end to end, whatever lies in it."""

from __future__ import annotations

import gzip
import os
import signal
import tempfile
import threading
from collections import deque
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.warc.judge import _is_payload, _judge_closely, judge
from archive.warc.limits import Limits
from archive.warc.reader import WarcFile
from archive.warc.rules import header_faults, is_sound
from archive.warc.sound import sound_members
from archive.warc.stretches import judge_in_stretches, workers
from archive.warc.verify import Checked, Verification, verify_file
from archive.warc.warc_file import Spent
from tests.archive.odd_records import BLOCK, CHUNKED, DEPARTURES, FAULTS, VALID, info, record, revisit
from tests.archive.warc_samples import HELLO, exchange_of, unique_ids, warc_writer

STORED = gzip.compress(
    record(BLOCK + gzip.compress(record(number=77)) + b"\n" + record(number=78), WARC_Payload_Digest=None), 0
)


def both(path: Path, *, stretch_bytes: int, processes: int = 2) -> tuple[list[object], list[object]]:
    with WarcFile(path) as file:
        one = list(judge(file, 0, None))
        return one, list(judge_in_stretches(path, file, judge, processes=processes, stretch_bytes=stretch_bytes))


@pytest.mark.parametrize("packed", [True, False])
def test_several_processes_find_what_one_finds(tmp_path: Path, packed: bool) -> None:
    sound = [record(BLOCK + os.urandom(n * 7), number=n, WARC_Payload_Digest=None) for n in range(1, 80)]
    broken = [bad for bad, _ in (*FAULTS.values(), *DEPARTURES.values())]
    pieces = [piece for pair in zip(sound, broken * 3, strict=False) for piece in pair]
    data = b"".join(gzip.compress(piece, mtime=0) if packed else piece for piece in pieces)
    path = tmp_path / "many.warc"
    path.write_bytes(data + data[: len(data) // 3])
    for stretch_bytes in (500, 3000, 20_000):
        one, several = both(path, stretch_bytes=stretch_bytes, processes=3)
        assert one == several
        assert len(one) > 200


def test_records_inside_a_block_are_not_taken_for_the_files(tmp_path: Path) -> None:
    path = tmp_path / "nested.warc.gz"
    path.write_bytes((STORED + gzip.compress(record(number=3))) * 20)
    for stretch_bytes in range(200, 2000, 90):
        one, several = both(path, stretch_bytes=stretch_bytes)
        assert one == several
        assert len(one) == 40


def test_one_member_is_one_stretch(tmp_path: Path) -> None:
    path = tmp_path / "one.warc.gz"
    path.write_bytes(gzip.compress(b"".join(record(os.urandom(200), number=n) for n in range(50))))
    one, several = both(path, stretch_bytes=1000)
    assert one == several


@given(st.binary(max_size=200), st.integers(0, 5000), st.sampled_from([0, 1, 50, 700]), st.integers(300, 2500))
@settings(deadline=None, max_examples=25)
def test_any_damage_is_found_alike(noise: bytes, at: int, replaced: int, stretch_bytes: int) -> None:
    data = STORED + b"".join(gzip.compress(record(number=n)) for n in range(12))
    at %= len(data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.warc.gz"
        path.write_bytes(data[:at] + noise + data[at + replaced :])
        one, several = both(path, stretch_bytes=stretch_bytes)
        assert one == several


def test_a_process_with_threads_is_not_forked() -> None:
    ended = threading.Event()
    thread = threading.Thread(target=ended.wait)
    thread.start()
    try:
        assert workers() == 1
    finally:
        ended.set()
        thread.join()


def test_no_process_is_left_when_nobody_wants_the_rest(tmp_path: Path) -> None:
    import multiprocessing

    path = tmp_path / "many.warc.gz"
    path.write_bytes(b"".join(gzip.compress(record(number=n)) for n in range(2000)))
    with WarcFile(path) as file:
        found = judge_in_stretches(path, file, judge, processes=2, stretch_bytes=100_000)
        next(found)
        assert multiprocessing.active_children()
        found.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


def test_what_a_killed_process_left_is_found_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "many.warc.gz"
    path.write_bytes(b"".join(gzip.compress(record(number=n)) for n in range(400)))
    parent = os.getpid()

    def dying(file: WarcFile, start: int, stop: int | None) -> Generator[object, None, int | None]:
        inner, told = judge(file, start, stop), 0
        while True:
            try:
                found = next(inner)
            except StopIteration as ended:
                after: int | None = ended.value
                return after
            told += 1
            if os.getpid() != parent and start and told > 20:
                os.kill(os.getpid(), signal.SIGKILL)
            yield found

    with WarcFile(path) as file:
        expected = list(judge(file, 0, None))
        assert list(judge_in_stretches(path, file, dying, processes=2, stretch_bytes=20_000)) == expected


def test_what_a_quick_look_passes_has_no_faults(tmp_path: Path) -> None:
    passed = 0
    for content in (*VALID.values(), *(bad for bad, _ in (*FAULTS.values(), *DEPARTURES.values()))):
        (tmp_path / "x.warc.gz").write_bytes(gzip.compress(content))
        with WarcFile(tmp_path / "x.warc.gz") as file:
            for found, cursor in file.scan(on_damage=lambda _: None):
                if is_sound(found, cursor.first) and cursor.regular and cursor.header.startswith(b"WARC/1.1"):
                    passed += 1
                    assert list(header_faults(found, cursor.header, cursor.first)) == []
    assert passed > 5


def test_more_records_than_a_file_may_have_end_it(tmp_path: Path) -> None:
    path = tmp_path / "many.warc.gz"
    path.write_bytes(b"".join(gzip.compress(record(number=n)) for n in range(20)))
    with WarcFile(path, limits=Limits(records=5)) as file:
        *noted, last = judge(file, 0, None)
    assert len(noted) == 5
    assert "more than 5 records" in str(last)


lines = st.sampled_from(
    [b"WARC/1.1\r\n", b"warc/0.17\n", b"Content-Length: 5\r\n", b"WARC-Date: 2026-01-02T03:04:05Z\r\n", b"\r\n", b"\n",
     b"WARC-Type: response\r\n", b"WARC-Target-URI: http://a/\r\n", b"hello", b" folded\r\n", b"WARC-Record-ID: <urn:x:1>\r\n",
     b"filedesc://a 0.0.0.0 20080430204825 text/plain 5\n", b"http://a/ b 1.2.3.4 20080430204825 text/html 5\n",
     b"WARC-IP-Address: x\r\n", b"Content-Length: 99999999999999999999\r\n", b"\x1f\x8b\x08", b"WARC-Block-Digest: sha1:A\r\n"]
)  # fmt: skip


@given(st.lists(lines | st.binary(max_size=30), max_size=40), st.booleans(), st.booleans())
@settings(deadline=None, max_examples=300)
def test_whatever_a_file_holds_every_complaint_names_it_and_a_place_in_it(
    pieces: list[bytes], packed: bool, strict: bool
) -> None:
    data = b"".join(pieces)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.arc"
        path.write_bytes(gzip.compress(data) if packed else data)
        size = path.stat().st_size
        for finding in verify_file(path, Checked(), strict=strict):
            assert finding.file == str(path)
            assert 0 <= finding.offset <= size
            assert finding.what.isprintable()
            assert finding.expected
            assert finding.found


def test_memory_stays_bounded_over_many_records(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "many.warc.gz"
    with path.open("wb") as file:
        for n in range(12_000):
            file.write(gzip.compress(record(b"x", number=n, WARC_Type="metadata"), 1))
    tracemalloc.start()
    try:
        verification = Verification(Checked())
        found = [*verification.file(path), *verification.end()]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert {finding.rule for finding in found} <= {"payload-digest"}
    assert len(found) == 12_000
    assert peak < 16 << 20


def quickly_and_closely(path: Path) -> tuple[list[object], list[object]]:
    with WarcFile(path) as file:
        return list(judge(file, 0, None)), list(_judge_closely(file, 0, 1 << 62, 1 << 62, Spent(), deque()))


def test_a_quick_look_says_what_a_close_one_says(tmp_path: Path) -> None:
    odd = [bad for bad, _ in (*FAULTS.values(), *DEPARTURES.values())]
    large = [
        record(BLOCK + os.urandom(size), number=size, WARC_Payload_Digest=None) for size in (5_000, 300_000, 5 << 20)
    ]
    sound = [info("bewaar/1"), *VALID.values(), record(CHUNKED, number=5), revisit(), *large]
    pieces = [piece for pair in zip(odd * 2, sound * 9, strict=False) for piece in pair]
    for name, level in (("a", 9), ("b", 0)):
        path = tmp_path / name
        path.write_bytes(b"".join(gzip.compress(piece, level, mtime=0) for piece in (*pieces, *sound * 2)))
        quickly, closely = quickly_and_closely(path)
        assert quickly == closely
        assert len(quickly) > 100


@given(st.binary(max_size=60), st.integers(0, 5000), st.sampled_from([0, 1, 8, 300]), st.booleans())
@settings(deadline=None, max_examples=150)
def test_a_quick_look_overlooks_no_damage(noise: bytes, at: int, replaced: int, inside: bool) -> None:
    def damaged(data: bytes) -> bytes:
        place = at % len(data)
        return data[:place] + noise + data[place + replaced :]

    whole = gzip.compress(record(number=1))
    data = gzip.compress(damaged(record(CHUNKED, number=2))) if inside else damaged(gzip.compress(record(number=2)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.warc.gz"
        path.write_bytes(whole + data + whole)
        quickly, closely = quickly_and_closely(path)
        assert quickly == closely


@pytest.mark.shared
def test_a_quick_look_at_real_files_says_what_a_close_one_says(shared: Path) -> None:
    for path in sorted((shared / "corpora").rglob("*.*")):
        quickly, closely = quickly_and_closely(path)
        assert quickly == closely, path.name


@pytest.mark.parametrize("settings_", [{}, {"digest": "sha1"}])
def test_what_we_write_takes_no_close_look(tmp_path: Path, settings_: dict[str, object]) -> None:
    writer = warc_writer(tmp_path, new_id=unique_ids(), info={"software": "bewaar/0.1.0"}, **settings_)
    for response in (HELLO, CHUNKED, HELLO + os.urandom(200_000)):
        writer.write_exchange(exchange_of(response))
    sealed = writer.seal()
    assert sealed
    with WarcFile(tmp_path / sealed.file) as file:
        noted = sound_members(file.source(), 0, 1 << 62, 1 << 62, file.limits, _is_payload, deque())
        assert len(list(noted)) == 10


def test_stretches_of_a_small_file_are_shared_out_evenly(tmp_path: Path) -> None:
    path = tmp_path / "many.warc.gz"
    path.write_bytes(b"".join(gzip.compress(record(BLOCK + os.urandom(40_000), number=n), 0) for n in range(100)))
    stretches: set[tuple[int, int | None]] = set()

    def noting(file: WarcFile, start: int, stop: int | None) -> Generator[object, None, int | None]:
        yield start, stop
        return (yield from judge(file, start, stop))

    with WarcFile(path) as file:
        found = list(judge_in_stretches(path, file, noting, processes=2))
    stretches = {each for each in found if len(each) == 2}
    assert len(stretches) == 4  # of 4 MB: two for each process, none smaller than is worth its while
