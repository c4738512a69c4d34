from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.errors import ArchiveFault, NotAnArchive
from archive.layout import Archive
from archive.model import Link, Place
from crawler.begin import begin_crawl
from crawler.frontier import Frontier
from crawler.scope import Verdict
from crawler.sites.profile import default_profile
from crawler.status.state import _frontier


def judge(url: str, hop: str, hops: str, via: str | None) -> Verdict:
    inside = url.startswith("http://in.test/") or hop == "E"
    return Verdict(inside, "host" if inside else "outside-host")


def links(*urls: str, hop: str = "L") -> list[Link]:
    return [Link(url, hop, "a@href") for url in urls]


@pytest.fixture
def frontier(tmp_path: Path) -> Iterator[Frontier]:
    made = Frontier(tmp_path / "frontier.db")
    yield made
    made.close()


def urls(frontier: Frontier, limit: int = 100) -> list[str]:
    return [leased.url for leased in frontier.lease(limit)]


def test_a_url_is_queued_once_however_it_is_written(frontier: Frontier) -> None:
    written = ("http://in.test/a", "http://IN.test/a", "http://in.test:80/a", "http://in.test/a#top")
    assert frontier.add(links(*written), via="http://in.test/", hops="", judge=judge) == 1
    assert urls(frontier) == ["http://in.test/a"]


def test_a_refusal_keeps_its_rule(frontier: Frontier) -> None:
    frontier.add(links("http://out.test/", "http://out.test/b"), via=None, hops="", judge=judge)
    assert frontier.refusals() == {"outside-host": 2}
    assert not frontier.pending()


def test_what_is_refused_as_a_link_may_come_back_as_a_requisite(frontier: Frontier) -> None:
    frontier.add(links("http://out.test/logo.png"), via="http://in.test/", hops="", judge=judge)
    # The second frontier knows no URL by heart: only its rows tell.
    again = Frontier(frontier.path) if frontier.commit() is None else frontier
    again.add(links("http://out.test/logo.png", hop="E"), via="http://in.test/x", hops="L", judge=judge)
    (leased,) = again.lease(10)
    assert (leased.url, leased.hops, leased.via) == ("http://out.test/logo.png", "LE", "http://in.test/x")
    again.close()


def test_order_is_breadth_first_with_requisites_before_the_next_pages(frontier: Frontier) -> None:
    frontier.add_seed("http://in.test/")
    frontier.add(links("http://in.test/deep"), via=None, hops="L", judge=judge)
    frontier.add(links("http://in.test/page"), via=None, hops="", judge=judge)
    frontier.add(links("http://in.test/deep.css", hop="E"), via=None, hops="LL", judge=judge)
    frontier.add(links("http://in.test/page.css", hop="E"), via=None, hops="L", judge=judge)
    frontier.add(links("http://in.test/sitemap.xml", hop="M"), via=None, hops="", judge=judge)
    assert [url.removeprefix("http://in.test/") for url in urls(frontier)] == [
        "sitemap.xml", "", "page.css", "page", "deep.css", "deep",
    ]  # fmt: skip


def test_what_was_leased_is_queued_again_after_a_kill(tmp_path: Path) -> None:
    first = Frontier(tmp_path / "frontier.db")
    first.begin("site-1", "2026-01-01T00:00:00Z")
    first.add(links("http://in.test/a", "http://in.test/b", "http://in.test/c"), via=None, hops="", judge=judge)
    leased = first.lease(2)
    first.captured(leased[0].id, Place("x.warc.gz", 10, 20))
    first.commit()
    # No close: the process is gone. What it had not committed is gone with it.
    second = Frontier(tmp_path / "frontier.db")
    assert second.unfinished() == ("site-1", "2026-01-01T00:00:00Z", "")
    assert second.reclaim() == 1
    assert urls(second) == ["http://in.test/b", "http://in.test/c"]
    assert [(found.url, place.offset) for found, place in second.unexpanded()] == [("http://in.test/a", 10)]
    second.expanded(leased[0].id)
    assert list(second.unexpanded()) == []
    second.close()
    first.close()


