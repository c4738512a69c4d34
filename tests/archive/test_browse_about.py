"""The page about the archive: what it says of itself, of its gaps, and what it keeps from strangers."""

from __future__ import annotations

import json
import shutil
import sqlite3
from importlib.metadata import version

import pytest
from datasette.app import Datasette

from archive.browse.about import gaps, left_out
from archive.browse.serve import build as build_datasette
from archive.layout import Archive
from archive.model import Crawl
from archive.store import Store
from crawler.items import KINDS
from tests.archive.browse_archive import SITE, build
from tests.archive.browse_server import running, text_of

REPORT = {
    "seeds": [
        {"url": "http://netwerk.test/weg", "status": 404, "problem": None},
        {"url": "http://netwerk.test/", "status": 301, "problem": None},
        {"url": "http://netwerk.test/traag", "status": None, "problem": "timeout"},
    ],
    "refusals": {"robots": 2, "outside-host": 6},
    "failed": 1,
}
#: what only the operator is told
SECRETS = ("http://netwerk.test/traag", "robots.txt asks</li>", version("datasette"), sqlite3.sqlite_version, "SQLite")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    archive = build(tmp_path_factory.mktemp("about") / "archive").archive
    with Store(archive.database, KINDS, write_lock=archive.lock_database) as store:
        third = Crawl(f"{SITE}-20180601000000000", SITE, "2018-06-01T00:00:00Z", "2018-06-01T01:00:00Z", "limited", "bewaar test")  # fmt: skip
        store.write_crawl(third)
    with sqlite3.connect(archive.database) as db:
        db.execute("INSERT INTO closing VALUES (?, '2018-06-01T01:00:00Z', 'sha256:x', 'crawl', ?)", [third.id, json.dumps(REPORT)])  # fmt: skip
        db.execute("UPDATE site SET rights = 'CC BY 4.0 <b>'")
    db.close()
    return archive


@pytest.fixture(scope="module")
def html(archive):
    with running(build_datasette(archive)) as client:
        yield client.get("/-/about").text


@pytest.fixture(scope="module")
def public_html(archive, tmp_path_factory):
    copy = shutil.copytree(archive.root, tmp_path_factory.mktemp("public") / "archive")
    with running(build_datasette(Archive.open(copy), public=True)) as client:
        yield client.get("/-/about").text


def test_it_says_who_keeps_it_and_how_to_reach_them(html):
    text = text_of(html)
    assert "This archive is kept by Museum van het Web." in text
    assert '<a href="mailto:archief@museum.test">archief@museum.test</a>' in html
    assert "Write to archief@museum.test, with the address of the page you mean" in text


def test_it_says_what_is_kept_and_what_is_not(html):
    text = text_of(html)
    assert "Netwerk Betere Zorg http://netwerk.test/p/215/3232/netwerk 3 2016-05-01 2018-06-01" in text
    assert "729 days without a crawl, from 2016-05-01 to 2018-05-01" in text
    assert "30 days without a crawl, from 2018-05-01 to 2018-06-01" in text
    assert "The crawl of 2018-06-01 did not reach its end: limited" in text
    assert "On 2018-06-01 this address gave no page: http://netwerk.test/weg" in text
    assert "On 2018-06-01 this address gave no page: http://netwerk.test/traag" in text
    assert "gave no page: http://netwerk.test/ " not in text  # it leads elsewhere
    assert "On 2018-06-01 2 addresses were left alone, as the site’s robots.txt asks" in text
    assert "On 2018-06-01 one address did not answer" in text


def test_it_says_what_words_mean_and_with_what_it_was_made(html):
    text = text_of(html)
    for word in ("confirmed", "candidate", "first listed", "no longer listed", "unknown"):
        assert f"<dt>{word}</dt>" in html
    assert "The crawls were made with bewaar test." in text
    assert f"Datasette {version('datasette')}, SQLite {sqlite3.sqlite_version}" in text
    assert "CC BY 4.0 &lt;b&gt;" in html


def test_strangers_are_told_nothing_of_the_machine_or_of_what_went_wrong(html, public_html):
    text = text_of(public_html)
    assert [secret for secret in SECRETS if secret not in html] == []
    assert [secret for secret in SECRETS if secret in public_html] == []
    assert "This page is shown by Bewaar and Datasette." in text
    assert "Candidates are not shown here." in text
    assert "729 days without a crawl" in text
    assert "Write to archief@museum.test" in text


def test_an_archive_that_stands_alone_has_one_too(archive, tmp_path):
    shutil.copy(archive.database, tmp_path / "archive.db")
    with running(Datasette([str(tmp_path / "archive.db")])) as client:
        answer = client.get("/-/about")
        assert answer.status_code == 200
        assert "has given no address here" in answer.text
        assert 'href="/-/about"' in client.get("/").text


def test_an_empty_archive_says_so(tmp_path):
    Store(tmp_path / "archive.db", KINDS).close()
    with running(Datasette([str(tmp_path / "archive.db")])) as client:
        assert "Nothing yet." in client.get("/-/about").text


def test_who_may_not_see_crawls_is_not_told_of_them(archive):
    datasette = build_datasette(archive)
    datasette._metadata_local = {"databases": {"archive": {"tables": {"crawl": {"allow": False}}}}}
    with running(datasette) as client:
        assert client.get("/-/about").status_code == 403
    datasette = build_datasette(archive)
    datasette._metadata_local = {"databases": {"archive": {"tables": {"closing": {"allow": False}}}}}
    with running(datasette) as client:
        assert "robots.txt asks</li>" not in client.get("/-/about").text


def test_only_the_longest_gaps_are_told_in_order_of_time():
    days = [1, 40, 50, 60, 61, 100, 130, 200, 240]
    crawls = [{"started_at": f"2016-{1 + d // 28:02}-{1 + d % 28:02}T00:00:00Z"} for d in days]
    crawls = [crawl | {"ended_at": crawl["started_at"]} for crawl in crawls]
    found = gaps(crawls)
    assert len(found) == 5
    assert [gap["since"] for gap in found] == sorted(gap["since"] for gap in found)
    assert min(gap["days"] for gap in found) > 9


@pytest.mark.parametrize("report", ["", "[]", "{}", '{"seeds": 3, "failed": 0}', '{"failed": "x"}', '{"failed": 1, "refusals": []}'])  # fmt: skip
def test_a_closing_that_others_wrote_tells_nothing(report):
    assert left_out(report) == {}
