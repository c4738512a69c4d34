"""What announces a list, in words that pages were found to use; and how names stand behind it."""

from __future__ import annotations

import pytest

from tests.crawler.test_extract_reach import section

GOALS = ["elk kind speelt buiten", "elke straat krijgt een plein"]


def values(role: str, html: str) -> list[str]:
    return [fact.value for fact in section(role, html).facts]


def listed(texts: list[str]) -> str:
    return f"<ul>{''.join(f'<li>{text}</li>' for text in texts)}</ul>"


@pytest.mark.parametrize(
    "lead",
    [
        "<h2>Our vision is a world in which</h2>",
        "<p>Wij dromen van een stad waarin:</p>",
        "<p>Wir träumen von einer Welt, in der</p>",
        "<p>Nous rêvons d’un monde où :</p>",
        "<p>L’association réunit des laboratoires et des fermes. Nos missions :</p>",
        "<table><tr><td><b>Wat willen wij?</b></td></tr></table>",
    ],
)
def test_goals_are_announced(lead: str) -> None:
    assert values("goal", lead + listed(GOALS)) == GOALS


def test_bullets_in_a_cell_are_a_list() -> None:
    cell = "<br>".join(f"• {goal}" for goal in GOALS)
    assert values("goal", f"<table><tr><td><b>Wat willen wij?</b><br>{cell}</td></tr></table>") == GOALS


def test_names_in_the_cells_of_one_row_stand_a_line_each() -> None:
    names = ["Molenbond Noord", "Speeltuinvereniging Zuid", "Buurthuis De Mol", "Sportclub Oost"]
    cells = "".join(f"<td>{'<br>'.join(half)}</td>" for half in (names[:2], names[2:]))
    lead = "<b>In de raad zijn de volgende organisaties vertegenwoordigd:</b>"
    assert values("member", f"{lead}<table><tr>{cells}</tr></table>") == names


def test_a_label_may_stand_there_in_two_languages() -> None:
    logos = "".join(f"<a href='http://{name}.test/'><img src='/{name}.png'></a>" for name in ("kreisel", "holzwerk"))
    label = "<p>Mit freundlicher Unterstützung von / Supported by</p>"
    assert values("sponsor", f"{label}{logos}") == ["kreisel", "holzwerk"]
    assert values("sponsor", f"<p>Mit freundlicher Unterstützung von / und noch viel mehr Text</p>{logos}") == []


def test_a_clause_behind_the_last_name_ends_the_list() -> None:
    text = "De stichting wordt sindsdien gevormd door Muziekvereniging Cecilia, CV De Ridders (sinds 1683!) en Horeca Centrum, met hulp van velen."  # fmt: skip
    assert values("member", f"<p>{text}</p>") == ["Muziekvereniging Cecilia", "CV De Ridders", "Horeca Centrum"]


def test_french_names_go_on_small_behind_what_they_are() -> None:
    names = ["Institut du patrimoine maritime", "Société d'histoire du pays", "Hydroliennes citoyennes", "Centre d'études des digues"]  # fmt: skip
    text = "Participent à nos travaux : l'{}, la {}, l'association {} et le {}.".format(*names)
    assert values("member", f"<html lang=fr><h2>Membres associés</h2><p>{text}</p>") == names
    two = "Deux institutions y siègent en tant que membres observateurs : le CCAS de Valserre et la Mission locale du Pays."  # fmt: skip
    assert values("member", f"<html lang=fr><p>{two}</p>") == ["CCAS de Valserre", "Mission locale du Pays"]
    text = "Participent à nos travaux : la pluie et le vent, l'herbe haute, la mer."
    assert values("member", f"<html lang=fr><h2>Membres associés</h2><p>{text}</p>") == []


WALL = "".join(f"<a href='http://www.{name}.test/'><img src='/{name}.png'></a>" for name in ("ankerbank", "vlietfonds"))


