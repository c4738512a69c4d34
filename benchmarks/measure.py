"""What one run of a program costs, its child process apart."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

SAMPLE_S = 0.05
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU is user and system time. Peaks are VmHWM: what is shared between the two processes counts in both."""

    wall_s: float
    main_cpu_s: float
    child_cpu_s: float
    main_peak_bytes: int
    child_peak_bytes: int

    @property
    def cpu_s(self) -> float:
        return self.main_cpu_s + self.child_cpu_s

    @property
    def peak_bytes(self) -> int:
        return self.main_peak_bytes + self.child_peak_bytes


def measure(command: list[str], log: Path, *, cwd: Path, accepted: Container[int] = (0,)) -> Cost:
    """Run *command* to its end; its output goes to *log*. Raises SystemExit with the log's end for an exit code that is
    not *accepted*."""
    began = time.monotonic()
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, cwd=cwd)
    peaks: dict[int, int] = {}
    while not _ended(process.pid):
        for pid in (process.pid, *_children(process.pid)):
            # The latest, not the largest: between fork and exec a child shows its parent's.
            peaks[pid] = _peak_bytes(pid) or peaks.get(pid, 0)
        time.sleep(SAMPLE_S)
    wall_s = time.monotonic() - began
    own, children = _cpu_s(process.pid)
    _, status, _ = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in accepted:
        raise SystemExit(f"{' '.join(command)}: exit {process.returncode}\n{log.read_text(errors='replace')[-2000:]}")
    main_peak = peaks.pop(process.pid, 0)
    return Cost(wall_s, own, children, main_peak, sum(peaks.values()))


def _ended(pid: int) -> bool:
    """Without reaping it: /proc still tells of a process that nobody has waited for."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _cpu_s(pid: int) -> tuple[float, float]:
    """Its own, and that of the children it waited for (proc(5): utime, stime, cutime, cstime)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    user, system, child_user, child_system = (int(field) * _TICK_S for field in fields[11:15])
    return user + system, child_user + child_system


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except OSError:
        return []


def _peak_bytes(pid: int) -> int:
    """VmHWM only grows, so the last sample is all but the peak. (wait4's ru_maxrss would not do: a process begun with
    vfork inherits its parent's.)"""
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
    except OSError:
        pass
    return 0
