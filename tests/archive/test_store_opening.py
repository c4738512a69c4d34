"""Opening the database: which is ours, who may write it, and several at once."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest
import sqlite_utils

from archive.errors import NotAnArchive
from archive.store import Store, open_read_only
from archive.store.schema import BUSY_S, _write_ahead, migrations
from archive.store.views import view_name
from crawler.items import KINDS, ExternalLink, Member
from tests.archive.store_builders import (
    SITE,
    day,
    members,
    open_store,
    reading,
    rows,
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