def test_what_a_warc_file_lost_is_queued_again(frontier: Frontier) -> None:
    frontier.add(links("http://in.test/a", "http://in.test/b", "http://in.test/c"), via=None, hops="", judge=judge)
    for number, leased in enumerate(frontier.lease(3)):
        frontier.captured(leased.id, Place("gone" if number == 2 else "cut", 10 * number, 10))
        frontier.expanded(leased.id)
    frontier.ask_for_lost(lambda file: 10 if file == "cut" else 0)
    frontier.reclaim()
    assert urls(frontier) == ["http://in.test/b", "http://in.test/c"]


def test_a_url_released_for_another_try_is_not_expanded_away(frontier: Frontier) -> None:
    frontier.add_seed("http://in.test/")
    (leased,) = frontier.lease(1)
    frontier.captured(leased.id, Place("x.warc.gz", 0, 1))
    frontier.release(leased.id)  # it answered 503
    frontier.expanded(leased.id)  # and the reader has read that answer
    (again,) = frontier.lease(1)
    assert (again.url, again.attempts) == ("http://in.test/", 2)


def test_a_released_url_waits_for_its_time(frontier: Frontier) -> None:
    frontier.add_seed("http://in.test/")
    (leased,) = frontier.lease(1)
    frontier.release(leased.id, not_before=time.time() + 3600)
    assert frontier.lease(1) == []
    assert frontier.pending()


def test_closed_to_pages_it_still_gives_requisites(frontier: Frontier) -> None:
    frontier.add(links("http://in.test/a"), via=None, hops="", judge=judge)
    frontier.pages_closed = True
    assert not frontier.pending()
    frontier.add(links("http://in.test/a.css", hop="E"), via=None, hops="", judge=judge)
    assert frontier.pending()
    assert urls(frontier) == ["http://in.test/a.css"]
    assert frontier.left() == 1


def test_a_finished_crawl_is_not_taken_up(frontier: Frontier) -> None:
    frontier.begin("site-1", "2026-01-01T00:00:00Z")
    frontier.finish()
    assert frontier.unfinished() is None


def test_hosts_take_turns_and_a_full_one_is_passed_over(frontier: Frontier) -> None:
    many = [f"http://in.test/{n}" for n in range(100)]
    frontier.add(links(*many), via=None, hops="", judge=judge)
    frontier.add(links("http://b.test/1.png", "http://b.test/2.png", hop="E"), via=None, hops="L", judge=judge)
    assert [url.split("/")[2] for url in urls(frontier, 4)] == ["in.test", "in.test", "b.test", "b.test"]
    frontier.add(links("http://c.test/1.png", hop="E"), via=None, hops="L", judge=judge)
    leased = frontier.lease(50, full={"in.test"})
    assert [found.url for found in leased] == ["http://c.test/1.png"]
    frontier.release(leased[0].id, asked=False)
    assert frontier.left() == 99
    again = frontier.lease(1, full={"in.test"})
    assert (again[0].url, again[0].attempts) == ("http://c.test/1.png", 1)


def test_what_is_queued_of_a_host_is_given_up(frontier: Frontier) -> None:
    frontier.add(links("http://in.test/a", "http://in.test/b"), via=None, hops="", judge=judge)
    frontier.add(links("http://b.test/1.png", hop="E"), via=None, hops="", judge=judge)
    (leased,) = frontier.lease(1, full={"b.test"})
    assert frontier.give_up("in.test") == [("http://in.test/b", "L")]
    assert frontier.counts() == {"leased": 1, "failed": 1, "queued": 1}
    assert urls(frontier) == ["http://b.test/1.png"]
    assert not frontier.pending()
    frontier.release(leased.id)
    assert frontier.left() == 1


