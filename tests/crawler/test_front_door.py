"""Commands as a user gives them: what they take, print, and leave alone."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from archive.layout import Archive
from tests.crawler.crawled import wait_for
from tests.front_door import COMMAND, CONTACT, bewaar, crawl, environment, refused, start_afresh
from tests.site_server import Site, page, tree


def test_a_seed_file_may_hold_remarks_blank_lines_and_a_url_twice(tmp_path: Path) -> None:
    with Site({"/": page("one"), "/other": page("two")}) as site:
        lines = f"\ufeff# mine\r\n\r\n{site.url()}\r\n  {site.url('/other')}  \r\n{site.url()}\r\n"
        (tmp_path / "seeds").write_text(lines, encoding="utf-8", newline="")
        options = ("--contact", CONTACT, "--delay", "0", "--json")
        done = bewaar("crawl", "--seeds", tmp_path / "seeds", "--archive", tmp_path / "a", *options)
        assert list(json.loads(done.stdout)["seeds"]) == [site.url(), site.url("/other")]
        assert sorted(site.paths()) == ["/", "/other", "/robots.txt"]


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
        process = start_afresh("crawl", "s", "--archive", archive.root)
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
