"""`bewaar erase`: what an order names is in no byte of the archive any more, and everything else is what it was."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from warcio.archiveiterator import ArchiveIterator

from archive.browse.serve import build as build_datasette
from archive.cli import verify
from archive.errors import WrongUse
from archive.intake import Intake
from archive.layout import Archive
from archive.report.crawl import read_report
from archive.report.verdict import findings
from archive.warc.reader import read_records
from archive.warc.tombstones import is_tombstone, read_tombstone
from crawler.rebuild import compare
from tests.archive.browse_server import running
from tests.crawler.erasable import DOSSIER, OTHERS, SECRET, holders, raw_records
from tests.crawler.erasing import ORDER, is_sound, query, run

#: one archive serves all; what is spawned to derive its rows is a fork
pytestmark = [pytest.mark.xdist_group("erase"), pytest.mark.usefixtures("forks")]


@pytest.fixture(scope="module")
def erased(with_secret: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Archive, dict, dict, str]:
    """The archive after the secret was erased wherever it stands, with the records of before and after, and what was
    said."""
    archive = Archive.open(shutil.copytree(with_secret[0], tmp_path_factory.mktemp("erased") / "archive"))
    before = raw_records(archive)
    said = run(archive, "--text", SECRET, *ORDER, "--yes")
    return archive, before, raw_records(archive), said


def test_the_secret_was_there(with_secret: tuple[Path, str]) -> None:
    found = holders(with_secret[0], SECRET)
    for kind in ("archive.db", "public.db", "facts.csv", "page.html", ".warc.gz.torn", "old.log", ".wacz", ".arc.gz"):
        assert any(kind in name for name in found), kind
    assert len(found) > 10


def test_no_byte_of_the_directory_holds_the_secret(erased) -> None:
    archive, *_ = erased
    assert holders(archive.root, SECRET) == []


def test_what_is_no_copy_is_masked_and_signatures_stay_with_what_they_signed(
    erased, with_secret: tuple[Path, str]
) -> None:
    archive, _, _, said = erased
    assert (archive.logs / "old.log").read_text().splitlines()[1:] == ["x" * len(SECRET), "all is well"]
    for gone in (
        "public.db",
        "pages/example/jan",
        "exports/facts.csv",
        "state/thumbnails/0123456789abcdef/fedcba9876543210",
    ):
        assert f"gone: {gone}" in said
        assert not (archive.root / gone).exists()
    assert "manifest-sha256.txt.asc" in said
    (before, signature) = sorted(archive.root.glob("manifest-sha256.txt.before-*"))
    assert before.read_bytes() == (with_secret[0] / "manifest-sha256.txt").read_bytes()
    assert signature.read_text() == "a signature"


def test_all_other_records_are_byte_for_byte_what_they_were(erased) -> None:
    _, before, after, _ = erased
    kept = gone = 0
    for file, records in before.items():
        for record_id, raw in records.items():
            if (now := after[file].get(record_id)) is not None:
                assert now == raw, (file, record_id)
                kept += 1
            else:
                gone += 1
    assert kept > 20
    assert gone >= 20


def test_members_that_stay_are_copied_and_not_compressed_again(with_secret, erased) -> None:
    archive, *_ = erased
    for path in archive.sealed_warcs():
        old = (with_secret[0] / "warcs" / path.name).read_bytes()
        if old == (new := path.read_bytes()):
            continue
        members = [
            new[one.place.offset : one.place.offset + one.place.length]
            for one in read_records(path)
            if not is_tombstone(one) and one.place.length
        ]
        assert all(member in old for member in members)


def test_verify_finds_nothing_and_tells_tombstones_from_what_is_missing(erased) -> None:
    archive, *_ = erased
    said = is_sound(archive)
    assert "tombstones of what was erased" in said
    tombstones = [one for path in archive.sealed_warcs() for one in read_records(path) if is_tombstone(one)]
    done = CliRunner().invoke(
        verify, [*(str(path) for path in archive.sealed_warcs() if path.name.startswith("127")), "--strict"],
        standalone_mode=False,
    )  # fmt: skip
    assert done.return_value == 0, done.output
    told = read_tombstone(tombstones[0])
    assert told is not None
    assert (told.reason, told.who, told.order) == ("law: judgment of the court", "A. Keeper", "C/16/2027")
    assert told.url
    assert told.record_id != tombstones[0].id


def test_a_record_that_is_missing_is_told_all_the_same(erased, tmp_path: Path) -> None:
    archive, *_ = erased
    path = next(path for path in archive.sealed_warcs() if path.name.startswith("127"))
    data = path.read_bytes()
    response = next(one for one in read_records(path) if one.type == "response").place
    torn = tmp_path / path.name
    torn.write_bytes(data[: response.offset] + data[response.offset + response.length :])
    done = CliRunner().invoke(verify, [str(torn)], standalone_mode=False)
    assert done.return_value == 1
    assert "the record is in none of the files" in done.output


def test_rebuild_gives_the_same_rows_again(erased) -> None:
    archive, *_ = erased
    found = compare(archive)
    assert (found.facts, found.rows) == ([], [])


def test_rows_and_timelines_are_as_if_it_had_never_been_captured(erased) -> None:
    archive, *_ = erased
    assert query(archive, "SELECT count(*) FROM fact WHERE value LIKE 'Jansen%'") == [(0,)]
    assert query(archive, "SELECT count(*) FROM presence WHERE value LIKE 'Jansen%'") == [(0,)]
    assert query(archive, "SELECT DISTINCT value FROM presence WHERE role = 'member' ORDER BY 1") == [
        ("Alpha Trust",), ("Beta Foundation",), ("Gamma Aid",)
    ]  # fmt: skip
    kinds = dict(query(archive, "SELECT record_type, count(*) FROM erased GROUP BY 1"))
    assert kinds.keys() == {"response", "request", "metadata", "revisit", "resource"}
    assert query(archive, "SELECT DISTINCT reason, who, order_reference FROM erased") == [
        ("law: judgment of the court", "A. Keeper", "C/16/2027")
    ]


def test_the_report_of_a_crawl_says_how_much_of_it_was_erased(erased) -> None:
    archive, *_ = erased
    with closing(sqlite3.connect(archive.database)) as db:
        for (crawl,) in db.execute("SELECT id FROM crawl WHERE status <> 'imported'").fetchall():
            report = read_report(db, crawl)
            assert report.erased == 4  # the page and its copies, or their revisits
            report.pages = 0  # as if all of it were gone
            assert [(one.name, one.said, one.command) for one in findings(report)][:1] == [("erased", (4,), "")]
            assert "no page" not in {one.name for one in findings(report)}


def test_decision_and_events_say_what_was_done_and_not_what_it_was(erased) -> None:
    archive, _, _, said = erased
    lines = [json.loads(line) for line in (archive.decisions / "decisions.jsonl").read_text().splitlines()]
    assert [(one["action"], one["who"], one["scope"], one["value"]) for one in lines] == [
        ("erase", "A. Keeper", "1 text not told here", "C/16/2027")
    ]
    events = [json.loads(line) for line in (archive.decisions / "events.jsonl").read_text().splitlines()]
    done = {(one["type"], one["object"]) for one in events}
    assert {("deletion", "exports/facts.csv"), ("deletion", "reports/page.html")} <= done
    changed = [one for one in events if one["type"] == "redaction"]
    assert [one["object"] for one in changed if not one["object"].startswith("warcs/")] == ["state/logs/old.log"]
    assert len(changed) == 1 + 6
    assert all(json.loads(one["detail"])["by"] == "A. Keeper" for one in changed)
    assert "gone: exports/facts.csv" in said


def test_warcio_reads_what_is_left(erased) -> None:
    archive, *_ = erased
    for path in archive.sealed_warcs():
        if not next(read_records(path)).place.length:
            continue  # one gzip stream, as it was: warcio refuses those
        with path.open("rb") as file:
            kinds = [record.rec_type for record in ArchiveIterator(file)]
        assert {"metadata", "warcinfo"} <= set(kinds)


def test_who_asks_by_address_is_told_that_it_was_erased(erased) -> None:
    archive, before, *_ = erased
    gone = next(id_ for records in before.values() for id_ in records if "uuid:20000000-" in id_).strip("<>")
    with running(build_datasette(archive)) as client:
        for path in (
            f"/-/web/2020/{DOSSIER}",
            f"/-/capture/{gone.removeprefix('urn:uuid:')}",
            f"/-/timegate/{DOSSIER}",
        ):
            answer = client.get(path)
            assert answer.status_code == 451, path
            assert "was erased on" in answer.text
            assert "A. Keeper" not in answer.text
        assert client.get(f"/-/web/2020/{OTHERS}/never").status_code == 404


def test_what_was_erased_is_not_taken_in_again(erased, with_secret: tuple[Path, str]) -> None:
    archive, *_ = erased
    with pytest.raises(WrongUse, match="erased"), Intake(archive) as intake:
        intake.take(with_secret[0].parent / "plain.warc")
