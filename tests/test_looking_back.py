"""docs/looking-back.md, block by block, on the demo's archive."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from archive.store.questions import QUESTIONS
from tests.machine import program

pytestmark = pytest.mark.xdist_group("demo")

PAGE = (Path(__file__).parents[1] / "docs" / "looking-back.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", PAGE, re.DOTALL)
ANSWERED = re.findall(r"\*\*(\w+)\*\*: [^\n]*\n\n```sql\n(.*?)\n```\n.*?```answer\n(.*?)\n```", PAGE, re.DOTALL)
#: what the output of each block must hold
EXPECTED = (
    "+ listed: Fonds Zilverknoop",
    "member: Stichting Lampionnenpad",
    "Wilde Ganzen",
    "unknown",
    "[data set]",
    "1 takedown or embargo obeyed",
)
#: what is filled in
GIVEN = {"organisation": "lampionnenpad", "page_key": "dfc:215:3232", "name": "Zilverknoop"}


@pytest.fixture(scope="module")
def place(demo, tmp_path_factory):
    place = tmp_path_factory.mktemp("looking-back")
    shutil.copytree(demo[0], place / "demo-archive")
    return place


def test_every_block_has_its_expectation():
    assert len(BLOCKS) == len(EXPECTED)


def run(number: int, place: Path) -> str:
    program("sqlite3", "sqlite3")
    language, block = BLOCKS[number]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = ["bash", "-e", "-c", block] if language == "sh" else [sys.executable, "-c", block]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=place, env=os.environ | {"PATH": path}, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("number", range(len(EXPECTED) - 1))
def test_a_block_does_what_it_says(place, number):
    assert EXPECTED[number] in run(number, place)


def test_the_last_block_withholds_what_it_says(place):
    assert EXPECTED[-1] in run(-1, place)
    assert "Welkom" in (place / "without" / "page_version.csv").read_text(encoding="utf-8")
    assert "Lampionnenpad" not in (place / "without" / "member.csv").read_text(encoding="utf-8")


def test_there_are_eleven_questions_and_they_are_those_of_datasette():
    assert len(ANSWERED) == 11
    assert {name: sql for name, sql, _ in ANSWERED} == {question.name: question.sql for question in QUESTIONS}


@pytest.mark.parametrize(("name", "sql", "answer"), ANSWERED, ids=lambda value: value[:30].split("\n")[0])
def test_a_question_is_answered_as_the_page_says(demo, name, sql, answer):
    with closing(sqlite3.connect(f"file:{demo[0] / 'archive.db'}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        (day,) = connection.execute("SELECT date(max(started_at)) FROM crawl").fetchone()
        question = next(question for question in QUESTIONS if question.name == name)
        values = {parameter: GIVEN.get(parameter, day) for parameter, _ in question.parameters}
        found = [{key: str(row[key]) for key in row.keys()} for row in connection.execute(sql, values)]  # noqa: SIM118
    expected = [] if answer == "none" else answer.split("\n")
    assert bool(found) == bool(expected)
    for line in expected:
        wanted = dict(part.split(" = ") for part in re.split(r", (?=\w+ = )", line))
        assert any(wanted.items() <= row.items() for row in found), line
