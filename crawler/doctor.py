"""Whether this machine and installation can do what Bewaar promises."""

from __future__ import annotations

import importlib.util
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import packages_distributions, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from archive.layout import Archive

FREE_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Check:
    what: str
    fine: bool
    found: str


def examine_installation(archive: Archive | None = None) -> Iterator[Check]:
    yield Check("Python 3.11 or newer", sys.version_info >= (3, 11), sys.version.split()[0])
    yield from _owners()
    yield from _requirements()
    yield from _sqlite()
    yield Check("uvloop", importlib.util.find_spec("uvloop") is not None, "the crawler's loop")
    place = archive.root if archive else Path.cwd()
    free = shutil.disk_usage(place).free
    yield Check("disk", free > FREE_BYTES, f"{free >> 20} MiB free at {place}")
    if archive:
        yield Check("archive writable", archive.writable, str(archive.root))
        left = list(archive.warcs.glob("*.open"))
        yield Check("no WARC left open", not left, f"{len(left)} (repaired when their site is crawled next)")


def _owners() -> Iterator[Check]:
    """Others own both package names on the index: where one of theirs is installed too, either may be imported."""
    owners = packages_distributions()
    for name in ("crawler", "archive"):
        # An editable install lists none of its files.
        found = sorted(set(owners.get(name, ["bewaar"])))
        yield Check(f"package {name} belongs to bewaar alone", found == ["bewaar"], ", ".join(found))


def _requirements() -> Iterator[Check]:
    for line in requires("bewaar") or ():
        requirement = Requirement(line)
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = version(requirement.name)
        except ModuleNotFoundError:
            yield Check(requirement.name, fine=False, found="not installed")
            continue
        fine = requirement.specifier.contains(found, prereleases=True)
        yield Check(f"{requirement.name} {requirement.specifier}", fine, found)


def _sqlite() -> Iterator[Check]:
    with tempfile.TemporaryDirectory() as directory:
        db = sqlite3.connect(Path(directory) / "check.db")
        try:
            wal = db.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal"
            db.execute("CREATE VIRTUAL TABLE words USING fts5(text, tokenize = 'trigram')")
            fine, found = wal, sqlite3.sqlite_version
        except sqlite3.OperationalError as error:
            fine, found = False, f"{sqlite3.sqlite_version}: {error}"
        finally:
            db.close()
    yield Check("SQLite with WAL, FTS5 and trigrams", fine, found)
