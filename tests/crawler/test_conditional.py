"""A profile that asks for what changed only: what a server need not send again is referred to, and nobody who asks the
database can tell."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from archive.model import Record
from archive.store.compare import differences
from archive.warc.fields import read_warc_fields
from archive.warc.reader import read_records
from tests.crawler.crawled import dumped, query, wait_for
from tests.crawler.unchanged import FILLER, LONG_AGO, MEMBERS, NOT_MODIFIED, crawl_own, profile, types
from tests.front_door import CONTACT, bewaar, start
from tests.site_server import Answer, Site, page, tree

BIN = Path(sys.executable).parent


STRONG = 'conditional = "strong"'


def tagged(pages: dict[str, Answer]) -> dict[str, Answer]:
    """Every answer with an entity tag, but for every third, which has a date."""
    made = {}
    for number, (path, (status, headers, body)) in enumerate(pages.items()):
        validator = {"Last-Modified": LONG_AGO} if number % 3 == 2 else {"ETag": f'"{number}"'}
        made[path] = (status, {**headers, **validator}, body)
    return made


def records(archive: Path, crawl: int) -> list[Record]:
    return list(read_records(sorted((archive / "warcs").glob("*.warc.gz"))[crawl]))


def report_of(archive: Path, crawl: int) -> dict[str, object]:
    (record,) = [record for record in records(archive, crawl) if (record.url or "").endswith("/report.json")]
    found: dict[str, object] = json.loads(b"".join(record.block.chunks()))
    return found


def shown(archive: Path) -> list[list[tuple[object, ...]]]:
    """What each crawl's captures show, crawl by crawl: page, text, lists, facts with their quotes, kind."""
    seen = query(
        archive,
        "SELECT c.crawl_id, r.url, c.page_key, c.mime, c.via, c.hops, c.redirect_to, v.digest, o.role, o.state,"
        " o.section_version_id, e.quote, e.byte_start, e.byte_end, coalesce(c.payload_id, oc.payload_id)"
        " FROM capture c JOIN resource r ON r.id = c.resource_id LEFT JOIN page_version v ON v.id = c.page_version_id"
        " LEFT JOIN observation o ON o.capture_id = c.id LEFT JOIN evidence e ON e.observation_id = o.id"
        " LEFT JOIN capture oc ON oc.id = c.original_id ORDER BY 1, 2, 3, 9, 10, 11, 12",
    )
    crawls = sorted({row[0] for row in seen})
    return [[row[1:] for row in seen if row[0] == crawl] for crawl in crawls]


def check_rows(archive: Path) -> None:
    live = dumped(archive)
    bewaar("verify", "--rows", "--strict", "--archive", archive)
    bewaar("rebuild", "--archive", archive)
    assert list(differences(live, dumped(archive))) == []


