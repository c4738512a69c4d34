"""Words on pages and among what was listed."""

from __future__ import annotations

import doctest
import json

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive import times
from archive.errors import WrongUse
from archive.layout import Archive
from archive.report.cli import search as search_command
from archive.report.search import CLOSE, OPEN, search
from archive.store import expressions
from archive.store.decisions import append_decision
from archive.store.withheld import open_visible
from tests.archive.store_builders import HOME, SITE, day, found, members, open_store, reading, sponsor, write
from tests.front_door import bewaar


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    archive = Archive.create(tmp_path_factory.mktemp("search") / "archive")
    with open_store(archive.root) as store:
        store.write_site("ander", name="Ander")
        wall = found("sponsor", [sponsor("Plan Nederland")])
        for number, text in enumerate(["Coöperatie voor zorg", "Coöperatie en pleegzorg", "Niets meer"]):
            other = reading(number, url=f"{HOME}b", key="b", second=1, text="zorg zorg zorg, zo'n woord \x1b[2J hier")
            write(store, number, reading(number, members("Cordaid", "Plan Nederland"), wall, text=text), other)
        there = reading(0, members("ZOA"), site="ander", url="http://ander.test/", text="zorg elders")
        write(store, 0, there, site="ander")
        for site in (SITE, "ander"):
            store.derive(site)
    return archive


def find(archive, words: str, **more):
    with open_visible(archive) as connection:
        return search(connection, words, **more)


def test_pages_are_found_by_their_best_version_the_best_page_first(archive):
    hits = find(archive, "zorg").pages
    assert (hits[0].site, hits[0].page_key) == (SITE, "b")
    assert sorted(hit.url for hit in hits) == ["http://ander.test/", HOME, f"{HOME}b"]
    (hit,) = find(archive, "cooperat").pages
    assert (hit.versions, hit.url) == (2, HOME)
    assert f"{OPEN}Coöperatie{CLOSE}" in hit.snippet


def test_parts_of_longer_words_come_last_and_a_slip_is_put_right(archive):
    hits = find(archive, "zorg", until=day(1, 1)).pages
    assert [hit.versions for hit in hits if hit.url == HOME] == [2], "pleegzorg counts too"
    assert [hit.url for hit in find(archive, "leegzorg").pages] == [HOME]
    assert find(archive, "cooperatei").meant == "coöperatie"
    assert find(archive, "niets").meant is None
    assert "did you mean: pleegzorg" in bewaar("search", "pleegzrog", "--archive", archive.root).stderr


def test_a_phrase_stands_together(archive):
    assert [hit.page_key for hit in find(archive, '"voor zorg"').pages] == ["home"]
    assert find(archive, '"zorg voor"').pages == ()


def test_site_and_period_leave_out_what_is_not_in_them(archive):
    assert {hit.site for hit in find(archive, "zorg", site="ander").pages} == {"ander"}
    (hit,) = find(archive, "cooperatie", since=day(1)).pages
    assert (hit.versions, hit.first_seen) == (1, day(1))
    assert find(archive, "cooperatie", since=day(2)).pages == ()
    (hit,) = find(archive, "cooperatie", until=day(0)).pages
    assert hit.last_seen == day(0)


def test_what_was_listed_is_found_by_role_the_name_itself_first(archive):
    hits = find(archive, "plan").listed
    assert [(hit.role, hit.name) for hit in hits] == [("member", "Plan Nederland"), ("sponsor", "Plan Nederland")]
    by_role = find(archive, "nederland plan", role="sponsor")
    assert [(hit.role, hit.first_seen, hit.last_seen) for hit in by_role.listed] == [("sponsor", day(0), day(2))]
    assert by_role.pages == ()
    assert find(archive, "plan", since="2027-01-01T00:00:00Z").listed == ()


def test_current_versions_are_apart_from_past_ones(archive):
    assert [hit.url for hit in find(archive, "cooperatie", versions="past").pages] == [HOME]
    assert find(archive, "cooperatie", versions="current").pages == ()
    assert [hit.versions for hit in find(archive, "niets", versions="current").pages] == [1]
    assert find(archive, "plan", versions="current").listed == ()
    for nothing in ("", "  ", "*"):
        with pytest.raises(WrongUse, match="give a word to look for"):
            CliRunner().invoke(
                search_command, [nothing, "--archive", str(archive.root)], catch_exceptions=False, standalone_mode=False
            )
    told = bewaar("search", "x", "--role", "member", "--versions", "past", "--archive", archive.root, code=2).stderr
    assert "one of the two" in told


def test_a_period_that_ends_before_it_begins_is_told(archive):
    period = ("--from", "2027-01-01", "--to", "2026-12-31")
    said = CliRunner().invoke(search_command, ["x", *period, "--archive", str(archive.root)]).exception
    assert "--from 2027-01-01 is later than --to 2026-12-31" in str(said)


def test_a_site_or_role_that_is_none_is_told(archive):
    with pytest.raises(WrongUse, match="there are: member, sponsor"):
        find(archive, "x", role="lid")
    with pytest.raises(WrongUse, match="there are: ander, example"):
        find(archive, "x", site="nobody")


@pytest.mark.parametrize(
    "words", ["zo'n", '"', "*", "AND", "NEAR(", "a OR", "-x", "col:zorg", "^zorg", "\0", "'; DROP TABLE fact; --"]
)
def test_odd_words_are_words(archive, words):
    find(archive, words)


@given(st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_any_words_are_safe(archive, words):
    find(archive, words)


def test_what_is_taken_down_is_not_found(archive):
    path = archive.decisions / "a.jsonl"
    append_decision(path, who="Jo", action="takedown", scope=HOME)
    try:
        assert {hit.site for hit in find(archive, "zorg").pages} == {"ander"}
        assert find(archive, "plan").listed == ()
        assert find(archive, "pleegzrog").meant is None, "the index holds its words still"
    finally:
        path.unlink()


def test_the_command_prints_what_it_found_and_cannot_steer_the_terminal(archive):
    text = bewaar("search", "zorg", "woord", "--archive", archive.root).stdout
    assert "page: Title (captured 2026-01-01T00:00:01Z to 2026-01-03T00:00:01Z)" in text
    assert "\\x1b[2J" in text
    assert "\x1b" not in text
    there = json.loads(bewaar("search", "plan", "--role", "member", "--json", "--archive", archive.root).stdout)
    assert there["listed"][0]["name"] == "Plan Nederland"
    assert "nothing found" in bewaar("search", "afwezig", "--archive", archive.root).stderr
    assert "is not a date" in bewaar("search", "x", "--from", "gisteren", "--archive", archive.root, code=2).stderr
    assert (
        json.loads(bewaar("search", "cooperatie", "--to", "2026-01-01", "--json", "--archive", archive.root).stdout)[
            "pages"
        ][0]["versions"]
        == 1
    )


@pytest.mark.parametrize("module", [expressions, times])
def test_examples_in_the_code_hold(module):
    assert doctest.testmod(module).failed == 0
