"""What is told of one crawl: on the terminal, as JSON, as a page. All that is the archive's is hostile."""

from __future__ import annotations

import json
import re
import sqlite3
import tomllib
from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import pytest

from archive.errors import WrongUse
from archive.model import Closing, UrlList
from archive.report import against
from archive.report import crawl as module
from archive.report.completeness import Asked, measure
from archive.report.crawl import find_crawl, read_report
from archive.report.drifted import drift_said
from archive.report.screen import on_screen
from archive.report.shape import as_json
from archive.report.verdict import findings, next_steps
from archive.report.words import Words, _filled
from archive.report.written import as_page
from archive.store.alerts import NO_ANSWER, Unanswered, line
from archive.store.drift import Alert, DriftKind
from archive.store.fragments import Fragment, Fragments
from archive.store.moments import Moment
from tests.archive.store_builders import HOME, SITE, crawl, image, members, open_store, reading, write

ROOT = Path(__file__).parents[2]
EVIL = "http://example.test/\"'><script>alert(1)</script>\x1b[2J"
AT = "2026-01-09T00:00:00Z"


def asked(url: str, status: int | None = 200, *needs: str | list[str], is_page: bool = False, **more) -> Asked:
    listed = [[one] if isinstance(one, str) else one for one in needs]
    return Asked(url, status, is_page=is_page, needs=listed, **more)


def scored(*captures: Asked, **missed: tuple[str, str | None]) -> tuple[int, int, dict[str, str]]:
    found = measure(captures, missed)
    return found.needed, found.held, {one.url: str(one.why) for one in found.missing}


def test_a_page_is_as_complete_as_what_its_style_sheets_and_frames_need():
    page = asked("p", 200, "s.css", "frame", is_page=True)
    sheet = asked("s.css", 200, "more.css", "a.png")
    frame = asked("frame", 200, "a.png", "b.png")
    assert scored(page, sheet, frame, asked("a.png")) == (
        5, 3, {"b.png": "never asked for", "more.css": "never asked for"},
    )  # fmt: skip


def test_style_sheets_that_import_one_another_come_to_an_end():
    page = asked("p", 200, "a.css", is_page=True)
    assert scored(page, asked("a.css", 200, "b.css"), asked("b.css", 200, "a.css", "x")) == (
        3, 2, {"x": "never asked for"},
    )  # fmt: skip


def test_one_of_several_sizes_will_do():
    page = asked("p", 200, ["small", "large"], ["none", "neither"], is_page=True)
    assert scored(page, asked("large"), asked("neither", 404)) == (2, 1, {"none": "never asked for"})


def test_what_is_missing_says_why():
    captures = [
        asked("p", 200, *"abcdefghi", is_page=True), asked("a", 304), asked("b", 404), asked("c", truncated="time"),
        Asked("d", None, failed=True, error="timeout: 60 s"), asked("e", 302, redirect_to="f2"), asked("f2", 410),
        asked("f", 302, redirect_to="f"),
    ]  # fmt: skip
    assert scored(*captures, g=("refused", "robots"), h=("failed", "host-down"), i=("queued", None)) == (
        9, 1,
        {"b": "answered 404", "c": "cut short: time", "d": "failed: timeout: 60 s", "e": "answered 410",
         "f": "answered 302", "g": "refused by rule robots", "h": "failed: host-down", "i": "never asked for"},
    )  # fmt: skip


def test_urls_are_told_apart_as_replay_does_and_the_best_capture_counts():
    page = asked("http://a.test/", 200, "http://www.a.test/X.png", "http://a.test/y", is_page=True)
    captures = [asked("https://a.test/x.png"), asked("http://a.test/y"), asked("http://a.test/y", 503)]
    assert scored(page, *captures) == (2, 2, {})


def test_a_page_nobody_looked_into_has_no_score():
    found = measure([Asked("p", 200, is_page=True)], {})
    assert (found.score, found.unknown) == (None, 1)


@pytest.fixture
def told(tmp_path):
    """Two crawls; the second lacks a picture, has hostile words in it, and says what it refused."""
    with open_store(tmp_path) as store:
        needs = UrlList("needs", ((f"{HOME}a.png",), (EVIL,)))
        write(store, 0, reading(0, members("Aardvark", "Beer", "Das", "Egel", "Fret")))
        write(
            store, 1,
            replace(reading(1, members("Aardvark"), text="other"), urls=needs),
            image(1, f"{HOME}a.png", "pixels", second=1),
            reading(1, url=EVIL, key=None, status=None, second=2, text=None, hops="E", error=f"timeout: {EVIL}"),
            reading(1, url=f"{HOME}new", key=EVIL, second=3, text="new"),
        )  # fmt: skip
        report = {
            "status": "finished", "limit": None, "refusals": {EVIL: 3}, "frontier": {}, "unchanged": {}, "problems": [],
            "seeds": [{"url": HOME, "status": 200, "problem": EVIL}], "missed": [], "target": f"{HOME};reboot $(x)",
        }  # fmt: skip
        store.write_closing(Closing(crawl(1).id, "crawl", crawl(1).finished_at or "", json.dumps(report)))
        store.derive(SITE, anchors=["home"], expected={"member": 5})
        yield store.db.conn


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.titles = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("language", ["en", "nl"])
def test_the_page_runs_and_loads_nothing_whatever_the_archive_holds(told, language):
    html = as_page(read_report(told, crawl(1).id), Words(language), AT)
    parser = _Tags()
    parser.feed(html)
    assert parser.tags.isdisjoint({"script", "img", "link", "iframe", "object", "base", "form"})
    assert not any(name.startswith("on") for name in parser.attributes)
    assert "src" not in parser.attributes
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert f'<html lang="{language}">' in html
    # What programs said stands in English in either, and is marked where that is another language: a seed's problem, the
    # kind of an error.
    assert html.count(f'<td><span lang="en">{escape(EVIL)}</span></td>') == (language == "nl")
    assert html.count('<td><span lang="en">timeout</span></td>') == (language == "nl")
    # Each chart has its text beside it.
    assert html.count('<svg role="img"') == len(re.findall(r"<svg [^>]*><title>[^<]+</title>", html)) > 4


