"""The words by which a name tells what it names: a body, a person, a kind of member, nobody yet."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.extract.lexicon import Lexicon, Pattern, compiled

#: spelt with a capital
_NAME = r"[A-ZÀ-ÖØ-Þ][\w'’.-]*"


@dataclass(frozen=True, slots=True)
class NameWords:
    #: stands before a person's name, or beside it
    title: Pattern
    #: a name that is spelt as people's are: "Tor van Quist"
    person: Pattern
    #: ends in a full stop of its own: "e.V."
    own_stop: Pattern
    #: stands in names of organisations and not in names of things; case counts
    organisation: Pattern
    #: stands in names of bodies, in compounds too
    called: Pattern
    #: is a noun for a body
    body: Pattern
    #: stands behind a name, and a comma perhaps, and is its own: "Ltd."
    legal: Pattern
    #: what one may join as: "Full members"
    kind_of_member: Pattern
    #: stands in a list for what is not known yet, or for who has yet to pay
    to_come: Pattern


def read_name_words(lexicon: Lexicon) -> NameWords:
    either = lexicon.either
    titles, honours = either("person", "titles"), either("person", "honours")
    body = rf"\b(?:{either('name', 'bodies')})(?!\w)"
    called = rf"(?:{either('name', 'called')})(?:{either('name', 'plurals')})?\b"
    return NameWords(
        title=re.compile(
            rf"^(?:(?:{titles}|{honours})\.? )|\b(?:{either('person', 'degrees')})\b",
            re.IGNORECASE,
        ),
        person=re.compile(rf"{_NAME}(?: (?:{either('person', 'particles')})){{0,2}}(?: {_NAME}){{1,2}}"),
        own_stop=re.compile(rf"\b\w\.(?:\s?\w\.)+$|\b(?:{either('name', 'stops')})\.$"),
        organisation=re.compile(rf"{body}|\b(?:{either('name', 'held')})(?!\w)|\b[A-Z]{{2,}}\b"),
        called=re.compile(called, re.IGNORECASE),
        body=re.compile(rf"{body}|{called}", re.IGNORECASE),
        legal=re.compile(rf"(?:{either('name', 'legal')})\.?$", re.IGNORECASE),
        kind_of_member=re.compile(rf"(?:{either('member', 'kinds')})(?: .{{1,20}})?(?::.*)?$", re.IGNORECASE),
        to_come=compiled(lexicon.every("page", "to_come")),
    )
