"""`bewaar doctor` on an archive: each fault is made, found, and mended by what it says."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive import times
from archive.errors import NotAnArchive
from archive.fixity import audit
from archive.intake import Intake
from archive.layout import Archive
from archive.manifest import add_to_manifest
from archive.store import Store
from crawler.cli import main
from crawler.doctor.examination import examine
from crawler.items import KINDS
from crawler.look.founding import found_archive
from tests.crawler.doctor.findings import PROFILE, wrong
from tests.front_door import CONTACT


def test_an_archive_that_is_well_has_nothing_wrong(archive: Archive) -> None:
    assert wrong(archive.root) == {}


def test_it_tells_in_lines_and_in_json_and_a_problem_is_an_exit_code(archive: Archive) -> None:
    done = CliRunner().invoke(main.commands["doctor"], ["--archive", str(archive.root)], standalone_mode=False)
    assert done.return_value == 0
    assert "ok       archive: manifest: 1 file, all there\n" in done.stdout
    archive.state.chmod(0o755)
    done = CliRunner().invoke(main.commands["doctor"], ["--archive", str(archive.root)], standalone_mode=False)
    assert done.return_value == 1
    assert f"         mend: chmod 700 {archive.state}\n" in done.stdout
    done = CliRunner().invoke(
        main.commands["doctor"], ["--archive", str(archive.root), "--json"], standalone_mode=False
    )
    (problem,) = [finding for finding in json.loads(done.stdout) if finding["state"] == "problem"]
    assert problem["what"] == "state/ is for its owner alone"
    subprocess.run(["sh", "-c", problem["mend"]], check=True)
    assert wrong(archive.root) == {}


def _flip(archive: Archive) -> None:
    (file,) = archive.sealed_warcs()
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    audit(archive, days=1, now=times.now(), everything=True)


def _break_database(archive: Archive) -> None:
    data = bytearray(archive.database.read_bytes())
    data[4096 : 4096 * 40] = bytes(4096 * 39)
    archive.database.write_bytes(data)


def _execute(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(sql)


def _migrate(sql: str) -> Callable[[Archive], None]:
    def migrate(archive: Archive) -> None:
        _execute(archive.database, sql)

    return migrate


def _dead_process() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def _leave_lock(archive: Archive) -> None:
    (archive.state / "museum.lock").write_text(f"pid {_dead_process()} since 2026-01-01T00:00:00Z\n")


def _leave_recovery(archive: Archive) -> None:
    (archive.state / "from-a_test.lock").write_text(f"pid {_dead_process()} since 2026-01-01T00:00:00Z\n")


def _leave_unfinished(archive: Archive) -> None:
    (frontier,) = archive.state.glob("*.frontier.db")
    _execute(frontier, "UPDATE crawl SET finished = 0")


def _break_frontier(archive: Archive) -> None:
    (frontier,) = archive.state.glob("*.frontier.db")
    frontier.write_bytes(frontier.read_bytes()[:4096] + b"x" * 4096 + frontier.read_bytes()[8192:])


def _leave_open(archive: Archive) -> None:
    (frontier,) = archive.state.glob("*.frontier.db")
    (archive.warcs / f"{frontier.name.removesuffix('.frontier.db')}-00000.warc.gz.open").touch()


def _leave_unread(archive: Archive) -> None:
    (file,) = archive.sealed_warcs()
    other = archive.root.parent / "other.warc.gz"
    other.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with Intake(archive) as intake:
        intake.take(other, how="copy")


def _in_future(archive: Archive) -> None:
    _execute(archive.database, "UPDATE capture SET captured_at = '2999-01-01T00:00:00Z'")


def _foreign(archive: Archive) -> None:
    (archive.warcs / "found.warc.gz").write_bytes(b"x")


def _gone(archive: Archive) -> None:
    add_to_manifest(archive.root, "warcs/sha256-gone.warc.gz", "0" * 64)


def _write(name: str, text: str) -> Callable[[Archive], None]:
    return lambda archive: (archive.root / name).write_text(text) and None


def _unlink(name: str) -> Callable[[Archive], None]:
    return lambda archive: (archive.root / name).unlink()


def test_the_clock_is_not_judged_by_what_others_dated(archive: Archive) -> None:
    _in_future(archive)
    _execute(archive.database, "UPDATE crawl SET status = 'imported'")
    assert "after the newest record" not in wrong(archive.root)


@pytest.mark.parametrize(
    ("fault", "what", "state", "said", "mend"),
    [
        (_write("bewaar.toml", "format = \n"), "format", "problem", "bewaar.toml", "backup"),
        (_write("bewaar.toml", "format = 9\n"), "format", "problem", "archive format 9 is newer", "newer Bewaar"),
        (lambda a: (a.root / "decisions").rename(a.root.parent / "d"), "folders", "warning", "decisions", "mkdir -p"),
        (_write("state/erasure.json", "{}"), "erasure", "problem", "stopped in the middle", "bewaar erase --finish --archive /"),
        (_leave_lock, "locks", "warning", "museum: of a process that was killed", "bewaar crawl museum"),
        (_leave_recovery, "locks", "warning", "from-a_test: of a process", "the same `bewaar recover`"),
        (_write("warcs/from-x.warc.gz.open", ""), "WARC files left open", "warning", "from-x", "the same `bewaar recover`"),
        (_write("warcs/x.warc.gz.open", ""), "WARC files left open", "warning", "x.warc.gz.open", "bewaar due"),
        (lambda a: (a.root / f".bewaar.toml.{_dead_process()}").touch(), "files half written", "warning", ".bewaar", "rm -r"),
        (_leave_unfinished, "unfinished crawls", "warning", "goes on where it was", "bewaar crawl http://127"),
        (_leave_open, "WARC files left open", "warning", "its crawl was cut short", " --scope host --archive /"),
        (_break_frontier, "frontiers", "problem", "puts it aside and begins anew", "bewaar crawl 127"),
        (_write("state/museum.1a2b.recovery.db", "garbage" * 99), "frontiers", "problem",
         "museum.1a2b.recovery.db: file is not a database: the next recovery puts it aside", "bewaar recover of museum"),
        (_leave_unread, "unfinished ingests", "warning", "sha256-", "bewaar ingest /"),
        (_foreign, "manifest", "problem", "1 file that it does not name, such as warcs/found.warc.gz", "bewaar ingest"),
        (_gone, "manifest", "problem", "1 file missing, such as warcs/sha256-gone.warc.gz", "runbooks"),
        (_flip, "audit", "problem", "manifest sha256", "bewaar audit --all"),
        (_unlink("decisions/fixity.jsonl"), "audit", "warning", "never yet", "bewaar audit"),
        (_unlink("archive.db"), "database", "warning", "none", "bewaar rebuild"),
        (_break_database, "database", "problem", "", "bewaar rebuild"),
        (_migrate("DELETE FROM _sqlite_migrations WHERE id = (SELECT max(id) FROM _sqlite_migrations)"), "schema of the database",
         "warning", "older", "bewaar rebuild"),
        (_migrate("UPDATE _sqlite_migrations SET name = 'of the future' WHERE id = (SELECT max(id) FROM _sqlite_migrations)"),
         "schema of the database", "problem", "newer", "newer Bewaar"),
        (_write("sites/museum.toml", "seeds = 3\n"), "profiles", "problem", "museum.toml line 1: seeds", "bewaar sites check"),
        (_write("decisions/curation.jsonl", "{ not json\n"), "decisions", "problem", "curation.jsonl line 1", "mend that line"),
        (_in_future, "after the newest record", "problem", "2999-01-01", "timedatectl"),
        (_write("bewaar.toml", "format = 1\n"), "contact", "warning", "none", "contact ="),
        (_write("bewaar.toml", f'format = 1\ncontact = "{CONTACT}"\n'), "alerts", "warning", "nobody is told", "docs/alerts.md"),
        (_write("bewaar.toml", f'format = 1\ncontact = "{CONTACT}"\n[alerts]\nmails = 3\n'), "alerts", "problem", "line 4", "docs/alerts.md"),
        (_write("bewaar.toml", f'format = 1\ncontact = "{CONTACT}"\n[alerts.command]\nrun = ["no-such-thing"]\n'), "alerts",
         "problem", "no-such-thing: no such program", "docs/alerts.md"),
        (_write("bewaar.toml", f'format = 1\ncontact = "{CONTACT}"\n[alerts.webhook]\nurl = {{ env = "NOT_SET" }}\n'), "alerts",
         "problem", "NOT_SET is not set", "docs/alerts.md"),
        (_write("sites/museum.toml", PROFILE), "begins by itself", "warning", "nothing on this machine", "bewaar schedule install"),
        (_write("sites/museum.toml", PROFILE), "last run", "warning", "never ran", "bewaar due"),
    ],
)  # fmt: skip
def test_a_fault_is_found(
    archive: Archive, fault: Callable[[Archive], None], what: str, state: str, said: str, mend: str
) -> None:
    fault(archive)
    before = {path: path.lstat().st_mtime_ns for path in archive.root.rglob("*") if "-shm" not in path.name}
    found = wrong(archive.root)[what]
    assert found.state == state
    assert said in found.said
    assert mend in found.mend
    assert "\n" not in found.said + found.mend
    after = {path: path.lstat().st_mtime_ns for path in archive.root.rglob("*") if "-shm" not in path.name}
    assert {
        path for path in before if path.suffix != ".db" and after.get(path) != before[path] and path.is_file()
    } == set()


def test_whatever_lies_there_the_rest_is_looked_at(tmp_path: Path) -> None:
    assert wrong(tmp_path / "none")["format"].mend == f"bewaar init --archive {tmp_path / 'none'}"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x").touch()
    assert "holds other things" in wrong(tmp_path / "other")["format"].said
    areas = {finding.area for finding in examine(tmp_path / "none", network=False)}
    assert areas == {"installation", "archive", "disk", "clock", "tools"}


@pytest.mark.skipif(os.geteuid() != 0, reason="a file of another user takes root")
def test_a_file_of_another_owner_is_found_and_its_mending_mends(archive: Archive) -> None:
    os.chown(archive.sealed_warcs()[0], 12345, -1)
    found = wrong(archive.root)["one owner"]
    assert archive.sealed_warcs()[0].name in found.said
    subprocess.run(["sh", "-c", found.mend], check=True)
    assert wrong(archive.root) == {}


def test_an_empty_database_is_of_this_version(tmp_path: Path, archive: Archive) -> None:
    made = Archive.create(tmp_path / "new", contact=CONTACT)
    Store(made.database, KINDS).close()
    assert wrong(made.root).keys() == {"alerts"}


def test_a_marker_that_is_gone_is_a_problem_and_init_writes_it_anew(archive: Archive) -> None:
    (archive.root / "bewaar.toml").unlink()
    found = wrong(archive.root)["format"]
    assert (found.state, found.said) == (
        "problem",
        f"{archive.root}: its bewaar.toml is gone: nothing opens the archive",
    )
    assert found.mend.endswith(f"bewaar init --archive {archive.root}")
    # A crawl must not write one that lacks whom to tell.
    with pytest.raises(NotAnArchive, match="writes it anew"):
        Archive.create(archive.root)
    found_archive(archive.root, operator="Town Archive", contact=CONTACT)
    assert Archive.open(archive.root).operator == "Town Archive"
    assert "format" not in wrong(archive.root)
    (archive.root / "bewaar.toml").unlink()
    (archive.root / "thesis.doc").touch()
    with pytest.raises(NotAnArchive, match="not empty"):
        found_archive(archive.root, operator="Town Archive", contact=CONTACT)
    assert "with a directory of its own" in wrong(archive.root.parent)["format"].mend