def test_the_rows_of_an_older_version_are_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "frontier.db"
    with sqlite3.connect(path) as db:
        db.executescript(
            "CREATE TABLE url (id INTEGER PRIMARY KEY, seen TEXT NOT NULL UNIQUE, url TEXT NOT NULL, via TEXT,"
            " hops TEXT NOT NULL, state TEXT NOT NULL, priority INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,"
            ' not_before REAL NOT NULL DEFAULT 0, rule TEXT, file TEXT, "offset" INTEGER, length INTEGER) STRICT;'
            "CREATE INDEX queue ON url(priority, id) WHERE state = 'queued';"
            "INSERT INTO url (seen, url, hops, state, priority) VALUES ('http://in.test/', 'http://in.test/', '', 'queued', 0)"
        )
    db.close()
    frontier = Frontier(path)
    assert frontier.lease(9, full={"in.test"}) == []
    assert urls(frontier) == ["http://in.test/"]
    frontier.close()


def no_database(path: Path) -> None:
    path.write_text("x\n")


def torn_pages(path: Path) -> None:
    """Opened and asked for its crawl it seems well."""
    whole = path.read_bytes()
    with closing(sqlite3.connect(path)) as db:
        root, size = (
            db.execute(f"SELECT {what}").fetchone()[0]
            for what in ("rootpage FROM sqlite_schema WHERE name = 'queue'", "page_size FROM pragma_page_size")
        )
    path.write_bytes(whole[: (root - 1) * size] + b"\xff" * size + whole[root * size :])


@pytest.mark.parametrize(("damage", "why"), [(no_database, "not-a-database"), (torn_pages, "damaged")])
def test_a_damaged_frontier_is_put_aside_and_the_crawl_begins_anew(
    tmp_path: Path, damage: Callable[[Path], None], why: str
) -> None:
    archive = Archive.create(tmp_path / "a", contact="mailto:keeper@museum.test")
    profile = default_profile("http://in.test/", name="water")
    begun = begin_crawl(archive, profile)
    first = begun.plan.crawl_id
    begun.frontier.add(links(*(f"http://in.test/{n}" for n in range(50))), via=None, hops="", judge=judge)
    begun.close()
    path = archive.state / "water.frontier.db"
    kept = archive.warcs / "water-20260101000000000-00000-x.warc.gz"
    kept.write_bytes(b"")
    damage(path)
    damaged = path.read_bytes()

    begun = begin_crawl(archive, profile)
    assert begun.plan.crawl_id != first
    assert not begun.plan.resumed
    (aside,) = archive.state.glob(f"water.frontier.db.*.{why}")
    assert aside.read_bytes() == damaged
    (line,) = begun.told
    assert line.startswith(f"{path}: ")
    assert aside.name in line
    assert kept.exists()
    begun.close()
    # It stays when the frontier is thrown away, and a sound one is taken up as ever.
    begin_crawl(archive, profile, resume=False).close()
    again = begin_crawl(archive, profile)
    assert again.plan.resumed
    assert not again.told
    again.close()
    assert aside.exists()


def test_a_frontier_that_the_disk_does_not_give_is_not_put_aside(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact="mailto:keeper@museum.test")
    path = archive.state / "water.frontier.db"
    path.mkdir()
    with pytest.raises(ArchiveFault, match=r"water\.frontier\.db"):
        begin_crawl(archive, default_profile("http://in.test/", name="water"))
    assert path.is_dir()


def test_a_crawl_beside_a_database_that_is_none_does_not_begin(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a", contact="mailto:keeper@museum.test")
    archive.database.write_bytes(b"x" * 5000)
    with pytest.raises(NotAnArchive, match=r"archive\.db: not a database: `bewaar rebuild` derives it again"):
        begin_crawl(archive, default_profile("http://in.test/", name="water"))
    assert not list(archive.warcs.iterdir())
    assert not list(archive.state.glob("*.frontier.db"))


def test_status_names_a_damaged_frontier(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "a")
    path = archive.state / "water.frontier.db"
    path.write_text("x\n")
    found = _frontier(archive, "water")
    assert found["damaged"] == f"{path}: file is not a database"
    assert found["unfinished"] is None
