"""What is no drift: pages seen first, that failed or were not reached, texts that come and go, another extractor."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.archive.drifting import IDENTITY, OTHER, SEVEN, drift, show
from tests.archive.store_builders import (
    absent,
    crawl,
    found,
    member,
    members,
    reading,
    rows,
    sponsor,
    write,
)


def test_page_seen_the_first_time_is_none(store):
    write(store, 0, reading(0, members(*SEVEN)))
    write(store, 1, reading(1, members(*SEVEN)), reading(1, absent("member"), key="other", url=OTHER, second=1))
    assert drift(store, "home", "other", member=7) == []


def test_names_that_go_one_by_one_are_none(store):
    show(store, *(members(*SEVEN[:n]) for n in range(7, 0, -1)))
    # of two the half is one, as of one the whole: short lists are let alone
    assert drift(store, "home") == []


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 503}, {"status": 404}, {"status": None}, {"status": 301}, {"truncated": "time"},
        {"truncated": "length"}, {"status": 304, "type": "revisit"},
    ],
    ids=str,
)  # fmt: skip
def test_page_that_failed_is_none(store, answer):
    for number in (0, 2):
        write(store, number, reading(number, members(*SEVEN)))
    write(store, 1, reading(1, absent("member"), **answer, **({} if "truncated" in answer else {"text": None})))
    assert drift(store, "home") == []


def test_page_whose_sections_are_nobodys_is_none(store):
    """A parking page, as its profile says, or a login form: the reader gives no sections."""
    write(store, 0, reading(0, members(*SEVEN)))
    write(store, 1, reading(1, text="This domain is for sale"))
    write(store, 2, reading(2, members(*SEVEN)))
    assert drift(store, "home") == []


def test_break_behind_an_outage_is_told_against_the_crawl_before_it(store):
    write(store, 0, reading(0, members(*SEVEN)))
    write(store, 1, reading(1, status=503, text=None))
    write(store, 2, reading(2, absent("member")))
    assert drift(store, "home") == [(2, "member", "section vanished")]
    (before,) = rows(store, "SELECT c.crawl_id FROM drift d JOIN capture c ON c.id = d.before_capture_id")
    assert before == (crawl(0).id,)


def test_page_that_was_not_reached_is_none(store):
    write(store, 0, reading(0, members(*SEVEN)), reading(0, key="other", url=OTHER, second=1))
    write(store, 1, reading(1, key="other", url=OTHER))
    assert drift(store, "home") == []


@pytest.mark.parametrize(("status", "alert"), [("limited", False), ("interrupted", False), ("finished", True)])
def test_other_url_of_a_page_in_a_crawl_that_was_cut_off_is_none(store, status, alert):
    write(store, 0, reading(0, members(*SEVEN)), reading(0, absent("member"), url=OTHER, second=1))
    store.write_crawl(replace(crawl(1), status=status))
    store.write_readings(crawl(1).id, [reading(1, absent("member"), url=OTHER)])
    assert drift(store, "home") == ([(1, "member", "section vanished")] if alert else [])


@pytest.mark.parametrize(
    ("answer", "alert"),
    [({"status": 503}, False), ({"status": None}, False), ({"status": 301}, True), ({"status": 404}, True)],
)
def test_other_url_of_a_page_answers_for_one_that_moved_not_for_one_that_failed(store, answer, alert):
    write(store, 0, reading(0, members(*SEVEN)), reading(0, absent("member"), url=OTHER, second=1))
    write(store, 1, reading(1, text=None, **answer), reading(1, absent("member"), url=OTHER, second=1))
    assert drift(store, "home") == ([(1, "member", "section vanished")] if alert else [])


def test_running_text_that_comes_and_goes_is_none(store):
    treaties = found("treaty", [member(name) for name in SEVEN])
    show(store, (IDENTITY, members(*SEVEN), treaties), (IDENTITY, members(*SEVEN), absent("treaty")))
    assert drift(store, "home") == []


def test_only_pages_that_prove_are_watched(store):
    wall = found("sponsor", [sponsor(name) for name in SEVEN])
    for number, shown in enumerate([wall, absent("sponsor")]):
        footers = [reading(number, shown, url=f"{OTHER}/{n}", key=f"n{n}", second=n, hops="L") for n in range(1, 40)]
        write(store, number, reading(number, shown), *footers)
    assert drift(store) == [(1, "sponsor", "section vanished")]
    assert rows(store, "SELECT page_key FROM drift") == [("home",)]
    assert drift(store, "n3") == [(1, "sponsor", "section vanished")]
    assert rows(store, "SELECT page_key FROM drift") == [("n3",)]


def test_extractor_that_reads_otherwise_is_none_by_itself(store):
    def read(section, version):
        return replace(section, version=version)

    show(
        store, read(members(*SEVEN), 1), read(members(*SEVEN), 1), read(members("A", "B"), 2), read(absent("member"), 2)
    )
    # Read by the new one alone, the site did lose its list.
    assert drift(store, "home") == [(3, "member", "section vanished")]
    assert rows(store, "SELECT DISTINCT extractor_version FROM observation ORDER BY 1") == [(1,), (2,)]


def test_extractors_that_read_a_whole_page_otherwise_are_none(store):
    before = tuple(replace(section, version=1) for section in (IDENTITY, members(*SEVEN)))
    after = (found("identity", [member("Other")]), absent("member"))
    show(store, before, tuple(replace(section, version=2) for section in after))
    assert drift(store, "home") == []
