"""Logos that a page and its style sheets show together: the same rows in whatever order their captures come."""

from __future__ import annotations

import random
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.layout import Archive
from archive.model import Link, Reading
from archive.store import Store, compare
from archive.store.decisions import append_decision
from archive.store.rules import read_rules
from archive.store.withheld import open_visible
from tests.archive.store_builders import HOME, crawl, image, open_store, reading, rows, spans, write
from tests.archive.styled_pages import (
    BODIES,
    LOGO,
    MAIN,
    MORE,
    OLD,
    SHEETS,
    derived,
    page,
    revisit,
    sheet,
    shown,
    state,
)


def test_a_page_and_its_sheets_show_what_neither_does_alone(tmp_path):
    with open_store(tmp_path) as store:
        write(store, 0, page(0))
        assert shown(derived(store)) == []
        write(store, 0, sheet(0, MAIN, SHEETS[0], second=9))
        write(store, 0, sheet(0, MORE, SHEETS[2], second=10))
        assert shown(derived(store)) == [("plan", LOGO.format("plan")), ("zon", LOGO.format("zon"))]
        assert state(store) == ("found", "empty", 0)
        assert rows(store, "SELECT value, quote, url FROM style_source ORDER BY 1") == [
            ("plan", ".s-plan { background: url(plan.png) }", MAIN),
            ("zon", ".s-zon { background: url(zon.png) }", MAIN),
        ]
        assert [row[:2] for row in spans(store, "sponsor")] == [("plan", "current"), ("zon", "current")]


def test_the_logo_of_a_name_that_the_page_says_itself_is_one_fact(tmp_path):
    with open_store(tmp_path) as store:
        names = ("Stichting Zon", "Stichting Plan", "Stichting Berg")
        assert [
            fact.value for section in page(0, 2).sections if section.role == "sponsor" for fact in section.facts
        ] == [*names]
        write(store, 0, page(0, 2), sheet(0, MAIN, SHEETS[0], second=9), sheet(0, MORE, SHEETS[3], second=10))
        logos = [("Stichting Zon", LOGO.format("zon")), ("Stichting Plan", LOGO.format("plan"))]
        assert shown(derived(store)) == [("Stichting Berg", None), *logos]
        quotes = rows(store, "SELECT value, quote FROM fact_source WHERE role = 'sponsor'")
        assert sorted(quotes) == sorted((name, name) for name in names)


def test_a_fact_of_a_completed_list_is_one_that_a_decision_is_about(tmp_path):
    decide = partial(append_decision, tmp_path / "decisions" / "decisions.jsonl", who="Jo", why="asked")
    (tmp_path / "decisions").mkdir()
    decide(action="override", scope={"role": "sponsor", "raw": "Stichting Berg"}, value={"confirm": True})
    decide(action="alias", scope="Stichting Berg", value="Berg")
    with open_store(tmp_path) as store:
        write(store, 0, page(0, 2), sheet(0, MAIN, SHEETS[0], second=9), sheet(0, MORE, SHEETS[3], second=10))
        store.load_decisions(tmp_path / "decisions")
        assert len(shown(derived(store))) == 3
        assert rows(store, "SELECT action, standing, facts FROM decided ORDER BY action DESC") == [
            ("override", "in force", 1), ("alias", "in force", 1)
        ]  # fmt: skip


def test_imports_in_a_circle_and_redirects_are_followed_and_the_importing_sheet_holds(tmp_path):
    with open_store(tmp_path) as store:
        moved = sheet(0, MAIN, "", second=8, status=301, payload_digest=None)
        moved = replace(moved, links=(Link(OLD, "R", "location"),), style=None)
        write(store, 0, page(0, 1), moved, sheet(0, OLD, SHEETS[1], second=9), sheet(0, MORE, SHEETS[2], second=10))
        assert shown(derived(store)) == [
            ("lamp", "http://example.test/lamp.png"),
            ("Plan Nederland", LOGO.format("plan-2")),
            ("maan", LOGO.format("maan")),
        ]


