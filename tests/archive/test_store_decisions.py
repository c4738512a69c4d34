"""Decisions are lines that last, and aliases say which names are one organisation."""

from __future__ import annotations

import json

import pytest

from archive.errors import WrongUse
from archive.store.decisions import append_decision, append_event, read_lines
from tests.archive.store_builders import SITE, found, member, members, reading, rows, spans, sponsor, write


def decide(tmp_path, scope: str, value: str, **more) -> None:
    append_decision(tmp_path / "decisions.jsonl", who="Jo", action="alias", scope=scope, value=value, **more)


def test_decisions_and_events_are_loaded(store, tmp_path):
    decide(tmp_path, "NPL", "Nederlandse Pleegzorg", why="their own site says so", made_at="2026-01-01T00:00:00Z")
    append_decision(tmp_path / "more.jsonl", who="Jo", action="takedown", scope="http://example.test/x", why="asked")
    append_event(tmp_path / "events.jsonl", type_="fixity check", object_="a.warc.gz", outcome="success")
    store.load_decisions(tmp_path)
    store.load_decisions(tmp_path)
    assert rows(store, "SELECT action, scope, value FROM decision ORDER BY action") == [
        ("alias", "NPL", "Nederlandse Pleegzorg"),
        ("takedown", "http://example.test/x", None),
    ]
    assert rows(store, "SELECT type, object, outcome FROM event") == [("fixity check", "a.warc.gz", "success")]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not a line of JSON"),
        ("[" * 100_000, "not a line of JSON"),
        ("[1]", "a JSON object is expected, found list"),
        ('{"action": "alias"}', "id must be a text, found None"),
        ('{"id": "1", "made_at": "x", "who": "w", "action": "alias", "scope": "s", "value": "v"}', "is not a time"),
        ('{"id": "1 2", "made_at": "2026-01-01", "who": "w", "action": "undo", "scope": "s"}', "holds white space"),
        (
            '{"id": "1", "made_at": "2026-01-01", "who": "w", "action": "merge", "scope": "s"}',
            "action 'merge' is none of",
        ),
        ('{"id": "1", "made_at": "2026-01-01", "who": "w", "action": "alias", "scope": "s"}', "an alias needs a value"),
        (
            '{"id": "1", "made_at": "2026-01-01", "who": "w", "action": "alias", "scope": "s", "x": 1}',
            "unknown key 'x'",
        ),
        (
            '{"id": "1", "made_at": "2026-01-01", "who": "\\ud800", "action": "takedown", "scope": "s"}',
            "lone surrogate",
        ),
        (
            '{"id": "0", "made_at": "2026-01-01", "who": "Eve", "action": "takedown", "scope": "s"}',
            "stands there twice",
        ),
    ],
)
def test_bad_line_is_named_by_file_and_line_and_changes_nothing(store, tmp_path, line, says):
    good = {"id": "0", "made_at": "2026-01-01", "who": "Jo", "action": "takedown", "scope": "s"}
    (tmp_path / "a.jsonl").write_text(json.dumps(good) + "\n")
    store.load_decisions(tmp_path)
    (tmp_path / "b.jsonl").write_text("\n" + line + "\n")
    with pytest.raises(WrongUse, match=rf"b\.jsonl line 2: .*{says}"):
        store.load_decisions(tmp_path)
    assert rows(store, "SELECT id FROM decision") == [("0",)]


def test_line_that_a_crash_cut_off_does_not_spoil_the_next(store, tmp_path):
    path = tmp_path / "decisions.jsonl"
    decide(tmp_path, "a", "b")
    with path.open("ab") as file:
        file.write(b'{"id": "torn", "made_at": "2026-01-0')
    decide(tmp_path, "c", "d")
    store.load_decisions(tmp_path)
    assert rows(store, "SELECT scope FROM decision ORDER BY scope") == [("a",), ("c",)]
    # A person may have written it, and left out a brace.
    assert (tmp_path / "decisions.jsonl.torn").read_bytes() == b'{"id": "torn", "made_at": "2026-01-0\n'


def test_line_that_lacks_its_end_and_may_withhold_something_is_an_error(store, tmp_path):
    path = tmp_path / "decisions.jsonl"
    decide(tmp_path, "a", "b")
    with path.open("ab") as file:
        file.write(b'{"id": "1", "made_at": "2026-01-01", "who": "Jo", "action": "takedown", "scope": "http://x.test/"')
    with pytest.raises(WrongUse, match=r"decisions\.jsonl line 2: cut short"):
        list(read_lines(tmp_path, to_show=True))
    # A crash may have cut it off: a crawl goes on.
    store.load_decisions(tmp_path)
    assert rows(store, "SELECT scope FROM decision") == [("a",)]


