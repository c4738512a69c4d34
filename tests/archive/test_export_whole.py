"""An export is there whole or not at all, of one moment, in flat memory; and its digest tells what it is made of."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from archive.export.dataset import dataset_digest
from archive.store.decisions import append_decision
from archive.store.withheld import open_visible
from tests.archive.export_archive import build, export
from tests.archive.store_builders import members, open_store, reading, write
from tests.disk import Disk, Fault
from tests.front_door import bewaar, start

EXTRACTORS = {"member": 1, "goal": 2}


@pytest.fixture
def archive(tmp_path):
    return build(tmp_path / "archive")


def add_pages(archive, number: int) -> None:
    """Page versions of 10 kB, so many that they take a while and would be seen in memory."""
    with closing(sqlite3.connect(archive.database)) as connection:
        connection.executemany(
            "INSERT INTO page_version (site_id, page_key, digest, title, text, words) VALUES ('example', ?, ?, 't', ?, 1)",
            ((f"k{n}", f"d{n}", f"{n} " * 1500) for n in range(number)),
        )
        connection.commit()


# --- the digest


def digest(archive, extractors=EXTRACTORS) -> str:
    with open_visible(archive) as connection:
        return dataset_digest(connection, extractors)


def test_the_digest_changes_with_each_thing_that_rows_are_derived_from_and_with_nothing_else(archive):
    before = digest(archive)
    assert digest(archive) == before
    assert digest(archive, {"goal": 2, "member": 1}) == before
    seen = {before, digest(archive, {"member": 2, "goal": 2}), digest(archive, {"member": 1})}
    append_decision(archive.decisions / "a.jsonl", who="Jo", action="alias", scope="Plan", value="plan-nederland")
    seen.add(digest(archive))
    with open_store(archive.root) as store:
        store.seal_warc("example-2.warc.gz", "f" * 64, 1000)
        seen.add(digest(archive))
        write(store, 9, reading(9, members("Cordaid")))
        seen.add(digest(archive))
        write(store, 9, reading(9, members("Cordaid"), second=1))
        seen.add(digest(archive))
    with closing(sqlite3.connect(archive.database)) as connection:
        connection.execute("UPDATE crawl SET profile_digest = 'sha256:1'")
        connection.commit()
    seen.add(digest(archive))
    assert len(seen) == 8


@pytest.mark.xdist_group("demo")
def test_the_digest_is_the_same_after_a_rebuild_and_states_the_extractors(demo, tmp_path):
    root = tmp_path / "demo"
    shutil.copytree(demo[0], root)

    def stated(out: str) -> str:
        done = bewaar("export", "--archive", root, "--out", tmp_path / out, "--tables", "site", "--json")
        return json.loads(done.stdout)["digest"]

    before = stated("one")
    (root / "archive.db").unlink()
    bewaar("rebuild", "--archive", root)
    assert stated("two") == before
    from archive.layout import Archive
    from crawler.extract import VERSIONS

    assert digest(Archive.open(root), VERSIONS) == before


def test_what_was_decided_since_the_database_was_derived_is_said(archive, tmp_path):
    assert export(archive, tmp_path / "one", "--tables", "site")["notes"] == []
    append_decision(archive.decisions / "a.jsonl", who="Jo", action="alias", scope="Plan", value="plan-nederland")
    (note,) = export(archive, tmp_path / "two", "--tables", "site")["notes"]
    assert "`bewaar rebuild` applies them" in note


# --- whole or not at all


@pytest.mark.parametrize(
    ("format_", "file"),
    [("csv", "*.csv"), ("jsonl", "*.jsonl"), ("sqlite", "*/dataset.db*"), ("datapackage", "*/datapackage.json"),
     ("gexf", "*.gexf"), ("csv", "*/README.md")],
)  # fmt: skip
def test_a_full_disk_leaves_no_half_export_and_says_so(archive, tmp_path, format_, file):
    (tmp_path / "disk").mkdir()
    disk = Disk(tmp_path / "disk", tmp_path)
    out = disk.root / "out"
    full = Fault("w", file, errno=errno.ENOSPC, times=0)
    done = disk.run("export", "--archive", archive.root, "--out", out, "--format", format_, fault=full)
    assert done.returncode == 4, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "disk full" in done.stderr
    assert list(disk.root.iterdir()) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_is_stopped_leaves_nothing_that_looks_like_an_export(archive, tmp_path, how):
    add_pages(archive, 20_000)
    out = tmp_path / "there" / "out"
    out.parent.mkdir()
    command = ("export", "--archive", archive.root, "--out", out, "--format", "jsonl", "--tables", "page_version")
    process = start(*command)
    growing = out.parent / ".out.part" / "page_version.jsonl"
    until = time.monotonic() + 60
    while not (growing.exists() and growing.stat().st_size) and time.monotonic() < until:
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    process.send_signal(how)
    process.communicate()
    assert process.returncode == (-9 if how == signal.SIGKILL else 130)
    left = list(out.parent.iterdir())
    assert not out.exists()
    assert left == ([out.parent / ".out.part"] if how == signal.SIGKILL else [])
    bewaar(*command)
    assert list(out.parent.iterdir()) == [out]
    assert (out / "page_version.jsonl").read_text().count("\n") == 20_005


@pytest.mark.parametrize("option", ["--out", "--site"])
def test_no_export_stands_among_what_is_kept(archive, option):
    said = bewaar("export", option, archive.warcs / "x", "--archive", archive.root, code=2).stderr
    assert "lies in the archive's warcs/" in said
    assert list(archive.warcs.glob("*x*")) == []


def test_what_killed_exports_left_in_the_archive_is_swept_away(archive):
    left = archive.exports / ".export-20260101000000000-csv.part"
    left.mkdir()
    (left / "half.csv").write_text("x")
    bewaar("export", "--archive", archive.root, "--tables", "site")
    assert not left.exists()


def test_an_export_is_of_one_moment_though_the_database_is_written_meanwhile(archive, tmp_path):
    add_pages(archive, 20_000)
    out = tmp_path / "out"
    process = start("export", "--archive", archive.root, "--out", out, "--tables", "page_version,fact")
    growing = tmp_path / ".out.part" / "page_version.csv"
    until = time.monotonic() + 60
    while not growing.exists() and time.monotonic() < until:
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    with open_store(archive.root) as store:
        write(store, 5, reading(5, members("Te laat")))
    assert process.poll() is None
    process.communicate()
    assert process.returncode == 0
    assert "Te laat" not in (out / "fact.csv").read_text()


def test_an_archive_on_read_only_media_is_exported_elsewhere(archive, tmp_path):
    if os.geteuid() == 0:
        archive.database.chmod(0o444)
    archive.root.chmod(0o555)
    try:
        assert export(archive, tmp_path / "out", "--tables", "site")["files"][0]["name"] == "site.csv"
    finally:
        archive.root.chmod(0o755)


# --- memory

MEASURE = """
import re, sys
from pathlib import Path
from archive.export.export import Wanted, export
from archive.layout import Archive
export(Archive.open(sys.argv[1]), Path(sys.argv[2]), Wanted(sys.argv[3], ("page_version",)), {})
# Not ru_maxrss: the process inherits that of the one it was forked from.
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.parametrize("format_", ["csv", "jsonl", "parquet", "sqlite"])
def test_memory_does_not_grow_with_the_table(archive, tmp_path, format_):
    def peak_kib(out: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", MEASURE, str(archive.root), str(tmp_path / out), format_],
            capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        return int(done.stdout)

    add_pages(archive, 2_500)
    small = peak_kib("small")
    with closing(sqlite3.connect(archive.database)) as connection:
        connection.execute("DELETE FROM page_version WHERE page_key LIKE 'k%'")
        connection.commit()
    add_pages(archive, 15_000)
    assert (tmp_path / "small").exists()
    # 125 MB more text; a tenth of it is leave for buffers.
    assert peak_kib("large") < small + 12_500
