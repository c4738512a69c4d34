"""``bewaar withhold``: lines that hold at once, what they hide counted, and nothing decided by mistake."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3

import pytest
from click.testing import CliRunner

from archive.browse.withheld import explain
from archive.errors import WrongUse
from archive.layout import Archive
from archive.store.decisions import append_decision
from archive.store.rules import Rule, next_end
from archive.store.withheld import open_visible
from archive.urls import urlkey
from archive.withholding.cli import withhold
from tests.archive.export_archive import HIDDEN, SECRET, build
from tests.archive.store_builders import HOME


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("withhold") / "archive")


@pytest.fixture
def archive(built, tmp_path):
    return Archive.open(shutil.copytree(built.root, tmp_path / "archive"))


def run(archive, *words: str, code: int = 0) -> str:
    done = CliRunner().invoke(withhold, [*words, "--archive", str(archive.root)], standalone_mode=False)
    if done.exception:
        raise done.exception
    assert done.return_value == code, done.output
    return done.output


def lines(archive, name: str = "decisions.jsonl") -> list[dict]:
    path = archive.decisions / name
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def captures_of(archive, url: str) -> int:
    with open_visible(archive) as connection:
        return connection.execute(
            "SELECT count(*) FROM capture c JOIN resource r ON r.id = c.resource_id WHERE r.url = ?", (url,)
        ).fetchone()[0]


def test_a_dry_run_counts_and_names_and_decides_nothing(archive):
    said = run(archive, HIDDEN, "--reason", "privacy", "--dry-run")
    assert said.splitlines()[:2] == [
        f"{HIDDEN} would hide 3 captures of 1 URL (1 page), 1 fact and 0 images that only they show",
        f"  {HIDDEN}",
    ]
    assert lines(archive) == lines(archive, "events.jsonl") == []
    assert captures_of(archive, HIDDEN) == 3


def test_images_are_counted(archive):
    found = json.loads(run(archive, f"{HOME}logo.png", "--reason", "copyright", "--dry-run", "--json"))
    assert [(one["captures"], one["images"]) for one in found] == [(3, 3)]


def test_a_takedown_is_a_line_an_event_in_premis_words_and_in_the_manifest(archive):
    run(archive, HIDDEN, "--reason", "privacy", "--note", "brief van 3 mei", "--who", "Jo")
    (line,) = lines(archive)
    assert (line["action"], line["scope"], line["value"]) == ("takedown", HIDDEN, None)
    assert (line["who"], line["why"]) == ("Jo", "privacy: brief van 3 mei")
    (event,) = lines(archive, "events.jsonl")
    assert (event["type"], event["object"], event["outcome"]) == ("policy assignment", HIDDEN, "success")
    assert event["detail"] == f"takedown {line['id']}: 3 captures, 1 fact, 0 images withheld"
    manifest = archive.manifest.read_text()
    for name in ("decisions.jsonl", "events.jsonl"):
        sha256 = hashlib.sha256((archive.decisions / name).read_bytes()).hexdigest()
        assert f"{sha256}  decisions/{name}\n" in manifest
    assert captures_of(archive, HIDDEN) == 0
    with sqlite3.connect(archive.database) as connection:
        assert connection.execute("SELECT action, scope FROM decision").fetchall() == [("takedown", HIDDEN)]


def test_a_period_an_embargo_and_several_prefixes(archive):
    run(archive, HIDDEN, f"{HOME}b", "--reason", "agreement", "--from", "2026-01-02", "--until", "2026-01-02")
    assert [line["value"] for line in lines(archive)] == ["2026-01-02/2026-01-02"] * 2
    assert captures_of(archive, HIDDEN) == captures_of(archive, f"{HOME}b") == 2
    run(archive, HIDDEN, "--reason", "law", "--embargo-until", "2999-01-01")
    assert captures_of(archive, HIDDEN) == 0


def test_lifting_shows_all_of_it_again_and_stays_on_record(archive):
    run(archive, HIDDEN, "--reason", "privacy")
    (made,) = lines(archive)
    said = run(archive, "--lift", made["id"][:8], "--note", "akkoord")
    assert said == f"takedown {made['id']} of {HIDDEN}: replaced\n"
    assert captures_of(archive, HIDDEN) == 3
    assert [(one["value"], one["why"]) for one in lines(archive)] == [(None, "privacy"), ("lifted", "akkoord")]
    assert [one["detail"].split(" ")[2] for one in lines(archive, "events.jsonl")] == ["3", "lifted"]
    run(archive, HIDDEN, "--reason", "privacy")
    run(archive, "--lift", HIDDEN.replace("http:", "https:"))
    assert captures_of(archive, HIDDEN) == 3
    with pytest.raises(WrongUse, match="nothing in force"):
        run(archive, "--lift", HIDDEN)


def test_the_list_tells_what_holds_and_what_it_hides(archive):
    run(archive, HIDDEN, "--reason", "privacy", "--who", "Jo")
    run(archive, f"{HOME}b", "--reason", "other")
    run(archive, "--lift", f"{HOME}b")
    path = archive.decisions / "decisions.jsonl"
    append_decision(path, who="Jo", action="embargo", scope=f"{HOME}weg", value="2000-01-01", decision_id="over")
    found = json.loads(run(archive, "--list", "--json"))
    assert [(one["standing"], one["scope"]) for one in found] == [
        ("in force", HIDDEN), ("replaced", f"{HOME}b"), ("lifts", f"{HOME}b"), ("ended", f"{HOME}weg"),
    ]  # fmt: skip
    assert found[0]["hides"]["captures"] == 3
    assert f"in force: 3 captures, 1 fact, 0 images: takedown {HIDDEN} (privacy), by Jo" in run(archive, "--list")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["mensen/jan", "--reason", "privacy"], "beginning of a URL"),
        (["http:///x", "--reason", "privacy"], "beginning of a URL"),
        ([HIDDEN], "give --reason"),
        ([], "give the URL"),
        ([HIDDEN, "--reason", "privacy", "--from", "soon"], "'soon' is not a date"),
        ([HIDDEN, "--reason", "privacy", "--from", "2026-02-01", "--until", "2026-01-01"], "a period such as"),
        ([HIDDEN, "--reason", "law", "--embargo-until", "2000-01-01"], "that day has come"),
        ([HIDDEN, "--reason", "law", "--embargo-until", "2999-01-01", "--from", "2026-01-01"], "do not go with"),
        ([f"{HOME}nergens", "--reason", "privacy"], "nothing was captured at"),
        ([HIDDEN, "--list"], "stand alone"),
    ],
)
def test_what_cannot_be_meant_decides_nothing(archive, words, error):
    with pytest.raises(WrongUse, match=error):
        run(archive, *words)
    assert lines(archive) == []


def test_what_may_come_can_be_withheld_before(archive):
    run(archive, f"{HOME}nergens", "--reason", "privacy", "--anyway")
    assert len(lines(archive)) == 1


def test_a_line_that_cannot_be_obeyed_is_named_with_file_and_line_before_anything_is_decided(archive):
    (archive.decisions / "hand.jsonl").write_text('{"id": "1", "made_at": "x"}\n')
    with pytest.raises(WrongUse, match=r"hand\.jsonl line 1"):
        run(archive, HIDDEN, "--reason", "privacy")
    assert lines(archive) == []


def test_a_decision_that_a_later_date_overrules_is_told(archive):
    path = archive.decisions / "decisions.jsonl"
    append_decision(path, who="Jo", action="takedown", scope=HIDDEN, value="lifted", made_at="2999-01-01T00:00:00Z")
    run(archive, HIDDEN, "--reason", "privacy", code=1)


def test_the_same_bytes_elsewhere_are_named(archive):
    with sqlite3.connect(archive.database) as connection:
        connection.execute(
            "UPDATE capture SET payload_id = (SELECT payload_id FROM capture c JOIN resource r ON r.id = c.resource_id"
            " WHERE r.url = ?1 LIMIT 1) WHERE resource_id = (SELECT id FROM resource WHERE url = ?2)",
            (HIDDEN, f"{HOME}weg"),
        )
    said = run(archive, HIDDEN, "--reason", "privacy", "--dry-run").splitlines()
    assert said[2:] == ["the same page or the same bytes stay to be seen at", f"  {HOME}weg"]
    assert SECRET not in "".join(said)


def test_scopes_of_one_command_are_counted_together(archive):
    copy = f"{HOME}kopie.png"
    with sqlite3.connect(archive.database) as connection:
        (logo,) = connection.execute("SELECT id FROM resource WHERE url = ?", (f"{HOME}logo.png",)).fetchone()
        connection.execute(
            "INSERT INTO resource (url, urlkey, host) SELECT ?, ?, host FROM resource WHERE id = ?",
            (copy, urlkey(copy), logo),
        )
        (last,) = connection.execute("SELECT max(id) FROM capture WHERE resource_id = ?", (logo,)).fetchone()
        connection.execute(
            "UPDATE capture SET resource_id = (SELECT id FROM resource WHERE url = ?), payload_id ="
            " (SELECT min(payload_id) FROM capture WHERE resource_id = ?) WHERE id = ?",
            (copy, logo, last),
        )
    alone = json.loads(run(archive, copy, "--reason", "copyright", "--dry-run", "--json"))
    assert [(one["images"], one["elsewhere"]) for one in alone] == [(0, [f"{HOME}logo.png"])]
    words = (f"{HOME}logo.png", copy, "--reason", "copyright", "--dry-run")
    found = json.loads(run(archive, *words, "--json"))
    assert [(one["captures"], one["images"], one["elsewhere"]) for one in found] == [(2, 2, []), (1, 1, [])]
    said = run(archive, *words)
    assert "stay to be seen" not in said
    assert said.splitlines()[-1] == (
        "all of it together would hide 3 captures of 2 URLs (0 pages), 0 facts and 2 images that only they show"
    )


def test_a_visitor_is_told_the_category_and_nothing_of_the_note():
    rule = Rule("x", False, "", "~", "d", "embargo", "privacy", "2030-01-01T00:00:00Z")
    assert explain([rule]) == (
        "What was captured here is not shown yet, to protect somebody's privacy. It will be from 2030-01-01 on."
    )
    assert explain([rule, Rule("x", False, "", "~")]) == (
        "What was captured here is not shown, to protect somebody's privacy."
    )
    assert next_end([rule, Rule("x", False, "", "~")]) == "2030-01-01T00:00:00Z"
