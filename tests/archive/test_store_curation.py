"""People correct machines: facts stay as they were read, and everything that is derived goes by what was decided."""

from __future__ import annotations

import json

import pytest
import sqlite_utils

from archive.errors import WrongUse
from archive.store.decisions import append_decision
from archive.store.schema import immediate, migrations
from archive.store.tables import CURATION
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

NEWS = "http://example.test/news"
LOGO = "http://example.test/1.png"


@pytest.fixture
def store(tmp_path):
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


def raw(text: str, role: str = "member", **more) -> dict[str, str]:
    return {"role": role, "raw": text, **more}


def listed(store, view: str = "current_member") -> list[tuple]:
    return rows(store, f"SELECT name, decided_by FROM {view} ORDER BY name")


def facts(store) -> list[tuple]:
    return rows(store, "SELECT raw, value, kind, year, tier, confidence, extra FROM fact ORDER BY raw")


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


# --- aliases


def test_alias_goes_before_the_profile_and_an_override_before_both(store, decide):
    # the profile made the key: NPL is the Nationale Postcode Loterij
    write(store, 0, reading(0, found("member", [member("NPL", organisation="nationale-postcode-loterij")])))
    names = {"nationale-postcode-loterij": "Nationale Postcode Loterij"}
    store.derive(SITE, names=names)
    assert listed(store) == [("Nationale Postcode Loterij", None)]
    decide("alias", "NPL", "Nederlandse Pleegzorg Lijst")
    assert listed(store) == [("Nederlandse Pleegzorg Lijst", "1")]
    assert rows(store, "SELECT organisation_id FROM member") == [("nederlandse-pleegzorg-lijst",)]
    decide("override", raw("NPL"), {"correct": {"organisation": "Nieuwe Partij"}})
    assert rows(store, "SELECT organisation_id, decided_by FROM member") == [("nieuwe-partij", "2")]


def test_alias_to_a_name_that_no_fact_bears_makes_an_organisation_of_that_name(store, decide):
    write(store, 0, reading(0, found("sponsor", [sponsor("logo 7.png", organisation=None, logo_url=LOGO)])))
    decide("alias", "logo 7.png", "Stichting Onbekend")
    assert rows(store, "SELECT id FROM organisation") == [("stichting-onbekend",)]
    write(store, 1, reading(1, members("Stichting Onbekend")))
    store.derive(SITE)
    assert rows(store, "SELECT DISTINCT organisation_id FROM presence") == [("stichting-onbekend",)]


def test_aliases_lead_on_by_name_as_by_key(store, decide):
    write(store, 0, reading(0, members("NPL", "Postcode Loterij", "Nationale Postcode Loterij")))
    decide("alias", "NPL", "Postcode Loterij")
    decide("alias", "Postcode Loterij", "Nationale Postcode Loterij")
    assert rows(store, "SELECT organisation_id FROM member") == [("nationale-postcode-loterij",)]


def test_alias_of_a_name_is_of_the_other_spellings_of_its_key_too(store, decide):
    spelled = [
        member("Stichting Wilde Ganzen", organisation="wilde-ganzen"),
        member("Wilde Ganzen NL", organisation="wilde-ganzen"),
    ]
    write(store, 0, reading(0, found("member", [*spelled, member("Plan")])))
    decide("alias", "Stichting Wilde Ganzen", "Plan")
    assert rows(store, "SELECT DISTINCT organisation_id FROM member") == [("plan",)]


def test_circle_of_aliases_is_one_organisation_by_the_name_last_decided(store, decide):
    write(store, 0, reading(0, members("A", "B", "C", "D")))
    decide("alias", "A", "B")
    decide("alias", "C", "A")
    decide("alias", "B", "C")
    assert rows(store, "SELECT DISTINCT organisation_id FROM member") == [("c",), ("d",)]
    decide("alias", "D", "D")
    assert rows(store, "SELECT DISTINCT organisation_id FROM member") == [("c",), ("d",)]


def test_later_word_about_two_names_holds(store, decide):
    write(store, 0, reading(0, members("Plan NL", "Plan NLD")))
    decide("alias", "Plan NL", "Plan NLD")
    assert len(listed(store)) == 1
    decide("distinct", "Plan NLD", "Plan NL")
    assert len(listed(store)) == 2
    decide("alias", "Plan NL", "Plan NLD")
    assert len(listed(store)) == 1
    assert rows(store, "SELECT decision_id, by_id FROM withdrawn") == [("1", "3"), ("2", "3")]


