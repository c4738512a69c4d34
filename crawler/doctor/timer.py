"""What has this machine run ``bewaar due``: units of systemd, cron, or a loop; and whether it does."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import quote

from archive.counted import counted
from archive.layout import Archive
from crawler.doctor.finding import Finding, judge
from crawler.schedule.attempts import Memory
from crawler.schedule.install import user_units
from crawler.schedule.keeper import LOCK
from crawler.schedule.scheduled import Profiles, turns_of

AREA = "schedule"
SYSTEM_UNITS, CRON = Path("/etc/systemd/system"), Path("/etc/cron.d")
#: a timer runs every quarter of an hour, and a crawl may take long
_SILENT = timedelta(days=1)
_OVERDUE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Timer:
    """A line somewhere that runs ``bewaar due`` for the archive."""

    where: str
    #: program of the command
    bewaar: str
    #: a shell's line that makes it run; empty where it does
    to_enable: str = ""


def examine_schedule(archive: Archive, now: datetime) -> Iterator[Finding]:
    profiles, _ = Profiles(archive).scheduled()
    if not profiles:
        yield Finding(AREA, "sites", "ok", "none has a schedule")
        return
    root = quote(str(archive.root))
    yield _timer(archive, list(find_timers(archive)), root)
    last = last_run(archive)
    said = f"`bewaar due` ran {last:%Y-%m-%d %H:%M} UTC" if last else "`bewaar due` never ran"
    silent = said if not last or now - last > _SILENT else ""
    yield judge(AREA, "last run", said, warning=silent, mend=f"bewaar due --archive {root}; see that its timer runs")
    turns = turns_of(archive, profiles, Memory.read(archive), now)
    late = [turn for turn in turns if turn.state == "due" and turn.at and now - turn.at > _OVERDUE]
    wrong = "; ".join(f"{turn.site}: {turn.why}" for turn in late[:3])
    yield judge(
        AREA, "overdue", f"none of {counted(site=len(turns))}", problem=wrong, mend=f"bewaar due --archive {root}"
    )


def _timer(archive: Archive, found: list[Timer], root: str) -> Finding:
    what = "begins by itself"
    if is_looping(archive):
        return Finding(AREA, what, "ok", "a process of `bewaar due` or `bewaar schedule run` is at it")
    if not found:
        said = "nothing on this machine runs `bewaar due` for this archive"
        return Finding(AREA, what, "warning", said, f"bewaar schedule install --user --archive {root}")
    if broken := [timer for timer in found if not shutil.which(timer.bewaar)]:
        said = f"{broken[0].where} runs {broken[0].bewaar}, which is not there"
        return Finding(AREA, what, "problem", said, f"bewaar schedule install, as before, --archive {root}")
    if all(timer.to_enable for timer in found):
        return Finding(AREA, what, "problem", f"{found[0].where} is there, and not enabled", found[0].to_enable)
    if len(found) > 1:
        said = f"{' and '.join(timer.where for timer in found)} do the same"
        return Finding(AREA, what, "warning", said, "take all but one away")
    return Finding(AREA, what, "ok", found[0].where)


def find_timers(archive: Archive) -> Iterator[Timer]:
    root = archive.root.absolute()
    for folder, scope in ((SYSTEM_UNITS, "systemctl"), (user_units(), "systemctl --user")):
        for service in sorted(folder.glob("*.service")):
            for line in _lines(service):
                command = line.removeprefix("ExecStart=").replace("%%", "%").replace("$$", "$")
                if line.startswith("ExecStart=") and (bewaar := _due_of(command, root)):
                    timer = service.with_suffix(".timer")
                    enabled = timer.exists() and list(folder.glob(f"*.wants/{timer.name}"))
                    yield Timer(str(service), bewaar, "" if enabled else f"{scope} enable --now {timer.name}")
    for path in sorted(CRON.glob("*")):
        yield from (Timer(str(path), bewaar) for line in _lines(path) if (bewaar := _due_of(line, root)))
    if shutil.which("crontab"):
        done = subprocess.run(["crontab", "-l"], check=False, capture_output=True, text=True)
        for line in done.stdout.splitlines():
            if bewaar := _due_of(line.replace(r"\%", "%"), root):
                yield Timer("crontab", bewaar)


def _due_of(line: str, root: Path) -> str | None:
    """The program of a line that runs ``due`` for the archive; None for another line."""
    try:
        words = [] if line.lstrip().startswith("#") else shlex.split(line)
    except ValueError:
        return None
    if "due" not in words or "--archive" not in words[:-1]:
        return None
    at = words.index("due")
    if at == 0 or Path(words[words.index("--archive") + 1]) != root:
        return None
    # python -P -m crawler.cli due
    return words[at - 1] if not words[at - 1].startswith("crawler") else words[max(0, at - 4)]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def last_run(archive: Archive) -> datetime | None:
    """When ``bewaar due`` was at it last."""
    try:
        return datetime.fromtimestamp((archive.state / LOCK).stat().st_mtime, UTC)
    except OSError:
        return None


def is_looping(archive: Archive) -> bool:
    """Whether some process holds the lock of schedules. It is not tried: that would turn away one that begins."""
    try:
        status = (archive.state / LOCK).stat()
        held = Path("/proc/locks").read_text(encoding="ascii")
    except OSError:
        return False
    place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    return any(place in line.split() and "FLOCK" in line for line in held.splitlines())
