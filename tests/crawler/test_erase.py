"""`bewaar erase`: what an order names is in no byte of the archive any more, and everything else is what it was."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import unicodedata
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from warcio.archiveiterator import ArchiveIterator

from archive.browse.serve import build as build_datasette
from archive.cli import verify
from archive.erasure import files, journal, remains
from archive.erasure.order import Order
from archive.errors import WrongUse
from archive.intake import Intake
from archive.layout import Archive
from archive.report.crawl import read_report
from archive.report.verdict import findings
from archive.warc.reader import read_records
from archive.warc.tombstones import is_tombstone, read_tombstone
from crawler.erasing import erase as room
from crawler.erasing.cli import erase
from crawler.erasing.erase import plan
from crawler.rebuild import compare, rebuild
from tests.archive.browse_server import running
from tests.archive.raw_records import record, write_warc
from tests.crawler.erasable import DOSSIER, HTTP, OTHERS, QUERY, SECRET, build, holders, raw_records
from tests.crawler.ingests import info

ORDER = ("--reason", "law: judgment of the court", "--by", "A. Keeper", "--order", "C/16/2027")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    return build(tmp_path_factory.mktemp("erase"))


@pytest.fixture
def archive(built: tuple[Path, str], tmp_path: Path) -> Archive:
    return Archive.open(shutil.copytree(built[0], tmp_path / "archive"))


def run(archive: Archive, *words: str, code: int | None = 0) -> str:
    done = CliRunner().invoke(erase, [*words, "--archive", str(archive.root)], standalone_mode=False)
    if done.exception:
        raise done.exception
    assert code is None or done.return_value == code, done.output
    return done.output


def is_sound(archive: Archive) -> str:
    done = CliRunner().invoke(verify, ["--rows", "--archive", str(archive.root)], standalone_mode=False)
    assert not done.exception, done.exception
    assert done.return_value == 0, done.output
    return done.output


def query(archive: Archive, sql: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(archive.database)) as db:
        return db.execute(sql, values).fetchall()


@pytest.fixture(scope="module")
def erased(built: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Archive, dict, dict, str]:
    """The archive after the secret was erased wherever it stands, with the records of before and after, and what was
    said."""
    archive = Archive.open(shutil.copytree(built[0], tmp_path_factory.mktemp("erased") / "archive"))
    before = raw_records(archive)
    said = run(archive, "--text", SECRET, *ORDER, "--yes")
    return archive, before, raw_records(archive), said


def test_the_secret_was_there(built: tuple[Path, str]) -> None:
    found = holders(built[0], SECRET)
    for kind in ("archive.db", "public.db", "facts.csv", "page.html", ".warc.gz.torn", "old.log", ".wacz", ".arc.gz"):
        assert any(kind in name for name in found), kind
    assert len(found) > 10


def test_no_byte_of_the_directory_holds_the_secret(erased) -> None:
    archive, *_ = erased
    assert holders(archive.root, SECRET) == []


def test_what_is_no_copy_is_masked_and_signatures_stay_with_what_they_signed(erased, built: tuple[Path, str]) -> None:
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
    assert before.read_bytes() == (built[0] / "manifest-sha256.txt").read_bytes()
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


def test_members_that_stay_are_copied_and_not_compressed_again(built, erased) -> None:
    archive, *_ = erased
    for path in archive.sealed_warcs():
        old = (built[0] / "warcs" / path.name).read_bytes()
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


def test_a_period_that_ends_before_it_begins_is_told_by_its_options(archive: Archive) -> None:
    with pytest.raises(WrongUse, match="--from 2030-01-01 is later than --to 2020-01-01"):
        run(archive, DOSSIER, "--from", "2030-01-01", "--to", "2020-01-01", *ORDER, "--dry-run")


def test_decision_and_events_say_what_was_done_and_not_what_it_was(erased) -> None:
    archive, _, _, said = erased
    lines = [json.loads(line) for line in (archive.decisions / "decisions.jsonl").read_text().splitlines()]
    assert [(one["action"], one["who"], one["scope"], one["value"]) for one in lines] == [
        ("erase", "A. Keeper", "1 texts that are not told", "C/16/2027")
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


def test_an_address_alone_takes_its_bytes_along_wherever_they_are(archive: Archive, built: tuple[Path, str]) -> None:
    home = built[1]
    everywhere = plan(archive, Order("law", "me", urls=(f"{home}people/jan",))).erased
    by_bytes = {one.url: one.why for one in everywhere if one.type in ("response", "revisit")}
    # Packed by the server it is other bytes, and the same page.
    assert by_bytes.keys() == {f"{home}{path}" for path in ("people/jan", "copy", "packed")}
    assert by_bytes[f"{home}people/jan"] == "named"
    assert {one.file.rpartition("-")[0] for one in everywhere} == {
        path.name.rpartition("-")[0] for path in archive.warcs_of(f"127_0_0_1_{home.split(':')[2].strip('/')}")
    }


def test_the_same_bytes_stay_elsewhere_where_the_order_is_of_one_address_only(
    archive: Archive, built: tuple[Path, str]
) -> None:
    home = built[1]
    only = plan(archive, Order("law", "me", urls=(f"{home}people/jan",), this_url_only=True)).erased
    assert {one.url for one in only if one.type == "response"} == {f"{home}people/jan"}


def test_a_period_a_site_and_a_record_are_all_that_goes(archive: Archive) -> None:
    early = Order("law", "me", prefixes=(f"{OTHERS}/",), until="2020-01-31", this_url_only=True)
    assert {one.url for one in plan(archive, early).erased if one.type == "response"} == {
        DOSSIER, f"{OTHERS}/open", f"{OTHERS}/old"
    }  # fmt: skip
    assert plan(archive, Order("law", "me", urls=(DOSSIER,), site="nobody")).erased == []
    one = Order("law", "me", records=("urn:uuid:20000000-0000-4000-8000-000000000002",), this_url_only=True)
    assert sorted(found.type for found in plan(archive, one).erased) == ["request", "response", "revisit"]


def test_an_address_that_must_not_be_told_is_nowhere(archive: Archive, built) -> None:
    home = built[1].rstrip("/")
    words = (f"{home}{QUERY}", "--text", QUERY, "--without-url", "--without-digest", *ORDER, "--yes")
    with running(build_datasette(archive)) as client:  # served meanwhile
        assert "jan-jansen-harwick" in client.get("/archive/resource.json?_shape=array").text
        said = run(archive, *words)
        assert "jan-jansen-harwick" not in client.get("/archive/resource.json?_shape=array").text
    assert holders(archive.root, "jan-jansen-harwick") == []
    assert "masked in 4 records that stay" in said
    (host,) = {path.name.partition("-")[0] for path in archive.warcs_of(f"127_0_0_1_{home.rpartition(':')[2]}")}
    masked = [
        b"".join(one.block.chunks()).decode()
        for path in archive.warcs_of(host)
        for one in read_records(path)
        if one.field("Bewaar-Masked")
    ]
    assert len(masked) == 4
    assert sum(f"via: {home}/xxxx" in block for block in masked) == 2
    assert sum(f"Referer: {home}/xxxx" in block for block in masked) == 2
    is_sound(archive)
    assert query(archive, "SELECT count(*) FROM crawl WHERE status = 'finished'") == [(2,)]


def test_a_dry_run_and_an_order_that_names_nothing_change_nothing(archive: Archive, built) -> None:
    before = {
        path: path.read_bytes() for path in archive.root.rglob("*") if path.is_file() and path.parent != archive.state
    }
    run(archive, f"{built[1]}people/jan", *ORDER, "--dry-run")
    for words in (
        ("http://nowhere.test/", *ORDER, "--yes"),
        ("not a url", *ORDER, "--yes"),
        (f"{built[1]}people/jan", "--by", "x", "--yes"),
        ORDER,
        (f"{built[1]}people/jan", *ORDER),
        ("--text", "jan", *ORDER, "--yes"),
        ("--record", "1234", *ORDER, "--yes"),
    ):
        with pytest.raises(WrongUse):
            run(archive, *words)
    after = {
        path: path.read_bytes() for path in archive.root.rglob("*") if path.is_file() and path.parent != archive.state
    }
    assert after == before


#: in the order in which they are reached
STEPS = (
    (journal, "write_whole", 2), (files, "flush", 2), (files, "flush_directory", 1), (files, "renew_in_manifest", 3),
    (remains, "_remove", 1), (remains, "_remove", 2), (room, "_append", 3), (room, "rebuild", 1),
)  # fmt: skip


def test_killed_at_any_step_a_file_is_what_it_was_or_was_to_become_and_the_next_one_goes_on(archive: Archive) -> None:
    seen: dict[str, set[str]] = {path.name: {sha256(path)} for path in archive.warcs.glob("*[!n]")}
    for number, (module, name, times) in enumerate(STEPS):
        if (child := os.fork()) == 0:
            die_at(module, name, times)
            words = ["--finish"] if number else ["--text", SECRET, *ORDER, "--yes"]
            CliRunner().invoke(erase, [*words, "--archive", str(archive.root)], standalone_mode=False)
            os._exit(0)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL, name
        with pytest.raises(WrongUse, match=f"`bewaar erase --finish --archive {archive.root}` ends it"):
            Archive.open(archive.root)
        for path in archive.warcs.glob("[!.]*[!n]"):  # no .torn: those go
            seen[path.name].add(sha256(path))
    run(archive, "--finish")
    assert holders(archive.root, SECRET) == []
    assert {len(states) for states in seen.values()} == {2}
    is_sound(Archive.open(archive.root))
    assert len((archive.decisions / "decisions.jsonl").read_text().splitlines()) == 1
    assert run(archive, "--finish") == "nothing is being erased\n"


def die_at(module: ModuleType, name: str, times: int) -> None:
    """As by kill -9, when the function is called for the nth time."""
    before, reached = getattr(module, name), [0]

    def then(*args: object, **more: object) -> object:
        reached[0] += 1
        if reached[0] == times:
            os.kill(os.getpid(), signal.SIGKILL)
        return before(*args, **more)

    setattr(module, name, then)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


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


def test_what_was_erased_is_not_taken_in_again(erased, built: tuple[Path, str]) -> None:
    archive, *_ = erased
    with pytest.raises(WrongUse, match="erased"), Intake(archive) as intake:
        intake.take(built[0].parent / "plain.warc")


NAME = "Zo\u00eb M\u00fcller-van Dijk"


def test_no_spelling_of_a_text_is_left_and_what_markup_cuts_is_named(tmp_path: Path) -> None:
    host, root = "http://names.test", tmp_path / "archive"
    bodies = {
        "names": "<p>Zo&euml; M&uuml;ller-van Dijk woont hier al tien jaar.</p>",
        "numbers": "<p>Zo&#0235; M&#xFC;ller-van Dijk woont hier al tien jaar.</p>",
        "upper": f"<p>{NAME.upper()} woont hier al tien jaar.</p>",
        "decomposed": f"<p>{unicodedata.normalize('NFD', NAME)} woont hier al tien jaar.</p>",
        "cut": "<p>Zo\u00eb M\u00fcl<b>ler</b>-van Dijk woont hier al tien jaar.</p>",
        "plain": "<p>Zoe Muller van Dijk woont hier al tien jaar.</p>",
        "other": "<p>Zo\u00eb Smit woont hier al tien jaar.</p>",
    }
    taken = [
        record(
            "response", f"{host}/{name}", HTTP + f"<title>{name}</title>{body}".encode(), date="2020-01-01T10:00:00Z"
        )
        for name, body in bodies.items()
    ]
    archive = Archive.create(root)
    with Intake(archive) as intake:
        intake.take(write_warc(tmp_path / "names.warc", info(), *taken))
    rebuild(archive).close()
    sql = """SELECT DISTINCT r.url FROM page_version_fts f JOIN capture c ON c.page_version_id = f.rowid
      JOIN resource r ON r.id = c.resource_id WHERE page_version_fts MATCH '"muller van dijk"' ORDER BY 1"""
    assert len(query(archive, sql)) == 6
    left = [f"page text of {host}/{name}" for name in ("cut", "plain")]
    for words in ("--dry-run", "--yes"):
        said = run(archive, "--text", NAME, *ORDER, words, code=None)
        assert [f"is read there, and stays; erase the address: {one}" in said for one in left] == [True, True]
    assert [line.partition(" can ")[0] for line in said.splitlines() if " still be read " in line] == [
        f"see to it: {one}" for one in left
    ]
    assert query(archive, sql) == [(f"{host}/cut",), (f"{host}/plain",)]
    with pytest.raises(WrongUse, match=f"read in the page text of {host}/cut: erase that address"):
        run(archive, "--text", NAME, *ORDER, "--yes")
    run(archive, f"{host}/cut", f"{host}/plain", *ORDER, "--yes")
    assert query(archive, sql) == []
    assert query(archive, "SELECT url FROM resource r JOIN capture c ON c.resource_id = r.id") == [(f"{host}/other",)]


def test_pages_that_link_relatively_to_what_must_not_be_told_are_named(tmp_path: Path) -> None:
    host = "http://links.test"
    bodies = {
        "a/secret": "<p>What a court forbids.</p>",
        "a/relative": '<p>Somebody has <a href="secret#part">a link</a> here.</p>',
        "a/rooted": '<p>Somebody has <a href="/a/secret">a link</a> here.</p>',
        "a/other": '<p>Somebody has <a href="secretary">a link</a> here.</p>',
    }
    taken = [
        record(
            "response", f"{host}/{name}", HTTP + f"<title>{name}</title>{body}".encode(), date="2020-01-01T10:00:00Z"
        )
        for name, body in bodies.items()
    ]
    archive = Archive.create(tmp_path / "archive")
    with Intake(archive) as intake:
        intake.take(write_warc(tmp_path / "links.warc", info(), *taken))
    rebuild(archive).close()
    said = run(archive, f"{host}/a/secret", "--without-url", *ORDER, "--yes", code=1)
    assert [line for line in said.splitlines() if "links to an address" in line] == [
        f"see to it: {host}/a/{name} links to an address that must not be told, so the rows name it: erase that page too"
        for name in ("relative", "rooted")
    ]
    run(archive, f"{host}/a/relative", f"{host}/a/rooted", *ORDER, "--yes", code=None)
    assert query(archive, "SELECT target_url FROM link") == [(f"{host}/a/secretary",)]