def test_the_nearest_capture_of_a_sheet_in_the_crawl_counts_and_no_other_crawls(tmp_path):
    with open_store(tmp_path) as store:
        write(store, 0, page(0), sheet(0, MAIN, SHEETS[0], second=9), sheet(0, MAIN, SHEETS[3], second=90))
        write(store, 1, page(1), sheet(1, MAIN, SHEETS[3], second=9), sheet(1, MORE, SHEETS[3], second=90))
        derived(store)
        assert len(shown(store, 0)) == 2
        assert shown(store, 1) == []


@pytest.mark.parametrize("late", [SHEETS[0], SHEETS[1], SHEETS[3]])
def test_a_nearer_capture_of_a_sheet_that_comes_late_leaves_no_trace_of_the_other(tmp_path, late):
    dumps = []
    for between in (False, True):
        (tmp_path / str(between)).mkdir()
        with open_store(tmp_path / str(between)) as store:
            write(store, 0, page(0, 1), sheet(0, MAIN, SHEETS[0], second=90), sheet(0, MORE, SHEETS[2], second=10))
            if between:
                assert len(shown(derived(store))) == 3
            write(store, 0, sheet(0, MAIN, late, second=9))
            dumps.append(compare.dump(derived(store).db.conn))
    assert list(compare.differences(*dumps)) == []


@pytest.mark.parametrize(("day", "status"), [(1, 503), (0, 503), (1, 403), (1, 429), (1, 302)])
def test_a_sheet_that_did_not_come_says_nothing_of_who_is_gone(tmp_path, day, status):
    with open_store(tmp_path) as store:
        for number in range(3):
            missing = number == day
            write(store, number, page(number, 1))
            how = {"status": status} if missing else {}
            write(store, number, sheet(number, MAIN, None if missing else SHEETS[1], second=9, **how))
            write(store, number, sheet(number, MORE, SHEETS[2], second=10))
        derived(store)
        assert state(store, day) == ("found", None, 1)
        assert {row[:2] for row in spans(store, "sponsor")} == {
            ("lamp", "current"), ("Plan Nederland", "current"), ("maan", "current"),
        }  # fmt: skip


@pytest.mark.parametrize("moved", [True, False])
def test_a_page_in_place_of_a_sheet_says_nothing_of_who_is_gone(tmp_path, moved):
    login = "http://example.test/login"
    with open_store(tmp_path) as store:
        write(store, 0, page(0, 1), sheet(0, MAIN, SHEETS[1], second=9), sheet(0, MORE, SHEETS[2], second=10))
        write(store, 1, page(1, 1), sheet(1, MORE, SHEETS[2], second=10))
        if moved:
            away = sheet(1, MAIN, "", second=9, status=302, payload_digest=None)
            write(store, 1, replace(away, links=(Link(login, "R", "location"),), style=None))
        write(store, 1, reading(1, url=login if moved else MAIN, key=None, text=None, mime="text/html", second=11))
        derived(store)
        assert state(store, 1) == ("found", None, 1)
        assert sorted(row[:2] for row in spans(store, "sponsor")) == [
            ("Plan Nederland", "unknown"), ("lamp", "current"), ("maan", "unknown"),
        ]  # fmt: skip


def test_a_sheet_that_is_not_there_shows_nothing_and_hides_nothing(tmp_path):
    with open_store(tmp_path) as store:
        for number in range(2):
            write(store, number, page(number, 1), sheet(number, MORE, SHEETS[2], second=10))
            write(
                store,
                number,
                sheet(number, MAIN, SHEETS[1] if not number else "", second=9, status=404 if number else 200),
            )
        derived(store)
        assert state(store, 1) == ("found", None, 0)
        assert [row[:2] for row in spans(store, "sponsor")] == [
            ("Plan Nederland", "ended"), ("lamp", "current"), ("maan", "ended"),
        ]  # fmt: skip


