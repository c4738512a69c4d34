"""WARC files of others, for the tests of `bewaar ingest`: one page on three days."""

from __future__ import annotations

from pathlib import Path

from tests.archive.raw_records import record, write_warc
from tests.crawler.ingests import info

HOME = "http://network.test/members"
DAY_1, DAY_2, DAY_3 = (f"2020-0{month}-01T10:00:00Z" for month in (1, 2, 3))


def crawl_file(path: Path, *captures: tuple[str, bytes]) -> Path:
    """A WARC of others, with captures of one page at these dates."""
    return write_warc(path, info(), *(record("response", HOME, block, date=date) for date, block in captures))
