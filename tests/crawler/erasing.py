"""`bewaar erase` in this process, and what it leaves."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from click.testing import CliRunner

from archive.cli import verify
from archive.layout import Archive
from crawler.erasing.cli import erase

ORDER = ("--reason", "law: judgment of the court", "--by", "A. Keeper", "--order", "C/16/2027")


def run(archive: Archive, *words: str, code: int | None = 0) -> str:
    done = CliRunner().invoke(erase, [*words, "--archive", str(archive.root)], standalone_mode=False)
    if done.exception:
        raise done.exception
    assert code is None or done.return_value == code, done.output
    return done.output


def is_sound(archive: Archive) -> str:
    done = CliRunner().invoke(verify, ["--rows", "--archive", str(archive.root)], standalone_mode=False)
    assert not done.exception, done.exception
    assert done.return_value == 0, done.output
    return done.output


def query(archive: Archive, sql: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(archive.database)) as db:
        return db.execute(sql, values).fetchall()
