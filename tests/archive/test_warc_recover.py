from __future__ import annotations

import gzip
import hashlib
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.layout import Archive
from archive.manifest import read_manifest
from archive.warc.reader import read_records
from archive.warc.recover import Recovery, recover
from tests.archive.warc_samples import FILE, HELLO, exchange_of, warc_writer

WHOLE = ["response", "request", "metadata"]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive.create(tmp_path / "archive")


def leave_open(archive: Archive, exchanges: int = 3) -> tuple[Path, list[int]]:
    """A file as a killed crawl leaves it, and where its events end."""
    writer = warc_writer(archive.warcs)
    ends = [writer.sync()[1]]
    for number in range(exchanges):
        writer.write_exchange(exchange_of(HELLO + b" %d" % number))
        ends.append(writer.sync()[1])
    data = (archive.warcs / (FILE + ".open")).read_bytes()
    writer.seal()
    (archive.warcs / FILE).unlink()
    path = archive.warcs / (FILE + ".open")
    path.write_bytes(data)
    return path, ends


def types(archive: Archive, file: str = FILE) -> list[str]:
    return [record.type for record in read_records(archive.warcs / file)]


def test_a_whole_file_is_sealed_as_it_is(archive: Archive) -> None:
    path, ends = leave_open(archive)
    data = path.read_bytes()
    (done,) = recover(archive)
    digest = hashlib.sha256(data).hexdigest()
    assert done.sealed
    assert (done.sealed.file, done.sealed.sha256, done.sealed.size) == (FILE, digest, len(data))
    assert done == Recovery(FILE, ends[-1], 0, 10, done.sealed)
    assert [p.name for p in archive.warcs.iterdir()] == [FILE]
    assert (archive.warcs / FILE).read_bytes() == data
    assert read_manifest(archive.root) == {f"warcs/{FILE}": digest}


def test_every_cut_is_taken_back_to_the_last_whole_event(archive: Archive) -> None:
    path, ends = leave_open(archive)
    data = path.read_bytes()
    near = {end + by for end in ends for by in (-1, 0, 1)}
    for cut in sorted(near.union(range(ends[0], len(data), 41)) & set(range(ends[0], len(data)))):
        for left in archive.warcs.iterdir():
            left.unlink()
        archive.manifest.unlink(missing_ok=True)
        path.write_bytes(data[:cut])
        kept = max(end for end in ends if end <= cut)
        (done,) = recover(archive)
        assert (done.kept_bytes, done.torn_bytes, done.damage) == (kept, cut - kept, ())
        assert done.records == 1 + 3 * ends.index(kept)
        assert (archive.warcs / FILE).read_bytes() == data[:kept]
        torn = archive.warcs / (FILE + ".torn")
        assert (torn.read_bytes() if torn.exists() else b"") == data[kept:cut]
        assert types(archive) == ["warcinfo", *WHOLE * ends.index(kept)]
        assert recover(archive) == []


@pytest.mark.parametrize("size", [0, 1, 100])
def test_a_file_that_holds_nothing_whole_becomes_its_torn_tail(archive: Archive, size: int) -> None:
    path, _ = leave_open(archive)
    data = path.read_bytes()[:size]
    path.write_bytes(data)
    (done,) = recover(archive)
    assert done == Recovery(FILE, 0, size, 0, None)
    assert [(p.name, p.read_bytes()) for p in archive.warcs.iterdir()] == [(FILE + ".torn", data)]
    assert recover(archive) == []


def test_a_tail_of_zeros_is_torn(archive: Archive) -> None:
    # What a power cut leaves where the size reached the disk and the bytes did not.
    path, ends = leave_open(archive)
    with path.open("ab") as file:
        file.write(bytes(5000))
    (done,) = recover(archive)
    assert (done.kept_bytes, done.torn_bytes) == (ends[-1], 5000)
    assert types(archive) == ["warcinfo", *WHOLE * 3]


