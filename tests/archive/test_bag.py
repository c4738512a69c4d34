"""`bewaar pack --bag`: bagit accepts it, sha256sum too, and what is in it is an archive."""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import bagit
import pytest

from archive.layout import Archive
from tests.archive.raw_records import HTTP, REVISIT_PROFILE, keep, record, write_warc
from tests.archive.test_index import arc_of
from tests.front_door import COMMAND, bewaar, crawl, environment
from tests.site_server import Site, page

DAY = "2026010{}000000000-00000-host.warc.gz"


def original(number: int) -> bytes:
    return record("response", f"http://one.test/{number}", HTTP + b"%d" % number, date=f"2026-01-0{number}T00:00:00Z",
                  record_id=f"<urn:uuid:30000000-0000-4000-8000-00000000000{number}>")  # fmt: skip


def revisit_of(number: int, day: int) -> bytes:
    return record("revisit", f"http://one.test/{number}", HTTP, profile=REVISIT_PROFILE, date=f"2026-01-0{day}T00:00:01Z",
                  refers_to=f"<urn:uuid:30000000-0000-4000-8000-00000000000{number}>")  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Three crawls of two sites; each refers to the one before it."""
    archive = Archive.create(tmp_path / "archive", operator="Stichting Één")
    keep(archive, "one-" + DAY.format(1), original(1))
    keep(archive, "one-" + DAY.format(2), original(2), revisit_of(1, 2))
    keep(archive, "two-" + DAY.format(3), original(3), revisit_of(2, 3))
    keep(archive, "two-" + DAY.format(4), original(4))
    (archive.decisions / "aliases.jsonl").write_text('{"why": "é"}\n')
    (archive.sites / "één site.toml").write_text("# mine\n")
    return archive


def test_bagit_and_sha256sum_accept_a_crawled_archive_and_it_goes_on(tmp_path: Path) -> None:
    with Site({"/": page("<p>hello</p>")}) as server:
        crawl(server.url(), tmp_path / "archive")
    place = tmp_path / "bag"
    bewaar("pack", "--archive", tmp_path / "archive", "--bag", place)
    bag = bagit.Bag(str(place))
    bag.validate()
    assert bag.version_info == (1, 0)
    done = subprocess.run([sys.executable, "-m", "bagit", "--validate", place], capture_output=True, text=True)
    assert (done.returncode, "is valid" in done.stderr) == (0, True), done.stderr
    for folder, manifest in (
        (place, "manifest-sha256.txt"),
        (place, "tagmanifest-sha256.txt"),
        (place / "data", "manifest-sha256.txt"),
    ):
        checked = subprocess.run(["sha256sum", "-c", manifest], cwd=folder, capture_output=True, text=True)
        assert checked.returncode == 0, checked
        assert "OK" in checked.stdout
    bewaar("verify", "--archive", place / "data")
    Archive.create(place / "data")  # opens it, and makes the empty folders, which no bag can hold
    bewaar("rebuild", "--archive", place / "data")
    bewaar("verify", "--rows", "--archive", place / "data")


def test_a_bag_holds_the_archive_and_says_whose_it_is(archive: Archive, tmp_path: Path) -> None:
    done = bewaar("pack", "--archive", archive.root, "--bag", tmp_path / "bag", "--json")
    bag = bagit.Bag(str(tmp_path / "bag"))
    bag.validate()
    names = {path.relative_to(archive.root).as_posix() for path in archive.root.rglob("*") if path.is_file()}
    names = {name for name in names if not name.startswith("state/")}
    assert set(bag.payload_entries()) == {f"data/{name}" for name in names}
    for name in names:
        assert (tmp_path / "bag/data" / name).read_bytes() == (archive.root / name).read_bytes()
    assert bag.info["Source-Organization"] == "Stichting Één"
    found = json.loads(done.stdout)
    assert bag.info["Payload-Oxum"] == f"{found['size']}.{found['files']}"


def test_what_revisits_refer_to_comes_along_file_by_file(archive: Archive, tmp_path: Path) -> None:
    def warcs(name: str) -> list[str]:
        return sorted(path.name[:13] for path in (tmp_path / name / "data/warcs").iterdir())

    bewaar("pack", "--archive", archive.root, "--site", "two", "--bag", tmp_path / "a")
    assert warcs("a") == ["one-202601010", "one-202601020", "two-202601030", "two-202601040"]
    bewaar("pack", "--archive", archive.root, "--since", "2026-01-04", "--bag", tmp_path / "b")
    assert warcs("b") == ["two-202601040"]
    bewaar("pack", "--archive", archive.root, "--since", "2026-01-03", "--no-originals", "--bag", tmp_path / "c")
    assert warcs("c") == ["two-202601030", "two-202601040"]
    for name in "abc":
        bagit.Bag(str(tmp_path / name)).validate()
    assert not (tmp_path / "a/data/sites").exists()  # of another site
    lost = keep(archive, "two-" + DAY.format(5), revisit_of(9, 5))
    done = bewaar("pack", "--archive", archive.root, "--bag", tmp_path / "d", code=1)
    said = f"{lost.name} at 0: revisit of http://one.test/9: its original is not in the archive"
    assert done.stderr == f"bewaar: {said}\n"


def test_a_changed_byte_is_found_by_bagit(archive: Archive, tmp_path: Path) -> None:
    bewaar("pack", "--archive", archive.root, "--bag", tmp_path / "bag")
    path = tmp_path / "bag/data/decisions/aliases.jsonl"
    path.write_bytes(path.read_bytes().replace(b"w", b"W"))
    with pytest.raises(bagit.BagValidationError):
        bagit.Bag(str(tmp_path / "bag")).validate()


def test_nothing_is_left_of_a_bag_that_failed(archive: Archive, tmp_path: Path) -> None:
    bad = keep(archive, "one-" + DAY.format(5), original(5))
    bad.write_bytes(gzip.compress(original(6)))
    done = bewaar("pack", "--archive", archive.root, "--bag", tmp_path / "bag", code=1)
    assert f"{bad}: manifest sha256 " in done.stderr
    bad.unlink()
    keep(archive, "one-" + DAY.format(6), *[original(7)] * 2000)
    full = subprocess.run(
        [*COMMAND, "pack", "--archive", archive.root, "--bag", tmp_path / "bag"], capture_output=True, text=True,
        env=environment(), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )  # fmt: skip
    assert (full.returncode, full.stderr) == (4, f"bewaar: {tmp_path / 'bag'}: File too large\n")
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


def test_what_a_killed_one_left_is_cleared_and_what_is_there_is_kept(archive: Archive, tmp_path: Path) -> None:
    left = tmp_path / ".bag.part" / "data"
    left.mkdir(parents=True)
    (left / "half").write_bytes(b"x")
    bewaar("pack", "--archive", archive.root, "--bag", tmp_path / "bag")
    bagit.Bag(str(tmp_path / "bag")).validate()
    assert not (tmp_path / "bag/data/half").exists()
    for arguments in (("--bag", tmp_path / "bag"), ("--bag", tmp_path / "new", "--output", tmp_path / "x.wacz")):
        assert len(bewaar("pack", "--archive", archive.root, *arguments, code=2).stderr.splitlines()) == 1


@pytest.mark.parametrize("where", ["warcs/passwd.warc.gz", "sites/x.toml", "decisions/x.jsonl"])
@pytest.mark.parametrize("how", ["link", "pipe", "circle"])
def test_files_that_are_not_the_archives_own_are_not_passed_on(
    archive: Archive, tmp_path: Path, where: str, how: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"the secret")
    path = archive.root / where
    if how == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(secret if how == "link" else path)
    asked: list[tuple[str | Path, ...]] = [("pack", "--bag", tmp_path / "bag")]
    if where.startswith("warcs/"):
        asked += [("index",), ("pack", "--output", tmp_path / "x.wacz")]
    elif how != "link":  # not a file: passed over
        bewaar(*asked[0], "--archive", archive.root)
        return
    for command in asked:
        done = bewaar(*command, "--archive", archive.root, code=2)
        assert done.stderr.startswith(f"bewaar: {path}: ")
        assert len(done.stderr.splitlines()) == 1
        assert "secret" not in done.stdout
    assert sorted(each.name for each in tmp_path.iterdir()) == ["archive", "secret"]


def test_arc_files_go_into_a_bag_and_not_into_a_package(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "archive")
    (archive.warcs / "old.arc.gz").write_bytes(
        b"".join(gzip.compress(part) for part in arc_of(("http://one.test/", HTTP)))
    )
    packing = ("pack", "--archive", archive.root, "--output", tmp_path / "x.wacz")
    assert "old.arc.gz is an ARC file, which no WACZ can hold; --bag takes it" in bewaar(*packing, code=2).stderr
    write_warc(archive.warcs / "one.warc.gz", record("response", "http://one.test/", HTTP))
    assert "old.arc.gz: an ARC file, which no WACZ can hold: not packed" in bewaar(*packing, code=1).stderr
    bewaar("pack", "--verify", tmp_path / "x.wacz")
    bewaar("pack", "--archive", archive.root, "--bag", tmp_path / "bag")
    assert sorted(path.name for path in (tmp_path / "bag/data/warcs").iterdir()) == ["old.arc.gz", "one.warc.gz"]
    bagit.Bag(str(tmp_path / "bag")).validate()
