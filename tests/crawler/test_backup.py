"""``bewaar backup``: a copy that is an archive, made while crawls run."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from archive.store.compare import differences
from tests.crawler.crawled import captured, dumped, query, wait_for
from tests.front_door import CONTACT, bewaar, crawl, start
from tests.machine import small_file_system
from tests.site_server import Site, page, tree

_HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\njeep\n"
_ABOUT = b"1 0 Someone\nURL IP-address Archive-date Content-type Archive-length\n"
#: ARC 1.0: a version block, then one document
ARC = (
    b"filedesc://old.arc 0.0.0.0 20010101000000 text/plain %d\n%s\n"
    b"http://www.example.nl/ 192.0.2.1 20010101000000 text/plain %d\n%s\n" % (len(_ABOUT), _ABOUT, len(_HTTP), _HTTP)
)


def backup(archive: Path, copy: Path, code: int = 0) -> dict[str, Any]:
    done = bewaar("backup", copy, "--archive", archive, "--json", code=code)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    with Site(tree(7)) as site:
        crawl(site.url(), tmp_path / "a")
    return tmp_path / "a"


def test_the_copy_is_an_archive_and_equal(archive: Path, tmp_path: Path) -> None:
    (archive / "decisions" / "own.jsonl").write_text("")
    (archive / "sites" / "own.toml").write_text('seeds = ["http://example.test/"]\n')
    done = backup(archive, tmp_path / "copy")
    assert done["problems"] == []
    for folder in ("warcs", "decisions", "sites"):
        names = sorted(path.name for path in (archive / folder).iterdir())
        assert names == sorted(path.name for path in (tmp_path / "copy" / folder).iterdir())
        assert all((archive / folder / n).read_bytes() == (tmp_path / "copy" / folder / n).read_bytes() for n in names)
    assert list(differences(dumped(archive), dumped(tmp_path / "copy"))) == []
    bewaar("verify", "--rows", "--archive", tmp_path / "copy")
    checked = subprocess.run(["sha256sum", "-c", "manifest-sha256.txt"], cwd=tmp_path / "copy", capture_output=True)
    assert checked.returncode == 0


def test_repeated_it_copies_what_is_new(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    backup(archive, copy)
    first = {path.name: path.stat().st_mtime_ns for path in (copy / "warcs").iterdir()}
    with Site(tree(3)) as site:
        crawl(site.url(), archive)
    (archive / "warcs" / "x.warc.gz.torn").write_bytes(b"torn off")
    assert backup(archive, copy)["problems"] == []
    assert (copy / "warcs" / "x.warc.gz.torn").read_bytes() == b"torn off"
    changed = {path.name: path.stat().st_mtime_ns for path in (copy / "warcs").iterdir()}
    done = backup(archive, copy)
    assert done["problems"] == []
    assert {path.name: path.stat().st_mtime_ns for path in (copy / "warcs").iterdir()} == changed
    second = {path.name: path.stat().st_mtime_ns for path in (copy / "warcs").iterdir()}
    assert len(second) == len(first) + 2
    assert first.items() <= second.items()
    assert list(differences(dumped(archive), dumped(copy))) == []
    bewaar("verify", "--rows", "--archive", copy)


def test_others_files_of_records_are_copied_once(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (own,) = (archive / "warcs").iterdir()
    others = {"old.arc": ARC, "old.arc.gz": gzip.compress(ARC), "plain.warc": gzip.decompress(own.read_bytes())}
    for name, data in others.items():
        (archive / "warcs" / name).write_bytes(data)
    for _ in range(2):
        done = backup(archive, copy)
        assert done["problems"] == []
        assert {name: (copy / "warcs" / name).read_bytes() for name in others} == others
    # All but the database and the frontier, which are copied anew each time.
    assert done["copied"] == 2
    bewaar("verify", "--archive", copy)
    (archive / "warcs" / "old.arc").write_bytes(ARC.replace(b"jeep", b"step"))
    assert backup(archive, copy)["copied"] == 3
    assert b"step" in (copy / "warcs" / "old.arc").read_bytes()
    checked = subprocess.run(["sha256sum", "-c", "manifest-sha256.txt"], cwd=copy, capture_output=True)
    assert checked.returncode == 0


def test_while_a_crawl_runs_and_the_copy_goes_on_with_it(tmp_path: Path) -> None:
    archive, copy = tmp_path / "a", tmp_path / "copy"
    with Site(tree(127), slow_s=0.05) as site:
        process = start("crawl", site.url(), "--archive", archive, "--contact", CONTACT, "--delay", "0")
        for requests in (40, 90):
            wait_for(site, requests)
            done = backup(archive, copy)
            assert done["problems"] == []
            assert process.poll() is None
            bewaar("verify", "--rows", "--archive", copy)
            assert list((copy / "warcs").glob("*.open")) == []
        held = query(copy, "SELECT count(*) FROM capture")
        assert held > [(0,)]
        # The machine is lost; the copy takes over.
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        before = len(site.asked)
        archive.rename(tmp_path / "lost")
        crawl(site.url(), copy)
        wanted = {site.url(path) for path in tree(127)}
        again = len(site.asked) - before
    assert wanted <= set(captured(copy))
    assert again < 254 - 60  # what the copy held was not asked for again
    bewaar("verify", "--rows", "--archive", copy)


def test_a_crawl_that_ended_since_replaces_its_unfinished_file(tmp_path: Path) -> None:
    archive, copy = tmp_path / "a", tmp_path / "copy"
    with Site(tree(63), slow_s=0.02) as site:
        process = start("crawl", site.url(), "--archive", archive, "--contact", CONTACT, "--delay", "0")
        wait_for(site, 50)
        backup(archive, copy)
        process.communicate()
    assert backup(archive, copy)["problems"] == []
    (name,) = [path.name for path in (archive / "warcs").iterdir()]
    assert (copy / "warcs" / name).read_bytes() == (archive / "warcs" / name).read_bytes()
    bewaar("verify", "--rows", "--archive", copy)


def test_a_good_copy_is_never_replaced_by_a_damaged_file(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    backup(archive, copy)
    (warc,) = (archive / "warcs").iterdir()
    good = warc.read_bytes()
    (archive / "decisions" / "own.jsonl").write_text("")
    # Of another size, so that it is looked at; one flipped byte is for `verify`.
    warc.write_bytes(good[:-100])
    done = backup(archive, copy, code=1)
    assert len(done["problems"]) == 1
    assert str(warc) in done["problems"][0]
    assert "the manifest says" in done["problems"][0]
    assert (copy / "warcs" / warc.name).read_bytes() == good
    assert (copy / "decisions" / "own.jsonl").exists()
    fresh = backup(archive, tmp_path / "other", code=1)
    assert not (tmp_path / "other" / "warcs" / warc.name).exists()
    assert len(fresh["problems"]) == 1


def test_decisions_that_were_lost_are_kept_in_the_copy(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    own = archive / "decisions" / "own.jsonl"
    own.write_text('{"a": 1}\n{"b": 2}\n')
    backup(archive, copy)
    own.write_text('{"a": 1}\n')
    assert "has lost lines" in backup(archive, copy, code=1)["problems"][0]
    assert (copy / "decisions" / "own.jsonl").read_text() == '{"a": 1}\n{"b": 2}\n'


def test_a_place_that_cannot_hold_it_is_refused_in_one_line(archive: Path, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "letter.txt").write_text("mine")
    for place, why in ((archive / "inside", "cannot lie in it"), (archive, "cannot lie in it"), (full, "not empty")):
        done = bewaar("backup", place, "--archive", archive, code=2)
        assert why in done.stderr
        assert done.stderr.count("\n") == 1
    assert not (archive / "inside").exists()


def test_a_full_disk_ends_with_4_and_what_was_copied_is_whole(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    noise = "".join(f"<p>{n * n % 99991} {n ^ 77777}</p>" for n in range(60_000))
    with Site({"/": page(noise)}) as site:
        crawl(site.url(), archive, "--no-extract")
    with small_file_system(tmp_path / "disk", "size=500k") as disk:
        done = bewaar("backup", disk / "copy", "--archive", archive, code=4)
        assert "disk full" in done.stderr or "No space left" in done.stderr or "database or disk is full" in done.stderr
        assert list((disk / "copy" / "warcs").iterdir()) == []
