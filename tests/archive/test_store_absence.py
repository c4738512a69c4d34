"""What reads as "no longer listed": a list that is there, known for one, on a page read to its end. Nothing else."""

from __future__ import annotations

from itertools import product

import pytest

from archive.model import Section
from tests.archive.store_builders import (
    absent,
    changes,
    day,
    found,
    goals,
    member,
    members,
    reading,
    rows,
    spans,
    write,
)

#: how a page came
ANSWERS = {
    "whole": {},
    "cut short at a limit": {"truncated": "length"},
    "cut short in time": {"truncated": "time"},
    "connection lost": {"truncated": "disconnect"},
    "cut short, nobody knows why": {"truncated": "unspecified"},
    "not found": {"status": 404, "text": None},
    "gone": {"status": 410, "text": None},
    "not allowed": {"status": 403, "text": None},
    "asked too often": {"status": 429, "text": None},
    "server error": {"status": 500, "text": None},
    "unavailable": {"status": 503, "text": None},
    "moved": {"status": 301, "text": None},
    "timeout": {"status": None, "text": None, "error": "time: no answer"},
    "not modified, and nobody knows since when": {"status": 304, "text": None, "type": "revisit"},
}
#: what was read off it
SECTIONS: dict[str, tuple[Section, ...]] = {
    "a list without B": (members("A"),),
    "the same list": (members("A", "B"),),
    "a label over nothing": (members(),),
    "no such section": (absent("member"),),
    "a section that could not be read": (Section("member", "failed"),),
    "candidates only": (found("member", [member("A", tier="candidate", confidence=0.4)]),),
    # a page that could not be read, a parking page, a login form: its facts are nobody's
    "no sections": (),
}
PROOFS = {("whole", "a list without B"), ("whole", "a label over nothing")}


@pytest.mark.parametrize(("answer", "section"), list(product(ANSWERS, SECTIONS)))
@pytest.mark.parametrize("anchors", [("home",), ()], ids=["anchor", "no anchors"])
def test_only_a_list_on_a_whole_page_lacks_a_name(store, answer, section, anchors):
    write(store, 0, reading(0, members("A", "B")))
    write(store, 1, reading(1, *SECTIONS[section], **ANSWERS[answer]))
    store.derive("example", anchors=anchors)
    kinds = {change[0] for change in changes(store)}
    assert ("no longer listed" in kinds) == ((answer, section) in PROOFS)
    assert ("ended" in {span[1] for span in spans(store)}) == ((answer, section) in PROOFS)
    assert ("section vanished" in kinds) == ((answer, section) == ("whole", "no such section"))


@pytest.mark.parametrize(("answer", "section"), list(product(ANSWERS, SECTIONS)))
def test_what_comes_back_after_no_proof_was_never_gone(store, answer, section):
    write(store, 0, reading(0, members("A", "B")))
    write(store, 1, reading(1, *SECTIONS[section], **ANSWERS[answer]))
    write(store, 2, reading(2, members("A", "B")))
    store.derive("example", anchors=["home"])
    assert ("listed again" in {change[0] for change in changes(store)}) == ((answer, section) in PROOFS)


def test_what_stands_on_a_page_cut_short_is_listed_all_the_same(store):
    write(store, 0, reading(0, members("A"), goals("Veilig opgroeien"), text="All of it"))
    write(store, 1, reading(1, members("A", "B"), absent("goal"), text="All of", truncated="time"))
    write(store, 2, reading(2, members("A", "B"), goals("Veilig opgroeien"), text="All of it"))
    store.derive("example", anchors=["home"])
    assert spans(store) == [("A", "current", None, 0, 2, None), ("B", "current", 0, 1, 2, None)]
    assert changes(store) == [("first listed", "member", "B", day(0), day(1))]


def test_another_url_that_gave_the_whole_page_is_believed_before_one_cut_short(store):
    write(store, 0, reading(0, members("A", "B")))
    half = reading(1, members("A"), url="http://a.test/", truncated="time")
    write(store, 1, half, reading(1, members("A"), url="http://b.test/", second=1))
    store.derive("example", anchors=["home"])
    assert [change[:3] for change in changes(store)] == [("no longer listed", "member", "B")]


def test_revisit_of_a_page_cut_short_proves_no_absence(store):
    write(store, 0, reading(0, members("A", "B")))
    half = reading(1, members("A"), truncated="length", payload="half")
    again = reading(2, type="revisit", text=None, payload_digest=None, refers_to=half.capture.record_id,
                    declared_digest=half.capture.payload_digest)  # fmt: skip
    write(store, 1, half)
    write(store, 2, again)
    store.derive("example", anchors=["home"])
    assert rows(store, "SELECT count(*) FROM capture WHERE original_id IS NOT NULL") == [(1,)]
    assert changes(store) == []
