"""Lists that a page parts: by tabs, by letters, by what stands between their heading and them."""

from __future__ import annotations

import pytest

from tests.crawler.test_extract_weak import section

CLUBS = ["Molenvereniging Noord", "Zangkoor De Wiek", "Stichting Lamp"]
TABS = "<ul><li><a href='#a'>Oost</a></li><li><a href='#b'>West</a></li></ul>"


def members(html: str) -> list[str]:
    return [fact.value for fact in section(html).facts]


def listed(names: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{name}</li>' for name in names)}</ul>"


@pytest.mark.parametrize(
    "goals",
    [
        "<h3>Onze doelen</h3><ul><li>Elke molen blijft draaien</li><li>Elke molenaar vindt een opvolger</li></ul><h2>Zoek</h2>",
        "<p>De bond heeft tot doel:</p><ul><li>elke molen te laten draaien</li><li>molenaars op te leiden</li></ul>",
    ],
)
def test_goals_between_a_heading_and_its_list_end_it_not(goals: str) -> None:
    assert members(f"<h1>Onze leden</h1><p>Welkom.</p>{goals}{listed(CLUBS)}") == CLUBS


def test_a_goal_that_no_list_follows_ends_what_stands_before_it() -> None:
    assert members(f"<h1>Onze leden</h1><p><b>Ons doel:</b></p><p>Elke molen draait.</p>{listed(CLUBS)}") == []


def test_of_two_headings_the_first_speaks_for_what_stands_before_the_second() -> None:
    cards = "".join(f"<article><h4>{name}</h4><p>Molens en wieken</p></article>" for name in CLUBS)
    html = f"<h1>Onze leden</h1>{cards}<h3>Aspirant-leden</h3>{listed(['Bond Wiek', 'Bond Kap'])}"
    assert members(html) == [*CLUBS, "Bond Wiek", "Bond Kap"]


@pytest.mark.parametrize("index", [TABS, listed(["A–C", "D–K", "L–Z"])])
def test_tabs_and_letters_above_a_list_are_none_of_it(index: str) -> None:
    cards = "".join(f"<div><h4>{name}</h4><p>Molens en wieken</p></div>" for name in CLUBS)
    assert members(f"<h2>Onze leden</h2>{index}{cards}") == CLUBS


def test_names_may_stand_under_the_regions_that_tabs_lead_to() -> None:
    parts = "".join(f"<h4>{region}</h4><p>{name} A</p><p>{name} B</p>" for region, name in zip(("Regio Oost", "Regio West"), CLUBS, strict=False))  # fmt: skip
    assert members(f"<h2>Onze leden</h2>{TABS}{parts}") == [f"{name} {x}" for name in CLUBS[:2] for x in "AB"]


def test_a_group_that_is_typed_as_paragraphs_belongs_to_the_lists_above_it() -> None:
    groups = "".join(f"<div class=t>{title}</div>{listed(names)}" for title, names in (("Clubs", CLUBS), ("Koren", ["Koor Oost", "Koor West"])))  # fmt: skip
    html = f"<h2>Wie doen er mee?</h2>{groups}<div class=t>Kringen</div><div><p>Kring Noord</p><p>Kring Zuid</p></div>"
    assert members(html) == [*CLUBS, "Koor Oost", "Koor West", "Kring Noord", "Kring Zuid"]


def test_paragraphs_of_many_names_stand_beside_one_another() -> None:
    columns = [[f"Hof {letter}berg, Ommen" for letter in letters] for letters in ("ABCDE", "FGHIJ", "KLMNO")]
    html = "".join(f"<div><p>{'<br>'.join(column)}</p></div>" for column in columns)
    quote = "<blockquote><p>Zonder het netwerk was ik er niet meer.</p></blockquote>"
    assert members(f"<h2>Deelnemende bedrijven</h2>{html}{quote}") == [
        f"Hof {letter}berg" for letter in "ABCDEFGHIJKLMNO"
    ]


def test_what_stands_behind_few_names_and_begins_with_a_capital_is_theirs() -> None:
    names = [*CLUBS, "De Helpende Hand (Zeeland)", "Bond Wiek (gemengd)", "Kring Molens – Regio Oost"]
    assert members(f"<h2>Onze leden</h2>{listed(names)}") == [*names[:4], "Bond Wiek", names[5]]
    told = [f"{name} (Ommen)" for name in CLUBS] + ["Molen De Ster — Bakkerij Kok (Zwolle)"]
    assert members(f"<h2>Onze leden</h2>{listed(told)}") == [*CLUBS, "Molen De Ster — Bakkerij Kok"]


def test_things_that_are_asked_for_are_no_members() -> None:
    asked = listed(["eine Beschreibung des Hofs", "die Empfehlung zweier Mitglieder"])
    assert members(f"<h1>Mitglieder</h1>{asked}") == []
    assert (
        members(f"<h1>Mitglieder</h1><h2>Mitglied werden / Join us</h2>{listed(['Ein Antrag', 'Zwei Zeugen'])}") == []
    )
