"""Golden pages, in our own words: every folder of tests/pages/SITE/PAGE holds a page and what stands on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from archive.decoding import decode
from archive.model import Page, Section
from archive.quotes import stands
from crawler.extract import VERSIONS, Hints, extract
from crawler.golden.record import profile_named
from crawler.items import KINDS
from crawler.tree import parse
from tests.scores import any_of

NO_HINTS = Hints()
PAGES = Path(__file__).resolve().parent.parent / "pages"
FOLDERS = sorted(folder.parent for folder in PAGES.glob("*/*/page.json"))
#: a page, the sections found on it, and what it states of them
Golden = tuple[Page, dict[str, Section], dict[str, Any]]


def sections_of(
    body: bytes, url: str, hints: Hints = NO_HINTS, told: str | None = None
) -> tuple[Page, dict[str, Section]]:
    """*told*: the charset that the Content-Type header gave."""
    text, charset = decode(body, f"text/html; charset={told}" if told else "text/html")
    page = Page(url, body, text, charset)
    return page, {section.role: section for section in extract(page, parse(text), hints)}


def stated(folder: Path) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads((folder / "page.json").read_text("utf-8"))
    return truth


def failing(role: str) -> pytest.MarkDecorator:
    """Every golden page; those that say of this section why it cannot be right yet are expected to fail."""
    pages = []
    for folder in FOLDERS:
        why = stated(folder).get("fails", {}).get(role)
        marks = [pytest.mark.xfail(strict=True, reason=why)] if why else []
        pages.append(pytest.param(folder, id=f"{folder.parent.name}/{folder.name}", marks=marks))
    return pytest.mark.parametrize("golden", pages, indirect=True)


@pytest.fixture(params=FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def golden(request: pytest.FixtureRequest) -> Golden:
    folder: Path = request.param
    truth = stated(folder)
    profile = profile_named(folder.parent.name, None)
    hints = profile.hints() if profile else NO_HINTS
    page, sections = sections_of((folder / "page.html").read_bytes(), truth["url"], hints, truth.get("charset"))
    return page, sections, truth


def first_names(names: list[str | list[str]], found: list[str]) -> list[str]:
    """What is expected, with the name that was found where the page accepts several."""
    if len(names) != len(found):
        return [any_of(each)[0] for each in names]
    return [value if value in any_of(each) else any_of(each)[0] for each, value in zip(names, found, strict=True)]


@failing("member")
def test_members_are_those_of_the_page(golden: Golden) -> None:
    _page, sections, truth = golden
    # What only weak words announce, a page says, is for a person to look at.
    members = [fact for fact in sections["member"].facts if fact.tier == truth.get("tier", "confirmed")]
    assert [[fact.value, fact.kind] for fact in members] == truth["member"]
    if "years" in truth:
        assert [fact.year for fact in members] == truth["years"]
    if "places" in truth:
        assert [fact.place for fact in members] == truth["places"]
    if "chair" in truth:
        assert [[fact.value, fact.chair_since] for fact in members if fact.chair] == [truth["chair"]]


@failing("goal")
def test_goals_are_those_of_the_page(golden: Golden) -> None:
    _page, sections, truth = golden
    assert [fact.value for fact in sections["goal"].facts] == truth["goal"]


@failing("sponsor")
def test_sponsors_are_those_of_the_page(golden: Golden) -> None:
    _page, sections, truth = golden
    found = [fact.value for fact in sections["sponsor"].facts]
    assert found == first_names(truth["sponsor"], found)
    if "beneficiary" in truth:
        assert {fact.beneficiary for fact in sections["sponsor"].facts} == {truth["beneficiary"]}


def test_the_rest_is_that_of_the_page(golden: Golden) -> None:
    _page, sections, truth = golden
    for role in ("certification", "purpose"):
        if role in truth:
            found = [fact.value for fact in sections[role].facts]
            assert found == first_names(truth[role], found)
    if "treaty" in truth:
        assert [[fact.value, fact.year] for fact in sections["treaty"].facts] == truth["treaty"]
    for role, state in truth.get("states", {}).items():
        assert sections[role].state == state


def test_every_fact_stands_where_its_evidence_says(golden: Golden) -> None:
    page, sections, _truth = golden
    for section in sections.values():
        for fact in section.facts:
            at = fact.evidence
            assert stands(page.body, page.charset, at.byte_start, at.byte_end, at.quote), fact
            assert fact.raw
            assert fact.value


def test_a_page_has_one_section_of_every_kind(golden: Golden) -> None:
    _page, sections, _truth = golden
    assert list(sections) == [kind.role for kind in KINDS]
    assert all((section.state == "found") == bool(section.facts) for section in sections.values())


def test_every_kind_has_an_extractor_with_a_version() -> None:
    assert set(VERSIONS) == {kind.role for kind in KINDS}
    assert all(version >= 1 for version in VERSIONS.values())


def test_positions_count_from_nought(golden: Golden) -> None:
    _page, sections, _truth = golden
    for section in sections.values():
        assert [fact.position for fact in section.facts] == list(range(len(section.facts)))


def test_links_that_read_the_same_have_each_their_own_place() -> None:
    body = (
        b"<nav><a href=/x>Website</a></nav><h1>Links</h1>"
        b"<p>Een <a href='http://een.test/'>Website</a></p><p><a href='http://twee.test/'>Website</a></p>"
        b"<p><a href='http://drie.test/'>Website</a></p>"
    )
    page, sections = sections_of(body, "http://bond.test/")
    for fact in sections["link"].facts:
        assert fact.href is not None
        assert page.body[: fact.evidence.byte_start].endswith(f"<a href='{fact.href}'>".encode())
    assert len(sections["link"].facts) == 3


def test_year_of_a_member_is_set_off_or_announced() -> None:
    names = "VV Klaver 1921", "Zangkoor Luid, sinds 1999", "Stichting Lamp (opgericht in 1950)", "Bond Wiek (2004)"
    body = "<h2>Onze leden</h2><ul>" + "".join(f"<li>{name}</li>" for name in names) + "</ul>"
    _page, sections = sections_of(body.encode(), "http://bond.test/")
    assert [(fact.value, fact.year) for fact in sections["member"].facts] == [
        ("VV Klaver 1921", None),
        ("Zangkoor Luid", 1999),
        ("Stichting Lamp", None),
        ("Bond Wiek", 2004),
    ]
