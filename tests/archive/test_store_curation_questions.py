"""What people are asked: facts that are unsure, names that may be one; and lines that cannot be obeyed."""

from __future__ import annotations

import json

import pytest

from archive.errors import WrongUse
from archive.store.decisions import append_decision
from tests.archive.decided import NEWS, listed, raw
from tests.archive.store_builders import SITE, found, member, members, reading, rows, sponsor, write

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