def damage(path: Path, at: int, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "flipped":
        data[at] ^= 0xFF
    else:
        page = at - at % 512
        data[page : page + 512] = bytes(min(512, len(data) - page))
    path.write_bytes(data)


@pytest.mark.parametrize("how", ["flipped", "zeros"])
def test_the_tail_begins_where_the_first_byte_is_missing(archive: Archive, how: str) -> None:
    # A power cut may keep a later page of what was not flushed and lose an earlier one.
    path, ends = leave_open(archive, exchanges=6)
    damage(path, ends[3] + 600, how)
    data = path.read_bytes()
    (done,) = recover(archive, committed=lambda _: ends[2])
    assert (done.kept_bytes, done.torn_bytes, done.damage) == (ends[3], len(data) - ends[3], ())
    assert (archive.warcs / FILE).read_bytes() == data[: ends[3]]
    assert (archive.warcs / (FILE + ".torn")).read_bytes() == data[ends[3] :]
    assert subprocess.run(["gzip", "-t", archive.warcs / FILE]).returncode == 0


def test_damage_before_the_last_row_stays_and_is_told(archive: Archive) -> None:
    # No power cut made it, and rows point behind it.
    path, ends = leave_open(archive)
    damage(path, ends[1] + 40, "flipped")
    data = path.read_bytes()
    (done,) = recover(archive, committed=lambda file: ends[2] if file == FILE else 0)
    assert (done.kept_bytes, done.torn_bytes) == (ends[-1], 0)
    assert len(done.damage) == 1
    assert f"{FILE} at {ends[1]}: " in done.damage[0]
    assert (archive.warcs / FILE).read_bytes() == data


def test_the_record_of_a_row_is_kept_though_its_event_is_torn(archive: Archive) -> None:
    path, ends = leave_open(archive, exchanges=2)
    response = next(r for r in read_records(path) if r.place.offset == ends[1])
    row = response.place.offset + response.place.length
    path.write_bytes(path.read_bytes()[:-9])
    (done,) = recover(archive, committed=lambda _: row)
    assert (done.kept_bytes, done.records) == (row, 5)
    assert types(archive) == ["warcinfo", *WHOLE, "response"]


def test_a_block_that_is_not_its_digests_is_damage(archive: Archive) -> None:
    path, ends = leave_open(archive, exchanges=1)
    member = gzip.decompress(path.read_bytes()[ends[0] :]).replace(b"hello 0", b"hallo 0")
    cut = member.index(b"WARC/1.1", 1)
    path.write_bytes(path.read_bytes()[: ends[0]] + gzip.compress(member[:cut]))
    (done,) = recover(archive)
    assert (done.kept_bytes, done.records) == (ends[0], 1)


def test_a_file_that_a_living_process_writes_is_left_alone(archive: Archive) -> None:
    writer = warc_writer(archive.warcs)
    writer.write_exchange(exchange_of(HELLO))
    assert recover(archive) == []
    assert [p.name for p in archive.warcs.iterdir()] == [FILE + ".open"]
    writer.seal()


def test_only_the_files_of_the_prefix_are_taken(archive: Archive) -> None:
    path, _ = leave_open(archive)
    other = path.with_name(path.name.replace("demo-", "demo-two-"))
    other.write_bytes(path.read_bytes())
    assert [done.file for done in recover(archive, prefix="demo-two")] == [other.name.removesuffix(".open")]
    assert path.exists()
    assert [done.file for done in recover(archive, prefix="demo")] == [FILE]


def test_recovery_goes_on_where_it_was_interrupted(archive: Archive) -> None:
    path, ends = leave_open(archive)
    data = path.read_bytes()[:-10]
    # Killed after the tail was set aside and before it was cut off; and after it was cut off.
    for present in (data, data[: ends[-2]]):
        path.write_bytes(present)
        (archive.warcs / (FILE + ".torn")).write_bytes(data[ends[-2] :])
        (done,) = recover(archive)
        assert done.kept_bytes == ends[-2]
        assert (archive.warcs / FILE).read_bytes() + (archive.warcs / (FILE + ".torn")).read_bytes() == data
        (archive.warcs / FILE).unlink()
        archive.manifest.unlink()


def test_a_sealed_file_without_its_line_gets_one(archive: Archive) -> None:
    writer = warc_writer(archive.warcs)
    sealed = writer.seal()
    assert sealed
    recover(archive)
    checked = subprocess.run(
        ["sha256sum", "-c", "--strict", archive.manifest.name],
        cwd=archive.root,
        check=True,
        capture_output=True,
        text=True,
    )
    assert checked.stdout == f"warcs/{sealed.file}: OK\n"


def test_a_sealed_name_is_not_overwritten(archive: Archive) -> None:
    path, _ = leave_open(archive)
    data = path.read_bytes()
    (archive.warcs / FILE).write_bytes(b"somebody's")
    free = FILE.replace("-00000-", "-00002-")
    (archive.warcs / FILE.replace("-00000-", "-00001-")).write_bytes(b"somebody else's")
    (done,) = recover(archive)
    assert done.file == free
    assert (archive.warcs / FILE).read_bytes() == b"somebody's"
    assert (archive.warcs / free).read_bytes() == data
    assert recover(archive) == []


def test_what_its_sealed_file_holds_already_is_not_sealed_again(archive: Archive) -> None:
    # A copy made while it was written was put back beside the finished file.
    path, ends = leave_open(archive)
    data = path.read_bytes()
    (archive.warcs / FILE).write_bytes(data)
    path.write_bytes(data[: ends[-2] + 30])
    (done,) = recover(archive)
    assert (done.records, done.sealed) == (0, None)
    left = {p.name: p.read_bytes() for p in archive.warcs.iterdir()}
    assert left == {FILE: data, FILE + ".torn": data[: ends[-2] + 30]}


def test_no_torn_tail_is_written_over(archive: Archive) -> None:
    path, ends = leave_open(archive)
    data = path.read_bytes()
    (archive.warcs / (FILE + ".torn")).write_bytes(b"of an earlier repair")
    path.write_bytes(data[:-10])
    recover(archive)
    assert (archive.warcs / (FILE + ".torn")).read_bytes() == b"of an earlier repair"
    assert (archive.warcs / (FILE + ".1.torn")).read_bytes() == data[ends[-2] : -10]


def test_every_open_file_is_taken_but_for_the_one_in_use(archive: Archive) -> None:
    path, _ = leave_open(archive)
    second, empty = (path.with_name(path.name.replace("-00000-", f"-0000{n}-")) for n in (1, 2))
    second.write_bytes(path.read_bytes()[:-1])
    empty.touch()
    writer = warc_writer(archive.warcs, clock=lambda: datetime(2026, 1, 3, tzinfo=UTC))
    used = writer.write_exchange(exchange_of(HELLO)).place.file
    done = recover(archive)
    assert [(one.file, one.records) for one in done] == [
        (FILE, 10), (second.name.removesuffix(".open"), 7), (empty.name.removesuffix(".open"), 0)
    ]  # fmt: skip
    assert [p.name for p in archive.warcs.glob("*.open")] == [f"{used}.open"]
    sealed = writer.seal()
    assert sealed
    assert sealed.file == used


CRAWLER = """
import os, sys
from pathlib import Path
from tests.archive.warc_samples import FILE, HELLO, exchange_of, unique_ids, warc_writer
writer = warc_writer(Path(sys.argv[1]), max_bytes=3 << 20, new_id=unique_ids())
number = 0
while True:
    written = writer.write_exchange(exchange_of(HELLO + b" %d " % number + os.urandom((number * 7919) % 200_000)))
    number += 1
    if number % 3 == 0:
        print(number, *writer.sync(), flush=True)
"""


@pytest.mark.parametrize("delay_s", [0.05, 0.15, 0.3])
def test_kill_9_loses_nothing_that_was_synced(archive: Archive, delay_s: float) -> None:
    crawler = subprocess.Popen([sys.executable, "-c", CRAWLER, archive.warcs], stdout=subprocess.PIPE, text=True)
    assert crawler.stdout
    said = [crawler.stdout.readline()]
    time.sleep(delay_s)
    os.kill(crawler.pid, signal.SIGKILL)
    said += crawler.stdout.read().splitlines()
    crawler.wait()
    crawler.stdout.close()
    number, file, offset = [line.split() for line in said if len(line.split()) == 3][-1]
    done = recover(archive)
    assert len(done) <= 1
    assert not list(archive.warcs.glob("*.open"))
    if done and done[0].file == file:
        assert done[0].kept_bytes >= int(offset)
    found = 0
    for path in sorted(archive.warcs.glob("*.warc.gz")):
        assert subprocess.run(["gzip", "-t", path], check=False).returncode == 0
        records = list(read_records(path))
        assert [r.type for r in records] == ["warcinfo", *WHOLE * (len(records) // 3)]
        for record in records:
            if record.type == "response":
                assert next(record.block.chunks(0)).startswith(HELLO + b" %d " % found)
                found += 1
    assert found >= int(number)
    subprocess.run(["sha256sum", "-c", "--quiet", "--strict", archive.manifest], cwd=archive.root, check=True)
