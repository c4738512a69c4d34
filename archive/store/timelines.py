"""From when to when something was listed. Pure: what crawls showed goes in, presences come out.

The archive saw lists; it did not see anyone join or leave. So a presence is bounded on both sides by captures:
``absent_before < first_seen <= last_seen < gone_by``, and only a list that is there and lacks the subject proves that
it was absent. A page that failed says nothing; a page that is gone or a section that vanished leaves it unknown.

A presence belongs to a page, its **home**, which alone can prove absence:

- The profile names anchor pages: every anchor that ever listed the subject is a home, with a presence of its own.
- Other pages add sightings, in crawls where the home says nothing. So a sponsor wall in forty footers is one presence.
- A subject no anchor ever listed gets one home that proves nothing: it may be sighted, never found absent.
- No anchors are named: each subject's home is the page that first listed it, the one nearest to the seed in that crawl.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from archive.store.history import PageHistory, PageState, RoleHistory, Shown, Subject
from archive.store.moments import Moment


@dataclass(frozen=True, slots=True)
class Presence:
    page_key: str
    #: as last listed
    subject: Subject
    state: Literal["current", "ended", "unknown"]
    #: the list was there without it
    absent: Moment | None
    first: Moment
    last: Moment
    gone: Moment | None
    #: pages that showed it, each counted once per crawl
    sightings: int
    #: as first listed
    first_subject: Subject
    #: it had been listed and was gone
    again: bool


@dataclass(frozen=True, slots=True)
class _Statement:
    """What one crawl says of one subject."""

    what: Literal["seen", "absent", "unsure"]
    moment: Moment
    subject: Subject | None = None
    sightings: int = 0


@dataclass(slots=True)
class _Sighting:
    """The pages that showed something in one crawl."""

    pages: int
    #: the earliest capture
    first: Shown
    #: of the page nearest to the seed: its distance and key
    nearest: tuple[int, str]

    def add(self, other: _Sighting) -> None:
        self.pages += other.pages
        if other.first.moment < self.first.moment:
            self.first = other.first
        self.nearest = min(self.nearest, other.nearest)


#: subject key -> crawl -> what showed it
_Sightings = dict[str, dict[str, _Sighting]]


def presences(history: RoleHistory, pages: PageHistory, anchors: Sequence[str] = ()) -> Iterator[Presence]:
    sightings = _sightings(history)
    listing = {
        anchor: {key for shown in history.get(anchor, {}).values() for key in shown.subjects} for anchor in anchors
    }
    for key in sorted(sightings):
        for home, proves in _homes(key, sightings[key], listing):
            statements = _statements(key, history.get(home, {}), pages.get(home, {}), sightings[key], proves=proves)
            yield from _intervals(home, sorted(statements, key=lambda statement: statement.moment))


def _sightings(history: RoleHistory) -> _Sightings:
    # A wall of sponsors stands on every page: pages that show the very same are put together before its names are
    # looked at, or a million captures of nine names are nine million sightings.
    alike: dict[tuple[str, int], _Sighting] = {}
    for page_key, crawls in history.items():
        for crawl, shown in crawls.items():
            if shown.subjects:
                sighting = _Sighting(1, shown, (_distance(shown.moment), page_key))
                if known := alike.get((crawl, id(shown.subjects))):
                    known.add(sighting)
                else:
                    alike[crawl, id(shown.subjects)] = sighting
    found: _Sightings = defaultdict(dict)
    for (crawl, _), sighting in alike.items():
        for key in sighting.first.subjects:
            if known := found[key].get(crawl):
                known.add(sighting)
            else:
                found[key][crawl] = replace(sighting)
    return found


def _homes(key: str, seen: Mapping[str, _Sighting], listing: Mapping[str, Collection[str]]) -> list[tuple[str, bool]]:
    """The pages a subject has presences on, and whether they prove its absence. *listing*: what each anchor ever
    listed."""
    if at_anchors := [anchor for anchor, listed in listing.items() if key in listed]:
        return [(anchor, True) for anchor in at_anchors]
    first = min(seen.values(), key=lambda sighting: sighting.first.moment)
    return [(first.nearest[1], not listing)]


def _distance(moment: Moment) -> int:
    """Hops from the seed; other people's files do not tell them."""
    return len(moment.hops) if moment.hops is not None else 1_000


def _statements(
    key: str,
    shown: Mapping[str, Shown],
    pages: Mapping[str, PageState],
    seen: Mapping[str, _Sighting],
    *,
    proves: bool,
) -> Iterator[_Statement]:
    for crawl in shown.keys() | pages.keys() | seen.keys():
        here = shown.get(crawl)
        showing = seen.get(crawl)
        if here is not None and key in here.subjects:
            yield _Statement("seen", here.moment, here.subjects[key], showing.pages if showing else 0)
        elif proves and here is not None and here.proves_absence and key not in here.candidates:
            yield _Statement("absent", here.moment)
        elif showing:
            yield _Statement("seen", showing.first.moment, showing.first.subjects[key], showing.pages)
        elif here is not None and key not in here.candidates:
            yield _Statement("unsure", here.moment)
        elif here is None and crawl in pages and pages[crawl].outcome == "gone":
            yield _Statement("unsure", pages[crawl].moment)


def _intervals(home: str, statements: Sequence[_Statement]) -> Iterator[Presence]:
    absent: Moment | None = None
    seen: list[_Statement] = []
    unsure = False
    again = False

    def presence(gone: Moment | None) -> Presence:
        first, last = seen[0], seen[-1]
        assert first.subject is not None
        assert last.subject is not None
        state: Literal["current", "ended", "unknown"] = "unknown" if unsure else "current"
        return Presence(
            page_key=home,
            subject=last.subject,
            state="ended" if gone else state,
            absent=absent,
            first=first.moment,
            last=last.moment,
            gone=gone,
            sightings=sum(statement.sightings for statement in seen),
            first_subject=first.subject,
            again=again,
        )

    for statement in statements:
        if statement.what == "seen":
            seen.append(statement)
            unsure = False
        elif statement.what == "absent":
            if seen:
                yield presence(statement.moment)
                again = True
            absent, seen, unsure = statement.moment, [], False
        else:
            unsure = True
    if seen:
        yield presence(None)
