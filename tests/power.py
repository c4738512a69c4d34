"""What a power cut leaves of a crawl, and what must be true of it: the harness of test_power_cut and the soak.

A crawl's every write is recorded once. Then for any moment of it the disk is laid out as a power cut could leave it:
what was flushed is there, of the rest nothing, some or all; and the crawl is taken up there.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.disk import Call, Disk, Fault, Medium, read_journal
from tests.front_door import CONTACT, bewaar
from tests.judges import all_is_well, frontiers_open, manifest_holds, record_ids, rows_resolve
from tests.site_server import Site

#: what becomes of bytes and names that were not flushed
HOW = ("nothing", "prefix", "pages", "all")


class PowerCuts:
    def __init__(self, disk: Disk, site: Site, beside: Path, wanted: set[tuple[str, int | None]]) -> None:
        self.cuts = 0
        #: captures that were flushed before their cut, over all cuts
        self.safe_captures = 0
        #: cuts that left a torn file
        self.torn = 0
        self._disk = disk
        self._site = site
        self._beside = beside
        self._wanted = wanted
        self.calls: list[Call] = []

    def record(self) -> list[Call]:
        """Three crawls: one that ends at a flush that fails and leaves its file open, to which a torn tail is added; one
        that repairs and goes on; one more. The calls of it all."""
        archive = self._disk.root / "a"
        pace_s = self._site.slow_s
        self._site.slow_s = 3 * pace_s  # the second flush is to come while it crawls
        self._run(self._command(archive), Fault("s", "*.open", n=2), code=4)
        self._site.slow_s = pace_s
        (left,) = (archive / "warcs").glob("*.open")
        tail = f"open({str(left)!r}, 'ab', 0).write(b'torn' * 3000)"
        subprocess.run([sys.executable, "-c", tail], env=self._disk.environment(journal=True), check=True)
        self._run(self._command(archive))
        self._run(self._command(archive))
        self.calls = list(read_journal(self._disk.journal))
        return self.calls

    def _run(self, command: Sequence[str], fault: Fault | None = None, *, code: int = 0) -> None:
        done = self._disk.run(*command, fault=fault, journal=True)
        assert done.returncode == code, done.stdout + done.stderr

    def cut(self, at: int, how: str, chance: random.Random) -> None:
        """The power goes behind the first *at* calls. Asserts on what is left, and on what the next crawl makes of it."""
        medium = Medium()
        for call in self.calls[:at]:
            medium.do(call)
        place = self._beside / f"cut-{self.cuts}"
        medium.leave(place, how, chance)
        archive = place / "a"
        safe = self._flushed_captures(medium)
        committed = self._judge_what_is_left(archive)
        left = {path.name: path.read_bytes() for path in (archive / "warcs").glob("*.open")}

        done = bewaar(*self._command(archive))
        after = rows_resolve(archive).keys()
        assert committed <= after, "a committed row is gone"
        assert safe <= after, "a capture that was flushed is gone"
        for name, data in left.items():
            file = name.removesuffix(".open")
            assert file in done.stderr, "nothing is said of a repair"
            sealed, torn = archive / "warcs" / file, archive / "warcs" / f"{file}.torn"
            assert b"".join(part.read_bytes() for part in (sealed, torn) if part.exists()) == data
            self.torn += torn.exists()
        kept = rows_resolve(archive).values()
        assert {(row.url, row.status) for row in kept if row.type != "failure"} == self._wanted
        all_is_well(archive)
        shutil.rmtree(place)
        self.cuts += 1
        self.safe_captures += len(safe)

    def _judge_what_is_left(self, archive: Path) -> set[str]:
        if not (archive / "warcs").exists():
            return set()
        committed = rows_resolve(archive)
        frontiers_open(archive)
        manifest_holds(archive)
        for path in (archive / "warcs").glob("*.warc.gz"):
            subprocess.run(["gzip", "-t", path], check=True)
        return set(committed)

    def _flushed_captures(self, medium: Medium) -> set[str]:
        """The record ids of whole capture events in what of the WARC files was flushed, whatever became of their names."""
        found: set[str] = set()
        probe = self._beside / "probe.warc.gz"
        for path, file in medium.files.items():
            if "/warcs/" in path and file.safe:
                probe.write_bytes(file.safe)
                found |= record_ids(probe)
        return found

    def _command(self, archive: Path) -> list[str]:
        options = ["--contact", CONTACT, "--delay", "0"]
        return ["crawl", self._site.url(), "--archive", str(archive), *options]
