"""Which facts name the same organisation, and by what name it goes. Nothing is merged by guess: a fact's own key, then
what people decided (aliases and overrides).
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from archive.store.aliases import Aliases
from archive.store.corrections import Curation, read_corrections, replaced_lists, write_corrections
from archive.store.overrides import parse_effect
from archive.store.subjects import fold, slug

# How often a value was seen, counting captures and no copies, and when first. Over all sites: an organisation is one
# everywhere.
# A corrected fact counts by what it was corrected to, the wording on the page is another name; a rejected one does not.
_VALUES = """WITH named AS (
  SELECT f.section_version_id, f.organisation_id, f.value, f.organisation_key IS NOT f.organisation_id AS decided,
    1 AS names
  FROM fact f WHERE f.organisation_id IN (SELECT id FROM temp.touched)
    AND NOT EXISTS (SELECT 1 FROM correction c WHERE c.fact_id = f.id AND c.page_key = '*')
  UNION ALL
  SELECT f.section_version_id, c.organisation_id, c.value, f.organisation_key IS NOT c.organisation_id, 1
  FROM correction c JOIN fact f ON f.id = c.fact_id
  WHERE c.page_key = '*' AND c.verdict = 'reviewed' AND c.organisation_id IN (SELECT id FROM temp.touched)
    AND (c.value <> f.value OR c.organisation_id IS f.organisation_id)
  UNION ALL
  SELECT f.section_version_id, c.organisation_id, f.value, 1, 0
  FROM correction c JOIN fact f ON f.id = c.fact_id
  WHERE c.page_key = '*' AND c.verdict = 'reviewed' AND c.organisation_id IN (SELECT id FROM temp.touched)
    AND (c.value <> f.value OR c.organisation_id IS NOT f.organisation_id) AND f.organisation_key IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM correction d WHERE d.fact_id = c.fact_id AND d.page_key = '*' AND d.part > 0)),
seen AS (SELECT o.section_version_id, count(*) FILTER (WHERE c.copy_of_id IS NULL) AS times,
    min(c.captured_at) AS since
  FROM observation o JOIN capture c ON c.id = o.capture_id
  WHERE o.section_version_id IN (SELECT section_version_id FROM named) GROUP BY o.section_version_id)
