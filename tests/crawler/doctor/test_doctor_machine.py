"""`bewaar doctor` on what an archive stands on: disk, clock, timers, mail server, installation."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive import times
from archive.layout import Archive
from crawler.cli import main
from crawler.doctor import installation, machine
from crawler.doctor.machine import synchronised_finding, zone_finding
from crawler.schedule.keeper import lock_schedules
from tests.crawler.doctor.findings import PROFILE, wrong
from tests.front_door import CONTACT
from tests.machine import small_file_system, unavailable
from tests.mailbox import Mailbox


def test_a_medium_that_cannot_be_written_is_read(archive: Archive, tmp_path: Path) -> None:
    place = tmp_path / "cd"
    place.mkdir()
    if subprocess.run(["mount", "--bind", "-o", "ro", archive.root, place], capture_output=True).returncode:
        unavailable("mounting needs root")
    try:
        assert {what: finding.state for what, finding in wrong(place).items()} == {"writable": "warning"}
    finally:
        subprocess.run(["umount", place], check=True)


def test_the_disk_is_held_against_what_the_last_crawls_needed(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = archive.sealed_warcs()
    needed = machine.RESERVE_BYTES + 2 * file.stat().st_size
    usage = machine.shutil.disk_usage(archive.root)
    states = []
    for free in (needed - 1, needed, 4 * needed):
        monkeypatch.setattr(machine.shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
        states.append(wrong(archive.root)["space"].state if "space" in wrong(archive.root) else "ok")
    assert states == ["problem", "warning", "ok"]


def test_a_file_system_that_is_out_of_inodes_is_found(tmp_path: Path) -> None:
    with small_file_system(tmp_path, "nr_inodes=100"):
        assert wrong(tmp_path / "a")["inodes"].state == "warning"


def test_the_clock(tmp_path: Path) -> None:
    assert synchronised_finding(5).state == "warning"
    assert synchronised_finding(0).state == synchronised_finding(None).state == "ok"
    assert (zone_finding({"UTC"}).state, zone_finding({"Mars/Phobos"}).said) == ("ok", "unknown: Mars/Phobos")
    assert machine._clock_state() in {0, 1, 2, 3, 4, 5, None}


def test_a_schedule_that_is_installed_and_what_may_be_wrong_with_it(archive: Archive, tmp_path: Path) -> None:
    (archive.sites / "museum.toml").write_text(PROFILE)
    with lock_schedules(archive) as held:
        assert held
        assert "begins by itself" not in wrong(archive.root)
    run = lambda *more: CliRunner().invoke(  # noqa: E731
        main.commands["schedule"], ["install", "--user", "--archive", str(archive.root), *more], standalone_mode=False
    )
    assert run().exit_code == 0
    found = wrong(archive.root)
    assert found.keys() == {"begins by itself"}
    assert (found["begins by itself"].state, found["begins by itself"].mend) == (
        "problem", "systemctl --user enable --now bewaar-due.timer",
    )  # fmt: skip
    units = tmp_path / "config" / "systemd" / "user"
    (units / "timers.target.wants").mkdir()
    (units / "timers.target.wants" / "bewaar-due.timer").symlink_to(units / "bewaar-due.timer")
    assert wrong(archive.root) == {}
    # One for cron that does the same, and one for another archive.
    cron = tmp_path / "CRON"
    cron.mkdir()
    (cron / "one").write_text(f"*/15 * * * * root {sys.executable} due --archive {archive.root} --quiet\n")
    (cron / "two").write_text("*/15 * * * * root /no/bewaar due --archive /elsewhere\n")
    assert "do the same" in wrong(archive.root)["begins by itself"].said
    (cron / "one").unlink()
    service = units / "bewaar-due.service"
    service.write_text(service.read_text().replace("ExecStart=", "ExecStart=/gone"))
    assert "which is not there" in wrong(archive.root)["begins by itself"].said
    long_ago = (times.now() - timedelta(days=2)).timestamp()
    os.utime(archive.state / "due.lock", (long_ago, long_ago))
    assert f"ran {datetime.fromtimestamp(long_ago, UTC):%Y-%m-%d}" in wrong(archive.root)["last run"].said


def test_a_site_whose_time_is_long_past_is_found(archive: Archive) -> None:
    (archive.sites / "museum.toml").write_text(PROFILE)
    (archive.state / "schedule.json").write_text(
        json.dumps({"sites": {"museum": {"seen": "2026-01-01T00:00:00Z"}}, "told": {}})
    )
    assert "museum: never crawled" in wrong(archive.root)["overdue"].said


def test_the_mail_server_is_asked_for_only_when_that_is_wanted(archive: Archive) -> None:
    def mails(port: int) -> None:
        (archive.root / "bewaar.toml").write_text(
            f'format = 1\ncontact = "{CONTACT}"\n[alerts.mail]\nto = ["jo@example.org"]\nfrom = "b@example.org"\n'
            f'server = "127.0.0.1:{port}"\ntls = "off"\n'
        )

    with Mailbox() as mailbox:
        mails(mailbox.port)
        assert wrong(archive.root, network=True) == {}
        assert mailbox.mails == []
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        mails(nobody.getsockname()[1])
        assert wrong(archive.root) == {}
        assert wrong(archive.root, network=True)["mail server"].state == "problem"


def _distribution(place: Path, name: str, version: str, **files: str) -> None:
    folder = place / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    for file, text in files.items():
        (folder / file.replace("__", ".")).write_text(text)


def test_the_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _distribution(tmp_path, "other-crawler", "1.0", top_level__txt="crawler\n")
    _distribution(tmp_path, "click", "0.1")
    _distribution(tmp_path, "pytesseract", "0.0.1")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = {one.what: one for one in installation.examine_installation() if one.state != "ok"}
    assert found.keys() == {"package crawler belongs to bewaar alone", "package click", "extra ocr"}
    assert "also of other-crawler" in found["package crawler belongs to bewaar alone"].said
    assert found["package click"].said.startswith("0.1, and >=")
    assert found["package click"].mend.startswith(f"{sys.executable} -m pip install --upgrade 'click>=")
    assert (found["extra ocr"].state, "pytesseract: 0.0.1" in found["extra ocr"].said) == ("warning", True)
    assert installation.python_finding((3, 10, 1)).state == "problem"


def test_the_plugin_of_datasette_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _distribution(tmp_path, "bewaar", "0.0.1")
    monkeypatch.syspath_prepend(str(tmp_path))
    (found,) = [one for one in installation.examine_installation() if one.what == "plugin of Datasette"]
    assert (found.state, "no entry point" in found.said) == ("problem", True)


def test_an_sqlite_without_full_text_search(tmp_path: Path) -> None:
    def connect(path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(path)
        db.set_authorizer(lambda action, *_: sqlite3.SQLITE_DENY if action == 29 else sqlite3.SQLITE_OK)
        return db

    found = installation.sqlite_finding(connect)
    assert (found.state, "not authorized" in found.said) == ("problem", True)
    assert installation.sqlite_finding(sqlite3.connect).state == "ok"


def test_a_pywb_that_is_not_whole_is_found(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "replay").mkdir()
    assert wrong(archive.root)["pywb"].mend == "bewaar replay --setup"
