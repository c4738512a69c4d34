"""Manners, seen from the server's side, and by the rules of one host's pace."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from protego import Protego

from archive.layout import Archive
from crawler.politeness.gate import HostGate
from crawler.politeness.pace import CRAWL_DELAY_MAX_S, FAILURES, OPENINGS, Pace
from crawler.robots_txt import legible
from tests.crawler.crawled import query, wait_for
from tests.front_door import CONTACT, bewaar, crawl, start
from tests.site_server import Answer, Site, page, tree

ROBOTS = {"Content-Type": "text/plain"}


def gaps(site: Site) -> list[float]:
    return [later.at - earlier.at for earlier, later in pairwise(site.asked)]


def test_two_sites_on_one_host_wait_for_one_another(tmp_path: Path) -> None:
    """Two processes, each with its own profile, one host: one at a time, and never closer than the delay."""
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    pages = {
        **{f"/{name}/": page("".join(f'<a href="/{name}/{n}">n</a>' for n in range(16))) for name in "ab"},
        **{f"/{name}/{n}": page("text") for name in "ab" for n in range(16)},
    }
    with Site(pages, slow_s=0.05) as site:
        for name in "ab":
            (archive.sites / f"{name}.toml").write_text(
                f'seeds = ["{site.url(f"/{name}/")}"]\nscope = "prefix"\ndelay_s = 0.2\n'
            )
        crawls = [start("crawl", name, "--archive", archive.root) for name in "ab"]
        for each in crawls:
            said = each.communicate(timeout=60)
            assert each.returncode == 0, said
        # Both were at it at the same time.
        first, second = ([n for n, path in enumerate(site.paths()) if path.startswith(f"/{name}/")] for name in "ab")
        assert len(first) == len(second) == 17
        assert min(first) < max(second)
        assert min(second) < max(first)
        assert max(asked.at_a_time for asked in site.asked) == 1
        # 0.05 s of answering, then the delay; clocks of threads are not exact.
        assert min(gaps(site)) > 0.24


def test_a_process_that_is_killed_leaves_the_gate_open(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    code = f"""
from pathlib import Path; from crawler.politeness.gate import HostGate; import time
gate = HostGate(Path({str(path)!r})); assert gate.enter("h", 0.5) == 0; print("in", flush=True); time.sleep(60)
"""
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert other.stdout
    assert other.stdout.readline() == "in\n"
    gate = HostGate(path)
    assert 0 < gate.enter("h", 0.5) < 0.1
    assert gate.enter("elsewhere", 0.5) == 0
    other.kill()
    other.wait()
    # What it asked counts from when it began.
    assert 0 < gate.enter("h", 30) <= 30
    time.sleep(0.5)
    assert gate.enter("h", 0.5) == 0
    gate.leave("h")
    assert gate.enter("h", 0) == 0
    gate.leave("h")
    assert 0.4 < gate.enter("h", 0.5) <= 0.5
    gate.close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_clock_that_was_set_back_holds_nobody_for_longer_than_the_delay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = HostGate(tmp_path / "hosts")
    now = time.time()
    assert gate.enter("h", 1) == 0
    gate.leave("h")
    monkeypatch.setattr(time, "time", lambda: now - 3600)
    assert gate.enter("h", 1) == 1
    gate.close()


def test_crawl_delay_and_request_rate_are_obeyed(tmp_path: Path) -> None:
    for number, line in enumerate((b"Crawl-delay: 0,4 sec.", b"Request-rate: 5/2")):
        robots: Answer = 200, ROBOTS, b"\xef\xbb\xbfUser-agent: *\r" + line + b"\r"
        with Site({**tree(3), "/robots.txt": robots}) as site:
            crawl(site.url(), tmp_path / str(number), "--delay", "0.05")
            assert len(site.asked) == 7
            assert min(gaps(site)[1:]) > 0.39


@pytest.mark.parametrize(
    ("lines", "delay_s", "rate"),
    [
        ("Crawl-delay: 2", 2, None), ("Crawl-delay:1,5", 1.5, None), ("crawl_delay = 10s", 10, None), ("Crawl-Delay: 2.5 seconds", 2.5, None),
        ("Crawl-delay: 5-10", 10, None), ("Crawl-delay: 1/10", 10, None), ("Crawl-delay: 250ms # quick", 0.25, None),
        ("Crawl-delay: 1 min", 60, None), ("Crawl-delay: 10 between two of 2026", 10, None), ("Crawl-delay: ten", None, None),
        ("Crawl-delay: -5", None, None), ("Crawl-delay: nan", None, None), ("Crawl-delay: 7\nDisallow: /x\nCrawl-delay: 3", 7, None),
        ("Crawl-delay: 3\nUser-agent: other\nCrawl-delay: 9", 3, None), ("Crawl-delay: 0,500", 0.5, None), ("Crawl-delay: 2,000", 2000, None),
        ("Crawl-delay: 99999999999999999999999999", 86400 * 365, None), ("Crawl-delay: 0", 0, None),
        ("Request-rate: 1/5", None, 5), ("Request-rate: 1 / 5 s", None, 5), ("Request-rate: 1/2m 0600-0845", None, 120),
        ("Request-rate: 30 pages per minute", None, 2), ("Request-rate: 1/2,5", None, 2.5), ("Request-rate: 0/5", None, None),
        ("Request-rate: 5", None, None), ("Request-rate: 1/0", None, None),
    ],
)  # fmt: skip
def test_waits_in_robots_txt_are_taken_as_they_are_meant(lines: str, delay_s: float | None, rate: float | None) -> None:
    rules = Protego.parse(legible(f"User-agent: *\n{lines}\nDisallow: /private\n".encode()))
    found = rules.request_rate("bewaar")
    assert rules.crawl_delay("bewaar") == delay_s
    assert (found.seconds / found.requests if found else None) == rate
    assert not rules.can_fetch("http://a.test/private/1", "bewaar") or "other" in lines


@pytest.mark.parametrize("line", ["Request-rate: 1{}x", "Crawl-delay: 1{}x", "{}Crawl-delay{}", "Crawl-delay: {}1"])
@pytest.mark.parametrize("filling", [" ", "a", "9", "-", "1-", "\t "])
def test_endless_lines_of_a_robots_txt_are_read_quickly(line: str, filling: str) -> None:
    begun = time.process_time()
    legible(line.replace("{}", filling * 500_000).encode())
    assert time.process_time() - begun < 2


def test_of_an_endless_robots_txt_a_mebibyte_is_read() -> None:
    rules = b"User-agent: *\n" + b"".join(b"Disallow: /%d*z$\n" % n for n in range(200_000))
    read = legible(rules)
    assert (1 << 20) - 100 < len(read) < 1 << 20
    assert read.endswith("z$")


def test_a_robots_txt_is_read_in_whatever_charset() -> None:
    rules = "User-agent: *\r\nDisallow: /é\r\n"
    for charset in ("utf-8", "utf-8-sig", "utf-16", "latin-1"):
        written = "%E9" if charset == "latin-1" else "%C3%A9"
        read = Protego.parse(legible(rules.encode(charset)))
        assert not read.can_fetch(f"http://a.test/{written}t", "bewaar"), charset
        assert read.can_fetch("http://a.test/other", "bewaar"), charset


@pytest.mark.parametrize("stated", [{"Content-Encoding": "gzip"}, {"Content-Encoding": "zstd, gzip"}, {}])
def test_a_robots_txt_that_is_sent_compressed_is_obeyed(tmp_path: Path, stated: dict[str, str]) -> None:
    rules = gzip.compress(b"User-agent: *\nDisallow: /p2\n")
    with Site({**tree(3), "/robots.txt": (200, ROBOTS | stated, rules)}) as site:
        crawl(site.url(), tmp_path / "a")
        assert "/p3" in site.paths()
        assert "/p2" not in site.paths()


def test_retry_after_holds_the_whole_host(tmp_path: Path) -> None:
    tries: list[float] = []

    def busy() -> Answer:
        tries.append(time.monotonic())
        return (429, {"Retry-After": "2"}, b"") if len(tries) == 1 else page("now")

    links = "".join(f'<a href="/{n}">n</a>' for n in range(5))
    with Site(
        {"/": page(f'<a href="/busy">b</a>{links}'), "/busy": busy, **{f"/{n}": page("t") for n in range(5)}}
    ) as site:
        crawl(site.url(), tmp_path / "a")
        assert len(tries) == 2
        after = [asked.at - tries[0] for asked in site.asked if asked.at > tries[0] + 0.01]
        assert len(after) == 6
        assert min(after) > 1.9


def test_a_host_that_does_not_answer_holds_up_no_other(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    with Site({}) as gone:
        dead = gone.url("").removeprefix("http://127.0.0.1:")
    images = "".join(f'<img src="http://127.0.0.2:{dead}/{n}.png">' for n in range(40))
    pages = {f"/{n}": page("text") for n in range(5)}
    links = "".join(f'<a href="{path}">p</a>' for path in pages)
    with Site({"/": page(images + links), **pages}) as site:
        (archive.sites / "s.toml").write_text(
            f'seeds = ["{site.url()}"]\ndelay_s = 0\nrobots = "ignore"\nallow_addresses = ["127.0.0.0/8"]\n'
        )
        began = time.monotonic()
        process = start("crawl", "s", "--archive", archive.root)
        wait_for(site, 6)
        assert time.monotonic() - began < 15
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode == 130
    assert query(archive.root, "SELECT count(*) FROM capture WHERE status = 200") == [(6,)]


def test_addresses_that_are_not_asked_hold_up_nothing(tmp_path: Path) -> None:
    images = "".join(f'<img src="http://localhost:9/{n}.png">' for n in range(12))
    with Site({"/": page(images + '<a href="/on">on</a>'), "/on": page("t")}) as site:
        began = time.monotonic()
        crawl(site.url(), tmp_path / "a")
        assert time.monotonic() - began < 12
        assert "/on" in site.paths()


def test_a_host_that_never_answers_is_given_up(tmp_path: Path) -> None:
    """As above, with the circuit open for a hundredth of the time."""
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    with Site({}) as gone:
        dead = gone.url("").removeprefix("http://127.0.0.1:")
    urls = [f"http://127.0.0.2:{dead}/{n}" for n in range(60)]
    with Site({"/": page("".join(f'<a href="{url}">p</a>' for url in urls))}) as site:
        (archive.sites / "s.toml").write_text(
            f'seeds = ["{site.url()}"]\nhosts = ["127.0.0.2:{dead}"]\ndelay_s = 0\nrobots = "ignore"\n'
            'allow_addresses = ["127.0.0.0/8"]\n'
        )
        code = (
            "import sys; from crawler.politeness import pace; pace.OPEN_S = 0.15\n"
            f"from crawler.cli import main; sys.argv = ['bewaar', 'crawl', 's', '--archive', {str(archive.root)!r}]; main()"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "its host does not answer: " in done.stderr
    asked = query(archive.root, "SELECT count(*) FROM capture WHERE status IS NULL")[0][0]
    assert isinstance(asked, int)
    assert FAILURES * (OPENINGS + 1) <= asked < 40
    report = json.loads(bewaar("status", "--archive", archive.root, "--json").stdout)
    assert [site["to_go"] for site in report["sites"]] == [0]


def test_a_robots_txt_that_is_down_is_asked_for_again(tmp_path: Path) -> None:
    tries: list[float] = []

    def robots() -> Answer:
        tries.append(time.monotonic())
        return (500, {}, b"") if len(tries) < 3 else (200, ROBOTS, b"User-agent: *\nDisallow: /no\n")

    with Site({"/": page('<a href="/no">n</a><a href="/yes">y</a>'), "/yes": page("t"), "/robots.txt": robots}) as site:
        crawl(site.url(), tmp_path / "a")
        assert sorted(site.paths()) == ["/", "/robots.txt", "/robots.txt", "/robots.txt", "/yes"]
        assert tries[1] - tries[0] > 1.9
        assert tries[2] - tries[1] > 3.9


def test_redirects_of_a_robots_txt_are_followed(tmp_path: Path) -> None:
    moved: Answer = 302, {"Location": "/to/robots.php"}, b""
    pages: dict[str, Answer] = {
        "/": page('<a href="/no">n</a><a href="/yes">y</a>'),
        "/yes": page("t"),
        "/robots.txt": (301, {"Location": "/moved"}, b""),
        "/moved": moved,
        "/to/robots.php": (200, ROBOTS, b"User-agent: *\nDisallow: /no\n"),
    }
    with Site(pages) as site:
        crawl(site.url(), tmp_path / "a")
        assert site.paths()[:3] == ["/robots.txt", "/moved", "/to/robots.php"]
        assert sorted(site.paths()[3:]) == ["/", "/yes"]


def test_what_waits_for_its_turn_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with Site(tree(15)) as site:
        process = start("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "40")
        wait_for(site, 1)
        time.sleep(1.5)
        began = time.monotonic()
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=35)
        assert process.returncode == 130
        assert time.monotonic() - began < 20
        bewaar("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
    assert set(tree(15)) <= set(site.paths())


# The pace of one host, by itself.


def test_a_host_is_left_alone_longer_each_time_it_asks_for_it() -> None:
    pace = Pace(1.0)
    held = []
    for _ in range(4):
        pace.answered(100.0, 503, took_s=0.1)
        held.append(pace.held_s(100.0))
    assert held == [1, 2, 4, 8]
    assert pace.delay_s == 16
    for _ in range(9):
        pace.answered(200.0, 200, took_s=0.1)
    assert 1.0 <= pace.delay_s < 1.2
    pace.answered(300.0, 429, took_s=0.1, retry_after="30")
    assert pace.held_s(300.0) == 30
    pace.answered(301.0, 429, took_s=0.1, retry_after="2")
    assert pace.held_s(301.0) == 29


def test_a_slow_host_gets_as_long_as_it_takes() -> None:
    pace = Pace(1.0)
    for _ in range(20):
        pace.answered(0.0, 200, took_s=5.0)
    assert 4.9 < pace.delay_s <= 5.0
    own = Pace(0.0)
    own.answered(0.0, 200, took_s=5.0)
    assert own.delay_s == 0


def test_a_circuit_opens_closes_and_stays_open_in_the_end() -> None:
    pace, now = Pace(1.0), 0.0
    held = []
    while not pace.given_up:
        for _ in range(FAILURES):
            pace.failed(now)
        held.append(pace.held_s(now))
        now += held[-1]
    assert held == [15, 30, 60, 120, 240]
    assert len(held) == OPENINGS + 1
    other = Pace(1.0)
    for _ in range(50):
        for _ in range(FAILURES - 1):
            other.failed(0.0)
        other.answered(0.0, 404, took_s=0.1)
    assert (other.held_s(0.0), other.given_up) == (0, False)


def test_robots_ask_for_no_more_than_anybody_waits() -> None:
    pace = Pace(1.0)
    pace.robots_ask(0.2)
    assert pace.delay_s == 1.0
    pace.robots_ask(86400)
    assert pace.delay_s == pace.floor_s == CRAWL_DELAY_MAX_S


def test_a_longer_delay_has_its_turn(tmp_path: Path) -> None:
    """Two processes: one asks again 0.05 s after an answer, the other after 0.2 s."""
    code = """
from pathlib import Path; from crawler.politeness.gate import HostGate; import sys, time
gate, delay, asked, until = HostGate(Path(sys.argv[1])), float(sys.argv[2]), 0, time.time() + 4
while time.time() < until:
    if (wait := gate.enter("h", delay)) > 0:
        time.sleep(wait)
        continue
    time.sleep(0.02)
    gate.leave("h")
    asked += 1
print(asked)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "hosts")]
    both = [subprocess.Popen([*command, delay], stdout=subprocess.PIPE, text=True) for delay in ("0.05", "0.2")]
    short, long = (int(process.communicate()[0]) for process in both)
    assert long >= 5
    assert short >= long
