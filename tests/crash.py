"""Crawls that are killed at random moments, and what must be true after each: the harness of test_crash and the soak."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from archive.errors import BadRecord
from archive.warc.reader import read_records
from tests.front_door import CONTACT, bewaar, crawl, start
from tests.site_server import Site, tree

BIN = Path(sys.executable).parent
JUDGES = (("gzip", "-t"), (BIN / "warcio", "check"), (BIN / "fastwarc", "check", "-q"))
#: what a crawl that was cut short is told by when the next one starts
REPAIRED = "was left open by a crawl that was cut short"


class Harness:
    """One archive, crawled and killed over and over. Every method asserts."""

    def __init__(self, archive: Path, site: Site, seed: int) -> None:
        self.archive = archive
        self.kills = 0
        self.repairs = 0
        self.torn = 0
        self._site = site
        self._random = random.Random(seed)
        self._judged: set[str] = set()
        #: record ids of all rows that were ever seen committed
        self._committed: set[str] = set()
        #: bytes that must stand in a ``.torn`` file, by WARC file
        self._expected: dict[str, bytes] = {}

    def kill_one(self) -> None:
        """Start a crawl, kill it at some moment, damage what it left as crashes do, and judge all that is sealed."""
        left_open = self._open_files()
        process = start(*self._command())
        asked = len(self._site.asked) + self._random.randint(0, 60)
        deadline = time.monotonic() + self._random.uniform(0.3, 4)
        while len(self._site.asked) < asked and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.002)
        reader_too = self._random.random() < 0.5
        os.killpg(process.pid, signal.SIGKILL)
        if reader_too:  # as when the machine goes down; otherwise it ends by itself
            for reader in readers(self.archive):
                with suppress(ProcessLookupError):
                    os.kill(reader, signal.SIGKILL)
        _, said = process.communicate()
        self.kills += 1
        assert "Traceback" not in said
        # It may have been killed before it came to that; if it did not, it says so.
        gone = [file for file in left_open if not (self.archive / "warcs" / f"{file}.open").exists()]
        self.repairs += sum(f"{file} {REPAIRED}" in said for file in gone)
        self._wait_for_the_reader()
        self.judge()
        self._damage()

    def finish(self) -> None:
        """A crawl that nobody kills; afterwards everything is there."""
        left_open = self._open_files()
        done = bewaar(*self._command())
        for file in left_open:
            assert f"{file} {REPAIRED}" in done.stderr
        assert self._open_files() == []
        self.judge()
        bewaar("verify", "--rows", "--archive", self.archive)

    def held(self) -> Counter[str]:
        """URLs by how many response or revisit records there are of them."""
        return Counter(
            record.url or ""
            for path in self._sealed()
            for record in read_records(path)
            if record.type in {"response", "revisit"}
        )

    def judge(self) -> None:
        for path in self._sealed():
            if path.name in self._judged:
                continue
            for command in JUDGES:
                done = subprocess.run([*command, path], check=False, capture_output=True, text=True)
                assert done.returncode == 0, (command, path, done.stdout, done.stderr)
            bewaar("verify", path)
            self._judged.add(path.name)
        rows = self._rows()
        assert self._committed <= rows.keys(), "a committed row is gone"
        self._committed |= rows.keys()
        for file, wanted in list(self._expected.items()):
            tail = self.archive / "warcs" / f"{file}.torn"
            # Killed while it repairs, it begins anew with the next start.
            if tail.exists() and not tail.with_suffix(".open").exists():
                assert tail.read_bytes().endswith(wanted)
                self.torn += 1
                del self._expected[file]

    def _command(self) -> list[str | Path]:
        return ["crawl", self._site.url(), "--archive", self.archive, "--contact", CONTACT, "--delay", "0"]

    def _sealed(self) -> list[Path]:
        return sorted((self.archive / "warcs").glob("*.warc.gz"))

    def _open_files(self) -> list[str]:
        return sorted(path.name.removesuffix(".open") for path in (self.archive / "warcs").glob("*.warc.gz.open"))

    def _rows(self) -> dict[str, tuple[str, int]]:
        """Where the record of every row ends."""
        if not (self.archive / "archive.db").exists():
            return {}
        db = sqlite3.connect(self.archive / "archive.db")
        try:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'capture'").fetchone():
                return {}
            return {
                row[0]: (row[1], row[2])
                for row in db.execute(
                    "SELECT c.record_id, w.path, c.warc_offset + c.warc_length FROM capture c JOIN warc w ON w.id = c.warc_id"
                )
            }
        finally:
            db.close()

    def _wait_for_the_reader(self) -> None:
        deadline = time.monotonic() + 30
        while readers(self.archive):
            assert time.monotonic() < deadline, "the reader outlives its crawl"
            time.sleep(0.02)

    def _damage(self) -> None:
        """What was not synced when the machine went down may be missing, half there, or other bytes."""
        for path in (self.archive / "warcs").glob("*.warc.gz.open"):
            how = self._random.choice(["nothing", "cut", "noise", "half a record", "zeros"])
            safe = self._safe_bytes(path)
            data = path.read_bytes()
            if how == "cut" and len(data) > safe:
                path.write_bytes(data[: self._random.randint(safe, len(data))])
                # With it goes what was put behind it before a start that was killed too soon to repair it.
                self._expected.pop(path.name.removesuffix(".open"), None)
                continue
            tail = {
                "noise": self._random.randbytes(self._random.randint(1, 3000)),
                "half a record": data[: min(400, len(data))],
                "zeros": bytes(self._random.randint(1, 5000)),
            }.get(how, b"")
            if tail:
                with path.open("ab") as file:
                    file.write(tail)
                self._expected[path.name.removesuffix(".open")] = tail

    def _safe_bytes(self, path: Path) -> int:
        """Where the last event ends that has its row: what a row points at is on the medium."""
        name = path.name.removesuffix(".open")
        committed = max((end for file, end in self._rows().values() if file == name), default=0)
        ended = 0
        try:
            for record in read_records(path):
                ended = record.place.offset + record.place.length
                if record.type in {"warcinfo", "metadata"} and ended >= committed:
                    return ended
        except BadRecord:
            pass
        return max(ended, committed)


def readers(archive: Path) -> list[int]:
    """The ids of the readers that follow a crawl of *archive*."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            arguments = (process / "cmdline").read_bytes().split(b"\0")
            if b"crawler.follow" in arguments and os.fsencode(archive) in arguments:
                found.append(int(process.name))
    return found


def harass(archive: Path, *, seed: int, kills: int, pages: int, slow_s: float) -> Harness:
    with Site(tree(pages), slow_s=slow_s) as site:
        harness = Harness(archive, site, seed)
        for _ in range(kills):
            harness.kill_one()
        harness.finish()
        crawl(site.url(), archive)
        wanted = {site.url(path) for path in tree(pages)}
    held = harness.held()
    assert wanted <= set(held)
    # A crawl that came to its end between two kills is followed by another.
    crawls = len(list((archive / "state" / "logs").glob("*.log")))
    assert max(held[url] for url in wanted) <= crawls
    bewaar("verify", "--rows", "--archive", archive)
    return harness