def test_lesser_sponsors_stand_below_the_wall_by_name() -> None:
    tiers = f"<h1>Sponsors</h1><h4>Goud</h4>{WALL}<h4>Vrienden</h4><p>Cafetaria De Smulhoek, Bakkerij Kok & Zn., Kapsalon Knip en Frans & Zn. Loonwerk</p><h4>Brons</h4>{listed(['Slagerij Vos', 'Garage De Wit'])}"  # fmt: skip
    names = ["ankerbank", "vlietfonds", "Cafetaria De Smulhoek", "Bakkerij Kok & Zn.", "Kapsalon Knip", "Frans & Zn. Loonwerk"]  # fmt: skip
    assert values("sponsor", f"{tiers}<h2>Ons team</h2>{listed(['Jan De Vries', 'Fysio Oost'])}") == [*names, "Slagerij Vos", "Garage De Wit"]  # fmt: skip


def test_who_is_named_in_text_and_by_a_logo_is_one_sponsor() -> None:
    text = "<p>Stichting Ankerbank</p><p>Het Vlietfonds</p><p>Fonds Oost (via de gemeente)</p>"
    facts = section("sponsor", f"<h2>Onze fondsen</h2><p>Mogelijk gemaakt door:</p>{text}{WALL}").facts
    assert sorted(fact.value for fact in facts) == ["Fonds Oost", "Het Vlietfonds", "Stichting Ankerbank"]
    assert sum(fact.logo_url is not None for fact in facts) == 2


def test_who_helps_in_kind_is_a_sponsor_and_what_he_gives_no_part_of_his_name() -> None:
    given = ["Bakker Kok – brood en krentenbollen", "Visserij Vos – iedere vrijdag de lunch"]
    lead = "<h2>Met een hart</h2><p>Deze ondernemers uit de buurt helpen in natura:</p>"
    assert values("sponsor", lead + listed(given)) == ["Bakker Kok", "Visserij Vos"]
    assert values("sponsor", "<p>How companies can help us:</p>" + listed(["Give Your Time", "Lend Your Van"])) == []


def test_what_an_entry_says_of_its_names_is_none_of_them() -> None:
    entries = ["Gemeente Vliet", "Fonds Oost", "Mediapartners: Omroep Vliet & Weekblad De Ster"]
    assert values("sponsor", f"<h2>Onze fondsen</h2>{listed(entries)}") == [*entries[:2], "Omroep Vliet", "Weekblad De Ster"]  # fmt: skip


def test_a_committee_of_patrons_is_made_of_people() -> None:
    cards = "".join(f"<div><img src='/p{n}.jpg'><div>{name}</div><div>Rôle</div></div>" for n, name in enumerate(("Jean Le Gall", "Anne Morvan", "Paul Kerbrat")))  # fmt: skip
    assert values("sponsor", f"<h2>Comité des mécènes</h2>{cards}") == []
    assert values("sponsor", f"<h2>Nos mécènes</h2>{cards}") == []


def test_a_caption_names_what_a_system_named_by_its_file() -> None:
    figure = "<figure><a href='#'><img src='/u/abri-cote-300x200.png' alt='abri-cote'><noscript><img src='/u/abri-cote-300x200.png'></noscript></a><figcaption>{}</figcaption></figure>"  # fmt: skip
    names = ["Abri d'à côté", "Tout un monde", "Habitat choisi"]
    assert values("sponsor", "<h2>Nos soutiens</h2>" + "".join(figure.replace("abri-cote", f"abri-cote{n}").format(name) for n, name in enumerate(names))) == names  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "Außerdem unterstützen uns: Malerbetrieb Kern, Blumen Vogel, Getränke Hinz und Kanzlei Dr. Au & Kollegen.",
        "We are also grateful to the Ember Foundation, the Lord Mayor's Appeal, The 1869 Trust, and a number of others.",
        "Our organiser is paid for by the Ember Foundation, the Vale Lottery Fund and Calder Legacy.",
        "<b>Les artisans qui nous aident :</b><br>Imprimerie Chasse – Boulangerie Aux Épis – Hôtel de la Gare – SARL Vidal Son",
    ],
)
def test_sponsors_are_announced_in_a_line(text: str) -> None:
    assert len(values("sponsor", f"<p>{text}</p>")) >= 3


@pytest.mark.parametrize(
    "html",
    [
        f"<h2>Past sponsors</h2>{listed(['Blotter Inc.', 'Inkwell Ventures', 'Summer Fund'])}",
        f"<h2>Unsere Partner</h2><p>Sie wollen auch Sponsor werden? Wir bieten:</p>{listed(['Werbung am Platz', 'Werbung auf Trikots'])}",
        "<h2>Our patrons</h2>" + "".join(f"<div class='team_item'><img src='/{n}.jpg'><p>{n}</p></div>" for n in ("rosa-fry", "marc-ade", "colin-toll")),
    ],
)  # fmt: skip
def test_former_sponsors_offers_and_portraits_are_none(html: str) -> None:
    assert values("sponsor", html) == []


