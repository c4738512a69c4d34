"""Whether a text names an organisation, and not a person, a country, a button or a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from crawler.extract.vocabulary import vocabulary

_PERSON_TITLE = re.compile(
    r"^(?:(?:dhr|mw|mevr|mr|mrs|ms|drs|dr|ir|ing|prof|ds|hr|fr|herr|frau|mme|m|"
    r"sir|dame|lord|lady|rev|cllr)\.? )|\b(?:MSc|MA|PhD|LLM)\b",
    re.IGNORECASE,
)
#: the stop of "e.V." is the name's own
OWN_STOP = re.compile(r"\b\w\.(?:\s?\w\.)+$|\b(?:Inc|Ltd|Co|Jr|Sr|St|Zn|Cie)\.$")
#: lines of an address
_ADDRESS = re.compile(
    r"^(?:[A-Z]{1,2}-)?\d{4} ?[A-Z]{2} +[A-ZÀ-Þ]|^(?:[A-Z]{1,3}-)?\d{5} +[A-ZÀ-Þ]|"
    r"^(?:postbus|postfach|p\.? ?o\.? box|b\.? ?p\.?) \d|"
    r"(?:straat|weg|laan|plein|kade|dijk|gracht|singel|steeg|straße|strasse|str\.|gasse|allee|platz|ring|ufer)"
    r" \d+ ?[a-z]?$|"
    r"^\d+[a-z]?,? (?:bis |ter )?(?:rue|avenue|av\.|boulevard|bd|place|quai|chemin|route|impasse|allée|cours)\b|"
    r"\b\d+[a-z]? .*\b(?:street|road|lane|avenue|square)$|"
    r"^(?:tel|telefoon|telefon|téléphone|phone|fax|tél|mobil|e-?mail)\b[.: ]",
    re.IGNORECASE,
)
#: names of accounts and of things in programs
_CODE = re.compile(r"^\.\w+$|\w_\w|\(\)|::|^--?\w|[{};<>]")
_CONTACT = re.compile(r"@|https?://|www\.|\b\d{2,4}[\s/-]?\d{5,}|€|\b\d{1,2}:\d\d\b|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}")
#: stands in a list for what is not known yet, or for who has yet to pay
_TO_COME = re.compile(
    r"\b(?:angaben|infos?|details|weitere|mehr) folg(?:en|t)\b|\bvolg(?:t|en) (?:nog|binnenkort|later)\b|"
    r"\bcoming soon\b|\bto be (?:announced|confirmed)\b|\b(?:tba|tbd)\b|\bà venir\b|"
    r"\b(?:uw|jouw|your|ihr|dein|votre)[\W_]*(?:logo|naam|name|nom|bedrijf|firma)[\W_]*(?:hier|here|ici)\b",
    re.IGNORECASE,
)
#: nouns for bodies, in four languages
_BODY = (
    r"\b(?:stichting|vereniging|fonds|bond|federatie|netwerk|raad|verbond|instituut|universiteit|hogeschool|gemeente|provincie|ministerie|"
    r"foundation|association|society|network|institute|university|trust|council|federation|union|international|"
    r"verein|verband|stiftung|bund|hochschule|universität|e\.? ?v\.?|ggmbh|gmbh|fondation|réseau|fédération|"
    r"b\.v\.|n\.v\.)(?!\w)"
)
#: what names of organisations hold and names of things do not
_ORGANISATION = re.compile(
    rf"{_BODY}|\b(?:nederland|netherlands|deutschland|belgië|b\.?v\.?|n\.?v\.?|for|voor|für|pour|aid|care|hulp|hilfe)(?!\w)|\b[A-Z]{{2,}}\b",
)

#: nouns that names of bodies end in or hold, in compounds too
_CALLED = re.compile(
    r"(?:stichting|vereniging|genootschap|werkgroep|platform|centrum|koor|kring|gilde|coöperatie|museum|theater|kerk|club|bond|"
    r"verein|verband|bund|gruppe|zentrum|genossenschaft|initiative|agentur|stelle|werk|chor|kreis|netz|(?<!rat)(?<!kauf)haus|freunde|"
    r"society|association|charity|project|centre|center|alliance|forum|guild|friends|trust|libraries|theatre|board|"
    r"collectif|comité|section|sektion|école|institut|société|mission locale|agence|syndicat|mutuelle|"
    r"universit\w*|ministerium|ministry|ministère|(?<!ges)amt|college|istituto|instituto|centro|academy|accademia|laboratory|laboratoire|lycée|observatoire|conservatoire|fondation|fédération|compagnie|coopérative|ligue|amicale|théâtre|maison|cinéma|union|atelier|"
    r"gemeente|stadt|landkreis|council|ville|commune|région|département|sparkasse|volksbank)(?:s|en|e|n)?\b",
    re.IGNORECASE,
)
_NAMED_BODY = re.compile(f"{_BODY}|{_CALLED.pattern}", re.IGNORECASE)
#: a list this long in which some first names are known is one of people where the others are spelt like such names
_MANY = 8
_WORD = re.compile(r"\S+")
#: words of a sentence in which the name that opens it ends, and letters by which it is known again
_OPENING_WORDS = 7
_LIKE_CHARS = 4
_PERSON = re.compile(
    r"[A-ZÀ-ÖØ-Þ][\w'’.-]*(?: (?:van|von|de|der|den|du|le|la|el|al|ten|ter)){0,2}(?: [A-ZÀ-ÖØ-Þ][\w'’.-]*){1,2}"
)
#: what people call themselves where they are not known
_HANDLE = re.compile(r"[a-z][a-z.-]*\d+|[A-Z][a-z]+\d{2,}|[a-z]+[._][a-z]+")
#: what kinds of members are called: "Full members", "Fördermitglied"
_KIND_OF_MEMBER = re.compile(
    r"(?:\w*mitglied(?:er|schaft(?:en)?)?|\w*members?(?:hips?)?|\w*leden|\w*lidmaatschap(?:pen)?|"
    r"(?:\w+ )?(?:membres?|adhérents?|adhésion)(?: \w+)?)(?: .{1,20})?(?::.*)?$",
    re.IGNORECASE,
)
#: of a name; and of one that is spelt as a name
_WORDS = 10
_MOST_WORDS = 14
#: share of names that look like organisations' in lists of anything else
_UNLIKELY = 0.25


def is_button(text: str) -> bool:
    return vocabulary().button.match(text.casefold().strip(" .»›→>")) is not None


def is_to_come(text: str) -> bool:
    """Whether a list's entry says that others follow, or that there is room for one: "Your logo here"."""
    return _TO_COME.search(text) is not None


