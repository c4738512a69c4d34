"""`bewaar rebuild` beside crawls, and what it says."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from archive.errors import WrongUse
from archive.layout import Archive
from archive.store import open_read_only
from archive.store.compare import Dump, dump
from crawler.differences import Differences
from crawler.files import Ingested
from crawler.rebuild import compare, rebuild
from tests.archive.old_databases import packed, unpack
from tests.front_door import CONTACT, crawl, start
from tests.site_server import Site, page, tree


def dumped(archive: Archive) -> Dump:
    db = open_read_only(archive.database)
    try:
        return dump(db.conn)
    finally:
        db.close()


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("crawled") / "a"
    with Site({"/": page("<h2>Members</h2><ul><li>Alpha Trust</li><li>Beta Foundation</li></ul>")}) as site:
        crawl(site.url(), root)
    return root


@pytest.fixture
def archive(crawled: Path, tmp_path: Path) -> Archive:
    return Archive.open(shutil.copytree(crawled, tmp_path / "a"))


def test_what_a_crawl_adds_while_the_database_is_derived_again_is_in_it(archive: Archive) -> None:
    told: list[Ingested] = []

    def crawl_meanwhile(done: Ingested) -> None:
        told.append(done)
        if len(told) == 1:
            with Site(tree(3)) as site:
                crawl(site.url(), archive.root)

    rebuild(archive, progress=crawl_meanwhile).close()
    assert len(told) == 2
    assert len(dumped(archive)["crawl"]) == 2
    assert compare(archive) == Differences([], [])


def test_a_crawl_that_is_writing_at_the_end_keeps_the_database_as_it_is(archive: Archive) -> None:
    with Site(tree(31), slow_s=0.03) as site:
        crawling = []

        def begin_crawl(_: Ingested) -> None:
            crawling.append(start("crawl", site.url(), "--archive", archive.root, "--contact", CONTACT, "--delay", "0"))
            while not list(archive.warcs.glob("*.open")):
                assert crawling[0].poll() is None

        with pytest.raises(WrongUse, match="is being written by a crawl; rebuild when it has ended"):
            rebuild(archive, progress=begin_crawl)
        crawling[0].communicate()
    assert crawling[0].returncode == 0
    assert len(dumped(archive)["crawl"]) == 2


def test_where_there_was_no_database_it_appears_whole(archive: Archive) -> None:
    before = dumped(archive)
    for path in archive.root.glob("archive.db*"):
        path.unlink()
    rebuild(archive, progress=lambda _: _absent(archive.database)).close()
    assert dumped(archive) == before


def _absent(path: Path) -> None:
    assert not path.exists()


def test_a_dry_run_names_the_facts_that_a_new_version_reads_otherwise(archive: Archive) -> None:
    db = sqlite3.connect(archive.database)  # as if the version of before had read it so
    with db:
        db.execute("UPDATE fact SET value = 'Beta' WHERE value = 'Beta Foundation'")
        db.execute("UPDATE fact SET year = 1999 WHERE value = 'Alpha Trust'")
    db.close()
    changes = compare(archive)
    told = [f"{sign} {fact}" for sign, fact in changes.facts]
    site = changes.facts[0][1].site
    assert [line.partition(": page ")[0] for line in told] == [
        "+ member 'Alpha Trust', organisation alpha-trust",
        "- member 'Alpha Trust' (1999), organisation alpha-trust",
        "- member 'Beta', organisation beta-foundation",
        "+ member 'Beta Foundation', organisation beta-foundation",
    ]
    assert told[0].endswith(f" of {site}, 1 capture")
    said: list[str] = []
    rebuild(archive, say=said.append).close()
    assert said == ["member: 2 facts no longer read as before, 2 facts read now"]
    assert compare(archive) == Differences([], [])


def test_what_a_rebuild_left_that_was_killed_is_taken_away_and_what_another_writes_is_not(archive: Archive) -> None:
    left, another = (archive.state / f"rebuild-{name}" for name in ("left", "another"))
    for folder in (left, another):
        folder.mkdir()
        (folder / "archive.db").write_bytes(b"half a database")
    held = os.open(another, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert compare(archive) == Differences([], [])
    finally:
        os.close(held)
    assert list(archive.state.glob("rebuild-*")) == [another]


def test_a_database_of_an_older_schema_is_compared_and_left_as_it_is(archive: Archive) -> None:
    unpack(packed()[-2], archive.database.with_name("older.db")).replace(archive.database)
    before = archive.database.read_bytes()
    assert {fact.site for sign, fact in compare(archive).facts if sign == "-"} == {"better_care_network_demo"}
    assert archive.database.read_bytes() == before
