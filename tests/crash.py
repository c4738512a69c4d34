"""Crawls that are killed at random moments, and what must be true after each: the harness of test_crash and the soak."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from archive.errors import BadRecord
from archive.warc.reader import read_records
from tests.front_door import CONTACT, bewaar, crawl, start_afresh
from tests.judges import files_are_whole, rows, rows_resolve
from tests.site_server import Site, tree

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
        #: what was left open, byte for byte, by WARC file
        self._left: dict[str, bytes] = {}

    def kill_one(self) -> None:
        """Start a crawl, kill it at some moment, damage what it left as crashes do, and judge all that is sealed."""
        left_open = self._open_files()
        process = start_afresh(*self._command())
        asked = len(self._site.asked) + self._random.randint(0, 60)
        deadline = time.monotonic() + self._random.uniform(0.3, 4)
        while len(self._site.asked) < asked and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.002)
        reader_too = self._random.random() < 0.5
        if killed := process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        if reader_too:  # as when the machine goes down; otherwise it ends by itself
            for reader in readers(self.archive):
                with suppress(ProcessLookupError):
                    os.kill(reader, signal.SIGKILL)
        _, said = process.communicate()
        self.kills += killed
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
            files_are_whole([path])
            self._judged.add(path.name)
        committed = rows_resolve(self.archive)
        assert self._committed <= committed.keys(), "a committed row is gone"
        self._committed |= committed.keys()
        for file, left in list(self._left.items()):
            sealed = self.archive / "warcs" / file
            tail = sealed.with_name(f"{file}.torn")
            # Killed while it repairs, it begins anew with the next start.
            if sealed.with_name(f"{file}.open").exists():
                continue
            kept = sealed.read_bytes() if sealed.exists() else b""
            torn = tail.read_bytes() if tail.exists() else b""
            assert kept + torn == left, f"{file}: {len(kept)} bytes kept and {len(torn)} torn of {len(left)}"
            self.torn += bool(torn)
            del self._left[file]

    def _command(self) -> list[str | Path]:
        return ["crawl", self._site.url(), "--archive", self.archive, "--contact", CONTACT, "--delay", "0"]

    def _sealed(self) -> list[Path]:
        return sorted((self.archive / "warcs").glob("*.warc.gz"))

    def _open_files(self) -> list[str]:
        return sorted(path.name.removesuffix(".open") for path in (self.archive / "warcs").glob("*.warc.gz.open"))

    def _wait_for_the_reader(self) -> None:
        deadline = time.monotonic() + 30
        while readers(self.archive):
            assert time.monotonic() < deadline, "the reader outlives its crawl"
            time.sleep(0.02)

    def _damage(self) -> None:
        """What was not synced when the machine went down may be missing, half there, or other bytes."""
        for path in (self.archive / "warcs").glob("*.warc.gz.open"):
            if path.with_suffix(".torn").exists():
                continue  # its repair was cut short; since then nobody wrote to it
            how = self._random.choice(["nothing", "cut", "noise", "half a record", "zeros"])
            data = path.read_bytes()
            if how == "cut" and len(data) > (safe := self._safe_bytes(path)):
                data = data[: self._random.randint(safe, len(data))]
            data += {
                "noise": self._random.randbytes(self._random.randint(1, 3000)),
                "half a record": data[: min(400, len(data))],
                "zeros": bytes(self._random.randint(1, 5000)),
            }.get(how, b"")
            path.write_bytes(data)
            self._left[path.name.removesuffix(".open")] = data

    def _safe_bytes(self, path: Path) -> int:
        """Where the last event ends that has its row: what a row points at is on the medium."""
        name = path.name.removesuffix(".open")
        known = rows(self.archive / "archive.db").values()
        committed = max((row.offset + row.length for row in known if row.file == name), default=0)
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
        while harness.kills < kills:
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
