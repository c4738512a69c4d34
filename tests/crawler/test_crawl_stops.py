"""A crawl that is limited, interrupted or killed: it loses nothing, and the next one takes it up."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.crawler.crawled import captured, query, wait_for
from tests.front_door import CONTACT, bewaar, crawl, start, start_afresh
from tests.site_server import Answer, Site, page, tree


def test_a_limit_on_pages_is_met_exactly(tmp_path: Path) -> None:
    with Site(tree(31)) as site:
        report = crawl(site.url(), tmp_path / "a", "--max-pages", "5", "--concurrency", "8", code=3)
        pages = [path for path in site.paths() if not path.endswith((".gif", ".txt"))]
    assert len(pages) == report["pages"] == 5
    assert report["limit"] == "max_pages"
    # Their requisites follow.
    assert sum(path.endswith(".gif") for path in site.paths()) == 5


def test_a_site_smaller_than_the_limit_is_finished(tmp_path: Path) -> None:
    with Site(tree(3)) as site:
        assert crawl(site.url(), tmp_path / "a", "--max-pages", "3")["status"] == "finished"


def test_limits_on_bytes_and_time_stop_a_crawl(tmp_path: Path) -> None:
    with Site(tree(63), slow_s=0.05) as site:
        assert crawl(site.url(), tmp_path / "a", "--max-bytes", "2000", code=3)["limit"] == "max_bytes"
        assert crawl(site.url(), tmp_path / "b", "--max-time", "1", code=3)["limit"] == "max_time"


def test_a_crawl_killed_at_any_moment_is_taken_up_and_loses_nothing(tmp_path: Path) -> None:
    with Site(tree(63), slow_s=0.02) as site:
        for requests in (3, 20, 45):
            process = start("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
            wait_for(site, len(site.asked) + requests)
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        report = crawl(site.url(), tmp_path / "a")
        wanted = {site.url(path) for path in tree(63)}
        found = captured(tmp_path / "a")
        asked = Counter(site.url(path) for path in site.paths())
    assert wanted <= set(found)
    # What is in the WARC is not asked for again: each kill costs the one fetch in flight, robots.txt apart.
    assert sum(count - 1 for url, count in found.items() if url in wanted) == 0
    assert sum(count - 1 for url, count in asked.items() if url in wanted) <= 3
    assert report["status"] == "finished"
    assert query(tmp_path / "a", "SELECT count(*) FROM crawl") == [(1,)]
    rows = query(tmp_path / "a", "SELECT DISTINCT r.url FROM capture c JOIN resource r ON r.id = c.resource_id")
    assert wanted <= {url for (url,) in rows}
    assert list((tmp_path / "a" / "warcs").glob("*.open")) == []
    bewaar("verify", "--archive", tmp_path / "a")


def test_an_answer_worth_a_retry_is_asked_for_again_after_a_kill(tmp_path: Path) -> None:
    answers = iter([(503, {"Retry-After": "2", "Content-Type": "text/html"}, b"later")])
    with Site({"/": lambda: next(answers, page("now"))}) as site:
        process = start("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
        wait_for(site, 2)
        time.sleep(0.2)  # the answer is in the file by now, and the frontier has not committed what came of it
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        report = crawl(site.url(), tmp_path / "a")
    assert report["seeds"][site.url()]["status"] == 200
    rows = query(tmp_path / "a", "SELECT status FROM capture WHERE page_key IS NOT NULL ORDER BY warc_date")
    assert rows == [(503,), (200,)]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_crawl_ends_with_130_and_goes_on_later(tmp_path: Path, stop: signal.Signals) -> None:
    with Site(tree(63), slow_s=0.03) as site:
        process = start("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
        wait_for(site, 10)
        process.send_signal(stop)
        _, complaints = process.communicate(timeout=60)
        assert process.returncode == 130, complaints
        assert "Traceback" not in complaints
        assert list((tmp_path / "a" / "warcs").glob("*.open")) == []
        before = len(site.asked)
        crawl(site.url(), tmp_path / "a")
        assert {site.url(path) for path in tree(63)} <= set(captured(tmp_path / "a"))
    # What was captured is not asked for again.
    again = Counter(site.paths()[:before]) & Counter(site.paths()[before:])
    assert set(again) <= {"/robots.txt"}


@pytest.mark.parametrize("wait_s", [0.05, 0.4])
def test_a_second_ctrl_c_still_ends_with_130_and_loses_nothing(tmp_path: Path, wait_s: float) -> None:
    with Site(tree(63), slow_s=0.05) as site:
        process = start_afresh("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
        wait_for(site, 8)
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(wait_s)
        os.killpg(process.pid, signal.SIGINT)
        printed, complaints = process.communicate(timeout=60)
        assert process.returncode == 130, printed + complaints
        crawl(site.url(), tmp_path / "a")
        assert {site.url(path) for path in tree(63)} <= set(captured(tmp_path / "a"))
    bewaar("verify", "--rows", "--archive", tmp_path / "a")


@pytest.mark.parametrize("wait_s", [0.0, 0.1, 0.3, 0.6])
def test_ctrl_c_while_it_starts_ends_with_130(tmp_path: Path, wait_s: float) -> None:
    with Site(tree(63), slow_s=0.1) as site:
        process = start_afresh("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
        # Before this Python itself has not begun, and a signal is its own affair.
        deadline = time.monotonic() + 30
        while not (tmp_path / "a" / "bewaar.toml").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(wait_s)
        os.killpg(process.pid, signal.SIGINT)
        printed, complaints = process.communicate(timeout=60)
    assert process.returncode == 130, printed + complaints
    assert "Traceback" not in complaints


def test_from_start_begins_a_new_crawl(tmp_path: Path) -> None:
    with Site(tree(31)) as site:
        crawl(site.url(), tmp_path / "a", "--max-pages", "2", code=3)
        crawl(site.url(), tmp_path / "a", "--from-start")
    assert query(tmp_path / "a", "SELECT count(*) FROM crawl") == [(2,)]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_page_that_a_second_signal_cut_off_is_asked_for_again(tmp_path: Path, how: int) -> None:
    links = "".join(f'<a href="/{n}">n</a>' for n in range(5))
    whole = page(f"{links}<p>{'text ' * 200}</p>")
    half = 200, {**whole[1], "Content-Length": str(len(whole[2]))}, whole[2][:60]
    asked: list[float] = []

    def large() -> Answer:
        asked.append(time.monotonic())
        return half if len(asked) == 1 else whole

    pages = {"/": page('<a href="/large">l</a>'), "/large": large, **{f"/{n}": page("t") for n in range(5)}}
    with Site(pages) as site:
        command = ("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
        process = start(*command)
        wait_for(site, 3)
        time.sleep(0.3)
        for _ in range(2):
            os.kill(process.pid, how)
            time.sleep(0.4)
        process.communicate(timeout=20)
        assert process.returncode == 130
        bewaar(*command)
        assert len(asked) == 2
        assert {f"/{n}" for n in range(5)} <= set(site.paths())
    bewaar("verify", "--rows", "--archive", tmp_path / "a")


def test_a_limit_on_bytes_is_met_by_the_answer_that_crosses_it(tmp_path: Path) -> None:
    images = {f"/{n}.png": (200, {"Content-Type": "image/png"}, bytes(20_000)) for n in range(60)}
    with Site({"/": page("".join(f'<img src="{path}">' for path in images)), **images}) as site:
        bewaar("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0",
               "--max-bytes", "300000", code=3)  # fmt: skip
        assert 15 <= len(site.asked) - 2 <= 17
