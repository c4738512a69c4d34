"""Treaties and declarations a page cites with their year: "het VN-Kinderrechtenverdrag (1989)"."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archive.model import Page
from crawler.extract.finder import Finder
from crawler.extract.labels import MAX_LABEL_LINE
from crawler.extract.organisations import slug
from crawler.extract.registry import extractor
from crawler.items import Treaty

_WORD_BEFORE = re.compile(r"([^\s(),.;:]+)\s*$")
_MAX_WORDS = 14
_MAX_CHARS = 200


@extractor(Treaty, version=2)
def treaties(page: Page, finder: Finder) -> Iterator[Treaty]:  # noqa: ARG001 - every extractor takes both
    words = finder.words
    seen: set[str] = set()
    for line in finder.lines_with(words.stems["treaty"]):
        if line.region in ("nav", "popup") or len(line.text) > MAX_LABEL_LINE:
            continue
        for year in words.phrases.treaty_year.finditer(line.text):
            name = _name_before(line.text[max(0, year.start() - _MAX_CHARS) : year.start()], finder)
            if name is None:
                continue
            key = f"{slug(name)} {year[1] or year[2]}"
            evidence = finder.evidence(
                line.text[line.text.find(name) : year.end()] if name in line.text else name, line
            )
            if key in seen or evidence is None:
                continue
            seen.add(key)
            yield Treaty(
                raw=name,
                value=name,
                position=len(seen) - 1,
                rule="name-and-year",
                evidence=evidence,
                year=int(year[1] or year[2]),
                name_source="text",
            )


def _name_before(text: str, finder: Finder) -> str | None:
    """The capitalised name that ends *text*, its connectors kept and the sentence's own words before it left out."""
    words: list[str] = []
    rest = text
    while len(words) < _MAX_WORDS and (found := _WORD_BEFORE.search(rest)):
        word = found[1]
        if not (word[0].isupper() or word[0].isdigit() or word.casefold() in finder.words.connectors):
            break
        words.insert(0, word)
        rest = rest[: found.start()]
        if rest.rstrip().endswith((",", ";", ":", ".", ")", "(")):
            break
    while words and (not words[0][0].isupper() or finder.words.articles.fullmatch(f"{words[0]} ".strip())):
        words.pop(0)
    name = " ".join(words)
    return name if name and name in text and finder.words.treaty.search(name) else None