@st.composite
def crawls(draw: st.DrawFn, day: int) -> list[Reading]:
    bodies = draw(st.lists(st.integers(0, len(BODIES) - 1), min_size=1, max_size=2))
    made = [page(day, body, second=second) for second, body in enumerate(bodies)]
    for number, url in enumerate((MAIN, MORE, OLD)):
        for again in range(draw(st.integers(0, 2))):
            second = 10 + 10 * number + again
            how = draw(st.sampled_from(["sheet", "sheet", "sheet", "failed", "gone", "cut", "html", "revisit"]))
            text = draw(st.sampled_from(SHEETS))
            more = {"failed": {"status": 503}, "gone": {"status": 404}, "cut": {"truncated": "length"}}.get(how, {})
            one = sheet(day, url, text, second=second, **more)
            if how in ("failed", "gone"):
                one = replace(one, style=None)
            if how == "html":
                one = replace(one, capture=replace(one.capture, mime="text/html"), style=None)
            if how == "revisit":
                one = revisit(day, sheet(0, url, text, second=10 + 10 * number), second)
            made.append(one)
    if draw(st.booleans()):
        made.append(revisit(day, page(0, 0), 5))
    made.append(image(day, LOGO.format("plan"), draw(st.sampled_from(["p", "q"])), second=60))
    return made


def fill(store: Store, made: tuple[list[Reading], ...], dice: random.Random | None) -> None:
    batches: list[tuple[int, list[Reading]]] = []
    for day, readings in enumerate(made):
        if dice is None:
            batches.append((day, readings))
            continue
        shuffled = dice.sample(readings, len(readings))
        cut = dice.randint(0, len(shuffled))
        batches += [(day, shuffled[:cut]), (day, shuffled[cut:]), (day, dice.sample(shuffled, cut))]
    if dice is not None:
        dice.shuffle(batches)
    for day, readings in batches:
        write(store, day, *readings)
        if dice is not None and dice.random() < 0.5:
            derived(store)
    for _ in range(2):
        derived(store)


@settings(deadline=None, max_examples=8)
@given(made=st.tuples(*(crawls(day) for day in range(3))), seed=st.integers(0, 1 << 30))
def test_order_batches_and_repetitions_do_not_matter(made, seed):
    dumps = []
    for dice in (None, random.Random(seed)):
        with tempfile.TemporaryDirectory() as folder, open_store(Path(folder)) as store:
            fill(store, made, dice)
            dumps.append(compare.dump(store.db.conn))
            assert not store.db.conn.execute("PRAGMA foreign_key_check").fetchall()
            # every fact is shown by something, and what the page said by itself is never lost
            assert not rows(store, "SELECT 1 FROM fact WHERE id NOT IN (SELECT fact_id FROM evidence)")
            assert not rows(store, "SELECT 1 FROM fact f WHERE rule LIKE '%linked-style' AND NOT EXISTS"
                                   " (SELECT 1 FROM style_evidence e WHERE e.fact_id = f.id)")  # fmt: skip
            told = rows(store, "SELECT coalesce(read_state, state), coalesce(read_version_id, -1),"
                               " section_version_id FROM observation WHERE read_state IS NOT NULL")  # fmt: skip
            assert all(own != shown for _, own, shown in told)
    assert list(compare.differences(*dumps)) == []


def test_what_the_page_says_by_itself_does_not_depend_on_its_sheets(tmp_path):
    dumps = []
    for name, text in (("a", SHEETS[0]), ("b", SHEETS[3])):
        (tmp_path / name).mkdir()
        with open_store(tmp_path / name) as store:
            write(store, 0, page(0, 3), page(0, 2, second=1, url="http://example.test/x", key="x"))
            write(store, 0, sheet(0, MAIN, text, second=9), sheet(0, MORE, SHEETS[3], second=10))
            derived(store)
            own = "SELECT c.page_key, coalesce(o.read_state, o.state), s.digest FROM observation o"
            own += " JOIN capture c ON c.id = o.capture_id LEFT JOIN section_version s"
            own += " ON s.id = iif(o.read_state IS NULL, o.section_version_id, o.read_version_id) ORDER BY 1, 2, 3"
            dumps.append(rows(store, own))
    assert dumps[0] == dumps[1]


