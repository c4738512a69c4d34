"""When a site changes: what is an alert, and that each is told once."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from archive.model import Link
from archive.report.crawl import read_report
from archive.store.views import view_definitions
from crawler.items import KINDS
from tests.archive.drifting import IDENTITY, OTHER, SEVEN, drift, show
from tests.archive.store_builders import (
    HOME,
    absent,
    changes,
    crawl,
    day,
    found,
    goals,
    member,
    members,
    reading,
    rows,
    sponsor,
    write,
)

# --- what is one


def test_section_that_vanished_is_told_once_and_that_it_is_as_before_once(store):
    show(store, members(*SEVEN), absent("member"), absent("member"), members(*SEVEN[:-1], "H"), members(*SEVEN))
    assert drift(store, "home") == [(1, "member", "section vanished"), (3, "member", "as before")]
    (row,) = rows(store, "SELECT repaired_crawl_id, before_count, after_count, similarity FROM drift LIMIT 1")
    assert row == (crawl(3).id, 7, 0, 0.0)


def test_section_vanished_is_the_same_in_changes_and_drift(store):
    show(store, (members(*SEVEN), goals("x y z")), (absent("member"), goals("x y z")))
    drift(store, "home")
    same = (
        "SELECT crawl_id, page_key, role, before_capture_id, after_capture_id FROM {} WHERE kind = 'section vanished'"
    )
    assert rows(store, same.format("change")) == rows(store, same.format("drift")) != []


@pytest.mark.parametrize(("left", "alert"), [(4, False), (3, True), (1, True)])
def test_count_that_dropped_by_half(store, left, alert):
    show(store, members(*SEVEN), members(*SEVEN[:left]), members(*SEVEN[:left]))
    assert drift(store, "home") == ([(1, "member", "count dropped")] if alert else [])


def test_list_that_is_known_for_one_no_more_dropped(store):
    weak = found("member", [member(name, tier="candidate", confidence=0.4) for name in SEVEN])
    show(store, members(*SEVEN), weak, weak, members(*SEVEN))
    assert drift(store, "home") == [(1, "member", "count dropped"), (3, "member", "as before")]
    assert "0 members, and 7 that may be, where 7 were" in rows(store, "SELECT said FROM drift")[0][0]


def test_label_over_nothing_dropped(store):
    show(store, members("A", "B"), members())
    assert drift(store, "home") == [(1, "member", "count dropped")]


def test_names_that_come_from_file_names_only(store):
    named = found(
        "sponsor", [sponsor(name, name_source="alt") for name in SEVEN[:-1]] + [sponsor("G", name_source="file")]
    )
    filed = found("sponsor", [sponsor(f"logo {name}", name_source="file") for name in SEVEN])
    show(store, named, filed, filed, named)
    assert drift(store, "home") == [(1, "sponsor", "names from files only"), (3, "sponsor", "as before")]
    assert (
        "the names of all 7 sponsors come from file names only, where 1 of 7 did"
        in rows(store, "SELECT said FROM drift ORDER BY id LIMIT 1")[0][0]
    )


def test_names_that_always_came_from_file_names_are_no_news(store):
    filed = [found("sponsor", [sponsor(name, name_source="file") for name in SEVEN[:n]]) for n in (6, 7)]
    show(store, *filed)
    assert drift(store, "home") == []


def test_selectors_that_find_nothing_where_the_finder_does(store):
    selected = found("member", [member(name) for name in SEVEN])
    selected = replace(selected, facts=tuple(replace(fact, rule="profile-selector") for fact in selected.facts))
    show(store, selected, members(*SEVEN), members(*SEVEN), selected)
    assert drift(store, "home") == [(1, "member", "selectors find nothing"), (3, "member", "as before")]
    assert "the general rules find 7" in rows(store, "SELECT said FROM drift ORDER BY id LIMIT 1")[0][0]


def test_expected_count_missed_by_little_steps(store):
    show(store, *(members(*SEVEN[:n]) for n in (7, 6, 5, 4, 3, 2)))
    assert drift(store, "home", member=7) == [(4, "member", "expected count missed")]
    assert drift(store, "home") == []


def test_far_more_than_expected(store):
    many = [f"Menu {n}" for n in range(12)]
    show(store, members(*SEVEN), members(*SEVEN, *many), members(*SEVEN))
    assert drift(store, "home", member=7) == [(1, "member", "expected count missed"), (2, "member", "as before")]


def test_what_the_profile_expects_is_no_drift(store):
    show(store, members(*SEVEN), absent("member"))
    assert drift(store, "home", member=0) == []
    show(store, members(*SEVEN[:3]), start=2)
    assert drift(store, "home", member=3) == [(1, "member", "section vanished"), (2, "member", "as before")]


def test_list_of_others_altogether(store):
    show(store, members("A", "B", "C"), members("X", "Y", "Z"))
    assert drift(store, "home") == [(1, "member", "all facts changed")]


def test_goals_that_are_all_reworded_are_the_same_goals(store):
    before = ("Kinderen groeien op in een familie", "Er is meer geld voor onderzoek", "Scholing van al het personeel")
    after = tuple(f"{text}, overal" for text in before)
    show(store, goals(*before), goals(*after))
    assert drift(store, "home") == []
    assert [change[0] for change in changes(store)] == ["reworded"] * 3


def test_page_that_is_another_is_one_alert(store):
    whole = (IDENTITY, members(*SEVEN), goals("Kinderen groeien op in een familie"))
    parked = (found("identity", [member("Domain for sale")]), absent("member"), absent("goal"))
    show(store, whole, parked, parked, whole)
    assert drift(store, "home") == [(1, None, "all facts changed"), (3, None, "as before")]
    assert rows(store, "SELECT before_count, after_count, repaired_crawl_id FROM drift ORDER BY id LIMIT 1") == [
        (11, 1, crawl(3).id)
    ]


def test_what_a_page_lacks_once_it_is_itself_again_is_told_then(store):
    whole = (IDENTITY, members(*SEVEN), goals("Kinderen groeien op in een familie"))
    parked = (found("identity", [member("Domain for sale")]), absent("member"), absent("goal"))
    show(store, whole, parked, (IDENTITY, absent("member"), whole[2]), whole)
    assert drift(store, "home") == [
        (1, None, "all facts changed"), (2, None, "as before"), (2, "member", "section vanished"),
        (3, "member", "as before"),
    ]  # fmt: skip


def test_page_that_breaks_twice_and_is_itself_again_closes_both(store):
    def of(*names):
        return found("identity", [member(f"title of {names[0]}")]), members(*names)

    show(store, of(*SEVEN), of("V", "W", "X", "Y"), of("P", "Q"), of(*SEVEN))
    assert [kind for _, _, kind in drift(store, "home")] == ["all facts changed", "all facts changed", "as before"]
    assert rows(store, "SELECT count(*) FROM drift WHERE kind <> 'as before' AND repaired_crawl_id IS NULL") == [(0,)]


@pytest.mark.parametrize(("back", "is_as_before"), [(4, False), (5, True)])
def test_section_of_which_only_half_came_back_is_not_as_before(store, back, is_as_before):
    show(store, members(*SEVEN), absent("member"), members(*SEVEN[:back]), members(*SEVEN))
    told = [(2, "member", "as before")] if is_as_before else [(3, "member", "as before")]
    assert drift(store, "home") == [(1, "member", "section vanished"), *told]
    assert rows(store, "SELECT repaired_crawl_id FROM drift LIMIT 1") == [(crawl(told[0][0]).id,)]
    # A profile that says so has been told.
    assert drift(store, "home", member=back)[1] == (2, "member", "as before")


def test_breaks_on_top_of_each_other_are_told_each_and_closed_each(store):
    show(store, members(*SEVEN), members("A", "B"), absent("member"), members("A", "B"), members(*SEVEN))
    assert drift(store, "home") == [
        (1, "member", "count dropped"), (2, "member", "section vanished"), (3, "member", "as before"),
        (4, "member", "as before"),
    ]  # fmt: skip


# --- pages that do not answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": 404}, "it answered 404 in {}; the 7 members that stood on it"),
        (
            {"status": 301, "links": [Link(OTHER, "R", "http")]},
            f"it answered 301, to {OTHER} in {{}}; the 7 members that stood on it",
        ),
        ({"status": None, "error": "timeout"}, "it answered nothing (timeout) in {}; the 7 members that stood on it"),
    ],
    ids=["404", "redirect", "no answer"],
)
def test_page_of_a_list_that_does_not_answer_is_told_in_each_crawl_until_it_does(store, answer, said):
    def write_silence(number):
        """Another page of the site answers."""
        other = reading(number, key="other", url=OTHER, second=1)
        write(store, number, reading(number, key=None, text=None, **answer), other)

    write(store, 0, reading(0, members(*SEVEN)))
    write_silence(1)
    store.derive("example", anchors=["home"])
    assert store.drift_of(crawl(1).id) == []
    for number, times in ((2, "2 crawls"), (3, "3 crawls")):
        write_silence(number)
        store.derive("example", anchors=["home"])
        (told,) = store.drift_of(crawl(number).id)
        assert told.is_alert
        assert f"page home: {said.format(times)}" in told.line
        assert [(one.role, one.said) for one in read_report(store.db.conn, crawl(number).id).drift] == [
            ("member", told.line)
        ]
        assert f"last listed {day(0)}; now (capture <urn:uuid:" in told.line
    # It never reads as a list without them.
    assert rows(store, "SELECT count(*) FROM presence WHERE state = 'ended'") == [(0,)]
    assert {change[0] for change in changes(store)} <= {"page broke"}
    write(store, 4, reading(4, members(*SEVEN)))
    store.derive("example", anchors=["home"])
    assert store.drift_of(crawl(4).id) == []


def test_a_site_of_which_no_page_answers_is_down_and_its_lists_are_not_told_of(store):
    write(store, 0, reading(0, members(*SEVEN)))
    for number in (1, 2, 3):
        write(store, number, reading(number, key=None, text=None, status=503))
    store.derive("example", anchors=["home"])
    assert store.drift_of(crawl(3).id) == []


def test_page_that_does_not_answer_and_whose_names_stand_elsewhere_is_none(store):
    write(store, 0, reading(0, members("A", "B")))
    for number in (1, 2, 3):
        moved = reading(number, members("A", "B"), key="other", url=OTHER, second=1)
        write(store, number, reading(number, key=None, text=None, status=301), moved)
    store.derive("example")
    assert store.drift_of(crawl(3).id) == []
    # Nor is one that nobody asked for, nor one of which another URL answers.
    write(store, 4, reading(4, key="third", url=f"{OTHER}/3"))
    store.derive("example")
    assert store.drift_of(crawl(4).id) == []
    write(store, 5, reading(5, key=None, text=None, status=404), reading(5, absent("member"), url=OTHER, second=1))
    store.derive("example")
    assert [one.kind for one in store.drift_of(crawl(5).id)] == ["section vanished"]


# --- what is written of it


def test_order_of_import_makes_no_difference(store):
    shown = [members(*SEVEN), absent("member"), members(*SEVEN), members("A"), members(*SEVEN)]
    for number in (3, 0, 4, 2, 1):
        write(store, number, reading(number, shown[number]))
        drift(store, "home")
    assert drift(store, "home") == [
        (1, "member", "section vanished"), (2, "member", "as before"), (3, "member", "count dropped"),
        (4, "member", "as before"),
    ]  # fmt: skip


def test_kinds_that_are_lists_are_watched():
    assert {kind.role for kind in KINDS if kind.is_list} == {"member", "goal", "sponsor"}
    assert "drift" not in view_definitions(KINDS)


def test_one_row_for_a_section_of_a_page_in_a_crawl(store):
    show(store, members(*SEVEN), absent("member"))
    drift(store, "home")
    columns = [row[1] for row in rows(store, "PRAGMA table_info(drift)") if row[1] not in ("id", "kind")]
    named = ", ".join(columns)
    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        store.db.conn.execute(f"INSERT INTO drift (kind, {named}) SELECT 'count dropped', {named} FROM drift")
    store.db.conn.rollback()


def test_lines_of_hostile_pages_say_nothing_to_a_terminal(store):
    write(store, 0, reading(0, members(*SEVEN), key="a\x1b[2Jb", url=HOME))
    write(store, 1, reading(1, absent("member"), key="a\x1b[2Jb", url=HOME))
    drift(store)
    (said,) = rows(store, "SELECT said FROM drift")[0]
    assert "\x1b" not in said
    assert said.startswith("page a[2Jb: no list of members any more, where 7 stood; was (capture <urn:uuid:")
