"""Takedowns and embargoes: what they withhold is on no table and no view."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import WrongUse
from archive.layout import Archive
from archive.model import Closing, Link, UrlList
from archive.store import compare
from archive.store.decisions import append_decision
from archive.store.descriptions import LAYERS
from archive.store.rules import Rule, covering
from archive.store.withheld import SHOWN, WHOLE, open_visible
from archive.urls import urlkey
from tests.archive.store_builders import (
    HOME,
    SITE,
    crawl,
    found,
    image,
    member,
    members,
    open_store,
    reading,
    sponsor,
    write,
)

SECRET = "Verborgen Stichting"
PEOPLE = f"{HOME}mensen/"


@pytest.fixture
def archive(tmp_path):
    archive = Archive.create(tmp_path / "archive")
    logo = f"{PEOPLE}logo.png"
    with open_store(archive.root) as store:
        for number in range(3):
            write(
                store,
                number,
                replace(
                    reading(number, members("Cordaid"), links=[Link(f"{PEOPLE}jan", "L", "a@href", "Jan")]),
                    urls=UrlList("needs", ((f"{PEOPLE}jan.png", f"{HOME}blijft.png"), (f"{PEOPLE}piet.png",))),
                ),
                reading(
                    number,
                    found("member", [member("Cordaid"), member(SECRET)][: 2 if number < 2 else 1]),
                    found("sponsor", [sponsor(f"{SECRET} Sponsor", logo_url=logo)]),
                    url=f"{PEOPLE}jan",
                    key="jan",
                    second=5,
                    text=f"Jan de Vries van {SECRET} {number}",
                    via=HOME,
                    links=[Link(f"{HOME}elders", "L", "a@href", f"over {SECRET}")],
                ),
                image(number, logo, f"{SECRET} png"),
                reading(number, url=f"{HOME}mensenwerk", key="werk", second=7, text="blijft", via=f"{PEOPLE}jan"),
            )
        ended = {"seeds": [{"url": HOME, "status": 301, "problem": f"redirects to {PEOPLE}jan, which is out of scope"}],
                 "missed": [{"url": f"{PEOPLE}jan", "state": "failed", "rule": None}], "target": f"{PEOPLE}jan"}  # fmt: skip
        store.write_closing(Closing(crawl(0).id, "crawl", "2026-01-01T00:00:00Z", json.dumps(ended)))
        store.derive(SITE)
    return archive


def decide(archive, action: str, scope: str = PEOPLE, value: str | None = None, **more) -> None:
    path = archive.decisions / "decisions.jsonl"
    append_decision(path, who="Jo", why="asked", action=action, scope=scope, value=value, **more)


def everything(archive, **more) -> str:
    """All that tables and views hold, as text."""
    with open_visible(archive, **more) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'view'")]
        names += [*SHOWN, *WHOLE]
        return "\n".join(repr(row) for name in names for row in connection.execute(f'SELECT * FROM "{name}"'))


def count(archive, what: str) -> int:
    with open_visible(archive) as connection:
        return connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0]


def test_what_is_taken_down_stands_in_no_table_and_no_view(archive):
    before = everything(archive)
    assert SECRET in before
    assert "/mensen/" in before
    decide(archive, "takedown")
    after = everything(archive)
    for hidden in (SECRET, "verborgen", "Jan", "/mensen/"):
        assert hidden not in after, hidden
    assert "Cordaid" in after
    with open_visible(archive) as connection:
        assert set(connection.execute("SELECT urls FROM url_list")) == {(f'["{HOME}blijft.png"]',)}
    # What only begins with the same letters is another page.
    assert "mensenwerk" in after


def test_scheme_www_and_spelling_of_the_scope_do_not_matter(archive):
    decide(archive, "takedown", "https://WWW.example.test/Mensen/JAN")
    assert count(archive, "page_version WHERE page_key = 'jan'") == 0


def test_foreign_keys_lead_to_rows_that_are_shown(archive):
    decide(archive, "takedown", value="2026-01-01/2026-01-01")
    with open_visible(archive) as connection:
        for table in (*SHOWN, *WHOLE):
            for key in connection.execute(f"PRAGMA main.foreign_key_list({table})").fetchall():
                target, column, to = key[2], key[3], key[4] or "id"
                dangling = connection.execute(
                    f"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT {to} FROM {target})"
                ).fetchone()[0]
                assert dangling == 0, (table, column)


def test_a_takedown_of_a_period_leaves_the_other_captures_and_drops_what_they_do_not_prove(archive):
    assert count(archive, "capture") == 12
    decide(archive, "takedown", value="2026-01-03/")
    assert count(archive, "capture") == 10
    assert count(archive, "page_version WHERE page_key = 'jan'") == 2
    # Its end was seen on a capture that is withheld: the row would claim too much, or too little.
    assert count(archive, f"presence WHERE value = '{SECRET}'") == 0
    assert count(archive, f"fact WHERE value = '{SECRET}'") == 1


def test_an_embargo_ends_on_its_day(archive):
    decide(archive, "embargo", value="2000-01-01")
    assert SECRET in everything(archive)
    decide(archive, "embargo", value="2999-01-01")
    assert SECRET not in everything(archive)


def test_a_later_line_lifts_a_takedown(archive):
    decide(archive, "takedown", made_at="2026-01-01T00:00:00Z")
    decide(archive, "takedown", value="lifted", made_at="2026-01-02T00:00:00Z")
    assert SECRET in everything(archive)


def test_guesses_are_left_out_where_they_are_not_wanted(tmp_path):
    archive = Archive.create(tmp_path / "guess")
    with open_store(archive.root) as store:
        write(store, 0, reading(0, found("member", [member("Cordaid"), member(SECRET, tier="candidate")])))
        store.derive(SITE)
    assert SECRET in everything(archive)
    assert SECRET not in everything(archive, candidates=False)


@pytest.mark.parametrize(
    ("scope", "value"), [("plan-nederland", None), (PEOPLE, "soon"), (PEOPLE, "2026-02-01/2026-01-01"), (PEOPLE, "x/")]
)
def test_a_decision_that_cannot_be_obeyed_is_an_error_and_shows_nothing(archive, scope, value):
    decide(archive, "takedown", scope, value, decision_id="d-1")
    with pytest.raises(WrongUse, match="decision d-1"):
        everything(archive)


def test_every_table_has_a_rule_or_needs_none(archive):
    with open_visible(archive) as connection:
        tables = set(compare.tables(connection))
    operators = set(LAYERS["Decisions and events: loaded from decisions/*.jsonl"])
    assert tables == set(SHOWN) | set(WHOLE) | operators


def test_nothing_is_shown_while_a_line_that_may_withhold_lacks_its_end(archive):
    with (archive.decisions / "hand.jsonl").open("ab") as file:
        file.write(b'{"id": "1", "made_at": "2026-01-01", "who": "Jo", "action": "takedown", "scope": "http://x.test/"')
    with pytest.raises(WrongUse, match=r"hand\.jsonl line 1: cut short"), open_visible(archive):
        pass


_SPELT = st.text("aZ09%2fE/.?&=;:@#\\\u00e9\uff21\u0130 \t-_~+,()[]'jsessionid", max_size=30)


@given(
    st.sampled_from(["http://a.test/", "HTTPS://WWW.A.test:443", "//a.test/x", "http://u:p@[::1]:8/", "dns:", ""]),
    _SPELT,
    st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=3),
)
def test_a_look_for_words_finds_what_the_key_would(begins, rest, cuts):
    url = begins + rest
    key = urlkey(url)
    rules = [Rule(key[:cut], whole_name, "", "~") for cut, whole_name in cuts] + [Rule("org,other)/a", False, "", "~")]
    assert covering(rules)(url) == [at for at, rule in enumerate(rules) if rule.covers(key)]
