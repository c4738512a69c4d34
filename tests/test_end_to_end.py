"""The main job, once, through the front door: `bewaar demo`, and all that its archive must say, proved and rebuilt."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from archive.layout import Archive
from archive.store import open_read_only
from archive.store.compare import differences, dump
from archive.warc import http as warc_http
from archive.warc.reader import read_records
from crawler.extract.organisations import organisation_key
from crawler.rebuild import rebuild
from crawler.replica.demo import SITE
from crawler.replica.editions import EDITIONS, truth
from crawler.replica.server import START_URL, Replica
from tests.demo_rows import crawls, query
from tests.front_door import bewaar

#: one worker makes the demo once
pytestmark = pytest.mark.xdist_group("demo")
PAGE = "dfc:215:3232"


@pytest.fixture
def archive(demo: tuple[Path, str]) -> Path:
    return demo[0]


def facts(archive: Path, crawl: str, role: str) -> list[dict[str, Any]]:
    rows = query(
        archive,
        "SELECT f.* FROM capture c JOIN resource r ON r.id = c.resource_id JOIN observation o ON o.capture_id = c.id "
        "JOIN fact f ON f.section_version_id = o.section_version_id "
        "WHERE c.crawl_id = ? AND r.url = ? AND o.role = ? ORDER BY f.position",
        crawl, START_URL, role,
    )  # fmt: skip
    return [{**dict(row), **json.loads(row["extra"] or "{}")} for row in rows]


def state(archive: Path, crawl: str, role: str) -> str | None:
    rows = query(
        archive,
        "SELECT o.state FROM capture c JOIN resource r ON r.id = c.resource_id JOIN observation o ON o.capture_id = c.id "
        "WHERE c.crawl_id = ? AND r.url = ? AND o.role = ?", crawl, START_URL, role,
    )  # fmt: skip
    return rows[0]["state"] if rows else None


@pytest.mark.parametrize("number", range(len(EDITIONS)), ids=[edition.name for edition in EDITIONS])
def test_every_edition_is_read_exactly(archive: Path, number: int) -> None:
    crawl = crawls(archive)[number]
    expected = truth(EDITIONS[number])
    if not expected["page_ok"]:
        statuses = query(
            archive, "SELECT DISTINCT status FROM capture c JOIN resource r ON r.id = c.resource_id "
            "WHERE c.crawl_id = ? AND r.url = ?", crawl, START_URL,
        )  # fmt: skip
        assert [row["status"] for row in statuses] == [503]
        assert facts(archive, crawl, "member") == []
        return
    members = facts(archive, crawl, "member")
    assert [member["value"] for member in members] == expected["members"]
    assert state(archive, crawl, "member") == expected["states"]["member"]
    if members:
        assert [member["value"] for member in members if member["kind"] == "host"] == [expected["host"]]
        (chair,) = (member for member in members if member["chair"])
        assert chair["chair_since"] == 2016
        assert [member["value"] for member in members if member["compound"]] == ["ICCO/KerkinActie"]
    goals = facts(archive, crawl, "goal")
    assert [goal["value"] for goal in goals] == expected["goals"]
    assert [goal["value"] for goal in goals if goal["kind"] == "statement"] == expected["statements"]
    sponsors = facts(archive, crawl, "sponsor")
    assert [sponsor["alt"] for sponsor in sponsors] == [logo["alt"] for logo in expected["sponsors"]]
    assert {sponsor["beneficiary_key"] for sponsor in sponsors} == {"defence-for-children"}
    for sponsor, logo in zip(sponsors, expected["sponsors"], strict=True):
        assert sponsor["logo_url"].endswith(logo["file"])
        if logo["name"]:
            names = query(archive, "SELECT name FROM organisation WHERE id = ?", sponsor["organisation_id"])
            known = {organisation_key(name) for name in (sponsor["value"], *(row["name"] for row in names))}
            assert organisation_key(logo["name"]) in known
    assert {(treaty["value"], treaty["year"]) for treaty in facts(archive, crawl, "treaty")} >= {
        ("VN-Kinderrechtenverdrag", 1989)
    }
    assert [fact["value"] for fact in facts(archive, crawl, "certification")] == ["ANBI", "CBF"]
    identity = {fact["kind"]: fact["value"] for fact in facts(archive, crawl, "identity")}
    assert identity["cms"] == expected["cms"]
    assert identity["language"] == expected["language"]
    assert identity["title"] == expected["title"]


def test_the_history_says_when_each_name_was_listed(archive: Path) -> None:
    # Which crawl bears out each bound, and when to the microsecond: two crawls may begin in one second.
    columns = ("absent", "first", "last", "gone")
    lampion = query(
        archive,
        f"SELECT p.*, {', '.join(f'{c}.crawl_id AS {c}_crawl, {c}.warc_date AS {c}_date' for c in columns)} FROM presence p"
        + "".join(f" LEFT JOIN capture {c} ON {c}.id = p.{c}_capture_id" for c in columns)
        + " WHERE p.role = 'member' AND p.value LIKE '%Lampionnenpad%' ORDER BY p.first_seen",
    )
    order = crawls(archive)
    assert [row["state"] for row in lampion] == ["ended", "unknown"]
    before, again = lampion
    assert [before[f"{c}_crawl"] for c in columns] == [order[0], order[1], order[1], order[2]]
    assert before["absent_date"] < before["first_date"] <= before["last_date"] < before["gone_date"]
    # The outage says nothing, so it bounds nothing; nor does the redesign, which has no list.
    assert [again[f"{c}_crawl"] for c in columns] == [order[2], order[4], order[4], None]
    assert before["gone_date"] <= again["absent_date"] < again["first_date"]
    for row in lampion:
        bounds = [row[name] for name in ("absent_before", "first_seen", "last_seen", "gone_by") if row[name]]
        assert bounds == sorted(bounds)
        for c, name in zip(columns, ("absent_before", "first_seen", "last_seen", "gone_by"), strict=True):
            assert (row[name] or "")[:19] == (row[f"{c}_date"] or "")[:19]
    # The redesign has no member list: that is no longer known, not no longer listed.
    members = query(archive, "SELECT state, gone_by FROM presence WHERE role = 'member' AND value NOT LIKE '%Lampion%'")
    assert len(members) == 7
    assert {tuple(row) for row in members} == {("unknown", None)}
    changes = query(archive, "SELECT crawl_id, role, kind FROM change WHERE role IN ('member', 'goal', 'sponsor')")
    number = {crawl: n for n, crawl in enumerate(crawls(archive))}
    assert {(number[row["crawl_id"]], row["role"], row["kind"]) for row in changes} == {
        (1, "member", "first listed"), (1, "sponsor", "first listed"),
        (2, "member", "no longer listed"), (2, "sponsor", "logo replaced"), (2, "goal", "reworded"),
        (4, "member", "listed again"),
        (5, "member", "section vanished"),
    }  # fmt: skip


def test_every_logo_is_looked_at_and_is_one_over_all_editions(archive: Path) -> None:
    looks = query(
        archive,
        "SELECT l.role, l.subject, count(DISTINCT l.id) AS runs, min(p.media_type) AS type, min(p.width) AS width,"
        " min(p.height) AS height, group_concat(DISTINCT p.look) AS look FROM logo l"
        " JOIN logo_file f ON f.logo_id = l.id JOIN payload p ON p.id = f.payload_id WHERE l.role = 'sponsor'"
        " GROUP BY l.role, l.subject",
    )
    found = {row["subject"]: tuple(row)[2:] for row in looks}
    assert len(found) == 10
    assert {row["look"] for row in looks} == {"seen"}
    assert {subject: row[0] for subject, row in found.items() if row[0] > 1} == {"fonds-zilverknoop": 2}
    assert found["plan"][1:4] == ("image/jpeg", 110, 80)
    # Nothing names it but a number: it is known by its picture.
    [unnamed] = [subject for subject in found if subject.startswith("sha256:")]
    assert found[unnamed][1:4] == ("image/png", 100, 80)
    svg = query(archive, "SELECT media_type, width, height, look FROM payload WHERE look = 'drawing'")
    assert [tuple(row) for row in svg] == [("image/svg+xml", 44, 44, "drawing")]
    assert query(archive, "SELECT 1 FROM problem WHERE what = 'logo cannot be read'") == []
    # No two of them look the same, the ministries' neither.
    assert query(archive, "SELECT DISTINCT a.* FROM alike a JOIN logo_file f ON f.payload_id = a.payload_id") == []
    # Only logos are decoded.
    assert query(archive, "SELECT 1 FROM payload WHERE look IS NOT NULL AND mime NOT LIKE 'image/%'") == []
    photos = query(archive, "SELECT p.look FROM payload p JOIN capture c ON c.payload_id = p.id JOIN resource r"
                   " ON r.id = c.resource_id WHERE r.url LIKE '%/nieuws/%.png'")  # fmt: skip
    assert photos
    assert {row["look"] for row in photos} == {None}


def test_the_redesign_is_told_as_drift_and_nothing_else_is(demo: tuple[Path, str]) -> None:
    archive, printed = demo
    (alert,) = query(
        archive,
        "SELECT d.*, b.crawl_id AS before_crawl, b.record_id AS before_record, a.record_id AS after_record FROM drift d "
        "JOIN capture b ON b.id = d.before_capture_id JOIN capture a ON a.id = d.after_capture_id",
    )
    order = crawls(archive)
    assert (alert["kind"], alert["role"], alert["page_key"]) == ("section vanished", "member", PAGE)
    # The outage before it showed nothing.
    assert (alert["before_crawl"], alert["crawl_id"], alert["repaired_crawl_id"]) == (order[4], order[5], None)
    assert (alert["before_count"], alert["after_count"], alert["expected_count"]) == (8, 0, 7)
    assert "Nederlandse afdeling Better Care Network" in alert["before_fragment"]
    assert "Stichting Lampionnenpad en Wilde Ganzen" in alert["before_fragment"]
    assert "<h2>Betere zorg betekent dat:</h2>" in alert["after_fragment"]
    for when in ("before", "after"):
        body = body_of(archive, alert[f"{when}_record"])
        cut = body[alert[f"{when}_start"] : alert[f"{when}_end"]]
        assert cut.decode() == alert[f"{when}_fragment"]
        assert alert[f"{when}_record"] in alert["said"]
    assert "«Nederlandse afdeling Better Care Network De afdeling" in alert["said"]
    assert [line.split(None, 1)[1] for line in printed.splitlines() if line.startswith("drift ")] == [alert["said"]]
    (vanished,) = query(archive, "SELECT * FROM change WHERE kind = 'section vanished'")
    same = ("crawl_id", "page_key", "role", "before_capture_id", "after_capture_id")
    assert [vanished[name] for name in same] == [alert[name] for name in same]


def body_of(archive: Path, record_id: str) -> bytes:
    for path in (archive / "warcs").glob("*.warc.gz"):
        for record in read_records(path):
            if record.id == record_id:
                http = warc_http.parse_response(record.block)
                return warc_http.body(warc_http.payload(record.block, http), http).data
    raise AssertionError(record_id)


def test_a_crawl_of_the_redesign_ends_with_1_and_says_why_and_status_does_too(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(archive, copy)
    (said,) = (row["said"] for row in query(archive, "SELECT said FROM drift"))
    assert bewaar("status", "--archive", copy).stdout.count(f"drift: {said}") == 1
    (site,) = json.loads(bewaar("status", "--json", "--archive", copy).stdout)["sites"]
    assert [drift["said"] for drift in site["drift"]] == [said]
    with Replica() as replica:

        def crawl(edition: str, code: int) -> tuple[dict[str, Any], str]:
            replica.edition = next(each for each in EDITIONS if each.name == edition)
            places = [word for place in replica.connect_to() for word in ("--connect-to", place)]
            done = bewaar("crawl", SITE, "--archive", copy, "--from-start", "--json", *places, code=code)
            return json.loads(done.stdout), done.stderr

        # It is still gone, and has been told; it is there; it is gone again; the outage says nothing.
        assert crawl("redesign", 0)[0]["drift"] == []
        there, _ = crawl("back-again", 0)
        assert there["drift"] == []
        assert [line.partition("; was")[0] for line in there["as_before"]] == [
            f"page {PAGE}: members are as before it broke: 8"
        ]
        assert "drift" not in bewaar("status", "--archive", copy).stdout
        gone, _ = crawl("redesign", 1)
        assert gone["problems_total"] == 0
        assert [line.partition(",")[0] for line in gone["drift"]] == [f"page {PAGE}: no list of members any more"]
        assert crawl("outage", 1)[0]["drift"] == []
    plain = bewaar("rebuild", "--dry-run", "--archive", copy)
    assert plain.stdout == ""


def test_live_equals_rebuilt(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(archive, copy)
    for path in copy.glob("archive.db*"):
        path.unlink()
    rebuild(Archive.open(copy)).close()
    live, rebuilt = open_read_only(archive / "archive.db"), open_read_only(copy / "archive.db")
    assert list(differences(dump(live.conn), dump(rebuilt.conn))) == []
    live.close()
    rebuilt.close()


def test_every_row_is_proved_and_a_changed_one_is_not(archive: Path, tmp_path: Path) -> None:
    proved = json.loads(bewaar("verify", "--rows", "--json", "--archive", archive).stdout)
    assert proved["findings"] == []
    assert proved["rows"]["facts"] > 1000
    assert proved["rows"]["fragments"] == 2
    copy = tmp_path / "copy"
    shutil.copytree(archive, copy)
    db = sqlite3.connect(copy / "archive.db")
    with db:
        db.execute("UPDATE evidence SET quote = 'Gulden Ganzen' WHERE quote = 'Wilde Ganzen'")
        db.execute("UPDATE drift SET before_fragment = replace(before_fragment, 'Nederlandse', 'Belgische')")
    db.close()
    broken = bewaar("verify", "--rows", "--archive", copy, code=1)
    assert "Gulden Ganzen" in broken.stdout
    assert "Belgische afdeling" in broken.stdout
    assert ".warc.gz at " in broken.stdout


def test_one_page_has_one_key_on_every_menu_path_and_host(archive: Path) -> None:
    rows = query(
        archive, "SELECT DISTINCT r.url, r.host FROM capture c JOIN resource r ON r.id = c.resource_id "
        "WHERE c.page_key = ? AND c.status = 200", PAGE,
    )  # fmt: skip
    assert len(rows) >= 4
    assert len({row["host"] for row in rows}) == 2
