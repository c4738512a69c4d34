"""Organisations that may be one and the same: asked of a person, never merged. What was refused is not asked again.

Each source is one function of `_SOURCES`, which yields pairs of organisations of which one at least was touched by the
derivation under way.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from archive.store.alike import abbreviation, initials, spelled_alike
from archive.store.lookalikes import agreement, lookalikes
from archive.store.standing import refused_pairs
from archive.store.subjects import fold, slug

#: An organisation that nothing lists, because all that named it was rejected or put right, is nobody's question.
_SELECT_LISTED = """SELECT id, name, NULL FROM organisation WHERE id IN (
    SELECT organisation_id FROM presence UNION SELECT beneficiary_id FROM presence
    UNION SELECT organisation_id FROM site)
UNION ALL SELECT organisation_id, NULL, alias FROM organisation_alias ORDER BY 1, 2, 3"""


@dataclass(frozen=True, slots=True)
class Suggestion:
    one: str
    other: str
    reason: str
    #: the names by which they are taken for one
    name: str
    other_name: str
    #: how alike, of 100; None where that is not measured
    score: float | None = None

    @property
    def ordered(self) -> Suggestion:
        """The same whichever of the two was met first."""
        if self.one < self.other:
            return self
        return Suggestion(self.other, self.one, self.reason, self.other_name, self.name, self.score)


@dataclass(frozen=True, slots=True)
class Listed:
    """The organisations that are listed anywhere, by id, with all their names, and those that were touched."""

    names: Mapping[str, list[str]]
    touched: AbstractSet[str]


Source = Callable[[sqlite3.Connection, Listed], Iterable[Suggestion]]


def write_suggestions(connection: sqlite3.Connection) -> None:
    """Those that involve the organisations in temp.touched; the ones of before are gone."""
    listed = _read(connection)
    refused = refused_pairs(connection)
    slugs = {id_: {id_, *(slug(name) for name in names)} for id_, names in listed.names.items()} if refused else {}
    best: dict[tuple[str, str, str], Suggestion] = {}
    for source in _SOURCES:
        for found in source(connection, listed):
            suggestion = found.ordered
            key = (suggestion.one, suggestion.other, suggestion.reason)
            if key not in best or _rank(suggestion) < _rank(best[key]):
                best[key] = suggestion
    connection.executemany(
        "INSERT INTO suggestion VALUES (?,?,?,?,?,?)",
        [
            (s.one, s.other, s.reason, s.score, s.name, s.other_name)
            for s in best.values()
            if not refused or not _is_refused(slugs[s.one], slugs[s.other], refused)
        ],
    )


def _read(connection: sqlite3.Connection) -> Listed:
    names: dict[str, list[str]] = {}
    for id_, name, alias in connection.execute(_SELECT_LISTED):
        if alias is None:
            names[id_] = [name]
        elif id_ in names:
            names[id_].append(alias)
    touched = {row[0] for row in connection.execute("SELECT id FROM temp.touched")}
    return Listed(names, touched & names.keys())


def _spelled_alike(_: sqlite3.Connection, listed: Listed) -> Iterator[Suggestion]:
    """By the names as they stand and by the keys, which lack legal forms and countries."""
    bearers: dict[str, dict[str, str]] = defaultdict(dict)
    wanted: set[str] = set()
    for id_, names in listed.names.items():
        for name in (*names, id_.replace("-", " ")):
            folded = fold(name)
            bearers[folded].setdefault(id_, name)
            if id_ in listed.touched:
                wanted.add(folded)
    pairs = [(name, name, 100.0) for name in wanted if len(bearers[name]) > 1]
    for one, other, score in (*pairs, *spelled_alike(list(bearers), wanted)):
        for here, name in bearers[one].items():
            for there, other_name in bearers[other].items():
                if here != there and (here in listed.touched or there in listed.touched):
                    yield Suggestion(here, there, "spelling", name, other_name, round(score, 1))


def _initials(_: sqlite3.Connection, listed: Listed) -> Iterator[Suggestion]:
    short: dict[str, dict[str, str]] = defaultdict(dict)
    for id_, names in listed.names.items():
        for name in names:
            if letters := abbreviation(name):
                short[letters].setdefault(id_, name)
    for id_, names in listed.names.items():
        for name in names:
            for letters in initials(name) & short.keys():
                for other, other_name in short[letters].items():
                    if other != id_ and (id_ in listed.touched or other in listed.touched):
                        yield Suggestion(id_, other, "initials", name, other_name)


def _same_logo(connection: sqlite3.Connection, listed: Listed) -> Iterator[Suggestion]:
    for pair in lookalikes(connection):
        one, other = pair.organisation, pair.other
        if {one, other} <= listed.names.keys() and (one in listed.touched or other in listed.touched):
            name, other_name = listed.names[one][0], listed.names[other][0]
            yield Suggestion(one, other, "same logo", name, other_name, round(agreement(pair.distance) * 100, 1))


_SOURCES: tuple[Source, ...] = (_spelled_alike, _initials, _same_logo)


def _rank(suggestion: Suggestion) -> tuple[float, str, str]:
    return -(suggestion.score or 0), suggestion.name, suggestion.other_name


def _is_refused(one: AbstractSet[str], other: AbstractSet[str], refused: Mapping[frozenset[str], str]) -> bool:
    return any(frozenset((name, there)) in refused for name in one for there in other)
