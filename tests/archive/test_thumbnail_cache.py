"""The cache of thumbnails: how much of it is kept, for how long, and what of it is never sent."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from archive.browse.thumbnail_cache import ThumbnailCache, folder_of


def name_of(number: int) -> str:
    return f"sha256:{number:064x}"


@pytest.fixture
def cache(tmp_path):
    return ThumbnailCache(folder_of(tmp_path / "thumbnails", ()), 10_000)


def size_of(cache: ThumbnailCache) -> int:
    return sum(path.stat().st_size for path in cache.folder.iterdir())


def test_the_least_recently_used_goes_first_and_the_limit_holds(cache):
    for number in range(8):
        cache.keep(name_of(number), bytes([number]) * 1000)
        os.utime(cache.folder / name_of(number)[7:], (number, number))
    assert cache.find(name_of(0)) == bytes(1000)
    for number in range(8, 12):
        cache.keep(name_of(number), bytes([number]) * 1000)
        assert size_of(cache) <= 10_000
    there = [number for number in range(12) if cache.find(name_of(number))]
    assert there == [0, 5, 6, 7, 8, 9, 10, 11]
    cache.keep(name_of(99), bytes(20_000))
    assert cache.find(name_of(99)) is None


def test_what_a_power_cut_or_a_stranger_left_is_not_sent(cache, tmp_path):
    cache.keep(name_of(1), b"whole")
    path = cache.folder / name_of(1)[7:]
    for content in (b"", path.read_bytes()[:-1], bytes(40)):
        path.write_bytes(content)
        assert cache.find(name_of(1)) is None
        assert not path.exists()
    secret = tmp_path / "secret"
    secret.write_bytes(b"x" * 64)
    path.symlink_to(secret)
    assert cache.find(name_of(1)) is None
    os.mkfifo(cache.folder / name_of(2)[7:])
    assert cache.find(name_of(2)) is None
    assert cache.find("sha256:../../secret") is None
    cache.keep(name_of(3), b"kept")
    assert secret.read_bytes() == b"x" * 64


def test_a_folder_that_leads_elsewhere_is_not_written_to(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "thumbnails").symlink_to(tmp_path / "other")
    cache = ThumbnailCache(folder_of(tmp_path / "thumbnails", ()))
    cache.keep(name_of(1), b"x")
    assert list((tmp_path / "other").iterdir()) == []


def test_drafts_of_the_killed_are_cleared_away(cache):
    cache.keep(name_of(1), b"x")
    draft = cache.folder / ".draft"
    draft.write_bytes(b"half")
    os.utime(draft, (1, 1))
    ThumbnailCache(cache.folder, 10_000).keep(name_of(2), b"x")
    assert not draft.exists()


def test_two_processes_write_and_clear_at_once(tmp_path):
    code = f"""
import sys
from pathlib import Path
from archive.browse.thumbnail_cache import ThumbnailCache
cache = ThumbnailCache(Path({str(tmp_path / "t" / "f")!r}), 40_000)
for turn in range(3):
    for number in range(120):
        digest = f"sha256:{{number:064x}}"
        found = cache.find(digest)
        assert found is None or found == bytes([number]) * 900, number
        cache.keep(digest, bytes([number]) * 900)
"""
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait(60) for process in running] == [0, 0]
    files = list((tmp_path / "t" / "f").iterdir())
    assert files
    assert sum(path.stat().st_size for path in files) <= 40_000
    assert not any(path.name.startswith(".") for path in files)
