"""What a crawl missed is told by its report, and fetched into the same crawl by a patch."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archive.errors import WrongUse
from crawler.patching.files import asked_in
from tests.front_door import CONTACT, bewaar, crawl, start
from tests.site_server import Answer, Site, page

#: what they share is made once
pytestmark = pytest.mark.xdist_group("patch")

PICTURE: Answer = (200, {"Content-Type": "image/png"}, b"\x89PNG\r\n\x1a\n picture")
BUSY: Answer = (503, {"Content-Type": "text/plain"}, b"busy")
ROBOTS: Answer = (200, {"Content-Type": "text/plain"}, b"User-agent: *\nDisallow: /secret/\nSitemap: /sitemap.xml\n")
FRONT = """<link rel=stylesheet href=/s.css><img src=/a.png><img src=/never.png srcset="/never.png 1x, /other.png 2x">
<img src=/gone.png><img src=/secret/x.png><img src=/old.png><a href=/two>two</a>"""
CSS = b"@import 'more.css'; p { background: url(late.png) } b { background: url(a.png) }"
SITEMAP = (
    b"<?xml version='1.0'?><urlset><url><loc>/</loc></url><url><loc>/two</loc></url><url><loc>/no</loc></url></urlset>"
)


def answers() -> dict[str, Answer]:
    return {
        "/robots.txt": ROBOTS,
        "/sitemap.xml": (200, {"Content-Type": "application/xml"}, SITEMAP),
        "/": page(FRONT, title="front </title><script>alert(1)</script>"),
        "/two": page("<link rel=stylesheet href=/s.css><img src=/a.png>"),
        "/s.css": BUSY,
        "/a.png": PICTURE,
        "/other.png": (200, {"Content-Type": "image/png"}, b"\x89PNG\r\n\x1a\n other"),
        "/old.png": (302, {"Location": "/new.png"}, b""),
        "/new.png": PICTURE,
    }


@dataclass
class Patched:
    archive: Path
    crawl_id: str
    before: Mapping[str, Any]
    #: paths that the patch asked for
    asked: list[str]
    first: Mapping[str, Any]
    #: and a second one
    asked_again: list[str]
    second: Mapping[str, Any]


def told(archive: Path, *arguments: str, code: int | None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bewaar(*arguments, "--archive", archive, "--json", code=code).stdout)
    return found


@pytest.fixture(scope="module")
def patched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patched]:
    archive = tmp_path_factory.mktemp("patch") / "a"
    with Site(answers()) as site:
        crawl_id = crawl(site.url(), archive)["crawl"]
        before = told(archive, "report", crawl_id, code=1)
        site.pages["/s.css"] = (200, {"Content-Type": "text/css"}, CSS)
        site.pages["/more.css"] = (200, {"Content-Type": "text/css"}, b"i { color: red }")
        site.pages["/late.png"] = PICTURE
        site.asked.clear()
        first = told(archive, "patch", crawl_id, "--contact", CONTACT, code=1)
        asked = site.paths()
        site.asked.clear()
        second = told(archive, "patch", crawl_id, "--contact", CONTACT, code=1)
        yield Patched(archive, crawl_id, before, asked, first, site.paths(), second)


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def test_a_report_tells_what_pages_lack_and_why(patched: Patched) -> None:
    found = patched.before["completeness"]
    # Of the picture in two sizes one is held, and the one that redirects is where it leads.
    assert {path_of(one["url"]): one["why"] for one in found["missing"]} == {
        "/s.css": "answered 503", "/gone.png": "answered 404", "/secret/x.png": "refused by rule robots",
    }  # fmt: skip
    assert {path_of(one["url"]): one["pages"] for one in found["missing"]}["/s.css"] == 2
    assert (found["needed"], found["held"], found["pages"], found["complete_pages"]) == (6, 3, 2, 0)
    assert patched.before["sitemaps"]["listed"] == 3
    assert [path_of(url) for url in patched.before["sitemaps"]["missing"]] == ["/no"]
    assert patched.before["refusals"] == {"robots": 1}
    assert not patched.before["well"]
    commands = [step["command"] for step in patched.before["next"]]
    assert f"bewaar patch {patched.crawl_id}" in commands


def test_a_patch_asks_for_what_is_missing_and_what_that_needs_and_nothing_else(patched: Patched) -> None:
    assert sorted(patched.asked) == ["/late.png", "/more.css", "/robots.txt", "/s.css"]


def test_the_score_rises_and_what_stays_missing_is_named(patched: Patched) -> None:
    assert (patched.first["held"], patched.first["needed"]) == (6, 8)
    assert {path_of(one["url"]): one["why"] for one in patched.first["missing"]} == {
        "/gone.png": "answered 404", "/secret/x.png": "refused by rule robots",
    }  # fmt: skip


def test_it_is_the_same_crawl_with_a_further_file(patched: Patched) -> None:
    db = sqlite3.connect(patched.archive / "archive.db")
    rows = db.execute("SELECT id, status FROM crawl").fetchall()
    kinds = db.execute("SELECT kind FROM closing ORDER BY kind").fetchall()
    files = db.execute("SELECT count(DISTINCT warc_id) FROM capture WHERE crawl_id = ?", (patched.crawl_id,)).fetchone()
    db.close()
    assert rows == [(patched.crawl_id, "finished")]
    assert kinds == [("crawl",), ("patch",)]
    assert files == (2,)
    assert len(list((patched.archive / "warcs").glob("*.warc.gz"))) == 2


def test_a_second_patch_adds_nothing(patched: Patched) -> None:
    assert patched.asked_again == []
    assert patched.second["captures"] == 0
    assert patched.second["held"] == patched.first["held"]


def test_a_patched_archive_verifies_and_is_derived_again_alike(patched: Patched) -> None:
    bewaar("verify", "--rows", "--archive", patched.archive)
    assert bewaar("rebuild", "--dry-run", "--archive", patched.archive).stdout == ""


def test_the_files_alone_give_the_same_score(patched: Patched) -> None:
    files = [word for path in sorted((patched.archive / "warcs").glob("*.gz")) for word in ("--warc", str(path))]
    found = json.loads(bewaar("report", *files, "--json", code=1).stdout)
    assert (found["needed"], found["held"], found["pages"]) == (8, 6, 2)


@pytest.mark.parametrize("held", [b"", b"<!doctype html><title>A report</title>"])
def test_a_file_that_holds_no_record_is_refused(tmp_path: Path, held: bytes) -> None:
    (file := tmp_path / "r.html").write_bytes(held)
    with pytest.raises(WrongUse, match=rf"{file}: no WARC, ARC or WACZ file"):
        asked_in([file])


def test_a_patch_that_was_killed_is_gone_on_with(tmp_path: Path) -> None:
    pictures = [f"/secret/{number}.png" for number in range(12)]
    answers: dict[str, Answer] = {path: (200, {"Content-Type": "image/png"}, path.encode()) for path in pictures}
    body = "".join(f"<img src={path}>" for path in pictures)
    with Site({"/robots.txt": ROBOTS, "/": page(body), **answers}) as site:
        crawl_id = crawl(site.url(), tmp_path / "a")["crawl"]
        # What a rule refused is judged anew.
        del site.pages["/robots.txt"]
        site.asked.clear()
        site.slow_s = 0.15
        process = start("patch", crawl_id, "--archive", tmp_path / "a", "--contact", CONTACT)
        deadline = time.monotonic() + 30
        while len(site.asked) < 5:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kept = len(site.asked)
        site.slow_s = 0
        done = told(tmp_path / "a", "patch", crawl_id, "--contact", CONTACT, code=0)
        assert (done["needed"], done["held"]) == (12, 12)
        # What was kept before is not asked for again: the one under way at most, and robots.txt twice.
        assert len(site.asked) <= kept + 12 - (kept - 3) + 2
    assert bewaar("rebuild", "--dry-run", "--archive", tmp_path / "a").stdout == ""


def test_a_crawl_nobody_knows_and_one_that_goes_on_are_refused(patched: Patched) -> None:
    done = bewaar("patch", "nobody-20260101000000000", "--archive", patched.archive, code=2)
    assert "no crawl or site" in done.stderr


def test_a_patch_asks_for_nothing_that_robots_forbid_since(tmp_path: Path) -> None:
    archive, forbidden = tmp_path / "a", b"User-agent: *\nDisallow: /\n"
    with Site(answers()) as site:
        crawl_id = crawl(site.url(), archive)["crawl"]
        before = told(archive, "report", crawl_id, code=1)["completeness"]
        site.pages |= {"/robots.txt": (200, {"Content-Type": "text/plain"}, forbidden), "/s.css": PICTURE}
        site.asked.clear()
        patched = told(archive, "patch", crawl_id, "--contact", CONTACT, code=1)
        assert site.paths() == ["/robots.txt"]
    assert (patched["held"], patched["needed"]) == (before["held"], before["needed"]) == (3, 6)
    assert [path_of(one["url"]) for one in patched["missing"]] == ["/s.css", "/gone.png", "/secret/x.png"]
    # What it was told is kept with the crawl.
    bewaar("verify", "--rows", "--archive", archive)
    bewaar("rebuild", "--dry-run", "--archive", archive)
