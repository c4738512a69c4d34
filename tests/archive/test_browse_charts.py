"""Charts on the front page: what they draw, what is said to those who do not see them, and what they cost."""

from __future__ import annotations

import re
import shutil
import sqlite3

import pytest
from datasette.app import Datasette
from hypothesis import given
from hypothesis import strategies as st

from archive.browse import charts, home, remembered
from archive.browse.charts import steps
from archive.browse.serve import build as build_datasette
from archive.store.decisions import append_decision
from tests.archive.browse_archive import HOME, SITE, build
from tests.archive.browse_server import running, text_of

#: tables that have a row or more for each capture
GROWS = ("capture", "resource", "payload", "page_version", "observation", "evidence", "link")


@pytest.fixture(scope="module")
def html(built):
    with running(build_datasette(built.archive)) as client:
        yield client.get("/").text


def listed(subject, first, until=None, state="ended"):
    return {"subject": subject, "first_seen": first, "until": until, "state": state if until else "current"}


def told(rows):
    return [(step.at, step.count) for step in steps(rows)]


def test_who_stands_on_two_pages_counts_once():
    rows = [listed("a", "2016"), listed("a", "2017", "2019"), listed("b", "2017", "2018")]
    assert told(rows) == [("2016", 1), ("2017", 2), ("2018", 1)]


def test_a_list_that_is_gone_is_not_a_list_of_none():
    rows = [listed("a", "2016", "2018", "unknown"), listed("b", "2016", "2018", "unknown")]
    assert told(rows) == [("2016", 2), ("2018", None)]
    assert told([listed("a", "2016", "2018", "ended")]) == [("2016", 1), ("2018", 0)]
    assert told([*rows, listed("a", "2020")]) == [("2016", 2), ("2018", None), ("2020", 1)]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.integers(1, 9)), max_size=12))
def test_steps_say_how_many_are_listed_at_each_time(given_rows):
    rows = [listed(name, str(first), str(first + length)) for name, first, length in given_rows if first + length < 10]
    found = told(rows)
    for at in map(str, range(10)):
        there = {row["subject"] for row in rows if row["first_seen"] <= at < row["until"]}
        assert next((count for since, count in reversed(found) if since <= at), 0) == len(there)


def test_a_line_is_level_from_step_to_step_and_broken_where_the_list_is_gone():
    at = "{}-01-01T00:00:00Z".format
    rows = [
        {**listed("a", at(2016), at(2017), "unknown"), "role": "member", "site_id": "s", "site": "S"},
        {**listed("b", at(2018)), "role": "member", "site_id": "s", "site": "S"},
        {**listed("c", at(2018)), "role": "member", "site_id": "s", "site": "S"},
    ]
    chart = charts.over_time(rows, "member", at(2016), at(2020))
    assert chart.lines[0].path == "M0 100H250.5M500.3 0H1000"
    assert charts.over_time(rows, "sponsor", at(2016), at(2020)) is None


def test_the_front_page_draws_both_lists_and_says_them(html):
    assert 'aria-label="Members listed: Netwerk Betere Zorg, 2016-05-01: 3"' in html
    assert 'aria-label="Sponsors shown: Netwerk Betere Zorg, 2016-05-01: 2, 2018-05-01: 3"' in html
    sponsors = html.partition('id="chart-sponsors"')[2].partition("</figure>")[0]
    assert re.search(r'd="M0 66\.7H999\.\dV0H1000"', sponsors)
    assert "From Netwerk Betere Zorg 2018-05-01 12:00 3 2016-05-01 12:00 2" in text_of(sponsors)


def test_each_crawl_has_its_bar_and_its_bytes(html, built):
    with sqlite3.connect(built.archive.database) as db:
        sizes = dict(db.execute("SELECT crawl_id, sum(warc_length) FROM capture GROUP BY 1"))
    db.close()
    figure = html.partition('id="chart-sizes"')[2].partition("</figure>")[0]
    assert len(re.findall('<rect class="bw-bar"', figure)) == 2
    first, last = re.findall(r'height="([\d.]+)"/>', figure)
    assert (float(first), float(last)) == (
        200.0,
        round(200 * sizes[min(sizes, key=sizes.get)] / max(sizes.values()), 1),
    )
    assert re.findall(r'href="/-/crawl/([^"]+)"', figure) == sorted(sizes, reverse=True)
    assert f"Netwerk Betere Zorg 16 {max(sizes.values()) / 1000:.1f} kB" in text_of(figure)


