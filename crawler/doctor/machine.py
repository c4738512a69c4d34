"""The disk and the clock."""

from __future__ import annotations

import ctypes
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from archive import times
from archive.databases import read_only_uri
from archive.layout import Archive
from crawler.doctor.finding import Finding, judge

#: what a crawl keeps in reserve so that it can close, and the least an archive can work with
RESERVE_BYTES = 64 << 20
#: beside the WARC files: rows, text for the search, copies that SQLite makes
_WITH_ROWS = 2
_FEW_INODES = 10_000
_OF_LAST = """SELECT DISTINCT w.path FROM capture c JOIN warc w ON w.id = c.warc_id WHERE c.crawl_id IN
  (SELECT id FROM crawl k WHERE status <> 'imported' AND started_at = (SELECT max(started_at) FROM crawl m
   WHERE m.site_id = k.site_id AND m.status <> 'imported'))"""
#: state of the kernel's clock that nobody corrects (adjtimex(2), TIME_ERROR)
_UNSYNCHRONISED = 5


def examine_disk(place: Path, archive: Archive | None) -> Iterator[Finding]:
    free, needed = shutil.disk_usage(place).free, RESERVE_BYTES + _WITH_ROWS * _last_bytes(archive)
    said = f"{_mib(free)} free at {place}; the last crawls needed {_mib(needed)}, with what is kept in reserve"
    mend = "make room: docs/runbooks.md (the disk is full)"
    problem, warning = (said, "") if free < needed else ("", said if free < 4 * needed else "")
    yield judge("disk", "space", said, problem=problem, warning=warning, mend=mend)
    status = os.statvfs(place)
    # Some file systems have as many as they need, and say 0.
    few = status.f_files > 0 and status.f_favail < _FEW_INODES
    said = f"{status.f_favail} files more" if status.f_files else "no limit"
    yield judge("disk", "inodes", said, warning=said if few else "", mend=f"df -i {place}: move many small files away")


def _last_bytes(archive: Archive | None) -> int:
    """Of the WARC files of each site's last crawl; of all, where no database tells."""
    if archive is None or not archive.warcs.is_dir():
        return 0
    files = [path.name for path in archive.sealed_warcs()]
    if archive.database.exists():
        try:
            with closing(sqlite3.connect(read_only_uri(archive.database), uri=True)) as db:
                files = [row[0] for row in db.execute(_OF_LAST)]
        except sqlite3.Error:
            files = files[-1:]  # told elsewhere
    return sum(path.stat().st_size for name in files if (path := archive.warcs / Path(name).name).is_file())


def examine_clock(archive: Archive | None, zones: set[str]) -> Iterator[Finding]:
    yield zone_finding({"Europe/Amsterdam", *zones})
    yield synchronised_finding(_clock_state())
    if archive is not None:
        yield _not_before(archive, times.now())


def zone_finding(zones: set[str]) -> Finding:
    unknown = []
    for zone in sorted(zones):
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            unknown.append(zone)
    said = f"unknown: {', '.join(unknown)}" if unknown else ""
    return judge("clock", "time zones", f"{len(zones)} known", problem=said, mend="apt-get install tzdata")


def synchronised_finding(state: int | None) -> Finding:
    """*state*: what adjtimex(2) returns, None where there is none."""
    if state is None:
        return Finding("clock", "synchronised", "ok", "this system does not say")
    wrong = "nobody sets it: the dates in the WARC files may be wrong" if state == _UNSYNCHRONISED else ""
    return judge("clock", "synchronised", "yes", warning=wrong, mend="timedatectl set-ntp true")


def _clock_state() -> int | None:
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return None
    # struct timex, of which modes = 0 asks, and changes nothing.
    state = int(adjtimex(ctypes.create_string_buffer(1024)))
    return state if state >= 0 else None


#: Others' files were dated by their clocks: `bewaar verify` judges those.
_NEWEST = """SELECT c.captured_at FROM capture c JOIN crawl k ON k.id = c.crawl_id WHERE k.status <> 'imported'
ORDER BY c.captured_at DESC LIMIT 1"""


def _not_before(archive: Archive, now: datetime) -> Finding:
    newest = _newest(archive)
    early = ""
    if newest and newest > now + timedelta(minutes=5):
        early = f"it is {now:%Y-%m-%d %H:%M} UTC by it, and the newest record is of {newest:%Y-%m-%d %H:%M}"
    return judge("clock", "after the newest record", "yes", problem=early, mend="timedatectl set-ntp true")


def _newest(archive: Archive) -> datetime | None:
    """By the database, or by the names of files."""
    found: list[datetime] = []
    if archive.database.exists():
        try:
            with closing(sqlite3.connect(read_only_uri(archive.database), uri=True)) as db:
                newest = db.execute(_NEWEST).fetchone()
                found += [times.parse(newest[0])] if newest else []
        except (sqlite3.Error, ValueError):
            pass  # told elsewhere
    for path in archive.sealed_warcs():
        digits = next((part for part in path.name.split("-") if len(part) == 17 and part.isdecimal()), "")
        if digits and not found:
            found.append(times.parse(f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"))
    return max(found, default=None)


def _mib(size: int) -> str:
    return f"{size >> 20} MiB"
