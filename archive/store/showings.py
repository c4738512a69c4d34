"""What one crawl showed of one page, as drift compares it: every section with how its facts were found, and what the
page's URLs answered."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from archive.store.history import RoleHistory, Shown, Subject
from archive.store.moments import Moment

#: rules of this name, or that begin with it, are a profile's own selectors: extractors that use them call it so
SELECTOR_RULE = "profile-selector"
#: of sets: what both hold, of what either does
SIMILARITY_NONE = 0.1
#: two wordings of one thing, as in changes
_ALIKE = 0.5
_MAX_PAIRS = 2_500
_MAX_COMPARED = 1_000

_FOUND = """SELECT f.section_version_id, sum(f.tier = 'confirmed'), sum(f.tier = 'candidate'),
  sum(f.tier = 'confirmed' AND f.name_source IS 'file'),
  sum(f.tier = 'confirmed' AND substr(f.rule, 1, length(:rule)) = :rule)
FROM fact f JOIN section_version s ON s.id = f.section_version_id WHERE s.site_id = :site GROUP BY 1"""

# What was read has observations; an answer as to nobody, or one that no extractor could read, has none.
_ASKED = """SELECT coalesce(c.page_key, r.page_key), c.crawl_id, r.url, r.urlkey, max(
  c.status BETWEEN 300 AND 399 AND c.status <> 304 OR c.status IN (404, 410)
  OR coalesce(c.truncated, o.truncated) IS NULL AND EXISTS (SELECT 1 FROM observation b WHERE b.capture_id = CASE
    WHEN c.was_read OR c.original_id IS NULL THEN c.id ELSE c.original_id END))
FROM crawl k JOIN capture c ON c.crawl_id = k.id JOIN resource r ON r.id = c.resource_id
  LEFT JOIN capture o ON o.id = c.original_id
WHERE k.site_id = ? AND c.copy_of_id IS NULL AND coalesce(c.page_key, r.page_key) IN (SELECT value FROM json_each(?))
GROUP BY 1, 2, 3, 4"""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one crawl showed of one section of a page, with what its facts tell of how they were found."""

    shown: Shown
    #: facts, confirmed ones; and those by shape only
    count: int = 0
    candidates: int = 0
    #: of the confirmed: by the name of an image file alone; by the profile's selectors
    from_files: int = 0
    selected: int = 0

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(self.shown.subjects)


@dataclass(frozen=True, slots=True)
class Showing:
    """One page in one crawl."""

    crawl: str
    #: by role, every kind of fact
    sections: Mapping[str, Seen]
    #: of the page's URLs, by SURT key, those that were asked for, and whether they answered with a whole page or said
    #: that it is elsewhere or gone
    asked: Mapping[str, bool] = field(default_factory=dict)
    #: the crawl came to its end: what it did not ask for was linked from nowhere
    finished: bool = True

    @property
    def moment(self) -> Moment:
        return min(seen.shown.moment for seen in self.sections.values())

    def answers_for(self, urlkey: str) -> bool:
        """Whether what it lacks can be held against another crawl that was shown it under this URL: variants of a page
        differ in what surrounds the list."""
        return self.asked.get(urlkey, self.finished)


@dataclass(frozen=True, slots=True)
class Showings:
    #: by page, in no order
    pages: Mapping[str, list[Showing]]
    #: of every URL of these pages
    urlkeys: Mapping[str, str]


def read_showings(
    connection: sqlite3.Connection, site: str, histories: Mapping[str, RoleHistory], pages: Collection[str]
) -> Showings:
    """Each of *pages* in each crawl that showed it whole; *histories* are by role."""
    found = {row[0]: row[1:] for row in connection.execute(_FOUND, {"site": site, "rule": SELECTOR_RULE})}
    sections: dict[tuple[str, str], dict[str, Seen]] = defaultdict(dict)
    for role, history in histories.items():
        for page_key in history.keys() & set(pages):
            for crawl, shown in history[page_key].items():
                if shown.whole:
                    sections[page_key, crawl][role] = Seen(shown, *found.get(shown.section, ()))
    asked: dict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
    urlkeys: dict[str, str] = {}
    for page_key, crawl, url, urlkey, answered in connection.execute(_ASKED, (site, json.dumps(sorted(pages)))):
        known = asked[page_key, crawl]
        known[urlkey] = known.get(urlkey, False) or bool(answered)
        urlkeys[url] = urlkey
    ended = {
        row[0]
        for row in connection.execute(
            "SELECT id FROM crawl WHERE site_id = ? AND status IN ('finished', 'imported')", (site,)
        )
    }
    showings: dict[str, list[Showing]] = defaultdict(list)
    for (page_key, crawl), seen in sections.items():
        showings[page_key].append(Showing(crawl, seen, asked[page_key, crawl], crawl in ended))
    return Showings(showings, urlkeys)


def count(showing: Showing) -> int:
    return sum(len(seen.keys) for seen in showing.sections.values())


def similarity(one: Showing, other: Showing) -> float:
    """From 0 to 1, the mean over the kinds of fact that either shows: a hundred links that came weigh as much as the
    title that stayed."""
    found = []
    for role in sorted(one.sections.keys() | other.sections.keys()):
        here = one.sections[role].keys if role in one.sections else frozenset[str]()
        there = other.sections[role].keys if role in other.sections else frozenset[str]()
        if here or there:
            found.append(jaccard(here, there))
    return round(sum(found) / len(found), 3) if found else 1.0


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    return round(len(one & other) / len(one | other), 3) if one or other else 1.0


def are_others(before: Seen, after: Seen) -> bool:
    if jaccard(before.keys, after.keys) > SIMILARITY_NONE:
        return False
    old = [subject for subject in before.shown.subjects.values() if _is_wording(subject)]
    new = [subject for subject in after.shown.subjects.values() if _is_wording(subject)]
    reworded = _reworded(old, new)
    return (len(before.keys & after.keys) + reworded) / len(before.keys | after.keys) <= SIMILARITY_NONE


def _reworded(old: Sequence[Subject], new: Sequence[Subject]) -> int:
    if len(old) * len(new) > _MAX_PAIRS:
        return 0
    return sum(any(_alike(one.value, other.value) for other in new) for one in old)


def _alike(one: str, other: str) -> bool:
    matcher = SequenceMatcher(None, one[:_MAX_COMPARED], other[:_MAX_COMPARED], autojunk=False)
    return matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE


def _is_wording(subject: Subject) -> bool:
    return subject.organisation is None and subject.href is None and subject.logo_url is None
