"""The demo itself: what it prints, leaves behind and asks for, and that it can be repeated and served."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from archive.warc import http as warc_http
from archive.warc.reader import read_records
from crawler.replica.editions import EDITIONS
from crawler.replica.server import HOSTS
from tests.demo_rows import crawls, query
from tests.front_door import COMMAND, bewaar, environment

#: one worker makes the demo once
pytestmark = pytest.mark.xdist_group("demo")
BIN = Path(sys.executable).parent


@pytest.fixture
def archive(demo: tuple[Path, str]) -> Path:
    return demo[0]


def test_the_closing_lines_say_where_and_how_much_and_what_next(demo: tuple[Path, str]) -> None:
    root, printed = demo
    lines = printed.splitlines()
    assert any(line.startswith("WARC files") and str(root / "warcs") in line and "6 files" in line for line in lines)
    assert any(
        line.startswith("database") and str(root / "archive.db") in line and "6 crawls" in line for line in lines
    )
    history = next(line for line in lines if line.startswith("history"))
    for word in ("members", "goals", "sponsors", "changes"):
        assert word in history
    for verb in ("serve", "verify --rows", "rebuild"):
        assert any(f"bewaar {verb} --archive {root}" in line for line in lines)


def test_the_judges_accept_every_warc(archive: Path) -> None:
    files = sorted((archive / "warcs").glob("*.warc.gz"))
    assert len(files) == len(EDITIONS)
    for path in files:
        assert subprocess.run(["gzip", "-t", path], check=False).returncode == 0
        indexed = subprocess.run([BIN / "cdxj-indexer", path], capture_output=True, text=True, check=True)
        assert len(indexed.stdout.splitlines()) > 10
        judged = subprocess.run([BIN / "fastwarc", "check", "-q", path], capture_output=True, text=True, check=False)
        assert judged.returncode == 0, judged.stdout + judged.stderr
        judged = subprocess.run([BIN / "warcio", "check", "-v", path], capture_output=True, text=True, check=False)
        # warcio computes the payload digest of a chunked record over the chunk framing.
        chunked = {r.id for r in read_records(path) if r.type == "response" and _is_chunked(r.block)}
        complaints = {block.split()[0] for block in judged.stdout.split("offset ")[1:] if "failed" in block}
        offsets = {str(r.place.offset) for r in read_records(path) if r.id in chunked}
        assert complaints <= offsets, judged.stdout


def _is_chunked(block: Any) -> bool:
    return (warc_http.parse_response(block).header("Transfer-Encoding") or "").lower() == "chunked"


def test_nothing_but_the_replica_was_asked(archive: Path) -> None:
    hosts = {
        row["host"]
        for row in query(archive, "SELECT DISTINCT r.host FROM capture c JOIN resource r ON r.id = c.resource_id")
    }
    assert hosts <= set(HOSTS)
    addresses = {
        record.field("WARC-IP-Address")
        for path in (archive / "warcs").glob("*.warc.gz")
        for record in read_records(path)
        if record.type == "response"
    }
    assert addresses == {"127.0.0.1"}


def test_the_demo_can_be_repeated_and_interrupted(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(archive, copy)
    bewaar("demo", "--archive", copy)
    assert len(crawls(copy)) == 2 * len(EDITIONS)
    bewaar("verify", "--rows", "--archive", copy)


def test_the_demo_is_served(archive: Path) -> None:
    import urllib.request

    process = subprocess.Popen(
        [*COMMAND, "serve", "--archive", str(archive), "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip().split()[-1]
        with urllib.request.urlopen(address, timeout=20) as answer:
            home = answer.read().decode()
        assert "Fonds Zilverknoop" in home
        assert "/-/capture/" in home
    finally:
        process.terminate()
        assert process.wait(20) == 0
