"""A database of any earlier schema becomes one of today's, with every row it had."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass

import pytest

from archive.errors import NotAnArchive
from archive.store import Store, compare, open_read_only
from archive.store.schema import migrations
from crawler.items import KINDS
from tests.archive.old_databases import MOST_BYTES, migrations_of, packed, schema_of, unpack

#: of kinds that have been derived alike from the first day on
ANCHORS = ("home", "dfc:215:3232")
LISTED = (
    "SELECT role, value, state, first_seen, last_seen FROM presence WHERE role IN ('member', 'goal') ORDER BY 1, 2, 4"
)

Rows = dict[str, list[dict[str, object]]]


@dataclass
class Migrated:
    name: str
    store: Store
    before: Rows
    listed_before: list[tuple]


def all_rows(connection: sqlite3.Connection) -> Rows:
    found: Rows = {}
    for table in compare.tables(connection):
        cursor = connection.execute(f'SELECT * FROM "{table}"')
        names = [column[0] for column in cursor.description]
        found[table] = [dict(zip(names, row, strict=True)) for row in cursor]
    return found


@pytest.fixture(scope="module", params=packed(), ids=lambda path: path.name.removesuffix(".sql.xz"))
def migrated(request, tmp_path_factory):
    path = unpack(request.param, tmp_path_factory.mktemp("old") / "archive.db")
    with closing(sqlite3.connect(path)) as old:
        before, listed = all_rows(old), old.execute(LISTED).fetchall()
    with Store(path, KINDS) as store:
        yield Migrated(request.param.name, store, before, listed)


@pytest.fixture(scope="module")
def new_schema(tmp_path_factory):
    with Store(tmp_path_factory.mktemp("new") / "archive.db", KINDS) as store:
        return schema_of(store.db.conn)


def test_every_schema_there_has_been_has_its_database(tmp_path):
    held = []
    for number, path in enumerate(packed()):
        assert path.stat().st_size <= MOST_BYTES, path
        with closing(sqlite3.connect(unpack(path, tmp_path / f"{number}.db"))) as connection:
            held.append(tuple(migrations_of(connection)))
            assert path.name == f"{number}-{held[-1][-1]}.sql.xz"
    names = [migration.name for migration in migrations._migrations]
    wanted = [tuple(names[:count]) for count in range(1, len(names) + 1)]
    # first_schema twice: there was one before it was edited
    assert held == [("first_schema",), *wanted], "a migration needs a database: see tests/archive/old_databases.py"


def test_the_schema_is_that_of_a_new_database(migrated, new_schema):
    assert schema_of(migrated.store.db.conn) == new_schema


def test_every_row_is_there_with_every_value(migrated):
    after = all_rows(migrated.store.db.conn)
    for table, rows in migrated.before.items():
        here = Counter(repr([row[column] for column in rows[0]]) for row in after[table]) if rows else Counter()
        assert here == Counter(repr(list(row.values())) for row in rows), table


def test_the_rows_are_many_and_of_every_layer(migrated):
    for table in ("capture", "page_version", "fact", "observation", "evidence", "link", "presence", "logo", "change"):
        assert len(migrated.before[table]) > 1, table


def test_foreign_keys_and_pages_of_the_file_are_sound(migrated):
    connection = migrated.store.db.conn
    assert connection.execute("PRAGMA foreign_keys").fetchall() == [(1,)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    for index in ("page_version_fts", "name_trigram"):
        connection.execute(f"INSERT INTO {index}({index}, rank) VALUES ('integrity-check', 1)")
    connection.rollback()


def test_timelines_are_derived_from_it_again(migrated):
    store = migrated.store
    sites = [row[0] for row in store.db.execute("SELECT id FROM site").fetchall()]
    dumps = []
    for _ in range(2):
        for site in sites:
            store.derive(site, anchors=ANCHORS)
        dumps.append(compare.dump(store.db.conn))
    assert list(compare.differences(*dumps)) == []
    assert store.db.conn.execute(LISTED).fetchall() == migrated.listed_before
    assert store.db.conn.execute("PRAGMA foreign_key_check").fetchall() == []


def test_reading_an_older_database_names_what_brings_it_up_to_date(tmp_path):
    path = unpack(packed()[0], tmp_path / "archive.db")
    before = path.read_bytes()
    with pytest.raises(NotAnArchive, match=r"archive\.db: its schema is older .*`bewaar rebuild` brings it up to date"):
        open_read_only(path)
    assert path.read_bytes() == before


def test_a_migration_that_fails_changes_nothing(tmp_path):
    path = unpack(packed()[0], tmp_path / "archive.db")
    with closing(sqlite3.connect(path)) as old:
        old.execute("CREATE TABLE drift (in_the_way TEXT)")
        old.commit()
        schema, rows = schema_of(old), all_rows(old)
    with pytest.raises(NotAnArchive, match=r"archive\.db: .*drift already exists"):
        Store(path, KINDS)
    with closing(sqlite3.connect(path)) as old:
        assert schema_of(old) == schema
        assert all_rows(old) == rows