def test_line_cut_off_before_it_says_what_it_does_may_withhold(tmp_path):
    path = tmp_path / "decisions.jsonl"
    decide(tmp_path, "a", "b")
    whole = path.read_text()
    begun = '{"id": "x", "made_at": "2026-01-01", "who": "Jo", '
    for torn in ('"action": "takedo', '"action": "', '"why": "ta'):
        path.write_text(whole + begun + torn)
        with pytest.raises(WrongUse, match=r"decisions\.jsonl line 2: cut short"):
            list(read_lines(tmp_path, to_show=True))
    path.write_text(whole + begun + '"action": "alias", "scope": "x')
    assert len(list(read_lines(tmp_path, to_show=True))) == 1


def test_line_without_its_newline_is_kept(store, tmp_path):
    path = tmp_path / "decisions.jsonl"
    path.write_text(json.dumps({"id": "0", "made_at": "2026-01-01", "who": "J", "action": "takedown", "scope": "x"}))
    decide(tmp_path, "c", "d")
    store.load_decisions(tmp_path)
    assert rows(store, "SELECT scope FROM decision ORDER BY scope") == [("c",), ("x",)]


def test_wrong_decision_is_not_written(tmp_path):
    with pytest.raises(WrongUse, match="alias needs a value"):
        append_decision(tmp_path / "decisions.jsonl", who="Jo", action="alias", scope="x")
    assert not (tmp_path / "decisions.jsonl").exists()


def test_alias_makes_two_names_one_organisation_with_one_presence(store, tmp_path):
    write(store, 0, reading(0, members("Nederlandse Pleegzorg")))
    write(store, 1, reading(1, found("member", [member("NPL")])))
    store.derive(SITE, anchors=["home"])
    assert [span[0] for span in spans(store)] == ["NPL", "Nederlandse Pleegzorg"]
    decide(tmp_path, "NPL", "Nederlandse Pleegzorg")
    store.load_decisions(tmp_path)
    store.derive(SITE, anchors=["home"])
    assert rows(store, "SELECT name, organisation_id, state FROM member") == [
        ("Nederlandse Pleegzorg", "nederlandse-pleegzorg", "current")
    ]
    assert rows(store, "SELECT id FROM organisation") == [("nederlandse-pleegzorg",)]
    assert rows(store, "SELECT alias, source FROM organisation_alias") == [("NPL", "decision")]
    assert rows(store, "SELECT count(*) FROM change") == [(0,)]


def test_alias_names_what_had_no_organisation(store, tmp_path):
    nameless = found("sponsor", [sponsor("logo 2013.png", organisation=None)])
    write(store, 0, reading(0, nameless))
    store.derive(SITE)
    assert rows(store, "SELECT organisation_id, name FROM sponsor") == [(None, "logo 2013.png")]
    decide(tmp_path, "Logo 2013 .png", "Plan Nederland")
    store.load_decisions(tmp_path)
    store.derive(SITE)
    assert rows(store, "SELECT organisation_id, name FROM sponsor") == [("plan-nederland", "Plan Nederland")]


def test_later_decision_wins_and_circles_end(store, tmp_path):
    write(store, 0, reading(0, members("A", "B")))
    decide(tmp_path, "a", "b", made_at="2026-01-01T00:00:00Z")
    decide(tmp_path, "b", "a", made_at="2026-01-02T00:00:00Z")
    store.load_decisions(tmp_path)
    store.derive(SITE)
    decide(tmp_path, "a", "c", made_at="2026-01-03T00:00:00Z")
    decide(tmp_path, "b", "c", made_at="2026-01-03T00:00:00Z")
    store.load_decisions(tmp_path)
    store.derive(SITE)
    assert rows(store, "SELECT DISTINCT organisation_id FROM presence") == [("c",)]


def test_organisation_is_named_by_the_profile_else_as_pages_most_often_do(store):
    names = ["Plan NL", "PLAN", "PLAN", "plan nl"]
    for number, name in enumerate(names):
        write(store, number, reading(number, found("member", [member(name, organisation="plan")])))
    store.derive(SITE)
    assert rows(store, "SELECT name FROM organisation") == [("PLAN",)]
    assert rows(store, "SELECT alias, sightings FROM organisation_alias ORDER BY alias") == [
        ("Plan NL", 1),
        ("plan nl", 1),
    ]
    store.derive(SITE, names={"plan": "Plan Nederland"})
    assert rows(store, "SELECT name FROM organisation") == [("Plan Nederland",)]


def test_of_equally_frequent_names_the_first_seen_holds(store):
    for number, name in enumerate(["Zeta", "Alfa"]):
        write(store, number, reading(number, found("member", [member(name, organisation="x")])))
    store.derive(SITE)
    assert rows(store, "SELECT name FROM organisation") == [("Zeta",)]


def test_owner_of_the_site_is_an_organisation(store):
    store.write_site(SITE, name="The site of somebody", organisation="dci")
    write(store, 0, reading(0, found("sponsor", [sponsor("A", beneficiary="dci")])))
    store.derive(SITE)
    # the site's name is not its owner's
    assert rows(store, "SELECT o.id, o.name FROM site s JOIN organisation o ON o.id = s.organisation_id") == [
        ("dci", "dci")
    ]
    store.derive(SITE, names={"dci": "Defence for Children"})
    assert rows(store, "SELECT beneficiary FROM sponsor") == [("Defence for Children",)]
