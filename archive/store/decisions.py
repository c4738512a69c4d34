"""What people decided and what happened to the archive: ``decisions/*.jsonl``, append-only. The database loads them.

A decision is ``{"id", "made_at", "who", "why", "action", "scope", "value"}``, an event ``{"id", "at", "type", "object",
"outcome", "detail"}`` in PREMIS words. Actions:

- ``alias``: *scope*, a name as it stands or an organisation key, is the organisation *value* (its key, or its name).
- ``distinct``: the names *scope* and *value* are two organisations, however alike they are.
- ``override``: the facts that *scope* names are what *value* says; both are objects (`archive.store.overrides`).
- ``undo``: the decision whose id is *scope* no longer stands.
- ``takedown``, ``embargo``: withhold what was captured at URLs that begin with *scope*, see `archive.store.withheld`.
- ``erase``: what *scope* names was erased for the reason *why*, on the order *value*; nothing undoes it.

A line that was superseded stays: a later decision on the same scope wins.
"""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import re
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from archive import times
from archive.errors import WrongUse
from archive.layout import Archive
from archive.store import overrides, standing
from archive.store.event_types import EVENT_TYPES
from archive.wording import did_you_mean

ACTIONS = ("alias", "distinct", "override", "undo", "takedown", "embargo", "erase")
#: those whose *value* must be there, and what it is
_NEED_VALUE = {
    "alias": "an alias needs a value, the organisation's key or name",
    "distinct": "distinct needs a value, the other name",
}

#: where commands write
FILE = "decisions.jsonl"
EVENTS = "events.jsonl"

#: as they are held where there is no database, or beside it
TABLES = (
    """CREATE TEMP TABLE decision (id TEXT PRIMARY KEY, made_at TEXT, who TEXT, why TEXT, action TEXT, scope TEXT,
      value TEXT)""",
    "CREATE TEMP TABLE withdrawn (decision_id TEXT PRIMARY KEY, by_id TEXT)",
    "CREATE TEMP TABLE event (id TEXT PRIMARY KEY, at TEXT, type TEXT, object TEXT, outcome TEXT, detail TEXT)",
)

_DECISION = ("id", "made_at", "who", "why", "action", "scope", "value")
_EVENT = ("id", "at", "type", "object", "outcome", "detail")
_WITHHOLDS = (b"takedown", b"embargo")
_ACTION = re.compile(rb'"action"\s*:\s*"[^"\\]*"')
_OPTIONAL = ("why", "value", "detail")


def whoever(archive: Archive, who: str | None) -> str:
    """Who decides: as said, else the archive's operator, else whoever is logged in. Raises WrongUse."""
    try:
        found = who or archive.operator or getpass.getuser()
    except (KeyError, OSError):  # nobody the system knows
        found = ""
    if not found.strip():
        raise WrongUse("nobody knows who you are: give --who NAME")
    return found


def append_decision(
    path: Path,
    *,
    who: str,
    action: str,
    scope: str | Mapping[str, Any],
    value: str | Mapping[str, Any] | None = None,
    why: str | None = None,
    made_at: str | None = None,
    decision_id: str | None = None,
) -> dict[str, Any]:
    """Add one line to *path*, on disk before this returns. Raises WrongUse for an action nobody knows, an empty who
    or scope, or what the action does not take.
    """
    line: dict[str, Any] = {
        "id": decision_id or str(uuid.uuid4()),
        "made_at": made_at or times.seconds(times.now()),
        "who": who,
        "why": why,
        "action": action,
        "scope": scope,
        "value": value,
    }
    _check(line, _DECISION, "the decision")
    append_line(path, line)
    return line


def append_event(
    path: Path, *, type_: str, object_: str, outcome: str, detail: str | None = None, at: str | None = None
) -> dict[str, str | None]:
    """Add one event: what was done to *object_* (a WARC's path, a record id), and how it came out. Raises WrongUse for
    a *type_* that is no word of PREMIS."""
    if type_ not in EVENT_TYPES:
        raise WrongUse(f"{type_!r} is no type of event that PREMIS knows{did_you_mean(type_, sorted(EVENT_TYPES))}")
    line: dict[str, str | None] = {
        "id": str(uuid.uuid4()),
        "at": at or times.seconds(times.now()),
        "type": type_,
        "object": object_,
        "outcome": outcome,
        "detail": detail,
    }
    _check(line, _EVENT, "the event")
    append_line(path, line)
    return line