def test_a_screenful_begins_with_the_verdict_and_ends_with_a_command(told):
    lines = list(on_screen(read_report(told, crawl(1).id), Words("en"), archive=" --archive x"))
    assert lines[0].startswith("Look at these")
    assert lines[-1].strip().startswith("bewaar ")
    assert lines[-1].endswith(" --archive x")
    assert len(lines) < 50
    assert all(line.isprintable() for line in lines)
    # What is to be pasted into a shell is one word where it is one.
    assert any("'http://example.test/;reboot'" in line for line in lines)
    assert not any(re.search(r"crawl http://example.test/;reboot", line) for line in lines)


def test_a_crawl_that_is_well_says_so(told):
    report = read_report(told, crawl(0).id)
    assert [one.name for one in findings(report)] == ["not looked"]  # an older version read it, or so it seems
    report.status = "running"  # it is not read yet
    assert [one.name for one in findings(report)] == ["not ended"]
    report.status, report.completeness.unknown = "finished", 0
    assert findings(report) == []
    assert next(on_screen(report, Words("nl"))) == "Met deze crawl is alles in orde."
    assert [one.command for one in next_steps(report)] == ["bewaar serve"]


def test_a_report_tells_what_differs_from_the_crawl_before(told):
    found = as_json(read_report(told, crawl(1).id), Words("en"), AT)
    assert found["crawl"]["previous"] == crawl(0).id
    pages = found["against_previous"]["pages"]
    assert (pages["new"], pages["changed"], pages["gone"], pages["missing"]) == ([EVIL], ["home"], [], [])
    assert [(one["role"], one["found"], one["before"], one["expected"]) for one in found["sections"]] == [
        ("member", 1, 5, 5)
    ]
    assert found["completeness"]["missing"][0]["kind"] == "failed"
    assert found["completeness"]["score"] == 0.5
    assert found["errors"] == [{"name": "timeout", "captures": 1, "bytes": 0, "failed": 0, "example": EVIL}]
    assert {"seed", "drift", "missing"} <= {one["name"] for one in found["findings"]}


def test_the_same_archive_gives_the_same_bytes(told, tmp_path):
    (tmp_path / "again").mkdir()
    with open_store(tmp_path / "again") as other:
        other.db.conn.execute("PRAGMA foreign_keys = OFF")
        # The same rows under other numbers.
        for table in ("crawl", "closing", "expectation"):
            rows = told.execute(f"SELECT * FROM {table}").fetchall()
            other.db.conn.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        moved = {"warc": ("id",), "resource": ("id",), "payload": ("id",), "url_list": ("id",), "section_version": ("id",),
                 "capture": ("id", "resource_id", "payload_id", "warc_id", "url_list_id"),
                 "observation": ("id", "capture_id", "section_version_id"), "fact": ("id", "section_version_id"),
                 "drift": ("id",)}  # fmt: skip
        for table, ids in moved.items():
            names = [row[1] for row in told.execute(f"PRAGMA table_info({table})")]
            rows = told.execute(f"SELECT * FROM {table} ORDER BY id DESC").fetchall()
            shifted = [
                tuple(1000 - value if name in ids and value is not None else value for name, value in zip(names, row, strict=True))
                for row in rows
            ]  # fmt: skip
            other.db.conn.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", shifted)
        one, two = (as_page(read_report(db, crawl(1).id), Words("en"), AT) for db in (told, other.db.conn))
        other.db.conn.commit()
    assert one == two


def test_a_crawl_is_found_by_its_id_its_site_or_as_the_latest(told):
    assert find_crawl(told, "latest") == find_crawl(told, SITE) == find_crawl(told, crawl(1).id) == crawl(1).id
    with pytest.raises(WrongUse, match=f"no crawl or site .*{crawl(1).id}"):
        find_crawl(told, f"{crawl(1).id}9")
    for given in (f"{SITE}e", "nobody knows it"):
        with pytest.raises(WrongUse, match=f"no crawl or site .*; there are: {SITE}, "):
            find_crawl(told, given)


