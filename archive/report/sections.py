"""What two captures of a section list differently. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from archive.store.changes import Change, is_wording, pair_wordings
from archive.store.history import Shown, Subject
from archive.store.moments import Moment

#: the digest of an image's payload: its URL, and the capture of the page that shows it
LogoDigest = Callable[[str, Moment], str | None]


@dataclass(frozen=True, slots=True)
class Difference:
    #: ``no longer listed``, ``listed``, ``reworded`` or ``logo replaced``
    kind: str
    subject: str
    organisation: str | None
    before: str | None
    after: str | None


def compare_sections(role: str, a: Shown, b: Shown, logo_digest: LogoDigest) -> list[Difference]:
    """From *a* to *b*, two lists that are there. What is a candidate on one side is neither there nor gone."""
    gone = [s for key, s in a.subjects.items() if key not in b.subjects and key not in b.candidates]
    new = [s for key, s in b.subjects.items() if key not in a.subjects and key not in a.candidates]
    went = [_change(role, subject, a.moment, b.moment, came=False) for subject in gone]
    came = [_change(role, subject, a.moment, b.moment, came=True) for subject in new]
    pairs = pair_wordings(
        [change for change in went if change.place is not None], [change for change in came if change.place is not None]
    )
    paired = {id(change) for pair in pairs for change in pair}
    found = [_difference(change) for change in went if id(change) not in paired]
    found += [_difference(change) for change in came if id(change) not in paired]
    found += [
        Difference("reworded", fresh.subject, fresh.organisation, old.before, fresh.after) for old, fresh in pairs
    ]
    found += _logos(a, b, logo_digest)
    return sorted(found, key=lambda one: (_KINDS.index(one.kind), one.after or one.before or "", one.subject))


_KINDS = ("no longer listed", "listed", "reworded", "logo replaced")


def _change(role: str, subject: Subject, a: Moment, b: Moment, *, came: bool) -> Change:
    name = subject.value or subject.key
    return Change(
        kind="listed" if came else "no longer listed",
        page_key="",
        role=role,
        subject=subject.key,
        organisation=subject.organisation,
        before=None if came else name,
        after=name if came else None,
        earlier=a,
        later=b,
        place=subject.position if is_wording(subject) else None,
    )


def _difference(change: Change) -> Difference:
    return Difference(change.kind, change.subject, change.organisation, change.before, change.after)


def _logos(a: Shown, b: Shown, logo_digest: LogoDigest) -> Iterator[Difference]:
    for key, old in a.subjects.items():
        new = b.subjects.get(key)
        if new is None or old.logo_url is None or new.logo_url is None:
            continue
        before, after = logo_digest(old.logo_url, a.moment), logo_digest(new.logo_url, b.moment)
        # A logo that a crawl did not keep says nothing.
        if before is not None and after is not None and before != after:
            yield Difference("logo replaced", key, new.organisation, before, after)
