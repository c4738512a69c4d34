"""What differs between one crawl and the next. Pure, as timelines are.

The words say what the archive saw: *first listed*, *no longer listed*, *listed again*. The first observation of a page
makes no changes: nothing stands before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from archive.store.history import PageHistory, PageState, Shown, Subject
from archive.store.moments import Moment
from archive.store.timelines import Presence

#: two wordings of one goal are at least this alike (difflib's ratio); at one place in the list less will do
_ALIKE = 0.6
_ALIKE_IN_PLACE = 0.5
#: past this many pairs of wordings a page was rewritten, not reworded; and comparing them all would take minutes
_MAX_PAIRS = 2_500
_MAX_COMPARED = 1_000


@dataclass(frozen=True, slots=True)
class Change:
    kind: str
    page_key: str
    role: str | None
    subject: str
    organisation: str | None
    before: str | None
    after: str | None
    earlier: Moment
    later: Moment
    #: of a sentence, that may come back in other words, its place in the list
    place: int | None = None


def listing_changes(role: str, presences: Iterable[Presence]) -> Iterator[Change]:
    """Subjects that came and went; a wording that went while a similar one came is one change."""
    came: dict[tuple[str, Moment], list[Change]] = defaultdict(list)
    went: dict[tuple[str, Moment], list[Change]] = defaultdict(list)
    for presence in presences:
        if presence.absent is not None:
            came[presence.page_key, presence.first].append(_came(role, presence, presence.absent))
        if presence.gone is not None:
            went[presence.page_key, presence.gone].append(_went(role, presence, presence.gone))
    for at in sorted(came.keys() | went.keys()):
        gone, new = went.get(at, []), came.get(at, [])
        pairs = pair_wordings(
            [change for change in gone if change.place is not None],
            [change for change in new if change.place is not None],
        )
        for old, fresh in pairs:
            yield replace(fresh, kind="reworded", before=old.before, earlier=old.earlier)
        paired = {change for pair in pairs for change in pair}
        yield from (change for change in gone + new if change not in paired)


def section_changes(role: str, history: Mapping[str, Mapping[str, Shown]], homes: Iterable[str]) -> Iterator[Change]:
    """A section that stood on a page which others' absence is read from, and no longer stands there."""
    for page_key in sorted(set(homes)):
        before: Shown | None = None
        for shown in sorted(history.get(page_key, {}).values(), key=lambda shown: shown.moment):
            if shown.state == "absent" and before is not None:
                yield Change("section vanished", page_key, role, role, None, None, None, before.moment, shown.moment)
                before = None
            elif shown.state != "absent":
                # A list of candidates only is a guess: its going is no news, but the page still shows something.
                before = shown if shown.proves_absence else before


def page_changes(pages: PageHistory) -> Iterator[Change]:
    """Pages that broke, were repaired, or changed their text. A redirect says nothing of the page."""
    for page_key in sorted(pages):
        last: PageState | None = None
        text: PageState | None = None
        for state in sorted(pages[page_key].values(), key=lambda state: state.moment):
            if state.outcome == "redirect":
                continue
            subject = state.title or (text.title if text else None) or page_key
            if last is not None and (last.outcome == "ok") != (state.outcome == "ok"):
                kind = "page repaired" if state.outcome == "ok" else "page broke"
                yield Change(kind, page_key, None, subject, None, last.status, state.status, last.moment, state.moment)
            last = state
            if state.texts:
                # A page that stands under several URLs was edited when no text of before is left.
                if text is not None and not (text.texts & state.texts):
                    yield Change(
                        "text edited", page_key, None, subject, None, text.title, state.title, text.moment, state.moment
                    )
                text = state


def _came(role: str, presence: Presence, absent: Moment) -> Change:
    subject = presence.first_subject
    return Change(
        kind="listed again" if presence.again else "first listed",
        page_key=presence.page_key,
        role=role,
        subject=subject.key,
        organisation=subject.organisation,
        before=None,
        after=subject.value,
        earlier=absent,
        later=presence.first,
        place=subject.position if is_wording(subject) else None,
    )


def _went(role: str, presence: Presence, gone: Moment) -> Change:
    subject = presence.subject
    return Change(
        kind="no longer listed",
        page_key=presence.page_key,
        role=role,
        subject=subject.key,
        organisation=subject.organisation,
        before=subject.value,
        after=None,
        earlier=presence.last,
        later=gone,
        place=subject.position if is_wording(subject) else None,
    )


def is_wording(subject: Subject) -> bool:
    """A sentence, not a name or a link: those that differ are others, however alike."""
    return subject.organisation is None and subject.href is None and subject.logo_url is None


def pair_wordings(gone: list[Change], new: list[Change]) -> list[tuple[Change, Change]]:
    if not gone or not new or len(gone) * len(new) > _MAX_PAIRS:
        return []
    alike = []
    for old in gone:
        for fresh in new:
            matcher = SequenceMatcher(
                None, (old.before or "")[:_MAX_COMPARED], (fresh.after or "")[:_MAX_COMPARED], autojunk=False
            )
            least = _ALIKE_IN_PLACE if old.place == fresh.place else _ALIKE
            if matcher.quick_ratio() >= least and (ratio := matcher.ratio()) >= least:
                alike.append((-ratio, old.subject, fresh.subject, old, fresh))
    alike.sort(key=lambda found: found[:3])
    pairs: list[tuple[Change, Change]] = []
    taken: set[Change] = set()
    for *_, old, fresh in alike:
        if not taken & {old, fresh}:
            taken |= {old, fresh}
            pairs.append((old, fresh))
    return pairs
