"""Which organisation a name stands for once people have said so: decisions of action ``alias``.

In order of precedence, for one fact: an override that names its organisation; an alias of the name as it stands; an
alias of its organisation key; its key, to which the profile's aliases were applied when the page was read.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from archive.store.subjects import fold, slug


@dataclass(frozen=True, slots=True)
class Resolved:
    #: the organisation's id; None for a fact that names no organisation anybody knows
    organisation: str | None
    #: the decisions that led there
    decisions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Alias:
    decision: str
    #: later is more
    number: int
    target: str


@dataclass(slots=True)
class Aliases:
    """*scope* of a decision is a name as it stands or an organisation key, *value* the organisation's key, or its name.
    A name is first one that this site lists; one that no fact bears becomes an organisation of its own.

    Aliases lead on to aliases. Where they lead round in a circle, all in it are one organisation, which goes by the
    name that the latest decision of the circle gives.
    """

    _of_name: dict[str, _Alias] = field(default_factory=dict)
    _of_key: dict[str, _Alias] = field(default_factory=dict)
    _keys: set[str] = field(default_factory=set)
    _key_of_name: dict[str, str] = field(default_factory=dict)
    _resolved: dict[tuple[str, ...], Resolved | None] = field(default_factory=dict)

    @classmethod
    def read(
        cls, connection: sqlite3.Connection, listed: Iterable[tuple[str | None, str]], names: Mapping[str, str]
    ) -> Aliases:
        """*listed* are keys and values of the site's facts, *names* the profile's names by key."""
        aliases = cls()
        own_keys: dict[str, set[str]] = {}
        for key, value in sorted({(key, value) for key, value in listed if key}):
            name = fold(value)
            aliases._keys.add(key)
            aliases._key_of_name.setdefault(name, key)
            if f"-{key}-" in f"-{slug(value)}-":
                # made of the name itself, not said by a profile to be what the name stands for
                own_keys.setdefault(name, set()).add(key)
        for key, name in sorted(names.items()):
            aliases._keys.add(key)
            aliases._key_of_name[fold(name)] = key
            own_keys.setdefault(fold(name), set()).add(key)
        decided = connection.execute(
            "SELECT id, scope, value FROM decision WHERE action = 'alias'"
            " AND id NOT IN (SELECT decision_id FROM withdrawn) ORDER BY made_at, rowid"
        )
        for number, (id_, scope, value) in enumerate(decided):
            alias = _Alias(id_, number, value)
            aliases._of_name[fold(scope)] = alias
            for key in {scope, slug(scope), *own_keys.get(fold(scope), ())}:
                aliases._of_key[key] = alias
        return aliases

    def resolve(self, key: str | None, *names: str | None) -> Resolved:
        """Of a fact with this organisation key, which stands there by *names*."""
        if not self._of_name:
            return Resolved(key)
        folded = tuple(fold(name) for name in names if name)
        return self._follow(key, folded) or Resolved(key)

    def named(self, name: str) -> Resolved:
        """The organisation that somebody calls so: a key, or a name."""
        key = self._key(name)
        return self._follow(key, (fold(name),)) or Resolved(key)

    def _follow(self, key: str | None, names: tuple[str, ...]) -> Resolved | None:
        start = (key or "", *names)
        if start not in self._resolved:
            passed: list[_Alias] = []
            alias = self._alias(key, names)
            while alias is not None and alias not in passed:
                passed.append(alias)
                alias = self._alias(self._key(alias.target), (fold(alias.target),))
            if not passed:
                self._resolved[start] = None
            else:
                last = passed[-1]
                if alias is not None:
                    last = max(passed[passed.index(alias) :], key=lambda one: one.number)
                self._resolved[start] = Resolved(self._key(last.target), tuple(one.decision for one in passed))
        return self._resolved[start]

    def _alias(self, key: str | None, names: tuple[str, ...]) -> _Alias | None:
        found = next((self._of_name[name] for name in names if name in self._of_name), None)
        return found or (self._of_key.get(key) if key else None)

    def _key(self, value: str) -> str:
        if value in self._keys:
            return value
        return self._key_of_name.get(fold(value)) or slug(value) or value
