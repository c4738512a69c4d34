"""What people decide holds, whatever is crawled, derived or read anew after it."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import shutil
import sqlite3
import subprocess
import termios
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.layout import Archive
from archive.store import Store, open_read_only
from archive.store.compare import differences, dump
from crawler.curation.decide import Curator
from crawler.curation.session import review
from crawler.curation.terminal import printable
from crawler.extract import registry
from crawler.files import ingest_file
from crawler.ingests import Ingests
from crawler.items import KINDS
from crawler.replica.demo import SITE
from crawler.replica.editions import EDITIONS
from crawler.replica.server import Replica
from tests.front_door import COMMAND, bewaar, environment, start

#: one worker makes the demo once
pytestmark = pytest.mark.xdist_group("demo")
PAGE = "dfc:215:3232"


def query(root: Path, sql: str, *values: object) -> list[tuple]:
    db = sqlite3.connect(f"file:{root / 'archive.db'}?mode=ro", uri=True)
    try:
        return db.execute(sql, values).fetchall()
    finally:
        db.close()


def curate(root: Path, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    return bewaar("curate", *arguments, "--archive", root, code=code)


def names(root: Path, view: str) -> list[str]:
    return [row[0] for row in query(root, f"SELECT name FROM {view} WHERE state <> 'ended' ORDER BY name")]


def decided(root: Path) -> dict[str, str]:
    """Standing of each decision, by what it is about."""
    rows = query(root, "SELECT coalesce(json_extract(scope, '$.raw'), scope), standing FROM decided WHERE action = 'override'"
                 " UNION ALL SELECT scope, standing FROM decided WHERE action IN ('alias', 'distinct')")  # fmt: skip
    return dict(rows)


@pytest.fixture
def copied(demo: tuple[Path, str], tmp_path: Path) -> Path:
    root = tmp_path / "archive"
    shutil.copytree(demo[0], root)
    return root


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[tuple[Replica, Path, list[str]]]:
    """The replica, an archive with its profile, and the command that crawls it."""
    archive = Archive.create(tmp_path / "archive", operator="Jo", contact="https://demonstratie.test/contact")
    import importlib.resources

    shipped = importlib.resources.files("crawler.replica").joinpath(f"{SITE}.toml").read_text(encoding="utf-8")
    (archive.sites / f"{SITE}.toml").write_text(shipped, encoding="utf-8")
    with Replica() as site:
        command = ["crawl", SITE, "--archive", str(archive.root), "--from-start"]
        for rule in site.connect_to():
            command += ["--connect-to", rule]
        yield site, archive.root, command


SPONSORS = [
    "Europese Unie", "Fonds Onbekend", "Nationale Postcode Loterij", "Save the Children",
    "Stichting Kinderpostzegels Nederland", "UNICEF", "ministerie", "ministerie",
]  # fmt: skip
MEMBERS = [
    "Defence for Children - ECPAT Nederland", "ICCO", "Kerk in Actie", "SOS Kinderdorpen Nederland",
    "Stichting Kinderperspectief", "UNICEF", "Wereldkinderen",
]  # fmt: skip


def test_decisions_of_the_first_edition_hold_in_all_six_and_after_a_rebuild(
    replica: tuple[Replica, Path, list[str]],
) -> None:
    site, root, command = replica
    for number, edition in enumerate(EDITIONS):
        site.edition = edition
        bewaar(*command, code=1 if edition.down or edition.name == "redesign" else 0)
        if number == 0:
            curate(root, "reject", "Wilde Ganzen", "--why", "asked them")
            curate(root, "rename", "SOS Kinderdorpen", "SOS Kinderdorpen Nederland")
            curate(root, "correct", "Wereldkinderen", "--year", "2007", "--kind", "host")
            curate(root, "split", "ICCO/KerkinActie", "ICCO", "Kerk in Actie")
            curate(root, "name", "1.png", "Fonds Onbekend")
            curate(root, "reject", "Plan.jpg", "--role", "sponsor")
            curate(root, "alias", "Fonds Zilverknoop", "Zilverknoop Beheer", "--anyway")
            curate(root, "distinct", "Defence for Children-ECPAT", "defence-for-children")
        more = ["Stichting Lampionnenpad"] if number in (1, 4, 5) else []
        assert names(root, "member") == sorted([*MEMBERS, *more])
        assert names(root, "current_member") == ([] if edition.name == "redesign" else sorted([*MEMBERS, *more]))
        silver = ["Zilverknoop Beheer"] if number >= 1 else []
        assert names(root, "current_sponsor") == sorted([*SPONSORS, *silver])
        assert query(root, "SELECT year, kind FROM member WHERE name = 'Wereldkinderen'") == [(2007, "host")]
        assert query(root, "SELECT count(*) FROM change WHERE subject IN ('wilde-ganzen', 'plan')") == [(0,)]
        standing = decided(root)
        assert standing.pop("Fonds Zilverknoop") == ("in force" if number else "without target")
        assert set(standing.values()) == {"in force"}
        asked = query(root, "SELECT kind, coalesce(raw, what) FROM review WHERE role IN ('member', 'sponsor')")
        assert not {"1.png", "Plan.jpg", "ICCO/KerkinActie"} & {raw for _, raw in asked}
        assert not [1 for kind, what in asked if kind == "alias" and "Defence" in what]
    assert query(root, "SELECT id FROM organisation WHERE name = 'Zilverknoop Beheer'") == [("zilverknoop-beheer",)]
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""

    before = contents(root)
    (root / "archive.db").unlink()
    bewaar("rebuild", "--archive", root)
    assert list(differences(before, contents(root))) == []
    bewaar("verify", "--rows", "--archive", root)


def contents(root: Path) -> dict[str, list[tuple[object, ...]]]:
    db = open_read_only(root / "archive.db")
    try:
        return dump(db.conn)
    finally:
        db.close()


def test_decisions_hold_when_extractors_read_otherwise(
    copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    curate(copied, "reject", "Wilde Ganzen")
    curate(copied, "split", "ICCO/KerkinActie", "ICCO", "Kerk in Actie")
    curate(copied, "name", "1.png", "Fonds Onbekend")
    curate(copied, "rename", "Plan.jpg", "Plan Internationaal", "--role", "sponsor")
    curate(copied, "alias", "Wereldkinderen", "Stichting Wereldkinderen")
    expected = {view: names(copied, view) for view in ("member", "current_sponsor")}
    asked = len(query(copied, "SELECT 1 FROM review"))

    def raised(role: str) -> registry.Extractor:
        """Another rule, other places, less sure, another spelling and another key of the same names."""
        old = registry.EXTRACTORS[role]

        def run(page, finder):
            for fact in old.run(page, finder):
                key = f"{fact.organisation}-v2" if fact.organisation else None
                yield replace(
                    fact, rule="cards", position=fact.position + 3, confidence=0.9, value=fact.value.upper(),
                    organisation=key,
                )  # fmt: skip

        return replace(old, version=old.version + 1, run=run)

    for role in ("member", "sponsor"):
        monkeypatch.setitem(registry._extractors, role, raised(role))
    archive = Archive.open(copied)
    with Store(tmp_path / "again.db", KINDS) as store:
        ingests = Ingests(archive, store)
        for path in archive.sealed_warcs():
            ingest_file(ingests, path)
        store.load_decisions(archive.decisions)
        ingests.derive()
        for view, before in expected.items():
            rows = store.db.conn.execute(f"SELECT name FROM {view} WHERE state <> 'ended'").fetchall()
            assert sorted(row[0].casefold() for row in rows) == sorted(
                {"NPL": "npl", "Nationale Postcode Loterij": "npl"}.get(name, profile_free(name)) for name in before
            )
        assert {row[0] for row in store.db.conn.execute("SELECT standing FROM decided")} == {"in force"}
        assert not store.db.conn.execute("SELECT 1 FROM review WHERE raw IN ('1.png', 'ICCO/KerkinActie')").fetchall()
    assert asked > 0


def profile_free(name: str) -> str:
    """As the page has it: keys that changed are none the profile has a name for."""
    return {
        "Defence for Children - ECPAT Nederland": "defence for children-ecpat",
        "Stichting Kinderpostzegels Nederland": "kinderpostzegels",
        "Europese Unie": "eu",
        "UNICEF": "unicef",
    }.get(name, name.casefold())


class HeldRequests(list[tuple[str, str, str]]):
    """What a replica has seen; from so many requests on they wait."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.released = most, threading.Event()

    def append(self, request: tuple[str, str, str]) -> None:
        super().append(request)
        if len(self) >= self.most:
            self.released.wait(600)


