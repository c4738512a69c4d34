"""The words that patterns need are found in the lines they stand in, each and all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crawler.extract.spotting import Spotted, watched
from crawler.extract.vocabulary import vocabulary

LINES = ["onze leden doen mee", "", "sponsors of the mitgliederverband", "tél. 020"]


def test_words_that_hold_one_another_are_each_found() -> None:
    spotted = Spotted(LINES)
    assert spotted.lines_with(("lid", "leden", "doen mee")) == [0]
    assert spotted.stands("leden")
    assert not spotted.stands("lid")
    assert spotted.lines_with(("mitglied",)) == [2]


def test_a_word_that_nobody_watches_is_found_too() -> None:
    spotted = Spotted(LINES)
    assert "020" not in watched()
    assert spotted.lines_with(("020", "verband")) == [2, 3]
    assert not spotted.stands("onze leden doen mee sponsors")


WORDS = sorted({stem for stems in vocabulary().stems.values() for stem in stems})


@given(st.lists(st.lists(st.sampled_from([*WORDS, "x", "é", "\U0001f600", "ﬁ"]), max_size=4).map(" ".join), max_size=6))
def test_what_is_found_is_what_stands_there(lines: list[str]) -> None:
    spotted = Spotted(lines)
    for word in (*WORDS[::9], "x", "\U0001f600"):
        expected = [nth for nth, line in enumerate(lines) if word in line]
        assert spotted.lines_with((word,)) == spotted.lines_with((), [word]) == expected
        assert spotted.stands(word) == bool(expected)
    asked = (*WORDS[::7], "x", "\U0001f600")
    assert spotted.standing(asked) == tuple(word for word in asked if any(word in line for line in lines))
    assert spotted.standing(asked[:-2]) == tuple(w for w in asked[:-2] if any(w in line for line in lines))
    anywhere = [nth for nth, line in enumerate(lines) if any(word in line for word in asked)]
    assert spotted.lines_with(asked) == spotted.lines_with(asked[:9], asked[9:]) == anywhere
