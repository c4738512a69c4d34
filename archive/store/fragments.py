"""Stretches of archived pages that show what became of a section: where it stood, and what stands there now.

A fragment is the source as it is, cut out of the body at two bytes, so that anybody can cut it out again.
"""

from __future__ import annotations

import html
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from archive.bytemap import ByteMap
from archive.decoding import decode, decode_as
from archive.errors import Damaged
from archive.quotes import Body, fold
from archive.warc import http as warc_http
from archive.warc.reader import open_warc

#: characters of a fragment
LIMIT = 800
#: of these, before the first fact: where the label stands
_LEAD = 160
#: of a page that is larger no fragment is shown: to look for words in it could take minutes, where it means harm
_MAX_BYTES = 2 << 20
#: how far around a section words are looked for that still stand on the page
_AROUND = 6_000
_PHRASE_WORDS = 5
_PHRASES = 30
#: between two phrases less is nothing: what stands around is shown too
_LEAST = 160
#: shorter quotes stand on every page
_LEAST_QUOTE = 4
_MAX_QUOTES = 50

#: never looks back, so that a page of nothing but brackets is read once
_TAG = re.compile(r"<[^<>]*>?")
#: a tag and the text behind it
_RUN = re.compile(r"(?:<[^<>]*>|\A)([^<]*)")
_BOUNDARY = re.compile(r"[\s<]")
_LONGEST_WORD = 40
_BODY = re.compile(r"<body\b", re.IGNORECASE)

_PLACE = """SELECT w.path, coalesce(o.warc_offset, c.warc_offset), coalesce(o.warc_length, c.warc_length)
FROM capture c LEFT JOIN capture o ON o.id = c.original_id AND c.record_type = 'revisit'
  JOIN warc w ON w.id = coalesce(o.warc_id, c.warc_id) WHERE c.id = ?"""
_EVIDENCE = """SELECT e.quote, e.byte_start, e.byte_end
FROM capture c JOIN observation o ON o.capture_id = CASE
    WHEN c.was_read OR c.original_id IS NULL THEN c.id ELSE c.original_id END
  JOIN evidence e ON e.observation_id = o.id
WHERE c.id = :capture AND (o.role = :role OR :role IS NULL AND o.role <> 'identity')
ORDER BY e.byte_start, e.byte_end, e.quote"""


@dataclass(frozen=True, slots=True)
class Fragment:
    text: str
    #: in the body, Content-Encoding undone
    byte_start: int
    byte_end: int

    @property
    def readable(self) -> str:
        """What a person sees of it; where that is nothing, its source."""
        seen = html.unescape(_TAG.sub(" ", re.sub(r"^[^<>]*>", "", self.text)))
        return one_line(seen) or one_line(self.text)


def one_line(text: str) -> str:
    r"""White space collapsed, and nothing left in it that a terminal obeys.

    >>> one_line("a\x1b[2J\n  b")
    'a[2J b'
    """
    return " ".join("".join(c for c in " ".join(text.split()) if c.isprintable()).split())


@dataclass(frozen=True, slots=True)
class Fragments:
    before: Fragment | None
    after: Fragment | None
    #: of the quotes of before, how many stand somewhere on the page still, and how many were looked for
    still: int = 0
    looked_for: int = 0


def cut_again(body: bytes, charset: str, byte_start: int, byte_end: int) -> str:
    """The text of a fragment, from where it says that it stands."""
    text = decode_as(body, charset)
    places = ByteMap(body, charset, text)
    return text[places.char_at(byte_start) : places.char_at(byte_end)]


class PageSource:
    """A page's source, with what was read off it."""

    def __init__(self, body: bytes, charset: str, evidence: Sequence[tuple[str, int, int]]) -> None:
        self.body = body
        self.text = decode_as(body, charset)
        self._map = ByteMap(body, charset, self.text)
        self.quoted = Body(body, charset)
        self.quotes = list(dict.fromkeys(quote for quote, _, _ in evidence))
        #: as characters
        self.spans = [self.chars(start, end) for _, start, end in evidence]

    def chars(self, start: int, end: int) -> tuple[int, int]:
        return self._map.char_at(start), self._map.char_at(end)

    @cached_property
    def beginning(self) -> int:
        found = _BODY.search(self.text)
        return found.start() if found else 0

    def cut(self, start: int, end: int) -> Fragment:
        start = max(start, 0)
        end = min(end, start + LIMIT, len(self.text))
        return Fragment(self.text[start:end], self._map.byte_at(start), self._map.byte_at(end))

    def around(self, spans: Sequence[tuple[int, int]]) -> Fragment:
        """Where most of the spans begin within one fragment's length, and the label before them."""
        starts = sorted(span[0] for span in spans)
        room = LIMIT - _LEAD
        first = max(starts, key=lambda start: (sum(start <= other < start + room for other in starts), -start))
        last = max(end for start, end in spans if first <= start < first + room)
        return self.cut(self._label_before(first), last)

    def _label_before(self, at: int) -> int:
        """Where the element begins that holds the words before *at*; of words in the middle of a text, the one before
        that."""
        start = max(at - _LEAD, 0)
        runs = [(found.start(), found[0]) for found in _RUN.finditer(self.text, start, at) if found[1].strip()]
        in_text = bool(runs) and runs[-1][0] + len(runs[-1][1]) == at
        wanted = runs[-2:] if in_text else runs[-1:]
        return wanted[0][0] if wanted else at

    def word_behind(self, at: int) -> int:
        """The nearest place from there on where no word is cut in two."""
        found = _BOUNDARY.search(self.text, max(at, 0), max(at, 0) + _LONGEST_WORD)
        return found.start() if found else at

    def locate(self, quote: str, *, after: int = 0) -> tuple[int, int] | None:
        """As characters; *after* is a byte."""
        found = self.quoted.locate(quote, after=after)
        return self.chars(*found) if found else None