def test_crawl_in_another_process_is_not_harmed(replica: tuple[Replica, Path, list[str]]) -> None:
    site, root, command = replica
    bewaar(*command)
    site.edition = EDITIONS[1]
    # It cannot come to its end before something was decided meanwhile.
    site.seen = held = HeldRequests(5)
    running = start(*command)
    decisions = 0
    while running.poll() is None:
        curate(root, "reject" if decisions % 2 else "confirm", "Wilde Ganzen")
        decisions += 1
        if decisions == 2:
            held.released.set()
    _, err = running.communicate()
    assert running.returncode == 0, err
    assert decisions >= 2
    assert len((root / "decisions" / "decisions.jsonl").read_text().splitlines()) == decisions
    curate(root, "reject", "Wilde Ganzen")
    assert "Wilde Ganzen" not in names(root, "current_member")
    assert "Stichting Lampionnenpad" in names(root, "current_member")
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""
    bewaar("verify", "--rows", "--archive", root)


# --- the command


def test_who_decided_when_and_why_stands_in_the_line(copied: Path) -> None:
    printed = json.loads(curate(copied, "reject", "wilde ganzen", "--who", "Jo", "--why", "a test", "--json").stdout)
    line = json.loads((copied / "decisions" / "decisions.jsonl").read_text())
    assert printed == line
    assert (line["who"], line["why"], line["action"], line["value"]) == ("Jo", "a test", "override", {"reject": True})
    assert line["scope"] == {"raw": "wilde ganzen", "role": "member", "site": SITE}
    # without --who the archive's operator
    curate(copied, "undo", line["id"][:8])
    assert query(copied, "SELECT who FROM decision WHERE action = 'undo'") == [("Bewaar demonstration",)]
    assert query(copied, "SELECT standing FROM decided ORDER BY action") == [("withdrawn",), ("in force",)]
    assert "Wilde Ganzen" in names(copied, "member")
    subprocess.run(["sha256sum", "-c", "--quiet", "manifest-sha256.txt"], cwd=copied, check=True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["reject", "Wilde Gans"], "nothing is listed by the name 'Wilde Gans'; did you mean Wilde Ganzen?"),
        (["reject", "Wilde Ganzen", "--role", "sponsor"], "nothing is listed by the name 'Wilde Ganzen' as sponsor"),
        (["reject", "Wilde Ganzen", "--role", "membr"], "no section is called 'membr'; did you mean member?"),
        (["reject", "Wilde Ganzen", "--page", "x", "--site", "*"], "a page is of one site"),
        (["alias", "NPLL", "x"], "nothing is listed by the name 'NPLL'; did you mean NPL?"),
        (["alias", "Plan", "plan."], "are one name"),
        (["distinct", "Plan", "Plann"], "nothing is listed by the name 'Plann'"),
        (["correct", "Plan"], "nothing to correct"),
        (["correct", "Plan", "--year", "soon"], "--year must be a number"),
        (["correct", "Plan", "--value", ""], "value.correct.value must be a text"),
        (["split", "ICCO/KerkinActie", "ICCO"], "two names or more"),
        (["undo", ""], "no one decision begins with ''"),
        (["undo", "abc"], "no one decision begins with 'abc'"),
        (["confirm", "Nobody", "--anyway"], "nothing is listed by the name 'Nobody', with --role and --site"),
        ([], "the questions need a terminal"),
    ],
)
def test_wrong_use_decides_nothing_and_says_what_is_right(
    demo: tuple[Path, str], arguments: list[str], says: str
) -> None:
    done = curate(demo[0], *arguments, code=2)
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not list((demo[0] / "decisions").glob("*.jsonl"))


