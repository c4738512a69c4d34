"""`bewaar ingest`: others' files stand beside ours, and the rows depend on nothing but what was kept."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from archive.layout import Archive
from archive.store.compare import differences
from archive.store.questions import QUESTIONS
from crawler.files import Ingested
from crawler.gauge import plain
from crawler.sites.profile import default_profile
from tests.archive.raw_records import record, write_warc
from tests.archive.wacz_files import wacz
from tests.crawler.crawled import query
from tests.crawler.ingests import HTML, events, info, only, page, revisit, rows, take
from tests.crawler.others_files import DAY_1, DAY_2, DAY_3, HOME, crawl_file
from tests.front_door import bewaar


def test_one_file_of_years_has_a_history(tmp_path: Path, three_days: Path) -> None:
    root = tmp_path / "archive"
    done = json.loads(bewaar("ingest", three_days, "--archive", root, "--json").stdout)
    assert (done["captures"], done["sites"], done["damage"]) == (3, ["network_test"], [])
    assert query(root, "SELECT id, status, software FROM crawl ORDER BY id") == [
        ("network_test-20200101100000000", "imported", "SomeCrawler/1.0"),
        ("network_test-20200201100000000", "imported", "SomeCrawler/1.0"),
        ("network_test-20200301100000000", "imported", "SomeCrawler/1.0"),
    ]
    assert query(root, "SELECT value, state, first_seen, last_seen, gone_by FROM presence WHERE role = 'member'"
                 " ORDER BY value") == [
        ("Alpha Trust", "current", DAY_1, DAY_3, None),
        ("Beta Trust", "ended", DAY_1, DAY_2, DAY_3),
        ("Gamma Trust", "current", DAY_2, DAY_3, None),
    ]  # fmt: skip
    bewaar("verify", "--rows", "--archive", root)
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""


def test_the_file_is_kept_as_it_is_and_nobody_writes_to_it(tmp_path: Path, three_days: Path) -> None:
    root, sha256 = tmp_path / "archive", hashlib.sha256(three_days.read_bytes()).hexdigest()
    bewaar("ingest", three_days, "--archive", root, "--copy")
    kept = root / "warcs" / f"sha256-{sha256}.warc.gz"
    assert kept.read_bytes() == three_days.read_bytes()
    assert stat.S_IMODE(kept.stat().st_mode) & 0o222 == 0
    assert kept.stat().st_ino != three_days.stat().st_ino
    assert os.access(three_days, os.W_OK)
    assert f"{sha256}  warcs/{kept.name}\n" in (root / "manifest-sha256.txt").read_text()
    (event,) = events(root)
    assert (event["type"], event["object"], event["outcome"]) == ("ingestion", f"warcs/{kept.name}", "success")
    assert json.loads(event["detail"]) == {"name": "three-days.warc.gz", "sha256": sha256}
    assert [line for line in bewaar("verify", "--archive", root).stdout.splitlines() if "warning" not in line] == []


def test_a_link_shares_the_bytes(tmp_path: Path, three_days: Path) -> None:
    root = tmp_path / "archive"
    bewaar("ingest", three_days, "--archive", root, "--link")
    assert only(Archive.open(root).kept()).stat().st_ino == three_days.stat().st_ino


def test_a_directory_is_searched_whatever_the_case_of_names(tmp_path: Path, three_days: Path) -> None:
    handed = tmp_path / "handed-over" / "DISK1"
    handed.mkdir(parents=True)
    shutil.copy(three_days, handed / "CRAWL.WARC.GZ")
    said = bewaar("ingest", handed.parent, "--archive", tmp_path / "archive")
    assert "1 file taken in" in said.stdout


def test_the_same_bytes_under_another_name_change_nothing(tmp_path: Path, three_days: Path) -> None:
    root = tmp_path / "archive"
    bewaar("ingest", three_days, "--archive", root)
    before = rows(root), (root / "manifest-sha256.txt").read_bytes(), events(root)
    other = shutil.copy(three_days, tmp_path / "other-name.warc.gz")
    said = bewaar("ingest", three_days, other, "--archive", root)
    assert "0 files taken in, 2 there already" in said.stdout
    assert (rows(root), (root / "manifest-sha256.txt").read_bytes(), events(root)) == before


def test_two_packages_with_one_inner_name_both_arrive(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    for name, member in (("a", "Alpha Trust"), ("b", "Beta Trust")):
        inner = crawl_file(tmp_path / f"{name}.warc.gz", (DAY_1 if name == "a" else DAY_2, page(member, "Gamma Trust")))
        wacz(tmp_path / f"{name}.wacz", {"archive/data.warc.gz": inner.read_bytes()})
    bewaar("ingest", tmp_path / "a.wacz", tmp_path / "b.wacz", "--archive", root)
    paths = [path for (path,) in query(root, "SELECT w.path FROM capture c JOIN warc w ON w.id = c.warc_id")]
    assert len(set(paths)) == 2
    assert all(str(path).endswith(".wacz!archive/data.warc.gz") for path in paths)
    said = bewaar("verify", "--rows", "--archive", root)
    assert "2 rows" in said.stderr
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""
    listed = bewaar("index", "--archive", root).stdout
    assert listed.count("!archive/data.warc.gz") == 2


def test_one_record_in_two_files_is_two_captures_and_one_sighting(tmp_path: Path) -> None:
    first = record("response", HOME, page("Alpha Trust", "Beta Trust"), date=DAY_1)
    second = record("response", HOME, page("Alpha Trust", "Gamma Trust"), date=DAY_2)
    write_warc(tmp_path / "early.warc.gz", info(), first, second)
    write_warc(tmp_path / "late.warc.gz", info(), second)
    root = tmp_path / "archive"
    bewaar("ingest", tmp_path / "early.warc.gz", tmp_path / "late.warc.gz", "--archive", root)
    ((copies,),) = query(
        root, "SELECT count(*) FROM capture c JOIN capture o ON o.id = c.copy_of_id AND o.record_id = c.record_id"
    )
    assert copies == 1
    assert query(root, "SELECT count(*) FROM capture") == [(3,)]
    assert query(root, "SELECT sightings FROM presence WHERE value = 'Alpha Trust'") == [(2,)]


@pytest.mark.parametrize("order", [("original", "revisit"), ("revisit", "original")])
def test_a_revisit_finds_its_original_whichever_comes_first(tmp_path: Path, order: tuple[str, str]) -> None:
    block = page("Alpha Trust", "Beta Trust")
    digest = f"sha256:{hashlib.sha256(block[len(HTML) :]).hexdigest()}"
    original = "<urn:uuid:20000000-0000-4000-8000-000000000001>"
    files = {
        "original": write_warc(
            tmp_path / "original.warc.gz",
            info(),
            record("response", HOME, block, date=DAY_1, record_id=original, payload_digest=digest),
        ),
        "revisit": write_warc(tmp_path / "revisit.warc.gz", info(), revisit(HOME, original, digest, date=DAY_2)),
    }
    root = tmp_path / "archive"
    for name in order:
        bewaar("ingest", files[name], "--archive", root)
    assert query(root, "SELECT count(*) FROM capture c JOIN observation o ON o.capture_id = c.id AND o.role = 'member'"
                 " WHERE c.record_type = 'revisit' AND c.original_id IS NOT NULL AND o.state = 'found'") == [(1,)]  # fmt: skip
    assert query(root, "SELECT last_seen, sightings FROM presence WHERE value = 'Alpha Trust'") == [(DAY_2, 2)]
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""
    bewaar("verify", "--rows", "--archive", root)


def test_a_profile_of_the_archive_applies_by_host(tmp_path: Path, three_days: Path) -> None:
    root = tmp_path / "archive"
    (root / "sites").mkdir(parents=True)
    (root / "sites" / "museum.toml").write_text(
        'title = "The Museum"\nseeds = ["https://www.network.test/"]\n'
        "[[page_key]]\npattern = '^/members$'\nkey = \"the-members\"\n"
    )
    bewaar("ingest", three_days, "--archive", root)
    assert query(root, "SELECT id, name FROM site") == [("museum", "The Museum")]
    assert query(root, "SELECT DISTINCT page_key FROM capture") == [("the-members",)]


def test_a_decision_leaves_the_rest_as_the_profile_wants_it(tmp_path: Path, three_days: Path) -> None:
    root = tmp_path / "archive"
    (root / "sites").mkdir(parents=True)
    (root / "sites" / "museum.toml").write_text(
        'title = "The Museum"\nseeds = ["https://www.network.test/"]\nanchors = ["the-members"]\n'
        '[aliases]\nAlpha = "Alpha Trust of Museums"\n'
        "[[page_key]]\npattern = '^/members$'\nkey = \"the-members\"\n"
    )
    bewaar("ingest", three_days, "--archive", root)
    named = query(root, "SELECT * FROM profile_name")
    assert named
    bewaar("curate", "reject", "Beta Trust", "--why", "asked them", "--archive", root)
    assert query(root, "SELECT * FROM profile_name") == named
    assert not query(root, "SELECT 1 FROM presence WHERE value = 'Beta Trust' AND decided_by IS NULL")
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""


def test_a_decision_finds_the_profile_of_a_crawl_of_ours_in_a_package(tmp_path: Path) -> None:
    crawl = "museum-20200101000000000"
    name = f"{crawl}-00000-host.warc.gz"
    rule = {"pattern": "^/members", "key": "the-members"}
    profile = default_profile(
        HOME, name="museum", title="The Museum", page_key=[rule], aliases={"Alpha": "Alpha Trust"}
    )
    block = f"software: bewaar/1\r\nisPartOf: {crawl}\r\nbewaar-site: museum\r\n".encode()
    path = write_warc(
        tmp_path / name,
        record("warcinfo", None, block, filename=name),
        record("metadata", f"metadata://bewaar/{crawl}/profile.json", profile.to_json().encode()),
        record("response", HOME, page("Alpha Trust", "Beta Trust"), date=DAY_1),
    )
    root = tmp_path / "archive"
    bewaar("ingest", wacz(tmp_path / "ours.wacz", {f"archive/{name}": path.read_bytes()}), "--archive", root)
    named = query(root, "SELECT * FROM profile_name")
    assert named
    bewaar("curate", "reject", "Beta Trust", "--why", "asked them", "--archive", root)
    assert query(root, "SELECT * FROM profile_name") == named
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""


def test_whose_captures_they_are_can_be_said_and_is_remembered(tmp_path: Path) -> None:
    block = page("Alpha Trust")
    path = write_warc(
        tmp_path / "two-hosts.warc",
        info(),
        record("response", HOME, block, date=DAY_1),
        record("response", "http://cdn.test/a.html", block, date=DAY_1),
    )
    root = tmp_path / "archive"
    bewaar("ingest", path, "--archive", root, "--site", "museum")
    assert query(root, "SELECT id FROM site") == [("museum",)]
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""
    assert "two-hosts" not in bewaar("index", "--site", "museum", "--archive", root).stdout
    assert bewaar("index", "--site", "museum", "--archive", root).stdout.count("\n") == 2


def test_a_later_file_of_a_crawl_of_ours_may_come_before_its_first(tmp_path: Path) -> None:
    crawl = "museum-20200101000000000"
    rule = {"pattern": "^/members", "key": "the-members"}
    profile = default_profile(HOME, name="museum", title="The Museum", page_key=[rule]).to_json().encode()
    parts = []
    for number in range(3):
        name = f"{crawl}-{number:05}-host.warc.gz"
        block = f"software: bewaar/1\r\nisPartOf: {crawl}\r\nbewaar-site: museum\r\n".encode()
        told = [record("metadata", f"metadata://bewaar/{crawl}/profile.json", profile)] if number == 0 else []
        response = record("response", f"{HOME}/{number}", page(f"Member {number} Trust"), date=DAY_1)
        parts.append(write_warc(tmp_path / name, record("warcinfo", None, block, filename=name), *told, response))
    together, apart = tmp_path / "together", tmp_path / "apart"
    bewaar("ingest", *parts, "--archive", together)
    assert query(together, "SELECT DISTINCT page_key FROM capture") == [("the-members",)]
    rebuilt = []
    for number in (1, 0, 2):
        done = json.loads(bewaar("ingest", parts[number], "--archive", apart, "--json").stdout)
        rebuilt.append(done["rebuilt"])
    assert rebuilt == [False, True, False]
    assert list(differences(rows(together), rows(apart))) == []
    assert query(apart, "SELECT name FROM warc ORDER BY name") == [(path.name,) for path in parts]


def test_what_has_no_date_is_told_and_says_nothing_of_any_time(tmp_path: Path) -> None:
    dated = [(DAY_1, "Beta Trust"), (DAY_2, "Beta Trust")]
    undated = [
        ("", "Alpha Trust"), ("1970-01-01T00:00:07Z", "Gamma Trust"), ("yesterday", "Delta Trust"),
        ("2099-01-01T00:00:00Z", "Epsilon Trust"),
    ]  # fmt: skip
    records = [record("response", HOME, page("Zeta Trust", name), date=date) for date, name in dated + undated]
    path = write_warc(tmp_path / "clock.warc.gz", info(), *records)
    root = tmp_path / "archive"
    said = bewaar("ingest", path, "--archive", root, code=1)
    assert said.stderr.count("stands in no timeline") == 1
    assert query(root, "SELECT count(*), max(captured_at) FROM capture") == [(6, DAY_2)]
    assert query(root, "SELECT warc_date, crawl_id FROM capture ORDER BY warc_date DESC LIMIT 2") == [
        ("yesterday", "network_test-00010101000000000"), ("2099-01-01T00:00:00Z", "network_test-00010101000000000")
    ]  # fmt: skip
    assert query(root, "SELECT value, absent_before, first_seen, last_seen, gone_by FROM presence"
                 " WHERE role = 'member' ORDER BY value") == [
        ("Beta Trust", None, DAY_1, DAY_2, None), ("Zeta Trust", None, DAY_1, DAY_2, None),
    ]  # fmt: skip
    assert query(root, "SELECT what FROM problem") == [("damaged",)]
    assert query(root, "SELECT kind FROM change") == []
    page_on_date = next(question.sql for question in QUESTIONS if question.name == "page_on_date")
    (key,) = {key for (key,) in query(root, "SELECT page_key FROM capture")}
    assert isinstance(key, str)
    for date, names in (("2100-01-01", ["Zeta Trust", "Beta Trust"]), ("1995-01-01", [])):
        asked = page_on_date.replace(":date", f"'{date}'").replace(":page_key", f"'{key}'")
        assert [name for role, name, *_ in query(root, asked) if role == "member"] == names
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""
    assert f"its first crawl began {DAY_1}" in bewaar("diff", "1995-01-01", DAY_2, "--archive", root, code=2).stderr


def test_the_first_of_several_segments_proves_no_absence(tmp_path: Path) -> None:
    whole, first = page("Alpha Trust", "Beta Trust", "Gamma Trust"), page("Alpha Trust", "Beta Trust")
    records = [
        record("response", HOME, whole, date=DAY_1),
        record("response", HOME, first, date=DAY_2, segment_number="1"),
    ]
    archive = Archive.create(tmp_path / "archive")
    take(archive, [write_warc(tmp_path / "a.warc.gz", info(), *records)])
    assert query(archive.root, "SELECT truncated FROM capture ORDER BY id") == [(None,), ("unspecified",)]
    assert query(archive.root, "SELECT value, state FROM presence WHERE role = 'member' ORDER BY value") == [
        ("Alpha Trust", "current"), ("Beta Trust", "current"), ("Gamma Trust", "unknown")
    ]  # fmt: skip


def test_a_profile_that_is_none_is_told_before_anything_changes(tmp_path: Path, three_days: Path) -> None:
    root = tmp_path / "archive"
    (root / "sites").mkdir(parents=True)
    (root / "sites" / "museum.toml").write_text('seeds = ["no address"]\n')
    said = bewaar("ingest", three_days, "--archive", root, code=2)
    assert "museum.toml" in said.stderr
    assert [path.name for path in root.iterdir()] == ["sites"]


def test_where_no_terminal_is_a_line_says_now_and_then_what_is_left() -> None:
    lines: list[str] = []
    seconds = iter([0.0, 0.0, 10.0, 40.0, 50.0])
    watch = plain(lines.append, clock=lambda: next(seconds))
    watch.begin(100 << 20)
    watch.at("a.warc.gz", 5 << 20)
    watch.at("a.warc.gz", 20 << 20)
    watch.at("b.warc.gz", 20 << 20)
    watch.done(Ingested("a.warc.gz", 7, ("a.warc.gz at 9: no record",)))
    assert lines == [
        "20% of 100 MiB read, 160 s left",
        "a.warc.gz: 7 captures\n  damaged: a.warc.gz at 9: no record",
    ]
