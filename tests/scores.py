"""Precision and recall of the extractors, per section and language, over pages whose truth is known.

Two collections: golden pages of our own writing (``tests/pages/SITE/PAGE``) and real pages of others (``../shared/pages``).
A name counts when it is the same after folding case, accents and punctuation; a logo when its file or its name is.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from archive.decoding import decode
from archive.model import Fact, Page, Section
from crawler.extract import Hints, extract
from crawler.golden.record import profile_named
from crawler.tree import parse

GOLDEN = Path(__file__).resolve().parent / "pages"
ROLES = ("member", "goal", "sponsor", "certification")
NO_HINTS = Hints()
LANGUAGES = ("nl", "en", "de", "fr")


@dataclass
class Score:
    right: int = 0
    found: int = 0
    there: int = 0
    #: logos found that have a name, and those of them that are named as a person would name them
    nameable: int = 0
    named: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    misnamed: Counter[str] = field(default_factory=Counter)

    def add(self, other: Score) -> None:
        for each in ("right", "found", "there", "nameable", "named", "wrong", "missed", "misnamed"):
            setattr(self, each, getattr(self, each) + getattr(other, each))

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.there if self.there else 1.0

    @property
    def naming(self) -> float:
        return self.named / self.nameable if self.nameable else 1.0

    @property
    def faultless(self) -> bool:
        return not (self.wrong or self.missed or self.misnamed)


@dataclass(frozen=True)
class Truth:
    """One thing that stands on a page: any of *names* names it; *file* is its logo's; *raw* what an ``alt`` says."""

    names: frozenset[str]
    file: str = ""
    raw: str = ""

    def is_shown_by(self, fact: Fact) -> bool:
        file = normal((fact.logo_url or "").rpartition("/")[2])
        return bool(
            (self.file and self.file == file)
            or normal(fact.value) in self.names
            or (self.raw and self.raw == normal(fact.raw))
        )


@dataclass(frozen=True)
class ScoredPage:
    name: str
    language: str
    page: Page
    sections: Mapping[str, Section]
    truth: Mapping[str, tuple[Truth, ...]]
    #: section -> why it cannot be right yet, where the golden page says so
    fails: Mapping[str, str]

    def score(self, role: str) -> Score:
        score = Score(there=len(self.truth[role]), found=len(self.sections[role].facts))
        left = list(self.truth[role])
        for fact in self.sections[role].facts:
            true = next((each for each in left if each.is_shown_by(fact)), None)
            if true is None:
                score.wrong[f"{self.name}: {fact.value} ({fact.tier}, {fact.rule})"] += 1
                continue
            left.remove(true)
            score.right += 1
            if fact.logo_url and true.names:
                score.nameable += 1
                score.named += normal(fact.value) in true.names
                if normal(fact.value) not in true.names:
                    score.misnamed[f"{self.name}: {fact.value}, not {min(true.names)}"] += 1
        score.missed.update(f"{self.name}: {', '.join(sorted(each.names)) or each.file}" for each in left)
        return score


def normal(text: str) -> str:
    folded = unicodedata.normalize("NFKD", unquote(text).casefold().replace("ß", "ss"))
    return re.sub(r"[^a-z0-9]", "", "".join(c for c in folded if not unicodedata.combining(c)))


def named(*names: str, file: str | None = None, raw: str | None = None) -> Truth:
    spoken = frozenset(normal(name) for name in names if name != "unknown")
    return Truth(spoken, normal(file or ""), normal(raw or ""))


def any_of(names: str | list[str]) -> list[str]:
    """The names a golden page accepts for one thing: it states one, or a list of them."""
    return [names] if isinstance(names, str) else names


def golden_truth(stated: dict[str, Any]) -> dict[str, tuple[Truth, ...]]:
    sponsors = stated["sponsor"]
    logos = stated.get("logos", [None] * len(sponsors))
    return {
        "member": tuple(named(name) for name, _kind in stated["member"]),
        "goal": tuple(named(goal) for goal in stated["goal"]),
        "sponsor": tuple(named(*any_of(names), file=file) for names, file in zip(sponsors, logos, strict=True)),
        "certification": tuple(named(*any_of(names)) for names in stated.get("certification", ())),
    }


def shared_truth(stated: dict[str, Any]) -> dict[str, tuple[Truth, ...]]:
    return {
        "member": tuple(named(name) for name in stated["members"]),
        "goal": tuple(named(goal) for goal in stated["goals"]),
        "sponsor": tuple(
            named(*each.get("names", ()), file=each.get("file"), raw=each.get("alt")) for each in stated["sponsors"]
        ),
        "certification": tuple(named(badge) for badge in stated.get("certifications", ())),
    }


def read(folder: Path, url: str, content_type: str | None, hints: Hints = NO_HINTS) -> tuple[Page, dict[str, Section]]:
    body = (folder / "page.html").read_bytes()
    text, charset = decode(body, content_type)
    page = Page(url, body, text, charset)
    return page, {section.role: section for section in extract(page, parse(text), hints)}


@cache
def golden_pages() -> tuple[ScoredPage, ...]:
    return tuple(_golden_pages())


def _golden_pages() -> Iterator[ScoredPage]:
    for file in sorted(GOLDEN.glob("*/*/page.json")):
        stated = json.loads(file.read_text("utf-8"))
        profile = profile_named(file.parent.parent.name, None)
        hints = profile.hints() if profile else NO_HINTS
        page, sections = read(file.parent, stated["url"], "text/html", hints)
        name = f"{file.parent.parent.name}/{file.parent.name}"
        yield ScoredPage(name, stated["language"], page, sections, golden_truth(stated), stated.get("fails", {}))


@cache
def shared_pages(folder: Path) -> tuple[ScoredPage, ...]:
    return tuple(_shared_pages(folder))


def _shared_pages(folder: Path) -> Iterator[ScoredPage]:
    for place in sorted(folder.iterdir()):
        stated = json.loads((place / "truth.json").read_text("utf-8"))
        page, sections = read(place, stated["url"], None)
        yield ScoredPage(place.name, stated["lang"], page, sections, shared_truth(stated["truth"]), {})


def total(pages: Iterable[ScoredPage], role: str, language: str | None = None) -> Score:
    score = Score()
    for page in pages:
        if language in (None, page.language):
            score.add(page.score(role))
    return score


def table(pages: Iterable[ScoredPage]) -> str:
    """A Markdown table: a row per section and language that has anything, and one per section over all languages."""
    pages = tuple(pages)
    lines = ["| section | language | pages | precision | recall | logo names right |", "|-|-|-:|-|-|-|"]
    for role in ROLES:
        for language in (*LANGUAGES, None):
            score = total(pages, role, language)
            count = sum(language in (None, page.language) for page in pages)
            if not (score.there or score.found):
                continue
            lines.append(
                f"| {role} | {language or 'all'} | {count}"
                f" | {ratio(score.right, score.found)} | {ratio(score.right, score.there)}"
                f" | {ratio(score.named, score.nameable) if score.nameable else ''} |"
            )
    return "\n".join(lines)


def ratio(part: int, whole: int) -> str:
    return f"{part / whole:.3f} ({part}/{whole})" if whole else "none"
