"""What a pattern cannot match without stands in all that it matches."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract.labels import label_patterns
from crawler.extract.literals import literals

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


def test_most_labels_are_told_by_words() -> None:
    assert sum(literals(pattern.pattern, pattern.flags) is not None for pattern in PATTERNS) > len(PATTERNS) * 3 / 4


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nothing_matches_without_them(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(PATTERNS))
    if (needed := literals(pattern.pattern, pattern.flags)) is None:
        return
    text = data.draw(
        st.from_regex(pattern.pattern.replace(r"(?-i:", "(?:"), alphabet=st.characters(max_codepoint=0x17F))
    )
    if pattern.search(text) and not set(text) & set("ſıİ"):
        lowered = text.lower()
        assert any(all(any(word in lowered for word in choice) for choice in choices) for choices in needed)
