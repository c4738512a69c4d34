"""What timelines say, and what they do not say."""

from __future__ import annotations

import pytest

from archive.model import Section
from tests.archive.store_builders import (
    FOOTER,
    absent,
    changes,
    day,
    derive,
    found,
    goal,
    goals,
    member,
    members,
    reading,
    rows,
    spans,
    sponsor,
    write,
)


def test_first_observation_makes_no_changes(store):
    write(store, 0, reading(0, members("Plan", "Cordaid"), goals("Veilig opgroeien")))
    derive(store, "home")
    assert changes(store) == []
    assert spans(store) == [("Cordaid", "current", None, 0, 0, None), ("Plan", "current", None, 0, 0, None)]


def test_presence_is_bounded_on_both_sides_by_captures(store):
    write(store, 0, reading(0, members("A")))
    write(store, 1, reading(1, members("A", "B")))
    write(store, 2, reading(2, members("A", "B")))
    write(store, 3, reading(3, members("A")))
    derive(store, "home")
    assert spans(store) == [("A", "current", None, 0, 3, None), ("B", "ended", 0, 1, 2, 3)]
    bounds = rows(
        store,
        """SELECT a.captured_at, f.captured_at, l.captured_at, g.captured_at FROM presence p
        JOIN capture a ON a.id = p.absent_capture_id JOIN capture f ON f.id = p.first_capture_id
        JOIN capture l ON l.id = p.last_capture_id JOIN capture g ON g.id = p.gone_capture_id""",
    )
    assert bounds == [(day(0), day(1), day(2), day(3))]
    assert changes(store) == [
        ("first listed", "member", "B", day(0), day(1)),
        ("no longer listed", "member", "B", day(2), day(3)),
    ]


def test_one_that_comes_back_is_listed_again(store):
    for number, names in enumerate([("A", "B"), ("A",), ("A",), ("A", "B")]):
        write(store, number, reading(number, members(*names)))
    derive(store, "home")
    assert spans(store)[1:] == [("B", "ended", None, 0, 0, 1), ("B", "current", 2, 3, 3, None)]
    assert changes(store) == [
        ("no longer listed", "member", "B", day(0), day(1)),
        ("listed again", "member", "B", day(2), day(3)),
    ]


@pytest.mark.parametrize("status", [500, 503, None, 301])
def test_page_that_failed_says_nothing_of_its_list(store, status):
    write(store, 0, reading(0, members("A")))
    write(store, 1, reading(1, absent("member"), status=status))
    write(store, 2, reading(2, members("A")))
    derive(store, "home")
    assert spans(store) == [("A", "current", None, 0, 2, None)]
    assert [change[0] for change in changes(store)] == ([] if status == 301 else ["page broke", "page repaired"])


@pytest.mark.parametrize("status", [404, 410])
def test_presence_is_unknown_when_the_page_is_gone(store, status):
    write(store, 0, reading(0, members("A")))
    write(store, 1, reading(1, status=status, key=None))
    derive(store, "home")
    assert spans(store) == [("A", "unknown", None, 0, 0, None)]
    assert changes(store) == [("page broke", None, str(status), day(0), day(1))]


def test_page_whose_other_url_redirects_is_as_the_rest_of_it(store):
    write(store, 0, reading(0, members("A")))
    write(store, 1, reading(1, url="http://a.test/", status=301), reading(1, status=503, second=1, key=None))
    derive(store, "home")
    assert [change[0] for change in changes(store)] == ["page broke"]


def test_vanished_section_is_one_change_and_ends_nothing(store):
    write(store, 0, reading(0, members("A", "B")))
    write(store, 1, reading(1, absent("member")))
    write(store, 2, reading(2, absent("member")))
    derive(store, "home")
    assert [span[1] for span in spans(store)] == ["unknown", "unknown"]
    assert changes(store) == [("section vanished", "member", "member", day(0), day(1))]
    write(store, 3, reading(3, members("A")))
    derive(store, "home")
    assert spans(store) == [("A", "current", None, 0, 3, None), ("B", "ended", None, 0, 0, 3)]


