"""What a decision takes out of a file that is served is what would not have been written into a new one."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime

import pytest

from archive.browse import publication as publications
from archive.browse.grounds import rules_for
from archive.browse.publication import Publication
from archive.layout import Archive
from archive.store import Store
from archive.store.decisions import append_decision
from archive.store.publication import write_visible
from crawler.items import KINDS, Member
from tests.archive.browse_archive import HOME, HOST, LOGOS, SITE, Building, build, response, section

SECRET = f"{HOST}/p/777/dossier"
#: each beside the others: a name that only one page has, one that two have, candidates, links to what is hidden
NAMES = ("Stichting De Zilveren Vos", "Vereniging Het Baken")
LOGO = f"{HOST}/images/{LOGOS['Stichting Lantaarn']}"


def page(title: str, names: tuple[str, ...]) -> bytes:
    items = "".join(f"<li>{name}" for name in names)
    links = "".join(f'<a href="{url}">x</a>' for url in (SECRET, LOGO, HOME))
    return f"<!doctype html><title>{title}</title><h1>{title}</h1><p>Het geheime {title}.</p><ul>{items}</ul>{links}".encode()


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    built = build(tmp_path_factory.mktemp("removal") / "archive")
    with Store(built.archive.database, KINDS, write_lock=built.archive.lock_database) as store:
        for number in range(2):
            crawl = Building(built, store, datetime(2019 + number, 5, 1, 12, tzinfo=UTC))
            for name, url, names in (
                (f"secret{number}", SECRET, NAMES[: 2 - number]),
                (f"other{number}", f"{HOST}/p/888/ander", NAMES[1:]),
            ):
                html = page(f"Dossier {name}", names)
                listed = section(Member, html, list(names), organisation=lambda _: "vos")
                crawl.add(name, url, response(html, "text/html; charset=utf-8"), listed, page_key=name.rstrip("01"))
            crawl.finish()
        store.derive(SITE, anchors=["home"])
    with closing(sqlite3.connect(built.archive.database)) as connection:
        version = connection.execute("SELECT max(id) FROM page_version").fetchone()[0]
        for url in (SECRET, LOGO, HOME):
            connection.execute("INSERT OR IGNORE INTO link VALUES (?, ?, 'L', 'a@href', 'x')", (version - 3, url))
        connection.execute("UPDATE capture SET via = ?1, redirect_to = ?1 WHERE id % 3 = 0", (SECRET,))
        connection.execute("UPDATE fact SET tier = 'candidate' WHERE id % 5 = 0")
        connection.commit()
    return built.archive


@pytest.fixture
def archive(built, tmp_path):
    return Archive.open(shutil.copytree(built.root, tmp_path / "archive"))


def decide(archive, scope: str, value: str | None = None) -> None:
    path = archive.decisions / "decisions.jsonl"
    append_decision(path, who="Jo", why="privacy: brief", action="takedown", scope=scope, value=value)


def rows(path) -> dict[str, set[tuple]]:
    with closing(sqlite3.connect(path)) as db:
        made = db.execute("SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
        virtual = [name for name, sql in made if sql.startswith("CREATE VIRTUAL")]
        held = {}
        for name, _ in made:
            shadow = any(name.startswith(f"{one}_") for one in virtual)
            if not name.startswith("sqlite_") and name not in virtual and not shadow:
                held[name] = sorted(db.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)
        held["made"] = sorted(row for row in made if not row[0].startswith("sqlite_stat"))
        for name in virtual:
            db.execute(f"INSERT INTO {name} ({name}) VALUES ('integrity-check')")
            db.execute(f"CREATE VIRTUAL TABLE temp.{name}_vocab USING fts5vocab('main', '{name}', 'instance')")
            held[name] = sorted(db.execute(f"SELECT * FROM temp.{name}_vocab").fetchall())
        held["name_trigram"] += sorted(db.execute("SELECT rowid, * FROM name_trigram").fetchall())
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        return held


def anew(archive, public: bool, tmp_path) -> dict[str, set[tuple]]:
    path = tmp_path / "anew.db"
    path.unlink(missing_ok=True)
    write_visible(archive, path, public=public)
    return rows(path)


TAKEDOWNS = [
    [(SECRET, None), (LOGO, None)],
    [(SECRET, "2020-01-01/2020-12-31"), (SECRET, None)],
    [(HOME, "/2017-01-01"), (f"{HOST}/p/", None), (HOST, None)],
    [(f"{HOST}/p/888/ander", None), (HOME, None), (SECRET, "2019-01-01/2019-12-31")],
]


@pytest.mark.parametrize("public", [True, False], ids=["public", "operator"])
@pytest.mark.parametrize("takedowns", TAKEDOWNS, ids=range(len(TAKEDOWNS)))
def test_it_is_what_would_have_been_made_anew(archive, tmp_path, monkeypatch, public, takedowns):
    if not public:
        decide(archive, f"{HOST}/never")  # or the database itself is served
    publication = Publication(archive, public=public)
    path = publication.path
    before = rows(path)
    assert before == anew(archive, public, tmp_path)
    inode = path.stat().st_ino
    monkeypatch.setattr(publications.publication, "write_visible", pytest.fail)
    for scope, value in takedowns:
        decide(archive, scope, value)
        assert not publication.holds()
        assert publication.hold()
        assert publication.holds()
        assert publication.path == path
        assert path.stat().st_ino == inode
        found, expected = rows(path), anew(archive, public, tmp_path)
        for name in expected:
            assert found[name] == expected[name], name
        assert found != before
        before = found


def test_nothing_of_it_is_left_in_the_bytes(archive):
    publication = Publication(archive, public=True)
    publication.refresh()
    words = ["geheime", "Zilveren Vos", "p/777/dossier", "ilvere"]

    def found() -> set[str]:
        data = b"".join(one.read_bytes() for one in archive.root.glob("public.db*"))
        return {word for word in words if word.encode() in data}

    assert found() == set(words)
    for scope in (SECRET, f"{HOST}/p/888/ander"):
        decide(archive, scope)
        assert publication.hold()
    assert found() == set()
    assert not publication.is_due()
    # An index that is not merged tells which three letters what was deleted had.
    with closing(sqlite3.connect(publication.path)) as db:
        for index in ("page_version_fts", "name_trigram"):
            assert db.execute(f"SELECT count(DISTINCT segid) FROM {index}_idx").fetchone() == (1,)


def test_what_is_lifted_stays_hidden_until_a_new_one_is_made(archive):
    decide(archive, SECRET)
    publication = Publication(archive, public=True)
    path = publication.path
    decide(archive, SECRET, "lifted")
    decide(archive, LOGO)
    assert publication.hold()
    assert publication.holds()
    assert publication.is_due()
    assert {rule.key for rule in publication.rules} >= {"test,netwerk)/p/777/dossier"} or rules_for(
        publication, [SECRET]
    )
    publication.refresh()
    assert not rules_for(publication, [SECRET])
    assert rules_for(publication, [LOGO])
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT url FROM resource WHERE url IN (?, ?)", (SECRET, LOGO)).fetchall() == [(SECRET,)]


def test_what_is_decided_while_another_is_made_is_not_in_it(archive, monkeypatch):
    publication = Publication(archive, public=True, fresh_s=0)
    path = publication.path
    with Store(archive.database, KINDS, write_lock=archive.lock_database) as store:
        store.write_site("x", name="Later")
    written, decided = threading.Event(), threading.Event()
    write = publications.publication.write_visible

    def write_and_wait(*args, **kwargs):
        write(*args, **kwargs)
        written.set()
        assert decided.wait(30)

    monkeypatch.setattr(publications.publication, "write_visible", write_and_wait)
    monkeypatch.setattr(publications, "_COSTS", 0)
    maker = threading.Thread(target=publication.refresh)
    maker.start()
    assert written.wait(30)
    decide(archive, SECRET)
    # Nobody waits for the one that is being made.
    assert publication.hold()
    decided.set()
    maker.join()
    assert publication.holds()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM site WHERE name = 'Later'").fetchone() == (1,)
        assert db.execute("SELECT count(*) FROM resource WHERE url = ?", (SECRET,)).fetchone() == (0,)


def test_a_copy_that_cannot_be_written_is_made_anew(archive):
    publication = Publication(archive, public=True)
    path = publication.path
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE name_trigram")
    decide(archive, SECRET)
    assert not publication.hold()
    assert not publication.holds()
    publication.refresh()
    assert publication.holds()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM name_trigram").fetchone()[0] > 0
