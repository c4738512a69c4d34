"""Files that nobody put into the manifest: of others, of a crash, of an intake; each is told apart, and none stops anything."""

from __future__ import annotations

import gzip
import io
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from shutil import copyfile, copytree

import pytest

from archive.errors import ArchiveFault, WrongUse
from archive.fixity import audit, past_audits
from archive.intake import Intake
from archive.layout import KEPT, Archive
from archive.manifest import add_to_manifest, read_manifest, renew_in_manifest
from archive.recovery import repair, restore_lines
from archive.store.decisions import append_event, read_lines
from archive.warc.writer import WarcWriter
from crawler.cli import never_fail_to_say
from tests.archive.warc_samples import HELLO, exchange_of
from tests.crawler.invoked import run
from tests.front_door import crawl
from tests.site_server import Site, tree

#: one archive serves all; what is spawned to derive its rows is a fork
pytestmark = [pytest.mark.xdist_group("foreign"), pytest.mark.usefixtures("forks")]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("crawled") / "a"
    with Site(tree(2)) as site:
        crawl(site.url(), root)
    return root


def test_no_command_takes_a_foreign_file_for_one_it_knows(crawled: Path, tmp_path: Path) -> None:
    archive = Archive.open(copytree(crawled, tmp_path / "a"))
    foreign = archive.warcs / "foreign-thing.warc.gz"
    copyfile(archive.sealed_warcs()[0], foreign)
    os.utime(foreign, (0, 0))
    where = ("--archive", str(archive.root))
    before = archive.manifest.read_bytes()
    run("rebuild", "--dry-run", *where)
    run("erase", "http://127.0.0.1/none", "--reason", "r", "--by", "b", "--order", "o", "--dry-run", *where)
    assert archive.manifest.read_bytes() == before
    run("rebuild", *where)
    (site,) = {path.name.partition("-")[0] for path in archive.warcs.glob("*-0*-*")}
    repair(archive, prefix=site)
    assert "warcs/foreign-thing.warc.gz" not in read_manifest(archive.root)
    done = audit(archive, days=1, now=datetime.now(UTC), everything=True)
    assert [wrong.file for wrong in done.wrong] == ["warcs/foreign-thing.warc.gz"]


def test_a_manifest_that_is_gone_is_not_begun_anew_over_damage(crawled: Path, tmp_path: Path) -> None:
    archive = Archive.open(copytree(crawled, tmp_path / "a"))
    where = ("--archive", str(archive.root))
    (path,) = archive.sealed_warcs()
    whole, known = path.read_bytes(), read_manifest(archive.root)
    archive.manifest.unlink()
    data = bytearray(whole)
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    run("audit", *where)  # it writes the lines of decisions, and none of this file
    for begun in (lambda: repair(archive, prefix="other"), lambda: repair(archive), Intake(archive).__enter__):
        with pytest.raises(WrongUse, match=r"manifest-sha256\.txt: gone, .*restore-lines"):
            begun()
    code, said = run("audit", "--all", "--restore-lines", *where)
    assert (code, f"warcs/{path.name}" in read_manifest(archive.root)) == (1, False)
    assert f"warcs/{path.name}: the database has sha256 {known[f'warcs/{path.name}']}, computed" in said
    path.write_bytes(whole)
    code, said = run("audit", "--all", "--restore-lines", *where)
    assert (code, read_manifest(archive.root)[f"warcs/{path.name}"]) == (0, known[f"warcs/{path.name}"])
    assert repair(archive) == []


def test_where_no_database_tells_either_the_line_that_is_advised_writes_the_manifest(
    crawled: Path, tmp_path: Path
) -> None:
    archive = Archive.open(copytree(crawled, tmp_path / "it's a"))
    add_to_manifest(archive.root, "decisions/decisions.jsonl", "0" * 64)
    known = read_manifest(archive.root)
    renew_in_manifest(archive.root, {name: None for name in known if name.startswith("warcs/")})
    assert read_manifest(archive.root).keys() == {"decisions/decisions.jsonl"}
    archive.database.unlink()
    (archive.warcs / "left-20260101000000000-00000-x.warc.gz.open").write_bytes(b"being written")
    with pytest.raises(WrongUse, match="no database that can be read") as refused:
        restore_lines(archive)
    subprocess.run(["sh", "-c", str(refused.value).partition("write it yourself: ")[2]], check=True)
    assert read_manifest(archive.root) == known


def test_a_file_that_a_crash_kept_from_its_line_gets_it_only_whole_and_where_no_row_says_it_had_one(
    crawled: Path, tmp_path: Path
) -> None:
    archive = Archive.open(copytree(crawled, tmp_path / "a"))
    (path,) = archive.sealed_warcs()
    known = read_manifest(archive.root)
    renew_in_manifest(archive.root, {f"warcs/{path.name}": None})
    with closing(sqlite3.connect(archive.database)) as db, db:
        db.execute("UPDATE warc SET sealed = 0, sha256 = NULL")
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    repair(archive)
    assert f"warcs/{path.name}" not in read_manifest(archive.root)
    path.write_bytes(whole)
    repair(archive)
    assert read_manifest(archive.root) == known


