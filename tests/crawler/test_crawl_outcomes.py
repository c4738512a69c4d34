"""How a crawl ends: what stops it has an exit code of its own, and what is said tells why."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.warc.reader import read_records
from tests.crawler.crawled import wait_for
from tests.front_door import CONTACT, bewaar, crawl, environment, refused, start
from tests.machine import small_file_system
from tests.site_server import Site, page, tree


def test_a_stale_unfinished_crawl_asks_which(tmp_path: Path) -> None:
    with Site(tree(63), slow_s=0.05) as site:
        process = start("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
        while len(site.asked) < 4:
            time.sleep(0.02)
        process.terminate()
        process.communicate(timeout=30)
        (frontier,) = (tmp_path / "a" / "state").glob("*.frontier.db")
        db = sqlite3.connect(frontier)
        with db:
            db.execute("UPDATE crawl SET started_at = '2020-01-01T00:00:00Z'")
        db.close()
        line = refused("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT)
        assert "--resume" in line
        assert "--from-start" in line
        crawl(site.url(), tmp_path / "a", "--resume", "--max-pages", "3", code=3)


def test_the_original_site_is_gone_and_one_line_says_so(archive: Path) -> None:
    """Its name resolves nowhere here; on a machine where it does, `connect_to` sends it to the parking page below."""
    parked = page("<h1>eerlijkkinderpardon.nu</h1><h2>Partners</h2><ul><li>Buy It Now</li><li>Best Offer</li></ul>")
    with Site({"/p/215/3232/mo480-cg310/mo481-cg310/better-care-network": parked}) as site:
        port = site.url().split(":")[2].strip("/")
        options = ("--connect-to", f"eerlijkkinderpardon.nu:80:127.0.0.1:{port}", "--delay", "0")
        done = bewaar("crawl", "better_care_network", "--archive", archive, *options, code=1)
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("seed "))
    assert "not the page its profile expects" in line
    db = sqlite3.connect(archive / "archive.db")
    assert db.execute("SELECT count(*) FROM fact").fetchone() == (0,)
    assert db.execute("SELECT count(*) FROM capture WHERE status = 200").fetchone() == (1,)
    db.close()


def test_a_host_that_refuses_is_a_failed_seed(archive: Path, free_port: int) -> None:
    report = crawl(f"http://127.0.0.1:{free_port}/", archive, code=1)
    (seed,) = report["seeds"].values()
    assert "robots.txt cannot be had" in seed["problem"]
    assert "refused" in seed["problem"]
    db = sqlite3.connect(archive / "archive.db")
    failures = db.execute("SELECT DISTINCT record_type, status FROM capture").fetchall()
    db.close()
    assert failures == [("failure", None)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MiB."""
    with small_file_system(tmp_path / "disk", "size=6m", is_left_open=True) as place:
        yield place


def test_a_full_disk_stops_the_crawl_with_4_and_all_before_it_whole(small_disk: Path) -> None:
    noise = {f"/n{n}.bin": (200, {"Content-Type": "application/octet-stream"}, os.urandom(300_000)) for n in range(40)}
    pages = {"/": page("".join(f'<img src="{path}">' for path in noise))} | noise
    with Site(pages) as site:
        done = bewaar("crawl", site.url(), "--archive", small_disk / "a", "--contact", CONTACT, "--delay", "0", code=4)
        assert "free" in done.stderr + done.stdout
        kept = json.loads(bewaar("verify", "--json", "--archive", small_disk / "a").stdout)
    assert kept["findings"] == []


def test_on_a_disk_that_fills_up_the_report_is_still_written(small_disk: Path) -> None:
    noise = {f"/n{n}.bin": (200, {"Content-Type": "image/png"}, os.urandom(300_000)) for n in range(40)}
    pages = {"/": page("".join(f'<img src="{path}">' for path in noise))} | noise
    with Site(pages) as site:
        command = [sys.executable, "-m", "scrapy", "crawl", "site", "-a", f"site={site.url()}", "-a", f"contact={CONTACT}",
                   "-a", f"archive={small_disk / 'a'}", "-s", "DOWNLOAD_DELAY=0", "-s", "WARC_RESERVE_BYTES=1500000"]  # fmt: skip
        subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, timeout=60, env=environment())
    (warc,) = (small_disk / "a" / "warcs").glob("*.warc.gz")
    records = list(read_records(warc))
    assert sum(record.type == "response" for record in records) > 3
    told = [record for record in records if (record.url or "").startswith("metadata://bewaar/")]
    # What is left of the disk is not for the log.
    assert [(record.url or "").rpartition("/")[2] for record in told] == ["profile.json", "report.json"]
    assert json.loads(b"".join(told[-1].block.chunks()))["status"] == "failed"


def test_a_seed_that_is_down_says_so_when_a_limit_ends_the_crawl(tmp_path: Path) -> None:
    with Site({}) as site:
        seed = site.url()
    done = bewaar("crawl", seed, "--contact", CONTACT, "--archive", tmp_path / "a", "--max-time", "1", code=None)
    assert done.returncode == 3
    assert not [line for line in done.stderr.splitlines() if line.startswith(f"seed {seed}: '")]
    log = next((tmp_path / "a" / "state" / "logs").glob("*.log")).read_text()
    assert "Traceback" not in log


def test_another_crawl_of_a_host_is_not_taken_for_the_unfinished_one(tmp_path: Path) -> None:
    options = ("--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
    with Site(tree(63), slow_s=0.05) as site:
        process = start("crawl", site.url(), *options)
        wait_for(site, 6)
        site.slow_s = 2
        wait_for(site, len(site.asked) + 2)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
        assert process.returncode == 130
        assert "finishing what is under way; Ctrl-C once more stops at once" in said
        site.slow_s = 0
        before = len(site.asked)
        complaint = refused("crawl", site.url("/p40"), "--scope", "page", *options)
        assert f"began with something else, host of {site.url()}" in complaint
        assert len(site.asked) == before
        assert "give one of them" in refused("crawl", site.url(), "--resume", "--from-start", *options)
        crawl(site.url("/p40"), tmp_path / "a", "--scope", "page", "--from-start")
        assert set(site.paths()[before:]) <= {"/robots.txt", "/p40", "/i40.gif"}


def test_a_page_that_is_refused_every_time_is_a_problem(tmp_path: Path) -> None:
    pages = {"/": page('<a href="/busy">x</a>'), "/busy": (429, {"Retry-After": "0"}, b"")}
    with Site(pages) as site:
        report = crawl(site.url(), tmp_path / "a", code=1)
        busy = site.url("/busy")
    assert [(problem["url"], problem["detail"]) for problem in report["problems"]] == [(busy, "HTTP status 429")]
