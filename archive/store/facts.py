"""The extraction layer: what was read off one capture. Values are stored once, however many pages show a footer;
where they stand (evidence) is stored per capture, because two captures of one version differ in bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from archive import digests
from archive.model import Fact, Link, PageText, Problem, Section, State
from archive.store.rows import Remembered, Row, Rows

_BASE = {field.name for field in fields(Fact)}

_INSERT_FACT = """INSERT INTO fact (section_version_id, position, kind, raw, value, organisation_key, beneficiary_key,
  year, href, logo_url, name_source, tier, confidence, rule, extra) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"""
_INSERT_EVIDENCE = "INSERT INTO evidence VALUES (?,?,?,?,?,?)"
# Versions are told apart by their text: two captures of one version may link differently, and both are kept.
_INSERT_LINK = """INSERT INTO {table} VALUES (?,?,?,?,?) ON CONFLICT DO UPDATE SET anchor = excluded.anchor
  WHERE excluded.anchor IS NOT NULL AND (anchor IS NULL OR excluded.anchor < anchor)"""
_INSERT_PAGE_LINK = _INSERT_LINK.format(table="link")
_INSERT_RESOURCE_LINK = _INSERT_LINK.format(table="resource_link")
_INSERT_VERSION = """INSERT INTO page_version (site_id, page_key, digest, title, text, lang, words)
  VALUES (?,?,?,?,?,?,?) ON CONFLICT (site_id, page_key, digest)
  DO UPDATE SET lang = coalesce(min(lang, excluded.lang), lang, excluded.lang) RETURNING id"""

# json.dumps() with options makes an encoder anew for every call: half of what a fact costs.
_to_json = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode

#: which state holds when one reading has two sections of one role
_STATES: tuple[State, ...] = ("found", "empty", "failed", "absent")


@dataclass(frozen=True, slots=True)
class SectionVersion:
    id: int
    #: fact ids in the order of their positions
    facts: tuple[int, ...]


class Facts:
    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._sections: Remembered[tuple[str, str, str], SectionVersion] = Remembered(5_000)
        self._versions: Remembered[tuple[str, str, str, str | None], int] = Remembered(20_000)
        self._linked: Remembered[tuple[int | None, int | None], int] = Remembered(20_000)
        self._evidence: list[Row] = []
        self._links: list[Row] = []
        self._resource_links: list[Row] = []

    def forget(self) -> None:
        """After a rollback: ids given out in the transaction are not in the file."""
        self._sections.clear()
        self._versions.clear()
        self._linked.clear()
        self._evidence.clear()
        self._links.clear()
        self._resource_links.clear()

    def write_version(self, site: str, page_key: str, page: PageText) -> int:
        key = (site, page_key, page.digest, page.lang)
        if (known := self._versions.get(key)) is not None:
            return known
        found = self.rows.one(
            _INSERT_VERSION, (site, page_key, page.digest, page.title, page.text, page.lang, len(page.text.split()))
        )
        assert found is not None
        return self._versions.put(key, found[0])

    def write_links(self, version: int | None, resource: int, links: tuple[Link, ...]) -> None:
        """The edges out of a page version; of what is no page (stylesheet, sitemap, redirect) those out of its URL."""
        if not links:
            return
        source = (version, None) if version is not None else (None, resource)
        fingerprint = hash(links)
        if self._linked.get(source) == fingerprint:
            return
        gathered = self._links if version is not None else self._resource_links
        gathered.extend((version or resource, link.url, link.hop, link.context, link.anchor) for link in links)
        self._linked.put(source, fingerprint)

    def write_sections(self, capture_id: int, site: str, sections: Sequence[Section]) -> None:
        for section in _one_per_role(sections):
            version = self._section_version(site, section) if section.facts else None
            observation = self.rows.insert(
                "INSERT INTO observation (capture_id, role, state, section_version_id, extractor_version)"
                " VALUES (?,?,?,?,?)",
                (capture_id, section.role, section.state, version.id if version else None, section.version),
            )
            if version is None:
                continue
            for fact_id, fact in zip(version.facts, section.facts, strict=True):
                evidence = fact.evidence
                self._evidence.append(
                    (observation, fact_id, evidence.quote, evidence.byte_start, evidence.byte_end, evidence.xpath)
                )

    def write_problems(self, crawl_id: str, capture_id: int, url: str, problems: Iterable[Problem]) -> None:
        self.rows.many(
            "INSERT INTO problem (crawl_id, capture_id, url, what, detail) VALUES (?,?,?,?,?)",
            [(crawl_id, capture_id, url, problem.what, problem.detail) for problem in problems],
        )

    def has_problems(self, capture_id: int) -> bool:
        return self.rows.one("SELECT 1 FROM problem WHERE capture_id = ?", (capture_id,)) is not None

    def write_file_problems(self, crawl_id: str, problems: Iterable[Problem]) -> None:
        self.rows.many(
            "INSERT INTO problem (crawl_id, what, detail) SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM problem"
            " WHERE crawl_id = ?1 AND capture_id IS NULL AND what = ?2 AND detail IS ?3)",
            [(crawl_id, problem.what, problem.detail) for problem in problems],
        )

    def flush(self) -> None:
        """Write what was gathered over the batch."""
        self.rows.many(_INSERT_EVIDENCE, self._evidence)
        self.rows.many(_INSERT_PAGE_LINK, self._links)
        self.rows.many(_INSERT_RESOURCE_LINK, self._resource_links)
        self._evidence.clear()
        self._links.clear()
        self._resource_links.clear()

    def _section_version(self, site: str, section: Section) -> SectionVersion:
        taken = {fact.position for fact in section.facts}
        if len(taken) == len(section.facts):
            rows = [values(fact, fact.position) for fact in section.facts]
        else:
            rows = [values(fact, position) for position, fact in enumerate(section.facts)]
        return self.version_of(site, section.role, rows)

    def version_of(self, site: str, role: str, rows: Sequence[Row]) -> SectionVersion:
        """*rows* are of `values`, in the order of their positions."""
        digest = digests.sha256(json.dumps(rows).encode())
        key = (site, role, digest)
        if (known := self._sections.get(key)) is not None:
            return known
        found = self.rows.one(
            "SELECT id FROM section_version WHERE site_id = ? AND role = ? AND digest = ?",
            key,
        )
        if found is None:
            section_id = self.rows.insert("INSERT INTO section_version (site_id, role, digest) VALUES (?,?,?)", key)
            self.rows.many(_INSERT_FACT, [(section_id, *row) for row in rows])
        else:
            section_id = found[0]
        facts = self.rows.connection.execute(
            "SELECT id FROM fact WHERE section_version_id = ? ORDER BY position", (section_id,)
        ).fetchall()
        return self._sections.put(key, SectionVersion(section_id, tuple(row[0] for row in facts)))


def _one_per_role(sections: Sequence[Section]) -> list[Section]:
    """Each role once, its facts in order of position."""
    by_role: dict[str, list[Section]] = {}
    for section in sections:
        by_role.setdefault(section.role, []).append(section)
    merged = []
    for role, parts in by_role.items():
        state = min((part.state for part in parts), key=_STATES.index)
        facts = [fact for part in parts for fact in part.facts]
        facts.sort(key=lambda fact: fact.position)
        merged.append(Section(role, state, tuple(facts), max(part.version for part in parts)))
    return merged


def values(fact: Fact, position: int) -> list[str | int | float | None]:
    """All of a fact but its evidence, in the order of `_INSERT_FACT`."""
    names = _extra_names(type(fact))
    extra = {name: value for name in names if (value := getattr(fact, name)) is not None}
    return [
        position,
        fact.kind,
        fact.raw,
        fact.value,
        fact.organisation,
        fact.beneficiary,
        fact.year,
        fact.href,
        fact.logo_url,
        fact.name_source,
        fact.tier,
        float(fact.confidence),
        fact.rule,
        _to_json(extra) if extra else None,
    ]


#: per class the fields beyond Fact's own; there are a dozen kinds
_EXTRA_NAMES: dict[type[Fact], tuple[str, ...]] = {}


def _extra_names(kind: type[Fact]) -> tuple[str, ...]:
    names = _EXTRA_NAMES.get(kind)
    if names is None:
        names = _EXTRA_NAMES[kind] = tuple(field.name for field in fields(kind) if field.name not in _BASE)
    return names
