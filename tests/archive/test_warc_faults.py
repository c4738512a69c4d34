"""A disk that fills up, a write that fails: what was kept before stays whole, and the crawl can close.

A full disk needs a small file system of its own, which only root may mount; elsewhere a limit on the size of files
stands in for it, with the same code and another errno.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.errors import ArchiveFault, DiskFull
from archive.warc import segment
from archive.warc.reader import read_records
from tests.archive.warc_samples import HELLO, exchange_of, warc_writer
from tests.machine import small_file_system

WHOLE = ["response", "request", "metadata"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    with small_file_system(tmp_path / "disk", "size=1m") as disk:
        yield disk


@pytest.mark.parametrize("body_bytes", [20_000, 3 << 20])
def test_a_full_disk_keeps_every_whole_exchange(small_disk: Path, body_bytes: int) -> None:
    writer = warc_writer(small_disk, reserve_bytes=64 << 10)
    places = [writer.write_exchange(exchange_of(HELLO)).place]
    # Somebody else's bytes fill the disk between the check and the write.
    writer._reserve_bytes = writer._segment._reserve_bytes = 0
    with pytest.raises(DiskFull, match=rf"{small_disk}.*disk full, \d+\.\d MB free: make room on this disk"):
        places.extend(writer.write_exchange(exchange_of(HELLO + os.urandom(body_bytes))).place for _ in range(100))
    with pytest.raises(DiskFull):
        writer.write_exchange(exchange_of(HELLO))
    last = writer.write_metadata("metadata://demo/report.json", b"{}", "application/json").place
    writer.sync()
    sealed = writer.seal()
    assert sealed
    assert [p.name for p in small_disk.iterdir()] == [sealed.file]
    records = list(read_records(small_disk / sealed.file))
    assert [r.type for r in records] == ["warcinfo", *WHOLE * len(places), "metadata"]
    assert [r.place for r in records if r.type == "response"] == places
    assert records[-1].place == last


def test_the_reserve_is_not_for_exchanges(small_disk: Path) -> None:
    writer = warc_writer(small_disk, reserve_bytes=256 << 10)
    filler = small_disk / "filler"
    filler.write_bytes(bytes(600 << 10))
    with pytest.raises(DiskFull, match="in reserve"):
        writer.write_exchange(exchange_of(HELLO))
    filler.unlink()
    writer.write_exchange(exchange_of(HELLO))
    sealed = writer.seal()
    assert sealed
    assert [r.type for r in read_records(small_disk / sealed.file)] == ["warcinfo", *WHOLE]


def test_no_file_is_left_where_not_even_warcinfo_fits(small_disk: Path) -> None:
    (small_disk / "filler").write_bytes(bytes((1 << 20) - 8192))
    with pytest.raises(DiskFull):
        warc_writer(small_disk, info={"description": os.urandom(20_000).hex()})
    assert [p.name for p in small_disk.iterdir()] == ["filler"]


LIMITED = """
import os, resource, signal, sys
from pathlib import Path
from archive.errors import ArchiveFault
from tests.archive.warc_samples import HELLO, exchange_of, warc_writer
writer = warc_writer(Path(sys.argv[1]))
for _ in range(3):
    writer.write_exchange(exchange_of(HELLO + os.urandom(10_000)))
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
try:
    while True:
        writer.write_exchange(exchange_of(HELLO + os.urandom(7_000)))
except ArchiveFault as fault:
    print(fault)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
writer.write_metadata("metadata://demo/report.json", b"{}", "application/json")
print(writer.seal().size)
"""


def test_a_write_that_fails_half_way_is_cut_off_again(tmp_path: Path) -> None:
    ran = subprocess.run([sys.executable, "-c", LIMITED, tmp_path], check=True, capture_output=True, text=True)
    fault, size = ran.stdout.splitlines()
    (path,) = tmp_path.iterdir()
    assert fault == f"{path}.open: {os.strerror(errno.EFBIG)}"
    assert int(size) == path.stat().st_size
    types = [record.type for record in read_records(path)]
    assert types == ["warcinfo", *WHOLE * ((len(types) - 2) // 3), "metadata"]
    assert len(types) > 10


def test_a_flush_that_fails_breaks_the_file_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = warc_writer(tmp_path)
    writer.write_exchange(exchange_of(HELLO))

    def fail(_fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    # The one thing of the kernel's that a test cannot make fail at will.
    monkeypatch.setattr(segment, "flush", fail)
    with pytest.raises(ArchiveFault, match="Input/output error"):
        writer.sync()
    monkeypatch.undo()
    with pytest.raises(ArchiveFault, match="Input/output error"):
        writer.write_exchange(exchange_of(HELLO))
    with pytest.raises(ArchiveFault, match="Input/output error"):
        writer.write_metadata("metadata://demo/report.json", b"{}", "application/json")
    with pytest.raises(ArchiveFault, match="Input/output error"):
        writer.seal()
    (left,) = tmp_path.iterdir()
    assert left.name.endswith(".open")
    assert [r.type for r in read_records(left)] == ["warcinfo", *WHOLE]


def test_a_name_that_is_taken_is_never_overwritten(tmp_path: Path) -> None:
    writer = warc_writer(tmp_path)
    (path,) = tmp_path.iterdir()
    final = path.with_name(path.name.removesuffix(".open"))
    final.write_bytes(b"somebody's")
    with pytest.raises(ArchiveFault, match="exists already"):
        writer.seal()
    assert final.read_bytes() == b"somebody's"
    assert path.exists()
