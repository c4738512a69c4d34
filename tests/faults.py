"""Crawls on a disk whose calls fail, and what must be true after each: the harness of test_faults and the soak."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from tests.crash import REPAIRED
from tests.disk import Disk, Fault, Met
from tests.front_door import CONTACT, bewaar
from tests.judges import all_is_well, files_are_whole, frontiers_open, manifest_holds, rows_resolve
from tests.site_server import Site

WARC, DATABASE, FRONTIER = "*/warcs/*", "*/archive.db*", "*.frontier.db*"
MANIFEST, MARKER, LOCKS = "*/manifest-*", "*bewaar.toml*", "*.lock"
EVERY_CALL = "wsrotaud"

_SQLITE_SAYS = ("disk I/O error", "unable to open database file", "readonly database", "database is locked")


class FaultyCrawls:
    """One archive, crawled over and over on a disk that fails. Every method asserts."""

    def __init__(self, disk: Disk, site: Site, wanted: set[tuple[str, int | None]]) -> None:
        self.archive = disk.root / "a"
        #: faults that struck
        self.struck = 0
        self._disk = disk
        self._site = site
        #: URL and status of all that an undisturbed crawl keeps
        self._wanted = wanted
        self._committed: set[str] = set()
        self._judged: set[str] = set()

    def command(self) -> list[str]:
        return ["crawl", self._site.url(), "--archive", str(self.archive), "--contact", CONTACT, "--delay", "0"]

    def is_progress(self, line: str) -> bool:
        """Whether a line that is no complaint may stand on standard error."""
        del line
        return False

    def crawl(self, fault: Fault | None, *, may_go_well: bool = False) -> Met | None:
        """One crawl. One that *fault* struck ends with 4 and one clear line, and nothing that was committed is lost;
        *may_go_well*: it may as well have been borne (SQLite tries some calls again, some it can do without)."""
        command = self.command()
        done = self._disk.run(*command, fault=fault) if fault else bewaar(*command, code=None)
        said = f"{fault}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in said
        complaints = [line for line in done.stderr.splitlines() if REPAIRED not in line and not self.is_progress(line)]
        met = self._disk.met() if fault else None
        struck = met is not None and met.hits > 0
        self.struck += struck
        if met and struck and not (may_go_well and done.returncode == 0):
            assert done.returncode == 4, said
            assert len(complaints) == 1, said
            assert _tells(complaints[0], fault, met), f"{met}\n{said}"
        else:
            assert (done.returncode, complaints) == (0, []), said
        self._judge()
        return met

    def finish(self) -> None:
        """What an undisturbed crawl makes of it: all that one keeps that was never disturbed, and nothing torn."""
        self.crawl(None)
        kept = rows_resolve(self.archive).values()
        assert {(row.url, row.status) for row in kept if row.type != "failure"} == self._wanted
        all_is_well(self.archive)

    def _judge(self) -> None:
        if not (self.archive / "warcs").exists():
            return
        committed = rows_resolve(self.archive).keys()
        assert self._committed <= committed, "a committed row is gone"
        self._committed |= committed
        frontiers_open(self.archive)
        manifest_holds(self.archive)
        new = {path.name for path in (self.archive / "warcs").glob("*.warc.gz")} - self._judged
        files_are_whole(self.archive / "warcs" / name for name in sorted(new))
        self._judged |= new


def _tells(line: str, fault: Fault | None, met: Met) -> bool:
    """Whether *line* names the file and the reason."""
    assert fault
    file = Path(met.path.removesuffix(" (deleted)")).name
    for suffix in ("-wal", "-journal", "-shm"):
        file = file.removesuffix(suffix)
    # A file without a name (the reserve), and the names in a folder, belong to the one that is being written.
    named = file.lstrip(".").rpartition(".toml.")[0] or file
    if fault.glob == "*":  # whichever file was the first that could not do without
        named = "/a/"
    full = fault.errno in {errno.ENOSPC, errno.EDQUOT}
    reasons = (os.strerror(fault.errno), *(["disk full"] if full else []), *_SQLITE_SAYS)
    return line.startswith("bewaar: ") and (named in line or "#" in file) and any(reason in line for reason in reasons)