def test_a_file_of_another_archive_is_told_apart_from_what_a_crash_left_and_taken_in_on_demand(
    crawled: Path, tmp_path: Path
) -> None:
    archive = Archive.open(copytree(crawled, tmp_path / "a"))
    where = ("--archive", str(archive.root))
    (ours,) = archive.sealed_warcs()
    name = ours.name.partition("-")[0]
    info = {"software": "Bewaar/0.1.0", "isPartOf": f"{name}-20260102030400000", "bewaar-site": name}
    writer = WarcWriter(archive.warcs, name, info, reserve_bytes=0)
    writer.write_exchange(exchange_of(HELLO))
    sealed = writer.seal()
    assert sealed
    copied = archive.warcs / sealed.file
    os.utime(copied, (0, 0))
    whole = copied.read_bytes()
    repair(archive)
    assert f"warcs/{copied.name}" not in read_manifest(archive.root)
    told = f"by its own words of the crawl {name}-"
    for command, code in (("doctor", 1), ("verify", 1), ("audit", 1)):
        found, said = run(command, *where)
        assert found == code
        assert (told in said, "bewaar ingest" in said) == (True, True), said
    assert run("rebuild", *where)[0] == 0  # which reads it, wherever it lies
    repair(archive)
    assert f"warcs/{copied.name}" not in read_manifest(archive.root)
    assert copied.read_bytes() == whole
    assert run("ingest", str(copied), *where)[0] == 0
    assert not copied.exists()
    assert sha256(whole).hexdigest() in read_manifest(archive.root).values()
    code, said = run("verify", "--rows", *where)
    assert (code, "0 wrong, 0 warnings" in said) == (0, True)
    # What a crash left of a crawl that this archive knows has its line again, whatever knows it.
    lines = read_manifest(archive.root)
    archive.database.unlink()
    (log,) = archive.logs.glob("*.log")
    log.unlink()
    renew_in_manifest(archive.root, {f"warcs/{ours.name}": None})
    repair(archive)
    assert read_manifest(archive.root) == lines


def test_what_an_intake_left_gets_its_line_and_a_copy_of_what_another_took_in_does_not(
    crawled: Path, tmp_path: Path
) -> None:
    archive = Archive.open(copytree(crawled, tmp_path / "a"))
    data = gzip.compress(b"others'")
    name = f"warcs/{KEPT}{sha256(data).hexdigest()}.warc.gz"
    (archive.root / name).write_bytes(data)
    repair(archive)
    assert name not in read_manifest(archive.root)
    # The event is on the medium before the file has its name.
    append_event(
        archive.decisions / "ingestions.jsonl", type_="ingestion", object_=name, outcome="success", detail="{}"
    )
    repair(archive)
    assert name in read_manifest(archive.root)


def test_a_name_that_is_not_utf_8_stops_nothing_and_is_named(crawled: Path, tmp_path: Path) -> None:
    archive = Archive.open(copytree(crawled, tmp_path / "a"))
    foreign = os.fsencode(archive.warcs) + b"/caf\xe9.warc.gz"
    copyfile(archive.sealed_warcs()[0], foreign)
    os.utime(foreign, (0, 0))
    repair(archive)
    where = ("--archive", str(archive.root))
    assert run("rebuild", *where)[0] == 0
    code, said = run("backup", *where, str(tmp_path / "b"))
    assert (code, "caf\\udce9.warc.gz: not copied: its name is not UTF-8" in said) == (1, True)
    code, said = run("audit", *where)
    assert (code, "warcs/caf\\xe9.warc.gz: does not stand in the manifest" in said) == (1, True)
    assert past_audits(archive).wrong.keys() == {"warcs/caf\\xe9.warc.gz"}
    assert "such as warcs/caf" in run("doctor", *where)[1]
    code, said = run("verify", "--json", os.fsdecode(foreign))
    assert (code, json.loads(said)["warcs"]["files"]) == (0, 1)
    with Path(os.fsdecode(foreign)).open("ab") as damaged:
        damaged.write(b"junk")
    code, said = run("verify", "--json", os.fsdecode(foreign))
    assert json.loads(said)["findings"][0]["file"].endswith("/caf\\xe9.warc.gz")
    said.encode()
    with Intake(archive) as intake:
        taken = intake.take(Path(os.fsdecode(foreign)), site="museum")
    assert "udc" not in (archive.decisions / "ingestions.jsonl").read_text()
    (told,) = (
        json.loads(str(line["detail"])) for _, line in read_lines(archive.decisions) if line["type"] == "ingestion"
    )
    assert (told["name"], taken.new) == ("caf\\xe9.warc.gz", True)
    with pytest.raises(ArchiveFault, match=r"warcs/caf\\udce9: its name is not UTF-8"):
        add_to_manifest(archive.root, "warcs/caf\udce9", "a" * 64)


@pytest.mark.parametrize(("encoding", "said"), [("utf-8", "caf\\xe9 \u00e9"), ("ascii", "caf\\xe9 \\xe9")])
def test_whatever_a_name_holds_it_can_be_said(encoding: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding=encoding, errors="strict"))
    never_fail_to_say()
    print("caf\udce9 \u00e9", end="", flush=True)
    assert shown.getvalue().decode(encoding) == said
