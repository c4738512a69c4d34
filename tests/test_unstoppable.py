"""One crawl of 1,500 pages, stopped at twenty random moments in every way there is: each page is in the archive once."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from archive.warc.reader import read_records
from tests.crash import readers
from tests.disk import Disk, Fault
from tests.faults import WARC
from tests.front_door import CONTACT, bewaar, start_afresh
from tests.judges import all_is_well, rows_resolve
from tests.site_server import Site, tree

PAGES = 1500
STOPS = 20


class StoppedCrawl:
    """Crawls *site* into *archive* and stops it when the site was asked a number of times."""

    def __init__(self, archive: Path, site: Site, disk: Disk | None = None) -> None:
        self.archive = archive
        self.stops = 0
        self._site = site
        self._disk = disk
        self._committed: set[str] = set()

    def stop(self, how: str, asked: int) -> None:
        process = self._start(full_disk=how == "full disk")
        while how != "full disk" and process.poll() is None and len(self._site.asked) < asked:
            time.sleep(0.001)
        going = process.poll() is None
        if going:
            _WAYS[how](process, self.archive)
        _, said = process.communicate(timeout=60)
        self.stops += going
        assert "Traceback" not in said, said
        if how == "full disk":
            assert process.returncode == 4, said
            assert "No space left" in said or "disk full" in said
        elif going and how not in {"kill", "reboot"}:
            assert process.returncode in {-signal.SIGINT, 130}, said
        while readers(self.archive):
            time.sleep(0.02)
        committed = rows_resolve(self.archive).keys()
        assert self._committed <= committed, "a committed row is gone"
        self._committed |= committed

    def held(self) -> Counter[str]:
        """Paths by how many response records there are of them."""
        records = (r for path in (self.archive / "warcs").glob("*.warc.gz") for r in read_records(path))
        return Counter(
            (record.url or "").removeprefix(self._site.url("")) for record in records if record.type == "response"
        )

    def command(self) -> list[str | Path]:
        return ["crawl", self._site.url(), "--archive", self.archive, "--contact", CONTACT, "--delay", "0"]

    def _start(self, *, full_disk: bool) -> subprocess.Popen[str]:
        if not full_disk:
            return start_afresh(*self.command())
        assert self._disk
        return self._disk.start(*self.command(), fault=Fault("w", WARC, n=60, errno=errno.ENOSPC, times=0))


def _kill(process: subprocess.Popen[str], _: Path) -> None:
    process.kill()


def _reboot(process: subprocess.Popen[str], archive: Path) -> None:
    """All that belongs to the crawl is gone at once; its reader runs in a session of its own."""
    following = readers(archive)
    os.killpg(process.pid, signal.SIGKILL)
    for reader in following:
        with suppress(ProcessLookupError):
            os.kill(reader, signal.SIGKILL)


def _twice(process: subprocess.Popen[str], _: Path) -> None:
    process.send_signal(signal.SIGINT)
    time.sleep(0.01)
    process.send_signal(signal.SIGINT)


_WAYS = {
    "kill": _kill,
    "reboot": _reboot,
    "SIGINT": lambda process, _: process.send_signal(signal.SIGINT),
    "SIGTERM": lambda process, _: process.send_signal(signal.SIGTERM),
    "SIGINT twice": _twice,
    "full disk": lambda process, _: process.wait(),
}


_OTHERS = ["reboot", "SIGINT", "SIGTERM", "full disk", "SIGINT twice"]


@pytest.mark.parametrize(
    ("seed", "ways", "stops"),
    [
        pytest.param(20, ["kill"], STOPS, id="SIGKILL"),
        pytest.param(21, _OTHERS, STOPS, id="every other way"),
    ],
)
def test_a_crawl_stopped_many_times_holds_every_page_once(
    tmp_path: Path, seed: int, ways: list[str], stops: int
) -> None:
    moments = random.Random(seed)
    site = tree(PAGES)
    (tmp_path / "disk").mkdir()
    disk = Disk(tmp_path / "disk", tmp_path) if "full disk" in ways else None
    with Site(site) as server:
        crawl = StoppedCrawl((disk.root if disk else tmp_path) / "a", server, disk)
        for number in range(stops):
            # Anywhere in the stretch of the crawl that this stop has for itself.
            asked = int(len(site) * (number + moments.random()) / (stops + 1))
            crawl.stop(ways[number % len(ways)], asked)
        done = bewaar(*crawl.command())
        times_asked = Counter(server.paths())
    assert crawl.stops == stops
    assert len(list((crawl.archive / "state" / "logs").glob("*.log"))) == 1, "it was another crawl that went on"
    held = crawl.held()
    assert {path: held[path] for path in site if held[path] != 1} == {}
    again = {path: n for path, n in times_asked.items() if path in site and n > 1}
    print(f"{crawl.stops} stops; {len(site)} URLs held once; {len(again)} asked twice")
    assert len(again) <= stops, f"more than one fetch in flight was asked again: {again}"
    assert "finished" in done.stdout
    all_is_well(crawl.archive)
    bewaar("verify", "--rows", "--archive", crawl.archive)
