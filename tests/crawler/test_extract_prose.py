"""Names are taken out of sentences as a reader takes them."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.model import Page
from crawler.extract import extract
from crawler.extract.prose import names_in, sentences, without_stop
from crawler.extract.vocabulary import vocabulary
from crawler.tree import parse

DUTCH = vocabulary().language("nl").prose
GERMAN = vocabulary().language("de").prose
ENGLISH = vocabulary().language("en").prose
FRENCH = vocabulary().language("fr").prose


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Plan, Cordaid en Wilde Ganzen.", ["Plan", "Cordaid", "Wilde Ganzen"]),
        ("CARE, ICCO Coöperatie en Kerk in Actie, Plan en Cordaid", ["CARE", "ICCO Coöperatie en Kerk in Actie", "Plan", "Cordaid"]),
        ("ICCO/KerkinActie; Wilde Ganzen, Hilversum; Plan", ["ICCO/KerkinActie", "Wilde Ganzen, Hilversum", "Plan"]),
        ("de Hartstichting, het Rode Kruis en Amnesty", ["Hartstichting", "Rode Kruis", "Amnesty"]),
        ("Wick & Wax, Plan en Terre des Hommes", ["Wick & Wax", "Plan", "Terre des Hommes"]),
        ("Plan, Cordaid en Wilde Ganzen hebben dat afgesproken.", ["Plan", "Cordaid", "Wilde Ganzen"]),
        ("Plan, Cordaid en Kerk in Actie (allen uit Utrecht).", ["Plan", "Cordaid", "Kerk in Actie"]),
        ("Plan (PN), Cordaid (2009), Stop Aids Now!, Hivos", ["Plan (PN)", "Cordaid", "Stop Aids Now!", "Hivos"]),
        ("Defence for Children - ECPAT, Plan - samen sterk", ["Defence for Children - ECPAT", "Plan"]),
        ("SOS\u00a0Kinderdorpen,\u00a0UNICEF Nederland en eHealth", ["SOS\u00a0Kinderdorpen", "UNICEF Nederland", "eHealth"]),
        ("kinderen, ouders en scholen", []),
        ("de volgende drie organisaties Eik, Linde en Wilg", ["Eik", "Linde", "Wilg"]),
        ("", []),
        (" , ; . ", []),
    ],
)  # fmt: skip
def test_dutch_names_are_parted(text: str, names: list[str]) -> None:
    found = names_in(text, DUTCH)
    assert [name.text for name in found] == names
    assert all(text[name.start :].startswith(name.text) for name in found)


def test_conjunction_is_the_languages_own() -> None:
    assert [n.text for n in names_in("Candle Fund, Wick and Wax Society, and Glow", ENGLISH)] == [
        "Candle Fund",
        "Wick and Wax Society",
        "Glow",
    ]
    assert [
        n.text for n in names_in("Lepra- und Tuberkulosehilfe, Brot für die Welt sowie Quellenverein e.V.", GERMAN)
    ] == ["Lepra- und Tuberkulosehilfe", "Brot für die Welt", "Quellenverein e.V."]
    assert [n.text for n in names_in("l'Arche, Pont Vert et Passerelle", FRENCH)] == [
        "Arche",
        "Pont Vert",
        "Passerelle",
    ]


def test_an_article_with_a_capital_is_the_names_own_within_a_sentence() -> None:
    assert [n.text for n in names_in("la Passerelle, Pont Vert et Les Amis du Lac", FRENCH)] == [
        "Passerelle",
        "Pont Vert",
        "Les Amis du Lac",
    ]
    assert [n.text for n in names_in("De Hoop, het Anker en De Wiek", DUTCH)] == ["Hoop", "Anker", "De Wiek"]


def test_compounds_are_flagged_and_years_are_read() -> None:
    names = names_in("ICCO/KerkinActie, Plan (sinds 2010), ICCO en Kerk in Actie, Cordaid en Hivos", DUTCH)
    assert [(n.text, n.compound, n.year) for n in names] == [
        ("ICCO/KerkinActie", True, None),
        ("Plan", False, 2010),
        ("ICCO en Kerk in Actie", True, None),
        ("Cordaid", False, None),
        ("Hivos", False, None),
    ]


@given(st.text(max_size=300), st.sampled_from([DUTCH, GERMAN, ENGLISH, FRENCH]), st.integers(0, 50))
def test_any_text_gives_names_that_stand_in_it(text: str, prose: object, start: int) -> None:
    for name in names_in(text, prose, start=min(start, len(text))):
        assert name.text
        assert text[name.start : name.start + len(name.text)] == name.text


@given(st.text(max_size=300))
def test_sentences_keep_every_word(text: str) -> None:
    found = list(sentences(text, DUTCH.abbreviations))
    assert all(text[s.start : s.start + len(s.text)] == s.text for s in found)
    assert "".join("".join(s.text for s in found).split()) == "".join(text.split())


NAMES = st.lists(
    st.from_regex(r"[A-Z][a-z]{2,9}(?: [A-Z][a-z]{2,9}){0,2}", fullmatch=True), min_size=3, max_size=9, unique=True
)


@given(NAMES)
def test_whatever_names_a_sentence_lists_are_found(names: list[str]) -> None:
    listed = f"Het netwerk bestaat uit de volgende organisaties: {', '.join(names[:-1])} en {names[-1]}."
    found = names_in(listed, DUTCH, start=listed.index(":") + 1)
    assert [name.text for name in found] == names


@pytest.mark.parametrize("name", ["Wereldkinderen;", "Wereldkinderen.", "Wereldkinderen\u00a0, "])
def test_the_lists_own_marks_are_no_part_of_a_name(name: str) -> None:
    assert without_stop(name) == "Wereldkinderen"


def members_of(sentence: str, lang: str = "nl") -> list[str]:
    text = f"<html lang={lang}><p>{html.escape(sentence)}</p>"
    page = Page("http://x.test/", text.encode(), text, "utf-8")
    section = next(section for section in extract(page, parse(text)) if section.role == "member")
    return [fact.value for fact in section.facts if fact.tier == "confirmed"]


@pytest.mark.parametrize(
    ("lang", "sentence", "names"),
    [
        ("nl", "De koepel wordt gevormd door Stichting Eik, Vereniging Linde en Wilgenkring Zuid.", 3),
        ("en", "The network is made up of the following societies: Candle Fund, Wick Society and Glow International.", 3),
        ("de", "Das Bündnis besteht aus folgenden Organisationen: Quellenverein, Stiftung Klarwasser und Bund der Brunnenbauer.", 3),
        ("fr", "Le réseau se compose des associations suivantes : Pont Vert, Arche Commune et Fondation Passerelle.", 3),
        # what is no list of members
        ("nl", "De groep bestaat uit de volgende landen: Kenia, Oeganda, Rwanda en Tanzania.", 0),
        ("nl", "Het bestuur bestaat uit Stichting Eik, Vereniging Linde en Wilgenkring Zuid.", 0),
        ("nl", "Het team bestaat uit Jan Visser, Anna de Boer en Piet Mol.", 0),
        ("nl", "Het netwerk bestaat uit organisaties zoals Stichting Eik, Vereniging Linde en Wilgenkring Zuid.", 0),
        ("nl", "Vroeger bestond de koepel; voormalige leden waren Stichting Eik, Vereniging Linde en Wilgenkring.", 0),
        ("nl", "De taak bestaat uit het bellen, schrijven en bezoeken van leden.", 0),
        ("de", "Das Menü besteht aus Suppe, Fleisch und Kuchen.", 0),
        ("de", "Die Uniform besteht aus Hemd, Hose und Mütze.", 0),
        ("en", "The course consists of Maths, Physics and Latin.", 0),
    ],
)  # fmt: skip
def test_a_sentence_lists_members_only_when_it_says_so(lang: str, sentence: str, names: int) -> None:
    assert len(members_of(sentence, lang)) == names
