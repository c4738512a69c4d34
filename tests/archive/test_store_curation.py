"""People correct machines: facts stay as they were read, and everything that is derived goes by what was decided."""

from __future__ import annotations

import sqlite_utils

from archive.store.decisions import append_decision
from archive.store.schema import immediate, migrations
from archive.store.tables import CURATION
from tests.archive.decided import LOGO, NEWS, facts, listed, raw
from tests.archive.store_builders import (
    SITE,
    absent,
    changes,
    found,
    goals,
    member,
    members,
    open_store,
    reading,
    rows,
    spans,
    sponsor,
    write,
)


def test_rejected_fact_stands_nowhere_and_the_fact_stays(store, decide):
    write(store, 0, reading(0, members("Plan", "Volg ons")))
    write(store, 1, reading(1, members("Plan")))
    before = facts(store)
    decide("override", raw("volg ons"), {"reject": True})
    assert listed(store) == [("Plan", None)]
    assert listed(store, "member") == [("Plan", None)]
    # it never was a member, so it is not no longer one
    assert changes(store) == []
    assert facts(store) == before
    assert rows(store, "SELECT raw, standing, decided_by FROM curated WHERE raw = 'Volg ons'") == [
        ("Volg ons", "rejected", "1")
    ]


def test_confirmed_candidate_is_listed_from_when_it_was_first_seen(store, decide):
    write(store, 0, reading(0, members("Plan")))
    write(store, 1, reading(1, found("member", [member("Plan"), member("Cordaid", tier="candidate", confidence=0.4)])))
    write(store, 2, reading(2, members("Plan")))
    store.derive(SITE, anchors=["home"])
    assert listed(store, "member") == [("Plan", None)]
    decide("override", raw("Cordaid"), {"confirm": True})
    assert spans(store) == [("Cordaid", "ended", 0, 1, 1, 2), ("Plan", "current", None, 0, 2, None)]
    assert listed(store, "member") == [("Cordaid", "1"), ("Plan", None)]


def test_corrected_value_kind_and_year_are_shown_and_join_what_was_spelled_right(store, decide):
    write(store, 0, reading(0, found("member", [member("Wereldkindren", kind="member", year=2016)])))
    write(store, 1, reading(1, found("member", [member("Wereldkinderen", kind="member")])))
    store.derive(SITE, anchors=["home"])
    assert [change[0] for change in changes(store)] == ["first listed", "no longer listed"]
    decide("override", raw("Wereldkindren"), {"correct": {"value": "Wereldkinderen", "kind": "host", "year": 2007}})
    assert spans(store) == [("Wereldkinderen", "current", None, 0, 1, None)]
    assert changes(store) == []
    first = rows(store, "SELECT name, kind, year, raw FROM curated ORDER BY captured_at LIMIT 1")
    assert first == [("Wereldkinderen", "host", 2007, "Wereldkindren")]
    assert rows(store, "SELECT alias, source FROM organisation_alias") == [("Wereldkindren", "decision")]
    decide("override", raw("Wereldkinderen"), {"correct": {"year": None, "kind": "host"}})
    assert rows(store, "SELECT name, kind, year, decided_by FROM member") == [("Wereldkinderen", "host", None, "2")]


def test_year_is_taken_away_and_a_sentence_is_put_right(store, decide):
    write(store, 0, reading(0, goals("Veilig opgroein"), members("Plan")))
    decide("override", raw("veilig opgroein", "goal"), {"correct": {"value": "Veilig opgroeien", "kind": "statement"}})
    assert rows(store, "SELECT name, kind, subject, organisation_id FROM current_goal") == [
        ("Veilig opgroeien", "statement", "veilig opgroeien", None)
    ]


