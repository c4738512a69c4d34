"""The languages' words and patterns agree: what is looked for first stands in all that the patterns match."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.extract.language import Language
from crawler.extract.vocabulary import vocabulary


def labels_of(language: Language) -> list[tuple[str, re.Pattern[str]]]:
    return [(role, re.compile(label, re.IGNORECASE)) for role, label in language.labels.items()]


def whole(pattern: re.Pattern[str]) -> re.Pattern[str]:
    """What it may begin with is looked for ahead, and nothing can be made up by that."""
    looked_for = pattern.pattern.startswith("(?=[")
    return re.compile(pattern.pattern.split("])", 1)[1] if looked_for else pattern.pattern, re.IGNORECASE)


WORDS = vocabulary()
PATTERNS = [
    *(
        (lang.code, role, pattern)
        for lang in WORDS.languages
        for role, pattern in (*labels_of(lang), *lang.cues.items())
    ),
    *((lang.code, "chair", chair) for lang in WORDS.languages for chair in lang.chairs),
    ("all", "certification", WORDS.certification),
    ("all", "certification", WORDS.certification_in_prose),
]


@pytest.mark.parametrize(
    ("code", "role", "pattern"), PATTERNS, ids=[f"{code}-{role}-{nth}" for nth, (code, role, _p) in enumerate(PATTERNS)]
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_role_has_a_word_in_all_that_its_patterns_match(
    code: str, role: str, pattern: re.Pattern[str], data: st.DataObject
) -> None:
    example = data.draw(st.from_regex(whole(pattern)))
    assert pattern.search(example), (code, role, example)
    example = example.lower()
    assert any(word in example for word in WORDS.stems[role]), (code, role, example)


def test_a_language_is_known_by_its_code() -> None:
    assert WORDS.language("de-AT").code == "de"
    assert WORDS.language("xx").code == "nl"
    assert WORDS.language(None).code == "nl"


@pytest.mark.parametrize(
    ("code", "role"),
    [(lang.code, role) for lang in WORDS.languages for role in lang.cues if role in ("goal", "sponsor")],
)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_line_without_a_colon_at_its_end_is_asked_for_all_cues_that_can_stand_in_it(
    code: str, role: str, data: st.DataObject
) -> None:
    language = WORDS.language(code)
    text = data.draw(st.from_regex(whole(language.cues[role]))).rstrip(":\n")
    if language.cues[role].search(text):
        assert language.inner_cues[role].search(text), text