def test_empty_list_proves_absence(store):
    write(store, 0, reading(0, members("A")))
    write(store, 1, reading(1, members()))
    derive(store, "home")
    assert spans(store) == [("A", "ended", None, 0, 0, 1)]


def test_candidates_neither_begin_nor_end_a_presence(store):
    weak = [member("A", tier="candidate", confidence=0.4), member("C", tier="candidate", confidence=0.4)]
    write(store, 0, reading(0, members("A", "B")))
    write(store, 1, reading(1, found("member", weak)))
    derive(store, "home")
    assert [span[:2] for span in spans(store)] == [("A", "current"), ("B", "unknown")]
    assert changes(store) == []
    assert rows(store, "SELECT count(*) FROM fact WHERE tier = 'candidate'") == [(2,)]


def test_candidate_beside_a_confirmed_list_is_not_proof_of_absence(store):
    write(store, 0, reading(0, members("A", "B")))
    write(store, 1, reading(1, found("member", [member("A"), member("B", tier="candidate", confidence=0.4)])))
    derive(store, "home")
    assert [span[:2] for span in spans(store)] == [("A", "current"), ("B", "current")]


def test_a_sponsor_wall_in_forty_footers_is_one_presence(store):
    wall = found("sponsor", [sponsor("A"), sponsor("B")])
    for number in range(2):
        footers = [
            reading(number, wall, url=f"{FOOTER}/{n}", key=f"news-{n}", second=n, hops="L") for n in range(1, 40)
        ]
        write(store, number, reading(number, wall), *footers)
    derive(store, "home")
    assert rows(store, "SELECT page_key, value, sightings FROM presence ORDER BY value") == [
        ("home", "A", 80),
        ("home", "B", 80),
    ]
    store.derive("example")
    assert rows(store, "SELECT page_key, value, sightings FROM presence ORDER BY value") == [
        ("home", "A", 80),
        ("home", "B", 80),
    ]


def test_other_pages_only_add_sightings(store):
    both, one = members("A", "B"), members("A")
    write(store, 0, reading(0, both), reading(0, one, url=FOOTER, key="news", second=1))
    write(store, 1, reading(1, status=503), reading(1, both, url=FOOTER, key="news", second=1))
    write(store, 2, reading(2, one), reading(2, both, url=FOOTER, key="news", second=1))
    derive(store, "home")
    # the news page lacks B on day 0 and shows it on day 2: the anchor decides both times
    assert spans(store) == [("A", "current", None, 0, 2, None), ("B", "ended", None, 0, 1, 2)]


def test_subject_no_anchor_lists_is_never_found_absent(store):
    write(store, 0, reading(0, members("A")), reading(0, members("A", "Z"), url=FOOTER, key="news", second=1))
    write(store, 1, reading(1, members("A")), reading(1, members("A"), url=FOOTER, key="news", second=1))
    derive(store, "home")
    assert spans(store) == [("A", "current", None, 0, 1, None), ("Z", "unknown", None, 0, 0, None)]
    assert changes(store) == []


def test_without_anchors_each_list_page_proves_for_its_own(store):
    write(store, 0, reading(0, members("A")), reading(0, members("Z", "Y"), url=FOOTER, key="news", second=1, hops="L"))
    write(store, 1, reading(1, members("A")), reading(1, members("Y"), url=FOOTER, key="news", second=1, hops="L"))
    store.derive("example")
    assert spans(store) == [
        ("A", "current", None, 0, 1, None),
        ("Y", "current", None, 0, 1, None),
        ("Z", "ended", None, 0, 0, 1),
    ]


def test_captures_of_one_page_under_several_urls_are_one_observation(store):
    write(store, 0, reading(0, members("A")))
    variants = [
        reading(1, absent("member"), url="http://a.test/", second=0),
        reading(1, members("A"), url="http://b.test/", second=1),
        reading(1, absent("member"), url="http://c.test/", second=2),
    ]
    write(store, 1, *variants)
    derive(store, "home")
    assert spans(store) == [("A", "current", None, 0, 1, None)]
    assert changes(store) == []


