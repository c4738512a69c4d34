"""What stands where members and sponsors do, and is neither: people, files to fetch, what the law asks for."""

from __future__ import annotations

import pytest

from tests.crawler.test_extract_reach import section, values

COMPANIES = ["Quanta Analytics Ltd", "Blink Video Inc.", "Pixelhaus GmbH"]
#: two of ten first names are known; the others are spelt like names of people
PEOPLE = [
    "Abagail Thorne-Lyman", "Adam Tuttle", "Diana Hamilton", "Charlie Churchman", "Dagny Moor", "Jordon Zorker",
    "Kessa de Vree", "Loic Aubin", "Mirte Aalders", "Thea Quist",
]  # fmt: skip
BODIES = [
    "Adam Tuttle Trust", "Oak Hill", "Wilde Ganzen", "Tear Fund", "Rowan Society", "Brot Brücke", "Daniel Foundation",
    "Hoge Veld", "Terre Vive", "Stichting Lamp",
]  # fmt: skip


def listed(heading: str, texts: list[str], title: str = "Bond") -> str:
    items = "".join(f"<li>{text}</li>" for text in texts)
    return f"<head><title>{title}</title></head><body><h1>{title}</h1><h2>{heading}</h2><ul>{items}</ul></body>"


@pytest.mark.parametrize(
    "title", ["Cookie policy", "Cookiebeleid", "Datenschutzerklärung", "Mentions légales", "Privacyverklaring"]
)
@pytest.mark.parametrize(("role", "heading"), [("sponsor", "Our partners"), ("member", "Members")])
def test_who_is_named_on_a_page_that_the_law_asks_for_is_nobody_of_ours(title: str, role: str, heading: str) -> None:
    assert values(role, listed(heading, COMPANIES, title)) == []
    assert values(role, listed(heading, COMPANIES)) == COMPANIES


def test_a_banner_about_cookies_does_not_make_the_page_one() -> None:
    html = "<div class=banner><h2>Cookies</h2><p>Only the needed ones.</p></div><h2>Our members</h2><ul>{}</ul>"
    assert values("member", html.format("".join(f"<li>{name}</li>" for name in COMPANIES))) == COMPANIES


@pytest.mark.parametrize(("role", "heading"), [("sponsor", "Donors"), ("member", "Members")])
def test_people_are_known_by_how_all_names_are_spelt(role: str, heading: str) -> None:
    assert values(role, listed(heading, PEOPLE)) == []
    assert values(role, listed(heading, BODIES)) == BODIES


@pytest.mark.parametrize("heading", ["Members", "Publications of our members and others", "Unsere Mitglieder"])
def test_files_to_fetch_are_no_members(heading: str) -> None:
    files = [
        f"<a href='/f/{nth}.pdf'>{name}</a>" for nth, name in enumerate(["Clean Rivers 2023", "Open Tap", "A Guide"])
    ]
    assert values("member", listed(heading, files)) == []


@pytest.mark.parametrize(
    ("heading", "shown"),
    [
        ("Information for sponsors", "Our sponsors"),
        ("Informationen für Förderer", "Unsere Förderer"),
        ("Infos für Sponsoren", "Wir danken für Hilfe unseren Sponsoren"),
        ("Informatie voor sponsors", "Onze sponsors"),
        ("Informations pour nos partenaires", "Nos partenaires"),
    ],
)
def test_what_is_told_to_sponsors_names_none(heading: str, shown: str) -> None:
    assert values("sponsor", listed(heading, COMPANIES)) == []
    assert values("sponsor", listed(shown, COMPANIES)) == COMPANIES


def test_an_ending_alone_is_no_file() -> None:
    assert values("sponsor", listed("Sponsors", [".ai", ".pdf", ".png"])) == []


@pytest.mark.parametrize(
    "texts",
    [
        ["Help Files", "Gallery", "Northern Sky", "Southern Sky"],
        ["Mein Konto", "Alte Hefte", "Häufige Fragen", "Neue Anschrift"],
        ["Keep your Oars Dry", "Never Row Alone", "Club Rules"],
        ["dragon88", "Old Tom", "kite.runner"],
    ],
)
def test_pages_of_the_site_advice_and_what_people_call_themselves_are_no_members(texts: list[str]) -> None:
    assert values("member", listed("Members", texts)) == []
    assert values("member", listed("Members", [*texts[:1], *BODIES])) != []


def test_names_that_may_be_peoples_are_for_a_person_to_look_at() -> None:
    names = ["Tor Quist", "Ask Hvilsom", "Gro Brundt"]
    for texts, tier in ((names, "candidate"), ([*names, "Oar Society"], "confirmed")):
        facts = section("member", listed("Members", texts)).facts
        assert [(fact.value, fact.tier) for fact in facts] == [(text, tier) for text in texts]


@pytest.mark.parametrize(
    ("names", "tier"),
    [
        (["Zed", "Mox Farrow", "Ola"], "candidate"),
        (["Oar Society", "Bell Guild", "Tin Club"], "confirmed"),
        (["kite77", "Ola", "mox"], None),
    ],
)
def test_pictures_that_lead_to_pages_of_the_site_may_be_of_its_users(names: list[str], tier: str | None) -> None:
    wall = "".join(f"<a href='/u/{nth}'><img src='/p/{nth}.jpg' alt='{name}'></a>" for nth, name in enumerate(names))
    facts = section("member", f"<h2>Members</h2><div>{wall}</div>").facts
    assert [fact.tier for fact in facts] == [tier] * 3 * (tier is not None)


def test_what_has_a_price_is_no_goal() -> None:
    assert values("goal", listed("Ziele", ["Palma de Mallorca ab 199 Euro", "Rhodos mit Flug ab 249 €"])) == []


@pytest.mark.parametrize(
    ("heading", "tier"), [("Our aims:", "confirmed"), ("The aims of the Act are:", "candidate"), ("Course aims:", None)]
)
def test_aims_are_whose_the_heading_says(heading: str, tier: str | None) -> None:
    facts = section("goal", listed(heading, ["to clean the canal", "to plant a thousand trees"])).facts
    assert [fact.tier for fact in facts] == [tier] * 2 * (tier is not None)
