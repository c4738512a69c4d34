"""What has a machine run what is due: units that systemd accepts, and a line that a shell understands as cron hands it over."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive.errors import WrongUse
from archive.layout import Archive
from crawler.cli import main
from crawler.schedule.units import Installation
from tests.machine import program

#: what systemd, a shell and cron each have a meaning of their own for
HOSTILE = 'o\'dd %h $HOME "q" back\\slash;x'


def run(*arguments: str | Path, code: int = 0) -> str:
    done = CliRunner().invoke(main.commands["schedule"], ["install", *map(str, arguments)], standalone_mode=False)
    if code == 2:
        assert isinstance(done.exception, WrongUse), done.output
        return str(done.exception)
    assert done.exception is None, done.output
    return done.output


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return Archive.create(tmp_path / "plain").root


@pytest.fixture(params=["plain", HOSTILE])
def any_archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return Archive.create(tmp_path / request.param).root


@pytest.fixture
def analyze() -> str:
    return program("systemd-analyze", "systemd")


@pytest.mark.parametrize("where", ["--user", "--system"])
def test_systemd_accepts_the_units(any_archive: Path, tmp_path: Path, analyze: str, where: str) -> None:
    units = tmp_path / "units"
    notify = "printf '%s' \"$HOME 100%\" >&2"
    run("--archive", any_archive, where, "--dir", units, "--notify", notify, "--at-once", "2")
    files = sorted(units.iterdir())
    assert [file.name for file in files] == ["bewaar-due-failed.service", "bewaar-due.service", "bewaar-due.timer"]
    scope = ["--user"] if where == "--user" else []
    environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "SYSTEMD_UNIT_PATH": f"{units}:"}
    done = subprocess.run(
        [analyze, *scope, "verify", "--man=no", *map(str, files)], capture_output=True, text=True, env=environment
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if str(units) in line or "bewaar" in line]) == (
        0,
        [],
    )
    service = files[1].read_text()
    assert "SuccessExitStatus=3 75 130\n" in service
    assert "KillSignal=SIGTERM\n" in service
    assert "TimeoutStopSec=300\n" in service
    assert "OnFailure=bewaar-due-failed.service\n" in service
    assert ("User=" in service) == (where == "--system")
    timer = files[2].read_text()
    for line in ("OnCalendar=*:0/15", "Persistent=true", "FixedRandomDelay=true"):
        assert f"{line}\n" in timer


def test_a_broken_unit_is_not_accepted(tmp_path: Path, analyze: str) -> None:
    """That the test above can fail."""
    unit = tmp_path / "wrong.service"
    unit.write_text("[Service]\nType=oneshot\nExecStart=bewaar due\nKillMode=gently\n")
    done = subprocess.run([analyze, "verify", "--man=no", str(unit)], capture_output=True, text=True)
    assert "wrong.service" in done.stderr


def test_the_service_starts_what_was_meant(tmp_path: Path) -> None:
    """As systemd takes its command lines apart (systemd.service(5)): C-like quotes, then %% and $$."""
    command = ["/opt/be waar/bin/bewaar", "due", "--archive", f"/srv/{HOSTILE}"]
    made = Installation("x", command, Path(f"/srv/{HOSTILE}"))
    line = next(line for line in made.units()["x.service"].splitlines() if line.startswith("ExecStart="))
    taken = [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(line.removeprefix("ExecStart="))]
    assert taken == command


def test_cron_runs_what_was_meant(any_archive: Path, tmp_path: Path) -> None:
    """As cron does: five fields, a backslash before % taken away, the rest to a shell."""
    folder = tmp_path / "cron"
    told = run("--archive", any_archive, "--cron", "--dir", folder, "--notify", "echo wrong 100%")
    assert "crontab -l" in told
    line = (folder / "bewaar-due.cron").read_text().splitlines()[-1]
    assert line.startswith("*/15 * * * * ")
    assert "%" not in line.replace("\\%", "")
    command = line.split(" ", 5)[5].replace("\\%", "%")
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    # The archive is gone: somebody is told.
    (any_archive / "bewaar.toml").rename(any_archive / "moved")
    (any_archive / "sites").rmdir()
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.stdout == "wrong 100%\n"
    assert "not an archive" in done.stderr


def test_nothing_is_enabled_unasked_and_nothing_of_others_written_over(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    units, tools = tmp_path / "units", tmp_path / "tools"
    tools.mkdir()
    log = tmp_path / "log"
    (tools / "systemctl").write_text(f'#!/bin/sh\necho "$@" >> {log}\n')
    (tools / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    assert "[Timer]" in run("--archive", archive, "--user", "--print", "--dir", units)
    assert not units.exists()
    told = run("--archive", archive, "--user", "--dir", units)
    assert "systemctl --user enable --now bewaar-due.timer" in told
    assert not log.exists()
    run("--archive", archive, "--user", "--dir", units, "--enable")
    files = " ".join(f"{units}/bewaar-due{kind}" for kind in (".service", ".timer"))
    linked, *others = log.read_text().splitlines()
    # systemd does not look in a folder of ours.
    assert sorted(linked.split()) == sorted(f"--user link {files}".split())
    assert others == ["--user daemon-reload", "--user enable --now bewaar-due.timer"]
    (units / "bewaar-due.timer").write_text("[Timer]\nOnCalendar=daily\n")
    assert "was not written by us" in run("--archive", archive, "--user", "--dir", units, code=2)
    assert (units / "bewaar-due.timer").read_text() == "[Timer]\nOnCalendar=daily\n"
    run("--archive", archive, "--user", "--dir", units, "--name", "other")
    assert (units / "other.timer").exists()


def test_units_of_a_user_go_where_systemd_looks(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    told = run("--archive", archive, "--user")
    assert " link " not in told
    assert "no site has a schedule yet" in told
    (archive / "sites" / "choirs.toml").write_text(
        'seeds = ["http://choirs.test/"]\n[schedule]\nfrequency = "weekly"\n'
    )
    assert "no site has a schedule" not in run("--archive", archive, "--user")
    assert (tmp_path / "config/systemd/user/bewaar-due.timer").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--system, --user or --cron"),
        (("--system", "--user"), "--system, --user or --cron; one of them"),
        (("--user", "--name", "../x"), "--name"),
        (("--user", "--notify", "a\nb"), "--notify"),
    ],
)
def test_wrong_use_is_named(archive: Path, arguments: tuple[str, ...], said: str) -> None:
    assert said in run("--archive", archive, *arguments, code=2)


def test_the_command_is_the_one_beside_this_python(archive: Path) -> None:
    beside = Path(sys.executable).with_name("bewaar")
    printed = run("--archive", archive, "--user", "--print")
    assert f"ExecStart={beside if beside.exists() else ''}" in printed
    assert f"--archive {archive.absolute()}" in printed
