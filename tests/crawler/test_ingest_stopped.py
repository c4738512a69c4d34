"""`bewaar ingest` is killed at random moments, and its disk fails: what was kept is whole, and the next one goes on."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from archive.layout import Archive
from archive.manifest import read_manifest
from archive.store.compare import differences
from tests.archive.raw_records import record, write_warc
from tests.crawler.ingests import info, page, rows, take
from tests.disk import Disk, Fault
from tests.front_door import bewaar, start, start_afresh

SEED = int(os.environ.get("BEWAAR_SEED", "20261128"))
KILLS = 8
FILES, PAGES = 4, 120


@pytest.fixture(scope="module")
def handed_over(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four files of three hundred pages and more, with a record in two of them."""
    place = tmp_path_factory.mktemp("handed-over")
    both = record("response", "http://network.test/both", page("Alpha Trust"), date="2020-01-01T10:00:00Z")
    for number in range(FILES):
        captures = [
            record(
                "response",
                f"http://network.test/{n}",
                page(f"Member {n} Trust", f"Year {number} Trust", title=f"Page {n}"),
                date=f"202{number}-01-01T10:{n // 60:02}:{n % 60:02}Z",
            )
            for n in range(PAGES)
        ]
        write_warc(place / f"year-{number}.warc.gz", info(), *captures, *([both] if number < 2 else []))
    return place


def manifest_holds(root: Path) -> None:
    if (root / "manifest-sha256.txt").exists():
        for name in read_manifest(root):
            assert (root / name).exists(), name


def test_killed_at_random_moments_the_rows_are_those_of_an_undisturbed_run(handed_over: Path, tmp_path: Path) -> None:
    undisturbed = Archive.create(tmp_path / "undisturbed")
    began = time.monotonic()
    bewaar("ingest", handed_over, "--archive", undisturbed.root, "--copy")
    whole_s = time.monotonic() - began
    chance = random.Random(SEED)
    root = tmp_path / "archive"
    for _ in range(KILLS):
        process = start_afresh("ingest", handed_over, "--archive", root, "--copy")
        try:
            process.wait(chance.uniform(0.1, 1) * whole_s)
        except subprocess.TimeoutExpired:
            # Alone, its readers go on for a moment; with all of them, nobody says another word.
            with suppress(ProcessLookupError):
                if chance.random() < 0.5:
                    os.killpg(process.pid, signal.SIGKILL)
                else:
                    process.kill()
        process.communicate()
        manifest_holds(root)
    bewaar("ingest", handed_over, "--archive", root, "--copy")
    assert list(differences(rows(undisturbed.root), rows(root))) == [], f"BEWAAR_SEED={SEED}"
    assert sorted(path.name for path in (root / "warcs").iterdir()) == [path.name for path in undisturbed.kept()]
    assert list((root / "state").glob("ingesting-*")) == []
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""


def test_interrupted_it_says_so_and_goes_on(handed_over: Path, tmp_path: Path) -> None:
    root = tmp_path / "archive"
    archive = Archive.create(root)
    archive.make_folders()
    # Without the database it cannot come to its end before it is interrupted.
    with archive.lock_database():
        process = start("ingest", handed_over, "--archive", root, "--copy")
        _until(lambda: any((root / "warcs").glob("sha256-*")), process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    bewaar("ingest", handed_over, "--archive", root)
    undisturbed = Archive.create(tmp_path / "undisturbed")
    take(undisturbed, sorted(handed_over.iterdir()))
    assert list(differences(rows(undisturbed.root), rows(root))) == []


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    root = tmp_path / "disk"
    root.mkdir()
    return Disk(root, tmp_path)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("w", "*/warcs/*", errno=errno.ENOSPC, times=0),
        Fault("w", "*/warcs/*", n=2, errno=errno.ENOSPC, times=0, short=True),
        Fault("s", "*/warcs/*", n=1),
        Fault("w", "*/manifest-*", n=2, errno=errno.ENOSPC, times=0),
        Fault("w", "*/ingestions.jsonl", errno=errno.ENOSPC, times=0),
        Fault("w", "*/archive.db-wal", n=30, errno=errno.ENOSPC, times=0),
        Fault("w", "*/archive.db", n=200, errno=errno.ENOSPC, times=0),
        Fault("w", "*/ingesting-*", errno=errno.ENOSPC, times=0),
    ],
    ids=str,
)
def test_a_full_disk_ends_it_with_4_and_the_archive_is_whole(disk: Disk, handed_over: Path, fault: Fault) -> None:
    root = disk.root / "a"
    done = disk.run("ingest", handed_over, "--archive", root, "--copy", fault=fault)
    said = f"{fault}\n{done.stdout}\n{done.stderr}"
    assert disk.met().hits > 0, said
    assert "Traceback" not in said
    assert done.returncode == 4, said
    manifest_holds(root)
    bewaar("ingest", handed_over, "--archive", root, "--copy")
    bewaar("verify", "--rows", "--archive", root)
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""
    assert not list((root / "warcs").glob(".*"))


def _until(true: object, process: subprocess.Popen[str]) -> None:
    assert callable(true)
    deadline = time.monotonic() + 60
    while not true():
        assert process.poll() is None, "it ended too early"
        assert time.monotonic() < deadline
        time.sleep(0.01)
