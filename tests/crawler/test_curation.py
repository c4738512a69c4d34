"""`bewaar curate`: what is decided stands in a line, and what cannot be decided is told."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from pathlib import Path

import pytest

from archive.layout import Archive
from crawler.replica.demo import SITE
from tests.crawler.crawled import query
from tests.crawler.curated import curate, names
from tests.front_door import bewaar

#: one worker makes the demo once
pytestmark = pytest.mark.xdist_group("demo")
PAGE = "dfc:215:3232"


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
