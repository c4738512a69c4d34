"""An export is a directory that is there whole, or not at all: its files, README.md and CITATION.cff."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive import times
from archive.errors import WrongUse
from archive.export.database import write_database
from archive.export.dataset import Dataset, citation_file, describe
from archive.export.files import File, write_csv, write_json_lines
from archive.export.graph import Graph, Level
from archive.export.package import describe_package
from archive.export.parquet import check_installed, write_parquet
from archive.export.readme import readme
from archive.export.tables import Table, read_tables
from archive.export.xml import WRITERS
from archive.layout import Archive
from archive.store.rules import read_rules
from archive.store.withheld import open_visible
from archive.warc.drafts import new_directory
from archive.warc.segment import flush

DATABASE = "dataset.db"
_BEGINS = "export-"


@dataclass(frozen=True, slots=True)
class Wanted:
    format: str
    #: tables and views; none for all that anybody may have
    tables: tuple[str, ...] = ()
    #: facts that are only guessed, too
    candidates: bool = False
    #: of a database
    indexes: bool = True
    search: bool = False
    #: of a graph
    nodes: Level = "hosts"


@dataclass(frozen=True, slots=True)
class Exported:
    directory: str
    format: str
    digest: str
    citation: str
    files: tuple[File, ...]
    #: takedowns and embargoes that hold
    withholding: int
    #: what whoever exports should know
    notes: tuple[str, ...]


def default_directory(archive: Archive, format_: str) -> Path:
    archive.check_writable()
    archive.make_folders()
    _sweep(archive.exports)
    return archive.exports / f"{_BEGINS}{times.digits17(times.now())}-{format_}"


def check_place(archive: Archive, directory: Path) -> None:
    """Raises WrongUse for a place among what the archive keeps, where it would be taken for a part of that."""
    for folder in (archive.warcs, archive.decisions, archive.sites, archive.state):
        if directory.resolve().is_relative_to(folder.resolve()):
            raise WrongUse(f"{directory}: lies in the archive's {folder.name}/, where only the archive itself writes")


def export(archive: Archive, directory: Path, wanted: Wanted, extractors: Mapping[str, int]) -> Exported:
    """Write the new *directory*, of one moment, while crawls go on. *extractors* are their versions, by role.

    Raises WrongUse for tables that are none, a directory that is there, a decision that cannot be obeyed; ArchiveFault
    or DiskFull when it cannot be written. Nothing is left of what failed.
    """
    _check(wanted)
    with open_visible(archive, candidates=wanted.candidates) as connection:
        tables = [] if wanted.format in WRITERS else read_tables(connection, wanted.tables)
        dataset = describe(connection, archive, extractors, withholding=len(read_rules(connection)))
        notes = _notes(connection)
        with new_directory(directory) as place:
            files = _write(connection, place, wanted, tables, dataset)
            _write_text(place / "README.md", "\n".join(readme(dataset, wanted.format, tables, files, wanted.nodes)))
            _write_text(place / "CITATION.cff", citation_file(dataset))
            for path in place.iterdir():
                with path.open("rb") as file:
                    flush(file.fileno())
    return Exported(
        str(directory), wanted.format, dataset.digest, dataset.citation, tuple(files), dataset.withholding, notes
    )


def _check(wanted: Wanted) -> None:
    if wanted.format in WRITERS and wanted.tables:
        raise WrongUse(f"--tables goes with tables, not with {wanted.format}")
    if wanted.search and wanted.format != "sqlite":
        raise WrongUse("--search goes with --format sqlite")
    if wanted.format == "parquet":
        check_installed()


def _write(
    connection: sqlite3.Connection, place: Path, wanted: Wanted, tables: Sequence[Table], dataset: Dataset
) -> list[File]:
    if wanted.format in WRITERS:
        path = place / f"{wanted.nodes}.{wanted.format}"
        return [_file(path, WRITERS[wanted.format](Graph(connection, wanted.nodes), path, dataset))]
    if wanted.format == "sqlite":
        path = place / DATABASE
        rows = write_database(
            connection, tables, path, dataset, indexes=wanted.indexes, search=wanted.search
        )  # fmt: skip
        return [_file(path, rows)]
    ending, write = _writer(wanted.format, dataset)
    files = []
    for table in tables:
        path = place / f"{table.name}.{ending}"
        files.append(_file(path, {table.name: write(connection, table, path)}))
    if wanted.format == "datapackage":
        package = describe_package(dataset, tables, [(file.name, file.size, file.digest) for file in files])
        _write_text(place / "datapackage.json", json.dumps(package, ensure_ascii=False, indent=2) + "\n")
    return files


def _writer(format_: str, dataset: Dataset) -> tuple[str, Callable[[sqlite3.Connection, Table, Path], int]]:
    if format_ == "jsonl":
        return "jsonl", write_json_lines
    if format_ == "parquet":
        return "parquet", lambda connection, table, path: write_parquet(connection, table, path, dataset)
    return "csv", write_csv


def _file(path: Path, rows: Mapping[str, int]) -> File:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return File(path.name, rows, path.stat().st_size, f"sha256:{digest}")


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _notes(connection: sqlite3.Connection) -> tuple[str, ...]:
    notes = []
    known, told = (
        connection.execute(
            f"SELECT id, scope, value FROM {schema}.decision WHERE action IN ('alias', 'override') ORDER BY id"
        ).fetchall()
        for schema in ("main", "temp")
    )
    if known != told:
        notes.append("aliases or overrides were decided since the database was derived: `bewaar rebuild` applies them")
    if connection.execute("SELECT 1 FROM main.crawl WHERE status = 'running'").fetchone():
        notes.append("a crawl is running, or was cut off: what it has not written yet is not in here")
    return tuple(notes)


def _sweep(folder: Path) -> None:
    """Take away what exports that were killed left behind."""
    for left in folder.glob(f".{_BEGINS}*.part"):
        held = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left)
        except BlockingIOError:
            pass  # one that is being written
        finally:
            os.close(held)
