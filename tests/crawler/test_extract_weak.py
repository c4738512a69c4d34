"""Members on pages whose headings say nothing: the title or the address does, a line leads into the list, or its links do."""

from __future__ import annotations

import pytest

from archive.model import Page, Section
from crawler.extract import extract
from crawler.tree import parse

CLUBS = ["Molenvereniging Noord", "Zangkoor De Wiek", "Stichting Lamp"]
#: names that say nothing of what they are
BARE = ["Rowan", "Birch", "Alder", "Willow"]


def section(html: str, url: str = "http://bond.test/over") -> Section:
    page = Page(url, html.encode(), html, "utf-8")
    return next(each for each in extract(page, parse(html)) if each.role == "member")


def listed(texts: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{text}</li>' for text in texts)}</ul>"


def linked(names: list[str]) -> list[str]:
    return [f"<a href='https://www.{name.lower()}.test/'>{name}</a>" for name in names]


@pytest.mark.parametrize(
    ("title", "path"),
    [
        ("Onze leden - Bond", "/over"), ("Members | Union", "/x/3"), ("Bond", "/onze-leden/"), ("Bund", "/verband/landesverbaende"),
        ("Bund", "/mitglieder/index.php"), ("Union", "/union/clubs.html"), ("Union", "/ligues-et-comites"), ("Alliance", "/members/all"),
    ],
)  # fmt: skip
def test_a_title_or_an_address_announces_what_the_headings_do_not(title: str, path: str) -> None:
    html = f"<head><title>{title}</title></head><body><h1>Samen sterk</h1>{listed(CLUBS)}</body>"
    facts = section(html, f"http://bond.test{path}").facts
    assert [(fact.value, fact.tier, fact.rule) for fact in facts] == [
        (name, "candidate", "page-labelled-list") for name in CLUBS
    ]


def test_parts_under_the_first_headings_of_a_page_are_all_of_it() -> None:
    parts = "".join(
        f"<div><h3>{head}</h3>{listed([f'{name} {head}' for name in CLUBS])}</div>" for head in ("Oost", "West")
    )
    assert len(section(f"<div class=acc>{parts}</div>", "http://bond.test/verenigingen").facts) == 6


@pytest.mark.parametrize(
    ("title", "heading", "path"),
    [
        ("Bond voor leden", "Samen sterk", "/over"), ("Nieuws - Onze leden", "Nieuws", "/nieuws"), ("Bond", "Lid worden", "/leden"),
        ("Bond", "Samen sterk", "/leden/molenkring-noord"), ("Bond", "Samen sterk", "/leden-login"), ("Privacy", "Samen sterk", "/leden"),
    ],
)  # fmt: skip
def test_a_page_that_is_called_otherwise_lists_none(title: str, heading: str, path: str) -> None:
    html = f"<head><title>{title}</title></head><body><h1>{heading}</h1>{listed(CLUBS)}</body>"
    assert section(html, f"http://bond.test{path}").facts == ()


@pytest.mark.parametrize(
    "lead",
    [
        "Led by a consortium of 8 institutions from 5 countries:",
        "Een consortium van 6 instellingen uit 4 landen voert het uit:",
        "In de alliantie werken vier organisaties samen:", "These organisations have signed the appeal together:",
        "Diese Organisationen tragen das Vorhaben:", "Les associations suivantes ont rejoint l'appel :",
    ],
)  # fmt: skip
def test_a_line_leads_into_a_list_of_bodies(lead: str) -> None:
    facts = section(f"<h2>Samen</h2><p>{lead}</p>{listed(BARE)}").facts
    assert [(fact.value, fact.tier) for fact in facts] == [(name, "candidate") for name in BARE]


@pytest.mark.parametrize(
    "lead", ["Deze organisaties steunen ons, samen met u:", "Zo werken organisaties:", "Organisations together"]
)
def test_a_line_that_says_less_leads_into_none(lead: str) -> None:
    assert section(f"<h2>Samen</h2><p>{lead}</p>{listed(BARE)}").facts == ()


def test_names_that_lead_to_a_site_each_are_organisations() -> None:
    head = "<h2>Who is behind the campaign?</h2>"
    facts = section(head + listed(linked(BARE))).facts
    assert [(fact.value, fact.tier) for fact in facts] == [(name, "candidate") for name in BARE]
    assert section(head + listed(BARE)).facts == ()
    assert section(head + listed([f"<a href='/{name}'>{name}</a>" for name in BARE])).facts == ()
    assert section("<h2>Further reading</h2>" + listed(linked(BARE))).facts == ()


def test_what_one_label_is_not_believed_another_may_be() -> None:
    html = f"<h2>Who is behind the campaign?</h2><p>Four organisations form the alliance:</p>{listed(BARE)}"
    assert [fact.rule for fact in section(html).facts] == ["lead-labelled-list"] * 4


@pytest.mark.parametrize(
    "heading",
    ["Groepen in onze regio", "Clubs du comité", "Jugendfeuerwehren im Landkreis", "Sektionen", "Consortium", "Food banks across Wales"],
)  # fmt: skip
def test_what_the_parts_of_a_whole_are_called_is_a_heading(heading: str) -> None:
    assert [fact.value for fact in section(f"<h2>{heading}</h2>{listed(CLUBS)}").facts] == CLUBS


@pytest.mark.parametrize(
    ("title", "path"), [("Consortium | Soil", "/x"), ("Soil", "/consortium/"), ("Das Konsortium", "/x")]
)
def test_the_partners_of_a_consortium_are_its_members(title: str, path: str) -> None:
    html = f"<head><title>{title}</title></head><body><h1>Partners</h1>{listed(CLUBS)}<h2>Funded by</h2>{listed(['Fund A', 'Fund B'])}"
    page = Page(f"http://soil.test{path}", html.encode(), html, "utf-8")
    found = {each.role: [fact.value for fact in each.facts] for each in extract(page, parse(html))}
    assert (found["member"], found["sponsor"]) == (CLUBS, ["Fund A", "Fund B"])


def test_a_consortium_may_be_told_of_in_the_first_lines() -> None:
    html = f"<h1>Partners</h1><p>The SOIL consortium consists of three bodies.</p>{listed(CLUBS)}"
    assert [fact.value for fact in section(html).facts] == CLUBS


@pytest.mark.parametrize(
    "heading",
    ["Vacatures bij onze leden", "Software for your members", "Fortbildungen für Mitglieder", "Formations pour les membres du réseau"],
)  # fmt: skip
def test_what_members_do_or_get_is_no_list_of_them(heading: str) -> None:
    assert section(f"<h2>{heading}</h2>{listed(CLUBS)}").facts == ()


def test_customers_are_no_members() -> None:
    wall = "".join(f"<img src='/{nth}.png' alt='{name}'>" for nth, name in enumerate(CLUBS))
    assert section(f"<h1>Tools for all members</h1><h2>Trusted by 400 clubs</h2>{wall}").facts == ()


@pytest.mark.parametrize("called", ["News", "People", "Agenda", "Vacatures"])
def test_no_weak_word_makes_members_on_a_page_called_otherwise(called: str) -> None:
    html = f"<h1>{called}</h1><h2>Group members</h2>{listed(CLUBS)}"
    assert section(f"<title>{called} - Bond</title>" + html.replace("h1", "h3")).facts == ()
    assert section(html.replace("Group members", "Clubs in ons district")).facts == ()


def test_what_a_page_is_called_is_believed_where_names_say_what_they_are_or_how_to_reach_them() -> None:
    sights, shelters = (
        ["Altes Rathaus", "Neue Brücke", "Schloss Hohenfels"],
        ["Hospiz Horn", "Haus Anna", "Dienst Celle"],
    )
    reach = "<li>{}<br>Am Weg 1, 29099 Celle</li>"
    for names, form, found in (
        (sights, "<li>{}</li>", []), (shelters, reach, shelters), (sights, "<li>{}<br>2024 om acht uur</li>", []),
    ):  # fmt: skip
        html = f"<h1>Nördlich</h1><ul>{''.join(form.format(name) for name in names)}</ul>"
        assert [fact.value for fact in section(html, "http://bund.test/vereine/").facts] == found


@pytest.mark.parametrize(
    "heading",
    [
        "Group classes for members",
        "Angebote für unsere Mitglieder",
        "Activiteiten voor leden",
        "Ateliers pour les adhérents",
    ],
)
def test_what_is_for_members_is_no_list_of_them(heading: str) -> None:
    assert section(f"<h2>{heading}</h2>{listed(CLUBS)}").facts == ()


@pytest.mark.parametrize(
    "kinds",
    [
        ["Ordentliche Mitglieder: Vereine", "Fördermitglieder: Personen", "Korporative Mitglieder"],
        ["Gewone leden", "Jeugdleden", "Steunend lidmaatschap"], ["Membres actifs", "Membre bienfaiteur", "Adhérents jeunes"],
        ["Full Members", "Associate Membership", "Student member"],
    ],
)  # fmt: skip
def test_kinds_of_members_are_none(kinds: list[str]) -> None:
    assert section(f"<h2>Leden</h2>{listed(kinds)}").facts == ()
