"""`bewaar curate` at a terminal: one question at a time."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import subprocess
import termios
from pathlib import Path

import pytest

from archive.layout import Archive
from crawler.curation.decide import Curator
from crawler.curation.session import review
from crawler.curation.terminal import printable
from tests.crawler.crawled import query
from tests.crawler.curated import decided, names
from tests.front_door import COMMAND, environment

#: one worker makes the demo once
pytestmark = pytest.mark.xdist_group("demo")


class Person:
    """Answers by the question: the first words of what was shown since, and the keys to press."""

    def __init__(self, answers: dict[str, list[str]], otherwise: str = "s") -> None:
        self.shown: list[str] = []
        self._answers = answers
        self._otherwise = otherwise
        self._since = 0

    def say(self, line: str) -> None:
        self.shown.append(line)

    def ask(self, question: str) -> str:
        since = "\n".join(self.shown[self._since :])
        if "[q] quit" not in question:
            return self._more.pop(0)
        self._since = len(self.shown)
        key = next((key for key in self._answers if key in since), None)
        first, *self._more = self._answers.pop(key) if key else [self._otherwise]
        return first


def test_session_goes_through_the_queue_and_asks_nothing_again(copied: Path) -> None:
    person = Person(
        {
            "“1.png”": ["e", "Fonds Onbekend"],
            "“ICCO/KerkinActie”": ["edit", "ICCO; Kerk in Actie"],
            "“ministerie.png”": ["n"],
            "“Plan”": ["y"],
            "(ministerie)": ["n"],
            "Defence for Children": ["n"],
        }
    )
    with Curator(Archive.open(copied), "Jo") as curator:
        before = len(curator.queue())
        done = review(curator, ask=person.ask, say=person.say, why="went through it")
        # the rejected ministry is no longer a question of two names
        assert (done.decided, done.left) == (5, 0)
        assert done.decided + done.skipped == before - 1
        left = {item.raw for item in curator.queue() if item.kind != "alias"}
        assert not left & {"1.png", "ICCO/KerkinActie", "ministerie.png", "Plan.jpg"}
    assert "Fonds Onbekend" in names(copied, "current_sponsor")
    assert {"ICCO", "Kerk in Actie"} <= set(names(copied, "member"))
    assert names(copied, "current_sponsor").count("ministerie") == 1
    lines = [json.loads(line) for line in (copied / "decisions" / "decisions.jsonl").read_text().splitlines()]
    assert {(line["who"], line["why"]) for line in lines} == {("Jo", "went through it")}
    assert any("in 190 captures of 14 pages, last seen" in line for line in person.shown)


def test_two_ministries_by_one_name_are_told_apart_by_their_keys(copied: Path) -> None:
    person = Person({"(ministerie2)": ["y"]})
    with Curator(Archive.open(copied), "Jo") as curator:
        review(curator, ask=person.ask, say=person.say, why="")
    assert names(copied, "current_sponsor").count("ministerie") == 1
    assert decided(copied) == {"ministerie2": "in force"} or decided(copied) == {"ministerie": "in force"}


def test_session_that_is_broken_off_keeps_what_was_decided(copied: Path) -> None:
    asked = 0

    def ask(question: str) -> str:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise KeyboardInterrupt
        return {1: "e", 2: "Fonds Onbekend"}[asked]

    with Curator(Archive.open(copied), "Jo") as curator:
        done = review(curator, ask=ask, say=lambda _: None, why="x")
    assert done.decided == 1
    assert done.interrupted
    assert "Fonds Onbekend" in names(copied, "current_sponsor")


def test_slow_archive_is_derived_once_at_the_end(copied: Path) -> None:
    with Curator(Archive.open(copied), "Jo") as curator:
        curator.took_s = 60
        shown = []
        done = review(curator, ask=lambda _: "y", say=shown.append, why="x")
        assert done.left == 0
        assert done.decided > 5
        assert query(copied, "SELECT count(*) FROM review") == [(0,)]


def test_terminal_shows_no_escape_sequence_of_a_page() -> None:
    assert printable("Plan\x1b[2J\u202egnp") == "Plan\ufffd[2J\ufffdgnp"


@pytest.mark.parametrize(("last", "code"), [(b"q\n", 0), (b"\x03", 130)], ids=["q", "Ctrl-C"])
def test_questions_are_asked_at_a_terminal(copied: Path, last: bytes, code: int) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "curate", "--archive", str(copied), "--who", "Jo", "--why", "seen"],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment(), start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509  # Ctrl-C is for those the terminal belongs to
    )  # fmt: skip
    os.close(theirs)
    answers = [b"x\n", b"e\n", b"Fonds Onbekend\n", last]
    patience = 3
    shown = b""
    try:
        while True:
            again = code == 130 and not answers and patience > 0
            ready, _, _ = select.select([ours], [], [], 10 if again else 60)
            if not ready and again:
                # It came right before Python began to wait for a line, which it does not break off: people press again.
                patience -= 1
                os.write(ours, last)
                continue
            assert ready, shown.decode()
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
            if shown.endswith(b"> ") and answers:
                os.write(ours, answers.pop(0))
                shown += b"\n"
    finally:
        os.close(ours)
        process.kill() if process.poll() is None and answers else None
    assert process.wait(60) == code, shown.decode()
    text = shown.decode()
    assert "1. unnamed logo, sponsor at better_care_network_demo" in text
    assert "y, n, e, s or q" in text
    assert "1 decided, 0 skipped" in text
    assert "Fonds Onbekend" in names(copied, "current_sponsor")
