"""Which facts name the same organisation, and by what name it goes. Nothing is merged by guess: a fact's own key, then
what people decided (``alias`` decisions).
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from archive.store.subjects import fold, slug

#: an alias of an alias of an alias: followed so far
_LONGEST_CHAIN = 10

# How often a value was seen, counting captures, and when first. Over all sites: an organisation is one everywhere.
_VALUES = """WITH seen AS (SELECT o.section_version_id, count(*) AS times, min(c.captured_at) AS since
  FROM observation o JOIN capture c ON c.id = o.capture_id
  WHERE o.section_version_id IN
    (SELECT section_version_id FROM fact WHERE organisation_id IN (SELECT id FROM temp.touched))
  GROUP BY o.section_version_id)
SELECT f.organisation_id, f.value, sum(s.times), min(s.since), min(f.organisation_key IS NOT f.organisation_id)
FROM fact f JOIN seen s ON s.section_version_id = f.section_version_id
WHERE f.organisation_id IN (SELECT id FROM temp.touched)
GROUP BY f.organisation_id, f.value"""


@dataclass(slots=True)
class Aliases:
    """Decisions of action ``alias``: *scope* is a name as it stands or an organisation key, *value* the
    organisation's key, or its name as this site lists it. Later decisions win.
    """

    _target: dict[str, str] = field(default_factory=dict)
    _keys: set[str] = field(default_factory=set)
    _key_of_name: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(
        cls, connection: sqlite3.Connection, listed: Iterable[tuple[str | None, str]], names: Mapping[str, str]
    ) -> Aliases:
        aliases = cls()
        for scope, value in connection.execute(
            "SELECT scope, value FROM decision WHERE action = 'alias' AND value IS NOT NULL ORDER BY made_at, id"
        ):
            aliases._target[scope] = value
            aliases._target[fold(scope)] = value
        for key, value in sorted((key, value) for key, value in listed if key):
            aliases._keys.add(key)
            aliases._key_of_name.setdefault(fold(value), key)
        for key, name in sorted(names.items()):
            aliases._keys.add(key)
            aliases._key_of_name[fold(name)] = key
        return aliases

    def resolve(self, key: str | None, value: str | None) -> str | None:
        """The organisation's id: *key* after aliases. None for a fact that names no organisation anybody knows."""
        decided = self._target.get(fold(value)) if value else None
        if decided is None and key is not None:
            decided = self._target.get(key)
        if decided is None:
            return key
        seen: set[str] = set()
        while len(seen) < _LONGEST_CHAIN:
            target = self._key(decided)
            further = self._target.get(target)
            if further is None or target in seen:
                return target
            seen.add(target)
            decided = further
        return key

    def _key(self, value: str) -> str:
        if value in self._keys:
            return value
        return self._key_of_name.get(fold(value)) or slug(value) or value


def write_organisations(connection: sqlite3.Connection, site: str, names: Mapping[str, str]) -> None:
    """Give each fact of *site* its organisation, and name the organisations: by the profile, else as pages most often
    do, the earliest of equals. The site's timelines must be out of the way.
    """
    connection.execute("DELETE FROM profile_name WHERE site_id = ?", (site,))
    connection.executemany(
        "INSERT INTO profile_name VALUES (?,?,?)", [(site, key, name) for key, name in names.items()]
    )
    facts = connection.execute(
        "SELECT f.id, f.organisation_key, f.value, f.organisation_id, f.beneficiary_key, f.beneficiary_id"
        " FROM fact f JOIN section_version s ON s.id = f.section_version_id WHERE s.site_id = ?",
        (site,),
    ).fetchall()
    aliases = Aliases.read(connection, ((row[1], row[2]) for row in facts), names)
    owner_key, old_owner = connection.execute(
        "SELECT organisation_key, organisation_id FROM site WHERE id = ?", (site,)
    ).fetchone()
    owner = aliases.resolve(owner_key, None)

    touched = {owner, old_owner}
    changed: list[tuple[str | None, str | None, int]] = []
    for fact_id, key, value, old, beneficiary_key, old_beneficiary in facts:
        new = aliases.resolve(key, value)
        beneficiary = aliases.resolve(beneficiary_key, None)
        touched.update((old, new, old_beneficiary, beneficiary))
        if (new, beneficiary) != (old, old_beneficiary):
            changed.append((new, beneficiary, fact_id))
    touched.discard(None)
    connection.executemany(
        "INSERT INTO organisation (id, name) VALUES (?1, ?1) ON CONFLICT DO NOTHING", [(id_,) for id_ in touched]
    )
    connection.executemany("UPDATE fact SET organisation_id = ?, beneficiary_id = ? WHERE id = ?", changed)
    connection.execute("UPDATE site SET organisation_id = ? WHERE id = ?", (owner, site))

    connection.execute("CREATE TEMP TABLE IF NOT EXISTS touched (id TEXT PRIMARY KEY)")
    connection.execute("DELETE FROM temp.touched")
    connection.executemany("INSERT INTO temp.touched VALUES (?)", [(id_,) for id_ in touched])
    _name(connection)
    connection.execute(
        """DELETE FROM organisation WHERE id IN (SELECT id FROM temp.touched)
          AND id NOT IN (SELECT organisation_id FROM fact WHERE organisation_id IS NOT NULL)
          AND id NOT IN (SELECT beneficiary_id FROM fact WHERE beneficiary_id IS NOT NULL)
          AND id NOT IN (SELECT organisation_id FROM site WHERE organisation_id IS NOT NULL)"""
    )


def _name(connection: sqlite3.Connection) -> None:
    """Names and aliases of the organisations in temp.touched, each out of everything that is known of it."""
    values: dict[str, list[tuple[str, int, str, int]]] = defaultdict(list)
    for id_, value, times, since, decided in connection.execute(_VALUES):
        values[id_].append((value, times, since, decided))
    given = dict(connection.execute("SELECT organisation_key, name FROM profile_name ORDER BY site_id DESC").fetchall())
    decided_names = {
        slug(value): value
        for (value,) in connection.execute(
            "SELECT value FROM decision WHERE action = 'alias' AND value IS NOT NULL ORDER BY made_at, id"
        )
    }
    connection.execute("DELETE FROM organisation_alias WHERE organisation_id IN (SELECT id FROM temp.touched)")
    for (id_,) in connection.execute("SELECT id FROM temp.touched").fetchall():
        listed = sorted(values[id_], key=lambda row: (-row[1], row[2], row[0]))
        usual = next((value for value, *_ in listed if value), None)
        name = given.get(id_) or usual or decided_names.get(id_) or id_
        connection.execute("UPDATE organisation SET name = ? WHERE id = ? AND name <> ?", (name, id_, name))
        connection.executemany(
            "INSERT INTO organisation_alias VALUES (?,?,?,?)",
            [
                (id_, value, "decision" if decided else "page", times)
                for value, times, _, decided in listed
                if value and value != name
            ],
        )