def is_name(text: str, *, max_words: int = _WORDS) -> bool:
    """Whether *text* may be the name of an organisation in a list of them."""
    if not 2 <= len(text) <= 100 or not any(c.isalpha() for c in text):
        return False
    words = len(text.split())
    if words > max_words and not (max_words == _WORDS and words <= _MOST_WORDS and is_spelt_as_name(text)):
        return False
    if text.endswith(("?", "!", ":", "…")) or _CONTACT.search(text):
        return False
    if _ADDRESS.search(text) or _CODE.search(text) or is_to_come(text):
        return False
    if is_button(text):
        return False
    return not (text.endswith(".") and len(text.split()) > 4 and not OWN_STOP.search(text))


def are_persons(names: Sequence[str]) -> bool:
    words = vocabulary()
    persons = sum(
        bool(
            _PERSON_TITLE.search(name)
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
    spelt = sum(_PERSON.fullmatch(name) is not None for name in names)
    return spelt * 10 >= len(names) * 8 and called_organisations(names) * 10 <= 1


def may_be_persons(names: Sequence[str]) -> bool:
    """Whether all are spelt as people's names, none says what it is, and they have no word in common: "Tor Quist"."""
    words = [word for name in names for word in set(name.split())]
    spelt = all(_PERSON.fullmatch(name) for name in names)
    return spelt and len(words) == len(set(words)) and called_organisations(names) == 0


def called_organisations(names: Sequence[str]) -> float:
    """Share of the names that say what they are: a club, a foundation, a choir."""
    called = sum(
        any(p.search(form) for p in (_ORGANISATION, _CALLED) for form in (name, name.lower())) for name in names
    )
    return called / len(names) if names else 0.0


def named_bodies(names: Sequence[str]) -> float:
    """Share of the names that hold a noun for a body; a small word or capital letters alone do not say it."""
    bodies = sum(bool(_NAMED_BODY.search(name.lower())) for name in names)
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
    kinds = sum(any(_KIND_OF_MEMBER.match(text[word.start() :]) for word in _WORD.finditer(text)) for text in texts)
    return kinds * 2 > len(texts)


def hold_promises(texts: Sequence[str]) -> bool:
    promised = sum(vocabulary().promise.search(text) is not None for text in texts)
    return promised * 3 >= len(texts) > 0


def are_countries(names: Sequence[str]) -> bool:
    known = sum(name.casefold() in vocabulary().countries for name in names)
    return known * 2 >= len(names) > 0


def organisation_like(names: Sequence[str]) -> float:
    """Share of the names that look like organisations' names, or are of more than one capitalised word."""
    looks = sum(
        bool(_ORGANISATION.search(name)) or sum(word[:1].isupper() for word in name.split()) >= 2 for name in names
    )
    return looks / len(names) if names else 0.0
