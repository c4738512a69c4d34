"""Names out of running text: "bestaat naast A uit de volgende organisaties: B, C/D, E en F".

Everything here is about one sentence at a time and gives back offsets into it, so that a name's evidence is the text as
it stands. Nothing is looked up: a name is what the sentence treats as one.

>>> dutch = vocabulary().language("nl").prose
>>> [name.text for name in names_in("de zeven hulporganisaties CARE, Plan en Kerk in Actie hebben dat gedaan.", dutch)]
['CARE', 'Plan', 'Kerk in Actie']
>>> [name.text for name in names_in("ICCO/KerkinActie; Lepra- und Tuberkulosehilfe; Wilde Ganzen", dutch)]
['ICCO/KerkinActie', 'Lepra- und Tuberkulosehilfe', 'Wilde Ganzen']
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from crawler.extract.vocabulary import Prose, vocabulary

#: a sentence longer than this, or a list of more names, is no sentence
MAX_SENTENCE_CHARS = 3000
MAX_NAMES = 200
#: words in a name; beyond it a clause was taken for one
MAX_WORDS = 9

_END_OF_SENTENCE = re.compile(r"[.!?…]+[\"'”’»)]*(?=\s|$)")
_LAST_WORD = re.compile(r"(\S+)$")
_LETTERS_BEFORE_STOP = re.compile(r"(?:^|[\s(])((?:\w+\.\s?)*\w+)\.$")
#: where a list of names ends inside its sentence: at a clause that says something of it
_END_OF_ZONE = re.compile(r"\s[–—-]\s|[:(?]|[.!]+$|\.\s")
_WORD = re.compile(r"\S+")
_YEAR = re.compile(
    r"\s*[(\[]?\s*(?:sinds|vanaf|since|from|seit|ab|depuis)?\s*((?:19|20)\d\d)\s*[)\]]?\s*$", re.IGNORECASE
)
#: "Lepra- und Tuberkulosehilfe": the word before the conjunction waits for its end
_ELLIPTIC = re.compile(r"\w-$")


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    #: offset in the text it was taken from
    start: int


@dataclass(frozen=True, slots=True)
class Name:
    text: str
    start: int
    #: one item that may be two organisations: joined by a slash, or by a conjunction that was not taken as one
    compound: bool = False
    #: year in which it joined, where the list says so
    year: int | None = None

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def sentences(text: str, abbreviations: frozenset[str]) -> Iterator[Sentence]:
    """Sentences of *text*; an abbreviation ends none, nor does a stop before a lower-case letter or a comma.

    >>> [s.text for s in sentences("Zorg, o.a. door familie. Stop Aids Now!, Plan en meer. Ja!", frozenset(["o.a"]))]
    ['Zorg, o.a. door familie.', 'Stop Aids Now!, Plan en meer.', 'Ja!']
    """
    start = 0
    for stop in _END_OF_SENTENCE.finditer(text):
        following = text[stop.end() :].lstrip()[:1]
        if following.islower() or _is_abbreviation(
            text[max(start, stop.start() - 12) : stop.start() + 1], abbreviations
        ):
            continue
        yield from _sentence(text, start, stop.end())
        start = stop.end()
    yield from _sentence(text, start, len(text))


def _sentence(text: str, start: int, end: int) -> Iterator[Sentence]:
    whole = text[start:end]
    if stripped := whole.strip():
        yield Sentence(stripped[:MAX_SENTENCE_CHARS], start + len(whole) - len(whole.lstrip()))


def _is_abbreviation(tail: str, abbreviations: frozenset[str]) -> bool:
    found = _LETTERS_BEFORE_STOP.search(tail)
    word = found[1].lower() if found else ""
    return word in abbreviations or word.rpartition(" ")[2] in abbreviations or len(word) == 1


def names_in(text: str, prose: Prose, *, start: int = 0) -> tuple[Name, ...]:
    """The names that *text* enumerates from *start* on; empty when what stands there is no list of names.

    ``;`` beats ``,``; the conjunction parts only the last chunk; ``&`` and ``/`` part nothing.
    """
    zone_end = _zone_end(text, start)
    chunks = _chunks(text, start, zone_end)
    if len(chunks) > MAX_NAMES:
        return ()
    first, last = chunks[0], chunks[-1]
    parted = _part_at_conjunction(text, *last, prose)
    chunks = [*chunks[:-1], *parted]
    names: list[Name] = []
    for nth, (begin, end) in enumerate(chunks):
        if (begin, end) == first or nth == 0:
            begin = _skip_announcement(text, begin, end, prose)  # noqa: PLW2901 - the announcement is no part of the name
        name = _name(text, begin, end, prose, is_last=nth == len(chunks) - 1)
        if name is not None:
            names.append(name)
        elif nth < len(chunks) - 1 and not names:
            return ()
    return tuple(names)


def names_are_listed(names: Sequence[Name], chunks: int) -> bool:
    """Whether enough of a list's chunks were names for it to be a list of names."""
    return len(names) >= max(1, chunks - 1)


