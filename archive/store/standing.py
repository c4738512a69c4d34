"""Which decisions still stand. Lines are only ever added: a decision is taken back by a later line of action ``undo``,
whose *scope* is its id, and an undo by another. Of two lines about the same two names, ``alias`` and ``distinct``, or
about the same name, the later holds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from archive.store.subjects import slug


@dataclass(frozen=True, slots=True)
class Line:
    id: str
    made_at: str
    action: str
    scope: str
    value: str | None
    #: among those of one second: as they stand in the files
    number: int = 0

    @property
    def order(self) -> tuple[str, int]:
        return self.made_at, self.number


def withdrawn(lines: Iterable[Line]) -> dict[str, str]:
    """The decisions that no longer stand, each with the id of the line that is why."""
    by_id = {line.id: line for line in lines}
    undos: dict[str, list[Line]] = {}
    for line in by_id.values():
        target = by_id.get(line.scope) if line.action == "undo" else None
        # A line cannot take back what was decided after it: so no two undo each other.
        if target is not None and target.order < line.order:
            undos.setdefault(target.id, []).append(line)
    gone: dict[str, str] = {}
    # The last word first: what undoes a line is later than it, and judged by then.
    for line in sorted(by_id.values(), key=lambda line: line.order, reverse=True):
        standing = [undo for undo in undos.get(line.id, ()) if undo.id not in gone]
        if standing:
            gone[line.id] = max(standing, key=lambda undo: undo.order).id
    gone.update(_overtaken([line for line in by_id.values() if line.id not in gone]))
    return gone


def _overtaken(lines: list[Line]) -> dict[str, str]:
    last_of_name: dict[str, str] = {}
    last_of_pair: dict[frozenset[str], str] = {}
    gone: dict[str, str] = {}
    for line in sorted(lines, key=lambda line: line.order, reverse=True):
        if line.action not in ("alias", "distinct"):
            continue
        pair = frozenset((slug(line.scope), slug(line.value or "")))
        later = last_of_pair.setdefault(pair, line.id)
        if later == line.id and line.action == "alias":
            later = last_of_name.setdefault(slug(line.scope), line.id)
        if later != line.id:
            gone[line.id] = later
    return gone


def write_withdrawn(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT id, made_at, action, scope, value, rowid FROM decision").fetchall()
    connection.execute("DELETE FROM withdrawn")
    connection.executemany("INSERT INTO withdrawn VALUES (?,?)", withdrawn(Line(*row) for row in rows).items())


def refused_pairs(connection: sqlite3.Connection) -> Mapping[frozenset[str], str]:
    """Two names, as slugs, that a person said are two organisations, and the decision."""
    return {
        frozenset((slug(scope), slug(value))): id_
        for id_, scope, value in connection.execute(
            "SELECT id, scope, value FROM decision WHERE action = 'distinct'"
            " AND id NOT IN (SELECT decision_id FROM withdrawn) ORDER BY made_at, rowid"
        )
    }