def test_goal_in_other_words_is_reworded(store):
    before = "Kinderen groeien bij voorkeur op in een familie"
    after = "Kinderen groeien altijd bij voorkeur op in hun familie"
    write(store, 0, reading(0, goals(before, "Meer geld voor onderzoek")))
    write(store, 1, reading(1, goals(after, "Scholing van personeel")))
    derive(store, "home")
    assert rows(store, "SELECT kind, before, after FROM change ORDER BY kind") == [
        ("first listed", None, "Scholing van personeel"),
        ("no longer listed", "Meer geld voor onderzoek", None),
        ("reworded", before, after),
    ]


def test_goal_rewritten_in_its_place_is_reworded(store):
    # .51 alike: too little anywhere else in the list
    before = (
        "Weggelopen of uit huis geplaatste kinderen - als dat kan en goed voor hen is - weer bij familie komen wonen."
    )
    after = (
        "Kinderen die niet thuis wonen - als dat veilig is en zij het willen - weer opgroeien bij hun eigen familie."
    )
    write(store, 0, reading(0, goals("Eén", before)))
    write(store, 1, reading(1, goals("Eén", after)))
    write(store, 2, reading(2, goals(before, "Eén")))
    derive(store, "home")
    assert [change[0] for change in changes(store)] == ["reworded", "listed again", "no longer listed"]


def test_organisations_with_like_names_are_not_reworded(store):
    write(store, 0, reading(0, members("Ministerie van Zaken 1")))
    write(store, 1, reading(1, members("Ministerie van Zaken 2")))
    derive(store, "home")
    assert [change[0] for change in changes(store)] == ["first listed", "no longer listed"]


def test_punctuation_and_case_are_no_change_of_a_goal(store):
    write(store, 0, reading(0, goals("Meer coöperatie;")))
    write(store, 1, reading(1, goals("meer  cooperatie.")))
    derive(store, "home")
    assert changes(store) == []


def test_edited_text_is_a_change_and_a_second_url_of_the_page_is_not(store):
    write(store, 0, reading(0, text="one"))
    write(store, 1, reading(1, text="one"), reading(1, text="one, with a menu", url="http://b.test/", second=1))
    write(store, 2, reading(2, text="one, with a menu"))
    write(store, 3, reading(3, text="two"))
    derive(store)
    assert changes(store) == [("text edited", None, "Title", day(2), day(3))]


def test_unread_revisit_shows_what_its_original_showed(store):
    write(store, 0, reading(0, members("A")))
    first = reading(0).capture
    for number in (1, 2):
        revisit = reading(
            number,
            type="revisit",
            text=None,
            payload_digest=None,
            refers_to=first.record_id,
            declared_digest=first.payload_digest,
        )
        write(store, number, revisit)
    derive(store, "home")
    assert spans(store) == [("A", "current", None, 0, 2, None)]
    assert rows(
        store, "SELECT count(DISTINCT page_version_id), count(page_version_id), count(original_id) FROM capture"
    ) == [(1, 3, 2)]


def test_section_that_could_not_be_read_says_nothing(store):
    write(store, 0, reading(0, members("A")))
    write(store, 1, reading(1, Section("member", "failed")))
    derive(store, "home")
    assert spans(store) == [("A", "current", None, 0, 0, None)]
    assert changes(store) == []


def test_page_listed_by_two_anchors_is_one_current_member(store):
    both = reading(0, members("A")), reading(0, members("A"), url=FOOTER, key="news", second=1)
    write(store, 0, *both)
    derive(store, "home", "news")
    assert rows(store, "SELECT page_key FROM member ORDER BY 1") == [("home",), ("news",)]
    assert rows(store, "SELECT name, page_key FROM current_member") == [("A", "home")]


def test_goal_value_stands_beside_its_folded_subject(store):
    write(store, 0, reading(0, found("goal", [goal("Één Doel.")])))
    derive(store, "home")
    assert rows(store, "SELECT name, subject FROM current_goal") == [("Één Doel.", "een doel")]
