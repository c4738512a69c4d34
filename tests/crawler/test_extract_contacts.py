"""Mail addresses, telephone numbers and postal addresses, as pages of four languages write them; and what is none."""

from __future__ import annotations

import pytest

from archive.model import Page
from archive.quotes import stands
from crawler.extract import extract
from crawler.tree import parse


def found(body: str) -> list[tuple[str | None, str]]:
    page = Page("http://een.test/contact", body.encode(), body, "utf-8")
    section = next(section for section in extract(page, parse(body)) if section.role == "contact")
    for fact in section.facts:
        at = fact.evidence
        assert stands(page.body, page.charset, at.byte_start, at.byte_end, at.quote)
    return [(fact.kind, fact.value) for fact in section.facts]


@pytest.mark.parametrize(
    ("body", "contact"),
    [
        ("<a href='mailto:Bestuur@Een.TEST?subject=x'>mail ons</a>", ("email", "Bestuur@een.test")),
        ("<p>Mail naar info@vereniging-een.test.</p>", ("email", "info@vereniging-een.test")),
        ("<a href='tel:+31-71-123%204567'>bel</a>", ("phone", "+31711234567")),
        ("<p>T: 071 - 123 45 67</p>", ("phone", "0711234567")),
        ("<p>Tel.: +49 (0)30 123 45-0</p>", ("phone", "+4930123450")),
        ("<p>Telefoonnummer 0800-1234567</p>", ("phone", "08001234567")),
        ("<p>Tél. : 01 23 45 67 89</p>", ("phone", "0123456789")),
        ("<p>Phone (weekdays): 020 7946 0000</p>", ("phone", "02079460000")),
        ("<p>Hooigracht 12a<br>2312 AB Leiden</p>", ("address", "Hooigracht 12a, 2312 AB Leiden")),
        ("<p>Bezoekadres: Postbus 12, 2300 AA Leiden</p>", ("address", "Postbus 12, 2300 AA Leiden")),
        ("<p>Postbus 12, 2300 AA Leiden</p>", ("address", "Postbus 12, 2300 AA Leiden")),
        ("<div><p>Am Brunnen 4</p><p>D-12345 Bad Musterstadt</p></div>", ("address", "Am Brunnen 4, D-12345 Bad Musterstadt")),
        ("<p>12 bis, rue des Ponts, 75001 Paris</p>", ("address", "12 bis, rue des Ponts, 75001 Paris")),
        ("<p>10 Lantern Lane<br/>Milltown AB1 2CD</p>", ("address", "10 Lantern Lane, Milltown AB1 2CD")),
    ],
)  # fmt: skip
def test_contact_is_read_as_pages_write_it(body: str, contact: tuple[str, str]) -> None:
    assert found(body) == ([contact])


@pytest.mark.parametrize(
    "body",
    [
        "<p>Zie logo@2x.png en @vereniging op de bekende plaatsen.</p>",
        "<p>Sinds 1989 Verdrag van de kinderen, in 2016 Voorzitter.</p>",
        "<p>Hotel 12<br>kamers</p><p>In 2003 Leden en vrienden</p>",
        "<p>Tel uit: 12 leden, 3 partners</p>",
        "<a href='mailto:'>leeg</a><a href='mailto:?subject=deel'>deel</a><a href='tel:112'>112</a>",
        "<p>Rekening NL00 BANK 0123 4567 89</p>",
    ],
)
def test_what_only_looks_like_a_contact_is_none(body: str) -> None:
    assert found(body) == []


def test_each_contact_stands_once_however_often_a_page_says_it() -> None:
    body = "<a href='mailto:info@een.test'>info@een.test</a><footer>info@een.test</footer>"
    assert found(body) == [("email", "info@een.test")]
