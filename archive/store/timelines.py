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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from archive.store.history import Moment, PageHistory, PageState, RoleHistory, Shown, Subject


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


#: subject key -> crawl -> the pages that showed it
_Sightings = dict[str, dict[str, list[tuple[str, Shown]]]]


def presences(history: RoleHistory, pages: PageHistory, anchors: Sequence[str] = ()) -> Iterator[Presence]:
    sightings: _Sightings = defaultdict(lambda: defaultdict(list))
    for page_key in sorted(history):
        for crawl, shown in history[page_key].items():
            for key in shown.subjects:
                sightings[key][crawl].append((page_key, shown))
    for key in sorted(sightings):
        for home, proves in homes(sightings[key], anchors):
            statements = _statements(key, history.get(home, {}), pages.get(home, {}), sightings[key], proves=proves)
            yield from _intervals(home, sorted(statements, key=lambda statement: statement.moment))


def homes(seen: Mapping[str, Sequence[tuple[str, Shown]]], anchors: Sequence[str]) -> list[tuple[str, bool]]:
    """The pages a subject has presences on, and whether they prove its absence."""
    listing = {page_key for pages in seen.values() for page_key, _ in pages}
    if at_anchors := [anchor for anchor in dict.fromkeys(anchors) if anchor in listing]:
        return [(anchor, True) for anchor in at_anchors]
    first = min((shown.moment for pages in seen.values() for _, shown in pages)).crawl
    nearest = min(seen[first], key=lambda at: (_distance(at[1].moment), at[0]))
    return [(nearest[0], not anchors)]


def _distance(moment: Moment) -> int:
    """Hops from the seed; other people's files do not tell them."""
    return len(moment.hops) if moment.hops is not None else 1_000


def _statements(
    key: str,
    shown: Mapping[str, Shown],
    pages: Mapping[str, PageState],
    seen: Mapping[str, Sequence[tuple[str, Shown]]],
    *,
    proves: bool,
) -> Iterator[_Statement]:
    for crawl in shown.keys() | pages.keys() | seen.keys():
        here = shown.get(crawl)
        showing = seen.get(crawl, ())
        if here is not None and key in here.subjects:
            yield _Statement("seen", here.moment, here.subjects[key], len(showing))
        elif proves and here is not None and here.proves_absence and key not in here.candidates:
            yield _Statement("absent", here.moment)
        elif showing:
            elsewhere = min((other for _, other in showing), key=lambda other: other.moment)
            yield _Statement("seen", elsewhere.moment, elsewhere.subjects[key], len(showing))
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
