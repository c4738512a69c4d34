"""The log in the WARC."""

from __future__ import annotations

from pathlib import Path

from crawler.spiders.closing import read_end


def test_of_a_long_log_the_last_whole_lines_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "crawl.log"
    log.write_bytes(b"".join(b"line %03d\n" % n for n in range(100)))
    assert read_end(log) == log.read_bytes()
    assert read_end(log, limit=40) == b"line 096\nline 097\nline 098\nline 099\n"
