"""What is gone, damaged or cannot be written is named by every command that meets it."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.front_door import bewaar, crawl, start_afresh
from tests.machine import unavailable
from tests.site_server import Site, tree

GONE = "the manifest names it, and it is not there"


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("crawled") / "a"
    with Site(tree(15)) as site:
        crawl(site.url(), root)
        crawl(site.url(), root)
    return root


@pytest.fixture
def archive(crawled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(crawled, tmp_path / "a"))


def test_a_warc_file_that_is_gone_is_named_by_all(archive: Path, tmp_path: Path) -> None:
    gone = max((archive / "warcs").iterdir())
    gone.unlink()
    for arguments in (
        ("backup", tmp_path / "copy"),
        ("pack", "--output", tmp_path / "x.wacz"),
        ("pack", "--bag", tmp_path / "bag"),
        ("index", "--output", tmp_path / "x.cdxj"),
    ):
        done = bewaar(*arguments, "--archive", archive, code=1)
        assert f"{gone.name}" in done.stderr, arguments
        assert GONE in done.stderr, arguments
    # The copy can tell it, too.
    done = bewaar("verify", "--archive", tmp_path / "copy", code=1)
    assert gone.name in done.stdout


def test_a_backup_that_has_it_keeps_it(archive: Path, tmp_path: Path) -> None:
    bewaar("backup", tmp_path / "copy", "--archive", archive)
    max((archive / "warcs").iterdir()).unlink()
    assert GONE in bewaar("backup", tmp_path / "copy", "--archive", archive, code=1).stderr
    bewaar("verify", "--rows", "--archive", tmp_path / "copy")


def damage(database: Path) -> None:
    db = sqlite3.connect(database)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    data = bytearray(database.read_bytes())
    third = len(data) // 3 // 4096 * 4096
    data[third : third + 20 * 4096] = bytes(20 * 4096)
    database.write_bytes(data)


def test_a_damaged_database_is_found_is_not_copied_and_is_derived_again(archive: Path, tmp_path: Path) -> None:
    bewaar("backup", tmp_path / "copy", "--archive", archive)
    damage(archive / "archive.db")
    done = bewaar("verify", "--rows", "--archive", archive, code=1)
    assert "archive.db at 0: damaged: " in done.stdout
    done = bewaar("backup", tmp_path / "copy", "--archive", archive, code=1)
    assert "archive.db: not copied: " in done.stderr
    bewaar("verify", "--rows", "--archive", tmp_path / "copy")
    assert bewaar("rebuild", "--dry-run", "--archive", archive, code=1).stderr.count("the database is damaged") <= 1
    bewaar("rebuild", "--archive", archive)
    bewaar("verify", "--rows", "--archive", archive)


def test_what_is_no_database_is_set_aside_by_rebuild(archive: Path) -> None:
    junk = os.urandom(4000)
    for name in ("archive.db-wal", "archive.db-shm"):
        (archive / name).unlink(missing_ok=True)
    (archive / "archive.db").write_bytes(junk)
    assert "bewaar: " in bewaar("status", "--archive", archive, code=1).stderr
    bewaar("rebuild", "--archive", archive)
    bewaar("verify", "--rows", "--archive", archive)
    (aside,) = archive.glob("archive.db.*.not-a-database")
    assert aside.read_bytes() == junk


@pytest.fixture
def read_only(archive: Path, tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "read-only"
    place.mkdir()
    if os.getuid() or subprocess.run(["mount", "--bind", archive, place], check=False, capture_output=True).returncode:
        unavailable("needs to mount a directory read-only, which only root can")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", place], check=True)
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def test_an_archive_on_read_only_media_is_read_by_all(read_only: Path, tmp_path: Path) -> None:
    assert "2 WARC files" in bewaar("status", "--archive", read_only).stdout
    bewaar("verify", "--rows", "--archive", read_only)
    bewaar("rebuild", "--dry-run", "--archive", read_only)
    assert "read-only" in bewaar("rebuild", "--archive", read_only, code=2).stderr
    bewaar("backup", tmp_path / "copy", "--archive", read_only)
    bewaar("verify", "--rows", "--archive", tmp_path / "copy")


@pytest.mark.parametrize("command", ["backup", "verify", "index"])
def test_a_termination_is_an_interruption(archive: Path, tmp_path: Path, command: str) -> None:
    data = next((archive / "warcs").iterdir()).read_bytes()
    with (archive / "warcs" / "large.warc.gz").open("wb") as file:
        for _ in range(12_000):
            file.write(data)
    process = start_afresh(command, *([tmp_path / "copy"] if command == "backup" else []), "--archive", archive)
    if command == "backup":
        while not list(tmp_path.rglob(".large*.backup-draft")):
            assert process.poll() is None
    else:
        time.sleep(1)
    assert process.poll() is None, process.communicate()
    os.kill(process.pid, signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert list(tmp_path.rglob("*.backup-draft")) == []


def test_a_profile_and_a_decision_without_a_line_are_warned_of(archive: Path) -> None:
    (archive / "sites" / "new.toml").write_text('seeds = ["https://example.org/"]\n')
    (archive / "decisions" / "new.jsonl").write_text("")
    done = bewaar("verify", "--archive", archive)
    assert done.stdout.count("warning: does not stand in the manifest") == 2
    bewaar("rebuild", "--archive", archive)
    assert "0 wrong, 0 warnings" in bewaar("verify", "--archive", archive).stderr


def test_an_index_takes_the_place_of_files_alone(archive: Path, tmp_path: Path) -> None:
    pipe, link, kept = tmp_path / "pipe", tmp_path / "link", tmp_path / "kept"
    os.mkfifo(pipe)
    kept.write_text("mine")
    link.symlink_to(kept)
    for output in (pipe, link):
        done = bewaar("index", "--archive", archive, "--output", output, code=2)
        assert "is no regular file" in done.stderr
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert kept.read_text() == "mine"
    bewaar("index", "--archive", archive, "--output", kept)
    assert kept.read_text().count("\n") > 30
