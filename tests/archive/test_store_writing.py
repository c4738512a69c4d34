"""Opening the database and writing readings to it."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest
import sqlite_utils

from archive.errors import NotAnArchive, WrongUse
from archive.model import Crawl, Link, PageText, Problem, Section
from archive.store import Store, open_read_only
from archive.store.schema import BUSY_S, _write_ahead, migrations
from archive.store.views import view_name
from crawler.items import KINDS, ExternalLink, Member
from tests.archive.store_builders import (
    SITE,
    crawl,
    day,
    found,
    goals,
    image,
    member,
    members,
    open_store,
    reading,
    rows,
    sponsor,
    write,
)


def test_new_database_is_strict_wal_and_keeps_foreign_keys(store):
    assert rows(store, "PRAGMA journal_mode") == [("wal",)]
    assert rows(store, "PRAGMA foreign_keys") == [(1,)]
    loose = rows(
        store,
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND NOT strict"
        " AND name NOT LIKE 'sqlite%' AND name NOT LIKE '%\\_fts%' ESCAPE '\\' AND name NOT LIKE 'name_trigram%'",
    )
    assert loose == [("_sqlite_migrations",)]
    assert rows(store, "SELECT name FROM sqlite_master WHERE type = 'trigger'") == []


def test_newer_schema_is_refused(tmp_path):
    open_store(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "archive.db")
    connection.execute("INSERT INTO _sqlite_migrations VALUES (99, 'bewaar', 'from_the_future', '2030')")
    connection.commit()
    connection.close()
    with pytest.raises(NotAnArchive, match=r"archive\.db: its schema is newer .*from_the_future"):
        Store(tmp_path / "archive.db", KINDS)
    with pytest.raises(NotAnArchive, match="from_the_future"):
        open_read_only(tmp_path / "archive.db")


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be looked at" * 20, None])
def test_file_that_is_no_database_of_ours_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / "archive.db"
    if content is None:
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE theirs (x)")
        connection.close()
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    with pytest.raises(NotAnArchive, match=r"archive\.db"):
        Store(path, KINDS)
    assert path.read_bytes() == before


def test_reading_needs_no_write_access(tmp_path):
    with open_store(tmp_path) as store:
        write(store, 0, reading(0, members("A")))
    (tmp_path / "archive.db").chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        db = open_read_only(tmp_path / "archive.db")
        assert db.execute("SELECT count(*) FROM capture").fetchone() == (1,)
        with pytest.raises(sqlite3.OperationalError):
            db.conn.execute("DELETE FROM capture")
        db.close()
    finally:
        tmp_path.chmod(0o755)


def test_views_follow_the_item_classes(tmp_path):
    with Store(tmp_path / "archive.db", KINDS) as store:
        assert view_name(ExternalLink) == "external_link"
        assert {"member", "current_member", "external_link", "current_goal"} <= set(store.db.view_names())
    with Store(tmp_path / "archive.db", [Member]) as store:
        assert "goal" not in store.db.view_names()
        assert "member" in store.db.view_names()


def test_fields_a_kind_adds_are_columns_of_its_view(store):
    write(store, 0, reading(0, found("member", [member("A", chair=True, chair_since=2013), member("B")])))
    store.derive(SITE)
    assert rows(store, "SELECT name, chair, chair_since, compound FROM current_member ORDER BY name") == [
        ("A", 1, 2013, 0),
        ("B", 0, None, 0),
    ]
    assert json.loads(rows(store, "SELECT extra FROM fact WHERE value = 'A'")[0][0]) == {
        "chair": True,
        "chair_since": 2013,
        "compound": False,
    }


def test_repeating_a_batch_changes_nothing(store):
    batch = [reading(0, members("A")), replace(reading(0, second=1), problems=(Problem("slow"),))]
    write(store, 0, *batch)
    before = (
        rows(store, "SELECT * FROM capture"),
        rows(store, "SELECT * FROM evidence"),
        rows(store, "SELECT * FROM problem"),
    )
    write(store, 0, *batch)
    write(store, 0, *(replace(one, sections=(), page=None) for one in batch))
    after = (
        rows(store, "SELECT * FROM capture"),
        rows(store, "SELECT * FROM evidence"),
        rows(store, "SELECT * FROM problem"),
    )
    assert before == after
    assert len(before[0]) == 2


def test_batch_is_written_whole_or_not_at_all(store):
    broken = reading(0, second=1)
    broken = replace(broken, capture=replace(broken.capture, type="no such type"))
    store.write_crawl(crawl(0))
    with pytest.raises(sqlite3.IntegrityError):
        store.write_readings(crawl(0).id, [reading(0, members("A")), broken])
    for table in ("capture", "resource", "fact", "observation", "link", "payload", "warc"):
        assert rows(store, f"SELECT count(*) FROM {table}") == [(0,)], table
    # ids remembered from the batch that failed would now point nowhere
    write(store, 0, reading(0, members("A")))
    assert rows(store, "SELECT count(*) FROM fact JOIN evidence ON fact_id = fact.id") == [(1,)]
    assert rows(store, "PRAGMA foreign_key_check") == []


def test_footer_on_many_pages_is_stored_once_with_evidence_per_capture(store):
    footer = found("sponsor", [sponsor("A"), sponsor("B")])
    pages = [reading(0, footer, url=f"http://example.test/{n}", key=str(n), second=n) for n in range(10)]
    write(store, 0, *pages)
    assert rows(store, "SELECT (SELECT count(*) FROM fact), (SELECT count(*) FROM evidence)") == [(2, 20)]


def test_two_facts_at_one_position_are_both_kept(store):
    section = Section("member", "found", (member("A", 3), member("B", 3)))
    write(store, 0, reading(0, section))
    assert rows(store, "SELECT position, value, quote FROM fact JOIN evidence ON fact_id = id ORDER BY 1") == [
        (0, "A", "A"),
        (1, "B", "B"),
    ]


def test_two_sections_of_one_role_are_one_observation(store):
    second = found("member", [member("B")])
    write(store, 0, reading(0, members("A"), second, Section("member", "absent")))
    assert rows(store, "SELECT role, state FROM observation") == [("member", "found")]
    assert rows(store, "SELECT count(*) FROM fact") == [(2,)]


def test_characters_and_numbers_sqlite_cannot_hold_do_not_cost_the_page(store):
    odd = member("A\ud800B", year=1 << 80)
    page = replace(reading(0, found("member", [odd])), page=PageText("T\udfff", "x \ud83d", "nl", "sha256:x"))
    write(store, 0, page, reading(0, members("C"), second=1))
    assert rows(store, "SELECT value, year FROM fact ORDER BY id") == [("A\ufffdB", None), ("C", None)]
    store.derive(SITE)


def test_date_that_is_none_sorts_first_and_is_kept_verbatim(store):
    write(store, 0, reading(0, members("A"), warc_date="yesterday"))
    assert rows(store, "SELECT warc_date, captured_at FROM capture") == [("yesterday", "0001-01-01T00:00:00Z")]
    store.derive(SITE)


def test_links_of_a_page_and_of_what_is_no_page_are_edges(store):
    link = Link("http://example.test/a", "L", "a@href", "A")
    css = Link("http://example.test/bg.png", "E", "css")
    moved = Link("http://example.test/new", "R", "location")
    write(
        store,
        0,
        reading(0, links=[link, link]),
        image(0, "http://example.test/s.css", "css", mime="text/css", links=[css]),
        reading(0, url="http://example.test/old", key=None, status=301, second=40, links=[moved]),
    )
    store.derive(SITE)
    assert rows(store, "SELECT page_key, source_url, target_url, hop FROM edge ORDER BY target_url") == [
        ("home", None, link.url, "L"),
        (None, "http://example.test/s.css", css.url, "E"),
        (None, "http://example.test/old", moved.url, "R"),
    ]
    assert rows(store, "SELECT redirect_to FROM capture WHERE status = 301") == [(moved.url,)]
    assert rows(store, "SELECT count(*) FROM page_version") == [(1,)]


def test_crawl_without_a_row_is_named(store):
    with pytest.raises(WrongUse, match="crawl nowhere-1 is not in the database"):
        store.write_readings("nowhere-1", [reading(0)])


def test_crawl_statements_come_in_any_order(store):
    of = crawl(0)
    store.write_crawl(replace(of, status="interrupted"))
    store.write_crawl(replace(of, status="running", finished_at=None, started_at="2025-12-31T23:59:59Z"))
    store.write_crawl(replace(of, status="finished", finished_at="2026-01-02T00:00:00Z"))
    store.write_crawl(of)
    assert rows(store, "SELECT status, started_at, finished_at FROM crawl") == [
        ("finished", "2025-12-31T23:59:59Z", "2026-01-02T00:00:00Z")
    ]
    with pytest.raises(WrongUse, match="belongs to site example"):
        store.write_crawl(Crawl(of.id, "other", of.started_at, None, "running", "x"))


def test_site_is_filled_in_and_not_emptied(store):
    store.write_site(
        SITE, name="Better Care", home="http://example.test/", described={"title": "T"}, organisation="bcn"
    )
    store.write_site(SITE, name=SITE)
    assert rows(store, "SELECT name, home, title, organisation_key FROM site") == [
        ("Better Care", "http://example.test/", "T", "bcn")
    ]


def test_sealed_files_are_those_with_a_digest(store):
    write(store, 0, reading(0))
    write(store, 1, reading(1))
    store.seal_warc("example-0.warc.gz", "sha256:00", 12345)
    assert store.sealed_files() == {"example-0.warc.gz"}
    assert rows(store, "SELECT sha256, size, sealed FROM warc ORDER BY path") == [
        ("sha256:00", 12345, 1),
        (None, None, 0),
    ]


def test_lock_is_held_around_every_batch_and_the_close(tmp_path):
    events: list[str] = []

    @contextmanager
    def lock():
        events.append("in")
        yield
        events.append("out")

    store = Store(tmp_path / "archive.db", KINDS, write_lock=lock)
    store.write_site(SITE, name="Example")
    write(store, 0, reading(0))
    store.derive(SITE)
    assert not store.db.conn.in_transaction
    store.close()
    assert events == ["in", "out"] * 6


def test_replaced_database_is_seen_by_those_who_have_it_open(tmp_path):
    (tmp_path / "fresh").mkdir()
    with open_store(tmp_path) as store, open_store(tmp_path / "fresh") as fresh:
        write(store, 0, reading(0, members("A")))
        write(fresh, 0, reading(0, members("B")))
        reader = open_read_only(tmp_path / "archive.db")
        assert reader.execute("SELECT value FROM fact").fetchall() == [("A",)]
        store.replace_with(fresh)
        assert reader.execute("SELECT value FROM fact").fetchall() == [("B",)]
        reader.close()
        write(store, 1, reading(1, members("A", "B")))
        assert rows(store, "PRAGMA foreign_key_check") == []


def test_another_who_writes_goes_on_when_the_database_is_replaced(tmp_path):
    (tmp_path / "fresh").mkdir()
    news = "http://example.test/news"
    with open_store(tmp_path) as store, open_store(tmp_path / "fresh") as fresh:
        write(store, 0, reading(0, members("A")), reading(0, members("B"), url=news, key="news", second=1))
        write(fresh, 0, reading(0, members("B"), url=news, key="news", second=1), reading(0, members("A")))
        with Store(tmp_path / "archive.db", KINDS) as other:
            other.replace_with(fresh)
        # what it remembers are the numbers of the rows that were there
        write(store, 1, reading(1, members("A")), reading(1, members("B"), url=news, key="news", second=1))
        assert rows(
            store,
            "SELECT c.captured_at, r.url, v.page_key, f.value FROM capture c JOIN resource r ON r.id = c.resource_id"
            " JOIN page_version v ON v.id = c.page_version_id JOIN observation o ON o.capture_id = c.id"
            " JOIN fact f ON f.section_version_id = o.section_version_id WHERE c.captured_at >= '2026-01-02' ORDER BY 1",
        ) == [(day(1), "http://example.test/", "home", "A"), (day(1, 1), news, "news", "B")]


def _write_many(path, site):
    with Store(path, KINDS) as store:
        store.write_site(site, name=site)
        for number in range(12):
            write(store, number, *(reading(number, members("A"), second=s, site=site) for s in range(5)), site=site)
            store.derive(site)


def test_processes_wait_for_one_another(tmp_path):
    path = tmp_path / "archive.db"
    Store(path, KINDS).close()
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(path, site)) for site in ("one", "two")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    with Store(path, KINDS) as store:
        assert store.counts().captures == 120


def test_counts_are_what_the_demo_says(store):
    write(store, 0, reading(0, members("A", "B"), goals("G")), image(0, "http://example.test/i.png", "p"))
    write(store, 1, reading(1, members("A"), goals("G")))
    store.derive(SITE)
    counts = store.counts()
    assert (counts.crawls, counts.captures, counts.pages, counts.changes) == (2, 3, 1, 1)
    assert (counts.listed["member"], counts.current["member"]) == (2, 1)
    assert (counts.listed["goal"], counts.listed["sponsor"]) == (1, 0)


def test_search_finds_words_without_accents_and_parts_of_names(store):
    write(store, 0, reading(0, found("member", [member("Stichting Pleegzorg")]), text="De coöperatie is er"))
    store.derive(SITE)
    store.derive(SITE)
    hits = (
        "SELECT v.page_key FROM page_version_fts f JOIN page_version v ON v.id = f.rowid WHERE page_version_fts MATCH ?"
    )
    assert rows(store, hits, "cooperat*") == [("home",)]
    assert rows(store, "SELECT kind, ref FROM name_trigram WHERE folded MATCH 'zorg'") == [
        ("organisation", "stichting-pleegzorg")
    ]


def test_image_sizes_are_kept_whichever_reading_brings_them(store):
    url = "http://example.test/i.png"
    write(
        store, 0, image(0, url, "p"), image(0, url, "p", second=31, width=120, height=40), image(0, url, "p", second=32)
    )
    assert rows(store, "SELECT width, height, mime FROM payload") == [(120, 40, "image/png")]


def test_schema_has_one_name_per_migration():
    assert len({migration.name for migration in migrations._migrations}) == len(migrations._migrations)


def test_several_that_open_a_new_database_at_once_all_open_it(tmp_path):
    """Of four that made a file write-ahead at once SQLite refused one in every thirty rounds or so."""
    together = threading.Barrier(4)

    def opened(path):
        together.wait(30)
        with closing(sqlite3.connect(path, timeout=BUSY_S)) as connection:
            _write_ahead(sqlite_utils.Database(connection))
            return connection.execute("PRAGMA journal_mode").fetchone()

    with ThreadPoolExecutor(4) as pool:
        for number in range(200):
            assert set(pool.map(opened, [tmp_path / f"{number}.db"] * 4)) == {("wal",)}
