"""Writes what `crawler.schedule.units` says to where it belongs, and tells what is to be run then."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Literal

from archive.errors import ArchiveFault, WrongUse
from archive.layout import Archive
from crawler.schedule.units import WRITTEN_BY, Installation, check_line, check_name

Where = Literal["system", "user", "cron"]


@dataclass(frozen=True, slots=True)
class Plan:
    #: what is written, by path
    files: Mapping[Path, str]
    #: what makes it run, a shell's line each
    then: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def plan_installation(
    archive: Archive, where: Where, *, name: str, folder: Path | None, notify: str | None, at_once: int | None
) -> Plan:
    """Raises WrongUse."""
    root = archive.root.absolute()
    check_line(str(root), "the archive")
    check_line(notify or "", "--notify")
    owner = pwd.getpwuid(archive.root.stat().st_uid).pw_name
    command = [*_bewaar(), "due", "--archive", str(root), *(["--at-once", str(at_once)] if at_once else [])]
    if where == "cron":
        command.append("--quiet")
    check_line(" ".join(command), "the command")
    user = owner if where == "system" or (where == "cron" and folder is None and os.geteuid() == 0) else None
    made = Installation(check_name(name), command, root, user, notify)
    if where == "cron":
        return _plan_cron(made, folder)
    target = folder or (Path("/etc/systemd/system") if where == "system" else user_units())
    files = {target / file: text for file, text in made.units().items()}
    scope = "systemctl" if where == "system" else "systemctl --user"
    # It looks for them in folders of its own.
    linked = " ".join(quote(str(path.absolute())) for path in files)
    found = (f"{scope} link {linked}",) if folder else ()
    then = (*found, f"{scope} daemon-reload", f"{scope} enable --now {name}.timer")
    remarks = [
        f"look:  {scope} list-timers {name}.timer;  journalctl {'-u' if where == 'system' else '--user-unit'} {name}"
    ]
    remarks.append(f"stop:  {scope} disable --now {name}.timer")
    if where == "system" and owner == "root":
        remarks.append(f"it runs as root, whose {root} is: give the archive to a user of its own, and install again")
    if where == "user":
        remarks.append("it runs while you are logged in; always, after: loginctl enable-linger")
    return Plan(files, then, tuple(remarks))


def _plan_cron(made: Installation, folder: Path | None) -> Plan:
    if made.user:
        # As cron wants it: read by itself, and owned by root.
        path = Path("/etc/cron.d") / made.name
        return Plan({path: made.cron(with_user=True)}, (), (f"cron reads {path} by itself within a minute",))
    path = (folder or made.archive / "state") / f"{made.name}.cron"
    return Plan({path: made.cron(with_user=False)}, (f"(crontab -l; cat {path}) | crontab -",))


def install(plan: Plan) -> None:
    """Raises WrongUse for a file that is somebody else's, ArchiveFault where one cannot be written."""
    for path in plan.files:
        if path.exists() and not path.read_text(encoding="utf-8", errors="replace").startswith(WRITTEN_BY):
            raise WrongUse(f"{path}: is there, and was not written by us: move it away, or give --name")
    for path, text in plan.files.items():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise ArchiveFault(f"{path}: {error.strerror}") from error


def enable(plan: Plan) -> None:
    """Raises WrongUse when a command fails; it has said why."""
    for line in plan.then:
        if subprocess.run(["/bin/sh", "-c", line], check=False).returncode:
            raise WrongUse(f"failed: {line}")


def _bewaar() -> list[str]:
    beside = Path(sys.executable).with_name("bewaar")
    found = beside if beside.exists() else shutil.which("bewaar")
    return [str(found)] if found else [sys.executable, "-P", "-m", "crawler.cli"]


def user_units() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"
