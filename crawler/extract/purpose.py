"""Sentences that say what the organisation is for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from archive.model import Page
from crawler.extract.dom import Line
from crawler.extract.finder import Finder
from crawler.extract.prose import sentences
from crawler.extract.registry import extractor
from crawler.items import Purpose

_MAX_SENTENCES = 10
_MIN_CHARS, _MAX_CHARS = 30, 700
#: of a heading, escaped for a pattern, that is an organisation's name
_NAME_CHARS = 80


@extractor(Purpose, version=2)
def purposes(page: Page, finder: Finder) -> Iterator[Purpose]:  # noqa: ARG001 - every extractor takes both
    others = [each for language in finder.words.languages if (each := language.not_labels.get("purpose"))]
    position = 0
    own = [finder.heading.lower()] if finder.heading else []
    for line in finder.lines_with(finder.words.stems["purpose"], own):
        if line.region not in ("main", "aside", "header") or line.level or not _MIN_CHARS <= len(line.text) <= 5000:
            continue
        cues = [] if line.block.tag == "li" else [cue for cue in _cues(line, finder) if cue.search(line.text)]
        if not cues:
            continue
        for sentence in sentences(line.text, finder.words.language(finder.lang).prose.abbreviations):
            text = sentence.text
            if (
                not _MIN_CHARS <= len(text) <= _MAX_CHARS
                or text.endswith((":", "?"))
                or not any(cue.search(text) for cue in cues)
            ):
                continue
            if any(other.search(text) for other in others):
                continue
            evidence = finder.evidence(text, line)
            if evidence is None or position >= _MAX_SENTENCES:
                continue
            yield Purpose(
                raw=text,
                value=unicodedata.normalize("NFC", text),
                position=position,
                rule="cue",
                evidence=evidence,
                confidence=0.8,
                name_source="text",
            )
            position += 1


def _cues(line: Line, finder: Finder) -> Iterator[re.Pattern[str]]:
    """The patterns that may say in that line what somebody is for."""
    text = line.text
    lowered = text.lower()
    for language, stems in finder.spoken("purpose"):
        cue = language.cues.get("purpose")
        if cue is not None and line in finder.may_match(cue) and any(stem in lowered for stem in stems):
            yield cue
    name, phrases = re.escape(finder.heading or ""), finder.words.phrases
    named = name and len(name) <= _NAME_CHARS and (finder.heading or "").lower() in lowered
    if named and phrases.wanting.search(text):
        # The organisation the page is about, by its heading, wants something.
        wants, articles = phrases.wants, phrases.articles
        yield re.compile(rf"\b(?:{wants}) (?:(?:{articles}) )?{name}\b|\b{name} (?:{wants})\b", re.IGNORECASE)
