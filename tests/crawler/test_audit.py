"""`bewaar audit`: what a disk does to files that nobody looks at is found, and written down."""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from archive.fixity import EVENTS, audit, past_audits
from archive.layout import Archive
from archive.manifest import add_to_manifest
from crawler.audit.audit import is_due
from crawler.audit.cli import audit_lines
from crawler.cli import main
from crawler.items import KINDS
from tests.crawler.invoked import run

START = datetime(2027, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Of 20 files, some large."""
    archive = Archive.create(tmp_path / "a")
    for number in range(20):
        path = archive.warcs / f"one-202601010000000{number:02}-{number:05}-host.warc.gz"
        path.write_bytes(bytes([number]) * (1000 if number % 5 else 9000))
        add_to_manifest(archive.root, f"warcs/{path.name}", sha256(path.read_bytes()).hexdigest())
    return archive


def names(archive: Archive) -> list[str]:
    return [f"warcs/{path.name}" for path in sorted(archive.warcs.iterdir())]


def events(archive: Archive) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (archive.decisions / EVENTS).read_text().splitlines()]


def test_all_is_read_within_so_many_days_and_no_more_than_a_share_a_day(archive: Archive) -> None:
    read: list[str] = []
    for day in range(10):
        done = audit(archive, days=10, now=START + day * DAY)
        assert done.bytes <= 52_000 / 10 + 9000
        assert not done.wrong
        read += done.checked
    assert set(read[:20]) == set(names(archive))
    # Those that were read longest ago come first again; a week's pause is made up for.
    done = audit(archive, days=10, now=START + 16 * DAY)
    assert done.bytes >= 52_000 * 0.7
    last = {name: past_audits(archive).good[name] for name in names(archive)}
    assert set(done.checked) == {name for name, at in last.items() if at == START + 16 * DAY}


def test_each_that_is_wrong_is_found_told_every_time_and_written_down_once(archive: Archive) -> None:
    flipped, gone, *_ = archive.sealed_warcs()
    data = bytearray(flipped.read_bytes())
    data[500] ^= 1
    flipped.write_bytes(data)
    gone.unlink()
    foreign = archive.warcs / "handed-over.warc.gz"
    foreign.write_bytes(b"x")
    os.utime(foreign, (0, 0))
    for name in ("one-x.warc.gz.open", "one-x.warc.gz.torn", "new.warc.gz"):
        (archive.warcs / name).write_bytes(b"being written")
    link = archive.sealed_warcs()[-1]
    link.unlink()
    link.symlink_to("/etc/hostname")
    now = datetime.now(UTC)
    wrong = {f"warcs/{path.name}" for path in (flipped, gone, foreign, link)}
    for _ in range(2):
        done = audit(archive, days=10, now=now, everything=True)
        assert {each.file for each in done.wrong} == wrong
        assert audit_lines(done)[-1].endswith("; 1 too new to judge, which the manifest does not name")
    told = [event for event in events(archive) if event["outcome"] == "failure"]
    assert sorted(event["object"] for event in told) == sorted(wrong)
    assert {event["type"] for event in told} == {"fixity check"}
    assert "computed" in next(event["detail"] for event in told if event["object"].endswith(flipped.name))
    # Put right, it is good, and wrong anew when it is.
    data[500] ^= 1
    flipped.write_bytes(data)
    assert f"warcs/{flipped.name}" in audit(archive, days=10, now=now, everything=True).checked
    flipped.write_bytes(b"")
    audit(archive, days=10, now=now, everything=True)
    assert sum(event["outcome"] == "failure" for event in events(archive)) == 5


def test_what_is_wrong_for_long_keeps_no_other_from_being_read(archive: Archive) -> None:
    for path in archive.sealed_warcs()[:6]:
        path.write_bytes(bytes(60_000))
    read = {name for day in range(30) for name in audit(archive, days=10, now=START + day * DAY).checked}
    assert read == set(names(archive)[6:])


def test_an_audit_that_is_interrupted_keeps_what_it_did(archive: Archive) -> None:
    archive.sealed_warcs()[3].write_bytes(b"")

    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit(archive, days=10, now=START, everything=True, progress=interrupt)
    assert len(past_audits(archive).good) == 3
    assert not is_due(archive, START + timedelta(hours=1))
    assert is_due(archive, START + DAY)


def test_due_reads_a_share_once_a_day_and_the_database_tells(archive: Archive) -> None:
    from archive.store import Store

    Store(archive.database, KINDS).close()
    archive.sealed_warcs()[0].write_bytes(b"")

    def due() -> tuple[int, str]:
        done = CliRunner().invoke(main.commands["due"], ["--archive", str(archive.root)], standalone_mode=False)
        assert done.exception is None
        return done.return_value, done.output

    code, said = due()
    assert code == 1
    assert "computed" in said
    assert "audit: 1 file as before (0.0 MB), 1 wrong, 18 later" in said
    assert due() == (0, "")
    db = sqlite3.connect(archive.database)
    assert db.execute("SELECT type, outcome FROM event ORDER BY outcome").fetchall() == [
        ("fixity check", "failure"),
        ("fixity check", "success"),
    ]
    db.close()
    done = CliRunner().invoke(
        main.commands["audit"], ["--archive", str(archive.root), "--all", "--json"], standalone_mode=False
    )
    assert (done.return_value, len(json.loads(done.output)["checked"])) == (1, 19)


def test_a_database_that_is_none_says_what_derives_it_again(archive: Archive) -> None:
    archive.database.write_bytes(b"garbage" * 1000)
    code, said = run("audit", "--all", "--archive", str(archive.root))
    assert (code, "`bewaar rebuild` derives it again" in said) == (2, True)
    # The files were read, and what was found is written down.
    assert len(past_audits(archive).good) == 20