def test_name_of_an_organisation_means_all_its_wordings(copied: Path) -> None:
    # the profile calls it so; on the page it is "NPL logo 2013 .png"
    curate(copied, "reject", "Nationale Postcode Loterij", "--role", "sponsor")
    assert "Nationale Postcode Loterij" not in names(copied, "sponsor")
    assert json.loads((copied / "decisions" / "decisions.jsonl").read_text())["scope"] == {
        "role": "sponsor", "site": SITE, "subject": "nationale-postcode-loterij",
    }  # fmt: skip


def test_decision_may_wait_for_what_is_not_listed_yet(copied: Path) -> None:
    curate(copied, "reject", "Nobody", "--anyway", "--role", "member", "--site", SITE)
    curate(copied, "alias", "NPLX", "Nationale Postcode Loterij", "--anyway")
    assert curate(copied, "decisions").stdout.count("without target") == 2
    assert [row["standing"] for row in json.loads(curate(copied, "decisions", "--json").stdout)] == [
        "without target"
    ] * 2


def test_queue_is_listed_for_people_and_for_scripts(demo: tuple[Path, str]) -> None:
    asked = json.loads(curate(demo[0], "--list", "--json").stdout)
    assert [(item["kind"], item["raw"]) for item in asked[:2]] == [
        ("unnamed logo", "1.png"),
        ("compound", "ICCO/KerkinActie"),
    ]
    assert {"low confidence", "candidate", "alias"} <= {item["kind"] for item in asked}
    compound = asked[1]
    assert (compound["role"], compound["page_key"], compound["quote"]) == ("member", PAGE, "ICCO/KerkinActie")
    printed = curate(demo[0], "--list")
    assert "“1.png”" in printed.stdout
    assert printed.stderr.strip() == f"{len(asked)} questions"


