"""How much the database holds, for whoever ends a crawl or an ingest."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    crawls: int
    captures: int
    #: page keys with at least one text
    pages: int
    #: per role, what was ever listed: subjects, each once per site
    listed: Mapping[str, int]
    #: per role, what is listed now
    current: Mapping[str, int]
    organisations: int
    changes: int
    problems: int


def count_rows(connection: sqlite3.Connection, roles: Sequence[str]) -> Counts:
    def count(sql: str) -> int:
        return int(connection.execute(sql).fetchone()[0])

    def per_role(where: str) -> dict[str, int]:
        found = connection.execute(
            f"SELECT role, count(DISTINCT site_id || ' ' || subject) FROM presence WHERE {where} GROUP BY role"
        )
        return dict.fromkeys(roles, 0) | dict(found.fetchall())

    return Counts(
        crawls=count("SELECT count(*) FROM crawl"),
        captures=count("SELECT count(*) FROM capture"),
        pages=count("SELECT count(*) FROM (SELECT DISTINCT site_id, page_key FROM page_version)"),
        listed=per_role("1"),
        current=per_role("state = 'current'"),
        organisations=count("SELECT count(*) FROM organisation"),
        changes=count("SELECT count(*) FROM change"),
        problems=count("SELECT count(*) FROM problem"),
    )
