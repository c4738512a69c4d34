"""In which a database differs from one derived beside it."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from archive.counted import counted
from archive.databases import read_only_uri
from archive.errors import OlderSchema
from archive.store import Store, open_read_only
from archive.store.compare import PageFact, fact_differences
from crawler.items import KINDS


@dataclass(frozen=True, slots=True)
class Differences:
    """In which the database and what the WARCs and decisions say differ: ``-`` only in the database, ``+`` only
    derived."""

    facts: list[tuple[str, PageFact]]
    #: table, sign, row
    rows: list[tuple[str, str, tuple[object, ...]]]


def open_migrated(database: Path, beside: Path) -> sqlite3.Connection:
    """For reading, as today's schema has it; where it is older a copy of it."""
    try:
        return open_read_only(database).conn
    except OlderSchema:
        uri = read_only_uri(database)
        with closing(sqlite3.connect(uri, uri=True)) as source, closing(sqlite3.connect(beside)) as copy:
            source.backup(copy)
        Store(beside, KINDS).close()
        return open_read_only(beside).conn


def read_otherwise(database: Path, fresh: sqlite3.Connection) -> list[str]:
    """By kind of fact how many were read before and are not, and the other way round; nothing where there is no
    database, or one that is damaged."""
    counts: Counter[tuple[str, str]] = Counter()
    try:
        if database.exists():
            with closing(sqlite3.connect(read_only_uri(database), uri=True)) as held:
                counts.update((fact.role, sign) for sign, fact in fact_differences(held, fresh))
    except sqlite3.DatabaseError:
        return []
    return [
        f"{role}: {counted(fact=counts[role, '-'])} no longer read as before,"
        f" {counted(fact=counts[role, '+'])} read now"
        for role in sorted({role for role, _ in counts})
    ]