def test_tiers_may_be_pieces_of_a_line_between_the_logos() -> None:
    text = "<p>Penrose Works · OpenLedger GmbH · Two Otters</p>"
    html = f"<h1>Sponsors</h1>{listed(['Keep the engine free.', 'Hold the trademarks.'])}<h2>Gold</h2>{WALL}<h2>Silver</h2>{text}<h2>Mirrors</h2>{WALL.replace('link', 'tram')}"  # fmt: skip
    assert values("sponsor", html) == ["ankerbank", "vlietfonds", "Penrose Works", "OpenLedger GmbH", "Two Otters"]


def test_a_list_of_others_ends_with_those_that_are_named() -> None:
    text = "Wohnbau Pfron eG, Lions Club Schönbuch, Bürgerstiftung Ammer und Möbelhaus Rieger GmbH sowie viele Einzelspender"
    names = ["Wohnbau Pfron eG", "Lions Club Schönbuch", "Bürgerstiftung Ammer", "Möbelhaus Rieger GmbH"]
    assert values("sponsor", f"<html lang=de><h2>Unsere Unterstützer</h2><p>{text}</p>") == names


def test_what_another_heading_stands_over_is_not_announced_in_other_words() -> None:
    html = "<h2>Les écoles du val en résidence</h2><p>Trois classes.</p><h5>Ils nous ont aidés de 2007 à 2018</h5><p>Banque du Val, Conserverie Roche, Fonds Musique</p>"  # fmt: skip
    assert values("member", html) == []


def test_a_button_before_a_name_names_nobody() -> None:
    cards = [f"<a href='http://{n}.test/'>Open website</a><p>{n} Institute</p><p>Node</p>" for n in ("Aosta", "Gent", "Fenwick")]  # fmt: skip
    assert values("member", f"<h2>Nodes</h2>{listed(cards)}") == [
        "Aosta Institute",
        "Gent Institute",
        "Fenwick Institute",
    ]


def test_a_short_name_is_not_the_column_of_names() -> None:
    head = "<tr><th>\u200bNo.</th><th>\u200bShort name</th><th>\u200bLegal name</th></tr>"
    rows = "".join(
        f"<tr><td>{n}</td><td>\u200b{n}X</td><td>\u200bInstitute of {n}</td></tr>" for n in ("Ice", "Sea", "Air")
    )
    assert values("member", f"<h2>Members</h2><table>{head}{rows}</table>") == [f"Institute of {n}" for n in ("Ice", "Sea", "Air")]  # fmt: skip


def test_when_a_body_was_founded_is_no_part_of_its_name() -> None:
    names = ["Maison Goffin, fondée en 1871", "Reliure Dubois", "Atelier Vander SPRL"]
    assert values("member", f"<h2>Membres effectifs | Full members</h2>{listed(names)}") == [
        "Maison Goffin",
        *names[1:],
    ]


def test_goals_may_follow_half_a_sentence() -> None:
    text = "Der Verband wurde 1951 in Hagen gegründet und hat seither seinen Sitz am Markt. Zweck des Verbandes ist es,"
    assert values("goal", f"<p>{text}</p>{listed(GOALS)}") == GOALS


def test_an_image_server_names_the_file_it_shows() -> None:
    logos = "".join(f"<img src='/_next/image?url=%2Flogos%2F{name}.png&amp;w=640'>" for name in ("alpenfonds", "polarbund"))  # fmt: skip
    assert values("sponsor", f"<h3>Funded by</h3>{logos}") == ["alpenfonds", "polarbund"]


def goals(html: str) -> list[tuple[str, str]]:
    return [(fact.value, fact.tier) for fact in section("goal", html).facts]


