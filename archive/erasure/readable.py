"""What the rows that were derived from what is left still tell of what was erased, however a page spelled it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from archive.store.schema import open_read_only
from archive.store.subjects import fold

_NO_LETTER = re.compile(r"[\W_]+")
#: with fewer letters and digits, a text stands by chance where the ends of two words meet
_LEAST_CHARS = 6
#: what it is, the page or address it is of, what is read there
_ROWS = (
    ("page text", """SELECT (SELECT r.url FROM capture c JOIN resource r ON r.id = c.resource_id
        WHERE c.page_version_id = v.id LIMIT 1), coalesce(v.title, '') || ' ' || v.text FROM page_version v"""),
    ("title", "SELECT url, title FROM resource WHERE title IS NOT NULL"),
    ("address", "SELECT url, url FROM resource"),
    ("fact", """SELECT (SELECT r.url FROM observation o JOIN capture c ON c.id = o.capture_id
        JOIN resource r ON r.id = c.resource_id WHERE o.section_version_id = f.section_version_id LIMIT 1),
        f.raw || ' ' || f.value || ' ' || coalesce(f.href, '') || ' ' || coalesce(f.extra, '') FROM fact f"""),
    ("link", """SELECT (SELECT r.url FROM capture c JOIN resource r ON r.id = c.resource_id
        WHERE c.page_version_id = l.source_version_id LIMIT 1),
        coalesce(anchor, '') || ' ' || target_url FROM link l"""),
)  # fmt: skip
#: page and what it links to, by the addresses that were made of relative ones
_LINKS = (
    """SELECT DISTINCT r.url, l.target_url FROM link l JOIN capture c ON c.page_version_id = l.source_version_id
      JOIN resource r ON r.id = c.resource_id""",
    "SELECT r.url, l.target_url FROM resource_link l JOIN resource r ON r.id = l.source_id",
)


def still_read(database: Path, texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What it is and whose, of each place where one of *texts* is read: folded as search does, and cut by nothing."""
    wanted = [found for text in texts if (found := _Wanted(text)).folded]
    if not wanted or not database.exists():
        return
    told: set[tuple[str, str]] = set()
    with closing(open_read_only(database).conn) as connection:
        for kind, sql in _ROWS:
            for url, text in connection.execute(sql):
                place = (kind, url or "?")
                if place not in told and any(one.is_in(text) for one in wanted):
                    told.add(place)
                    yield place


def still_linked(database: Path, urls: Sequence[str], prefixes: Sequence[str]) -> Iterator[str]:
    """Pages that link to one of *urls*, or to what begins with one of *prefixes*, however they write it."""
    if not (urls or prefixes) or not database.exists():
        return
    exact, begins, told = {_without_fragment(url) for url in urls}, tuple(prefixes), set[str]()
    with closing(open_read_only(database).conn) as connection:
        for sql in _LINKS:
            for source, target in connection.execute(sql):
                if source in told or not (_without_fragment(target) in exact or target.startswith(begins)):
                    continue
                told.add(source)
                yield source


def _without_fragment(url: str) -> str:
    return url.partition("#")[0]


class _Wanted:
    def __init__(self, text: str) -> None:
        self.folded = fold(text)
        self._joined = _joined(text)
        self._by_word = len(self._joined) < _LEAST_CHARS

    def is_in(self, text: str) -> bool:
        if self._by_word:
            return f" {self.folded} " in f" {fold(text)} "
        return self._joined in _joined(text)


def _joined(text: str) -> str:
    """As `fold`, without its blanks: a soft hyphen or a tag in the middle of a word cuts nothing."""
    return _NO_LETTER.sub("", unicodedata.normalize("NFKD", text).casefold())
