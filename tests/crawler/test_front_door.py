"""Wrong input gives one clear line and exit code 2, whatever it is; and what stops a crawl has a code of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from archive.layout import Archive
from archive.warc.reader import read_records
from tests.crawler.crawled import wait_for
from tests.front_door import COMMAND, CONTACT, bewaar, crawl, environment, start
from tests.site_server import Site, page, tree


def refused(*arguments: str | Path, code: int = 2) -> str:
    """The one line that wrong use is answered with."""
    done = bewaar(*arguments, code=code)
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    Archive.create(tmp_path / "a", contact=CONTACT)
    return tmp_path / "a"


def test_no_such_site_suggests_one(archive: Path) -> None:
    line = refused("crawl", "better_care_netwerk", "--archive", archive)
    assert "better_care_netwerk" in line
    assert "did you mean better_care_network" in line


def test_what_is_asked_wrongly_makes_no_archive(tmp_path: Path) -> None:
    for wrong in (["nosuch"], ["http://example.test/", "--delay", "inf"], ["http://example.test/", "--max-bytes", "x"]):
        done = bewaar("crawl", *wrong, "--archive", tmp_path / "new", "--contact", CONTACT, code=2)
        assert done.stderr.count("\n") == 1
        assert not (tmp_path / "new").exists()


def test_nothing_to_crawl_says_what_to_give(archive: Path) -> None:
    assert "give a SITE or URL" in refused("crawl", "--archive", archive)


@pytest.mark.parametrize("url", ["http://", "ftp://example.org/", "http://user:secret@example.org/", "http://a:99999/"])
def test_a_url_that_is_none_is_refused(archive: Path, url: str) -> None:
    assert url in refused("crawl", url, "--archive", archive)


def test_nobody_to_contact(tmp_path: Path) -> None:
    line = refused("crawl", "http://127.0.0.1:9/", "--archive", tmp_path / "new")
    assert "--contact" in line
    line = refused("crawl", "http://127.0.0.1:9/", "--archive", tmp_path / "other", "--contact", "call me\r\nX: y")
    assert "neither a mail address" in line


def test_an_unreadable_profile_is_named_by_file_line_and_key(archive: Path) -> None:
    profile = archive / "sites" / "mine.toml"
    profile.write_text('seeds = ["http://example.org/"]\ndelay = 3\n')
    line = refused("crawl", "mine", "--archive", archive)
    assert f"{profile} line 2: delay: no such key" in line
    profile.write_text("seeds = [\n")
    assert f"{profile} line" in refused("crawl", "mine", "--archive", archive)


def test_a_directory_of_something_else_is_not_an_archive(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.jpg").write_bytes(b"x")
    for verb in ("crawl", "serve", "rebuild", "status", "verify"):
        what = ("http://127.0.0.1:9/", "--contact", CONTACT) if verb == "crawl" else ()
        assert "not an archive" in refused(verb, *what, "--archive", tmp_path / "photos")
    assert "no such directory" in refused("status", "--archive", tmp_path / "nowhere")


def test_a_newer_archive_is_refused_and_left_alone(archive: Path) -> None:
    marker = archive / "bewaar.toml"
    marker.write_text("format = 99\n")
    before = sorted(path.name for path in archive.rglob("*"))
    for verb in ("crawl", "serve", "rebuild", "verify"):
        what = ("http://127.0.0.1:9/", "--contact", CONTACT) if verb == "crawl" else ()
        assert "newer than this version" in refused(verb, *what, "--archive", archive)
    assert sorted(path.name for path in archive.rglob("*")) == before


def test_a_site_that_is_being_crawled_is_refused(tmp_path: Path) -> None:
    with Site(tree(63), slow_s=0.1) as site:
        first = start("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
        while len(site.asked) < 2:
            time.sleep(0.02)
        line = refused("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT)
        assert "is being crawled already by process" in line
        assert str(first.pid) in line
        first.terminate()
        first.communicate(timeout=30)


def test_a_port_that_is_taken(archive: Path) -> None:
    with Site({"/": page("x")}) as site:
        crawl(site.url(), archive)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert str(port) in refused("serve", "--archive", archive, "--port", str(port))


def test_serving_an_archive_without_a_database_says_what_to_do(archive: Path) -> None:
    line = refused("serve", "--archive", archive)
    assert "archive.db" in line


@pytest.mark.parametrize("text", ["", "# nothing\n", "http://example.org/\nnot a url\n"])
def test_a_seed_file_must_hold_urls(archive: Path, tmp_path: Path, text: str) -> None:
    (tmp_path / "seeds").write_text(text)
    assert str(tmp_path / "seeds") in refused("crawl", "--seeds", tmp_path / "seeds", "--archive", archive)


@pytest.mark.parametrize("line", ["ftp://example.org/", "example.org", "http://", "http://user:secret@example.org/"])
def test_a_bad_line_of_a_seed_file_is_named_by_its_number(archive: Path, tmp_path: Path, line: str) -> None:
    (tmp_path / "seeds").write_text(f"# mine\n\nhttp://example.org/\n{line}\n")
    assert f"{tmp_path / 'seeds'} line 4: {line!r}" in refused(
        "crawl", "--seeds", tmp_path / "seeds", "--archive", archive
    )


def test_a_seed_file_may_hold_remarks_blank_lines_and_a_url_twice(tmp_path: Path) -> None:
    with Site({"/": page("one"), "/other": page("two")}) as site:
        lines = f"\ufeff# mine\r\n\r\n{site.url()}\r\n  {site.url('/other')}  \r\n{site.url()}\r\n"
        (tmp_path / "seeds").write_text(lines, encoding="utf-8", newline="")
        options = ("--contact", CONTACT, "--delay", "0", "--json")
        done = bewaar("crawl", "--seeds", tmp_path / "seeds", "--archive", tmp_path / "a", *options)
        assert list(json.loads(done.stdout)["seeds"]) == [site.url(), site.url("/other")]
        assert sorted(site.paths()) == ["/", "/other", "/robots.txt"]


def test_an_unknown_option_and_command(archive: Path) -> None:
    assert "--no-such-option" in refused("crawl", "--no-such-option", "--archive", archive)
    assert "'keep'" in refused("keep")
    assert "--max-pages" in refused("crawl", "http://127.0.0.1:9/", "--max-pages", "0", "--archive", archive)


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
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", place], capture_output=True)
    if mounted.returncode != 0:
        if os.environ.get("CI") == "true":
            pytest.fail("mounting a tmpfs needs root")
        pytest.skip("mounting a tmpfs needs root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


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


def test_the_doctor_finds_this_installation_well(archive: Path) -> None:
    done = bewaar("doctor", "--archive", archive)
    assert "FAIL" not in done.stdout
    assert "problem" not in done.stdout
    assert "package crawler belongs to bewaar alone" in done.stdout


def test_status_and_sites_speak_json(tmp_path: Path) -> None:
    with Site(tree(3)) as site:
        crawl(site.url(), tmp_path / "a")
    found = json.loads(bewaar("status", "--json", "--archive", tmp_path / "a").stdout)
    assert [(row["status"], row["crawls"], row["to_go"]) for row in found["sites"]] == [("finished", 1, 0)]
    assert found["warcs"] == 1
    names = {row["name"] for row in json.loads(bewaar("sites", "--json", "--archive", tmp_path / "a").stdout)}
    assert "better_care_network" in names


def test_status_tells_what_runs_what_is_unfinished_and_what_failed(tmp_path: Path) -> None:
    with Site({}) as gone:
        dead = gone.url("/logo.png")
    pages = tree(60)
    status, headers, body = pages["/"]
    pages["/"] = status, headers, body.replace(b"<body>", f'<body><img src="{dead}">'.encode())
    with Site(pages, slow_s=0.05) as site:
        profile = f'seeds = ["{site.url()}"]\ndelay_s = 0\nrobots = "ignore"\nallow_addresses = ["127.0.0.0/8"]\n'
        archive = Archive.create(tmp_path / "a", contact=CONTACT)
        (archive.sites / "s.toml").write_text(profile)
        process = start("crawl", "s", "--archive", archive.root)
        wait_for(site, 25)
        (row,) = json.loads(bewaar("status", "--json", "--archive", archive.root).stdout)["sites"]
        assert (row["running"], bool(row["unfinished"])) == (process.pid, True)
        assert f"running, process {process.pid}" in bewaar("status", "--archive", archive.root).stdout
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        (row,) = json.loads(bewaar("status", "--json", "--archive", archive.root).stdout)["sites"]
        assert row["running"] is None
        assert row["to_go"] > 0
        assert "is unfinished; `bewaar crawl` of it goes on" in bewaar("status", "--archive", archive.root).stdout
        bewaar("crawl", "s", "--archive", archive.root, code=None)
        (row,) = json.loads(bewaar("status", "--json", "--archive", archive.root).stdout)["sites"]
    assert (row["running"], row["unfinished"], row["to_go"]) == (None, None, 0)
    assert [failure["url"] for failure in row["failures"]] == [dead]
    assert f"s: failed: {dead}: " in bewaar("status", "--archive", archive.root).stdout


def test_sites_check_names_the_rule() -> None:
    outside = bewaar("sites", "check", "--site", "better_care_network", "https://elsewhere.example/", code=1)
    assert "refused by rule outside-host" in outside.stdout
    bewaar("sites", "check", "--site", "better_care_network", "http://eerlijkkinderpardon.nu/p/1/2/x")


def test_sites_check_judges_by_a_default_profile_and_speaks_json() -> None:
    def check(*arguments: str, code: int) -> tuple[bool, str]:
        found = json.loads(bewaar("sites", "check", "--json", *arguments, code=code).stdout)
        return found["accepted"], found["rule"]

    docs = ("--site", "https://example.org/docs/")
    assert check(*docs, "https://example.org/docs/x", code=0) == (True, "prefix")
    assert check(*docs, "https://example.org/news", code=1) == (False, "outside-prefix")
    assert check(*docs, "--scope", "host", "https://example.org/news", code=0) == (True, "host")
    assert check(*docs, "https://cdn.example/x.png", code=1) == (False, "outside-prefix")
    assert check(*docs, "--requisite", "https://cdn.example/x.png", code=0) == (True, "requisite")
    assert check("https://example.org/a/a/a/b", code=1) == (False, "path-repetition")
    assert "--site" not in refused("sites", "check", "ftp://example.org/x")


def test_extract_reads_a_file_and_a_capture(tmp_path: Path) -> None:
    body = "<h2>Members</h2><ul><li>Alpha Trust</li><li>Beta Foundation</li></ul>"
    (tmp_path / "page.html").write_text(f"<!doctype html><html lang=en><body>{body}</body></html>")
    on_disk = json.loads(bewaar("extract", tmp_path / "page.html", "--json").stdout)
    assert [fact["value"] for fact in on_disk if fact["role"] == "member"] == ["Alpha Trust", "Beta Foundation"]
    with Site({"/": page(body)}) as site:
        crawl(site.url(), tmp_path / "a")
        kept = json.loads(bewaar("extract", site.url(), "--archive", tmp_path / "a", "--json").stdout)
    assert [fact["value"] for fact in kept if fact["role"] == "member"] == ["Alpha Trust", "Beta Foundation"]
    assert kept[0]["capture"]["file"].endswith(".warc.gz")
    assert "not in" in refused("extract", "http://127.0.0.1:9/other", "--archive", tmp_path / "a")
    assert "no such" in refused("extract", tmp_path / "nothing.html").lower()


def test_a_profile_may_be_written_before_its_archive(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "sites"
    folder.mkdir(parents=True)
    with Site({"/": page("hello")}) as site:
        (folder / "mine.toml").write_text(f'seeds = ["{site.url()}"]\ndelay_s = 0\n')
        assert "mine\t" in bewaar("sites", "--archive", tmp_path / "a").stdout
        crawl("mine", tmp_path / "a")
    assert Archive.open(tmp_path / "a").writable
    (tmp_path / "b" / "sites").mkdir(parents=True)
    (tmp_path / "b" / "letters.txt").write_text("not ours")
    assert "holds letters.txt" in refused(
        "crawl", "https://example.org/", "--contact", CONTACT, "--archive", tmp_path / "b"
    )


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


def test_seeds_of_a_file_stand_beside_those_of_the_command_line(tmp_path: Path) -> None:
    with Site(tree(7)) as site:
        (tmp_path / "seeds.txt").write_text(f"{site.url('/p4')}\n{site.url('/p5')}\n")
        report = crawl(site.url("/p6"), tmp_path / "a", "--scope", "page", "--seeds", str(tmp_path / "seeds.txt"))
    assert set(report["seeds"]) == {site.url(path) for path in ("/p4", "/p5", "/p6")}


def test_what_lies_where_one_stands_is_not_run(tmp_path: Path) -> None:
    for name in ("json", "calendar", "crawler", "tty"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('run')")
    with Site({"/": page("hello")}) as site:
        command = [Path(sys.executable).parent / "bewaar", "crawl", site.url(), "--contact", CONTACT, "--delay", "0"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment())
    assert (done.returncode, done.stderr) == (0, "")


def test_a_page_that_is_refused_every_time_is_a_problem(tmp_path: Path) -> None:
    pages = {"/": page('<a href="/busy">x</a>'), "/busy": (429, {"Retry-After": "0"}, b"")}
    with Site(pages) as site:
        report = crawl(site.url(), tmp_path / "a", code=1)
        busy = site.url("/busy")
    assert [(problem["url"], problem["detail"]) for problem in report["problems"]] == [(busy, "HTTP status 429")]


@pytest.mark.parametrize("wrong", ["http://exa mple/", "http://a<b/", 'http://a"b/'])
def test_an_impossible_host_is_no_seed(tmp_path: Path, wrong: str) -> None:
    assert "is not an http(s) URL" in refused("crawl", wrong, "--contact", CONTACT, "--archive", tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_size_that_is_none_says_what_one_is(tmp_path: Path) -> None:
    complaint = refused(
        "crawl", "http://a.test/", "--max-bytes", "lots", "--contact", CONTACT, "--archive", tmp_path / "a"
    )
    assert '"200 MiB"' in complaint


@pytest.mark.parametrize(
    "arguments", [["--version"], ["verify", "--help"], ["status", "--archive", "nowhere"], ["crawl", "--delay", "x"]]
)
def test_a_command_of_the_tests_does_what_one_of_a_fresh_interpreter_does(arguments: list[str], tmp_path: Path) -> None:
    fresh = subprocess.run(
        [Path(sys.executable).parent / "bewaar", *arguments],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(),
    )
    kept = bewaar(*arguments, code=None, cwd=tmp_path)
    assert (kept.returncode, kept.stdout, kept.stderr) == (fresh.returncode, fresh.stdout, fresh.stderr)


def test_ctrl_c_while_it_says_what_was_wrong_changes_nothing(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"." * 4096)
    os.set_blocking(writing, True)
    process = subprocess.Popen([*COMMAND, "status", "--archive", tmp_path], stderr=writing, env=environment())
    os.close(writing)
    ignored = 0
    deadline = time.monotonic() + 20
    while not ignored & 1 << signal.SIGINT - 1:
        assert time.monotonic() < deadline
        ignored = int(re.findall(r"SigIgn:\s*(\w+)", Path(f"/proc/{process.pid}/status").read_text())[0], 16)
    process.send_signal(signal.SIGINT)
    with os.fdopen(reading, "rb") as said:
        assert b"not an archive" in said.read()
    assert process.wait(20) == 2
