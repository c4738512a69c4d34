"""What the captures of one site showed, crawl by crawl, as timelines read it. One observation per crawl, page and role:
which one, when a page was captured under several URLs, does not depend on the order of anything.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from archive import times
from archive.model import UNNAMED, State
from archive.store.corrections import Curation
from archive.store.moments import Moment, Moments
from archive.store.subjects import fold, subject_key

#: A revisit that was not read itself shows what its original showed. What is of no known time says nothing of any.
_OBSERVATIONS = """SELECT c.page_key, o.state, o.section_version_id, o.extractor_version,
  coalesce(c.truncated, original.truncated) IS NULL AND NOT o.sheets_missing,
  c.captured_at, c.warc_date, c.record_id, w.path, c.warc_offset, c.crawl_id, r.url, c.hops, c.id
FROM crawl k JOIN capture c ON c.crawl_id = k.id JOIN resource r ON r.id = c.resource_id JOIN warc w ON w.id = c.warc_id
  JOIN observation o ON o.role = :role AND o.capture_id = CASE
    WHEN c.was_read OR c.original_id IS NULL THEN c.id ELSE c.original_id END
  LEFT JOIN capture original ON original.id = c.original_id
WHERE k.site_id = :site AND c.page_key IS NOT NULL AND c.copy_of_id IS NULL AND o.state <> 'failed'
  AND (c.status BETWEEN 200 AND 299 OR c.status IS NULL AND c.record_type = 'resource'
    OR c.status = 304 AND c.original_id IS NOT NULL)
  AND c.captured_at >= :since"""

#: Of a page that never listed anything what it lacks is passed over before its row is made, unless it is wanted.
_WANTED = """ AND (o.state <> 'absent' OR c.page_key IN (SELECT value FROM json_each(:watched)) OR c.page_key IN (
  SELECT l.page_key FROM observation b JOIN capture l ON l.id = b.capture_id
  WHERE b.role = :role AND b.state <> 'absent'
  UNION
  SELECT l.page_key FROM observation b JOIN capture l ON l.original_id = b.capture_id
  WHERE b.role = :role AND b.state <> 'absent'))"""

#: An error page has no text that a profile could know it by: what its URL was at other times says which page it is.
_PAGES = """SELECT * FROM (SELECT
  coalesce(c.page_key, CASE WHEN r.site_id = :site AND coalesce(c.status, 999) >= 400 THEN r.page_key END) AS key,
  c.status, c.record_type, c.error, iif(coalesce(c.truncated, original.truncated) IS NULL, v.digest, NULL), v.title,
  c.captured_at, c.warc_date, c.record_id, w.path, c.warc_offset, c.crawl_id, r.url, c.hops, c.id
FROM crawl k JOIN capture c ON c.crawl_id = k.id JOIN resource r ON r.id = c.resource_id JOIN warc w ON w.id = c.warc_id
  LEFT JOIN page_version v ON v.id = c.page_version_id LEFT JOIN capture original ON original.id = c.original_id
WHERE k.site_id = :site AND c.copy_of_id IS NULL AND c.captured_at >= :since) WHERE key IS NOT NULL"""

_FACTS = """SELECT f.section_version_id, f.tier, f.raw, f.value, f.id, f.organisation_id, f.beneficiary_id, f.href,
  f.logo_url, f.position, f.kind, f.year, f.value = f.raw AND f.confidence <= :unnamed
