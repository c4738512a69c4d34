"""The words of all pages: in which longer ones a word stands, and what was meant by one that stands nowhere."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.store import expressions, vocabulary
from archive.store.expressions import pieces_of
from archive.store.snippets import Snippets
from archive.store.vocabulary import Vocabulary

WORDS = {
    "bos": 2,
    "gezin": 3,
    "jeugdzorg": 4,
    "pleegzorg": 9,
    "sterrenbos": 1,
    "sterrenbossen": 1,
    "zorg": 40,
    "zorgen": 5,
}


@pytest.fixture(scope="module")
def words() -> Vocabulary:
    return Vocabulary(sorted(WORDS.items()))


def test_longer_words_come_the_most_frequent_first_and_never_begin_so(words):
    assert words.longer("zorg") == [("pleegzorg", 9), ("jeugdzorg", 4)]
    assert words.longer("bos") == [("sterrenbos", 1)]
    assert words.longer("or") == words.longer("") == words.longer("g\nj") == []
    assert words.longer_of(pieces_of('zorg "zorg" zo bos')) == [["pleegzorg", "jeugdzorg"], [], [], ["sterrenbos"]]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("pleegzrog", "pleegzorg"), ("geizn", "gezin"), ("gezim", "gezin"), ("gzni", None), ("zor", None), ("zorg", None),
        ("sterrenbosen", "sterrenbossen"), ("eugdzorg", None), ("x" * 500, None), ("", None), ("zorge", None),
    ],
)  # fmt: skip
def test_a_slip_is_put_right_and_the_beginning_of_a_word_is_none(words, typed, meant):
    assert words.meant(typed) == meant


def test_a_rare_word_is_a_slip_where_another_is_ten_times_as_frequent():
    assert Vocabulary([("kennsi", 2), ("kennis", 20)]).meant("kennsi") is None
    assert Vocabulary([("kennis", 21), ("kennsi", 2)]).meant("kennsi") == "kennis"


def test_of_too_many_words_the_rarest_are_left_out(monkeypatch):
    monkeypatch.setattr(vocabulary, "MOST_WORDS", 100)
    monkeypatch.setattr(vocabulary, "_BATCH", 7)
    many = Vocabulary((f"woord{number:05d}", 1 if number % 50 else 9) for number in range(5000))
    assert len(many) == 100
    assert [versions for _, versions in many.longer("oord")] == [9] * 100
    assert many.meant("woodr00050") == "woord00050"


@given(
    st.dictionaries(
        st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8), st.integers(1, 9), max_size=12
    ),
    st.text(max_size=5),
)
def test_every_word_that_holds_a_part_is_found(words, part):
    held = Vocabulary(sorted(words.items(), key=lambda one: one[0].encode()))
    encoded = part.encode()
    expected = {
        word for word in words
        if (part in word if len(part) > 3 else len(part) == 3 and word.endswith(part)) and not word.startswith(part)
        and len(word.encode()) <= 64
    }  # fmt: skip
    assert {word for word, _ in held.longer(part)} == (expected if encoded and "\n" not in part else set())
    assert all(held.versions_of(word) == number for word, number in words.items() if len(word.encode()) <= 64)
    held.meant(part)


@given(st.text(max_size=200), st.text(max_size=20))
def test_a_snippet_is_of_the_text_and_marks_lie_in_it(text, typed):
    plain = text.replace("\x02", "").replace("\x03", "")
    snippet = Snippets(pieces_of(typed)).of(plain, "\x02", "\x03")
    assert snippet.count("\x02") == snippet.count("\x03")
    assert snippet.replace("\x02", "").replace("\x03", "").removeprefix("…").removesuffix("…") in plain


@pytest.mark.parametrize("module", [expressions])
def test_examples_in_the_code_hold(module):
    assert doctest.testmod(module).failed == 0
