"""The world a keeper of schedules lives in: the clock on the wall, signals, and a process of its own for each crawl."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType, TracebackType
from typing import IO, Any, Protocol, Self

from archive import times
from archive.errors import ArchiveFault
from archive.layout import Archive

#: profiles that changed, and crawls that somebody else begins or ends, are seen by then
GLANCE_S = 60.0
_LARGEST_REPORT = 64 << 20


@dataclass(frozen=True, slots=True)
class Ended:
    site: str
    #: as a shell has it: 128 and the signal for one that was killed
    code: int
    #: what ``bewaar crawl --json`` printed; empty where it did not come to that
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Signalled:
    number: int


class World(Protocol):
    def now(self) -> datetime: ...

    def begin(self, site: str, options: Sequence[str]) -> None:
        """Start a crawl; an `Ended` follows. Raises OSError."""

    def wait(self, until: datetime | None) -> Ended | Signalled | None:
        """The next thing that happens; None when nothing did until then, or for a while."""

    def interrupt(self) -> None:
        """As Ctrl-C to each crawl: once it finishes what is under way, twice it ends at once."""

    def report_of(self, site: str, since: datetime) -> Mapping[str, Any]:
        """What its last crawl printed, if it did so after *since*: one that outlived whoever began it."""


class Processes:
    """Signals come to us alone, and we pass them on: as `with` begins, until it ends."""

    def __init__(self, archive: Archive, say: Callable[[str], None]) -> None:
        self._archive, self._say = archive, say
        # Its put() may be called in a signal handler, in the midst of get().
        self._happened: SimpleQueue[Ended | Signalled] = SimpleQueue()
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._signalled)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Where the keeper could not go on, no crawl is left without one.
        self.interrupt()
        for process in self._running.values():
            process.wait()
        for number, before in self._before.items():
            signal.signal(number, before)

    def now(self) -> datetime:
        return times.now()

    def begin(self, site: str, options: Sequence[str]) -> None:
        path = self._report(site)
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            with path.open("w", encoding="utf-8") as report:
                self._running[site] = self._start(site, options, report)
        except OSError as error:
            raise ArchiveFault(f"{error.filename or path}: {error.strerror}") from error
        threading.Thread(target=self._follow, args=(site, self._running[site]), daemon=True).start()

    def _start(self, site: str, options: Sequence[str], report: IO[str]) -> subprocess.Popen[str]:
        # -P: what lies in the directory somebody stands in is no module of ours.
        command = [sys.executable, "-P", "-m", "crawler.cli", "crawl", "--archive", str(self._archive.root), "--json"]
        command.append("--no-alerts")  # they are told of all crawls at once
        return subprocess.Popen(
            # In a group of its own: a terminal's Ctrl-C would reach it a second time, which means "at once".
            [*command, *options, "--", site], stdin=subprocess.DEVNULL, stdout=report, stderr=subprocess.PIPE,
            text=True, errors="replace", process_group=0,
        )  # fmt: skip

    def _follow(self, site: str, process: subprocess.Popen[str]) -> None:
        assert process.stderr
        with process.stderr:
            for line in process.stderr:
                text = line.rstrip("\n")
                with suppress(OSError):  # nobody is there to read it; the crawl goes on
                    self._say(text if text.startswith(f"{site}: ") else f"{site}: {text.removeprefix('bewaar: ')}")
        code = process.wait()
        self._happened.put(Ended(site, code if code >= 0 else 128 - code, _read_report(self._report(site))))

    def wait(self, until: datetime | None) -> Ended | Signalled | None:
        left_s = GLANCE_S if until is None else (until - self.now()).total_seconds()
        try:
            happened = self._happened.get(timeout=min(max(left_s, 0), GLANCE_S))
        except Empty:
            return None
        if isinstance(happened, Ended):
            del self._running[happened.site]
        return happened

    def interrupt(self) -> None:
        for process in list(self._running.values()):
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGINT)

    def report_of(self, site: str, since: datetime) -> Mapping[str, Any]:
        path = self._report(site)
        with suppress(OSError):
            if path.stat().st_mtime >= since.timestamp():
                return _read_report(path)
        return {}

    def _report(self, site: str) -> Path:
        return self._archive.state / "due" / f"{site}.json"

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        del frame
        self._happened.put(Signalled(number))


def _read_report(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_LARGEST_REPORT))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