class Pages:
    """The pages of captures, out of the WARC files."""

    def __init__(self, connection: sqlite3.Connection, warcs: Path) -> None:
        self._connection = connection
        self._warcs = warcs
        self._body = lru_cache(maxsize=2)(self._read)

    def fragments(self, before_id: int, after_id: int, role: str | None) -> Fragments:
        """Of one section before and after; of the page with None."""
        before, after = self._page(before_id, role), self._page(after_id, role)
        if before is None or after is None:
            return Fragments(
                standing(before) if before else None,
                standing(after) if after else None,
            )
        quotes = [quote for quote in before.quotes if len(fold(quote)) >= _LEAST_QUOTE][:_MAX_QUOTES]
        still = [span for quote in quotes if (span := after.locate(quote))]
        return Fragments(standing(before), standing_now(before, after, still), len(still), len(quotes))

    def _page(self, capture_id: int, role: str | None) -> PageSource | None:
        body = self._body(capture_id)
        if body is None:
            return None
        evidence = self._connection.execute(_EVIDENCE, {"capture": capture_id, "role": role}).fetchall()
        return PageSource(*body, evidence)

    def _read(self, capture_id: int) -> tuple[bytes, str] | None:
        """Body and charset; None where the record cannot be read now."""
        file, offset, length = self._connection.execute(_PLACE, (capture_id,)).fetchone()
        try:
            with open_warc(self._warcs, file) as warc:
                record = warc.read(offset, length)
                http = warc_http.parse_response(record.block)
                body = warc_http.body(warc_http.payload(record.block, http), http, limit=_MAX_BYTES).data
        except (OSError, Damaged, ValueError):
            return None
        return body, decode(body, http.header("Content-Type"))[1]


def standing(page: PageSource) -> Fragment:
    return page.around(page.spans) if page.spans else page.cut(page.beginning, len(page.text))


def standing_now(before: PageSource, after: PageSource, still: Sequence[tuple[int, int]]) -> Fragment:
    """The section; else where its names stand now; else what stands between the words that stood around it; else how
    the page begins."""
    if after.spans:
        return standing(after)
    if len(still) > 1:
        return after.around(still)
    if before.spans:
        start = _unique(after, _phrases_before(before.text, before.spans[0][0]))
        end = _unique(after, _phrases_behind(before.text, max(span[1] for span in before.spans)))
        if start is not None or end is not None:
            begin = start[1] if start else max(end[0] - LIMIT, 0) if end else 0
            stop = end[0] if end and end[0] >= begin else begin + LIMIT
            short = max(_LEAST - (stop - begin), 0)
            return after.cut(after.word_behind(begin - short), after.word_behind(stop + short))
    return after.cut(after.beginning, len(after.text))


def _unique(page: PageSource, phrases: Iterator[str]) -> tuple[int, int] | None:
    for phrase in phrases:
        found = page.quoted.locate(phrase, where="text")
        if found and page.quoted.locate(phrase, after=found[1], where="text") is None:
            return page.chars(*found)
    return None


def _phrases_before(text: str, at: int) -> Iterator[str]:
    """The nearest first."""
    runs = _runs(text[max(at - _AROUND, 0) : at])
    yield from _first(run[i : i + _PHRASE_WORDS] for run in reversed(runs) for i in _steps(run)[::-1])


def _phrases_behind(text: str, at: int) -> Iterator[str]:
    runs = _runs(text[at : at + _AROUND])
    yield from _first(run[i : i + _PHRASE_WORDS] for run in runs for i in _steps(run))


def _runs(source: str) -> list[list[str]]:
    """The words of each stretch without a tag."""
    return [words for run in _TAG.split(source) if len(words := html.unescape(run).split()) >= _PHRASE_WORDS]


def _steps(run: Sequence[str]) -> list[int]:
    return list(range(0, len(run) - _PHRASE_WORDS + 1, 3))


def _first(phrases: Iterator[Sequence[str]]) -> Iterator[str]:
    for _, words in zip(range(_PHRASES), phrases, strict=False):
        yield " ".join(words)
