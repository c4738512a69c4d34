"""What a pattern cannot match without stands in all that it matches."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract.labels import label_patterns
from crawler.extract.literals import literals, quickened

PATTERNS = list(label_patterns())


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"leden(?:lijst)?", [[["leden"]]]),
        (r"\bwe (?:want|ask)\b", [[["we "], ["ask", "want"]]]),
        (r"(?:a|b)?", None),
        (r"(?:Onze )?(?:SPONSOREN|fondsen)", [[["sponsoren"]], [["fondsen"]]]),
        (r"[ab]cd", [[["cd"]]]),
        (r"(?!nobody)(?:x+|yy)", [[["x"]], [["yy"]]]),
        (r"(?=.*members)\w+", None),
        (r"(?:abc|\d)", None),
        (r"means that:$|our .* is", [[["means that:"]], [["our "], [" is"]]]),
    ],
)
def test_what_must_stand_there_is_told(pattern: str, found: list[list[list[str]]] | None) -> None:
    told = literals(pattern)
    assert (told and [[sorted(choice) for choice in choices] for choices in told]) == found


@pytest.mark.parametrize(
    ("pattern", "ahead"),
    [
        (r"\b(?:we|they) want|(?<!\w)members?", "(?=[mtw])"),
        (r"(?:the )?(?-i:[A-Z])x", "(?=[A-Zt])"),
        (r"(?:a|\d)b", ""),
        (r"a?", ""),
        (r"[^a]b", ""),
        (r"(?:-|\])x", r"(?=[\-\]])"),
    ],
)
def test_a_pattern_is_tried_where_it_may_begin(pattern: str, ahead: str) -> None:
    assert quickened(pattern).pattern == (f"{ahead}(?:{pattern})" if ahead else pattern)


def test_most_labels_are_told_by_words() -> None:
    assert sum(literals(pattern.pattern, pattern.flags) is not None for pattern in PATTERNS) > len(PATTERNS) * 3 / 4


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nothing_matches_without_them(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(PATTERNS))
    if (needed := literals(pattern.pattern, pattern.flags)) is None:
        return
    whole = pattern.pattern.split("])", 1)[1] if pattern.pattern.startswith("(?=[") else pattern.pattern
    text = data.draw(st.from_regex(whole.replace(r"(?-i:", "(?:"), alphabet=st.characters(max_codepoint=0x17F)))
    if pattern.search(text) and not set(text) & set("ſıİ"):
        lowered = text.lower()
        assert any(all(any(word in lowered for word in choice) for choice in choices) for choices in needed)