@pytest.mark.parametrize("more", ["", 'record_digest = "sha1"\nstrict_fields = true'], ids=["sha256", "sha1 strict"])
def test_what_did_not_change_is_not_sent_again_and_nobody_can_tell(tmp_path: Path, more: str) -> None:
    archive = tmp_path / "a"
    refresh = page(MEMBERS + FILLER + '<a href="/p1">x</a><a href="/p2">x</a>')
    front = (200, refresh[1], refresh[2].replace(b"<title>", b'<meta http-equiv=refresh content="9; url=/p3"><title>'))
    pages = tagged(tree(15) | {"/": front, "/weak": page("weak"), "/none": page("none")})
    pages["/p15"] = page('<a href="/weak">x</a><a href="/none">x</a>')
    pages["/weak"] = (200, {**pages["/weak"][1], "ETag": 'W/"w"'}, pages["/weak"][2])
    pages["/none"] = page("no validator")
    with Site(pages) as site:
        profile(archive, site, "same-url", f"{STRONG}\n{more}")
        first = crawl_own(archive)
        asked_first, site.asked = site.asked, []
        second = crawl_own(archive)
        asked = {request.path: request.headers for request in site.asked}
    # The links of a page that was not sent again are followed.
    assert sorted(request.path for request in asked_first) == sorted(request.path for request in site.asked)
    assert not any("If-None-Match" in request.headers for request in asked_first)
    # The last two are not there, and what is not there has no validator.
    unconditional = {"/weak", "/none", "/p15", "/p1", "/robots.txt"}
    for path, headers in asked.items():
        fields = {name: value for name, value in headers.items() if name.startswith("If-")}
        if path in unconditional:
            assert fields == {}, path
        elif "ETag" in pages[path][1]:
            assert fields == {"If-None-Match": pages[path][1]["ETag"]}, path
        else:
            assert fields == {"If-Modified-Since": LONG_AGO}, path
    assert (second["captures"], second["pages"]) == (first["captures"], first["pages"])

    originals = {record.id: record for record in records(archive, 0)}
    revisits = [record for record in records(archive, 1) if record.field("WARC-Profile") == NOT_MODIFIED]
    assert len(revisits) == len(asked) - len(unconditional) > 25
    about = {record.field("WARC-Concurrent-To"): record for record in records(archive, 1) if record.type == "metadata"}
    for record in revisits:
        original = originals[record.field("WARC-Refers-To") or ""]
        assert (record.type, record.block.size, original.type) == ("revisit", 0, "response")
        for name in ("WARC-Payload-Digest", "WARC-Target-URI"):
            assert record.field(name) == original.field(name), name
        assert record.field("WARC-Refers-To-Date") == original.date
        assert record.field("WARC-Refers-To-Target-URI") == original.url
        assert (record.field("WARC-Protocol") is None) is bool(more)
        kept = unquote_to_bytes(read_warc_fields(about[record.id].block.chunks())["notModifiedResponse"])
        assert kept.startswith(b"HTTP/1.1 304 Not Modified\r\n")
        assert kept.endswith(b"\r\n\r\n")
    # The rest is compared, and referred to where it is the same: revisits as ever.
    assert types(archive)[1] == {"revisit": len(asked) - 1}

    before, after = shown(archive)
    assert before == after
    assert query(archive, "SELECT count(*) FROM change") == [(0,)]
    assert query(archive, "SELECT DISTINCT status FROM capture WHERE declared_digest IS NOT NULL ORDER BY 1") == [
        (200,), (304,), (404,)
    ]  # fmt: skip
    unchanged = report_of(archive, 1)["unchanged"]
    assert unchanged == {
        "revisits": len(asked),
        "not_modified": len(revisits),
        "bytes_not_stored": sum(len(pages[path][2]) for path in asked if path in pages) + 2 * len(b"not here"),
        "bytes_not_fetched": sum(len(pages[path][2]) for path in asked if path not in unconditional),
    }
    assert unchanged == second["unchanged"]
    check_rows(archive)
    for path in (archive / "warcs").glob("*.warc.gz"):
        for command in (["gzip", "-t"], [BIN / "warcio", "check"], [BIN / "fastwarc", "check", "-q"]):
            done = subprocess.run([*command, path], check=False, capture_output=True, text=True)
            assert done.returncode == 0, (command, done.stdout, done.stderr)
        theirs = subprocess.run([BIN / "cdxj-indexer", path], check=True, capture_output=True, text=True).stdout
        ours = bewaar("index", path).stdout
        places = [sorted(re.findall(r'"(?:offset|length)": "?(\d+)', lines)) for lines in (theirs, ours)]
        assert places[0] == places[1]


