"""A small database of every schema there has been, as the Bewaar of then wrote it, as `databases/*.sql.xz`.

A new migration needs the database of the schema it makes: `python -m tests.archive.old_databases` crawls one and keeps
it. Those of before were made in the same way by the last commit of each schema; that of the very first, which had no
crawler yet, by its `Store`.
"""

from __future__ import annotations

import lzma
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.layout import Archive
from archive.store.decisions import append_decision
from crawler.replica.demo import CONTACT, run_demo
from crawler.replica.editions import EDITIONS, GOALS

DATABASES = Path(__file__).parent / "databases"
MOST_BYTES = 100_000

DECISIONS = (
    {"action": "alias", "scope": "ICCO/KerkinActie", "value": "ICCO"},
    {"action": "override", "scope": {"role": "goal", "raw": GOALS[0]}, "value": {"reject": True}},
)

Schema = list[tuple[str, ...]]


def packed() -> list[Path]:
    """The oldest first."""
    return sorted(DATABASES.glob("*.sql.xz"), key=_number)


def _number(path: Path) -> tuple[int, str]:
    return int(path.name.partition("-")[0]), path.name


def unpack(path: Path, to: Path) -> Path:
    with closing(sqlite3.connect(to)) as made:
        made.executescript(lzma.decompress(path.read_bytes()).decode())
    return to


def pack(database: Path) -> Path:
    """Keep *database* under the name of its last migration, as the `sqlite3` command tells it: Python's own dump knows no
    search index."""
    with TemporaryDirectory() as folder, closing(sqlite3.connect(Path(folder) / "copy.db")) as copy:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source:
            source.backup(copy)
        applied = migrations_of(copy)
        for index in ("page_version_fts", "name_trigram"):
            copy.execute(f"INSERT INTO {index}({index}) VALUES ('optimize')")
        copy.commit()
        told = subprocess.run(["sqlite3", Path(folder) / "copy.db", ".dump"], capture_output=True, check=True).stdout
    path = DATABASES / f"{len(applied)}-{applied[-1]}.sql.xz"
    path.write_bytes(lzma.compress(told, preset=9 | lzma.PRESET_EXTREME))
    return path


def migrations_of(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]


def schema_of(connection: sqlite3.Connection) -> Schema:
    return connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").fetchall()


def crawl_and_pack(folder: Path) -> Path:
    archive = Archive.create(folder / "demo", operator="Bewaar demonstration", contact=CONTACT)
    for number, decision in enumerate(DECISIONS):
        append_decision(archive.decisions / "curated.jsonl", who="keeper", made_at=f"2026-01-0{number + 1}", **decision)
    if run_demo(archive.root, [EDITIONS[number] for number in (1, 2, 5)]):
        sys.exit("the demo did not end as it should")
    return pack(archive.database)


if __name__ == "__main__":
    with TemporaryDirectory() as made_in:
        kept = crawl_and_pack(Path(made_in))
    print(kept, kept.stat().st_size, "bytes")