def test_organisation_is_corrected_by_key_or_by_name(store, decide):
    write(store, 0, reading(0, members("Plan", "Het Plan", "Het plan")))
    decide("override", raw("Het Plan"), {"correct": {"organisation": "plan"}})
    assert listed(store) == [("Plan", None)]
    decide("override", raw("Plan"), {"correct": {"organisation": "Fonds Nieuw"}})
    assert listed(store) == [("Fonds Nieuw", "2"), ("Het Plan", "1")]
    decide("override", raw("Het Plan"), {"correct": {"organisation": None}})
    assert rows(store, "SELECT name, organisation_id FROM member ORDER BY name") == [
        ("Fonds Nieuw", "fonds-nieuw"),
        ("Het Plan", None),
    ]


def test_unnamed_logo_is_named(store, decide):
    wall = [sponsor("1.png", organisation=None, logo_url=LOGO, confidence=0.2), sponsor("Plan")]
    write(store, 0, reading(0, found("sponsor", wall)))
    store.derive(SITE)
    assert rows(store, "SELECT kind, what FROM review") == [("unnamed logo", "1.png")]
    decide("override", raw("1.png", "sponsor"), {"name": "Fonds Zilver"})
    assert listed(store, "current_sponsor") == [("Fonds Zilver", "1"), ("Plan", None)]
    assert rows(store, "SELECT kind, what FROM review") == []
    # its file's name is no name of the organisation
    assert rows(store, "SELECT * FROM organisation_alias") == []


def test_compound_is_split_into_organisations_with_a_presence_each(store, decide):
    both = found("member", [member("ICCO/KerkinActie", compound=True), member("Plan")])
    write(store, 0, reading(0, both))
    write(store, 1, reading(1, members("Plan", "ICCO")))
    store.derive(SITE)
    assert rows(store, "SELECT kind, what FROM review WHERE kind = 'compound'") == [("compound", "ICCO/KerkinActie")]
    decide("override", raw("ICCO/KerkinActie"), {"split": ["ICCO", "Kerk in Actie"]})
    assert spans(store) == [
        ("ICCO", "current", None, 0, 1, None),
        ("Kerk in Actie", "ended", None, 0, 0, 1),
        ("Plan", "current", None, 0, 1, None),
    ]
    assert rows(store, "SELECT kind FROM review") == []
    assert rows(store, "SELECT part, name FROM curated WHERE raw LIKE 'ICCO/%' ORDER BY part") == [
        (0, "ICCO"),
        (1, "Kerk in Actie"),
    ]


def test_decision_about_one_page_leaves_the_others(store, decide):
    write(store, 0, reading(0, members("A", "Z")), reading(0, members("A", "Z"), url=NEWS, key="news", second=1))
    write(store, 1, reading(1, members("A", "Z")), reading(1, members("A", "Z"), url=NEWS, key="news", second=1))
    decide("override", raw("Z", site=SITE, page="news"), {"reject": True}, anchors=("home", "news"))
    assert rows(store, "SELECT page_key, name FROM member ORDER BY 1, 2") == [
        ("home", "A"),
        ("home", "Z"),
        ("news", "A"),
    ]
    # the narrower scope holds, also before a later one
    decide("override", raw("Z", site=SITE), {"correct": {"year": 2016}}, anchors=("home", "news"))
    assert rows(store, "SELECT page_key, name, year FROM member WHERE name = 'Z'") == [("home", "Z", 2016)]
    assert rows(store, "SELECT page_key, standing FROM curated WHERE name = 'Z' AND captured_at < '2026-01-02'") == [
        ("home", "reviewed"),
        ("news", "rejected"),
    ]


