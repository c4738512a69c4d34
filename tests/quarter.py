"""Thirteen weeks of one archive: three sites that change, `bewaar due` every Monday, and a clock that is set."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from importlib.resources import files
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

from archive.layout import Archive
from crawler.replica.demo import SITE
from crawler.replica.editions import EDITIONS, Edition
from crawler.replica.pages import MAIN
from crawler.replica.server import Replica
from tests.clock import Clock
from tests.front_door import CONTACT, environment
from tests.mailbox import Mailbox
from tests.stand_in import StandIn

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
#: a Monday; in the night before the last crawl the clocks go forward
START = datetime(2027, 1, 4, 2, tzinfo=AMSTERDAM)
WEEKS = 13


class Place(NamedTuple):
    scheme: str
    host: str
    #: how far it is crawled
    hops: int


SITES = {
    "campaign": Place("http", "eerlijkkinderpardon.test", 1),
    "mirror": Place("http", "spiegel.test", 0),
    "network": Place("https", "www.defenceforchildren.test", 1),
}
EDITION = {edition.name: edition for edition in EDITIONS}


class HeldReplica(Replica):
    """One that can be made to answer no more."""

    def __init__(self) -> None:
        self._held_from: int | None = None
        self._gate = threading.Event()
        super().__init__()

    @property
    def edition(self) -> Edition:  # type: ignore[override]
        if self._held_from is not None and len(self.seen) >= self._held_from:
            self._gate.wait(60)
        return self._edition

    @edition.setter
    def edition(self, edition: Edition) -> None:
        self._edition = edition

    def hold(self, after: int) -> None:
        """Answer so many requests more, and the next when `release` says so."""
        self._gate.clear()
        self._held_from = len(self.seen) + after + 1

    def is_holding(self) -> bool:
        return self._held_from is not None and len(self.seen) >= self._held_from

    def release(self) -> None:
        self._held_from = None
        self._gate.set()


@dataclass(frozen=True)
class Done:
    """What one command said, and whom it told."""

    code: int
    out: str
    err: str
    mails: list[EmailMessage]


class Quarter:
    """Context manager."""

    def __init__(self, place: Path, disk: Path) -> None:
        """The archive lies on *disk*, a file system of its own, and its backup in *place*."""
        self.place = place
        self.clock = Clock(place)
        self.archive = Archive.create(disk / "archive", contact=CONTACT)
        self.replicas = {name: HeldReplica() for name in SITES}
        self.mailbox = Mailbox()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for replica in self.replicas.values():
                stack.enter_context(replica)
            stack.enter_context(self.mailbox)
            self._bewaar = stack.enter_context(StandIn(self.place, environment() | self.clock.environment()))
            self._stack = stack.pop_all()
        with (self.archive.root / "bewaar.toml").open("a") as marker:
            marker.write(
                f'[alerts]\ndisk_free = "1 MiB"\n[alerts.mail]\nto = ["{CONTACT}"]\nfrom = "bewaar@example.org"\n'
                f'server = "127.0.0.1:{self.mailbox.port}"\ntls = "off"\n'
            )
        for name in SITES:
            (self.archive.sites / f"{name}.toml").write_text(self._profile(name), encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _profile(self, name: str) -> str:
        """The demo's, on a host of its own, by a schedule."""
        scheme, host, hops = SITES[name]
        replica = self.replicas[name]
        port, at = (443, replica.https_port) if scheme == "https" else (80, replica.http_port)
        shipped = files("crawler.replica").joinpath(f"{SITE}.toml").read_text(encoding="utf-8")
        return f"""title = "{name}"
seeds = ["{url_of(name)}"]
max_hops = {hops}
delay_s = 0
tls = "unverified"
timezone = "Europe/Amsterdam"
connect_to = ["{host}:{port}:127.0.0.1:{at}"]
{shipped[shipped.index("owner =") :]}
[schedule]
frequency = "weekly"
at = "02:00"
jitter = "0m"
retries = 1
"""

    def set_clock(self, week: int, minutes: int = 0) -> None:
        """*minutes* after two in the morning of that week's Monday, as the clock on the wall shows it."""
        self.clock.set((START + timedelta(weeks=week)).astimezone(UTC) + timedelta(minutes=minutes))

    def run(self, *arguments: str | Path) -> Done:
        return self.end(self.start(*arguments))

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        return self._bewaar.start(*arguments, "--archive", self.archive.root)

    def end(self, process: subprocess.Popen[str]) -> Done:
        out, err = process.communicate(timeout=120)
        assert "Traceback" not in err, err
        self.clock.date_files(self.archive.root)
        return Done(process.returncode, out, err, self.mailbox.take())

    def due(self) -> Done:
        return self.end(self.start_due())

    def start_due(self) -> subprocess.Popen[str]:
        return self.start("due", "--audit-days", "14")

    def fill_disk(self, left: int) -> None:
        """But for so many bytes."""
        root = self.archive.root.parent
        with (root / "filler").open("wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, shutil.disk_usage(root).free - left)

    def make_room(self) -> None:
        (self.archive.root.parent / "filler").unlink()


def url_of(site: str) -> str:
    scheme, host, _ = SITES[site]
    return f"{scheme}://{host}{MAIN.target()}"
