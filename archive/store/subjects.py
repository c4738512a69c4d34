"""What makes two facts the same thing: names and sentences folded, and the key a timeline knows its subject by."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"\w+")


def fold(text: str) -> str:
    """Case, accents, punctuation and white space taken off, so that a full stop or a capital more is no change.

    >>> fold("Coöperatie  «De Zorg»;")
    'cooperatie de zorg'
    >>> fold("•")
    '•'
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(c))
    return " ".join(_WORD.findall(plain)) or " ".join(plain.split())


def slug(name: str) -> str:
    """An organisation key for a name that has none.

    >>> slug("Plan Nederland")
    'plan-nederland'
    """
    return fold(name).replace(" ", "-")


def subject_key(organisation: str | None, value: str | None, raw: str, logo_digest: str | None, url: str | None) -> str:
    """The organisation; where it is unknown what names the fact; where nothing does its picture, then its URL."""
    return organisation or fold(value or "") or logo_digest or fold(raw) or url or "?"
