"""The link graph's views: links that lead nowhere, documents that are gone."""

from __future__ import annotations

import pytest

from archive.model import Link
from tests.archive.store_builders import HOME, SITE, day, reading, rows, write

PDF = f"{HOME}jaarverslag.pdf"
MISSING = f"{HOME}weg"


def document(number: int, url: str = PDF, **more):
    usual = {"key": None, "text": None, "mime": "application/pdf", "payload": f"%PDF {url}", "second": 10}
    return reading(number, url=url, **usual | more)


def broken(store) -> list[tuple]:
    return rows(
        store,
        "SELECT page_key, target_url, target_status, target_error, last_good_at FROM broken_link ORDER BY target_url, page_key",
    )


def gone(store) -> list[tuple]:
    return rows(
        store, "SELECT url, state, first_seen, last_seen, gone_by, status FROM disappeared_document ORDER BY url"
    )


def test_a_link_is_broken_while_its_target_fails_and_no_longer(store):
    links = [Link(MISSING, "L", "a@href", "weg"), Link(PDF, "L", "a@href", "pdf")]
    write(store, 0, reading(0, links=links), reading(0, url=MISSING, key=None, second=1, text="er"), document(0))
    store.derive(SITE)
    assert broken(store) == []
    write(store, 1, reading(1, links=links), reading(1, url=MISSING, key=None, second=1, status=404, text=None))
    store.derive(SITE)
    assert broken(store) == [("home", MISSING, 404, None, day(0, 1))]
    write(store, 2, reading(2, links=links), reading(2, url=MISSING, key=None, second=1, text="weer er"))
    store.derive(SITE)
    assert broken(store) == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_two_captures_in_one_second_the_later_counts_whichever_came_first(store, order):
    at = day(0, 5).removesuffix("Z")
    write(store, 0, reading(0, links=[Link(MISSING, "L", "a@href", "weg"), Link(PDF, "L", "a@href", "pdf")]))
    failed = {"status": 404, "warc_date": f"{at}.100000Z"}
    both = [
        (reading(0, url=MISSING, key=None, second=5, text=None, **failed), document(0, second=6, **failed)),
        (reading(0, url=MISSING, key=None, second=7, text="er", warc_date=f"{at}.900000Z"),
         document(0, second=8, warc_date=f"{at}.900000Z")),
    ]  # fmt: skip
    for number in order:
        write(store, 0, *both[number])
    store.derive(SITE)
    assert broken(store) == []
    assert gone(store) == []


def test_a_link_that_the_page_no_longer_has_is_not_broken(store):
    write(store, 0, reading(0, links=[Link(MISSING, "L", "a@href", "weg")]))
    write(store, 1, reading(1, text="Without it"), reading(1, url=MISSING, key=None, second=1, status=404, text=None))
    store.derive(SITE)
    assert broken(store) == []


def test_no_answer_breaks_a_link_too(store):
    write(
        store,
        0,
        reading(0, links=[Link(MISSING, "L", "a@href", "weg")]),
        reading(0, url=MISSING, key=None, second=1, status=None, text=None, error="no such host"),
    )
    store.derive(SITE)
    assert broken(store) == [("home", MISSING, None, "no such host", None)]


def test_what_is_no_page_has_broken_links_too(store):
    css = reading(
        0,
        url=f"{HOME}site.css",
        key=None,
        mime="text/css",
        text=None,
        second=2,
        links=[Link(MISSING, "E", "url()", None)],
    )
    write(store, 0, reading(0), css, reading(0, url=MISSING, key=None, second=3, status=404, text=None))
    store.derive(SITE)
    assert rows(store, "SELECT page_key, source_url, hop FROM broken_link") == [(None, f"{HOME}site.css", "E")]


def test_a_document_that_answers_no_more_is_gone_and_one_nobody_asked_for_is_not_called_so(store):
    other = f"{HOME}oud.pdf"
    write(store, 0, reading(0), document(0), document(0, other, second=11))
    write(store, 1, reading(1), document(1), document(1, other, second=11))
    store.derive(SITE)
    assert gone(store) == []
    write(store, 2, reading(2), document(2, status=410))
    write(store, 3, reading(3), document(3, status=404))
    store.derive(SITE)
    assert gone(store) == [
        (PDF, "gone", day(0, 10), day(1, 10), day(2, 10), 404),
        (other, "not asked for", day(0, 11), day(1, 11), None, 200),
    ]
    write(store, 4, reading(4), document(4), document(4, other, second=11, status=None, error="timeout"))
    store.derive(SITE)
    assert [row[:2] for row in gone(store)] == [(other, "failing")]


@pytest.mark.parametrize("view", ["broken_link", "disappeared_document"])
def test_views_of_links_scan_no_captures(store, view):
    plan = [row[3] for row in rows(store, f"EXPLAIN QUERY PLAN SELECT * FROM {view}")]
    assert not [
        step
        for step in plan
        if step.startswith("SCAN") and step.split()[1] in {"c", "n", "s", "good", "last", "l", "v"}
    ], plan
