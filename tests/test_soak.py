"""Long runs, `make soak`: what may go wrong once in a hundred times is tried a hundred times."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from archive.warc.reader import read_records
from tests.front_door import CONTACT, bewaar, crawl, start
from tests.site_server import Site, tree

pytestmark = pytest.mark.soak

KILLS = 40
PAGES = 700


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_crawl_killed_forty_times_holds_every_page_once(tmp_path: Path, seed: int) -> None:
    moments = random.Random(seed)
    with Site(tree(PAGES), slow_s=0.004) as site:
        for _ in range(KILLS):
            process = start("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
            time.sleep(moments.uniform(0.3, 3.0))
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        crawl(site.url(), tmp_path / "a")
        wanted = {site.url(path) for path in tree(PAGES)}
    held = Counter(
        record.url
        for path in (tmp_path / "a" / "warcs").glob("*.warc.gz")
        for record in read_records(path)
        if record.type == "response" and record.url in wanted
    )
    assert set(held) == wanted
    # A crawl that came to its end between two kills is followed by another.
    crawls = len(list((tmp_path / "a" / "state" / "logs").glob("*.log")))
    assert max(held.values()) <= crawls
    bewaar("verify", "--rows", "--archive", tmp_path / "a")
