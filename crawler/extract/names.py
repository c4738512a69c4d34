"""Whether a text names an organisation, and not a person, a country, a button or a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from crawler.extract.vocabulary import vocabulary

#: names of accounts and of things in programs
_CODE = re.compile(r"^\.\w+$|\w_\w|\(\)|::|^--?\w|[{};<>]")
_CONTACT = re.compile(r"@|https?://|www\.|\b\d{2,4}[\s/-]?\d{5,}|€|\b\d{1,2}:\d\d\b|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}")
#: a list this long in which some first names are known is one of people where the others are spelt like such names
_MANY = 8
_WORD = re.compile(r"\S+")
#: words of a sentence in which the name that opens it ends, and letters by which it is known again
_OPENING_WORDS = 7
_LIKE_CHARS = 4
#: what people call themselves where they are not known
_HANDLE = re.compile(r"[a-z][a-z.-]*\d+|[A-Z][a-z]+\d{2,}|[a-z]+[._][a-z]+")
#: of a name; and of one that is spelt as a name
_WORDS = 10
_MOST_WORDS = 14
#: share of names that look like organisations' in lists of anything else
_UNLIKELY = 0.25


def is_button(text: str) -> bool:
    return vocabulary().button.match(text.casefold().strip(" .»›→>")) is not None


def is_to_come(text: str) -> bool:
    """Whether a list's entry says that others follow, or that there is room for one: "Your logo here"."""
    return vocabulary().names.to_come.search(text) is not None


def has_own_stop(text: str) -> bool:
    """Whether the full stop that *text* ends in is its own: "e.V.", "Inc."."""
    return vocabulary().names.own_stop.search(text) is not None


def is_name(text: str, *, max_words: int = _WORDS) -> bool:
    """Whether *text* may be the name of an organisation in a list of them."""
    if not 2 <= len(text) <= 100 or not any(c.isalpha() for c in text):
        return False
    words = text.split()
    if len(words) > max_words and not (max_words == _WORDS and len(words) <= _MOST_WORDS and _may_be_long(words)):
        return False
    if text.endswith(("?", "!", ":", "…")) or _CONTACT.search(text):
        return False
    if vocabulary().contacts.address_line.search(text) or _CODE.search(text) or is_to_come(text):
        return False
    if is_button(text):
        return False
    return not (text.endswith(".") and len(words) > 4 and not has_own_stop(text))


def _may_be_long(words: Sequence[str]) -> bool:
    """Whether so many words are spelt as a name, or begin with what a body is called: "Fédération des clubs de ..."."""
    return is_spelt_as_name(" ".join(words)) or vocabulary().names.body.search(words[0].lower()) is not None


def are_persons(names: Sequence[str]) -> bool:
    words = vocabulary()
    persons = sum(
        bool(
            words.names.title.search(name)
            or words.person_role.search(name)
            or (name.split(maxsplit=1)[0].casefold() in words.given_names and 2 <= len(name.split()) <= 5)
        )
        for name in names
    )
    return persons * 5 >= len(names) * 2 or (persons * 8 >= len(names) and _are_spelt_as_persons(names))


def _are_spelt_as_persons(names: Sequence[str]) -> bool:
    """Whether all but a few are two or three words with a capital each, and none says that it is a body."""
    if len(names) < _MANY:
        return False
    person = vocabulary().names.person
    spelt = sum(person.fullmatch(name) is not None for name in names)
    return spelt * 10 >= len(names) * 8 and called_organisations(names) * 10 <= 1


def may_be_persons(names: Sequence[str]) -> bool:
    """Whether all are spelt as people's names, none says what it is, and they have no word in common: "Tor Quist"."""
    words = [word for name in names for word in set(name.split())]
    spelt = all(map(vocabulary().names.person.fullmatch, names))
    return spelt and len(words) == len(set(words)) and called_organisations(names) == 0


def called_organisations(names: Sequence[str]) -> float:
    """Share of the names that say what they are: a club, a foundation, a choir."""
    words = vocabulary().names
    called = sum(
        any(p.search(form) for p in (words.organisation, words.called) for form in (name, name.lower()))
        for name in names
    )
    return called / len(names) if names else 0.0


def named_bodies(names: Sequence[str]) -> float:
    """Share of the names that hold a noun for a body; a small word or capital letters alone do not say it."""
    body = vocabulary().names.body
    bodies = sum(bool(body.search(name.lower())) for name in names)
    return bodies / len(names) if names else 0.0


def opening_name(sentence: str, like: str) -> str:
    """The name that *sentence* begins with, where it begins as the name *like* does; else nothing.

    >>> opening_name("Saxum Systems AG stellt die Räume.", "saxum"), opening_name("Der Saal ist von ihr.", "saxum")
    ('Saxum Systems AG', '')
    """
    words = sentence.split()[:_OPENING_WORDS]
    named = list(takewhile(lambda word: word[:1].isupper() or word[:1].isdigit() or word == "&", words))
    name, short = " ".join(named), _letters(like)
    if len(short) < _LIKE_CHARS or len(named) in (0, len(words)) or not words[len(named)][:1].islower():
        return ""
    return name if _letters(name).startswith(short) and name[-1].isalnum() else ""


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def are_spelt_as_names(texts: Sequence[str]) -> bool:
    """Whether each is short and begins with a capital, and no small word stands in it that names do not hold."""
    return all(is_name(text, max_words=6) and is_spelt_as_name(text) for text in texts)


def is_spelt_as_name(text: str) -> bool:
    connectors = vocabulary().connectors
    return all(
        any(c.isupper() or c.isdigit() for c in word) or word in connectors
        for word in text.split()
        if any(map(str.isalpha, word))
    )


def are_promises(texts: Sequence[str]) -> bool:
    """Whether the texts say what members get, and not who they are: "Free access to our library"."""
    small = sum(len(text.split()) > 1 and not any(word[:1].isupper() for word in text.split()[1:]) for text in texts)
    return hold_promises(texts) or (small * 4 >= len(texts) * 3 and organisation_like(texts) <= _UNLIKELY)


def are_advice(texts: Sequence[str]) -> bool:
    """Whether the texts tell a reader what to do: "Avoid coffee", "Nimm dir Zeit"."""
    told = sum(vocabulary().advice.match(text) is not None for text in texts)
    return told > 1 and told * 5 >= len(texts) * 2


def are_handles(texts: Sequence[str]) -> bool:
    """Whether the texts are names that people gave themselves on a forum: "dragon88", "kite.runner"."""
    handles = sum(_HANDLE.fullmatch(text) is not None for text in texts)
    return handles * 4 >= len(texts) and called_organisations(texts) <= _UNLIKELY


def are_kinds_of_members(texts: Sequence[str]) -> bool:
    """Whether the texts say as what one may join."""
    kind = vocabulary().names.kind_of_member
    kinds = sum(any(kind.match(text[word.start() :]) for word in _WORD.finditer(text)) for text in texts)
    return kinds * 2 > len(texts)


def hold_promises(texts: Sequence[str]) -> bool:
    promised = sum(vocabulary().promise.search(text) is not None for text in texts)
    return promised * 3 >= len(texts) > 0


def are_countries(names: Sequence[str]) -> bool:
    known = sum(name.casefold() in vocabulary().countries for name in names)
    return known * 2 >= len(names) > 0


def organisation_like(names: Sequence[str]) -> float:
    """Share of the names that look like organisations' names, or are of more than one capitalised word."""
    organisation = vocabulary().names.organisation
    looks = sum(
        bool(organisation.search(name)) or sum(word[:1].isupper() for word in name.split()) >= 2 for name in names
    )
    return looks / len(names) if names else 0.0