def test_weak_validators_are_asked_by_where_the_profile_says_so(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    weak = {path: (200, {**headers, "ETag": f'W/"{path}"'}, body) for path, (_, headers, body) in tree(3).items()}
    with Site(weak) as site:
        profile(archive, site, "same-url", 'conditional = "weak"')
        crawl_own(archive)
        crawl_own(archive)
    found = [record for record in records(archive, 1) if record.field("WARC-Profile") == NOT_MODIFIED]
    assert len(found) == len(weak)
    check_rows(archive)


def test_without_being_asked_for_no_request_is_conditional(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with Site(tagged(tree(3))) as site:
        profile(archive, site, "same-url")
        for _ in range(2):
            crawl_own(archive)
    assert not [name for request in site.asked for name in request.headers if name.startswith("If-")]
    assert types(archive)[1]["revisit"] == 6


def test_what_changed_is_stored_and_what_refers_refers_to_the_record_that_has_it(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with Site(tagged(tree(3))) as site:
        profile(archive, site, "same-url", STRONG)
        crawl_own(archive)
        site.pages["/p2"] = (200, {"Content-Type": "text/html", "ETag": '"new"'}, b"<title>n</title><p>other words")
        for _ in range(3):
            crawl_own(archive)
    second, third, last = (records(archive, number) for number in (1, 2, 3))
    (changed,) = [record for record in second if record.type == "response" and record.url == site.url("/p2")]
    for later in (third, last):
        (again,) = [record for record in later if record.type == "revisit" and record.url == site.url("/p2")]
        assert again.field("WARC-Profile") == NOT_MODIFIED
        assert again.field("WARC-Refers-To") == changed.id
        # Never to a revisit.
        firsts = {record.id for record in (*records(archive, 0), changed) if record.type == "response"}
        assert {record.field("WARC-Refers-To") for record in later if record.type == "revisit"} <= firsts
    check_rows(archive)


def test_a_crawl_of_304s_killed_in_the_middle_goes_on_below_them(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    pages = tagged(tree(40) | {"/": page(MEMBERS + '<a href="/p2">x</a><a href="/p3">x</a>')})
    with Site(pages) as site:
        profile(archive, site, "same-url", STRONG)
        crawl_own(archive)
        whole, site.asked, site.slow_s = {request.path for request in site.asked}, [], 0.03
        for wanted in (12, 30, 55):
            process = start("crawl", "own", "--archive", archive, "--contact", CONTACT)
            wait_for(site, wanted)
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        site.slow_s = 0.0
        crawl_own(archive)
        assert {request.path for request in site.asked} == whole
    of_second = query(
        archive,
        "SELECT count(DISTINCT resource_id), sum(status = 304), sum(status = 304 AND original_id IS NULL)"
        " FROM capture WHERE crawl_id = (SELECT max(id) FROM crawl)",
    )
    assert query(archive, "SELECT count(*) FROM crawl") == [(2,)]
    assert of_second[0][0] == len(whole)
    assert of_second[0][1] >= len(whole) - 1  # robots.txt apart
    assert of_second[0][2] == 0
    seen = query(archive, "SELECT count(*) FROM capture c JOIN observation o ON o.capture_id = c.id"
                 " WHERE o.role = 'member' AND o.state = 'found' GROUP BY c.crawl_id")  # fmt: skip
    assert len(seen) == 2
    check_rows(archive)


def test_an_original_that_went_away_is_not_asked_about(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with Site(tagged(tree(3))) as site:
        profile(archive, site, "same-url", STRONG)
        crawl_own(archive)
        (first,) = (archive / "warcs").glob("*.warc.gz")
        away = first.rename(tmp_path / first.name)
        site.asked.clear()
        crawl_own(archive)
        assert not [name for request in site.asked for name in request.headers if name.startswith("If-")]
        away.rename(first)
    assert types(archive)[1]["response"] == 6
    check_rows(archive)


def test_conditional_requests_need_something_to_refer_to(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with Site(tree(1)) as site:
        profile(archive, site, "off", STRONG)
        done = bewaar("crawl", "own", "--archive", archive, "--contact", CONTACT, code=2)
    assert "own.toml" in done.stderr
    assert 'dedup = "off"' in done.stderr
