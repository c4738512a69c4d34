"""The manifest holds what people write as well, and `sha256sum -c` accepts it after every command that writes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from archive.layout import Archive
from archive.manifest import add_to_manifest, read_manifest, renew_in_manifest
from archive.written import has_grown, record_written
from tests.front_door import CONTACT, bewaar, crawl
from tests.site_server import Site, tree

ALIAS = '{"kind": "alias"}\n'


def sha256sum(archive: Path) -> int:
    command = ["sha256sum", "--check", "--strict", "--quiet", "manifest-sha256.txt"]
    return subprocess.run(command, cwd=archive, capture_output=True).returncode


def names(archive: Path) -> list[str]:
    return sorted(name for name in read_manifest(archive) if not name.startswith("warcs/"))


def test_sha256sum_accepts_the_manifest_after_every_command(tmp_path: Path) -> None:
    place = tmp_path / "archive"
    with Site(tree(3)) as site:
        crawl(site.url(), place)
        assert sha256sum(place) == 0
        profile = place / "sites" / "own.toml"
        profile.write_text(f'seeds = ["{site.url()}"]\ncontact = "{CONTACT}"\ndelay_s = 0\n')
        bewaar("crawl", "own", "--archive", place)
        assert (names(place), sha256sum(place)) == (["sites/own.toml"], 0)
        # Edited, it is told as a warning, and recorded by the next crawl.
        profile.write_text(profile.read_text() + "max_pages = 2\n")
        assert sha256sum(place) == 1
        done = bewaar("verify", "--archive", place)
        assert "own.toml at 0: warning: manifest sha256" in done.stdout
        assert "0 wrong, 1 warning" in done.stderr
        bewaar("pack", "--archive", place, "--bag", tmp_path / "bag")
        assert sha256sum(tmp_path / "bag" / "data") == 0
        bewaar("crawl", "own", "--archive", place, code=None)
        assert sha256sum(place) == 0
    bewaar("rebuild", "--archive", place)
    assert sha256sum(place) == 0
    bewaar("backup", tmp_path / "copy", "--archive", place)
    assert (names(tmp_path / "copy"), sha256sum(tmp_path / "copy")) == (["sites/own.toml"], 0)
    profile.unlink()
    bewaar("rebuild", "--archive", place)
    assert (names(place), sha256sum(place)) == ([], 0)
    bewaar("verify", "--archive", place)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    archive = Archive.create(tmp_path / "archive")
    (archive.decisions / "own.jsonl").write_text(ALIAS)
    record_written(archive)
    assert (names(archive.root), sha256sum(archive.root)) == (["decisions/own.jsonl"], 0)
    return archive


def test_decisions_may_grow(archive: Archive) -> None:
    path = archive.decisions / "own.jsonl"
    path.write_text(ALIAS * 3)
    assert "warning: manifest sha256" in bewaar("verify", "--archive", archive.root).stdout
    record_written(archive)
    assert sha256sum(archive.root) == 0
    assert bewaar("verify", "--archive", archive.root).stdout == ""


@pytest.mark.parametrize(
    "now", [ALIAS.replace("alias", "Alias") + ALIAS, ALIAS[:-3], ""], ids=["changed", "cut", "empty"]
)
def test_decisions_that_lost_something_are_wrong_from_then_on(archive: Archive, now: str) -> None:
    (archive.decisions / "own.jsonl").write_text(now)
    record_written(archive)
    assert sha256sum(archive.root) == 1
    assert "own.jsonl at 0: manifest sha256" in bewaar("verify", "--archive", archive.root, code=1).stdout


def test_decisions_that_are_gone_are_missed(archive: Archive) -> None:
    (archive.decisions / "own.jsonl").unlink()
    record_written(archive)
    assert names(archive.root) == ["decisions/own.jsonl"]
    assert "cannot be read" in bewaar("verify", "--archive", archive.root, code=1).stdout


def test_lines_that_are_not_renewed_stay_as_they_stand(archive: Archive) -> None:
    manifest = archive.manifest
    manifest.write_text("no line at all\n" + manifest.read_text() + "ab" * 32 + "  warcs/x.warc.gz\n")
    before = manifest.read_text().splitlines()
    renew_in_manifest(archive.root, {"sites/a.toml": "cd" * 32, "decisions/own.jsonl": "ef" * 32})
    add_to_manifest(archive.root, "warcs/y.warc.gz", "01" * 32)
    assert manifest.read_text().splitlines() == [
        before[0], before[2], "cd" * 32 + "  sites/a.toml", "ef" * 32 + "  decisions/own.jsonl",
        "01" * 32 + "  warcs/y.warc.gz",
    ]  # fmt: skip


def test_an_archive_without_either_gets_no_empty_manifest(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "archive")
    record_written(archive)
    assert not archive.manifest.exists()


def test_only_whole_lines_count_as_having_been_there(tmp_path: Path) -> None:
    from hashlib import sha256

    path = tmp_path / "own.jsonl"
    path.write_bytes(b"one\ntwo\n")
    assert has_grown(path, sha256(b"one\n").hexdigest())
    assert has_grown(path, sha256(b"one\ntwo\n").hexdigest())
    assert not has_grown(path, sha256(b"one\nt").hexdigest())