def _zone_end(text: str, start: int) -> int:
    for stop in _END_OF_ZONE.finditer(text, start):
        if stop[0] == "(" and _YEAR.fullmatch(text[stop.start() : text.find(")", stop.start()) + 1]):
            continue
        if (
            stop[0] == "("
            and (close := text.find(")", stop.start())) >= 0
            and close - stop.start() <= len("(afkorting)")
        ):
            continue
        if stop[0].strip() in ("-", "–", "—") and not text[stop.end() : stop.end() + 1].islower():
            # "Plan - Nederland" is one name; a remark begins with a small letter
            continue
        return stop.start()
    return len(text)


def _chunks(text: str, start: int, end: int) -> list[tuple[int, int]]:
    separator = ";" if text.find(";", start, end) >= 0 else ","
    chunks = []
    at = start
    while (stop := text.find(separator, at, end)) >= 0:
        chunks.append((at, stop))
        at = stop + 1
        if len(chunks) > MAX_NAMES:
            break
    return [*chunks, (at, end)]


def _part_at_conjunction(text: str, begin: int, end: int, prose: Prose) -> list[tuple[int, int]]:
    """The last chunk, parted at its last conjunction that stands before a name: "ICCO en Kerk in Actie en Plan"."""
    leading = prose.conjunction.match(text, max(begin - 1, 0), end) if text[max(begin - 1, 0) : begin] == "," else None
    if leading is not None:
        # ", en F": the comma has parted it already
        return [(leading.end(), end)]
    for found in reversed(list(prose.conjunction.finditer(text, begin, end))):
        if _ELLIPTIC.search(text[begin : found.start()]) or not _begins_name(text[found.end() : end]):
            continue
        return [(begin, found.start()), (found.end(), end)]
    return [(begin, end)]


def _skip_announcement(text: str, begin: int, end: int, prose: Prose) -> int:
    """Past "de volgende zeven organisaties": an article, then words that announce."""
    at = begin + len(text[begin:end]) - len(text[begin:end].lstrip())
    article = prose.article.match(text, at, end)
    after = article.end() if article else at
    announced = after
    while announcer := prose.announcer.match(text, announced, end):
        announced = announcer.end()
    return announced if announced > after else at


def _name(text: str, begin: int, end: int, prose: Prose, *, is_last: bool) -> Name | None:
    raw = text[begin:end]
    at = begin + len(raw) - len(raw.lstrip(" ,;.•\"'“„«»”"))
    raw = text[at:end].rstrip(" ,;.\"'“”«»")
    if article := prose.article.match(raw):
        at += article.end()
        raw = raw[article.end() :]
    year = _YEAR.search(raw)
    if year:
        raw = raw[: year.start()].rstrip()
    if is_last:
        raw = _without_tail(raw)
    if not _begins_name(raw) or len(_WORD.findall(raw)) > MAX_WORDS:
        return None
    joined = prose.conjunction.search(raw)
    compound = "/" in raw or (joined is not None and _begins_name(raw[joined.end() :]))
    return Name(raw, at, compound, int(year[1]) if year else None)


def _without_tail(raw: str) -> str:
    """Cut at the first lower-case word that names do not hold: "Wilde Ganzen hebben dat besloten"."""
    for word in _WORD.finditer(raw):
        if word.start() and word[0][0].islower() and word[0].casefold().strip(",.") not in vocabulary().connectors:
            raw = raw[: word.start()].rstrip()
            break
    # A connector at the end joined the name to what was cut.
    while (last := _LAST_WORD.search(raw)) and last.start() and last[1].casefold() in vocabulary().connectors:
        raw = raw[: last.start()].rstrip()
    return raw.rstrip(" ,;.")


def _begins_name(text: str) -> bool:
    first = text.lstrip()[:2]
    return bool(first) and (first[0].isupper() or first[0].isdigit() or (len(first) == 2 and first[1].isupper()))


def shifted(name: Name, by: int) -> Name:
    return replace(name, start=name.start + by)