# --- the review queue


def queue(store) -> list[tuple]:
    return rows(store, "SELECT kind, what, other FROM review ORDER BY kind, what, other")


def test_unsure_facts_are_asked_once_with_where_they_were_last_seen(store):
    wall = [sponsor("Plan", confidence=0.75), sponsor("Sure", confidence=0.8)]
    for number in range(3):
        write(store, number, reading(number, found("sponsor", wall)))
    write(store, 3, reading(3, found("sponsor", [wall[0]]), url=NEWS, key="news"))
    store.derive(SITE)
    assert queue(store) == [("low confidence", "Plan", None)]
    assert rows(store, "SELECT quote, url, captured_at, page_key, sightings, pages, confidence, role FROM review") == [
        ("Plan", NEWS, "2026-01-04T00:00:00Z", "news", 4, 2, 0.75, "sponsor")
    ]


def test_what_was_decided_of_one_page_is_asked_for_the_others(store, decide):
    weak = found("member", [member("A"), member("Z", tier="candidate", confidence=0.4)])
    write(store, 0, reading(0, weak), reading(0, weak, url=NEWS, key="news", second=1))
    decide("override", raw("Z", site=SITE, page="news"), {"reject": True})
    assert queue(store) == [("candidate", "Z", None)]
    assert rows(store, "SELECT pages, page_key FROM review") == [(1, "home")]
    decide("override", raw("Z", site=SITE, page="home"), {"confirm": True})
    assert queue(store) == []


def test_what_the_profile_names_is_no_doubt(store):
    write(store, 0, reading(0, found("sponsor", [sponsor("npl", organisation="loterij", confidence=0.75)])))
    store.derive(SITE, names={"loterij": "Nationale Postcode Loterij"})
    assert queue(store) == []


def test_likely_names_are_suggested_and_never_merged(store, decide):
    listing = members(
        "Wereldkinderen", "Wereld Kinderen", "Defence for Children", "DFC", "Ministerie 1", "Ministerie 2"
    )
    write(store, 0, reading(0, listing))
    store.derive(SITE)
    assert queue(store) == [
        ("alias", "Defence for Children", "DFC"),
        ("alias", "Wereld Kinderen", "Wereldkinderen"),
    ]
    assert len(listed(store)) == 6
    assert rows(store, "SELECT why, confidence, sightings, other_sightings, quote FROM review ORDER BY what DESC") == [
        ("written alike", 0.966, 1, 1, "Wereld Kinderen"),
        ("one may be short for the other", None, 1, 1, "Defence for Children"),
    ]
    decide("distinct", "Wereldkinderen", "Wereld Kinderen")
    decide("alias", "DFC", "Defence for Children")
    assert queue(store) == []
    assert rows(store, "SELECT count(*) FROM suggestion") == [(0,)]
    decide("undo", "1")
    assert queue(store) == [("alias", "Wereld Kinderen", "Wereldkinderen")]


def test_suggestions_reach_over_sites_whichever_was_derived_last(store):
    store.write_site("other", name="Other")
    write(store, 0, reading(0, members("Wereldkinderen")))
    write(store, 1, reading(1, members("Wereldkindren"), site="other"), site="other")
    store.derive(SITE)
    store.derive("other")
    assert queue(store) == [("alias", "Wereldkinderen", "Wereldkindren")]
    store.derive(SITE)
    assert queue(store) == [("alias", "Wereldkinderen", "Wereldkindren")]


def test_rejected_name_is_not_suggested(store, decide):
    write(store, 0, reading(0, members("Wereldkinderen", "Wereldkindren", "A")))
    decide("override", raw("Wereldkindren"), {"reject": True})
    assert queue(store) == []


# --- lines


