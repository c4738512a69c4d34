"""Levels of sponsorship and what it brings, in each of the four languages, told from names that look like them."""

from __future__ import annotations

import pytest

from crawler.extract.labels import is_called
from crawler.extract.offered import are_levels, are_offers, is_level


@pytest.mark.parametrize(
    "text",
    [
        "Founding Partner", "Gold Sponsor level for the Harbour Games", "Presenting sponsor", "Media Partners",
        "Sponsor levels", "Hoofdsponsor", "Gouden sponsor", "Zilver-partner", "Brons pakket", "Sterrensponsor",
        "Hauptsponsor", "Premium-Partner", "Goldpartner", "Silber-Paket", "Partenaire principal", "Sponsor Or",
        "Partenaire fondateur", "Mécène argent",
    ],
)  # fmt: skip
def test_a_level_is_told_by_its_words(text: str) -> None:
    assert is_level(text)


@pytest.mark.parametrize(
    "text",
    [
        "Müller & Partner", "De Wit en Partners", "Goldammer GmbH", "Gold Coast Bakery", "Silverline", "Argent & Fils",
        "Friends of the Otter", "Zilveren Maan", "Hauptmann Bootsbau", "Title Boxing Club", "Amis de la Loire", "Orange",
        "Media Markt", "Community Foundation",
    ],
)  # fmt: skip
def test_a_name_is_no_level(text: str) -> None:
    assert not is_level(text)


def test_most_of_a_list_must_be_levels() -> None:
    assert are_levels(["Gold Partner", "Silver Partner", "Otter Inn"])
    assert not are_levels(["Gold Partner", "Otter Inn"])


@pytest.mark.parametrize(
    "texts",
    [
        ["Your logo on our shirts", "Free tickets", "A drink with the crew"],
        ["Uw naam op het zeil", "Reclamebord langs de baan", "Twee vrijkaarten"],
        ["Ihr Logo auf dem Segel", "Bandenwerbung", "Freikarten", "Ein Abend am Steg"],
        ["Votre logo sur la voile", "Un encart dans le programme", "Une soirée à quai"],
    ],
)
def test_what_a_sponsor_gets_is_told_by_half_of_a_list(texts: list[str]) -> None:
    assert are_offers(texts)
    assert not are_offers(
        [*texts, "Otter Inn", "Brouwerij Kade", "Segelmacher Wulp", "Voilerie du Quai", "Lamp & Zoon"]
    )


@pytest.mark.parametrize(
    ("heading", "refused"),
    [
        ("Sponsorship levels", True), ("Why sponsor us", True), ("Sponsor visibility", True), ("Sponsorniveaus", True),
        ("Vormen van sponsoring", True), ("Sponsoring-Stufen", True), ("Warum Sponsor werden", True),
        ("Niveaux de partenariat", True), ("Pourquoi devenir partenaire", True), ("Sponsors: coming soon", True),
        ("Our sponsors", False), ("Hoofdsponsors", False), ("Unsere Premium-Partner", False), ("Nos partenaires", False),
    ],
)  # fmt: skip
def test_a_heading_that_sells_announces_nobody(heading: str, *, refused: bool) -> None:
    assert is_called("sponsor", heading) is not refused
