"""What takedowns and embargoes withhold, and a connection on which it is not there.

A takedown or an embargo withholds the captures of every URL that begins with its scope, whatever their scheme, ``www.``
or spelling; and with them all that no other capture shows: texts, facts, links, payloads, presences, changes.

- ``takedown``: of all times; with *value* ``2016-01-01/2016-12-31`` of captures in those days (one side may be empty).
- ``embargo``: with a date as *value* until that day, else until somebody lifts it.
- *value* ``lifted`` ends either. Of lines of one action and scope the latest holds, of one second the last.

A row that stands on several captures, one of them withheld, is left out: without that capture it would claim too much.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

from archive.errors import NotAnArchive
from archive.layout import Archive
from archive.store import decisions
from archive.store.captures import urls_as_json
from archive.store.rules import Rule, covering, read_rules
from archive.store.schema import open_read_only

#: tables that `hide` fills, and the decisions
TEMPORARY = (
    *decisions.TABLES,
    *(
        f"CREATE TEMP TABLE hidden_{of} (id INTEGER PRIMARY KEY)"
        for of in ("capture", "resource", "payload", "version", "observation", "section", "fact")
    ),
    "CREATE TEMP TABLE hidden_organisation (id TEXT PRIMARY KEY) WITHOUT ROWID",
    "CREATE TEMP TABLE touched_resource (id INTEGER PRIMARY KEY)",
    "CREATE TEMP TABLE touched_organisation (id TEXT PRIMARY KEY) WITHOUT ROWID",
)

# What only hidden captures show is hidden too.
_FOLLOWS = (
    """INSERT INTO temp.touched_resource SELECT DISTINCT resource_id FROM main.capture
      WHERE id IN (SELECT id FROM temp.hidden_capture)""",
    """INSERT INTO temp.hidden_resource SELECT t.id FROM temp.touched_resource t WHERE NOT EXISTS (
      SELECT 1 FROM main.capture c WHERE c.resource_id = t.id AND c.id NOT IN (SELECT id FROM temp.hidden_capture))""",
    """INSERT INTO temp.hidden_payload SELECT DISTINCT h.payload_id FROM main.capture h
      WHERE h.id IN (SELECT id FROM temp.hidden_capture) AND h.payload_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM main.capture c WHERE c.payload_id = h.payload_id
          AND c.id NOT IN (SELECT id FROM temp.hidden_capture))""",
    """INSERT INTO temp.hidden_version SELECT DISTINCT h.page_version_id FROM main.capture h
      WHERE h.id IN (SELECT id FROM temp.hidden_capture) AND h.page_version_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM main.capture c WHERE c.page_version_id = h.page_version_id
          AND c.id NOT IN (SELECT id FROM temp.hidden_capture))""",
    """INSERT INTO temp.hidden_observation SELECT id FROM main.observation
      WHERE capture_id IN (SELECT id FROM temp.hidden_capture)""",
)
# A list that a style sheet completes stands on the sheet's capture too.
_COMPLETED = """INSERT OR IGNORE INTO temp.hidden_observation SELECT observation_id FROM main.style_evidence
  WHERE capture_id IN (SELECT id FROM temp.hidden_capture)"""
_SECTIONS = (
    """INSERT INTO temp.hidden_section SELECT DISTINCT h.section_version_id FROM main.observation h
      WHERE h.id IN (SELECT id FROM temp.hidden_observation) AND h.section_version_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM main.observation o WHERE o.section_version_id = h.section_version_id
          AND o.id NOT IN (SELECT id FROM temp.hidden_observation))""",
)
# What a page said by itself, before its style sheets were asked.
_READ_SECTIONS = (
    """INSERT OR IGNORE INTO temp.hidden_section SELECT h.read_version_id FROM main.observation h
      WHERE h.id IN (SELECT id FROM temp.hidden_observation) AND h.read_version_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM main.observation o WHERE o.section_version_id = h.read_version_id
          AND o.id NOT IN (SELECT id FROM temp.hidden_observation))""",
    """DELETE FROM temp.hidden_section WHERE id IN (SELECT read_version_id FROM main.observation
      WHERE read_version_id IS NOT NULL AND id NOT IN (SELECT id FROM temp.hidden_observation))""",
)
_FACTS = (
    """INSERT INTO temp.hidden_fact SELECT id FROM main.fact
      WHERE section_version_id IN (SELECT id FROM temp.hidden_section)""",
)
# What a person confirmed is a guess no more.
_CANDIDATES = """INSERT OR IGNORE INTO temp.hidden_fact SELECT id FROM main.fact WHERE tier = 'candidate'
  AND id NOT IN (SELECT fact_id FROM main.correction WHERE verdict = 'reviewed')"""
_ORGANISATIONS = (
    """INSERT INTO temp.touched_organisation SELECT organisation_id FROM main.fact
        WHERE id IN (SELECT id FROM temp.hidden_fact) AND organisation_id IS NOT NULL
      UNION SELECT beneficiary_id FROM main.fact
        WHERE id IN (SELECT id FROM temp.hidden_fact) AND beneficiary_id IS NOT NULL""",
    """INSERT INTO temp.hidden_organisation SELECT t.id FROM temp.touched_organisation t
      WHERE t.id NOT IN (SELECT organisation_id FROM main.site WHERE organisation_id IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM main.fact f WHERE f.organisation_id = t.id
          AND f.id NOT IN (SELECT id FROM temp.hidden_fact))
        AND NOT EXISTS (SELECT 1 FROM main.fact f WHERE f.beneficiary_id = t.id
          AND f.id NOT IN (SELECT id FROM temp.hidden_fact))""",
)

_NO_CAPTURE = "NOT IN (SELECT id FROM temp.hidden_capture)"
_NO_ORGANISATION = "(organisation_id IS NULL OR organisation_id NOT IN (SELECT id FROM temp.hidden_organisation))"
_NAMED_SO = """EXISTS (SELECT 1 FROM main.fact f WHERE f.organisation_id = main.organisation.id
  AND f.value = main.organisation.name AND f.id NOT IN (SELECT id FROM temp.hidden_fact))"""

#: per table which of its rows are shown. Tables that are not named here hold nothing off a capture.
SHOWN: dict[str, str] = {
    "resource": "id NOT IN (SELECT id FROM temp.hidden_resource)",
    "payload": "id NOT IN (SELECT id FROM temp.hidden_payload)",
    "capture": f"id {_NO_CAPTURE}",
    "page_version": "id NOT IN (SELECT id FROM temp.hidden_version)",
    "section_version": "id NOT IN (SELECT id FROM temp.hidden_section)",
    "fact": "id NOT IN (SELECT id FROM temp.hidden_fact)",
    "observation": "id NOT IN (SELECT id FROM temp.hidden_observation)",
    "evidence": """observation_id NOT IN (SELECT id FROM temp.hidden_observation)
      AND fact_id NOT IN (SELECT id FROM temp.hidden_fact)""",
    "style_evidence": f"""capture_id {_NO_CAPTURE} AND observation_id NOT IN (SELECT id FROM temp.hidden_observation)
      AND fact_id NOT IN (SELECT id FROM temp.hidden_fact)""",
    # Names what was linked, for whoever derives; nobody else has a use for it.
    "style": "0",
    "closing": "1",
    "erased": "url IS NULL OR NOT is_withheld(url)",
    "url_list": f"id IN (SELECT url_list_id FROM main.capture WHERE id {_NO_CAPTURE})",
    "link": "source_version_id NOT IN (SELECT id FROM temp.hidden_version) AND NOT is_withheld(target_url)",
    "resource_link": "source_id NOT IN (SELECT id FROM temp.touched_resource) AND NOT is_withheld(target_url)",
    "problem": f"(capture_id IS NULL OR capture_id {_NO_CAPTURE}) AND NOT is_withheld(url)",
    "organisation": "id NOT IN (SELECT id FROM temp.hidden_organisation)",
    "organisation_alias": """organisation_id NOT IN (SELECT id FROM temp.touched_organisation)
      OR EXISTS (SELECT 1 FROM main.fact f WHERE f.organisation_id = main.organisation_alias.organisation_id
        AND f.value = alias AND f.id NOT IN (SELECT id FROM temp.hidden_fact))""",
    "profile_name": "organisation_key NOT IN (SELECT id FROM temp.hidden_organisation)",
    "presence": f"""fact_id NOT IN (SELECT id FROM temp.hidden_fact) AND first_capture_id {_NO_CAPTURE}
      AND last_capture_id {_NO_CAPTURE} AND coalesce(absent_capture_id, 0) {_NO_CAPTURE}
      AND coalesce(gone_capture_id, 0) {_NO_CAPTURE} AND {_NO_ORGANISATION}""",
    "logo": f"""capture_id {_NO_CAPTURE} AND last_capture_id {_NO_CAPTURE}
      AND payload_id NOT IN (SELECT id FROM temp.hidden_payload) AND {_NO_ORGANISATION}""",
    "logo_file": f"""capture_id {_NO_CAPTURE} AND last_capture_id {_NO_CAPTURE}
      AND payload_id NOT IN (SELECT id FROM temp.hidden_payload) AND logo_id IN (SELECT id FROM temp.logo)""",
    "picture": "payload_id NOT IN (SELECT id FROM temp.hidden_payload) AND NOT is_withheld(url)",
    "alike": """payload_id NOT IN (SELECT id FROM temp.hidden_payload)
      AND other_id NOT IN (SELECT id FROM temp.hidden_payload)""",
    "drift": f"before_capture_id {_NO_CAPTURE} AND after_capture_id {_NO_CAPTURE}",
    "correction": f"fact_id NOT IN (SELECT id FROM temp.hidden_fact) AND {_NO_ORGANISATION}",
    "doubt": f"""fact_id NOT IN (SELECT id FROM temp.hidden_fact) AND capture_id {_NO_CAPTURE}
      AND observation_id NOT IN (SELECT id FROM temp.hidden_observation)""",
    "suggestion": """organisation_id NOT IN (SELECT id FROM temp.touched_organisation)
      AND other_id NOT IN (SELECT id FROM temp.touched_organisation)""",
    # The page of a list that a withheld style sheet completes is shown itself, its captures with it.
    "change": f"""before_capture_id {_NO_CAPTURE} AND after_capture_id {_NO_CAPTURE} AND {_NO_ORGANISATION}
      AND NOT EXISTS (SELECT 1 FROM main.observation o WHERE o.role = main.change.role
        AND o.capture_id IN (before_capture_id, after_capture_id)
        AND o.id IN (SELECT id FROM temp.hidden_observation))""",
}
#: tables that hold nothing off a capture
WHOLE = ("site", "permission", "crawl", "warc", "expectation", "decision_use")
#: what a column shows, where a row that is shown would tell of one that is not
COLUMNS: dict[tuple[str, str], str] = {
    **{
        ("capture", column): f"CASE WHEN NOT is_withheld({column}) THEN {column} END"
        for column in ("via", "redirect_to", "refers_to_url")
    },
    ("url_list", "urls"): "without_withheld(urls)",
    ("closing", "report"): "report_without_withheld(report)",
    ("capture", "style_id"): "NULL",
    ("capture", "original_id"): f"CASE WHEN original_id {_NO_CAPTURE} THEN original_id END",
    ("resource", "title"): f"""CASE WHEN id NOT IN (SELECT id FROM temp.touched_resource) THEN title ELSE (
      SELECT v.title FROM main.capture c JOIN main.page_version v ON v.id = c.page_version_id
      WHERE c.resource_id = main.resource.id AND c.id {_NO_CAPTURE}
      ORDER BY c.captured_at DESC, c.id DESC LIMIT 1) END""",
    ("organisation", "name"): f"""CASE WHEN id NOT IN (SELECT id FROM temp.touched_organisation) OR {_NAMED_SO}
      OR id IN (SELECT organisation_key FROM main.profile_name) THEN name ELSE coalesce((
        SELECT min(f.value) FROM main.fact f WHERE f.organisation_id = main.organisation.id
          AND f.id NOT IN (SELECT id FROM temp.hidden_fact)), id) END""",
}

#: tables that are told of in files of decisions, as these are shown to the operator
DECIDED = {
    "decision": "action NOT IN ('takedown', 'embargo') AND (action <> 'undo' OR scope NOT IN ("
    "SELECT id FROM temp.decision WHERE action IN ('takedown', 'embargo')))",
    "withdrawn": "decision_id NOT IN (SELECT id FROM temp.decision WHERE action IN ('takedown', 'embargo'))",
    "event": "NOT (instr(object, '://') AND is_withheld(object))",
}

_VIEW = re.compile(r"\s*CREATE VIEW\s+", re.IGNORECASE)


@contextmanager
def open_visible(archive: Archive, *, candidates: bool = True) -> Iterator[sqlite3.Connection]:
    """The database as of now, for reading, in one snapshot, without what decisions withhold: tables and views by their
    own names. Without *candidates* facts that are only guessed are not there either.

    Decisions are read from their files: one made a moment ago holds. Raises WrongUse for a line that cannot be obeyed.
    """
    with open_decided(archive) as connection:
        rules = read_rules(connection)
        if rules or not candidates:
            hide(connection, rules, candidates=candidates)
            _shadow(connection)
        yield connection


@contextmanager
def open_decided(archive: Archive) -> Iterator[sqlite3.Connection]:
    """The database as of now, for reading, in one snapshot, with the decisions as their files have them. All of it is
    there: `hide` fills the tables of what is not to be shown."""
    if not archive.database.is_file():
        raise NotAnArchive(f"{archive.database}: no such file: crawl, ingest or rebuild makes it")
    db = open_read_only(archive.database)
    try:
        connection = db.conn
        connection.execute("BEGIN")
        connection.execute("SELECT 1 FROM main.sqlite_master").fetchone()
        for statement in TEMPORARY:
            connection.execute(statement)
        decisions.load(connection, archive.decisions, to_show=True)
        yield connection
    finally:
        db.close()


def hide(connection: sqlite3.Connection, rules: Sequence[Rule], *, candidates: bool = True) -> None:
    """Fill ``temp.hidden_*`` with what *rules* withhold, and ``touched_*`` with what they withhold a part of."""
    covering_of = covering(rules)

    @lru_cache(maxsize=10_000)
    def is_withheld(url: str | None) -> bool:
        return bool(covering_of(url))

    connection.create_function("is_withheld", 1, is_withheld if rules else lambda _: False, deterministic=True)
    connection.create_function("without_withheld", 1, _without(is_withheld), deterministic=True)
    connection.create_function("report_without_withheld", 1, _report_without(is_withheld), deterministic=True)
    list_captures(connection, "hidden_capture", rules)
    # A file that is served may be of an earlier schema.
    styled = connection.execute("SELECT 1 FROM main.sqlite_master WHERE name = 'style_evidence'").fetchone() is not None
    sections = (_COMPLETED, *_SECTIONS, *_READ_SECTIONS) if styled else _SECTIONS
    for statement in (*_FOLLOWS, *sections, *_FACTS, *([] if candidates else [_CANDIDATES]), *_ORGANISATIONS):
        connection.execute(statement)


def list_captures(connection: sqlite3.Connection, table: str, rules: Sequence[Rule], *, columns: str = "id") -> None:
    """Put *columns* of the captures that *rules* withhold into the temporary *table*. Each URL is looked at once."""
    if not rules:
        return
    covering_of = covering(rules)
    # Not by the stored key: what was written by an older version's rules must be found too.
    resources = connection.execute("SELECT id, url FROM main.resource")
    connection.executemany(
        f"""INSERT OR IGNORE INTO temp.{table}
        SELECT {columns} FROM main.capture WHERE resource_id = ? AND captured_at >= ? AND captured_at < ?""",
        ((id_, rules[at].since, rules[at].until) for id_, url in resources for at in covering_of(url)),
    )


def _without(is_withheld: Callable[[str | None], bool]) -> Callable[[str], str]:
    def without(urls: str) -> str:
        listed = [[one] if isinstance(one, str) else one for one in json.loads(urls)]
        shown = [[url for url in one if not is_withheld(url)] for one in listed]
        return urls_as_json([one for one in shown if one])

    return without


def _report_without(is_withheld: Callable[[str | None], bool]) -> Callable[[str], str]:
    def names_withheld(value: object) -> bool:
        return isinstance(value, str) and any(
            "://" in word and is_withheld(word.strip(",:;")) for word in value.split()
        )

    def without(report: str) -> str:
        told = json.loads(report)
        for name, value in told.items():
            if isinstance(value, list):
                told[name] = [entry for entry in value if not any(map(names_withheld, entry.values()))]
            elif names_withheld(value):
                told[name] = None
        return json.dumps(told, sort_keys=True)

    return without


def _shadow(connection: sqlite3.Connection) -> None:
    """Put a temporary view of each table's own name before it, and each view before itself: names lead to the
    temporary ones first."""
    for table, shown in SHOWN.items():
        columns = [row[1] for row in connection.execute(f"PRAGMA main.table_info({table})")]
        selected = ", ".join(f"{said} AS {c}" if (said := COLUMNS.get((table, c))) else f'"{c}"' for c in columns)
        connection.execute(f"CREATE TEMP VIEW {table} AS SELECT {selected} FROM main.{table} WHERE {shown}")
    views = connection.execute("SELECT name, sql FROM main.sqlite_master WHERE type = 'view'").fetchall()
    for name, sql in views:
        shown = _VIEW.sub("CREATE TEMP VIEW ", sql, count=1)
        if name == "decided":
            # What is withheld is not told by the decision that withholds it.
            _, _, select = sql.partition(" AS\n")
            shown = f"CREATE TEMP VIEW decided AS SELECT * FROM ({select}) WHERE action NOT IN ('takedown', 'embargo')"
        connection.execute(shown)