def test_several_sites_are_told_apart_by_more_than_their_colour(built, tmp_path):
    copy = tmp_path / "archive.db"
    shutil.copy(built.archive.database, copy)
    with sqlite3.connect(copy) as db:
        db.execute("INSERT INTO site (id, name) VALUES ('tweede', 'Tweede <b>')")
        columns = [row[1] for row in db.execute("PRAGMA table_info(presence)") if row[1] not in ("id", "site_id")]
        db.execute(
            f"INSERT INTO presence (site_id, {', '.join(columns)}) SELECT 'tweede', {', '.join(columns)} FROM presence"
            " WHERE role = 'sponsor'"
        )
    db.close()
    with running(Datasette([str(copy)])) as client:
        html = client.get("/").text
    sponsors = html.partition('id="chart-sponsors"')[2].partition("</figure>")[0]
    legend = sponsors.partition('class="bw-legend">')[2].partition("</ul>")[0]
    assert text_of(legend) == "Netwerk Betere Zorg Tweede &lt;b&gt;"
    assert sponsors.count("bw-series-2") == 2
    assert "<b>" not in sponsors
    with running(Datasette([str(copy)])) as client:
        sheet = client.get("/-/static-plugins/bewaar/bewaar.css").text
    assert len(set(re.findall(r"\.bw-series-[2346] [^}]*stroke-dasharray: ([^;]+);", sheet))) == 4


def test_an_archive_of_one_crawl_has_nothing_over_time(built, tmp_path):
    copy = tmp_path / "archive.db"
    shutil.copy(built.archive.database, copy)
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE crawl SET started_at = '0001-01-01T00:00:00Z' WHERE id > ?", [f"{SITE}-2017"])
    db.close()
    with running(Datasette([str(copy)])) as client:
        assert 'id="time"' not in client.get("/").text


def test_who_may_not_see_lists_sees_no_charts(built):
    datasette = build_datasette(built.archive)
    datasette._metadata_local = {"databases": {"archive": {"tables": {"presence": {"allow": False}}}}}
    with running(datasette) as client:
        answer = client.get("/")
    assert answer.status_code == 200
    assert 'id="time"' not in answer.text


# --- cost


@pytest.mark.parametrize("sql", [home._SITES, home._RUNNING, charts.LISTED, charts.CRAWLED])
def test_what_is_asked_at_every_visit_walks_no_table_that_grows_with_captures(built, sql):
    with sqlite3.connect(built.archive.database) as db:
        plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}")]
    db.close()
    aliases = re.findall(r"\b(\w+) (\w)\b(?= )", sql) + [(name, name) for name in GROWS]
    grow = {alias for name, alias in aliases if name in GROWS}
    assert plan
    assert [step for step in plan if (found := re.match(r"SCAN (\w+)", step)) and found[1] in grow] == []


def test_names_that_are_withheld_are_gone_at_once_however_long_counting_takes(tmp_path, monkeypatch):
    built = build(tmp_path / "archive")
    monkeypatch.setattr(remembered, "_COSTS", 1e9)
    with running(build_datasette(built.archive)) as client:
        assert "Huis van Jeugd" in client.get("/").text
        decisions = built.archive.decisions / "decisions.jsonl"
        append_decision(decisions, who="Jo", action="takedown", scope=HOME, why="privacy", decision_id="t")
        html = client.get("/").text
    assert "Huis van Jeugd" not in html
    assert 'id="chart-members"' not in html


def test_a_flood_of_changes_is_one_line_of_the_front_page(built, tmp_path):
    copy = tmp_path / "archive.db"
    shutil.copy(built.archive.database, copy)
    with sqlite3.connect(copy) as db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(change)")]
        copied = ", ".join("NULL" if one == "id" else one for one in columns)
        for _ in range(5):  # each doubles them
            db.execute(
                f"INSERT INTO change SELECT {copied} FROM change WHERE kind = 'first listed' AND role = 'member'"
            )
    db.close()
    with running(Datasette([str(copy)])) as client:
        latest = client.get("/").text.partition('id="changes"')[2].partition("</ol>")[0]
    assert len(re.findall('first listed</span> <span><span class="bw-role">member', latest)) == 1
    assert "no longer listed" in latest
