"""Fixtures that many tests of this room use. A module that needs another archive has a `built` of its own."""

from __future__ import annotations

import sqlite3

import pytest

from archive.store.decisions import append_decision
from tests.archive.store_builders import SITE, open_store
from tests.replayers import chromium


@pytest.fixture
def store(tmp_path):
    """An empty one."""
    with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def decide(store, tmp_path):
    """Write decisions, one second apart, and derive: their ids are 1, 2, 3..."""
    number = 0

    def decided(action, scope, value=None, anchors=("home",)):
        nonlocal number
        number += 1
        append_decision(
            tmp_path / "decisions.jsonl", who="Jo", action=action, scope=scope, value=value, decision_id=str(number),
            made_at=f"2026-01-01T00:00:{number:02d}Z",
        )  # fmt: skip
        store.load_decisions(tmp_path)
        store.derive(SITE, anchors=list(anchors))

    return decided


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The small archive of `browse_archive`, which nobody changes."""
    from tests.archive.browse_archive import build

    return build(tmp_path_factory.mktemp("browse") / "archive")


@pytest.fixture(scope="module")
def client(built):
    """Of the archive `built`, as it is served."""
    from archive.browse.serve import build as build_datasette
    from tests.archive.browse_server import running

    with running(build_datasette(built.archive)) as client:
        yield client


@pytest.fixture(scope="module")
def plain(built):
    """``datasette archive.db``, and no more."""
    from datasette.app import Datasette

    from tests.archive.browse_server import running

    with running(Datasette([str(built.archive.database)])) as client:
        yield client


@pytest.fixture(scope="module")
def base(client):
    """Where the archive `built` is served."""
    return str(client.base_url)


@pytest.fixture(scope="module")
def db(built):
    """A connection that only reads its database."""
    from archive.browse import search

    connection = sqlite3.connect(f"file:{built.archive.database}?mode=ro", uri=True)
    connection.create_function("match_expression", 1, search.match_expression, deterministic=True)
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium that reaches nothing but this machine."""
    with chromium() as browser:
        yield browser
