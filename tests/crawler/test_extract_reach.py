"""How far a heading speaks, and what the page takes back though it stands below one."""

from __future__ import annotations

import pytest

from archive.model import Page, Section
from crawler.extract import extract
from crawler.tree import parse


def section(role: str, html: str) -> Section:
    page = Page("http://bond.test/leden", html.encode(), html, "utf-8")
    return next(each for each in extract(page, parse(html)) if each.role == role)


def values(role: str, html: str) -> list[str]:
    return [fact.value for fact in section(role, html).facts]


@pytest.mark.parametrize(
    "taken_back",
    [
        "<li><del>Molenkring Zuid</del></li>",
        "<li><a href='/m'><s>Molenkring Zuid</s></a></li>",
        "<li hidden>Molenkring Zuid</li>",
        "<li hidden=''><p>Molenkring Zuid</p></li>",
    ],
)
def test_what_is_struck_through_or_hidden_is_no_member(taken_back: str) -> None:
    html = f"<h2>Onze leden</h2><ul><li>Molenkring Noord</li>{taken_back}<li>Vereniging De Wiek</li></ul>"
    assert values("member", html) == ["Molenkring Noord", "Vereniging De Wiek"]


@pytest.mark.parametrize(
    "panel",
    [
        "<button aria-controls='p1'>Toon</button><div id='p1' hidden>",
        "<a href='#p1'>Toon</a><div id='p1' hidden>",
        "<div hidden role='tabpanel'>",
        "<div hidden='until-found'>",
    ],
)
def test_what_a_button_shows_is_listed(panel: str) -> None:
    html = f"<h2>Onze leden</h2>{panel}<ul><li>Molenkring Noord</li><li>Vereniging De Wiek</li></ul></div>"
    assert values("member", html) == ["Molenkring Noord", "Vereniging De Wiek"]


def test_a_name_that_is_struck_through_in_part_is_listed() -> None:
    html = "<h2>Onze leden</h2><ul><li><del>Kring Noord</del> Molenkring Noord</li><li>Vereniging De Wiek</li></ul>"
    assert len(values("member", html)) == 2


def test_the_heading_of_a_part_speaks_beyond_its_own_header() -> None:
    part = "<div class='frame'><header><h2>{}</h2></header><ul><li>{}</li><li>{}</li></ul></div>"
    html = part.format("Mitgliedsverbände", "Imkerverein Oste", "NABU Stade") + part.format("Links", "Eins", "Zwei")
    assert values("member", html) == ["Imkerverein Oste", "NABU Stade"]


@pytest.mark.parametrize("aside", ["Voordelen voor leden", "Contributie", "Wat krijg je als lid?", "Oud-leden"])
def test_a_section_about_membership_is_passed_over(aside: str) -> None:
    html = (
        f"<h1>Leden</h1><h2>{aside}</h2><ul><li>Stichting Korting</li><li>Bond Rabat</li></ul>"
        "<h2>Overzicht</h2><ul><li>Molenkring Noord</li><li>Vereniging De Wiek</li></ul>"
    )
    assert values("member", html) == ["Molenkring Noord", "Vereniging De Wiek"]


def test_news_below_the_members_is_no_member() -> None:
    html = (
        "<h1>Our members</h1><h2>Members' news</h2>"
        "<ul><li>Rowan House wins award</li><li>New Chair for Lakeland Trust</li></ul>"
    )
    assert values("member", html) == []


@pytest.mark.parametrize(
    "label",
    [
        "Onze leden", "Aangesloten koren per gemeente", "Netwerkpartners", "Wie doet er mee?", "Member organisations",
        "Who we are: our members", "Members directory", "Network partners", "National members", "Mitgliedschöre",
        "Mitgliedsorganisationen im Frauenrat", "Bündnispartner", "Im Jugendring sind vertreten", "Nos membres",
        "Associations membres", "Les associations du collectif", "Les membres de la coordination",
    ],
)  # fmt: skip
def test_what_the_members_are_called(label: str) -> None:
    html = f"<h2>{label}</h2><ul><li>Kring Noord</li><li>Bond De Wiek</li><li>Stichting Lamp</li></ul>"
    assert values("member", html) == ["Kring Noord", "Bond De Wiek", "Stichting Lamp"]
    assert values("sponsor", html) == []


@pytest.mark.parametrize(
    "label", ["Mitgliedsbeitrag", "Mitgliedschaft", "Deelnemende landen", "Why join our members", "Membres du bureau"]
)
def test_what_no_members_are_called(label: str) -> None:
    html = f"<h2>{label}</h2><ul><li>Kring Noord</li><li>Bond De Wiek</li><li>Stichting Lamp</li></ul>"
    assert values("member", html) == []


@pytest.mark.parametrize(
    "label", ["What we want to achieve", "Wofür wir uns einsetzen", "Nos revendications", "Unsere Forderungen", "Onze eisen"]
)  # fmt: skip
def test_what_goals_are_called(label: str) -> None:
    goals = ["End hunger in the valley", "Make good food cheap", "Cut food waste in half"]
    assert values("goal", f"<h2>{label}</h2><ul>{''.join(f'<li>{goal}</li>' for goal in goals)}</ul>") == goals
