"""What is kept between visitors is never older than the last decision, nor than the database by more than a moment."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from archive.browse import remembered as room
from archive.browse.serve import build as build_datasette
from archive.store.decisions import append_decision
from tests.archive.browse_archive import HOME, build
from tests.archive.browse_server import running


@pytest.fixture
def built(tmp_path):
    return build(tmp_path / "archive")


def add_organisation(built, key: str) -> None:
    with closing(sqlite3.connect(built.archive.database)) as connection, connection:
        connection.execute("INSERT INTO organisation (id, name) VALUES (?, ?)", (key, key))


def test_it_is_worked_out_once_while_nothing_changes_and_by_one_at_a_time(built, monkeypatch):
    datasette = build_datasette(built.archive)
    times = 0

    async def read() -> int:
        nonlocal times
        times += 1
        await asyncio.sleep(0.01)
        return times

    async def ask(count: int) -> list[int]:
        return await asyncio.gather(*(room.remembered(datasette, "archive", "x", read) for _ in range(count)))

    async def all_of_it() -> None:
        assert await ask(20) == [1] * 20
        assert await ask(20) == [1] * 20
        add_organisation(built, "een")
        assert await ask(1) == [1]  # a moment later
        monkeypatch.setattr(room, "_COSTS", 0)
        # One works it out; who comes meanwhile is told what was known.
        assert sorted(await ask(20)) == [1] * 19 + [2]
        assert await ask(20) == [2] * 20

    asyncio.run(all_of_it())
    for database in datasette.databases.values():
        database.close()


def test_the_front_page_shows_nothing_from_before_a_decision(built, monkeypatch):
    monkeypatch.setattr(room, "_COSTS", 1e9)
    with running(build_datasette(built.archive)) as client:
        for path in ("/", "/-/changes", "/-/changes.atom"):
            assert "Huis van Jeugd" in client.get(path).text, path
        decisions = built.archive.decisions / "decisions.jsonl"
        append_decision(decisions, who="x", why="privacy", action="takedown", scope=HOME)
        for path in ("/", "/-/changes", "/-/changes.atom"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "Huis van Jeugd" not in answer.text, path


def test_a_database_that_stands_alone_is_looked_at_again(built, tmp_path):
    from datasette.app import Datasette

    alone = tmp_path / "alone.db"
    with closing(sqlite3.connect(built.archive.database)) as source, closing(sqlite3.connect(alone)) as target:
        source.backup(target)
    with running(Datasette([str(alone)])) as client:
        assert ">8</a>" in client.get("/").text
        with closing(sqlite3.connect(alone)) as connection, connection:
            connection.execute("INSERT INTO organisation (id, name) VALUES ('twee', 'Twee')")
        for _ in range(200):
            if ">9</a>" in client.get("/").text:
                return
        pytest.fail("it is not counted")


def test_other_methods_and_other_databases_have_datasettes_own_answers(built):
    from datasette.app import Datasette

    with running(build_datasette(built.archive)) as client:
        assert [client.request(method, "/").status_code for method in ("OPTIONS", "BREW")] == [405, 400]
        assert client.head("/").status_code == 200
        assert client.get("/.json").json().keys() == {"archive"}
        assert 'rel="alternate"; type="application/json+datasette"' in client.get("/").headers["link"]
        assert client.get("/").headers["content-security-policy"].startswith("default-src 'none'")
    with running(Datasette([], memory=True)) as client:
        assert "_memory" in client.get("/").text
        assert client.get("/").status_code == 200
