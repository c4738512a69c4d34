"""A crawl through the front door, seen from the server's side, the archive's and the exit code's."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from archive.store import open_read_only
from archive.store.compare import Dump, differences, dump
from archive.warc.reader import read_records
from tests.front_door import CONTACT, bewaar, crawl, environment, start
from tests.site_server import Answer, Site, page, tree


def captured(archive: Path) -> Counter[str]:
    """URLs by how many response records the WARC files hold of them."""
    return Counter(
        record.url
        for path in sorted((archive / "warcs").glob("*.warc.gz"))
        for record in read_records(path)
        if record.type == "response" and record.url
    )


def query(archive: Path, sql: str) -> list[tuple[object, ...]]:
    db = sqlite3.connect(archive / "archive.db")
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


def dumped(archive: Path) -> Dump:
    db = open_read_only(archive / "archive.db")
    try:
        return dump(db.conn)
    finally:
        db.close()


def wait_for(site: Site, requests: int) -> None:
    """Until the site has been asked that often."""
    deadline = time.monotonic() + 30
    while len(site.asked) < requests:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_everything_asked_for_is_archived_and_has_its_row(tmp_path: Path) -> None:
    with Site(tree(15)) as site:
        report = crawl(site.url(), tmp_path / "a")
        asked = Counter(site.url(path) for path in site.paths())
    assert captured(tmp_path / "a") == asked
    assert sum(asked.values()) == report["captures"] == 31  # robots.txt too
    rows = query(tmp_path / "a", "SELECT r.url FROM capture c JOIN resource r ON r.id = c.resource_id")
    assert Counter(url for (url,) in rows) == asked
    assert query(tmp_path / "a", "SELECT status FROM crawl") == [("finished",)]
    assert query(tmp_path / "a", "SELECT sealed FROM warc") == [(1,)]
    checked = subprocess.run(["sha256sum", "-c", "manifest-sha256.txt"], cwd=tmp_path / "a", capture_output=True)
    assert checked.returncode == 0


def test_the_warc_holds_the_crawls_profile_log_and_report(tmp_path: Path) -> None:
    with Site(tree(3)) as site:
        crawl(site.url(), tmp_path / "a")
    (path,) = (tmp_path / "a" / "warcs").glob("*.warc.gz")
    about = {
        (record.url or "").rpartition("/")[2]: b"".join(record.block.chunks())
        for record in read_records(path)
        if (record.url or "").startswith("metadata://bewaar/")
    }
    assert list(about) == ["profile.json", "crawl.log", "report.json"]
    assert b"Spider opened" in about["crawl.log"]
    assert json.loads(about["report.json"])["status"] == "finished"


def test_a_host_is_asked_one_thing_at_a_time(tmp_path: Path) -> None:
    with Site(tree(15), slow_s=0.01) as site:
        crawl(site.url(), tmp_path / "a")
        assert max(asked.at_a_time for asked in site.asked) == 1


def test_the_delay_is_a_floor(tmp_path: Path) -> None:
    with Site(tree(3)) as site:
        crawl(site.url(), tmp_path / "a", "--delay", "0.3")
        gaps = [b.at - a.at for a, b in zip(site.asked, site.asked[1:], strict=False)]
    assert len(gaps) >= 6
    assert min(gaps) >= 0.29


def test_the_crawl_says_who_it_is(tmp_path: Path) -> None:
    with Site(tree(1)) as site:
        crawl(site.url(), tmp_path / "a")
        agents = {asked.headers["User-Agent"] for asked in site.asked}
    (agent,) = agents
    assert agent.startswith("bewaar/")
    assert CONTACT in agent


def test_robots_txt_is_obeyed_and_archived(tmp_path: Path) -> None:
    pages = tree(7) | {"/robots.txt": (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /p3\n")}
    with Site(pages) as site:
        report = crawl(site.url(), tmp_path / "a")
        assert "/p3" not in site.paths()
        assert "/p2" in site.paths()
        assert site.url("/robots.txt") in captured(tmp_path / "a")
    assert report["refusals"]["robots"] == 1


@pytest.mark.parametrize(("status", "allowed"), [(404, True), (403, True), (500, False), (503, False)])
def test_the_status_of_robots_txt_decides(tmp_path: Path, status: int, allowed: bool) -> None:
    pages = tree(1) | {"/robots.txt": (status, {}, b"User-agent: *\nDisallow: /\n")}
    with Site(pages) as site:
        crawl(site.url(), tmp_path / "a", code=0 if allowed else 1)
        assert ("/" in site.paths()) is allowed


def test_retry_after_is_waited_out(tmp_path: Path) -> None:
    answers = iter([(503, {"Retry-After": "1", "Content-Type": "text/html"}, b"later")])
    pages = {"/": lambda: next(answers, page("now"))}
    with Site(pages) as site:
        crawl(site.url(), tmp_path / "a")
        first, second = (asked.at for asked in site.asked if asked.path == "/")
    assert second - first >= 1.0
    assert captured(tmp_path / "a")[site.url()] == 2


def test_a_page_that_keeps_failing_is_tried_three_times_and_named(tmp_path: Path) -> None:
    pages: dict[str, Answer] = {"/": (500, {"Content-Type": "text/html"}, b"broken")}
    with Site(pages) as site:
        report = crawl(site.url(), tmp_path / "a", code=1)
        assert site.paths().count("/") == 3
    assert "500" in report["seeds"][site.url()]["problem"]


def test_redirects_are_captures_and_their_targets_too(tmp_path: Path) -> None:
    pages = {"/": (302, {"Location": "/here"}, b""), "/here": page("found")}
    with Site(pages) as site:
        crawl(site.url(), tmp_path / "a")
        assert {site.url("/"), site.url("/here")} <= set(captured(tmp_path / "a"))


def test_a_seed_that_leads_elsewhere_is_captured_and_named(tmp_path: Path) -> None:
    with Site({}) as elsewhere, Site({"/": lambda: (301, {"Location": elsewhere.url()}, b"")}) as site:
        report = crawl(site.url(), tmp_path / "a", code=1)
        assert "out of scope" in report["seeds"][site.url()]["problem"]
        assert captured(tmp_path / "a")[site.url()] == 1
        assert elsewhere.paths() == []


def test_a_seed_that_leads_elsewhere_in_two_steps_is_named_too(tmp_path: Path) -> None:
    with Site({}) as elsewhere:
        pages = {"/": (301, {"Location": "/step"}, b""), "/step": (302, {"Location": elsewhere.url()}, b"")}
        with Site(pages) as site:
            report = crawl(site.url(), tmp_path / "a", code=1)
    assert report["seeds"][site.url()]["problem"] == f"redirects to {elsewhere.url()}, which is out of scope"


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
        process = start("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
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
        process = start("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
        # Before this Python itself has not begun, and a signal is its own affair.
        deadline = time.monotonic() + 30
        while not (tmp_path / "a" / "bewaar.toml").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(wait_s)
        os.killpg(process.pid, signal.SIGINT)
        printed, complaints = process.communicate(timeout=60)
    assert process.returncode == 130, printed + complaints
    assert "Traceback" not in complaints


def test_a_page_made_to_stop_readers_is_kept_and_the_rest_is_read(tmp_path: Path) -> None:
    pages = {
        "/": page('<a href="/nest">x</a><a href="/zeros">y</a><a href="/good">z</a>'),
        "/nest": page("<div>" * 200_000),
        "/zeros": (200, {"Content-Type": "image/png"}, bytes(120 << 20)),
        "/good": page("<h2>Members</h2><ul><li>Alpha Trust</li><li>Beta Foundation</li></ul>"),
    }
    with Site(pages) as site:
        crawl(site.url(), tmp_path / "a")
        assert {site.url(path) for path in pages} <= set(captured(tmp_path / "a"))
    live = dumped(tmp_path / "a")
    bewaar("verify", "--rows", "--archive", tmp_path / "a")
    bewaar("rebuild", "--archive", tmp_path / "a")
    assert list(differences(live, dumped(tmp_path / "a"))) == []


def test_a_damaged_warc_does_not_keep_the_others_from_being_derived(tmp_path: Path) -> None:
    with Site(tree(7)) as site:
        crawl(site.url(), tmp_path / "a")
        crawl(site.url(), tmp_path / "a", "--from-start")
    first, _ = sorted((tmp_path / "a" / "warcs").glob("*.warc.gz"))
    data = bytearray(first.read_bytes())
    place = [record.place for record in read_records(first) if record.type == "response"][4]
    middle = place.offset + place.length // 2
    data[middle : middle + 8] = b"\0" * 8
    first.write_bytes(data)
    done = bewaar("rebuild", "--archive", tmp_path / "a", code=1)
    assert f"damaged: {first.name} at " in done.stderr
    ((captures,),) = query(tmp_path / "a", "SELECT count(*) FROM capture")
    assert 15 + 5 < captures < 30


def test_rebuild_refuses_while_a_crawl_writes_and_repairs_what_one_left(tmp_path: Path) -> None:
    with Site(tree(63), slow_s=0.05) as site:
        process = start("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
        wait_for(site, 12)
        assert "is being written by a crawl" in bewaar("rebuild", "--archive", tmp_path / "a", code=2).stderr
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    bewaar("rebuild", "--archive", tmp_path / "a")
    ((captures,),) = query(tmp_path / "a", "SELECT count(*) FROM capture")
    assert captures >= 10


def test_a_dry_run_finds_every_row_that_was_changed(tmp_path: Path) -> None:
    with Site({"/": page("<h2>Members</h2><ul><li>Alpha Trust</li><li>Beta Foundation</li></ul>")}) as site:
        crawl(site.url(), tmp_path / "a")
    assert bewaar("rebuild", "--dry-run", "--archive", tmp_path / "a").stdout == ""
    db = sqlite3.connect(tmp_path / "a" / "archive.db")
    with db:
        db.execute("UPDATE fact SET value = 'Gamma Trust' WHERE value = 'Alpha Trust'")
        db.execute("DELETE FROM capture WHERE status = 404")
    db.close()
    told = bewaar("rebuild", "--dry-run", "--archive", tmp_path / "a", code=1).stdout
    assert "Gamma Trust" in told
    assert "robots.txt" in told


def test_a_crawl_resumed_with_other_settings_is_rebuilt_the_same(tmp_path: Path) -> None:
    with Site(tree(31), slow_s=0.02) as site:
        process = start("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0.01")
        wait_for(site, 15)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        told = bewaar("verify", "--archive", tmp_path / "a").stderr
        assert "not checked: 1 that a crawl is writing, or left open" in told
        page_of = bewaar("extract", site.url(), "--archive", tmp_path / "a", "--json", code=None)
        assert "No such file" not in page_of.stderr
        crawl(site.url(), tmp_path / "a")
    assert len(query(tmp_path / "a", "SELECT id FROM crawl")) == 1
    bewaar("rebuild", "--dry-run", "--archive", tmp_path / "a")
    shutil.rmtree(tmp_path / "a" / "state")  # as copying tools may leave it
    bewaar("rebuild", "--archive", tmp_path / "a")


def test_rebuilt_with_todays_profile_a_site_keeps_its_name(tmp_path: Path) -> None:
    profile = tmp_path / "a" / "sites" / "choirs.toml"
    profile.parent.mkdir(parents=True)
    with Site({"/": page("hello")}) as site:
        profile.write_text(f'title = "League"\nowner = "League of Choirs"\nseeds = ["{site.url()}"]\n')
        crawl("choirs", tmp_path / "a")
    bewaar("rebuild", "--dry-run", "--profile", "current", "--archive", tmp_path / "a")
    profile.write_text(profile.read_text().replace('"League"', '"Choir League"'))
    bewaar("rebuild", "--profile", "current", "--archive", tmp_path / "a")
    told = query(tmp_path / "a", "SELECT name, organisation_key FROM site")
    assert told == [("Choir League", "league-of-choirs")]


def test_a_page_too_large_to_be_read_is_a_problem(tmp_path: Path) -> None:
    pages = {"/": page("x" * (17 << 20))}
    with Site(pages) as site:
        report = crawl(site.url(), tmp_path / "a", code=1)
    assert report["problems"][0]["what"] == "too large to be read"


def test_from_start_begins_a_new_crawl(tmp_path: Path) -> None:
    with Site(tree(31)) as site:
        crawl(site.url(), tmp_path / "a", "--max-pages", "2", code=3)
        crawl(site.url(), tmp_path / "a", "--from-start")
    assert query(tmp_path / "a", "SELECT count(*) FROM crawl") == [(2,)]


def test_a_reader_that_is_killed_is_replaced(tmp_path: Path) -> None:
    with Site(tree(63), slow_s=0.03) as site:
        process = start("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
        wait_for(site, 30)
        subprocess.run(["pkill", "-KILL", "-P", str(process.pid), "-f", "crawler.follow"], check=True)
        _, complaints = process.communicate(timeout=60)
        assert process.returncode in (0, 1), complaints
        wanted = {site.url(path) for path in tree(63)}
    rows = query(tmp_path / "a", "SELECT r.url FROM capture c JOIN resource r ON r.id = c.resource_id")
    assert wanted <= {url for (url,) in rows}


def test_plain_scrapy_crawls_too_and_exports_the_facts(tmp_path: Path) -> None:
    pages = {"/": page("<h2>Members</h2><ul><li>Alpha Trust</li><li>Beta Foundation</li><li>Gamma Aid</li></ul>")}
    with Site(pages) as site:
        done = subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", "site", "-a", f"site={site.url()}", "-a", f"archive={tmp_path / 'a'}",
             "-a", f"contact={CONTACT}", "-s", "DOWNLOAD_DELAY=0", "-O", str(tmp_path / "facts.jsonl")],
            cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, env=environment(),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert captured(tmp_path / "a")[site.url()] == 1
    facts = [json.loads(line) for line in (tmp_path / "facts.jsonl").read_text().splitlines()]
    assert [fact["value"] for fact in facts if fact["role"] == "member"] == [
        "Alpha Trust",
        "Beta Foundation",
        "Gamma Aid",
    ]
    assert query(tmp_path / "a", "SELECT status FROM crawl") == [("finished",)]
    assert len(query(tmp_path / "a", "SELECT 1 FROM fact")) == len(facts)


def test_plain_scrapy_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    for wrong, said in (
        ("site=nosuch", "no site 'nosuch' (there are: better_care_network)"),
        ("foo=bar", "no argument foo: give -a site=NAME_OR_URL"),
    ):
        command = [sys.executable, "-m", "scrapy", "crawl", "site", "-a", wrong, "-a", f"archive={tmp_path / 'a'}"]
        done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, env=environment())
        assert done.returncode == 2
        assert f"bewaar: {said}" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_crawl_in_several_files_is_derived_again_the_same(tmp_path: Path) -> None:
    items = "".join(f"<li>Organisation {letter}</li>" for letter in "ABC")
    # 12 KB of text that does not compress to nothing, so that the files turn over.
    pages = {
        f"/p{n}": page(
            f"<h2>Members</h2><ul>{items}</ul>" + "".join(f"<p>{n * k % 9973} {n ^ k}</p>" for k in range(900))
        )
        for n in range(1, 9)
    }
    pages["/"] = page("".join(f'<a href="{path}">x</a>' for path in pages))
    with Site(pages) as site:
        command = [
            sys.executable,
            "-m",
            "scrapy",
            "crawl",
            "site",
            "-a",
            f"site={site.url()}",
            "-a",
            f"contact={CONTACT}",
        ]
        command += ["-a", f"archive={tmp_path / 'a'}", "-s", "DOWNLOAD_DELAY=0", "-s", "WARC_MAX_BYTES=12000"]
        done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, env=environment())
        assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "a" / "warcs").glob("*.warc.gz"))) >= 3
    live = dumped(tmp_path / "a")
    bewaar("rebuild", "--archive", tmp_path / "a")
    assert list(differences(live, dumped(tmp_path / "a"))) == []
    bewaar("verify", "--rows", "--archive", tmp_path / "a")


def test_no_extract_keeps_bytes_and_follows_links_only(tmp_path: Path) -> None:
    with Site(tree(7)) as site:
        crawl(site.url(), tmp_path / "a", "--no-extract")
        assert {site.url(path) for path in tree(7)} <= set(captured(tmp_path / "a"))
    assert query(tmp_path / "a", "SELECT count(*) FROM fact") == [(0,)]


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
