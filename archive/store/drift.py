"""Where a site changed so that it is no longer read as it was. Pure: what crawls showed goes in, alerts come out.

Each crawl that showed a page is compared with the last one before it that did. A page that failed, was cut short, was a
login form or a parking page showed nothing; so did one that a limited crawl did not reach. An alert is raised once,
where it broke, and one that says so follows when the section is again much as it was before that.

A real change is no drift: names come and go one by one, and goals are reworded. What is past that is told by how much
goes at once, so a list that lost half of itself between two crawls is an alert even where that is the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from archive.store.moments import Moment
from archive.store.showings import SIMILARITY_NONE, Seen, Showing, are_others, count, jaccard, similarity

DriftKind = Literal[
    "section vanished",
    "names from files only",
    "selectors find nothing",
    "count dropped",
    "expected count missed",
    "all facts changed",
    "as before",
]

#: a shorter list may lose half of itself in earnest
_LEAST_DROPPED = 4
#: a shorter list may be another one in earnest, or carry its names in file names alone
_LEAST_CHANGED = 3
#: what a page must have told, over all kinds, to be called another one
_LEAST_ON_PAGE = 5
#: of what tells of one kind only, that one is told of
_LEAST_KINDS = 2


@dataclass(frozen=True, slots=True)
class Alert:
    kind: DriftKind
    page_key: str
    #: None: the page as a whole
    role: str | None
    earlier: Moment
    later: Moment
    before: int
    after: int
    similarity: float
    expected: int | None = None
    #: of these, how many named by a file alone, before and after
    from_files: tuple[int, int] = (0, 0)
    candidates: int = 0
    #: the crawl in which it was as before again
    repaired: str | None = None


@dataclass(slots=True)
class _Watch:
    """A section, or a page as a whole: as it was last, and its alerts that nothing has repaired, by their place in the
    list of alerts, each with what was before it."""

    last: Showing
    open: list[tuple[int, Showing]] = field(default_factory=list)


def page_drift(
    page_key: str,
    showings: Iterable[Showing],
    lists: Collection[str],
    expected: Mapping[str, int],
    urlkeys: Mapping[str, str] | None = None,
) -> list[Alert]:
    """The alerts of one page, in order. *lists*: the roles whose sections are watched one by one; *expected*: counts by
    role, as the profile has them; *urlkeys*: the SURT key of each URL."""
    watch = _PageWatch(page_key, lists, expected, urlkeys or {})
    for showing in sorted(showings, key=lambda showing: showing.moment):
        watch.take(showing)
    return watch.alerts


class _PageWatch:
    def __init__(
        self, page_key: str, lists: Collection[str], expected: Mapping[str, int], urlkeys: Mapping[str, str]
    ) -> None:
        self._page_key = page_key
        self._lists = sorted(lists)
        self._expected = expected
        self._urlkeys = urlkeys
        self._page: _Watch | None = None
        self._sections: dict[str, _Watch] = {}
        #: by the place of an alert that the page is another one: its sections until then
        self._held: dict[int, dict[str, _Watch]] = {}
        self.alerts: list[Alert] = []

    def take(self, showing: Showing) -> None:
        if self._page is None:
            self._page = _Watch(showing)
        elif self._is_another_page(self._page, showing):
            return
        for role in self._lists:
            if role not in showing.sections:
                continue
            if role in self._sections:
                self._take_section(role, self._sections[role], showing)
            else:
                self._sections[role] = _Watch(showing)

    def _is_another_page(self, page: _Watch, showing: Showing) -> bool:
        """Whether none of what it showed is left. What becomes of its sections then is told with that; when it is
        itself again, they are held against what they were."""
        closed = self._repair(None, page, showing, lambda before: similarity(before, showing) > SIMILARITY_NONE)
        if closed is not None:
            self._sections = self._held[closed]
        elif (
            _is_replaced(page.last, showing)
            and _are_comparable(page.last, showing)
            and self._answers_for(page.last.moment, showing)
        ):
            self._held[len(self.alerts)] = self._sections
            self._raise("all facts changed", None, page, showing)
            self._sections = {role: _Watch(showing) for role in self._lists if role in showing.sections}
            return True
        page.last = showing
        return False

    def _take_section(self, role: str, watch: _Watch, showing: Showing) -> None:
        expected, after = self._expected.get(role), showing.sections[role]
        closed = self._repair(role, watch, showing, lambda before: _is_back(before.sections[role], after, expected))
        if closed is None:
            last = watch.last.sections[role]
            kind = broken(last, after, expected)
            # Read by another version of its extractor, it may differ for that alone.
            if kind is not None and last.shown.extractor == after.shown.extractor:
                if not self._answers_for(last.shown.moment, showing):
                    return
                self._raise(kind, role, watch, showing)
        watch.last = showing

    def _answers_for(self, moment: Moment, showing: Showing) -> bool:
        return showing.answers_for(self._urlkeys.get(moment.url, moment.url))

    def _raise(self, kind: DriftKind, role: str | None, watch: _Watch, showing: Showing) -> None:
        watch.open.append((len(self.alerts), watch.last))
        self.alerts.append(self._alert(kind, role, watch.last, showing))
        watch.last = showing

    def _repair(
        self, role: str | None, watch: _Watch, showing: Showing, is_as: Callable[[Showing], bool]
    ) -> int | None:
        """Close the alerts since the first one before which it was much as it is now; that one's place."""
        nth = next((nth for nth, (_, before) in enumerate(watch.open) if is_as(before)), None)
        if nth is None:
            return None
        closed = [at for at, _ in watch.open[nth:]]
        del watch.open[nth:]
        for at in closed:
            self.alerts[at] = replace(self.alerts[at], repaired=showing.crawl)
        self.alerts.append(self._alert("as before", role, watch.last, showing))
        return closed[0]

    def _alert(self, kind: DriftKind, role: str | None, earlier: Showing, later: Showing) -> Alert:
        if role is None:
            before, after = count(earlier), count(later)
            return Alert(
                kind, self._page_key, None, earlier.moment, later.moment, before, after, similarity(earlier, later)
            )
        old, new = earlier.sections[role], later.sections[role]
        return Alert(
            kind,
            self._page_key,
            role,
            old.shown.moment,
            new.shown.moment,
            old.count,
            new.count,
            jaccard(old.keys, new.keys),
            self._expected.get(role),
            (old.from_files, new.from_files),
            new.candidates,
        )