@pytest.mark.parametrize(
    "card",
    ["<div><h4>{0}</h4><p>Een keer per maand.</p></div>", "<dt>{0}</dt><dd>Een keer per maand.</dd>"],
)
def test_titles_of_what_is_told_are_goals_for_a_person_to_look_at(card: str) -> None:
    titles = [
        "Elk kind speelt elke dag buiten",
        "Elke straat krijgt een eigen plein",
        "Elke school heeft een open poort",
    ]
    html = f"<h2>Onze doelen</h2><dl>{''.join(map(card.format, titles))}</dl>"
    assert goals(html) == [(title, "candidate") for title in titles]


def test_a_goal_may_begin_with_its_own_number() -> None:
    lines = ["O1. To measure what four rivers carry", "O2. To build a sensor for small particles"]
    html = f"<p><b>Project objectives</b></p>{''.join(f'<div>{line}</div>' for line in lines)}"
    assert goals(html) == [(line, "confirmed") for line in lines]


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Zweck der Stiftung ist die Förderung der Sprache, die Bildung von Erziehern und die Hilfe für Familien.", 3),
        ("Our aim is to keep every mill turning, to teach young millers and to open each mill once a year.", 3),
        ("Zweck der Stiftung ist die Förderung der Sprache, von Musik, Tanz und der Hilfe für Familien.", 0),
        ("Our aim is to keep every mill turning, with wind, water and steam.", 0),
    ],
)
def test_goals_may_be_clauses_of_one_make_in_a_sentence(text: str, clauses: int) -> None:
    found = goals(f"<p>{text}</p>")
    assert [tier for _goal, tier in found] == ["candidate"] * clauses
    assert all(goal in text for goal, _tier in found)


def test_what_stands_under_goals_as_clauses_is_read_where_no_list_does() -> None:
    text = "Le collectif se bat pour faire appliquer la loi, proposer un toit digne et rendre visible la rue. Il est libre."
    assert [goal for goal, _tier in goals(f"<h2>Ce que nous défendons</h2><p>{text}</p>")] == ["faire appliquer la loi", "proposer un toit digne", "rendre visible la rue"]  # fmt: skip


def told(role: str, html: str) -> list[tuple[str, str]]:
    return [(fact.value, fact.tier) for fact in section(role, html).facts]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Gefördert durch das Umweltamt Wattmark mit Mitteln des Landes.", "Umweltamt Wattmark"),
        ("Das Projekt wird gefördert durch die Stiftung Wasserrad im Rahmen des Programms Bach.", "Stiftung Wasserrad"),
        ("This project has received funding from the European Council under grant agreement No 1.", "European Council"),
        ("<b>Mogelijk gemaakt door de Stichting Molenrad</b>", "Stichting Molenrad"),
    ],
)
def test_one_funder_may_be_named_in_its_label(text: str, name: str) -> None:
    assert told("sponsor", f"<html lang={'de' if 'rdert' in text else 'nl' if 'door' in text else 'en'}><p>{text}</p>") == [(name, "candidate")]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["Supported by many.", "This format is supported by the parser.", "Supported by Python 3"]
)
def test_what_supports_and_is_no_body_is_no_funder(text: str) -> None:
    assert told("sponsor", f"<p>{text}</p>") == []


def test_a_directory_may_be_one_of_members() -> None:
    names = ["Kiln Society Ltd", "Clay Trust", "Mould Association"]
    assert told("member", f"<h2>Directory</h2>{listed(names)}") == [(name, "candidate") for name in names]
    assert told("member", f"<h2>Directory</h2>{listed(['Lib', 'Src', 'Docs'])}") == []


def test_articles_that_a_system_lists_are_no_menu() -> None:
    names = ["Moulin de Kerbrual", "Moulin du Prat", "Association des Meuniers"]
    items = listed([f"<a href='spip.php?article{n}'>{name}</a>" for n, name in enumerate(names)])
    assert told("member", f"<h2>Les membres</h2><div class='menu articles'>{items}</div>") == [(name, "confirmed") for name in names]  # fmt: skip
    assert told("member", f"<h2>Les membres</h2><div class='menu rubriques'>{items}</div>") == []


def test_what_stands_glued_to_a_name_in_an_element_of_its_own_is_another_column() -> None:
    names = ["Aberdeen Trust", "Simon Community", "Turning Point"]
    rows = [f"<a href='/x'>{name}</a><span>Glasgow, tel. 0141 555 0100</span>" for name in names]
    assert [value for value, _tier in told("member", f"<h2>Our members</h2>{listed(rows)}")] == names