@pytest.fixture
def archive(tmp_path):
    """Two days: on the first the page itself shows a logo beside those of its sheet."""
    archive = Archive.create(tmp_path / "archive")
    with open_store(archive.root) as store:
        for number in range(2):
            write(store, number, page(number, 1 - number), sheet(number, MORE, SHEETS[3], second=10))
            write(store, number, sheet(number, MAIN, SHEETS[0] if number else SHEETS[1], second=9))
        derived(store)
    return archive


def visible(archive: Archive) -> set[tuple[int, str]]:
    """Days and names of the sponsors that are shown."""
    days = {crawl(number).id: number for number in range(2)}
    with open_visible(archive) as connection:
        listed = connection.execute("SELECT crawl_id, value FROM listed WHERE role = 'sponsor' AND value IS NOT NULL")
        found = {(days[crawl_id], name) for crawl_id, name in listed}
        proven = {row[0] for row in connection.execute("SELECT value FROM style_source")}
        assert proven == {name for _, name in found} - {"lamp"}
        facts = "SELECT DISTINCT value FROM fact WHERE section_version_id IN (SELECT id FROM section_version WHERE role = 'sponsor')"
        assert {row[0] for row in connection.execute(facts)} == {name for _, name in found}
        if read_rules(connection):
            assert not connection.execute("SELECT 1 FROM style UNION SELECT 1 FROM capture WHERE style_id").fetchall()
        for table, column, to in (
            ("observation", "section_version_id", "section_version"),
            ("observation", "read_version_id", "section_version"),
            ("style_evidence", "fact_id", "fact"),
            ("style_evidence", "observation_id", "observation"),
            ("style_evidence", "capture_id", "capture"),
            ("evidence", "fact_id", "fact"),
            ("fact", "section_version_id", "section_version"),
        ):
            dangling = (
                f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT id FROM {to})"
            )
            assert not connection.execute(dangling).fetchall(), (table, column)
    return found


@pytest.mark.parametrize(
    ("scope", "period", "left"),
    [
        (MAIN, None, set()),
        (MAIN, "/2026-01-01", {(1, "plan"), (1, "zon")}),
        (MAIN, "2026-01-02/", {(0, "lamp"), (0, "Plan Nederland")}),
        (HOME, "/2026-01-01", {(1, "plan"), (1, "zon")}),
        (MORE, None, {(0, "lamp"), (0, "Plan Nederland"), (1, "plan"), (1, "zon")}),
    ],
)
def test_a_list_stands_on_the_captures_of_page_and_sheet_and_goes_with_either(archive, scope, period, left):
    assert visible(archive) == {(0, "lamp"), (0, "Plan Nederland"), (1, "plan"), (1, "zon")}
    decided = {"who": "Jo", "why": "asked", "action": "takedown", "scope": scope, "value": period}
    append_decision(archive.decisions / "decisions.jsonl", **decided)
    assert visible(archive) == left


def test_changes_of_a_list_go_with_its_style_sheet_though_something_else_names_the_organisation(tmp_path):
    archive = Archive.create(tmp_path / "archive")
    with open_store(archive.root) as store:
        for number, how in enumerate((SHEETS[0], SHEETS[3])):
            write(store, number, page(number), sheet(number, MORE, SHEETS[3], second=10))
            write(store, number, sheet(number, MAIN, how, second=9))
            write(store, number, page(number, 3, second=20, url=f"{HOME}more", key="more"))
        derived(store)
    told = "SELECT subject, kind FROM change WHERE role = 'sponsor' AND page_key = 'home' ORDER BY subject"
    with open_visible(archive) as connection:
        assert ("zon", "no longer listed") in connection.execute(told).fetchall()
    decided = {"who": "Jo", "why": "asked", "action": "takedown", "scope": MAIN, "value": None}
    append_decision(archive.decisions / "decisions.jsonl", **decided)
    with open_visible(archive) as connection:
        assert connection.execute("SELECT 1 FROM organisation WHERE id = 'zon'").fetchone()
        assert connection.execute(told).fetchall() == []
