"""The words beside an address, a telephone number, the name of somebody who answers it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.extract.lexicon import Lexicon, Pattern

#: a telephone number
_NUMBER = r"(?:\+|00)?\(?\d[\d ().\-–/]{5,20}\d"
#: a post code and the beginning of its town
_POSTED = r"^(?:[A-Z]{1,2}-)?\d{4} ?[A-Z]{2} +[A-ZÀ-Þ]|^(?:[A-Z]{1,3}-)?\d{5} +[A-ZÀ-Þ]"
_HOUSE = r"[^\W\d_][\w.'’ -]"


@dataclass(frozen=True, slots=True)
class ContactWords:
    #: is found in a line of an address
    address_line: Pattern
    #: what stands behind a name in its own line and is none of it: a person, a telephone, a year of founding
    behind_name: Pattern
    #: a telephone number behind a word that says so; and words of which one stands in all that it matches
    phone: Pattern
    phone_words: tuple[str, ...]
    #: a street with its house number
    street: Pattern
    #: parts the pieces of an address in one line
    divider: Pattern
    #: stands where it is told how to reach somebody: a post code with its town, a telephone, an e-mail
    reached: Pattern


def read_contact_words(lexicon: Lexicon) -> ContactWords:
    either = lexicon.either
    repeats = either("contact", "repeats")
    # "12 bis, rue des Ponts": the comma behind a house number divides nothing.
    behind_house = "".join(rf"(?<!\d {word})" for word in lexicon.every("contact", "repeats"))
    return ContactWords(
        address_line=re.compile(rf"{_POSTED}|{either('contact', 'lines')}", re.IGNORECASE),
        behind_name=re.compile(
            rf"\s*[,;:–—(|]\s*(?:(?:{either('person', 'titles')})\.? +[A-ZÀ-Þ]"
            rf"|(?:{either('contact', 'behind')})\b"
            rf"|(?:{either('name', 'founded')})(?:1[5-9]|20)\d\d"
            r"|www\.|https?:|\S+@\S"
            r"|(?:[A-Z]{1,3}-)?\d{4,5} +[A-ZÀ-Þ]|\d{4} ?[A-Z]{2}\b"
            r"|[^,;]{3,40} \d{1,4} ?[a-z]?(?=,|$)"
            r").*$",
            re.IGNORECASE,
        ),
        phone=re.compile(
            rf"(?<!\w)(?:{either('contact', 'phones')})\s*(?:\([^)]{{1,20}}\))?\s*[:.]?\s*({_NUMBER})(?!\w)",
            re.IGNORECASE,
        ),
        phone_words=tuple(lexicon.every("contact", "phone_words")),
        # The number stands behind a street, before it in English and French.
        street=re.compile(
            rf"(?:{_HOUSE}{{2,50}}? \d{{1,4}}(?: ?[-–/] ?\d{{1,4}})?(?: ?[a-zA-Z]{{1,3}})?"
            rf"|\d{{1,4}}(?: ?(?:{repeats}|[a-zA-Z]))?,? {_HOUSE}{{3,50}}|(?:{either('contact', 'boxes')}) \d{{1,7}})$"
        ),
        divider=re.compile(rf"(?<!^\d)(?<!^\d\d)(?<!^\d\d\d){behind_house}\s*[,|•·]\s*"),
        reached=re.compile(
            rf"\b\d{{4}} ?[A-Z]{{2}}\b|\b\d{{5}} [A-ZÀ-Þ]|@\w"
            rf"|(?i:\b(?:{either('contact', 'reached')})\b[.: ])|\b0\d[\d /-]{{7,}}"
        ),
    )
