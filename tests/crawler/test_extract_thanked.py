"""Bodies that are thanked in prose below a label of sponsors, in each of the four languages; never persons."""

from __future__ import annotations

import pytest

from crawler.extract.names import is_name
from tests.crawler.test_extract_pages import sections_of


@pytest.mark.parametrize(
    ("lang", "prose"),
    [
        ("nl", "Onze boot kost geld. Graag willen wij Verfhuis Kade BV hartelijk bedanken voor de verf."),
        ("en", "Our boat costs money. We thank Verfhuis Kade BV for the paint, and Mary Miller for the tea."),
        ("de", "Unser Boot kostet Geld. Wir danken der Verfhuis Kade BV für die Farbe und Peter Müller für den Tee."),
        ("fr", "Notre bateau coûte cher. Nous remercions la Verfhuis Kade BV pour la peinture."),
    ],
)
def test_a_body_that_is_thanked_in_prose_is_a_candidate(lang: str, prose: str) -> None:
    body = f"<html lang={lang}><h1>Boot</h1><h2>Sponsors</h2><p>{prose}</p></html>".encode()
    found = sections_of(body, "http://boot.test/")[1]["sponsor"].facts
    assert [(fact.value, fact.tier, fact.rule) for fact in found] == [("Verfhuis Kade BV", "candidate", "thanked")]


@pytest.mark.parametrize(
    "lead",
    ["Wij bedanken in het bijzonder:", "We would like to thank especially", "Unser Dank gilt", "Nous remercions :"],
)
def test_headings_behind_thanks_name_whom_they_thank(lead: str) -> None:
    names = ["Verfhuis Kade BV", "Stichting Anker", "Museum Sluis"]
    assert all(map(is_name, names))
    heads = "".join(f"<h3>{name}</h3><p>Sinds jaar en dag.</p>" for name in names)
    told = "<h1>Boot</h1><p>Vaart.</p>"
    for html, expected in ((f"<p>{lead}</p>{heads}", names), (f"<p>{lead} U.</p>{heads}", [])):
        found = sections_of(f"{told}{html}".encode(), "http://boot.test/")[1]["sponsor"].facts
        assert [fact.value for fact in found] == expected
