"""Precision and recall on real pages, none of them ours: floors that must not sink, and the figures (``pytest -s``)."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from archive.decoding import decode
from archive.model import Fact, Page
from archive.quotes import stands
from crawler.extract import extract
from crawler.tree import parse

#: section -> precision and recall below which the test fails
FLOORS = {"member": (0.95, 0.95), "goal": (1.0, 1.0), "sponsor": (0.97, 0.97)}
#: share of the sponsors that are named as a person would name them
NAMED_FLOOR = 0.95

pytestmark = pytest.mark.shared


@dataclass
class Score:
    right: int = 0
    found: int = 0
    there: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)

    def add(self, page: str, found: list[str], there: list[str]) -> None:
        both = Counter(found) & Counter(there)
        self.right += both.total()
        self.found += len(found)
        self.there += len(there)
        self.wrong.update(f"{page}: {each}" for each in (Counter(found) - both).elements())
        self.missed.update(f"{page}: {each}" for each in (Counter(there) - both).elements())

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.there if self.there else 1.0


def normal(text: str) -> str:
    folded = unicodedata.normalize("NFKD", unquote(text).casefold().replace("ß", "ss"))
    return re.sub(r"[^a-z0-9]", "", "".join(c for c in folded if not unicodedata.combining(c)))


def facts_of(folder: Path) -> tuple[dict[str, Any], dict[str, tuple[Fact, ...]]]:
    truth = json.loads((folder / "truth.json").read_text("utf-8"))
    body = (folder / "page.html").read_bytes()
    text, charset = decode(body, None)
    page = Page(truth["url"], body, text, charset)
    sections = extract(page, parse(text))
    for section in sections:
        for fact in section.facts:
            assert stands(body, charset, fact.evidence.byte_start, fact.evidence.byte_end, fact.evidence.quote), fact
    return truth["truth"], {section.role: section.facts for section in sections}


def sponsor_of(fact: Fact, truth: list[dict[str, Any]]) -> int | None:
    """Which of the true sponsors a fact is: by its file, its alt, or its name."""
    file = normal((fact.logo_url or "").rpartition("/")[2])
    for nth, each in enumerate(truth):
        names = {normal(name) for name in each.get("names", ())}
        if (
            (each.get("file") and normal(each["file"]) == file)
            or normal(fact.value) in names
            or normal(each.get("alt") or "-") == normal(fact.raw)
        ):
            return nth
    return None


def test_real_pages_are_read_as_well_as_before(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scores = {role: Score() for role in ("member", "goal", "sponsor", "certification")}
    named = nameable = 0
    folders = sorted((shared / "pages").iterdir())
    for folder in folders:
        truth, facts = facts_of(folder)
        scores["member"].add(
            folder.name, [normal(f.value) for f in facts["member"]], [normal(m) for m in truth["members"]]
        )
        scores["goal"].add(folder.name, [normal(f.value) for f in facts["goal"]], [normal(g) for g in truth["goals"]])
        certified = [normal(f.value) for f in facts["certification"]]
        scores["certification"].add(folder.name, certified, [normal(c) for c in truth.get("certifications", ())])
        taken: list[str] = []
        left = list(truth["sponsors"])
        for fact in facts["sponsor"]:
            nth = sponsor_of(fact, left)
            if nth is None:
                taken.append(f"{fact.value} ({fact.raw})")
                continue
            true = left.pop(nth)
            taken.append(str(true))
            names = {normal(name) for name in true.get("names", ())} - {"unknown"}
            if names:
                nameable += 1
                named += normal(fact.value) in names
        scores["sponsor"].add(folder.name, taken, [str(each) for each in truth["sponsors"]])
    with capsys.disabled():
        print(f"\n{len(folders)} pages")
        for role, score in scores.items():
            print(
                f"{role:14} precision {score.precision:.3f} ({score.right}/{score.found})"
                f"  recall {score.recall:.3f} ({score.right}/{score.there})"
            )
        print(f"sponsors named as a person names them: {named}/{nameable}")
    for role, (precision, recall) in FLOORS.items():
        assert scores[role].precision >= precision, scores[role].wrong
        assert scores[role].recall >= recall, scores[role].missed
    assert named >= NAMED_FLOOR * nameable
