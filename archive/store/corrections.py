"""What overrides make of facts. The facts stay as they were read; timelines and curated views go by this.

A fact is stored once for all pages that show it, so what is decided of one page stands beside what is decided of all.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from archive.store.aliases import Aliases
from archive.store.overrides import EVERY_PAGE, Override, Verdict, standing_overrides
from archive.store.subjects import fold

_SELECT_FACTS = """SELECT f.id, f.section_version_id, f.raw, f.value, f.kind, f.year, f.organisation_key,
  f.organisation_id, f.logo_url
FROM fact f JOIN section_version s ON s.id = f.section_version_id WHERE s.site_id = ? AND s.role = ?"""

#: A revisit that was not read itself shows what its original showed.
_SELECT_PAGES = """SELECT DISTINCT o.section_version_id
FROM crawl k JOIN capture c ON c.crawl_id = k.id JOIN observation o ON o.role = ?2 AND o.capture_id = CASE
    WHEN c.was_read OR c.original_id IS NULL THEN c.id ELSE c.original_id END
WHERE k.site_id = ?1 AND c.page_key = ?3 AND o.section_version_id IS NOT NULL"""


#: No capture shows these: with its style sheets each page shows more, as a list of its own that says the same again.
_REPLACED = """SELECT o.read_version_id FROM observation o WHERE o.read_version_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM observation shown WHERE shown.section_version_id = o.read_version_id)"""


@dataclass(frozen=True, slots=True)
class Part:
    """A fact as it is after decisions; of one that names several organisations, one of them."""

    verdict: Verdict
    value: str
    kind: str | None
    year: int | None
    organisation: str | None
    #: the decisions that made it so, in the order they were made
    decided_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Curation:
    """What people decided of the facts of one site."""

    #: fact -> page key, or `EVERY_PAGE` -> what it is there
    corrections: Mapping[int, Mapping[str, Sequence[Part]]] = field(default_factory=dict)
    #: fact -> the aliases that gave it its organisation
    aliased: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    def parts(self, fact_id: int, page_key: str) -> Sequence[Part] | None:
        """None where nobody has decided anything of the fact."""
        found = self.corrections.get(fact_id)
        return None if found is None else found.get(page_key, found.get(EVERY_PAGE))

    def depends_on_page(self, fact_id: int) -> bool:
        return any(page != EVERY_PAGE for page in self.corrections.get(fact_id, ()))


def read_curation(connection: sqlite3.Connection, site: str) -> Curation:
    """What was written of it when the site's history was derived; aliases stand in the facts themselves."""
    found: dict[int, dict[str, list[Part]]] = defaultdict(lambda: defaultdict(list))
    for fact, page, verdict, value, kind, year, organisation, decided_by in connection.execute(
        "SELECT fact_id, page_key, verdict, value, kind, year, organisation_id, decided_by FROM correction"
        " WHERE site_id = ? ORDER BY fact_id, page_key, part",
        (site,),
    ):
        found[fact][page].append(Part(verdict, value, kind, year, organisation, tuple(decided_by.split())))
    return Curation(found)


@dataclass(frozen=True, slots=True)
class _Fact:
    id: int
    section: int
    raw: str
    value: str
    kind: str | None
    year: int | None
    key: str | None
    organisation: str | None
    logo_url: str | None


def read_corrections(
    connection: sqlite3.Connection, site: str, aliases: Aliases
) -> tuple[dict[int, dict[str, list[Part]]], dict[str, int]]:
    """The corrections of a site's facts, and how many facts each override is about."""
    found: dict[int, dict[str, list[Part]]] = {}
    replaced = replaced_lists(connection)
    matched: Counter[str] = Counter()
    by_role: dict[str, list[Override]] = defaultdict(list)
    for override in standing_overrides(connection, site):
        matched[override.decision] = 0
        by_role[override.role].append(override)
    for role, overrides in by_role.items():
        pages = {override.page for override in overrides if override.page is not None}
        shown = {
            page: {row[0] for row in connection.execute(_SELECT_PAGES, (site, role, page))} for page in sorted(pages)
        }
        of_raw, of_subject = _by_wording(overrides)
        for row in connection.execute(_SELECT_FACTS, (site, role)).fetchall():
            fact = _Fact(*row)
            wordings = {fold(fact.raw), fold(fact.value)}
            subjects = {fold(key) for key in (fact.key, fact.organisation, fact.value) if key}
            about = [one for word in wordings for one in of_raw.get(word, ())]
            about += [one for word in subjects for one in of_subject.get(word, ()) if one not in about]
            about = [one for one in about if one.page is None or fact.section in shown[one.page]]
            if fact.section not in replaced:
                matched.update(dict.fromkeys((one.decision for one in about), 1))
            if about:
                found[fact.id] = _by_page(fact, sorted(about, key=lambda one: one.rank), aliases)
    return found, dict(matched)


