"""Names that stand in cards, in groups, in tables without a head; and what stands behind a name in its own line."""

from __future__ import annotations

import pytest

from archive.model import Fact
from tests.crawler.test_extract_reach import section, values

NAMES = ["Molenkring Noord", "Vereniging De Wiek", "Stichting Lamp"]


def members(html: str) -> list[Fact]:
    return list(section("member", f"<h1>Onze leden</h1><p>Wie er bij ons horen.</p>{html}").facts)


def names(html: str) -> list[str]:
    return [fact.value for fact in members(html)]


@pytest.mark.parametrize(
    "card",
    [
        "<div class='col'><img src='/{0}.png' alt=''><h3>{0}</h3><p>Maalt graan en geeft les.</p><p>Naar de website</p></div>",
        "<div class='item'><div class='titel'><a>{0}</a></div><div class='tekst'><p>Maalt graan.</p><p>Geeft les.</p></div></div>",
        "<div class='paneel'><div class='kop'>{0}</div><div class='romp'>Markt 3<br>1234 AB Rotterdam</div></div>",
        "<details><summary>{0}</summary><p>Maalt graan en geeft les.</p></details>",
        "<h3>{0}</h3><p>Maalt graan en geeft les.</p>",
        "<div><h4>{0}</h4><ul><li>Markt 3</li><li>info@lid.test</li></ul></div>",
    ],
)  # fmt: skip
def test_a_card_is_named_by_what_opens_it(card: str) -> None:
    assert names("".join(card.format(name) for name in NAMES)) == NAMES


@pytest.mark.parametrize(
    "group",
    [
        "<h2>{0}</h2><ul><li>{1}</li></ul>",
        "<details><summary>{0}</summary><ul><li>{1}</li></ul></details>",
        "<p><strong>{0}</strong></p><p>{1}</p>",
        "<ul><li>{0}<ul><li>{1}</li></ul></li></ul>",
        "<h3>{0}</h3><h4>{1}</h4><p>Maalt graan en geeft les.</p>",
    ],
)
def test_a_region_or_a_letter_is_no_member(group: str) -> None:
    regions = ["Regio Noord", "Regio Zuid", "Overig"]
    assert names("".join(group.format(*pair) for pair in zip(regions, NAMES, strict=True))) == NAMES


def test_a_table_without_a_head_names_where_organisations_are_named() -> None:
    rows = zip(["Oeganda", "Kenia", "Kenia"], NAMES, strict=True)
    table = "".join(f"<tr><td>{country}</td><td>{name}</td></tr>" for country, name in rows)
    assert names(f"<table><tr><td colspan=2><b>Afrika</b></td></tr>{table}</table>") == NAMES


@pytest.mark.parametrize(
    "tail", [", dhr. K. Brinkman, tel. 0529-123456", " – Marktplein 3", ", Markt 3, 1234 AB Veere", ", info@lid.test"]
)
def test_how_to_reach_a_member_is_not_its_name(tail: str) -> None:
    assert names(f"<ul>{''.join(f'<li>{name}{tail}</li>' for name in NAMES)}</ul>") == NAMES


def test_a_town_behind_each_name_is_its_place() -> None:
    found = members("<ul><li>Molenkring Noord, Veere</li><li>Stichting Lamp, Den Haag</li><li>Wiek BV</li></ul>")
    assert [(fact.value, fact.place) for fact in found] == [
        ("Molenkring Noord", "Veere"),
        ("Stichting Lamp", "Den Haag"),
        ("Wiek BV", None),
    ]


def test_names_below_a_heading_may_run_on() -> None:
    assert names("<p>Molenkring Noord, Chr. Vereniging De Wiek, Stichting Lamp</p>") == [
        "Molenkring Noord",
        "Chr. Vereniging De Wiek",
        "Stichting Lamp",
    ]
    assert names("<p>Ons netwerk kent Molens, Sluizen en Bruggen die draaien.</p>") == []


def test_sponsors_below_a_heading_may_run_on() -> None:
    html = "<h2>Met dank aan</h2><p>Fonds Noord, Stichting De Wiek, Bakkerij Jansen</p>"
    assert values("sponsor", html) == ["Fonds Noord", "Stichting De Wiek", "Bakkerij Jansen"]


@pytest.mark.parametrize(
    "promises",
    [
        ["Gratis advies", "Korting bij Bouwmarkt Velsen", "Vier keer per jaar het vakblad"],
        ["Discounted insurance", "A listing on our website", "Free access to our costume store"],
        ["Rabatt bei der Versicherung Flora", "Kostenlose Beratung", "Fachzeitschrift Der Gärtner"],
        ["Recevoir la revue", "Participer aux visites", "Bénéficier de tarifs"],
    ],
)
def test_what_members_get_is_no_member(promises: list[str]) -> None:
    assert values("member", f"<h2>Members</h2><ul>{''.join(f'<li>{each}</li>' for each in promises)}</ul>") == []


def test_cards_may_have_headings_as_high_as_what_announces_them() -> None:
    names = ["Molenkring Noord", "Vereniging De Wiek", "Stichting Lamp"]
    cards = "".join(f"<div class=card><div><h2 class=title>{name}</h2><p>Ommen</p></div></div>" for name in names)
    after = "<div><h2>Contact</h2></div><ul><li>Bond Zuid</li><li>Kring Oost</li></ul>"
    assert values("member", f"<div><h2>Onze leden</h2></div><div>{cards}</div>{after}") == names


def test_a_heading_over_nothing_stays_one() -> None:
    html = "<div><h2>Onze leden</h2></div>" + "".join(
        f"<div><h2>{head}</h2><p>Tekst hierover.</p></div>" for head in ("Contact Punt", "Route Kaart", "Onze Historie")
    )
    assert section("member", html).state == "empty"


@pytest.mark.parametrize("parted", [False, True])
def test_what_a_dl_tells_of_names_is_no_list(parted: bool) -> None:
    names = ["Blasmusikverband Baden", "Hamburger Musikverband", "Hessischer Musikverband", "Sächsischer Musikverband"]
    told = [f"<dt>{name}</dt><dd>Geschäftsstelle {name.split()[0]}</dd>" for name in names]
    lists = [
        f"<h3>{head}</h3><dl>{''.join(part)}</dl>"
        for head, part in (("B", told[:1]), ("H", told[1:3]), ("S", told[3:]))
    ]
    html = "".join(lists) if parted else f"<dl>{''.join(told)}</dl>"
    assert values("member", f"<h1>Mitgliedsverbände A–Z</h1>{html}") == names


def test_few_of_a_list_that_have_a_second_part_own_it() -> None:
    names = ["Horniman Museum", "Wellcome Collection", "Great North Museum: Hancock", "ECO – Alliance of Movements"]
    html = "<h2>Participating museums</h2><ul>{}</ul>"
    assert values(
        "member", html.format("".join(f"<li>{name}</li>" for name in [*names, "Thackray Museum", "Oak Hall"]))
    ) == [
        *names,
        "Thackray Museum",
        "Oak Hall",
    ]
    told = [f"{name} – Advice for all" for name in ("Rowan House", "Oak Hall", "Birch Trust")]
    assert values("member", html.format("".join(f"<li>{name}</li>" for name in told))) == [
        "Rowan House",
        "Oak Hall",
        "Birch Trust",
    ]
