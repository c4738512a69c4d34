"""Golden pages that come with Bewaar: every profile and extractor has one, and what is found on it is right."""

from __future__ import annotations

import doctest
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

import crawler.golden.record
from archive.model import Fact
from crawler.extract.hints import Hints
from crawler.golden.pages import GoldenPage, Sections, differences, golden_pages, read_golden_page
from crawler.golden.record import profile_named
from crawler.items import KINDS, Member
from crawler.sites.profile_files import list_profiles

PAGES = Path(__file__).resolve().parent.parent / "pages"
#: a profile is for these
READ_BY_A_PROFILE = ("member", "goal", "sponsor")


def hints_of(site: str) -> Hints:
    profile = profile_named(site, None)
    return profile.hints() if profile else Hints()


_READ: dict[tuple[str, str], Sections] = {}


def sections_of(golden: GoldenPage) -> Sections:
    """Read once, however often it is asked for."""
    key = golden.site, golden.name
    if key not in _READ:
        _READ[key] = golden.sections(hints_of(golden.site))
    return _READ[key]


def profiles_without_page(names: Iterable[str], pages: Sequence[GoldenPage]) -> list[str]:
    """Those that find no member, goal or sponsor on a page of theirs that a person said has one."""
    found = {
        golden.site
        for golden in pages
        for role in READ_BY_A_PROFILE
        if golden.truth.get(role) and sections_of(golden)[role].facts
    }
    return sorted(set(names) - found)


def kinds_without_page(kinds: Iterable[type[Fact]], pages: Sequence[GoldenPage]) -> list[str]:
    """Those of which no page has one that a person said is there and the extractor finds."""
    found = {
        kind.role
        for golden in pages
        for kind in KINDS
        if golden.truth.get(kind.role) and sections_of(golden)[kind.role].facts
    }
    return sorted({kind.role for kind in kinds} - found)


def test_every_shipped_profile_has_a_golden_page_on_which_it_finds_something() -> None:
    missing = profiles_without_page((file.name for file in list_profiles()), golden_pages(PAGES))
    assert missing == [], "record one: bewaar savepage URL --site NAME"


def test_every_extractor_has_a_golden_page_on_which_it_finds_something() -> None:
    assert kinds_without_page(KINDS, golden_pages(PAGES)) == [], "name the section in some page.json"


def test_what_has_no_golden_page_is_named() -> None:
    others = [golden for golden in golden_pages(PAGES) if golden.site != "better_care_network"]
    assert profiles_without_page(["better_care_network", "waterkring"], others) == ["better_care_network"]
    assert kinds_without_page(KINDS, []) == sorted(kind.role for kind in KINDS)
    without = [golden for golden in golden_pages(PAGES) if "treaty" not in golden.truth]
    assert "treaty" in kinds_without_page(KINDS, without)


@pytest.mark.parametrize("golden", golden_pages(PAGES), ids=lambda golden: f"{golden.site}/{golden.name}")
def test_what_is_found_on_a_golden_page_is_right(golden: GoldenPage) -> None:
    assert list(differences(golden.truth, sections_of(golden))) == []


def test_examples_in_docstrings_hold() -> None:
    assert doctest.testmod(crawler.golden.record).failed == 0


def test_order_and_number_count(tmp_path: Path) -> None:
    golden = read_golden_page(PAGES / "koorbond" / "leden")
    sections = golden.sections(Hints())
    assert isinstance(sections["member"].facts[0], Member)
    turned = {**golden.truth, "member": golden.truth["member"][::-1]}
    assert len(list(differences(turned, sections))) == 1
    assert "another order" in next(iter(differences(turned, sections)))
