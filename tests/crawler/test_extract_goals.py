"""Goals of two words: what tells them from topics, offers and names, which are as short."""

from __future__ import annotations

import pytest

from tests.crawler.test_extract_reach import section, values

SHORT = ["Clean water", "Safe schools", "Fewer institutions", "Every child has a birth certificate"]


def listed(heading: str, texts: list[str]) -> str:
    return f"<h2>{heading}</h2><ul>{''.join(f'<li>{text}</li>' for text in texts)}</ul>"


@pytest.mark.parametrize(
    "heading",
    [
        "Our goals", "What we hope to achieve", "We stand for", "Waar staan we voor?", "Wij strijden voor",
        "Dafür setzen wir uns ein", "Das wollen wir erreichen", "Nos objectifs", "Ce que nous défendons",
    ],
)  # fmt: skip
def test_goals_of_two_words_are_goals_for_a_person_to_look_at(heading: str) -> None:
    facts = section("goal", listed(heading, SHORT)).facts
    assert [(fact.value, fact.tier) for fact in facts] == [(goal, "candidate") for goal in SHORT]


def test_goals_that_head_a_card_each_are_goals() -> None:
    card = "<div class=card><h3>{}</h3><p>We work on this with growers in every district.</p></div>"
    html = "<h2>Our objectives</h2><div>" + "".join(card.format(goal) for goal in SHORT) + "</div>"
    assert values("goal", html) == SHORT


def test_a_list_of_sentences_is_confirmed_whatever_one_of_them_is() -> None:
    goals = ["End hunger in the valley", "Make good food cheap", "Cut food waste in half", "Clean water"]
    assert {fact.tier for fact in section("goal", listed("Our goals", goals)).facts} == {"confirmed"}


@pytest.mark.parametrize(
    ("heading", "texts"),
    [
        ("Wat doen wij?", ["Cursussen geven", "Advies aan huis", "Samen koken"]),
        ("Our goals", ["Free access", "Reduced rates", "Your newsletter"]),
        ("Our aims", ["Rowan Trust", "Birch Foundation", "Alder Society"]),
        ("Unsere Ziele", ["Spanien", "Italien", "Polen"]),
        ("Goals", ["James Baker", "Mary Field", "Susan Hill"]),
        ("Our goals", ["Water", "Bread", "Peace"]),
    ],
)
def test_what_is_as_short_and_no_goal(heading: str, texts: list[str]) -> None:
    assert values("goal", listed(heading, texts)) == []


def test_where_a_link_stands_two_words_are_a_menu() -> None:
    assert values("goal", listed("Our goals", ["<a href='/t'>Clean water</a>", *SHORT[1:3]])) == []
