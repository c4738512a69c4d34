"""Headings in other words than labels: they announce where no label does, and what they head looks like it by itself."""

from __future__ import annotations

import pytest

from tests.crawler.test_extract_reach import section, values

CLUBS = ["Molenvereniging Noord", "Zangkoor De Wiek", "Stichting Lamp"]


def listed(heading: str, texts: list[str]) -> str:
    return f"<h2>{heading}</h2><ul>{''.join(f'<li>{text}</li>' for text in texts)}</ul>"


@pytest.mark.parametrize(
    "heading",
    [
        "Wie bij ons aangesloten zijn", "Clubs in ons district", "Wie zit er in het collectief?", "Molenverenigingen",
        "Organisations that make up the network", "Who is behind this campaign?", "Find a choir",
        "Diese Vereine bilden das Bündnis", "Unsere Kitas", "Les salles adhérentes", "Ils font partie de l'union",
    ],
)  # fmt: skip
def test_a_heading_in_other_words_announces_members(heading: str) -> None:
    facts = section("member", listed(heading, CLUBS)).facts
    assert [(fact.value, fact.rule, fact.tier) for fact in facts] == [
        (name, "loose-labelled-list", "confirmed") for name in CLUBS
    ]


def test_names_that_do_not_say_what_they_are_are_for_a_person_to_look_at() -> None:
    names = ["Plastic Soep Nee", "De Muzerie Zwolle", "Scala Meppel"]
    facts = section("member", listed("Wie bij ons aangesloten zijn", names)).facts
    assert [(fact.value, fact.tier) for fact in facts] == [(name, "candidate") for name in names]


@pytest.mark.parametrize(
    "texts",
    [
        ["Onze geschiedenis", "Ons kantoor", "Hoe wij werken"],
        ["Een uitnodiging voor alle concerten", "Het blad De Orgelpijp", "Een rondleiding"],
        ["Individual Membership", "Corporate Membership", "Student Membership"],
        ["Molenvereniging Noord", "Zangkoor De Wiek"],
    ],
)
def test_what_does_not_look_like_members_is_none_there(texts: list[str]) -> None:
    assert values("member", listed("Who is behind this campaign?", texts)) == []


def test_a_label_is_believed_before_a_heading_in_other_words() -> None:
    html = listed("Clubs in ons district", CLUBS) + listed("Onze leden", ["Bond Zuid", "Kring Oost"])
    assert values("member", html) == ["Bond Zuid", "Kring Oost"]


def test_a_heading_in_other_words_announces_sponsors() -> None:
    wall = "".join(f"<img src='/{nth}.png' alt='{name}'>" for nth, name in enumerate(CLUBS))
    assert values("sponsor", f"<h2>Zij maken ons werk mogelijk</h2><div>{wall}</div>") == CLUBS
    facts = section(
        "sponsor", listed("Ils soutiennent nos projets", ["Fondation Eau", "Ville de Lac", "Mécénat"])
    ).facts
    assert [fact.tier for fact in facts] == ["candidate"] * 3
    assert values("sponsor", listed("Supported commands", ["ALTER TABLE", "CREATE INDEX", "DROP VIEW"])) == []


def test_a_heading_in_other_words_announces_goals() -> None:
    goals = ["Cancel the debts of the poorest", "Stop the grabbing of land", "Open the books of every lender"]
    facts = section("goal", listed("We are calling for three things", goals)).facts
    assert [(fact.value, fact.tier) for fact in facts] == [(goal, "candidate") for goal in goals]


@pytest.mark.parametrize("label", ["Leden", "Deelnemers", "Members", "Mitglieder", "Membres"])
def test_names_may_stand_in_the_line_of_their_label(label: str) -> None:
    assert values("member", f"<p><b>{label}:</b> Molenkring Noord, Vereniging De Wiek, Stichting Lamp</p>") == [
        "Molenkring Noord",
        "Vereniging De Wiek",
        "Stichting Lamp",
    ]


@pytest.mark.parametrize(
    ("names", "tier"),
    [
        (["BANNIERE Cavalcade", "SIGNATURE Foire", "AFFICHE Piscine"], "candidate"),
        (["Club Voile", "Cercle Union", "Société Sel"], "confirmed"),
    ],
)
def test_pictures_whose_names_are_in_capitals_are_for_a_person_to_look_at(names: list[str], tier: str) -> None:
    wall = "".join(f"<img src='/s/{nth}.jpg' alt='{name}'>" for nth, name in enumerate(names))
    facts = section("member", f"<h2>Les clubs du comité</h2><div>{wall}</div>").facts
    assert [(fact.value, fact.tier) for fact in facts] == [(name, tier) for name in names]