SELECT n.organisation_id, n.value, sum(s.times), min(s.since), min(n.decided), max(n.names)
FROM named n JOIN seen s ON s.section_version_id = n.section_version_id
GROUP BY n.organisation_id, n.value"""


def write_organisations(
    connection: sqlite3.Connection, site: str, names: Mapping[str, str], *, left: Collection[str] = ()
) -> Curation:
    """Give each fact of *site* its organisation, write what overrides make of it, and name the organisations: by the
    profile, else as somebody decided last, else as pages most often do, the earliest of equals. The site's timelines
    must be out of the way. *left*: organisations of facts that are no more.
    """
    connection.execute("DELETE FROM profile_name WHERE site_id = ?", (site,))
    connection.executemany(
        "INSERT INTO profile_name VALUES (?,?,?)", [(site, key, name) for key, name in names.items()]
    )
    facts = connection.execute(
        "SELECT f.id, f.organisation_key, f.value, f.raw, f.organisation_id, f.beneficiary_key, f.beneficiary_id,"
        " f.section_version_id"
        " FROM fact f JOIN section_version s ON s.id = f.section_version_id WHERE s.site_id = ?",
        (site,),
    ).fetchall()
    aliases = Aliases.read(connection, ((row[1], row[2]) for row in facts), names)
    owner_key, old_owner = connection.execute(
        "SELECT organisation_key, organisation_id FROM site WHERE id = ?", (site,)
    ).fetchone()
    owner = aliases.resolve(owner_key).organisation

    touched = {owner, old_owner, *left}
    changed: list[tuple[str | None, str | None, int]] = []
    aliased: dict[int, tuple[str, ...]] = {}
    used: Counter[str] = Counter()
    replaced = replaced_lists(connection)
    for fact_id, key, value, raw, old, beneficiary_key, old_beneficiary, section in facts:
        new = aliases.resolve(key, raw, value)
        if new.decisions:
            aliased[fact_id] = new.decisions
        beneficiary = aliases.resolve(beneficiary_key)
        if section not in replaced:
            used.update({*new.decisions, *beneficiary.decisions})
        touched.update((old, new.organisation, old_beneficiary, beneficiary.organisation))
        if (new.organisation, beneficiary.organisation) != (old, old_beneficiary):
            changed.append((new.organisation, beneficiary.organisation, fact_id))
    touched.discard(None)
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS touched (id TEXT PRIMARY KEY)")
    connection.execute("DELETE FROM temp.touched")
    _touch(connection, touched)
    connection.executemany("UPDATE fact SET organisation_id = ?, beneficiary_id = ? WHERE id = ?", changed)
    connection.execute("UPDATE site SET organisation_id = ? WHERE id = ?", (owner, site))

    gone = {
        row[0]
        for row in connection.execute(
            "SELECT DISTINCT organisation_id FROM correction WHERE site_id = ? AND organisation_id IS NOT NULL", (site,)
        )
    }
    connection.execute("DELETE FROM correction WHERE site_id = ?", (site,))
    corrections, matched = read_corrections(connection, site, aliases)
    parts = [part for pages in corrections.values() for page in pages.values() for part in page]
    _touch(connection, gone | {part.organisation for part in parts})
    write_corrections(connection, site, corrections)
    _write_use(connection, site, matched, used, {id_ for part in parts for id_ in part.decided_by})

    connection.execute(
        "DELETE FROM suggestion WHERE organisation_id IN (SELECT id FROM temp.touched)"
        " OR other_id IN (SELECT id FROM temp.touched)"
    )
    _name(connection)
    connection.execute(
        """DELETE FROM organisation WHERE id IN (SELECT id FROM temp.touched)
          AND id NOT IN (SELECT organisation_id FROM fact WHERE organisation_id IS NOT NULL)
          AND id NOT IN (SELECT beneficiary_id FROM fact WHERE beneficiary_id IS NOT NULL)
          AND id NOT IN (SELECT organisation_id FROM correction WHERE organisation_id IS NOT NULL)
          AND id NOT IN (SELECT organisation_id FROM site WHERE organisation_id IS NOT NULL)"""
    )
    return Curation(corrections, aliased)


def _touch(connection: sqlite3.Connection, ids: set[str | None]) -> None:
    """These are there, for rows to refer to, and are named anew."""
    rows = [(id_,) for id_ in sorted(ids - {None}, key=str)]
    connection.executemany("INSERT INTO organisation (id, name) VALUES (?1, ?1) ON CONFLICT DO NOTHING", rows)
    connection.executemany("INSERT INTO temp.touched VALUES (?) ON CONFLICT DO NOTHING", rows)


def _write_use(
    connection: sqlite3.Connection, site: str, overrides: Mapping[str, int], aliases: Mapping[str, int], parts: set[str]
) -> None:
    """How many facts of the site each decision is about, and whether it made a difference to any: another that holds
    before it may have."""
    rows = {id_: (matched, int(id_ in parts)) for id_, matched in overrides.items() if matched}
    for (id_,) in connection.execute(
        "SELECT id FROM decision WHERE action = 'alias' AND id NOT IN (SELECT decision_id FROM withdrawn)"
    ):
        if id_ in aliases or id_ in parts:
            rows[id_] = (aliases.get(id_, 0), 1)
    connection.execute("DELETE FROM decision_use WHERE site_id = ?", (site,))
    connection.executemany(
        "INSERT INTO decision_use VALUES (?,?,?,?)", [(id_, site, *counts) for id_, counts in sorted(rows.items())]
    )


def _name(connection: sqlite3.Connection) -> None:
    """Names and aliases of the organisations in temp.touched, each out of everything that is known of it."""
    values: dict[str, list[tuple[str, int, str, int, int]]] = defaultdict(list)
    for id_, value, times, since, decided, names in connection.execute(_VALUES):
        values[id_].append((value, times, since, decided, names))
    given = dict(connection.execute("SELECT organisation_key, name FROM profile_name ORDER BY site_id DESC").fetchall())
    # A key is no name.
    decided = [name for name in _decided_names(connection) if slug(name) != name]
    last = {fold(name): number for number, name in enumerate(decided)}
    by_slug = {slug(name): name for name in decided}
    connection.execute("DELETE FROM organisation_alias WHERE organisation_id IN (SELECT id FROM temp.touched)")
    for (id_,) in connection.execute("SELECT id FROM temp.touched").fetchall():
        listed = sorted(values[id_], key=lambda row: (-row[1], row[2], row[0]))
        called = max(
            (fold(value) for value in (*(value for value, *_ in listed), by_slug.get(id_, "")) if fold(value) in last),
            key=last.__getitem__,
            default=None,
        )
        name = given.get(id_) or (
            # as pages spell it, where they do
            next((value for value, *_ in listed if fold(value) == called), decided[last[called]])
            if called is not None
            else next((value for value, *_, names in listed if value and names), None)
            or next((value for value, *_ in listed if value), id_)
        )
        connection.execute("UPDATE organisation SET name = ? WHERE id = ? AND name <> ?", (name, id_, name))
        connection.executemany(
            "INSERT INTO organisation_alias VALUES (?,?,?,?)",
            [
                (id_, value, "decision" if decided else "page", times)
                for value, times, _, decided, _ in listed
                if value and value != name
            ],
        )


def _decided_names(connection: sqlite3.Connection) -> list[str]:
    """What people call organisations that no page may name, the latest last."""
    found: list[str] = []
    for action, value in connection.execute(
        "SELECT action, value FROM decision WHERE action IN ('alias', 'override') AND value IS NOT NULL"
        " AND id NOT IN (SELECT decision_id FROM withdrawn) ORDER BY made_at, rowid"
    ):
        if action == "alias":
            found.append(value)
            continue
        effect = parse_effect(json.loads(value), "a decision")
        found += [
            *effect.into,
            *(str(effect.fields[key]) for key in ("value", "organisation") if effect.fields.get(key)),
        ]
    return found
