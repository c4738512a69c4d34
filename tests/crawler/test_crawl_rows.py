"""The rows of a crawl: whatever happened to it, they are derived again the same."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from archive.store.compare import differences
from archive.warc.reader import read_records
from tests.crawler.crawled import captured, dumped, query, wait_for
from tests.front_door import CONTACT, bewaar, crawl, environment, start, start_afresh
from tests.site_server import Site, page, tree


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


def test_a_reader_that_is_killed_is_replaced(tmp_path: Path) -> None:
    with Site(tree(63), slow_s=0.03) as site:
        process = start_afresh("crawl", site.url(), "--archive", tmp_path / "a", "--contact", CONTACT, "--delay", "0")
        wait_for(site, 30)
        subprocess.run(["pkill", "-KILL", "-P", str(process.pid), "-f", "crawler.follow"], check=True)
        _, complaints = process.communicate(timeout=60)
        assert process.returncode in (0, 1), complaints
        wanted = {site.url(path) for path in tree(63)}
    rows = query(tmp_path / "a", "SELECT r.url FROM capture c JOIN resource r ON r.id = c.resource_id")
    assert wanted <= {url for (url,) in rows}


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
