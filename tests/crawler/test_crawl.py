"""A crawl through the front door: what it asks for, how gently, and what it keeps of what came."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from archive.founding import MARKER
from archive.layout import Archive
from archive.warc.reader import read_records
from tests.crawler.crawled import captured, query
from tests.front_door import CONTACT, bewaar, crawl, environment
from tests.site_server import Answer, Site, page, tree
from tests.wire_server import Own, WireServer, ok


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


def test_a_first_crawl_loads_neither_the_store_nor_the_spiders_that_ask_other_archives(tmp_path: Path) -> None:
    """Nobody has rows to look up yet; the reader, a process of its own, loads what writes them."""
    command = [sys.executable, "-X", "importtime", "-m", "crawler.cli", "crawl"]
    with Site(tree(1)) as site:
        done = subprocess.run(
            [*command, site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0"],
            capture_output=True, text=True, check=True, env=environment(),
        )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "crawler.spiders.site" in loaded
    assert not loaded & {"archive.store", "sqlite_utils", "crawler.memento.recovery"}


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


def test_a_seed_that_leads_to_nothing_is_named(tmp_path: Path) -> None:
    html = b"Content-Type: text/html"

    def moved(to: bytes, *headers: bytes) -> bytes:
        return b"HTTP/1.1 302 Found\r\nLocation: " + to + b"\r\nContent-Length: 0\r\n" + b"".join(headers) + b"\r\n"

    own: dict[str, Own] = {
        "robots.txt": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "itself": moved(b"/itself#here"),
        "circle": moved(b"/round", b"Set-Cookie: a=b\r\n"),
        "round": moved(b"/circle"),
        "gone": moved(b"/missing"),
        "missing": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "down": moved(b"/silent"),
        "silent": lambda _: ["close"],
        "empty": b"HTTP/1.1 204 No Content\r\n\r\n",
        "unasked": b"HTTP/1.1 304 Not Modified\r\n\r\n",
        "known": moved(b"/page"),
        "gate": lambda request: (
            ok(html, b"Content-Length: 2") + b"in" if b"in=1" in request else moved(b"/desk", b"Set-Cookie: in=1\r\n")
        ),
        "desk": moved(b"/gate"),
        "page": ok(html, b"Content-Length: 4") + b"page",
    }
    names = ("page", "itself", "circle", "gone", "down", "empty", "unasked", "known", "gate")
    with WireServer(own=own) as server:
        origin = f"http://127.0.0.1:{server.port}"
        (tmp_path / "seeds").write_text("\n".join(f"{origin}/{name}" for name in names))
        options = ("--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0", "--json")
        report = json.loads(bewaar("crawl", "--seeds", tmp_path / "seeds", *options, code=1).stdout)
        asked = Counter(turn.name for turn in server.turns)
    problems = {url.rpartition("/")[2]: seed["problem"] for url, seed in report["seeds"].items()}
    assert problems.pop("down").startswith(f"redirects to {origin}/silent: disconnect")
    assert problems == {
        "page": None,
        "known": None,
        "gate": None,
        "itself": f"redirects in a circle, to {origin}/itself#here",
        "circle": f"redirects in a circle, to {origin}/round",
        "gone": f"redirects to {origin}/missing: HTTP status 404",
        "empty": "HTTP status 204",
        "unasked": None,
    }
    assert (asked["unasked"], asked["circle"], asked["gate"], asked["itself"]) == (1, 2, 2, 1)
    assert [problem["url"] for problem in report["problems"]] == [f"{origin}/unasked"]


def test_plain_scrapy_crawls_too_and_exports_the_facts_and_tells_how_it_ended(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact=CONTACT)
    program = f"import sys; open({str(tmp_path / 'mail')!r}, 'w').write(sys.stdin.read())"
    command = f"[alerts.command]\nrun = {json.dumps([sys.executable, '-c', program])}\n"
    with (archive.root / MARKER).open("a") as marker:
        marker.write(f'[alerts]\ndisk_free = "1 EiB"\n{command}')
    pages = {"/": page("<h2>Members</h2><ul><li>Alpha Trust</li><li>Beta Foundation</li><li>Gamma Aid</li></ul>")}
    with Site(pages) as site:
        done = subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", "site", "-a", f"site={site.url()}", "-a", f"archive={tmp_path / 'a'}",
             "-a", f"contact={CONTACT}", "-s", "DOWNLOAD_DELAY=0", "-O", str(tmp_path / "facts.jsonl")],
            cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60, env=environment(),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert captured(tmp_path / "a")[site.url()] == 1
    assert f", 1 page\nbewaar: archive {archive.root}: 3 members listed now\n" in done.stderr
    assert "free" in (tmp_path / "mail").read_text()
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


def test_no_extract_keeps_bytes_and_follows_links_only(tmp_path: Path) -> None:
    with Site(tree(7)) as site:
        crawl(site.url(), tmp_path / "a", "--no-extract")
        assert {site.url(path) for path in tree(7)} <= set(captured(tmp_path / "a"))
    assert query(tmp_path / "a", "SELECT count(*) FROM fact") == [(0,)]