# --- one question at a time


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
    assert any("in 199 captures of 16 pages, last seen" in line for line in person.shown)


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
    shown = b""
    try:
        while True:
            ready, _, _ = select.select([ours], [], [], 60)
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


# --- what stands in the way is told before anything is decided


def test_bad_line_is_told_before_anything_is_decided(copied: Path) -> None:
    file = copied / "decisions" / "own.jsonl"
    file.write_text(
        '{"id": "1", "made_at": "2026-01-01", "who": "Jo", "action": "override", "scope": {}, "value": {}}\n'
    )
    done = curate(copied, "reject", "Wilde Ganzen", code=2)
    assert f"{file} line 1: scope needs a role" in done.stderr
    assert not (copied / "decisions" / "decisions.jsonl").exists()


def test_page_that_does_not_list_it_is_told_before_anything_is_decided(copied: Path) -> None:
    done = curate(copied, "reject", "Wilde Ganzen", "--role", "member", "--page", "dfc:215:3233", code=2)
    assert f"not listed as member on the page 'dfc:215:3233'; did you mean {PAGE}?" in done.stderr
    assert not (copied / "decisions" / "decisions.jsonl").exists()
    curate(copied, "reject", "Wilde Ganzen", "--role", "member", "--page", PAGE)
    curate(copied, "reject", "Wilde Ganzen", "--role", "member", "--page", "nokey", "--anyway")


def test_bad_line_is_told_before_a_crawl_begins(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "archive", operator="Jo", contact="jo@example.org")
    archive.make_folders()
    file = archive.decisions / "own.jsonl"
    file.write_text("\n{nothing\n")
    done = bewaar("crawl", "http://127.0.0.1:9/", "--archive", archive.root, code=2)
    assert f"{file} line 2: not a line of JSON" in done.stderr
    assert list(archive.warcs.iterdir()) == []


def test_missing_profile_is_told_before_anything_is_decided(copied: Path) -> None:
    last = max((copied / "warcs").glob("*.warc.gz"))
    last.rename(copied / "elsewhere")
    done = curate(copied, "reject", "Wilde Ganzen", code=2)
    assert f"{last}: the profile of crawl {SITE}-" in done.stderr
    assert not (copied / "decisions" / "decisions.jsonl").exists()
    assert "Wilde Ganzen" in names(copied, "member")


def test_decision_that_does_not_hold_is_kept_and_says_so(copied: Path) -> None:
    curate(copied, "confirm", "Wilde Ganzen")
    done = curate(copied, "reject", "Wilde Ganzen", "--site", "*", code=1)
    assert "the decision is kept, and does not hold: overruled" in done.stderr
    assert "Wilde Ganzen" in names(copied, "member")
    line = json.loads((copied / "decisions" / "decisions.jsonl").read_text().splitlines()[0])
    late = {**line, "id": "late", "made_at": "2999-01-01T00:00:00Z", "action": "alias", "scope": "Plan", "value": "X"}
    (copied / "decisions" / "own.jsonl").write_text(json.dumps(late) + "\n")
    done = curate(copied, "undo", "late", code=1)
    assert "made, by its date, before what it should take back" in done.stderr


def test_names_off_pages_are_harmless_in_a_complaint(copied: Path) -> None:
    with sqlite3.connect(copied / "archive.db") as db:
        db.execute("INSERT INTO organisation VALUES ('evil', ?)", ("Zzyzxclub\x1b[2J",))
    db.close()
    done = curate(copied, "reject", "Zzyzxclubb", code=2)
    assert "did you mean Zzyzxclub" in done.stderr
    assert "\x1b" not in done.stderr
