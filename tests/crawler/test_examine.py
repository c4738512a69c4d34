"""`bewaar extract` reads what a crawl would read, and no more."""

from __future__ import annotations

import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from archive.errors import BewaarError, WrongUse
from crawler.bounds import MEMORY_BYTES, PAGE_MAX_BYTES, reader_process
from crawler.examine import examine

PAGE = "<!doctype html><h2>Members</h2><ul><li>Alpha Trust<li>Beta Foundation</ul>"


def test_a_page_larger_than_those_that_are_read_is_a_problem(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    with page.open("w") as file:
        file.write(PAGE)
        file.truncate(PAGE_MAX_BYTES + 1)
    with pytest.raises(BewaarError, match=f"page.html: too large to be read: {PAGE_MAX_BYTES + 1} bytes") as said:
        examine(str(page), tmp_path / "none")
    assert not isinstance(said.value, WrongUse)


def test_a_page_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    found = examine(str(tmp_path / "page.html"), tmp_path / "none")
    assert [fact["value"] for fact in found.facts() if fact["role"] == "member"] == ["Alpha Trust", "Beta Foundation"]
    with pytest.raises(BewaarError, match=r"page\.html: reader gave up: too slow, or needs too much memory"):
        examine(str(tmp_path / "page.html"), tmp_path / "none", timeout_s=0.01)


def test_wrong_use_is_told_by_the_process_that_reads(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="no archive there"):
        examine("http://a.test/", tmp_path / "none")


def test_a_process_that_reads_has_no_memory_without_end() -> None:
    with reader_process(_hoard, MEMORY_BYTES) as (channel, _):
        assert channel.recv() == "refused"


def _hoard(channel: Connection, size: int) -> None:
    try:
        bytearray(size)
    except MemoryError:
        channel.send("refused")


def test_a_ctrl_c_while_a_reader_begins_is_not_its_to_tell(capfd: pytest.CaptureFixture[str]) -> None:
    with reader_process(_hoard, MEMORY_BYTES) as (channel, process):
        assert process.pid
        os.kill(process.pid, signal.SIGINT)
        assert channel.recv() == "refused"
    assert capfd.readouterr().err == ""
