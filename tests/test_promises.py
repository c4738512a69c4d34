"""docs/promises.md, block by block, as its reader runs it: with other people's programs only."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from archive.signing import HOW_TO_MAKE_A_KEY
from tests.authority import Authority
from tests.front_door import bewaar, crawl
from tests.machine import program
from tests.site_server import Site, page, tree

#: what they share is made once
pytestmark = pytest.mark.xdist_group("promises")

BLOCKS = re.findall(
    r"```sh\n(.*?)```", (Path(__file__).parents[1] / "docs" / "promises.md").read_text(encoding="utf-8"), re.DOTALL
)
#: what the output of each block must hold
EXPECTED = (
    "",
    "",
    "WARC-Type: response",
    '"filename": ',
    "Alpha Trust",
    "<!doctype html>",
    "no file is being written",
    "Verification: OK",
)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("promises") / "archive"
    members = "<h2>Members</h2><ul><li>Alpha Trust</li><li>Beta Foundation</li><li>Gamma Aid</li></ul>"
    with Site(tree(7) | {"/": page(f'{members}<a href="/p2">more</a><a href="/p3">more</a>')}) as site:
        crawl(site.url(), place)
        crawl(site.url(), place)
    subprocess.run(HOW_TO_MAKE_A_KEY.split(), check=True, cwd=place.parent)
    with Authority(place.parent / "authority") as authority:
        bewaar("pack", "--archive", place, "--output", place / "exports" / "network.wacz",
               "--sign", place.parent / "key.pem", "--timestamp-authority", authority.url)  # fmt: skip
    shutil.copy(authority.root, place / "authority-root.pem")
    return place


def run(block: str, archive: Path) -> subprocess.CompletedProcess[str]:
    program("sqlite3", "sqlite3")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-c", block], capture_output=True, text=True, cwd=archive, env=os.environ | {"PATH": path}
    )


def test_there_is_a_block_for_each_promise() -> None:
    assert len(BLOCKS) == len(EXPECTED)
    assert not any("bewaar" in block for block in BLOCKS)


@pytest.mark.parametrize("number", range(len(EXPECTED)))
def test_a_block_does_what_it_says(archive: Path, number: int) -> None:
    done = run(BLOCKS[number], archive)
    assert done.returncode == 0, done.stdout + done.stderr
    assert EXPECTED[number] in done.stdout


def test_a_changed_byte_is_found(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "archive"
    shutil.copytree(archive, copy)
    warc = min((copy / "warcs").glob("*.warc.gz"))
    data = bytearray(warc.read_bytes())
    # Behind the header of a gzip member: nobody checks the time that stands there.
    data[data.index(b"\x1f\x8b\x08", len(data) // 3) + 24] ^= 1
    warc.write_bytes(data)
    assert run(BLOCKS[0], copy).returncode != 0
    assert run(BLOCKS[1], copy).returncode != 0
