"""Every file a crawl writes, on a disk that fails: exit code 4, one clear line, and nothing that was kept is lost."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest

from tests.crawler.crawled import query
from tests.disk import Disk, Fault
from tests.faults import DATABASE, EVERY_CALL, FRONTIER, LOCKS, MANIFEST, MARKER, WARC, FaultyCrawls
from tests.front_door import bewaar, crawl
from tests.judges import held
from tests.memento_archive import Kept, Wayback, recovery
from tests.site_server import Site, tree

PAGES = 30

CHAINS = {
    "files": [
        Fault("w", MARKER, errno=errno.ENOSPC, times=0),
        Fault("s", MARKER),
        Fault("d", "*/warcs", errno=errno.EDQUOT),
        Fault("o", WARC, errno=errno.EROFS),
        Fault("a", WARC, errno=errno.ENOSPC),
        Fault("w", WARC, n=8, errno=errno.ENOSPC, times=0),
        Fault("w", WARC, n=8, errno=errno.ENOSPC, times=0, short=True),
        Fault("s", "*.open"),
        Fault("r", WARC),
        Fault("o", MANIFEST, errno=errno.EROFS),
        Fault("w", MANIFEST, errno=errno.ENOSPC, times=0, short=True),
        Fault("s", MANIFEST),
    ],
    "databases": [
        Fault("w", "*archive.db*", errno=errno.ENOSPC, times=0),
        Fault("o", FRONTIER, errno=errno.EROFS, times=0),
        Fault("w", FRONTIER, n=2, errno=errno.ENOSPC, times=0),
        Fault("w", FRONTIER, n=18, times=0),
        Fault("s", FRONTIER, times=0),
        Fault("o", DATABASE, errno=errno.EROFS, times=0),
        Fault("s", DATABASE, times=0),
        Fault("w", "*/archive.db-wal", n=40, errno=errno.ENOSPC, times=0, short=True),
        Fault("o", LOCKS, errno=errno.EROFS),
        # The kernel makes the file system read-only after an error, in the middle of the crawl.
        Fault(EVERY_CALL, "*", n=120, errno=errno.EROFS, times=0),
    ],
}


@pytest.mark.parametrize("chain", CHAINS)
def test_what_fails_on_disk_is_told_in_one_line_and_loses_nothing(tmp_path: Path, chain: str) -> None:
    (tmp_path / "disk").mkdir()
    disk = Disk(tmp_path / "disk", tmp_path)
    with Site(tree(PAGES)) as site:
        crawl(site.url(), tmp_path / "undisturbed")
        crawls = FaultyCrawls(disk, site, held(tmp_path / "undisturbed"))
        for fault in CHAINS[chain]:
            crawls.crawl(fault)
        crawls.finish()
    assert crawls.struck == len(CHAINS[chain])


def test_a_write_done_by_half_is_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    disk = Disk(tmp_path / "disk", tmp_path)
    with Site(tree(5)) as site:
        crawl(site.url(), tmp_path / "undisturbed")
        crawls = FaultyCrawls(disk, site, held(tmp_path / "undisturbed"))
        crawls.crawl(Fault("w", WARC, n=4, errno=errno.ENOSPC, short=True), may_go_well=True)
        crawls.finish()
    assert crawls.struck == 1


def test_what_the_last_flush_did_not_take_has_no_row_yet(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    disk = Disk(tmp_path / "disk", tmp_path)
    with Site(tree(5)) as site:
        crawl(site.url(), tmp_path / "undisturbed")
        crawls = FaultyCrawls(disk, site, held(tmp_path / "undisturbed"))
        crawls.crawl(Fault("s", "*.open", times=0))
        assert query(crawls.archive, "SELECT count(*) FROM closing") == [(0,)]
        crawls.finish()
    assert crawls.struck == 1


class FaultyRecoveries(FaultyCrawls):
    """The same of recoveries out of another archive."""

    def command(self) -> list[str]:
        return recovery(self._site, self.archive)

    def is_progress(self, line: str) -> bool:
        return re.fullmatch(r"from-\S+(?:: \d+ captures.*| was left open by a recovery .*)", line) is not None


def test_a_recovery_on_a_disk_that_fails_says_so_in_one_line_and_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    disk = Disk(tmp_path / "disk", tmp_path)
    chain = [
        Fault("w", WARC, n=8, errno=errno.ENOSPC, times=0),
        Fault("s", "*.open"),
        Fault("w", "*.recovery.db*", n=6, errno=errno.ENOSPC, times=0),
        Fault("w", "*/archive.db-wal", n=3, errno=errno.ENOSPC, times=0, short=True),
    ]
    kept = [Kept(f"http://gone.test/{n}", f"20110101{n:06d}", b"<p>page %d" % n) for n in range(12)]
    with Wayback(*kept, page=100) as site:
        bewaar(*recovery(site, tmp_path / "undisturbed"))
        recoveries = FaultyRecoveries(disk, site, held(tmp_path / "undisturbed"))
        for fault in chain:
            recoveries.crawl(fault)
        recoveries.finish()
    assert recoveries.struck == len(chain)