FROM fact f JOIN section_version s ON s.id = f.section_version_id WHERE s.site_id = :site AND s.role = :role
ORDER BY f.section_version_id, f.position"""


@dataclass(frozen=True, slots=True)
class Subject:
    key: str
    value: str
    fact_id: int
    organisation: str | None = None
    beneficiary: str | None = None
    href: str | None = None
    logo_url: str | None = None
    position: int = 0
    kind: str | None = None
    year: int | None = None
    #: the decisions that made it what it is, where it is not as it was read
    decided_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shown:
    """What one crawl showed of one role on one page."""

    moment: Moment
    state: State
    subjects: dict[str, Subject] = field(default_factory=dict)
    #: subjects of candidate facts: too weak to say that something is there, too strong to say that it is not
    candidates: frozenset[str] = frozenset()
    #: the page was not cut short, and no style sheet is missing that may show more of the section
    whole: bool = True
    #: the section version it was found as
    section: int | None = None
    #: of the extractor that read it
    extractor: int = 0

    @property
    def proves_absence(self) -> bool:
        """Only a list that is there, known for one and seen to its end can lack a name."""
        if not self.whole:
            return False
        return self.state == "empty" or (self.state == "found" and bool(self.subjects))


@dataclass(frozen=True, slots=True)
class PageState:
    """How one crawl found one page."""

    outcome: Literal["ok", "redirect", "gone", "broken"]
    moment: Moment
    #: the status as people read it
    status: str
    #: digests of the texts that were seen to their end; several when the page stood under several URLs
    texts: frozenset[str] = frozenset()
    title: str | None = None


#: page key -> crawl -> what was shown
RoleHistory = dict[str, dict[str, Shown]]
PageHistory = dict[str, dict[str, PageState]]

#: which holds for a page with several URLs: one good answer is enough, a redirect leaves it to the others, and while
#: one URL fails the page is not known to be gone
_OUTCOMES = ("ok", "broken", "gone", "redirect")
_STATES = ("found", "empty", "absent")
#: the less the better; a list with more than candidates is one better
_RANK = {state: rank * 2 for rank, state in enumerate(_STATES)}

#: of `_OBSERVATIONS`
_Row = tuple[str, State, int | None, int, int, str, str, str, str, int, str, str, str | None, int]

#: the digest that stands for an image, whatever the file: its URL, and the capture of the page that shows it
LogoDigest = Callable[[str, Moment], str | None]


def roles(connection: sqlite3.Connection, site: str) -> list[str]:
    return [
        row[0]
        for row in connection.execute(
            "SELECT DISTINCT role FROM section_version WHERE site_id = ? ORDER BY role", (site,)
        )
    ]


@dataclass(frozen=True, slots=True)
class _Fact:
    tier: str
    subject: Subject
    raw: str
    #: its name is none
    unnamed: bool


def read_role(
    connection: sqlite3.Connection,
    site: str,
    role: str,
    logo_digest: LogoDigest,
    curation: Curation,
    *,
    watched: Collection[str] | None = None,
) -> RoleHistory:
    """*watched*: of the pages that never listed anything those that are wanted all the same; without it all are."""
    facts: dict[int, list[_Fact]] = defaultdict(list)
    of_role = {"site": site, "role": role, "unnamed": UNNAMED}
    for section, tier, raw, *rest, unnamed in connection.execute(_FACTS, of_role):
        facts[section].append(_Fact(tier, Subject("", *rest), raw, bool(unnamed)))
    sections = _Sections(facts, logo_digest, curation)

    # A million rows pass here: nothing is made of them before it is known which are kept.
    best: dict[tuple[str, str], tuple[tuple[object, ...], _Row]] = {}
    observations, values = _OBSERVATIONS, {"site": site, "role": role, "since": times.FIRST_CAPTURE}
    if watched is not None:
        observations, values = observations + _WANTED, values | {"watched": json.dumps(list(watched))}
    row: _Row
    for row in connection.execute(observations, values):
        page_key, state, section, _, whole, at, warc_date, record_id, warc, offset, crawl, url, _, _ = row
        if not whole and state != "found":
            continue  # what a page lacks may stand in the rest of it
        known = sections.is_known(section, page_key)
        # The same URL is preferred in every crawl: variants of a page may differ in what surrounds the list.
        rank = (_RANK[state] - known, not whole, url, at, warc_date, record_id, warc, offset)
        key = (page_key, crawl)
        if key not in best or rank < best[key][0]:
            best[key] = (rank, row)

    history: RoleHistory = defaultdict(dict)
    moments = Moments()
    for (page_key, _), (_, row) in best.items():
        _, state, section, extractor, whole = row[:5]
        moment = moments.of(row[5:])
        subjects, candidates = sections.at(section, page_key, moment)
        history[moments.once(page_key)][moment.crawl] = Shown(
            moment, state, subjects, candidates, bool(whole), section, extractor
        )
    return dict(history)


class _Sections:
    """The subjects of each section version, as people decided of them; kept where they do not depend on the capture,
    which is nearly always."""

    def __init__(self, facts: dict[int, list[_Fact]], logo_digest: LogoDigest, curation: Curation) -> None:
        self._facts = facts
        self._logo_digest = logo_digest
        self._curation = curation
        #: sections of which something was decided for one page only
        self._differing = {
            section
            for section, found in facts.items()
            if any(curation.depends_on_page(fact.subject.fact_id) for fact in found)
        }
        self._kept: dict[tuple[int | None, str | None], tuple[dict[str, Subject], frozenset[str]]] = {}
        self._known: dict[tuple[int | None, str | None], bool] = {}

    def is_known(self, section: int | None, page_key: str) -> bool:
        """Whether it holds anything that is more than a candidate."""
        if section is None:
            return False
        key = (section, page_key if section in self._differing else None)
        known = self._known.get(key)
        if known is None:
            known = any(fact.tier == "confirmed" for fact in self._curated(section, page_key))
            self._known[key] = known
        return known

    def at(self, section: int | None, page_key: str, moment: Moment) -> tuple[dict[str, Subject], frozenset[str]]:
        key = (section, page_key if section in self._differing else None)
        if key in self._kept:
            return self._kept[key]
        subjects: dict[str, Subject] = {}
        candidates = set()
        depends_on_capture = False
        for fact in self._curated(section, page_key):
            subject = fact.subject
            digest = None
            unnamed = subject.organisation is None and (fact.unnamed or not fold(subject.value))
            if unnamed and subject.logo_url is not None:
                digest = self._logo_digest(subject.logo_url, moment)
                depends_on_capture = True
            name = None if unnamed and digest is not None else subject.value
            url = subject.logo_url or subject.href
            subject_is = subject_key(subject.organisation, name, fact.raw, digest, url)
            if fact.tier == "candidate":
                candidates.add(subject_is)
            else:
                subjects.setdefault(subject_is, replace(subject, key=subject_is))
        found = subjects, frozenset(candidates)
        if not depends_on_capture:
            self._kept[key] = found
        return found

    def _curated(self, section: int | None, page_key: str) -> Iterator[_Fact]:
        for fact in self._facts.get(section or 0, ()):
            subject = fact.subject
            aliases = self._curation.aliased.get(subject.fact_id, ())
            parts = self._curation.parts(subject.fact_id, page_key)
            if parts is None:
                yield replace(fact, subject=replace(subject, decided_by=aliases)) if aliases else fact
                continue
            for part in parts:
                if part.verdict == "rejected":
                    continue
                curated = replace(
                    subject,
                    value=part.value,
                    kind=part.kind,
                    year=part.year,
                    organisation=part.organisation,
                    decided_by=part.decided_by + (aliases if part.organisation == subject.organisation else ()),
                )
                yield _Fact("confirmed", curated, fact.raw, fact.unnamed and part.value == subject.value)


def read_pages(connection: sqlite3.Connection, site: str) -> PageHistory:
    best: dict[tuple[str, str], tuple[tuple[int, str, Moment], PageState]] = {}
    texts: dict[tuple[str, str], frozenset[str]] = {}
    alone: dict[str, frozenset[str]] = {}
    moments = Moments()
    for page_key, status, record_type, error, text, title, *place in connection.execute(
        _PAGES, {"site": site, "since": times.FIRST_CAPTURE}
    ):
        moment = moments.of(tuple(place))
        key = (moments.once(page_key), moment.crawl)
        outcome = _outcome(status, record_type)
        if outcome == "ok" and text is not None:
            seen = alone.setdefault(text, frozenset((text,)))
            texts[key] = texts[key] | seen if key in texts else seen
        rank = (_OUTCOMES.index(outcome), moment.url, moment)
        if key not in best or rank < best[key][0]:
            said = moments.once(str(status) if status is not None else (error or "no answer"))
            best[key] = (rank, PageState(outcome, moment, said, title=None if title is None else moments.once(title)))
    history: PageHistory = defaultdict(dict)
    for (page_key, crawl), (_, state) in best.items():
        seen = texts.get((page_key, crawl), frozenset())
        history[page_key][crawl] = PageState(state.outcome, state.moment, state.status, seen, state.title)
    return dict(history)


def _outcome(status: int | None, record_type: str) -> Literal["ok", "redirect", "gone", "broken"]:
    if status is None:
        return "ok" if record_type == "resource" else "broken"
    if 200 <= status < 300 or (status == 304 and record_type == "revisit"):
        return "ok"
    if 300 <= status < 400:
        return "redirect"
    return "gone" if status in (404, 410) else "broken"
