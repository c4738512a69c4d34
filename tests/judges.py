"""What must be true of an archive whatever happened to it: ours and other people's programs say so."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from archive.digests import same
from archive.manifest import read_manifest
from archive.warc.reader import open_warc, read_records
from tests.front_door import bewaar

BIN = Path(sys.executable).parent
FASTWARC = (BIN / "fastwarc", "check", "-q")
JUDGES = (("gzip", "-t"), (BIN / "warcio", "check"), FASTWARC)
ROWS = """
    SELECT c.record_id, w.path, c.warc_offset, c.warc_length, r.url, c.status, c.record_type
    FROM capture c JOIN warc w ON w.id = c.warc_id JOIN resource r ON r.id = c.resource_id"""


class Row(NamedTuple):
    record_id: str
    file: str
    offset: int
    length: int
    url: str
    status: int | None
    type: str


def rows(database: Path) -> dict[str, Row]:
    """The committed captures by record id, read in a copy: opening a database changes what a crash left of it."""
    if not database.exists() or not database.stat().st_size:
        return {}
    with TemporaryDirectory() as beside:
        copy = copy_of(database, Path(beside))
        db = sqlite3.connect(copy)
        try:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'capture'").fetchone():
                return {}
            return {row[0]: Row(*row) for row in db.execute(ROWS)}
        finally:
            db.close()


def copy_of(database: Path, beside: Path) -> Path:
    for suffix in ("-wal", "-journal", ""):
        if (part := database.with_name(database.name + suffix)).exists():
            shutil.copyfile(part, beside / part.name)
    return beside / database.name


def frontiers_open(archive: Path) -> None:
    for path in (archive / "state").glob("*.frontier.db"):
        with TemporaryDirectory() as beside:
            db = sqlite3.connect(copy_of(path, Path(beside)))
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",), path
            db.close()


def rows_resolve(archive: Path) -> dict[str, Row]:
    """The committed rows; each points at its record, whole and with the right digest, sealed or not."""
    found = rows(archive / "archive.db")
    with ExitStack() as opened:
        files = {
            name: opened.enter_context(open_warc(archive / "warcs", name))
            for name in {row.file for row in found.values()}
        }
        for row in found.values():
            record = files[row.file].read(row.offset, row.length)
            assert record.id == row.record_id
            declared = record.field("WARC-Block-Digest")
            assert declared, row
            assert same(declared, record.block.chunks())[0], row
    return found


def files_are_whole(paths: Iterable[Path]) -> None:
    files = list(paths)
    if not files:
        return
    for command in JUDGES:
        for few in [[path] for path in files] if command is FASTWARC else [files]:  # it takes one
            done = subprocess.run([*command, *few], check=False, capture_output=True, text=True)
            assert done.returncode == 0, (command, few, done.stdout, done.stderr)
    bewaar("verify", *files)


def manifest_holds(archive: Path) -> None:
    """Every line is whole and tells the truth, as far as there are lines."""
    path = archive / "manifest-sha256.txt"
    if path.exists() and path.stat().st_size:
        done = subprocess.run(
            ["sha256sum", "--check", "--strict", "--quiet", path.name], cwd=archive, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr


def all_is_well(archive: Path) -> None:
    """Everything that anybody may ask of an archive nobody is crawling into."""
    assert not list((archive / "warcs").glob("*.open"))
    sealed = sorted((archive / "warcs").glob("*.warc.gz"))
    files_are_whole(sealed)
    manifest_holds(archive)
    assert set(read_manifest(archive)) == {f"warcs/{path.name}" for path in sealed}
    bewaar("verify", "--rows", "--archive", archive)
    bewaar("rebuild", "--dry-run", "--archive", archive)


def record_ids(path: Path) -> set[str]:
    """The captures a WARC file holds whole; a torn one ends at its tear."""
    damage: list[Exception] = []
    return {
        record.id
        for record in read_records(path, on_damage=damage.append)
        if record.type in {"response", "revisit"} and record.id
    }


def held(archive: Path) -> set[tuple[str, int | None]]:
    """URL and status of every response that has a row."""
    return {(row.url, row.status) for row in rows(archive / "archive.db").values() if row.type != "failure"}
