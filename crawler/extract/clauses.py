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

from crawler.extract.vocabulary import vocabulary

_FEWEST = 3
_WORDS = 3
_MAX_CHARS = 700


def clauses_in(sentence: str) -> list[str]:
    """The clauses as they stand, three or more of at least three words; none where they are not of one make."""
    if len(sentence) > _MAX_CHARS:
        return []
    for each in vocabulary().phrases.clauses:
        begun = each.opening.search(sentence)
        if begun is None:
            continue
        parts = each.parting.split(sentence[begun.end() :].rstrip(" .!;"))
        clauses = [each.begins.sub("", part) for part in parts] if each.begins else parts
        if len(clauses) >= _FEWEST and all(len(clause.split()) >= _WORDS for clause in clauses):
            return clauses
    return []
