"""Writing readings to the database: each once, whole, whatever they hold."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

import pytest

from archive.errors import WrongUse
from archive.model import Crawl, Link, PageText, Problem, Section
from tests.archive.store_builders import (
    SITE,
    crawl,
    found,
    goals,
    image,
    member,
    members,
    reading,
    rows,
    sponsor,
    write,
)


def test_fields_a_kind_adds_are_columns_of_its_view(store):
    write(store, 0, reading(0, found("member", [member("A", chair=True, chair_since=2013), member("B")])))
    store.derive(SITE)
    assert rows(store, "SELECT name, chair, chair_since, compound FROM current_member ORDER BY name") == [
        ("A", 1, 2013, 0),
        ("B", 0, None, 0),
    ]
    assert json.loads(rows(store, "SELECT extra FROM fact WHERE value = 'A'")[0][0]) == {
        "chair": True,
        "chair_since": 2013,
        "compound": False,
    }


def test_repeating_a_batch_changes_nothing(store):
    batch = [reading(0, members("A")), replace(reading(0, second=1), problems=(Problem("slow"),))]
    write(store, 0, *batch)
    before = (
        rows(store, "SELECT * FROM capture"),
        rows(store, "SELECT * FROM evidence"),
        rows(store, "SELECT * FROM problem"),
    )
    write(store, 0, *batch)
    write(store, 0, *(replace(one, sections=(), page=None) for one in batch))
    after = (
        rows(store, "SELECT * FROM capture"),
        rows(store, "SELECT * FROM evidence"),
        rows(store, "SELECT * FROM problem"),
    )
    assert before == after
    assert len(before[0]) == 2


def test_batch_is_written_whole_or_not_at_all(store):
    broken = reading(0, second=1)
    broken = replace(broken, capture=replace(broken.capture, type="no such type"))
    store.write_crawl(crawl(0))
    with pytest.raises(sqlite3.IntegrityError):
        store.write_readings(crawl(0).id, [reading(0, members("A")), broken])
    for table in ("capture", "resource", "fact", "observation", "link", "payload", "warc"):
        assert rows(store, f"SELECT count(*) FROM {table}") == [(0,)], table
    # ids remembered from the batch that failed would now point nowhere
    write(store, 0, reading(0, members("A")))
    assert rows(store, "SELECT count(*) FROM fact JOIN evidence ON fact_id = fact.id") == [(1,)]
    assert rows(store, "PRAGMA foreign_key_check") == []


def test_footer_on_many_pages_is_stored_once_with_evidence_per_capture(store):
    footer = found("sponsor", [sponsor("A"), sponsor("B")])
    pages = [reading(0, footer, url=f"http://example.test/{n}", key=str(n), second=n) for n in range(10)]
    write(store, 0, *pages)
    assert rows(store, "SELECT (SELECT count(*) FROM fact), (SELECT count(*) FROM evidence)") == [(2, 20)]


def test_two_facts_at_one_position_are_both_kept(store):
    section = Section("member", "found", (member("A", 3), member("B", 3)))
    write(store, 0, reading(0, section))
    assert rows(store, "SELECT position, value, quote FROM fact JOIN evidence ON fact_id = id ORDER BY 1") == [
        (0, "A", "A"),
        (1, "B", "B"),
    ]


def test_two_sections_of_one_role_are_one_observation(store):
    second = found("member", [member("B")])
    write(store, 0, reading(0, members("A"), second, Section("member", "absent")))
    assert rows(store, "SELECT role, state FROM observation") == [("member", "found")]
    assert rows(store, "SELECT count(*) FROM fact") == [(2,)]


def test_characters_and_numbers_sqlite_cannot_hold_do_not_cost_the_page(store):
    odd = member("A\ud800B", year=1 << 80)
    page = replace(reading(0, found("member", [odd])), page=PageText("T\udfff", "x \ud83d", "nl", "sha256:x"))
    write(store, 0, page, reading(0, members("C"), second=1))
    assert rows(store, "SELECT value, year FROM fact ORDER BY id") == [("A\ufffdB", None), ("C", None)]
    store.derive(SITE)


def test_date_that_is_none_sorts_first_and_is_kept_verbatim(store):
    write(store, 0, reading(0, members("A"), warc_date="yesterday"))
    assert rows(store, "SELECT warc_date, captured_at FROM capture") == [("yesterday", "0001-01-01T00:00:00Z")]
    store.derive(SITE)


def test_links_of_a_page_and_of_what_is_no_page_are_edges(store):
    link = Link("http://example.test/a", "L", "a@href", "A")
    css = Link("http://example.test/bg.png", "E", "css")
    moved = Link("http://example.test/new", "R", "location")
    write(
        store,
        0,
        reading(0, links=[link, link]),
        image(0, "http://example.test/s.css", "css", mime="text/css", links=[css]),
        reading(0, url="http://example.test/old", key=None, status=301, second=40, links=[moved]),
    )
    store.derive(SITE)
    assert rows(store, "SELECT page_key, source_url, target_url, hop FROM edge ORDER BY target_url") == [
        ("home", None, link.url, "L"),
        (None, "http://example.test/s.css", css.url, "E"),
        (None, "http://example.test/old", moved.url, "R"),
    ]
    assert rows(store, "SELECT redirect_to FROM capture WHERE status = 301") == [(moved.url,)]
    assert rows(store, "SELECT count(*) FROM page_version") == [(1,)]


def test_crawl_without_a_row_is_named(store):
    with pytest.raises(WrongUse, match="crawl nowhere-1 is not in the database"):
        store.write_readings("nowhere-1", [reading(0)])


def test_crawl_statements_come_in_any_order(store):
    of = crawl(0)
    store.write_crawl(replace(of, status="interrupted"))
    store.write_crawl(replace(of, status="running", finished_at=None, started_at="2025-12-31T23:59:59Z"))
    store.write_crawl(replace(of, status="finished", finished_at="2026-01-02T00:00:00Z"))
    store.write_crawl(of)
    assert rows(store, "SELECT status, started_at, finished_at FROM crawl") == [
        ("finished", "2025-12-31T23:59:59Z", "2026-01-02T00:00:00Z")
    ]
    with pytest.raises(WrongUse, match="belongs to site example"):
        store.write_crawl(Crawl(of.id, "other", of.started_at, None, "running", "x"))


def test_site_is_filled_in_and_not_emptied(store):
    store.write_site(
        SITE, name="Better Care", home="http://example.test/", described={"title": "T"}, organisation="bcn"
    )
    store.write_site(SITE, name=SITE)
    assert rows(store, "SELECT name, home, title, organisation_key FROM site") == [
        ("Better Care", "http://example.test/", "T", "bcn")
    ]


def test_sealed_files_are_those_with_a_digest(store):
    write(store, 0, reading(0))
    write(store, 1, reading(1))
    store.seal_warc("example-0.warc.gz", "sha256:00", 12345)
    assert store.sealed_files() == {"example-0.warc.gz"}
    assert rows(store, "SELECT sha256, size, sealed FROM warc ORDER BY path") == [
        ("sha256:00", 12345, 1),
        (None, None, 0),
    ]


def test_counts_are_what_the_demo_says(store):
    write(store, 0, reading(0, members("A", "B"), goals("G")), image(0, "http://example.test/i.png", "p"))
    write(store, 1, reading(1, members("A"), goals("G")))
    store.derive(SITE)
    counts = store.counts()
    assert (counts.crawls, counts.captures, counts.pages, counts.changes) == (2, 3, 1, 1)
    assert (counts.listed["member"], counts.current["member"]) == (2, 1)
    assert (counts.listed["goal"], counts.listed["sponsor"]) == (1, 0)


def test_search_finds_words_without_accents_and_parts_of_names(store):
    write(store, 0, reading(0, found("member", [member("Stichting Pleegzorg")]), text="De coöperatie is er"))
    store.derive(SITE)
    store.derive(SITE)
    hits = (
        "SELECT v.page_key FROM page_version_fts f JOIN page_version v ON v.id = f.rowid WHERE page_version_fts MATCH ?"
    )
    assert rows(store, hits, "cooperat*") == [("home",)]
    assert rows(store, "SELECT kind, ref FROM name_trigram WHERE folded MATCH 'zorg'") == [
        ("organisation", "stichting-pleegzorg")
    ]


def test_image_sizes_are_kept_whichever_reading_brings_them(store):
    url = "http://example.test/i.png"
    write(
        store, 0, image(0, url, "p"), image(0, url, "p", second=31, width=120, height=40), image(0, url, "p", second=32)
    )
    assert rows(store, "SELECT width, height, mime FROM payload") == [(120, 40, "image/png")]
