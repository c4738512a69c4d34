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


LONG = ["Every street has a bench in the sun", "The ferry sails on Sundays again", "Music stays in the village school"]


@pytest.mark.parametrize(
    ("heading", "tier"),
    [
        ("Our five main goals", "confirmed"), ("What are our goals?", "confirmed"), ("Onze 3 doelen", "confirmed"),
        ("Wat zijn onze belangrijkste doelen?", "confirmed"), ("Unsere vier wichtigsten Ziele", "confirmed"),
        ("Les objectifs prioritaires de la Loupe", "confirmed"), ("Quels sont nos objectifs ?", "confirmed"),
        ("Nous nous engageons à :", "confirmed"), ("Unsere Forderungen an die Stadt", "confirmed"),
        ("1. Doelstellingen", "candidate"), ("§2 Zweck", "candidate"), ("Article II. Purpose", "candidate"),
        ("Our goals for the valley", "confirmed"), ("Onze ambities voor 2030", "confirmed"),
        ("De stichting stelt zich ten doel", "confirmed"), ("The aims of the circle are to", "confirmed"),
        ("L'association a pour but de", "confirmed"), ("The Ferry Circle was founded in 1931 to:", "confirmed"),
        ("The Ferry Circle exists to:", "confirmed"), ("De stichting is opgericht om:", "confirmed"),
        ("Der Verein wurde 1931 gegründet, um:", "confirmed"), ("Zu den Zielen des Vereins gehören:", "confirmed"),
        ("Notre collectif a été créé pour :", "confirmed"), ("L'association a pour vocation de :", "confirmed"),
        ("L'objectif de l'association est de :", "confirmed"), ("The foundation focuses on:", "candidate"),
        ("Article 2 : Objet", "candidate"), ("Artikel 2 - Doel", "candidate"), ("Long-term goals", "candidate"),
    ],
)  # fmt: skip
def test_a_heading_may_count_its_goals_and_be_counted_itself(heading: str, tier: str) -> None:
    facts = section("goal", listed(heading, LONG)).facts
    assert [(fact.value, fact.tier) for fact in facts] == [(goal, tier) for goal in LONG]


@pytest.mark.parametrize(
    "heading",
    [
        "Two goals in ten minutes", "Goals for 2025", "This course aims to:", "Deze cursus heeft als doel:",
        "Das Seminar wurde gegründet, um:", "Cette formation a pour but de :", "Pourquoi nous agissons", "What are goals?", "Zweck", "Purpose", "§ 4 Zweck der Verarbeitung", "Objet",
        "Section 3: Purposes of processing", "Forderungen an Kunden", "Aktuelle Schwerpunkte", "Mission",
    ],
)  # fmt: skip
def test_headings_near_to_those_of_goals_announce_none(heading: str) -> None:
    assert values("goal", listed(heading, LONG)) == []


@pytest.mark.parametrize(
    ("shape", "tier"),
    [
        ("<p>" + "<br>".join(LONG) + "</p>", "candidate"),
        ("".join(f"<p>{goal}</p>" for goal in LONG), "candidate"),
        ("".join(f"<p>✅ {goal}</p>" for goal in LONG), "candidate"),
        ("".join(f"<p><b>{goal}</b></p><p>That is good. And it is needed.</p>" for goal in LONG), "candidate"),
        ("<ul>" + "".join(f"<li><p><b>{goal}</b></p></li>" for goal in LONG) + "</ul>", "confirmed"),
        ("".join(f"<h3>Goal {nth}</h3><p>{goal}</p>" for nth, goal in enumerate(LONG, 1)), "candidate"),
        ("".join(f"<p>{nth}. {goal}</p>" for nth, goal in zip("abc", LONG, strict=True)), "confirmed"),
        (
            "".join(
                f"<a href='/{nth}'><h3>{goal}</h3><p>So it is. And so it stays.</p></a>"
                for nth, goal in enumerate(LONG)
            ),
            "candidate",
        ),
        ("<div>" + "".join(f'<div class="goal">{goal}</div>' for goal in LONG) + "</div>", "confirmed"),
        ("".join(f"<div><b>{nth}</b><p>{goal}</p></div>" for nth, goal in enumerate(LONG, 1)), "confirmed"),
        (
            "<ul>" + "".join(f"<li><p>{nth}</p><p>{goal}</p></li>" for nth, goal in enumerate(LONG)) + "</ul>",
            "confirmed",
        ),
    ],
)
def test_goals_without_a_list_are_told_by_their_shape(shape: str, tier: str) -> None:
    facts = section("goal", f"<h2>Our goals</h2>{shape}").facts
    assert [(fact.value, fact.tier) for fact in facts] == [(goal, tier) for goal in LONG]


@pytest.mark.parametrize(
    "shape",
    [
        "".join(f"<p>{goal}. We said so last year.</p>" for goal in LONG),
        "".join(f"<p>{goal}.</p>" for goal in LONG),
        "".join(f"<h3>{topic}</h3><p>{goal}.</p>" for topic, goal in zip(("Sun", "Ferry", "Music"), LONG, strict=True)),
        "<p><b>Contact us</b></p><p>By mail.</p><p><b>News</b></p><p>By post.</p><p><b>Team</b></p><p>By boat.</p>",
    ],
)
def test_paragraphs_and_topics_below_a_heading_of_goals_are_none(shape: str) -> None:
    assert values("goal", f"<h2>Our goals</h2>{shape}") == []


def test_a_sentence_that_breaks_off_leads_into_what_stands_right_behind_it() -> None:
    lead, items = "<p>The aims of the circle are to</p>", f"<ul>{''.join(f'<li>{text}</li>' for text in LONG)}</ul>"
    assert values("goal", f"{lead}{items}") == LONG
    assert values("goal", f"{lead}<p>be read in our leaflet.</p>{items}") == []


def test_what_leads_into_several_lists_may_lead_into_one_item() -> None:
    lead = "<h2>{}</h2><p>The Ferry Circle calls for:</p><ul>{}</ul>"
    html = lead.format("Sundays", f"<li>{LONG[1]}</li>") + lead.format(
        "Streets", f"<li>{LONG[0]}</li><li>{LONG[2]}</li>"
    )
    assert values("goal", html) == [LONG[1], LONG[0], LONG[2]]
