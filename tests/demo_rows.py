"""Rows of the demo's database."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def query(archive: Path, sql: str, *values: object) -> list[sqlite3.Row]:
    db = sqlite3.connect(f"file:{archive / 'archive.db'}?mode=ro", uri=True)
    db.row_factory = sqlite3.Row
    try:
        return db.execute(sql, values).fetchall()
    finally:
        db.close()


def crawls(archive: Path) -> list[str]:
    return [row["id"] for row in query(archive, "SELECT id FROM crawl ORDER BY started_at, id")]
