"""Names out of running text: "bestaat naast A uit de volgende organisaties: B, C/D, E en F".

A sentence is all that is looked at, and nothing is looked up: a name is what the sentence treats as one. Names keep
their place in the text, so that the evidence for a name is the text as it stands.

>>> dutch = vocabulary().language("nl").prose
>>> [name.text for name in names_in("de zeven hulporganisaties CARE, Plan en Kerk in Actie hebben dat gedaan.", dutch)]
['CARE', 'Plan', 'Kerk in Actie']
>>> [name.text for name in names_in("ICCO/KerkinActie; Lepra- und Tuberkulosehilfe; Wilde Ganzen", dutch)]
['ICCO/KerkinActie', 'Lepra- und Tuberkulosehilfe', 'Wilde Ganzen']
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from crawler.extract.language import Prose
from crawler.extract.names import called_organisations, has_own_stop
from crawler.extract.vocabulary import vocabulary

#: beyond these nobody wrote a sentence, or a list of names in one
MAX_SENTENCE_CHARS = 3000
MAX_NAMES = 200
#: with more words a clause was taken for a name
MAX_NAME_WORDS = 9
#: "(KWF)" is part of a name; what is longer is a remark on it
MAX_ABBREVIATION_CHARS = 12

_END_OF_SENTENCE = re.compile(r"[.!?…]+[\"'”’»)]*(?=\s|$)")
_ABBREVIATION = re.compile(r"(?:^|[\s(])((?:\w+\.\s?)*\w+)\.$")
#: a clause that says something of the names ends their list; so does the sentence
_END_OF_LIST = re.compile(r"\s[–—-]\s|[:(?]|[.!]+$|\.\s")
_PARENTHESIS = re.compile(r"\(([^()]{0,40})\)")
#: "(sinds 1683!)": told of a name, while "(KWF)" is part of it
_REMARK = re.compile(r"\s*\([a-zà-ÿ][^()]{0,40}\)$")
#: with fewer there is no list that a clause may end
_FEW = 2
#: "Lepra- und Tuberkulosehilfe": a word that waits for its end
_ELLIPTIC = re.compile(r"\w-\s*$")
#: "Fromages d'estive"
_ELIDED = re.compile(r"[dl]['’]\w")
_WORD = re.compile(r"\S+")
_QUOTES = (("„", "“”"), ("“", "”"), ("«", "»"), ('"', '"'))
_AROUND_NAMES = "\u200b\ufeff ,;•\"'“”„«»\u00a0"


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    #: its offset in the text it was taken from
    start: int


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    #: its offset in the text it was taken from
    start: int
    #: two organisations perhaps: joined by a slash, or by a conjunction that parts no names here
    compound: bool = False
    #: since when it is listed, where the list says so
    year: int | None = None


def sentences(text: str, abbreviations: frozenset[str]) -> Iterator[Sentence]:
    """The sentences of *text*. No abbreviation ends one, nor does a stop before a small letter or inside a name.

    >>> [s.text for s in sentences("Zorg, o.a. door familie. Stop Aids Now!, Plan en meer. Ja!", frozenset(["o.a"]))]
    ['Zorg, o.a. door familie.', 'Stop Aids Now!, Plan en meer.', 'Ja!']
    """
    start = 0
    for stop in _END_OF_SENTENCE.finditer(text):
        if text[stop.end() :].lstrip()[:1].islower() or _abbreviates(text[start : stop.start() + 1], abbreviations):
            continue
        yield from _sentence(text, start, stop.end())
        start = stop.end()
    yield from _sentence(text, start, len(text))


def names_in(text: str, prose: Prose, *, start: int = 0) -> tuple[Name, ...]:
    """The names that *text* enumerates from *start* on; none when what stands there is no list of names.

    ``;`` beats ``,``. The conjunction parts only the last two, and ``&``, ``/`` and an elliptic hyphen part nothing.
    """
    end = _end_of_list(text, start, prose.abbreviations)
    separator = ";" if text.find(";", start, end) >= 0 else ","
    stops = [start - 1, *(at for at in range(start, end) if text[at] == separator), end]
    chunks = [(before + 1, stop) for before, stop in pairwise(stops)]
    if len(chunks) > MAX_NAMES:
        return ()
    while len(chunks) > _FEW and _is_clause(text, *chunks[-1], prose):
        # "A, B en C, met hulp van vele anderen"
        chunks.pop()
    chunks = [*chunks[:-1], *_part(text, *chunks[-1], prose)]
    chunks[0] = (_behind_announcement(text, *chunks[0], prose), chunks[0][1])
    # Where others go on small, so may the last: "Institut du patrimoine maritime".
    tailed = not any(_goes_on_small(text[begin:stop], prose) for begin, stop in chunks[:-1])
    names = [_name(text, *chunk, prose, may_have_tail=tailed and chunk is chunks[-1]) for chunk in chunks]
    return tuple(name for name in names if name is not None) if names[0] is not None else ()


def _sentence(text: str, start: int, end: int) -> Iterator[Sentence]:
    whole = text[start:end]
    if stripped := whole.strip():
        yield Sentence(stripped[:MAX_SENTENCE_CHARS], start + len(whole) - len(whole.lstrip()))


def _abbreviates(begun: str, abbreviations: frozenset[str]) -> bool:
    """Whether the stop that ends *begun* belongs to its last word: "o.a.", "dr.", "J."."""
    found = _ABBREVIATION.search(begun[-16:])
    word = found[1].lower() if found else ""
    return len(word) == 1 or word in abbreviations or word.rpartition(" ")[2] in abbreviations


def _end_of_list(text: str, start: int, abbreviations: frozenset[str]) -> int:
    for stop in _END_OF_LIST.finditer(text, start):
        mark = stop[0].strip()
        if mark == "(" and (aside := _PARENTHESIS.match(text, stop.start())):
            if len(aside[1]) <= MAX_ABBREVIATION_CHARS or vocabulary().phrases.since.fullmatch(aside[0]):
                continue
        elif mark in ("-", "–", "—") and not text[stop.end() : stop.end() + 1].islower():
            # "ECPAT - Nederland" is one name; a remark begins small.
            continue
        elif mark == "." and (
            has_own_stop(text[: stop.start() + 1]) or _abbreviates(text[: stop.start() + 1], abbreviations)
        ):
            continue
        return stop.start()
    return len(text)


def _part(text: str, start: int, end: int, prose: Prose) -> list[tuple[int, int]]:
    """The last chunk, parted at its last conjunction between names: "Plan en Kerk in Actie en Wilde Ganzen"."""
    joined = list(prose.conjunction.finditer(text, max(start - 1, 0), end))
    strong = [found for found in joined if prose.strong_conjunction.fullmatch(found[0])]
    for found in reversed(strong or joined):
        if found.start() <= start:
            # ", en Wilde Ganzen": the comma has parted it already.
            return [(found.end(), end)]
        if _begins_item(text, found.end(), end, prose) and not _ELLIPTIC.search(text[start : found.start()]):
            # "B und C sowie D": the weaker one parts what stands before the stronger, and nothing behind it.
            before = _part(text, start, found.start(), prose) if strong else [(start, found.start())]
            return [*before, (found.end(), end)]
    if strong and strong[0].start() > start:
        # "B und C sowie viele andere"
        return _part(text, start, strong[0].start(), prose)
    return [(start, end)]


def _begins_item(text: str, start: int, end: int, prose: Prose) -> bool:
    at = _behind_announcement(text, start, end, prose)
    article = prose.article.match(text, at, end)
    return _begins_name(text[article.end() if article else at : end])


def _is_clause(text: str, start: int, end: int, prose: Prose) -> bool:
    """Whether what stands behind the last comma begins small, and goes on with no list."""
    at = start + len(text[start:end]) - len(text[start:end].lstrip())
    return not (prose.conjunction.match(text, start, end) or _begins_item(text, at, end, prose))


def _behind_announcement(text: str, start: int, end: int, prose: Prose) -> int:
    """Past "de volgende zeven organisaties": an article, and words that announce."""
    at = start + len(text[start:end]) - len(text[start:end].lstrip())
    article = prose.article.match(text, at, end)
    announced = after = article.end() if article else at
    while word := prose.announcer.match(text, announced, end):
        announced = word.end()
    return announced if announced > after else at


def _name(text: str, start: int, end: int, prose: Prose, *, may_have_tail: bool) -> Name | None:
    while start < end and text[start] in _AROUND_NAMES:
        start += 1
    article = prose.article.match(text, start, end)
    if article and not (text[start].isupper() and text[:start].rstrip(_AROUND_NAMES)):
        # "A, B et Les Amis": with a capital within a sentence it is the name's own.
        start = article.end()
    announced = prose.announcer.match(text, start, end)
    if announced and text[start].islower() and _begins_name(text[announced.end() : end]):
        # "l'association Les Amis"
        start = announced.end()
    name = text[start:end]
    year = vocabulary().phrases.since.search(name)
    name = without_stop(name[: year.start()] if year else _REMARK.sub("", name))
    if may_have_tail:
        name = _without_tail(name, prose)
    if not _begins_name(name) or len(_WORD.findall(name)) > MAX_NAME_WORDS:
        return None
    joined = prose.conjunction.search(name)
    compound = "/" in name or (joined is not None and _begins_name(name[joined.end() :]))
    return Name(name, start, compound, int(year[1]) if year else None)


def without_stop(name: str) -> str:
    """A name without what a list or a sentence puts behind it.

    >>> without_stop("Wereldkinderen; "), without_stop("Quellenverein e.V."), without_stop("Kreis „Süd“,")
    ('Wereldkinderen', 'Quellenverein e.V.', 'Kreis „Süd“')
    """
    bare = name.rstrip(_AROUND_NAMES)
    if not has_own_stop(bare):
        bare = name.rstrip(_AROUND_NAMES + ".")
    behind = name[len(bare) : len(bare) + 1]
    # 'Hackbrettkreis „Süd“': that mark closes what the name opened.
    closes = any(behind and behind in closing and bare.count(opening) % 2 for opening, closing in _QUOTES)
    return bare + behind if closes else bare


def _without_tail(name: str, prose: Prose) -> str:
    """Cut at the first small word that names do not hold: "Wilde Ganzen hebben dat besloten"."""
    connectors = vocabulary().connectors
    words = list(_WORD.finditer(name))
    small = _small_word(words, prose)
    if small == 1 and called_organisations([name[: words[1].end()]]) > called_organisations([words[0][0]]):
        # "Mission locale du Pays d'Orb"
        return name
    words = words[:small]
    # A connector that is left at the end joined the name to what was cut.
    while len(words) > 1 and words[-1][0] in connectors and not has_own_stop(words[-1][0]):
        words.pop()
    return without_stop(name[: words[-1].end()]) if words else ""


def _goes_on_small(text: str, prose: Prose) -> bool:
    words = list(_WORD.finditer(text.strip(_AROUND_NAMES)))
    return _small_word(words, prose) is not None and called_organisations([text]) > 0


def _small_word(words: Sequence[re.Match[str]], prose: Prose) -> int | None:
    """Which of the words of a name is the first that begins small and that names do not hold."""
    connectors = vocabulary().connectors
    for nth, word in enumerate(words):
        if nth and (words[nth - 1][0].casefold() in prose.binders or _ELIDED.match(word[0])):
            # "Rivières sans frontières": in some languages names go on small.
            continue
        if nth and word[0][0].islower() and connectors.isdisjoint((word[0].casefold(), word[0].casefold().strip(",."))):
            return nth
    return None


def _begins_name(text: str) -> bool:
    """A capital or a digit, a small letter before a capital ("eBay"), or what bodies are called: "gemeente Breda"."""
    first = text.lstrip()[:2]
    if first[:1].isupper() or first[:1].isdigit() or first[1:].isupper():
        return True
    return vocabulary().institution.match(text.lstrip()) is not None
