"""What a visitor reads: the front page, and reports of crawls."""

from __future__ import annotations

import asyncio
import re
import sqlite3

import pytest
from datasette.app import Datasette

from archive.browse import home, queries
from archive.browse.serve import build as build_datasette
from archive.store import Store
from crawler.items import KINDS
from tests.archive.browse_archive import SITE, build
from tests.archive.browse_server import running, text_of

# --- front page


@pytest.mark.parametrize("kind", ["client", "plain"])
def test_the_front_page_tells_what_is_kept(request, built, kind):
    html = request.getfixturevalue(kind).get("/").text
    text = text_of(html)
    for said in ("2 crawls", "20 captures", "2 pages", "5 changes", "2016-05-01 – 2018-05-01", "in 2 WARC files"):
        number, _, label = said.partition(" ")
        assert said in text or f"{label} {number}" in text or said.split(" ", 2)[-1] in text, said
    assert "Stichting Lantaarn first listed 2016-05-01" in text
    assert "Plan Vooruit first listed 2018-05-01" in text
    assert f"{built.path('Plan Vooruit 2')}/thumbnail" in html
    assert "Huis van Jeugd 2018-05-01" in text
    assert "Pleegzorg Nu" not in text.split("Latest changes")[0]  # no longer a member
    assert "no longer listed member Pleegzorg Nu" in text
    assert "Uitwisseling van kennis, ervaring en beleid since 2018-05-01" in text
    assert "Kept with Bewaar by Museum van het Web" in text
    assert "archief@museum.test" in text


def test_the_front_page_counts_what_is_there(client, db):
    html = client.get("/").text
    shown = dict(re.findall(r"<dt>([a-z]+)</dt><dd><a [^>]*>([\d,]+)<", html))
    for label, sql in (("crawls", "crawl"), ("captures", "capture"), ("organisations", "organisation"),
                       ("changes", "change")):  # fmt: skip
        assert int(shown[label]) == db.execute(f"SELECT count(*) FROM {sql}").fetchone()[0] > 0


def test_the_number_of_pages_leads_to_as_many_rows_with_their_keys(client, db):
    number, href = re.search(r'<dt>pages</dt><dd><a href="([^"]+)">([\d,]+)<', client.get("/").text).group(2, 1)
    rows = client.get(f"{href}.json", params={"_shape": "array"}).json()
    assert len(rows) == int(number) > 0
    (versions,) = db.execute("SELECT count(*) FROM page_version WHERE text IS NOT NULL").fetchone()
    assert sum(row["versions"] for row in rows) == versions > len(rows)
    key = next(row["page_key"] for row in rows)
    asked = {"page_key": key, "date": "2018-06-01", "_shape": "array"}
    assert client.get("/archive/page_on_date.json", params=asked).status_code == 200


def test_a_question_says_more_than_its_title_and_names_no_key_that_nobody_knows():
    offered = queries.definitions({table for one in queries.QUESTIONS.values() for table in one.reads})
    for one in offered.values():
        assert not one["description"].startswith(one["title"])
        assert "plan-nederland" not in one["description"]
    assert "“Every page”" in offered["page_on_date"]["description"]


def test_a_period_of_one_day_is_that_day_and_a_name_without_a_logo_leads_on(tmp_path):
    built = build(tmp_path / "archive")
    with sqlite3.connect(built.archive.database) as connection:
        connection.execute("UPDATE crawl SET started_at = '2018-05-01T11:00:00Z'")
        connection.execute("DELETE FROM logo")
    with running(build_datasette(built.archive)) as client:
        html = client.get("/").text
    assert "<dt>period</dt><dd>2018-05-01</dd>" in html
    # A sponsor whose logo is not shown: its name, in the plate, leads to it.
    assert re.search(
        r'<a href="/-/organisation/stichting-lantaarn"><span class="bw-plate bw-none">Stichting Lantaarn<', html
    )


def test_a_database_that_is_no_archive_is_left_to_datasette(tmp_path):
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, captured_at TEXT)")
        other.execute("INSERT INTO t VALUES (1, '2016-05-01T12:00:00Z')")
    other.close()
    with running(Datasette([str(tmp_path / "other.db")])) as client:
        assert "other" in client.get("/").text
        assert "2016-05-01T12:00:00Z" in client.get("/other/t").text
        assert client.get("/-/capture/x").status_code == 404
        assert client.get("/-/search?q=x").status_code == 404


def test_an_archive_beside_another_database_keeps_its_pages(built, tmp_path):
    sqlite3.connect(tmp_path / "another.db").close()
    with running(Datasette([str(tmp_path / "another.db"), str(built.archive.database)])) as client:
        assert client.get(built.path("home")).status_code == 200
        assert "Stichting Lantaarn" in client.get("/").text


def test_an_empty_archive_has_a_front_page(tmp_path):
    Store(tmp_path / "archive.db", KINDS).close()
    with running(Datasette([str(tmp_path / "archive.db")])) as client:
        assert "nothing yet" in client.get("/").text
        for name in queries.QUESTIONS:
            assert client.get(f"/archive/{name}").status_code == 200


def test_the_front_page_is_read_in_few_queries(built):
    datasette = Datasette([str(built.archive.database)])
    asyncio.run(datasette.invoke_startup())
    found = asyncio.run(home.read(datasette, None, "archive"))
    assert [one["name"] for one in found["members"]] == ["Huis van Jeugd", "Stichting Kinderpostzegels", "Wilde Ganzen"]


# --- crawl reports


@pytest.mark.parametrize("kind", ["client", "plain"])
def test_a_crawl_has_its_report(request, kind):
    client = request.getfixturevalue(kind)
    answer = client.get("/-/crawl/latest")
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]
    assert f"Crawl report: {SITE}-20180501" in text_of(answer.text)
    assert "Against the crawl before" in answer.text
    assert 'lang="nl"' in client.get(f"/-/crawl/{SITE}?lang=nl").text
    assert client.get("/-/crawl/nobody-20180501000000000").status_code == 404
    links = re.findall(r'href="(/-/web/[^"]+)"', answer.text)
    assert client.get(links[0]).status_code == 302


def test_the_table_of_crawls_leads_to_their_reports(client):
    html = client.get("/archive/crawl").text
    (path, *_) = re.findall(r'href="(/-/crawl/[^"]+)"', html.partition("<main")[2])
    assert client.get(path).status_code == 200
