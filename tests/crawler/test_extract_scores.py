"""The quality gate: precision and recall on pages whose truth is known, ours and other people's. Floors must not sink."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.decoding import decode
from archive.model import Page
from archive.quotes import stands
from crawler.extract import extract
from crawler.tree import parse
from tests.scores import (
    GOLDEN,
    LANGUAGES,
    ROLES,
    Score,
    ScoredPage,
    golden_pages,
    shared_pages,
    table,
    total,
)

#: section -> precision and recall below which the test fails, over all languages
FLOORS = {"member": (0.98, 0.98), "goal": (1.0, 1.0), "sponsor": (0.97, 0.97), "certification": (1.0, 1.0)}
#: the same for each language alone
LANGUAGE_FLOORS = {"member": (0.95, 0.95), "goal": (1.0, 0.95), "sponsor": (0.95, 0.92), "certification": (1.0, 1.0)}
#: share of the logos that are named as a person would name them
NAMED_FLOOR = 0.95
#: lower: of 21 logos two are abbreviations that only a profile spells out
LANGUAGE_NAMED_FLOOR = 0.9
#: of our own writing, at least
GOLDEN_COUNT = 158
DOCS = Path(__file__).resolve().parents[2] / "docs" / "extraction.md"
#: what a body may be called by a server or a ``meta`` that does not know
LABELS = ("utf-8", "windows-1252", "iso-8859-2", "utf-16le", "shift_jis", "x-user-defined")


def fallen(pages: Iterable[ScoredPage]) -> list[str]:
    """What lies below its floor. Pages that say of a section why it cannot be right yet are held to it elsewhere."""
    pages = tuple(pages)
    found = []
    for role in ROLES:
        found += _below(role, "all", total(pages, role), FLOORS[role], NAMED_FLOOR)
        for language in LANGUAGES:
            sound = [page for page in pages if role not in page.fails]
            score = total(sound, role, language)
            found += _below(role, language, score, LANGUAGE_FLOORS[role], LANGUAGE_NAMED_FLOOR)
    return found


def _below(role: str, language: str, score: Score, floors: tuple[float, float], named: float) -> list[str]:
    found = []
    if score.precision < floors[0]:
        found.append(f"{role}, {language}: precision {score.precision:.3f}, wrong {sorted(score.wrong)}")
    if score.recall < floors[1]:
        found.append(f"{role}, {language}: recall {score.recall:.3f}, missed {sorted(score.missed)}")
    if role == "sponsor" and score.naming < named:
        found.append(f"{role}, {language}: named right {score.naming:.3f}, not {sorted(score.misnamed)}")
    return found


def published(name: str) -> str:
    """The table that docs/extraction.md shows between its markers of that name."""
    text = DOCS.read_text("utf-8")
    found = re.search(rf"<!-- {name} -->\n(.*?)\n<!-- end -->", text, re.DOTALL)
    assert found, f"{DOCS.name} shows no table called {name}"
    return found[1].strip()


def test_golden_pages_are_read_as_well_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    pages = golden_pages()
    with capsys.disabled():
        print(f"\n{len(pages)} golden pages of our own writing\n{table(pages)}")
    assert fallen(pages) == []


@pytest.mark.shared
def test_real_pages_are_read_as_well_as_before(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = shared_pages(shared / "pages")
    with capsys.disabled():
        print(f"\n{len(pages)} pages of others\n{table(pages)}")
    assert fallen(pages) == []
    assert published("pages of others") == table(pages), "copy the table that is printed above into docs/extraction.md"


def test_a_false_fact_and_a_lost_one_bring_the_gate_down() -> None:
    page = next(page for page in golden_pages() if page.truth["goal"] and page.score("goal").faultless)
    without = ScoredPage(page.name, page.language, page.page, page.sections, {**page.truth, "goal": ()}, {})
    assert any(line.startswith("goal, all: precision") for line in fallen([without]))
    section = page.sections["goal"]
    lost = {**page.sections, "goal": type(section)(section.role, "found", section.facts[1:])}
    assert any(line.startswith("goal, all: recall") for line in fallen([ScoredPage(*_but(page, lost))]))


def _but(page: ScoredPage, sections: dict[str, object]) -> tuple[object, ...]:
    return page.name, page.language, page.page, sections, page.truth, page.fails


def test_all_languages_are_judged_on_pages_of_our_own() -> None:
    pages = golden_pages()
    assert len(pages) >= GOLDEN_COUNT
    for language in LANGUAGES:
        assert sum(page.language == language for page in pages) >= 6, language
        for role in ("member", "goal", "sponsor"):
            assert total(pages, role, language).there, (language, role)


def test_a_page_that_lists_nothing_yields_nothing() -> None:
    bare = [page for page in golden_pages() if not any(page.truth.values())]
    assert len(bare) >= 5
    for page in bare:
        assert [fact for role in ROLES for fact in page.sections[role].facts] == [], page.name


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*/*/page.html")), ids=lambda file: file.parent.parent.name)
def test_facts_stand_where_they_say_whatever_the_page_is_called(file: Path, label: str) -> None:
    assert_facts_stand(file.read_bytes(), f"text/html; charset={label}")


@settings(max_examples=80, deadline=None)
@given(file=st.sampled_from(sorted(GOLDEN.glob("*/*/page.html"))), label=st.sampled_from(LABELS), data=st.data())
def test_facts_stand_where_they_say_on_torn_pages(file: Path, label: str, data: st.DataObject) -> None:
    body = file.read_bytes()
    start = data.draw(st.integers(0, len(body) // 2))
    end = data.draw(st.integers(start, len(body)))
    assert_facts_stand(body[start:end], f"text/html; charset={label}")


@pytest.mark.shared
@pytest.mark.parametrize("label", [None, *LABELS])
def test_facts_of_others_pages_stand_whatever_the_page_is_called(shared: Path, label: str | None) -> None:
    for file in sorted((shared / "pages").glob("*/page.html")):
        assert_facts_stand(file.read_bytes(), f"text/html; charset={label}" if label else None)


def assert_facts_stand(body: bytes, content_type: str | None) -> None:
    text, charset = decode(body, content_type)
    for section in extract(Page("http://vereniging.test/leden", body, text, charset), parse(text)):
        for fact in section.facts:
            at = fact.evidence
            assert stands(body, charset, at.byte_start, at.byte_end, at.quote), fact
            assert fact.raw
            assert fact.value