def append_line(path: Path, line: Mapping[str, Any]) -> None:
    new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _cut_torn_line(descriptor, path)
        data = (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
        while data:
            data = data[os.write(descriptor, data) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if new:
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def load(connection: sqlite3.Connection, directory: Path, *, to_show: bool = False) -> int:
    """Replace the rows of decisions and events by what the files say; the number of lines. In the caller's
    transaction, so a bad line (WrongUse, naming file and line) changes nothing. *to_show*: see `read_lines`.
    """
    decisions: dict[str, tuple[str | None, ...]] = {}
    events: dict[str, tuple[str | None, ...]] = {}
    for where, line in read_lines(directory, to_show=to_show):
        columns, rows = (_DECISION, decisions) if "action" in line else (_EVENT, events)
        row = tuple(_stored(line.get(column)) for column in columns)
        id_ = str(row[0])
        if rows.setdefault(id_, row) != row:
            raise WrongUse(f"{where}: id {id_} stands there twice, with other words")
    connection.execute("DELETE FROM decision")
    connection.execute("DELETE FROM event")
    connection.executemany("INSERT INTO decision VALUES (?,?,?,?,?,?,?)", decisions.values())
    connection.executemany("INSERT INTO event VALUES (?,?,?,?,?,?)", events.values())
    standing.write_withdrawn(connection)
    return len(decisions) + len(events)


def check(directory: Path) -> None:
    """Raises what `load` would, and changes nothing."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in TABLES:
            connection.execute(statement)
        load(connection, directory)


def read_lines(directory: Path, *, to_show: bool = False) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each line with ``FILE line N``; empty ones are passed over, and a last one that a crash cut off. Raises WrongUse,
    naming file and line, for what is no decision and no event; and, for whoever means *to_show* what is not withheld,
    for a last line cut short that may withhold something. A crawl shows nothing, and goes on.
    """
    for path in sorted(directory.glob("*.jsonl")):
        lines = _read_whole(path).split(b"\n")
        if lines[-1] and _is_torn(lines[-1]):
            if to_show and _may_withhold(lines[-1]):
                # It must not be shown because somebody forgot a brace.
                raise WrongUse(f"{path} line {len(lines)}: cut short, and it may withhold something: complete it")
            lines.pop()
        for number, raw in enumerate(lines, 1):
            where = f"{path} line {number}"
            if not raw.strip():
                continue
            try:
                line = json.loads(raw)
            except (ValueError, RecursionError) as error:
                raise WrongUse(f"{where}: not a line of JSON: {error}") from error
            if not isinstance(line, dict):
                raise WrongUse(f"{where}: a JSON object is expected, found {type(line).__name__}")
            _check(line, _DECISION if "action" in line else _EVENT, where)
            yield where, line


def may_withhold(directory: Path) -> bool:
    """Whether a takedown or an embargo is spoken of at all, in lines that are good or bad. Raises OSError."""
    files = (path for path in sorted(directory.glob("*.jsonl")) if path.is_file() and not path.is_symlink())
    return any(word in data for data in map(_read_whole, files) for word in _WITHHOLDS)


def _check(line: dict[str, Any], columns: tuple[str, ...], where: str) -> None:
    if unknown := sorted(line.keys() - set(columns)):
        raise WrongUse(f"{where}: unknown key {unknown[0]!r}; a line has {', '.join(columns)}")
    override = line.get("action") == "override"
    for column in columns:
        value = line.get(column)
        if override and column in ("scope", "value"):
            if not isinstance(value, dict):
                raise WrongUse(f"{where}: {column} of an override must be an object, found {value!r}"[:500])
            continue
        if value is None and column in _OPTIONAL:
            continue
        if not isinstance(value, str) or not value.strip():
            raise WrongUse(f"{where}: {column} must be a text, found {value!r}")
        if any(0xD800 <= ord(character) < 0xE000 for character in value):
            raise WrongUse(f"{where}: {column} holds half a character (a lone surrogate)")
    if any(character.isspace() for character in line["id"]):
        raise WrongUse(f"{where}: id {line['id']!r} holds white space")
    moment = line.get("made_at", line.get("at"))
    try:
        times.parse(str(moment))
    except ValueError as error:
        raise WrongUse(f"{where}: {moment!r} is not a time like 2026-01-02T03:04:05Z") from error
    if "action" in line and line["action"] not in ACTIONS:
        raise WrongUse(f"{where}: action {line['action']!r} is none of {', '.join(ACTIONS)}")
    if line.get("value") is None and (needs := _NEED_VALUE.get(str(line.get("action")))):
        raise WrongUse(f"{where}: {needs}")
    if override:
        overrides.parse(line["id"], line["scope"], line["value"], where)


def _stored(value: str | dict[str, Any] | None) -> str | None:
    return overrides.to_json(value) if isinstance(value, dict) else value


def _read_whole(path: Path) -> bytes:
    """Not in the middle of somebody's line."""
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        return file.read()


def _may_withhold(torn: bytes) -> bool:
    """Whether a line cut short says that it withholds something, or was cut where it would have said what it does."""
    if any(word in torn for word in _WITHHOLDS):
        return True
    # What comes of a crash has its keys in our order: before the action stand id, made_at, who and why.
    begun = b'"made_at"' in torn or b'"action"' in torn
    return begun and not _ACTION.search(torn)


def _is_torn(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return True
    return False


def _cut_torn_line(descriptor: int, path: Path) -> None:
    """A last line without an end is a write that a crash cut off before anybody was told it was kept, or a hand-written
    one with a mistake. Joined with the next one it would spoil both; it is kept beside, in ``NAME.torn``. A line that
    only lacks its newline (an editor's habit) gets it.
    """
    size = os.fstat(descriptor).st_size
    if size == 0:
        return
    data = os.pread(descriptor, size, 0)
    if data.endswith(b"\n"):
        return
    start = data.rfind(b"\n") + 1
    if not _is_torn(data[start:]):
        os.write(descriptor, b"\n")
        return
    with path.with_name(f"{path.name}.torn").open("ab") as beside:
        beside.write(data[start:] + b"\n")
        beside.flush()
        os.fsync(beside.fileno())
    os.ftruncate(descriptor, start)