def broken(before: Seen, after: Seen, expected: int | None) -> DriftKind | None:
    """What is wrong with a section, seen from how it was; None where it may be as it should."""
    if before.count == 0:
        return None
    # A profile that says how many there are now has been told.
    if after.shown.state == "absent":
        return None if expected == 0 else "section vanished"
    only_files = after.count >= _LEAST_CHANGED and after.from_files == after.count
    if only_files and before.from_files * 2 < before.count:
        return "names from files only"
    if before.selected and not after.selected and (after.count or after.candidates):
        return "selectors find nothing"
    if after.count != expected and _dropped(before, after):
        return "count dropped"
    if expected is not None and misses(after.count, expected) and not misses(before.count, expected):
        return "expected count missed"
    if min(before.count, after.count) >= _LEAST_CHANGED and are_others(before, after):
        return "all facts changed"
    return None


def _is_back(before: Seen, after: Seen, expected: int | None) -> bool:
    """Whether a section that broke is as it was before: two thirds of it at least, or as many as the profile expects
    now. Where less came back the alert stands."""
    return broken(before, after, expected) is None and (after.count == expected or after.count * 3 >= before.count * 2)


def _dropped(before: Seen, after: Seen) -> bool:
    if after.count == 0:
        return before.count > 1 or after.candidates > 0
    return after.count * 2 <= before.count and before.count >= _LEAST_DROPPED


def _are_comparable(one: Showing, other: Showing) -> bool:
    """Whether the same extractors read both."""
    common = one.sections.keys() & other.sections.keys()
    return all(one.sections[role].shown.extractor == other.sections[role].shown.extractor for role in common)


def misses(count: int, expected: int) -> bool:
    """Whether a count is far from what the profile expects: less than half of it, or more than double.

    >>> misses(3, 7), misses(4, 7), misses(14, 7), misses(15, 7), misses(2, 0), misses(3, 0)
    (True, False, False, True, False, True)
    """
    return count * 2 < expected or (count > expected * 2 and count - expected >= _LEAST_CHANGED)


def _is_replaced(before: Showing, after: Showing) -> bool:
    kinds = sum(bool(seen.keys) for seen in before.sections.values())
    told = kinds >= _LEAST_KINDS and count(before) >= _LEAST_ON_PAGE
    return told and similarity(before, after) <= SIMILARITY_NONE
