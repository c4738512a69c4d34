"""What the docs say of the database is what it is."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from archive.store import compare
from archive.store.curation_descriptions import VIEW_COLUMNS
from archive.store.descriptions import DESCRIPTIONS, LAYERS, TABLES
from archive.store.documentation import datasette_tables, describe_kind
from archive.store.questions import EXAMPLES, QUESTIONS
from archive.store.view_descriptions import VIEWS
from archive.store.views import view_name
from crawler.items import KINDS
from tests.archive.store_builders import SITE, absent, goals, members, reading, rows, write

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "schema.md"


def columns(store, table: str) -> list[str]:
    return [row[1] for row in rows(store, f'PRAGMA table_info("{table}")')]


def test_every_table_and_column_is_described_and_no_other(store):
    tables = [*compare.tables(store.db.conn), "page_version_fts", "name_trigram"]
    assert set(tables) == set(DESCRIPTIONS) == set(TABLES) == {table for layer in LAYERS.values() for table in layer}
    for table in tables:
        assert columns(store, table) == list(DESCRIPTIONS[table]), table


def test_every_view_is_described(store):
    kinds = {name for kind in KINDS for name in (view_name(kind), f"current_{view_name(kind)}")}
    assert set(store.db.view_names()) == set(VIEWS) | kinds
    for kind in KINDS:
        assert set(columns(store, view_name(kind))) <= set(describe_kind(kind)[1]), kind
    assert set(store.db.view_names()) <= set(datasette_tables(KINDS))
    for view, described in VIEW_COLUMNS.items():
        assert columns(store, view) == list(described), view


def test_schema_page_is_what_cog_makes_of_it():
    done = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "-I", str(ROOT), str(DOCS)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"docs/schema.md is stale: run `cog -r docs/schema.md`. {done.stdout}{done.stderr}"


def test_words_of_the_archive_never_say_joined_or_left(store):
    schema = "\n".join(row[0] for row in rows(store, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"))
    said = [*TABLES.values(), *VIEWS.values(), *(text for table in DESCRIPTIONS.values() for text in table.values())]
    for text in (schema, *said):
        assert not re.search(r"\b(joined|left|leaver|joiner)\b", text), text


@pytest.fixture
def answered(store):
    write(store, 0, reading(0, members("Plan Nederland", "Cordaid"), goals("Veilig opgroeien")))
    write(store, 1, reading(1, members("Cordaid"), goals("Veilig opgroeien")))
    write(store, 2, reading(2, members("Cordaid", "Plan Nederland"), goals("Veilig opgroeien")))
    store.derive(SITE, anchors=["home"])
    return store


def ask(store, name: str) -> list[tuple]:
    question = next(question for question in QUESTIONS if question.name == name)
    return store.db.conn.execute(question.sql, dict(question.parameters)).fetchall()


def test_current_members_are_answered(answered):
    assert [row[0] for row in ask(answered, "current_members")] == ["Cordaid", "Plan Nederland"]


def test_page_on_a_date_is_answered(answered):
    assert [row[:2] for row in ask(answered, "page_on_date")] == [("goal", "Veilig opgroeien"), ("member", "Cordaid")]


def test_changes_of_an_organisation_are_answered(answered):
    assert [row[0] for row in ask(answered, "changes_of_an_organisation")] == ["no longer listed", "listed again"]


def members_on(store, date: str) -> list[tuple]:
    question = next(question for question in QUESTIONS if question.name == "members_on")
    return [(row[0], row[2]) for row in store.db.conn.execute(question.sql, {"date": date})]


def test_members_on_a_date_are_told_with_how_sure_that_is(store):
    for number, names in ((0, ["Cordaid", "Plan"]), (4, ["Cordaid"]), (8, ["Cordaid", "Plan"])):
        write(store, number, reading(number, members(*names)))
    store.derive(SITE, anchors=["home"])
    assert members_on(store, "2025-12-31") == []
    assert members_on(store, "2026-01-01") == [("Cordaid", "listed"), ("Plan", "listed")]
    assert members_on(store, "2026-01-03") == [("Cordaid", "listed"), ("Plan", "listed before, not after")]
    # That day the list was there without it.
    assert members_on(store, "2026-01-05") == [("Cordaid", "listed")]
    assert members_on(store, "2026-01-07") == [("Cordaid", "listed"), ("Plan", "not listed before, listed after")]
    assert members_on(store, "2026-01-09") == [("Cordaid", "listed"), ("Plan", "listed")]
    later = [("Cordaid", "listed when last looked"), ("Plan", "listed when last looked")]
    assert members_on(store, "2026-02-01") == later
    write(store, 40, reading(40, absent("member")))
    store.derive(SITE, anchors=["home"])
    assert {certainty for _, certainty in members_on(store, "2026-03-01")} == {"listed before, unknown after"}


@pytest.mark.parametrize("name", ["members_on", "sponsors_on", "goals_on", "page_on_date"])
def test_a_question_about_a_date_uses_an_index(answered, name):
    question = next(question for question in QUESTIONS if question.name == name)
    plan = answered.db.conn.execute(f"EXPLAIN QUERY PLAN {question.sql}", dict(question.parameters)).fetchall()
    steps = [row[3] for row in plan]
    assert not [step for step in steps if step.startswith("SCAN") and step.split()[1] in {"p", "f", "capture", "c"}], (
        steps
    )


#: what is gone through from end to end, by the name it has in the question: all changes, and the words of all facts,
#: because that is what is asked; all URLs, of which there are as many however often they were captured; and results
WHOLE = {
    "page_on_date": {"latest"},
    "changes_by_crawl": {"change", "t"},
    "broken_links": {"b", "broken_link"},
    "disappeared_documents": {"r"},
    "proof_of_a_name": {"fact"},
}


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_no_question_goes_through_all_captures_or_observations(answered, question):
    plan = answered.db.conn.execute(f"EXPLAIN QUERY PLAN {question.sql}", dict(question.parameters)).fetchall()
    steps = [row[3] for row in plan]
    scanned = {step.split()[1] for step in steps if step.startswith("SCAN")}
    assert {name for name in scanned if not name.startswith("(")} == WHOLE.get(question.name, set()), steps
    assert not [step for step in steps if "AUTOMATIC" in step]


def test_proof_of_a_name_is_answered(answered):
    proofs = ask(answered, "proof_of_a_name")
    assert [(row[0], row[5], row[6]) for row in proofs] == [
        ("Plan Nederland", "example-2.warc.gz", 0),
        ("Plan Nederland", "example-0.warc.gz", 0),
    ]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_every_question_runs_and_the_examples_stand_in_the_docs(answered, question):
    ask(answered, question.name)
    assert (question.sql in DOCS.read_text()) == (question.name in EXAMPLES)


@pytest.mark.parametrize("view", VIEWS)
def test_every_column_of_a_view_is_described(store, view):
    assert set(columns(store, view)) <= set(datasette_tables(KINDS)[view]["columns"])
