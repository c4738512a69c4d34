"""What the public is served: a file in which nothing hidden ever was, put in place whole."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from archive.browse.publication import Publication
from archive.store import open_read_only
from archive.store.decisions import append_decision
from archive.store.publication import OPERATORS, drafting, publish, write_visible
from tests.archive.export_archive import HIDDEN, SECRET, build

#: of what is withheld, of a fact nobody confirmed, of the operator
WORDS = (SECRET, "geheim", HIDDEN, "Gok", "op verzoek van", "Jo Beheer")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return build(tmp_path_factory.mktemp("publication") / "archive")


@pytest.fixture(autouse=True)
def without_decisions(archive):
    yield
    for path in (*archive.decisions.glob("*"), *archive.root.glob("public.db*")):
        path.unlink()


def decide(archive) -> None:
    path = archive.decisions / "decisions.jsonl"
    append_decision(path, who="Jo Beheer", why="privacy: op verzoek van X", action="takedown", scope=HIDDEN)


def found_in(folder, name: str) -> set[str]:
    data = b"".join(path.read_bytes() for path in folder.glob(f"{name}*")).lower()
    return {word for word in WORDS if word.lower().encode() in data}


def test_nothing_hidden_is_in_its_bytes(archive):
    decide(archive)
    assert Publication(archive, public=True).path == archive.root / "public.db"
    assert found_in(archive.root, "archive.db") >= {SECRET, "geheim", HIDDEN, "Gok"}
    assert found_in(archive.root, "public.db") == set()


@pytest.mark.parametrize("taken_out", [True, False], ids=["taken out", "made anew"])
def test_what_is_withheld_while_it_is_read_leaves_its_bytes_too(archive, taken_out):
    publication = Publication(archive, public=True)
    path = publication.path
    assert found_in(archive.root, "public.db") == {SECRET, "geheim", HIDDEN}
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as reader:
        reading = reader.execute("SELECT * FROM page_version UNION ALL SELECT * FROM page_version")
        assert reading.fetchone()
        decide(archive)
        assert not publication.holds()
        publication.hold() if taken_out else publication.refresh()
        assert publication.holds()
        # Whoever was reading goes on; what it reads cannot be written over before it has done.
        assert publication.is_due()
        assert len(reading.fetchall()) > 1
        assert reader.execute("SELECT count(*) FROM page_version WHERE page_key = 'h'").fetchone() == (0,)
        publication.refresh()
        assert not publication.is_due()
        assert found_in(archive.root, "public.db") == set()


def test_it_is_a_database_of_ours_that_is_whole(archive):
    decide(archive)
    path = Publication(archive, public=True).path
    with closing(open_read_only(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        names = {*db.table_names(), *db.view_names()}
        assert not names & {*OPERATORS, "decided", "review"}
        referred = {key.other_table for table in db.tables for key in table.foreign_keys}
        assert "resource" in referred
        assert referred <= names
        for name in names:
            db.execute(f'SELECT * FROM "{name}" LIMIT 1').fetchall()
        for table in ("page_version_fts", "name_trigram"):
            db.execute(f"SELECT count(*) FROM {table} WHERE {table} MATCH 'corda'").fetchone()
        known = db.execute("SELECT count(*) FROM page_version_fts WHERE page_version_fts MATCH 'formule'").fetchone()
        assert known == (3,)


def test_what_a_person_confirmed_is_no_guess(archive):
    with closing(sqlite3.connect(archive.database)) as db:
        db.execute(
            "INSERT INTO correction SELECT id, '*', 0, 'site', 'reviewed', value, kind, year, organisation_id, 'd'"
            " FROM fact WHERE tier = 'candidate'".replace("'site'", "(SELECT id FROM site)")
        )
        db.commit()
    try:
        with closing(sqlite3.connect(Publication(archive, public=True).path)) as db:
            assert db.execute("SELECT count(*) FROM fact WHERE value = 'Gok'").fetchone() == (1,)
    finally:
        with closing(sqlite3.connect(archive.database)) as db:
            db.execute("DELETE FROM correction")
            db.commit()


CODE = """import sys
from pathlib import Path
from archive.layout import Archive
from archive.store.publication import drafting, publish, write_visible
archive, target = Archive.open(Path(sys.argv[1])), Path(sys.argv[2])
while True:
    with drafting(target) as draft:
        write_visible(archive, draft, public=True)
        print("made", flush=True)
        publish(draft, target)
"""


def test_a_process_that_is_killed_while_it_publishes_leaves_the_old_or_the_new(archive, tmp_path):
    target = tmp_path / "public.db"
    with drafting(target) as draft:
        write_visible(archive, draft, public=True)
        publish(draft, target)
    for number in range(3):
        process = subprocess.Popen([sys.executable, "-c", CODE, archive.root, target], stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(number * 0.007)  # at another moment each time
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        with closing(sqlite3.connect(target)) as db:
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert db.execute("SELECT count(*) > 0 FROM capture").fetchone() == (1,)
    decide(archive)
    with drafting(target) as draft:
        write_visible(archive, draft, public=True)
        publish(draft, target)
    assert found_in(tmp_path, "public.db") == set()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["public.db"]
