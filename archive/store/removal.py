"""Taking what decisions withhold out of a file that is served, in place: nothing of it can be read there afterwards.

What is left is what `archive.store.publication.write_visible` would write. The rows are found by the same conditions;
written is what is hidden and what stood beside it, and the search indexes are merged, which drops its words.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from archive.faults import database_faults
from archive.store import decisions
from archive.store.rules import Rule, covering, read_rules
from archive.store.search import forget_names, forget_texts
from archive.store.withheld import COLUMNS, DECIDED, SHOWN, TEMPORARY, hide

_BUSY_S = 60.0
#: of tables with more rows than captures: by their indexes, not by a look at every row
_FOUND = {
    "link": """source_version_id IN (SELECT id FROM temp.hidden_version)
      OR target_url IN (SELECT url FROM temp.withheld_url)""",
    "resource_link": """source_id IN (SELECT id FROM temp.touched_resource)
      OR target_url IN (SELECT url FROM temp.withheld_url)""",
    "style_evidence": """capture_id IN (SELECT id FROM temp.hidden_capture)
      OR observation_id IN (SELECT id FROM temp.hidden_observation)
      OR fact_id IN (SELECT id FROM temp.hidden_fact)""",
    "evidence": """observation_id IN (SELECT id FROM temp.hidden_observation)
      OR fact_id IN (SELECT id FROM temp.hidden_fact)""",
}
#: where a URL stands that `is_withheld` is asked about
_URLS = (
    ("link", "target_url"),
    ("resource_link", "target_url"),
    ("picture", "url"),
    ("problem", "url"),
    *(("capture", column) for column in ("via", "redirect_to", "refers_to_url")),
)
_ASKED = re.compile(r"\b(NOT )?is_withheld\((\w+)\)")


def remove_withheld(path: Path, rules: Sequence[Rule], directory: Path, *, public: bool) -> None:
    """Hide what *rules* withhold in the file *path*, in one transaction; *directory* is of the decisions, which the
    operator's file tells of.

    Pages of before stay in the write-ahead log until `publication.scrub`. Raises WrongUse for a line of decisions that
    cannot be obeyed, ArchiveFault, DiskFull.
    """
    with (
        database_faults(path),
        closing(sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute("BEGIN IMMEDIATE")
        for statement in (*TEMPORARY, "CREATE TEMP TABLE withheld_url (url TEXT PRIMARY KEY) WITHOUT ROWID"):
            connection.execute(statement)
        decisions.load(connection, directory, to_show=True)
        tables = {row[0] for row in connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")}
        if rules:
            hide(connection, rules)
            _find_urls(connection, rules, tables)
            _rewrite(connection, tables)
            forget_texts(connection)
            _delete(connection, tables)
            forget_names(connection)
        if not public:
            _tell_decisions(connection)
        connection.execute("COMMIT")


def _find_urls(connection: sqlite3.Connection, rules: Sequence[Rule], tables: set[str]) -> None:
    """Each URL is judged once, wherever it stands."""
    found = " UNION ".join(f"SELECT {column} FROM main.{table}" for table, column in _URLS if table in tables)
    covering_of = covering(rules)
    withheld = [(url,) for (url,) in connection.execute(found) if covering_of(url)]
    connection.executemany("INSERT INTO temp.withheld_url VALUES (?)", withheld)


def _rewrite(connection: sqlite3.Connection, tables: set[str]) -> None:
    """What a row that stays would tell of one that goes."""
    for (table, column), said in COLUMNS.items():
        if table in tables:
            told = _known(said)
            connection.execute(f'UPDATE main.{table} SET "{column}" = {told} WHERE "{column}" IS NOT ({told})')


def _delete(connection: sqlite3.Connection, tables: set[str]) -> None:
    for table, shown in SHOWN.items():
        if table in tables:
            hidden = _FOUND.get(table) or f"({_known(shown)}) IS NOT TRUE"
            connection.execute(f"DELETE FROM main.{table} WHERE {hidden}")
    if "sqlite_stat4" in tables:  # some builds of SQLite keep samples of the rows
        connection.execute("DELETE FROM main.sqlite_stat4")


def _known(condition: str) -> str:
    """*condition* as it is asked here: URLs are judged already, and no view stands before a table."""
    by_table = _ASKED.sub(
        lambda asked: (
            f"coalesce({asked[2]} {'NOT ' if asked[1] else ''}IN (SELECT url FROM temp.withheld_url), "
            f"{int(bool(asked[1]))})"
        ),
        condition,
    )
    return by_table.replace("FROM temp.logo)", "FROM main.logo)")


def _tell_decisions(connection: sqlite3.Connection) -> None:
    covering_of = covering(read_rules(connection))
    connection.create_function("is_withheld_now", 1, lambda url: bool(covering_of(url)))
    for table, shown in DECIDED.items():
        told = shown.replace("is_withheld(", "is_withheld_now(")
        connection.execute(f"DELETE FROM main.{table}")
        connection.execute(f"INSERT INTO main.{table} SELECT * FROM temp.{table} WHERE {told}")