@pytest.mark.parametrize(
    ("scope", "value", "says"),
    [
        ("Plan", {"reject": True}, "scope of an override must be an object, found 'Plan'"),
        ({"role": "member", "raw": "x"}, "reject", "value of an override must be an object, found 'reject'"),
        ({"role": "member", "raw": "x", "rol": "y"}, {"reject": True}, "scope has no key 'rol'; did you mean role?"),
        ({"raw": "x"}, {"reject": True}, "scope needs a role"),
        ({"role": "member"}, {"reject": True}, "scope needs raw .* or subject"),
        ({"role": "member", "raw": "x", "page": "home"}, {"reject": True}, "names a page, and not of which site"),
        ({"role": "member", "raw": " "}, {"reject": True}, "scope.raw must be a text, found ' '"),
        ({"role": "member", "raw": 7}, {"reject": True}, "scope.raw must be a text, found 7"),
        ({"role": "member", "raw": "x"}, {}, "value must have one key of confirm, reject, .* found nothing"),
        ({"role": "member", "raw": "x"}, {"rejct": True}, "found rejct; did you mean reject?"),
        ({"role": "member", "raw": "x"}, {"reject": True, "confirm": True}, "must have one key"),
        ({"role": "member", "raw": "x"}, {"reject": False}, "value.reject must be true, found False"),
        ({"role": "member", "raw": "x"}, {"correct": {}}, "value.correct must be an object with one or more"),
        ({"role": "member", "raw": "x"}, {"correct": {"name": "x"}}, "value.correct has no key 'name'"),
        ({"role": "member", "raw": "x"}, {"correct": {"year": "2007"}}, "value.correct.year must be a number or null"),
        ({"role": "member", "raw": "x"}, {"correct": {"year": True}}, "value.correct.year must be a number or null"),
        ({"role": "member", "raw": "x"}, {"correct": {"year": 1 << 70}}, "must lie between 1 and 9999"),
        (
            {"role": "member", "raw": "x"},
            {"correct": {"value": None}},
            "value.correct.value must be a text, found None",
        ),
        ({"role": "member", "raw": "x"}, {"name": ""}, "value.name must be a text"),
        ({"role": "member", "raw": "x"}, {"split": ["A"]}, "value.split must be a list of two names or more"),
        ({"role": "member", "raw": "x"}, {"split": ["A", 3]}, r"value.split\[1\] must be a text, found 3"),
        ({"role": "member", "raw": "x"}, {"split": ["A", "a."]}, "names one organisation twice"),
        ({"role": "member", "raw": "x"}, {"name": "\ud800"}, "lone surrogate"),
    ],
)
def test_bad_override_is_named_by_file_and_line(store, tmp_path, scope, value, says):
    line = {"id": "1", "made_at": "2026-01-01", "who": "Jo", "action": "override", "scope": scope, "value": value}
    (tmp_path / "b.jsonl").write_text("\n" + json.dumps(line) + "\n")
    with pytest.raises(WrongUse, match=rf"b\.jsonl line 2: .*{says}"):
        store.load_decisions(tmp_path)
    with pytest.raises(WrongUse, match=says):
        append_decision(tmp_path / "c.jsonl", who="Jo", action="override", scope=scope, value=value)
    assert not (tmp_path / "c.jsonl").exists()


def test_distinct_needs_two_names(tmp_path):
    with pytest.raises(WrongUse, match="distinct needs a value, the other name"):
        append_decision(tmp_path / "c.jsonl", who="Jo", action="distinct", scope="A")


def test_line_that_is_being_written_is_passed_over(store, tmp_path):
    append_decision(tmp_path / "d.jsonl", who="Jo", action="alias", scope="a", value="b", decision_id="1")
    with (tmp_path / "d.jsonl").open("ab") as file:
        file.write(b'{"id": "2", "made_at": "2026-01-0')
    store.load_decisions(tmp_path)
    assert rows(store, "SELECT id FROM decision") == [("1",)]


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


def test_organisation_goes_by_the_name_last_decided_as_pages_spell_it(store, decide):
    write(store, 0, reading(0, members("PLAN", "Plan Nederland")))
    write(store, 1, reading(1, members("PLAN")))
    decide("alias", "PLAN", "plan nederland")
    assert listed(store, "member") == [("Plan Nederland", "1")]
    decide("alias", "Plan Nederland", "Plan International")
    assert {name for name, _ in listed(store, "member")} == {"Plan International"}
    store.derive(SITE, names={"plan-international": "Plan (profile)"})
    assert {name for name, _ in listed(store, "member")} == {"Plan (profile)"}
