"""`bewaar recover` out of an archive that speaks as Wayback does, and does not always say the truth."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from archive.counted import counted
from archive.layout import Archive
from archive.warc.reader import read_records
from tests.front_door import CONTACT, bewaar, start_afresh
from tests.memento_archive import Kept, Wayback, http_date, sha1
from tests.site_server import Site, page

GONE = "http://gone.test"


def members(*names: str, title: str = "Our network") -> bytes:
    listed = "".join(f"<li>{name}</li>" for name in names)
    return page(f"<h1>{title}</h1><h2>Members</h2><ul>{listed}</ul>", title=title)[2]


THREE, TWO = members("Alpha Trust", "Beta Fund", "Delta House"), members("Alpha Trust", "Delta House")
PACKED = gzip.compress(members("Gamma Circle", "Zeta Union", title="Packed"), mtime=0)
SERVED = {
    "content-type": "text/html; charset=utf-8",
    "server": "Old/1.0",
    "transfer-encoding": "chunked",
    "date": "then",
}


def rewritten(archive: Wayback) -> bytes:
    return f'<p>See <a href="{archive.url("/web/20110101000000/http://gone.test/")}">home</a>'.encode()


def some() -> Wayback:
    busy = (429, {"Retry-After": "0", "Content-Type": "text/plain"}, b"slow down")
    return Wayback(
        Kept(f"{GONE}/", "20100101000000", THREE, headers=SERVED),
        Kept(f"{GONE}/", "20120101000000", TWO, headers=SERVED),
        Kept(f"{GONE}/", "20130101000000", TWO, headers=SERVED | {"server": "Old/1.1"}),
        Kept(f"{GONE}/busy", "20110101000000", b"<p>there in the end", answer=[busy]),
        Kept(f"{GONE}/missing", "20110102000000", b"<p>no such page", status=404),
        Kept(f"{GONE}/broken", "20110103000000", b"<p>later, please", status=503),
        Kept(f"{GONE}/packed", "20110104000000", PACKED, headers=SERVED | {"content-encoding": "gzip"}),
        Kept(f"{GONE}/odd", "20110105000000", b"<p>other bytes", digest=sha1(b"those bytes")),
        Kept(f"{GONE}/late", "20110106000000", b"<p>another time", says="20150101000000", digest=sha1(b"then")),
        Kept(f"{GONE}/repeated", "20110108000000", b"<p>of another time", says="20110107000000"),
        Kept(f"{GONE}/changed", "20110109000000", b"", digest=sha1(b"as it was")),
        Kept(f"{GONE}/moved", "20110110000000", b"moved", status=301, headers={"location": f"{GONE}/there"}),
        rows=(
            ["20110101000000", "http://elsewhere.test/", "text/html", "200", sha1(b"")],
            ["20119901000000", f"{GONE}/no-date", "text/html", "200", sha1(b"")],
            ["29990101000000", f"{GONE}/to-come", "text/html", "200", sha1(b"")],
            ["20110101000000", "file:///etc/passwd", "text/html", "200", sha1(b"")],
        ),
    )  # fmt: skip


def recover(
    archive: Site, root: Path, *options: str, code: int | None, target: str = f"{GONE}/"
) -> CompletedProcess[str]:
    return bewaar(
        "recover", target, "--from", archive.url(), "--scope", "host", "--archive", root, "--contact", CONTACT,
        "--delay", "0", *options, code=code,
    )  # fmt: skip


def rows(root: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(root / "archive.db")) as db:
        return db.execute(sql).fetchall()


Had = tuple[Path, Wayback, CompletedProcess[str]]


@pytest.fixture(scope="module")
def had(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Had]:
    root = tmp_path_factory.mktemp("recover") / "archive"
    with some() as archive:
        changed = next(one for one in archive.kept if one.url.endswith("/changed"))
        changed.body, changed.digest = rewritten(archive), sha1(b"as it was")
        moved = next(one for one in archive.kept if one.url.endswith("/moved"))
        location = f"/web/20110110000000id_/{GONE}/there"
        date = http_date(moved.at)
        moved.answer = [
            (301, {"Location": location, "Memento-Datetime": date, "X-Archive-Orig-Location": location}, b"moved")
        ]
        yield root, archive, recover(archive, root, code=1)


def test_what_was_captured_arrives_and_nothing_else(had: Had) -> None:
    root, _, done = had
    found = rows(
        root,
        "SELECT r.url, c.captured_at, c.record_type, c.status FROM capture c JOIN resource r ON r.id = c.resource_id"
        " WHERE c.source_url IS NOT NULL ORDER BY r.url, c.captured_at",
    )
    assert found == [
        (f"{GONE}/", "2010-01-01T00:00:00Z", "response", 200),
        (f"{GONE}/", "2012-01-01T00:00:00Z", "response", 200),
        (f"{GONE}/", "2013-01-01T00:00:00Z", "revisit", 200),
        (f"{GONE}/broken", "2011-01-03T00:00:00Z", "response", 503),
        (f"{GONE}/busy", "2011-01-01T00:00:00Z", "response", 200),
        (f"{GONE}/missing", "2011-01-02T00:00:00Z", "response", 404),
        (f"{GONE}/moved", "2011-01-10T00:00:00Z", "response", 301),
        (f"{GONE}/odd", "2011-01-05T00:00:00Z", "response", 200),
        (f"{GONE}/packed", "2011-01-04T00:00:00Z", "response", 200),
        (f"{GONE}/repeated", "2011-01-08T00:00:00Z", "response", 200),
    ]
    assert "12 captures listed, 10 recovered (1 the same as before), 2 refused" in done.stdout
    assert "1 of which the index says another digest" in done.stdout
    assert f"{GONE}/late: not that capture: it answers with its capture of '20150101000000'" in done.stderr
    assert f"{GONE}/changed: rewritten by the archive: its links lead into the archive" in done.stderr
    assert "2 listed: another URL than was asked for, such as http://elsewhere.test/" in done.stdout
    assert "2 listed: a date that cannot be" in done.stdout


def test_facts_have_the_dates_of_the_captures(had: Had) -> None:
    root, _, _ = had
    assert rows(
        root,
        "SELECT value, first_seen, last_seen, gone_by FROM presence WHERE site_id = 'gone_test' AND page_key LIKE '%)/'"
        " AND role = 'member' ORDER BY value",
    ) == [
        ("Alpha Trust", "2010-01-01T00:00:00Z", "2013-01-01T00:00:00Z", None),
        ("Beta Fund", "2010-01-01T00:00:00Z", "2010-01-01T00:00:00Z", "2012-01-01T00:00:00Z"),
        ("Delta House", "2010-01-01T00:00:00Z", "2013-01-01T00:00:00Z", None),
    ]
    [(source, site)] = rows(root, "SELECT DISTINCT source_url, site_id FROM fact_source WHERE value = 'Gamma Circle'")
    assert source.endswith(f"/web/20110104000000id_/{GONE}/packed")
    assert site == "gone_test"
    assert {row[0] for row in rows(root, "SELECT software FROM crawl WHERE site_id = 'gone_test'")} == {
        f"recovered from {source.split('/')[2]}"
    }


def test_the_record_says_what_it_is(had: Had) -> None:
    root, archive, _ = had
    [file] = (root / "warcs").iterdir()
    records = {record.id: record for record in read_records(file)}
    [home] = [r for r in records.values() if r.url == f"{GONE}/" and r.type == "response" and r.date[:4] == "2010"]
    source = archive.url(f"/web/20100101000000id_/{GONE}/")
    assert home.date == "2010-01-01T00:00:00Z"
    assert home.field("WARC-Source-URI") == source
    assert b"".join(home.block.chunks()) == (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\nserver: Old/1.0\r\n"
        b"x-archive-orig-transfer-encoding: chunked\r\ndate: then\r\nContent-Length: %d\r\n\r\n%s" % (len(THREE), THREE)
    )
    [about] = [r for r in records.values() if r.field("WARC-Concurrent-To") == home.id]
    said = b"".join(about.block.chunks()).decode()
    assert f"sourceURI: {source}\r\n" in said
    exchange = records[said.partition("sourceRecord: ")[2].splitlines()[0]]
    assert (exchange.url, exchange.type) == (source, "response")
    assert b"X-App-Server: app7" in b"".join(exchange.block.chunks())
    [moved] = [r for r in records.values() if r.url == f"{GONE}/moved" and r.type == "response"]
    assert b"\r\nLocation: http://gone.test/there\r\n" in b"".join(moved.block.chunks())
    [repeated] = [r for r in records.values() if r.url == f"{GONE}/repeated" and r.type == "metadata"]
    assert b"headerOf: 20110107000000" in b"".join(repeated.block.chunks())
    assert rows(root, "SELECT what FROM problem WHERE url LIKE '%/odd'") == [
        ("not what the other archive's index says",)
    ]


def test_what_was_asked_is_kept_and_is_no_page(had: Had) -> None:
    root, archive, _ = had
    kept = rows(
        root,
        "SELECT r.url, c.hops, c.page_key FROM capture c JOIN resource r ON r.id = c.resource_id"
        " WHERE c.source_url IS NULL ORDER BY c.warc_offset",
    )
    assert [url for url, _, _ in kept] == [archive.url(path) for path in archive.paths()[: len(kept)]]
    assert {(hops, key) for _, hops, key in kept} == {("P", None)}
    assert Counter(archive.mementos())[f"/web/20110101000000id_/{GONE}/busy"] == 2


def test_it_verifies_and_is_derived_again(had: Had) -> None:
    root, _, _ = had
    bewaar("verify", "--rows", "--archive", root)
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""


def test_twice_adds_nothing(had: Had) -> None:
    root, archive, _ = had
    before = rows(root, "SELECT count(*) FROM capture WHERE source_url IS NOT NULL")
    asked = len(archive.mementos())
    said = json.loads(recover(archive, root, "--json", code=1).stdout)
    assert said["recovery"]["known"] == 10
    assert said["recovery"]["recovered"] == 0
    # What did not come the last time is asked for once more.
    assert sorted(path.rpartition("/")[2] for path in archive.mementos()[asked:]) == ["changed", "late"]
    assert rows(root, "SELECT count(*) FROM capture WHERE source_url IS NOT NULL") == before


def test_a_recovery_that_was_stopped_goes_on(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    Archive.create(root).database.touch()  # as a kill leaves it while it is made
    assert json.loads(bewaar("status", "--archive", root, "--json").stdout)["sites"] == []
    kept = [Kept(f"{GONE}/{n}", f"20110101{n:06d}", b"<p>page %d" % n) for n in range(24)]
    with Wayback(*kept, page=100, slow_s=0.05) as archive:
        for after, how, code in ((3, signal.SIGINT, 130), (14, signal.SIGKILL, -signal.SIGKILL)):
            process = start_afresh(
                "recover", f"{GONE}/", "--from", archive.url(), "--scope", "host", "--archive", root, "--contact",
                CONTACT, "--delay", "0",
            )  # fmt: skip
            deadline = time.monotonic() + 60
            while len(archive.mementos()) < after and time.monotonic() < deadline:
                time.sleep(0.02)
            os.killpg(process.pid, how)
            process.communicate(timeout=60)
            assert process.returncode == code
        assert len(archive.mementos()) < 24
        recover(archive, root, "--limit", "2", code=3)
        (unfinished,) = json.loads(bewaar("status", "--archive", root, "--json").stdout)["recoveries"]
        assert unfinished["running"] is None
        assert unfinished["had"] + unfinished["to_go"] == 24
        said = bewaar("status", "--archive", root).stdout
        assert (
            f"recovery from {unfinished['from']}: {counted(capture=unfinished['had'])} had, {unfinished['to_go']} to "
            in said
        )
        done = recover(archive, root, code=0)
        assert "recovery from" not in bewaar("status", "--archive", root).stdout
    assert "still to be had" not in done.stdout
    assert rows(root, "SELECT count(*), count(DISTINCT resource_id) FROM capture WHERE source_url IS NOT NULL") == [
        (24, 24)
    ]
    # Only what was under way when it was killed, one on the wire and one being written, was asked for twice; and there
    # is one listing, but for the probe.
    assert len(archive.mementos()) <= 24 + 2
    assert len([path for path in archive.paths() if "/cdx/search/cdx?" in path]) <= 2


def test_a_damaged_frontier_is_put_aside_and_what_was_had_is_not_asked_for_again(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    kept = [Kept(f"{GONE}/{n}", f"20110101{n:06d}", b"<p>page %d" % n) for n in range(4)]
    with Wayback(*kept, page=100) as archive:
        recover(archive, root, "--limit", "2", code=3)
        (frontier,) = (root / "state").glob("*.recovery.db")
        for beside in frontier.parent.glob(f"{frontier.name}-*"):
            beside.unlink()
        frontier.write_text("no database\n")
        asked = len(archive.mementos())
        done = recover(archive, root, code=0)
        assert len(archive.mementos()) == asked + 2
    (aside,) = frontier.parent.glob(f"{frontier.name}.*.not-a-database")
    assert f"{frontier}: file is not a database; put aside as {aside.name}" in done.stderr
    assert aside.read_text() == "no database\n"
    assert rows(root, "SELECT count(*) FROM capture WHERE source_url IS NOT NULL") == [(4,)]


def test_an_address_that_is_no_archive(tmp_path: Path) -> None:
    with Site({"/": page("hello"), "/cdx?url=http://gone.test/&output=json&limit=1": page("hello")}) as site:
        done = recover(site, tmp_path / "archive", "--dry-run", code=2)
    assert f"{site.url()}: no archive that can be asked here" in done.stderr
    assert f"{site.url('/cdx')}: neither CDX nor a TimeMap" in done.stderr
    assert not (tmp_path / "archive").exists()


def test_a_dry_run_lists_and_keeps_nothing(tmp_path: Path) -> None:
    with some() as archive:
        done = recover(archive, tmp_path / "archive", "--dry-run", "--since", "2010", "--until", "2012-01", code=0)
        assert archive.mementos() == []
    assert f"{GONE}/ 20100101000000 200 text/html; charset=utf-8 sha1:{sha1(THREE)}" in done.stdout.splitlines()
    assert len(done.stdout.splitlines()) == 11
    assert "1 listed: outside the period" in done.stderr
    assert not (tmp_path / "archive").exists()
