"""Goals in a sentence: clauses of one make, parted by commas, behind words that say what somebody wants.

>>> clauses_in("We believe that no child sleeps in a chair, that all can play, and that nobody pays rent twice.")
['no child sleeps in a chair', 'all can play', 'nobody pays rent twice']
>>> clauses_in("On se bat pour loger chacun sans condition, occuper les logements vides et rendre visible la rue.")
['loger chacun sans condition', 'occuper les logements vides', 'rendre visible la rue']
>>> clauses_in("Zweck ist die Förderung der Sprache, die Bildung von Erziehern und die Hilfe für Familien.")
['die Förderung der Sprache', 'die Bildung von Erziehern', 'die Hilfe für Familien']
>>> clauses_in("We believe in boats, in bridges and that is all.")
[]
"""

from __future__ import annotations

import re

#: how a clause begins, and whether what begins it is part of it: that, to, an infinitive, an article
_MAKES = (
    (r"that|dat|dass|que", False),
    (r"to(?= [a-z])", False),
    (r"[a-zà-ÿ]{2,}(?:er|ir|dre|tre|ire)(?= )", True),
    (r"(?:die|der|das|den|eine?n?|unabhängige|mehr|keine)(?= )", True),
)
#: what stands before the first
_LEADS = (
    r"\b(?:believes?|wants?|demands?|is|vinden|willen|wil|eisen|pleiten|fordern|fordert|wollen|demandons|voulons)\b",
    r"\b(?:want|wants|aim|aims|exists|seek|seeks|works?|is|are)\b",
    r"\b(?:pour|de|à)\b",
    r"\b(?:fordert|fordern|verlangt|verlangen|ist|sind|will|wollen)\b",
)
_PARTED = r"(?:[,;]\s+(?:en|and|und|et|sowie)?\s*|\s+(?:en|and|und|et|sowie)\s+)"
_FEWEST = 3
_WORDS = 3
_MAX_CHARS = 700


def clauses_in(sentence: str) -> list[str]:
    """The clauses as they stand, three or more of at least three words; none where they are not of one make."""
    if len(sentence) > _MAX_CHARS:
        return []
    for (make, is_own), lead in zip(_MAKES, _LEADS, strict=True):
        begun = re.search(rf"{lead},? (?=(?:{make})\b)", sentence)
        if begun is None:
            continue
        text = sentence[begun.end() :].rstrip(" .!;")
        # A comma or an "and" within a clause parts nothing: behind it stands no beginning.
        parts = re.split(rf"{_PARTED}(?=(?:{make})\b)", text)
        clauses = parts if is_own else [re.sub(rf"^(?:{make})\s+", "", part) for part in parts]
        if len(clauses) >= _FEWEST and all(len(clause.split()) >= _WORDS for clause in clauses):
            return clauses
    return []
