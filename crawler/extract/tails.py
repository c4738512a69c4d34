"""What stands behind a name in its own line and is none of it: a person, a telephone, an address, the town it is in.

>>> without_contact("Welzijn Ommerveld, dhr. K. Brinkman, tel. 0529-123456")
'Welzijn Ommerveld'
>>> towns_behind(["Terre en Commun, Rennes", "Les Paniers du Marais, Redon", "Grain de Blé"])
[('Terre en Commun', 'Rennes'), ('Les Paniers du Marais', 'Redon'), ('Grain de Blé', None)]
>>> towns_behind(["Bakkerij Jansen, Zonen", "Kring Noord", "Bond Zuid"])[0]
('Bakkerij Jansen, Zonen', None)
>>> without_shared_tail(["lamp tp", "Brin Noord tp", "zon tp", "PIA"])
['lamp', 'Brin Noord', 'zon', 'PIA']
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from crawler.extract.vocabulary import vocabulary

#: share of a list's names behind which a town must stand, for it to be one
_MOST = 0.6
_TOWN_WORDS = 4
#: files of a wall that must share a tail, for it to be none of their names'; and how long it is
#: two words or more, and a sign behind them
_HEAD = re.compile(r"[^\W\d]\S* .{1,80}?(?:\s[-–—|]\s|[-–—](?=[A-ZÀ-Þ])|:\s)")
_SHARED = 3
_TAIL_CHARS = 3
_TOWN = re.compile(r"(?P<name>.{2,}?\S),\s+(?P<town>[A-ZÀ-Þ'’][^\d,;:.!?]{1,40})(?:\s*\(\d[\dAB]{1,2}\))?$")
#: what may stand behind a name and be none of it: "Great North Museum: Hancock", "De Schakel (gemengd)"
REMARKS = (
    re.compile(r"\s*[(\[](?P<said>[^)\]]{1,60})[)\]]\s*$"),
    re.compile(r"\s+[–—|]\s+(?P<said>.*)$"),
    re.compile(r":\s(?P<said>.*)$"),
)
_ACRONYM = re.compile(r"[A-Z][A-Za-z&.-]{0,8}[A-Z]\.?")
#: a longer one holds a remark
_OWN_CHARS = 70


def without_contact(text: str) -> str:
    """The text up to what tells how to reach somebody."""
    found = vocabulary().contacts.behind_name.search(text)
    return text[: found.start()].rstrip() if found and found.start() >= 2 else text


def towns_behind(names: Sequence[str]) -> list[tuple[str, str | None]]:
    """Each name, and the town that stands behind it, where towns stand behind most of them."""
    found = [_town(name) for name in names]
    if len(names) < 2 or sum(town is not None for town in found) < _MOST * len(names):
        return [(name, None) for name in names]
    return [town or (name, None) for name, town in zip(names, found, strict=True)]


def _town(text: str) -> tuple[str, str] | None:
    found = _TOWN.fullmatch(text)
    if found is None or vocabulary().names.legal.fullmatch(found["town"]) or len(found["town"].split()) > _TOWN_WORDS:
        return None
    return found["name"], found["town"].strip()


def without_shared_tail(names: Sequence[str]) -> list[str]:
    """Names that the files of a wall give, without the two or three small letters that whoever made them put behind
    half of them or more: what the pictures are for, or which size they have."""
    tails = Counter(name.rpartition(" ")[2] for name in names if " " in name)
    tail, count = max(tails.items(), key=lambda each: each[1], default=("", 0))
    own = vocabulary().names.legal.fullmatch(tail) or not (tail.islower() and len(tail) <= _TAIL_CHARS)
    if own or count < _SHARED or count * 2 < len(names):
        return list(names)
    return [name.removesuffix(f" {tail}") for name in names]


def without_shared_head(names: Sequence[str]) -> list[str]:
    """Names without the words, up to a sign, that whoever wrote them put before half of them or more.

    >>> without_shared_head(["We thank - Mill Trust", "We thank - Quay Fund", "We thank - Ropery"])
    ['Mill Trust', 'Quay Fund', 'Ropery']
    """
    heads = Counter(found[0] for name in names if (found := _HEAD.match(name)) is not None)
    head, count = max(heads.items(), key=lambda each: each[1], default=("", 0))
    if count < _SHARED or count * 2 < len(names):
        return list(names)
    return [name.removeprefix(head) for name in names]


def usual_remarks(texts: Sequence[str]) -> tuple[re.Pattern[str], ...]:
    """The kinds of remarks that stand behind more than one of three."""
    return tuple(each for each in REMARKS if sum(each.search(text) is not None for text in texts) * 3 > len(texts))


def without_remarks(text: str, usual: Sequence[re.Pattern[str]]) -> str:
    """What begins with a capital is the name's own, where few names of the list are told anything behind them."""
    for remark in REMARKS:
        found = remark.search(text)
        if found and _ACRONYM.fullmatch(found["said"]):
            # "Gesellschaft für Neurologie (DGN)": what it is called for short, too.
            continue
        if found and (remark in usual or len(text) > _OWN_CHARS or not found["said"][:1].isupper()):
            text = text[: found.start()]
    return text