def replaced_lists(connection: sqlite3.Connection) -> set[int]:
    """Rows of ``section_version`` whose facts are counted elsewhere."""
    return {row[0] for row in connection.execute(_REPLACED)}


def write_corrections(
    connection: sqlite3.Connection, site: str, corrections: Mapping[int, Mapping[str, Sequence[Part]]]
) -> None:
    connection.executemany(
        "INSERT INTO correction VALUES (?,?,?,?,?,?,?,?,?,?)",
        [
            (fact, page, number, site, part.verdict, part.value, part.kind, part.year, part.organisation,
             " ".join(part.decided_by))
            for fact, pages in corrections.items() for page, parts in pages.items() for number, part in enumerate(parts)
        ],
    )  # fmt: skip


def _by_wording(overrides: Iterable[Override]) -> tuple[dict[str, list[Override]], dict[str, list[Override]]]:
    of_raw: dict[str, list[Override]] = defaultdict(list)
    of_subject: dict[str, list[Override]] = defaultdict(list)
    for override in overrides:
        if override.raw is not None:
            of_raw[override.raw].append(override)
        if override.subject is not None:
            of_subject[override.subject].append(override)
    return of_raw, of_subject


def _by_page(fact: _Fact, overrides: Sequence[Override], aliases: Aliases) -> dict[str, list[Part]]:
    """*overrides* with what holds last."""
    general = [one for one in overrides if one.page is None]
    found = {EVERY_PAGE: _decide(fact, general, aliases)} if general else {}
    for page in {one.page for one in overrides if one.page is not None}:
        found[page] = _decide(fact, [one for one in overrides if one.page in (None, page)], aliases)
    return found


def _decide(fact: _Fact, overrides: Sequence[Override], aliases: Aliases) -> list[Part]:
    verdict: Verdict = "reviewed"
    fields: dict[str, str | int | None] = {}
    into: tuple[str, ...] = ()
    by: dict[str, Override] = {}
    for one in overrides:
        verdict = one.effect.verdict
        by["verdict"] = one
        # A fact is one thing or several: the later word counts.
        if one.effect.into:
            into = one.effect.into
            by["into"] = one
            for key in ("value", "organisation"):
                fields.pop(key, None)
                by.pop(key, None)
        elif one.effect.fields.keys() & {"value", "organisation"}:
            into = ()
            by.pop("into", None)
        fields.update(one.effect.fields)
        by.update(dict.fromkeys(one.effect.fields, one))
    if verdict == "rejected":
        by, into, fields = {"verdict": by["verdict"]}, (), {}
    decisions = tuple(dict.fromkeys(one.decision for one in sorted(by.values(), key=lambda one: one.made)))
    kind, year = fields.get("kind", fact.kind), fields.get("year", fact.year)
    assert kind is None or isinstance(kind, str)
    assert year is None or isinstance(year, int)
    names_organisation = fact.organisation is not None or fact.logo_url is not None
    parts = []
    for value in into or (str(fields.get("value", fact.value)),):
        said: object = fields.get("organisation")
        if into or ("organisation" not in fields and "value" in fields):
            said = value if names_organisation else None
        elif "organisation" not in fields:
            parts.append(Part(verdict, value, kind, year, fact.organisation, decisions))
            continue
        resolved = aliases.named(str(said)) if said is not None else None
        more = tuple(id_ for id_ in (resolved.decisions if resolved else ()) if id_ not in decisions)
        parts.append(Part(verdict, value, kind, year, resolved.organisation if resolved else None, decisions + more))
    return parts
