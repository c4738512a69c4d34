"""In which language a visitor is spoken to, and the catalogs of what is said.

English stands in the templates and the code, Dutch in ``locale/nl.po``. A choice (``?lang=nl``) is kept in a cookie
that says nothing else; without one the browser's Accept-Language (RFC 9110, 12.5.4) decides, and English where it
names neither.
"""

from __future__ import annotations

import gettext as stdlib_gettext
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from http.cookies import CookieError, SimpleCookie
from importlib.resources import files
from urllib.parse import parse_qsl, urlencode

from archive.report.words import LANGUAGES, Language

DEFAULT: Language = "en"
#: as those who speak them call them
NAMES: Mapping[Language, str] = {"en": "English", "nl": "Nederlands"}
COOKIE = "bewaar_lang"
#: what a page depends on, for caches that are shared
VARY = b"Accept-Language, Cookie"

_LONGEST_HEADER = 1000
#: behind these stands an address of the archive's, whose question mark is its own
_ADDRESSES = ("/-/web/", "/-/timegate/", "/-/timemap/")


@dataclass(frozen=True, slots=True)
class Visit:
    language: Language = DEFAULT
    #: whether the address says so
    is_chosen: bool = False
    #: how an address on this page says so; None where it cannot
    parameter: str | None = "lang"
    query: str = ""

    def in_language(self, language: Language) -> str | None:
        """A relative reference to this page in *language*."""
        if self.parameter is None:
            return None
        asked = parse_qsl(self.query, keep_blank_values=True)
        kept = [(name, value) for name, value in asked if name != self.parameter]
        return "?" + urlencode([*kept, (self.parameter, language)])


_NOBODY = Visit()
_visit: ContextVar[Visit] = ContextVar("bewaar_visit")


def visit() -> Visit:
    return _visit.get(_NOBODY)


def current() -> Language:
    return visit().language


@contextmanager
def visiting(visit: Visit) -> Iterator[None]:
    token = _visit.set(visit)
    try:
        yield
    finally:
        _visit.reset(token)


def read_visit(path: str, query: bytes, headers: Mapping[bytes, bytes]) -> Visit:
    """Of a request for *path*, without what all addresses here begin with."""
    text = query.decode("latin-1")
    parameter = _parameter(path)
    given = dict(parse_qsl(text)) if b"lang=" in query else {}
    if parameter and (chosen := as_language(given.get(parameter))):
        return Visit(chosen, is_chosen=True, parameter=parameter, query=text)
    kept = as_language(_cookie(headers.get(b"cookie", b"")))
    return Visit(kept or accepted(headers.get(b"accept-language", b"")) or DEFAULT, parameter=parameter, query=text)


def _parameter(path: str) -> str | None:
    if path.startswith(_ADDRESSES):
        return None
    # On a table's page every parameter without an underscore is a column to filter by; there is one called lang.
    return "lang" if path == "/" or path.startswith("/-/") else "_lang"


def as_language(text: str | None) -> Language | None:
    return next((language for language in LANGUAGES if language == text), None)


def accepted(header: bytes) -> Language | None:
    """
    >>> accepted(b"de, nl-BE;q=0.8, en;q=0.5"), accepted(b"nl;q=0, fr"), accepted(b"en;q=x")
    ('nl', None, None)
    """
    found: list[tuple[float, Language]] = []
    for one in header[:_LONGEST_HEADER].decode("latin-1").split(","):
        name, _, more = one.strip().partition(";")
        language = as_language(name.strip().split("-")[0].lower())
        try:
            weight = float(more.strip().removeprefix("q=")) if more else 1.0
        except ValueError:
            continue
        if language and 0 < weight <= 1:
            found.append((weight, language))
    return max(found, key=lambda one: one[0])[1] if found else None


def _cookie(header: bytes) -> str | None:
    if COOKIE.encode() not in header:
        return None
    try:
        found = SimpleCookie(header.decode("latin-1")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None


def cookie(language: Language, path: str) -> bytes:
    """Set-Cookie for a year, of a preference that is all it says."""
    return f"{COOKIE}={language}; Path={path}; Max-Age=31536000; SameSite=Lax; HttpOnly".encode()


# --- what is said


@cache
def catalog(language: Language) -> stdlib_gettext.NullTranslations:
    if language == DEFAULT:
        return stdlib_gettext.NullTranslations()
    import polib

    text = files("archive.browse").joinpath("locale", f"{language}.po").read_text(encoding="utf-8")
    return stdlib_gettext.GNUTranslations(io.BytesIO(polib.pofile(text).to_binary()))


def gettext(text: str) -> str:
    """*text* in the visitor's language; itself where the catalog does not have it."""
    return catalog(current()).gettext(text) if text else text  # of an empty text a catalog tells its own header


def ngettext(one: str, more: str, count: int) -> str:
    return catalog(current()).ngettext(one, more, count)


def feed_query(*, first: bool = True) -> str:
    """What an address of a feed says of its language: a reader of feeds has no choice kept, and wants one."""
    return "" if current() == DEFAULT else f"{'?' if first else '&'}lang={current()}"


def in_other_languages(front_page: str) -> list[tuple[Language, str, str]]:
    """Each other language, its name, and this page in it: the front page where this address is an archived one."""
    now = visit()
    others = [one for one in LANGUAGES if one != now.language]
    return [(one, NAMES[one], now.in_language(one) or f"{front_page}?lang={one}") for one in others]
