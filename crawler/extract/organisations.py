"""What makes two spellings the same organisation: as little as can be defended. The rest is a person's decision.

>>> organisation_key("Stichting Kinderpostzegels Nederland")
'kinderpostzegels'
>>> organisation_key("DEFENCE FOR CHILDREN") == organisation_key("Defence for Children Nederland")
True
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

#: legal forms and the country an organisation adds to its name; dropped where they open or close it
_OPENINGS = re.compile(
    r"^(?:(?:de|het|the|die|der|das|la|le|les|l|ngo|st)-)?"
    r"(?:stichting|stg|vereniging|fonds-stichting|vzw|asbl|verein|stiftung|association|fondation|foundation)-(?=.)"
)
_CLOSINGS = re.compile(
    r"-(?:stichting|nederland|netherlands|the-netherlands|holland|nl|b-?v|n-?v|e-?v|g-?gmbh|gmbh|ag|ltd|limited|llc|inc|plc|"
    r"vzw|asbl|kg|co-kg|s-?a|sarl|ug|logo)$"
)
#: "Code for NL": what these join belongs to the name
_JOINING = re.compile(r"(?:^|-)(?:for|of|in|the|van|voor|der|fur|pour|de|du|and|en|und|et)$")
_LOGO = re.compile(r"^logo-|-logo(?=-|$)")
#: letters that NFKD does not take apart
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ð": "d", "þ": "th", "ł": "l", "đ": "d", "ı": "i"})
_NOT_WORD = re.compile(r"[^a-z0-9]+")
IMAGE_EXTENSION = re.compile(r"\s*\.(?:png|jpe?g|gif|svgz?|webp|avif|bmp|tiff?|ico|eps|ai|pdf)$", re.IGNORECASE)


def slug(text: str) -> str:
    """Lowercase ASCII letters and digits, a hyphen for all else; text without any is kept as it stands, casefolded."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", text).casefold().translate(_LETTERS))
    plain = "".join(c for c in folded if not unicodedata.combining(c)).replace("'", "").replace("’", "")
    return _NOT_WORD.sub("-", plain).strip("-") or "-".join(folded.split()).strip("-")


@lru_cache(maxsize=4096)
def organisation_key(name: str) -> str:
    """Key of an organisation: its name without file extension, "logo", legal form and country.

    An addition goes only while something is left: "Stichting Nederland" is still "stichting-nederland".
    """
    whole = slug(IMAGE_EXTENSION.sub("", name.strip()))
    key = _LOGO.sub("", whole) or whole
    key = _OPENINGS.sub("", key) or key
    while shorter := _CLOSINGS.sub("", key):
        if shorter == key or _JOINING.search(shorter):
            break
        key = shorter
    return key or whole


def alias_key(name: str) -> str:
    """How a name is compared with a profile's aliases: folded, file extension and "logo" dropped, nothing else.

    >>> alias_key("NPL logo 2013 .png") == alias_key("npl 2013")
    True
    """
    return _LOGO.sub("", slug(IMAGE_EXTENSION.sub("", name.strip())))


def _led_to(key: str, given: Mapping[str, str]) -> str:
    passed: list[str] = []
    while key in given and key not in passed:
        passed.append(key)
        key = alias_key(given[key])
    return min(given[other] for other in passed[passed.index(key) :]) if key in passed else given[passed[-1]]


class Aliases:
    """A profile's aliases: the organisation a name stands for, when a person has said so. They lead on to one another;
    all in a circle are one organisation, by the first of its names in order of the alphabet.

    >>> Aliases({"NPL": "Postcode Loterij", "Postcode Loterij": "Nationale Postcode Loterij"}).name("npl")
    'Nationale Postcode Loterij'
    >>> circle = Aliases({"A": "B", "B": "C", "C": "A", "Z": "C"})
    >>> {circle.name(name) for name in "ABCZ"}
    {'A'}
    """

    def __init__(self, aliases: Mapping[str, str]) -> None:
        given = {alias_key(name): organisation for name, organisation in aliases.items()}
        self._by_key = {key: _led_to(key, given) for key in given}

    def name(self, *names: str) -> str | None:
        """The organisation's name, by the first of *names* that is an alias."""
        return next((self._by_key[key] for name in names if (key := alias_key(name)) in self._by_key), None)

    def organisation(self, *names: str) -> str | None:
        """Key of the organisation that any of *names* is an alias of, else of the first that gives one."""
        known = self.name(*names)
        return (
            organisation_key(known) if known else next((key for name in names if (key := organisation_key(name))), None)
        )
