"""Names listed in a sentence behind a cue, and how sure it is that they are what the cue says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crawler.extract.finder import Finder
from crawler.extract.labels import Label
from crawler.extract.language import Language
from crawler.extract.names import (
    are_countries,
    are_persons,
    called_organisations,
    is_name,
    is_spelt_as_name,
    organisation_like,
)
from crawler.extract.prose import Name, Sentence, names_in, sentences
from crawler.extract.vocabulary import vocabulary

#: a colon this far behind the cue still opens its list: "bestaat uit de volgende organisaties, sinds 2007 ook X:"
_COLON_CHARS = 90

#: with fewer a paragraph lists nothing
_SEPARATORS = 2
_LIKELY = 0.5


@dataclass(frozen=True, slots=True)
class Listing:
    names: tuple[Name, ...]
    #: the organisation the sentence sets beside the list: "naast X", whose list it is
    host: str | None
    confidence: float


def listing(label: Label, finder: Finder) -> Listing | None:
    """The names behind *label* in its own sentence; None when what stands there is no list of organisations."""
    language = label.language or finder.words.language(finder.lang)
    sentence = _sentence_of(label, language)
    if sentence is None:
        return None
    cue_end = label.end - sentence.start
    colon = sentence.text.find(":", max(cue_end - 1, 0), cue_end + _COLON_CHARS)
    start = colon + 1 if colon >= 0 else cue_end
    names = names_in(sentence.text, language.prose, start=start)
    if len(names) < 2 or not all(is_name(name.text) for name in names):
        return None
    confidence = _confidence(sentence.text[:start], names, language)
    return None if confidence is None else Listing(names, host_in(sentence.text[:start], language), confidence)


def one_named(text: str, language: Language) -> Name | None:
    """The one organisation that *text* names first, where it says what it is: "das Amt mit Mitteln des Landes"."""
    names = names_in(vocabulary().phrases.means.split(text, maxsplit=1)[0].strip(), language.prose)
    said = names[0].text if len(names) == 1 else ""
    # In small letters: an abbreviation may be a program, too.
    body = called_organisations([said.lower()]) > 0 or vocabulary().phrases.funder.search(said) is not None
    told = said and is_name(said) and body and is_spelt_as_name(said)
    return names[0] if told and not are_persons([said]) else None


def enumerated(text: str, language: Language) -> tuple[Name, ...]:
    """The names of organisations that *text* is made of, and of nothing else: a paragraph under a heading."""
    if text.count(",") + text.count(";") < _SEPARATORS:
        return ()
    names = names_in(text, language.prose)
    texts = [name.text for name in names]
    if len(names) <= _SEPARATORS or not all(map(is_name, texts)) or are_persons(texts) or are_countries(texts):
        return ()
    if all(map(is_spelt_as_name, texts)):
        return names if organisation_like(texts) >= _LIKELY else ()
    # Names that go on small say first what they are: "Société d'histoire du pays".
    kinds = [called_organisations([name.split()[0]]) > 0 for name in texts]
    spelt = sum(kind or is_spelt_as_name(name) for kind, name in zip(kinds, texts, strict=True))
    return names if sum(kinds) * 2 > len(texts) and spelt * 4 >= len(texts) * 3 else ()


def announces_organisations(lead: str) -> bool:
    phrases = vocabulary().phrases
    return phrases.organisations.search(lead) is not None or phrases.network.search(lead) is not None


def host_in(lead: str, language: Language) -> str | None:
    """The one organisation that "naast X" names."""
    for host in language.hosts:
        if found := host.search(lead):
            names = names_in(found["host"], language.prose)
            if len(names) == 2 and "," not in found["host"]:
                # "outre Source et Partage": one name more likely than two hosts.
                return found["host"][names[0].start : names[1].start + len(names[1].text)]
            return names[0].text if len(names) == 1 else None
    return None


def _sentence_of(label: Label, language: Language) -> Sentence | None:
    every = sentences(label.line.text, language.prose.abbreviations)
    return next((s for s in every if s.start <= label.start and label.end <= s.start + len(s.text)), None)


def _confidence(lead: str, names: Sequence[Name], language: Language) -> float | None:
    """Evidence for and against, summed; None when it is against."""
    prose = language.prose
    texts = [name.text for name in names]
    if any(pattern.search(lead) for pattern in (prose.subject, prose.example, prose.former)):
        return None
    if are_persons(texts) or are_countries(texts):
        return None
    likely = organisation_like(texts)
    announced = vocabulary().phrases.organisations.search(lead) is not None
    # Nothing says that organisations follow, and the names do not look it: parts of a machine are listed like this.
    network = vocabulary().phrases.network.search(lead) is not None
    told = announced or (network and lead.endswith(":"))
    if not told and (likely < 0.5 or (language.code == "de" and likely < 1)):
        return None
    return round(min(0.95, 0.35 + 0.3 * announced + 0.15 * network + 0.3 * likely), 2)
