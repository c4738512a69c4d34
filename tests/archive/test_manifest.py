from __future__ import annotations

import multiprocessing
import subprocess
from pathlib import Path

import pytest

from archive.errors import ArchiveFault
from archive.manifest import NAME, add_to_manifest, read_manifest

A, B = "a" * 64, "b" * 64


def test_a_line_is_what_sha256sum_writes_and_checks(tmp_path: Path) -> None:
    (tmp_path / "warcs").mkdir()
    (tmp_path / "warcs/één file.warc.gz").write_bytes(b"kept")
    said = subprocess.run(["sha256sum", "warcs/één file.warc.gz"], cwd=tmp_path, check=True, capture_output=True).stdout
    add_to_manifest(tmp_path, "warcs/één file.warc.gz", said.decode().split()[0])
    assert (tmp_path / NAME).read_bytes() == said
    subprocess.run(["sha256sum", "-c", "--strict", "--quiet", NAME], cwd=tmp_path, check=True)


def test_a_line_stands_once(tmp_path: Path) -> None:
    for _ in range(3):
        add_to_manifest(tmp_path, "warcs/a.warc.gz", A)
    add_to_manifest(tmp_path, "warcs/b.warc.gz", B)
    assert (tmp_path / NAME).read_text() == f"{A}  warcs/a.warc.gz\n{B}  warcs/b.warc.gz\n"
    assert read_manifest(tmp_path) == {"warcs/a.warc.gz": A, "warcs/b.warc.gz": B}


def test_a_file_that_never_changes_cannot_get_another_digest(tmp_path: Path) -> None:
    add_to_manifest(tmp_path, "warcs/a.warc.gz", A)
    with pytest.raises(ArchiveFault, match=rf"{NAME}: warcs/a\.warc\.gz stands there with sha256 {A}, and now is {B}"):
        add_to_manifest(tmp_path, "warcs/a.warc.gz", B)
    assert read_manifest(tmp_path) == {"warcs/a.warc.gz": A}


@pytest.mark.parametrize("torn", [f"{B[:20]}", f"{B}  warcs/b.w"])
def test_a_line_that_a_power_cut_tore_is_written_over(tmp_path: Path, torn: str) -> None:
    (tmp_path / NAME).write_text(f"{A}  warcs/a.warc.gz\n{torn}")
    add_to_manifest(tmp_path, "warcs/b.warc.gz", B)
    assert (tmp_path / NAME).read_text() == f"{A}  warcs/a.warc.gz\n{B}  warcs/b.warc.gz\n"


@pytest.mark.parametrize(("relative", "sha256"), [("a\nb", A), ("", A), ("/etc/passwd", A), ("a\\b", A), ("a", A[1:])])
def test_what_is_no_line_is_refused(tmp_path: Path, relative: str, sha256: str) -> None:
    with pytest.raises(ValueError, match="not a line of a manifest"):
        add_to_manifest(tmp_path, relative, sha256)
    assert not (tmp_path / NAME).exists()


def add_many(root: Path, first: int) -> None:
    for number in range(first, first + 20):
        add_to_manifest(root, f"warcs/{number // 2}.warc.gz", A)


def test_processes_write_in_turn(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    crawls = [context.Process(target=add_many, args=(tmp_path, first)) for first in (0, 10, 20)]
    for crawl in crawls:
        crawl.start()
    for crawl in crawls:
        crawl.join()
    lines = (tmp_path / NAME).read_text().splitlines()
    assert sorted(lines) == sorted(f"{A}  warcs/{n}.warc.gz" for n in range(20))


def test_a_manifest_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ArchiveFault, match="nowhere"):
        add_to_manifest(tmp_path / "nowhere", "a", A)