def test_a_sentence_ends_once():
    said = Words("nl").finding("seed", (HOME, "refused: 111: Connection refused."))
    assert said == f"Beginadres {HOME}: refused: 111: Connection refused."
    assert Words("en").finding("seed", (HOME, "cut off...")) == f"Seed {HOME}: cut off...."


def test_every_query_of_a_report_uses_an_index(told: sqlite3.Connection):
    queries = [value for room in (module, against) for name, value in vars(room).items()
               if name.startswith("_") and isinstance(value, str) and value.startswith("SELECT")]  # fmt: skip
    assert len(queries) > 8
    for sql in queries:
        plan = [row[3] for row in told.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * sql.count("?"))]
        scans = [step for step in plan if step.startswith("SCAN") and "crawl" not in step and "USING" not in step]
        assert not scans, (sql, plan)


def test_both_languages_have_the_same_words_and_places():
    told = tomllib.loads((ROOT / "archive" / "report" / "words.toml").read_text(encoding="utf-8"))
    for kind, languages in told.items():
        assert languages["en"].keys() == languages["nl"].keys(), kind
        for name, text in languages["en"].items():
            places = [sorted(re.findall(r"\{\d\}", one)) for one in (text, languages["nl"][name])]
            assert places[0] == places[1], (kind, name)


PLURALS = (
    "captures|pages|places|seeds|URLs|crawls|facts|quotes|times|things|images|members"
    "|vastleggingen|pagina's|plaatsen|beginadressen|URL's|feiten|citaten|dingen|afbeeldingen"
)


def test_one_of_a_thing_is_said_as_one_in_both_languages():
    for language, one, more in (
        (
            "en",
            "1 of 1 page of the crawl before is gone or was not",
            "2 of 1.234 pages of the crawl before are gone or",
        ),
        (
            "nl",
            "1 van de 1 pagina van de vorige crawl is verdwenen",
            "2 van de 1.234 pagina's van de vorige crawl zijn",
        ),
    ):
        words = Words(language)
        assert words.finding("vanished", (1, 1)).startswith(one)
        assert words.finding("vanished", (2, "1.234")).startswith(more)
    told = tomllib.loads((ROOT / "archive" / "report" / "words.toml").read_text(encoding="utf-8"))
    for kind, languages in told.items():
        for language, texts in languages.items():
            for name, text in texts.items():
                if name == "look":  # of one there is "look at one"
                    continue
                assert not re.search(rf"\b1 ({PLURALS})\b", _filled(text, [1] * 5)), (kind, language, name)


def test_dutch_tells_what_drifted_and_what_is_short_in_dutch():
    for kind in get_args(DriftKind):
        if kind != "as before":
            said = Words("nl").finding("drift", (2, "home", kind))
            assert kind not in said
            assert kind in Words("en").finding("drift", (2, "home", kind))
    assert "2 van de soort lid, waar er 7" in Words("nl").finding("short", ("home", 2, "member", 7))
    # A kind that some later version writes is shown as it is.
    assert "later" in Words("nl").finding("drift", (2, "home", "later"))


def _alert(kind: DriftKind, role: str | None) -> Alert:
    before, after = (
        Moment("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", f"<urn:uuid:{n}>", "w", 0, "c", "u", None, n)
        for n in (1, 2)
    )
    return Alert(kind, "a: b\n c", role, before, after, 11, 12, 0.5, expected=13, from_files=(14, 15), candidates=16)


def test_every_line_of_a_drift_is_told_in_dutch_with_its_numbers_and_quotes():
    dutch = Words("nl")
    found = Fragments(Fragment("<b>A; now (capture", 0, 9), Fragment("now", 0, 9), still=20, looked_for=21)
    for kind in get_args(DriftKind):
        for role in (None, "member"):
            for fragments in (None, found):
                english = line(_alert(kind, role), fragments)
                if role is None and kind not in ("all facts changed", "as before"):
                    continue
                said = drift_said(dutch, english, "a: b\n c", role, kind)
                assert said, english
                numbers = [sorted(re.findall(r"(?<![-:])\b[12]\d\b(?![-:Z])", one)) for one in (said, english)]
                assert numbers[0] == numbers[1] != []
                assert "eerst (vastlegging <urn:uuid:1>, 2026-01-02T03:04:05Z)" in said
                assert not re.search(r" (the|of before|where|were|members?) ", said.replace(" now (capture", ""))
                assert ("«" in said) == (fragments is not None)
    for error, status in (("refused: it broke", None), (None, 503), (None, 302)):
        gone = Unanswered(
            "home", "member", 7, "2026-01-01", status, error, "http://x/", 3, "<urn:uuid:3>", "2026-01-03T00:00:00Z"
        )
        said = drift_said(dutch, gone.line, "home", "member", NO_ANSWER)
        assert said
        assert "in 3 crawls; de 7 van de lijst (lid)" in said
    assert drift_said(dutch, "page home: as some later version says it", "home", "member", "as before") is None


def test_the_shape_of_the_json_is_documented(told):
    page = (ROOT / "docs" / "report.md").read_text(encoding="utf-8")
    for key in as_json(read_report(told, crawl(1).id), Words("en"), AT):
        assert f"| `{key}` |" in page, key
