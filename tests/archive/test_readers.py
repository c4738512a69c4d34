"""Other people's programs open the database itself: pandas, DuckDB's ATTACH and the sqlite3 shell."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import duckdb_extension_sqlite_scanner
import pandas as pd
import pytest

from archive.store.view_descriptions import VIEWS
from archive.store.views import view_name
from crawler.items import KINDS
from tests.archive.export_archive import NASTY, build
from tests.machine import program

ALL_VIEWS = (*VIEWS, *(name for kind in KINDS for name in (view_name(kind), f"current_{view_name(kind)}")))


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return build(tmp_path_factory.mktemp("readers") / "archive")


@pytest.fixture(scope="module")
def counts(archive):
    with closing(sqlite3.connect(archive.database)) as connection:
        return {view: connection.execute(f'SELECT count(*) FROM "{view}"').fetchone()[0] for view in ALL_VIEWS}


def test_pandas_reads_tables_and_views(archive, counts):
    with closing(sqlite3.connect(f"file:{archive.database}?mode=ro", uri=True)) as connection:
        for view in ALL_VIEWS:
            assert len(pd.read_sql(f'SELECT * FROM "{view}"', connection)) == counts[view]
        members = pd.read_sql("SELECT * FROM member", connection, parse_dates=["first_seen", "last_seen"])
    assert str(members.first_seen.dtype).startswith("datetime64")
    assert set(members[members.state == "ended"].name) == {"Plan"}


@pytest.fixture
def duck(archive):
    # The extension comes as a package; by itself DuckDB would download it.
    folder = Path(duckdb_extension_sqlite_scanner.__file__).parent / "extensions" / f"v{duckdb.__version__}"
    with duckdb.connect() as connection:
        connection.execute(f"LOAD '{folder / 'sqlite_scanner.duckdb_extension'}'")
        connection.execute(f"ATTACH '{archive.database}' AS archive (TYPE sqlite, READ_ONLY)")
        yield connection


def test_duckdb_attaches_the_database(duck):
    found = duck.execute(
        "SELECT k.id, count(*) FROM archive.capture c JOIN archive.crawl k ON k.id = c.crawl_id GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert [count for _, count in found] == [5, 5, 5]
    assert duck.execute("SELECT DISTINCT value FROM archive.goal").fetchall() == [(NASTY,)]


@pytest.mark.parametrize("view", ALL_VIEWS)
def test_duckdb_reads_the_view(duck, counts, view):
    assert duck.execute(f'SELECT count(*) FROM (SELECT * FROM archive."{view}")').fetchone() == (counts[view],)


def test_the_sqlite3_shell_reads_it_and_finds_it_whole(archive, counts):
    program("sqlite3", "sqlite3")
    asked = "PRAGMA integrity_check; PRAGMA foreign_key_check;" + "".join(
        f'SELECT count(*) FROM "{v}";' for v in ALL_VIEWS
    )
    done = subprocess.run(["sqlite3", "-readonly", archive.database, asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["ok", *(str(counts[view]) for view in ALL_VIEWS)]


def test_our_own_processes_load_no_pandas_where_it_is_installed() -> None:
    """And leave it to whoever imports it after us."""
    code = "import archive.store, sys; print('pandas' in sys.modules, 'numpy' in sys.modules); import pandas"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["False", "False"]