def test_override_of_another_site_or_section_does_nothing_and_is_told(store, decide):
    write(store, 0, reading(0, members("Plan")))
    decide("override", raw("Plan", site="elsewhere"), {"reject": True})
    decide("override", raw("Plan", "sponsor"), {"reject": True})
    decide("override", raw("Nobody"), {"reject": True})
    decide("alias", "Nobody", "Plan")
    assert listed(store) == [("Plan", None)]
    assert rows(store, "SELECT decision_id, standing FROM decided ORDER BY 1") == [
        ("1", "without target"),
        ("2", "without target"),
        ("3", "without target"),
        ("4", "without target"),
    ]
    decide("override", {"role": "member", "subject": "plan"}, {"reject": True})
    decide("override", raw("Plan"), {"confirm": True})
    assert rows(store, "SELECT standing, facts FROM decided WHERE decision_id > '4' ORDER BY decision_id") == [
        ("overruled", 1),
        ("in force", 1),
    ]


def test_later_decision_holds_whatever_its_id(store, tmp_path):
    write(store, 0, reading(0, members("Plan", "Cordaid")))
    for id_, value in (("z", {"reject": True}), ("a", {"confirm": True})):
        append_decision(
            tmp_path / "d.jsonl", who="Jo", action="override", scope=raw("Plan"), value=value, decision_id=id_,
            made_at="2026-01-01T00:00:00Z",
        )  # fmt: skip
    store.load_decisions(tmp_path)
    store.derive(SITE)
    # made within one second: as the lines stand
    assert listed(store) == [("Cordaid", None), ("Plan", "a")]


def test_undo_takes_back_and_an_undo_of_it_brings_again(store, decide):
    write(store, 0, reading(0, members("Plan", "Cordaid")))
    decide("override", raw("Plan"), {"reject": True})
    decide("undo", "1")
    assert listed(store) == [("Cordaid", None), ("Plan", None)]
    assert rows(store, "SELECT decision_id, standing, by_id FROM decided") == [
        ("1", "withdrawn", "2"),
        ("2", "in force", None),
    ]
    decide("undo", "2")
    assert listed(store) == [("Cordaid", None)]
    decide("undo", "nothing")
    decide("undo", "5")
    assert rows(store, "SELECT standing FROM decided WHERE decision_id >= '4'") == [("without target",), ("in force",)]


def test_rejecting_a_whole_list_does_not_say_that_it_was_empty(store, decide):
    write(store, 0, reading(0, members("Plan")))
    write(store, 1, reading(1, members("Menu")))
    decide("override", raw("Menu"), {"reject": True})
    assert spans(store) == [("Plan", "unknown", None, 0, 0, None)]


def test_what_is_under_another_label_after_a_redesign_is_still_meant(store, decide):
    write(store, 0, reading(0, found("member", [member("Ronde Tafel  e.o."), member("A")])))
    write(store, 1, reading(1, absent("member"), found("sponsor", [sponsor("A")])))
    changed = member("ronde tafel e.o", confidence=0.7, organisation="ronde-tafel-e-o-2")
    write(store, 2, reading(2, found("member", [member("A"), changed]), url="http://b.test/", key="home"))
    decide("override", raw("Ronde tafel e.o."), {"reject": True})
    assert listed(store) == [("A", None)]


def test_database_of_before_is_brought_up_to_date(tmp_path):
    old = sqlite_utils.Database(tmp_path / "archive.db")
    migrations.apply(old, stop_before="curation")
    old.close()
    with open_store(tmp_path) as fresh:
        write(fresh, 0, reading(0, found("member", [member("Plan", kind="host", year=2007)])))
        fresh.derive(SITE)
        assert rows(fresh, "SELECT name, kind, year FROM current_member") == [("Plan", "host", 2007)]


def test_presences_of_before_keep_kind_and_year(store):
    write(store, 0, reading(0, found("member", [member("Plan", kind="host", year=2007)])))
    store.derive(SITE)
    with immediate(store.db):
        store.db.conn.execute("UPDATE presence SET kind = NULL, year = NULL")
        (fill,) = (statement for statement in CURATION if statement.startswith("UPDATE presence"))
        store.db.conn.execute(fill)
    assert rows(store, "SELECT name, kind, year FROM current_member") == [("Plan", "host", 2007)]
