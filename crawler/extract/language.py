"""What one language says: its labels and cues, and what its running text needs to be taken apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from crawler.extract.lexicon import Pattern, Table, compiled, longest_first, spelt_out, words
from crawler.extract.literals import beginning


@dataclass(frozen=True, slots=True)
class Prose:
    """What running text in one language needs to be taken apart."""

    conjunction: Pattern
    #: a conjunction that outranks the common one: "sowie" in "A, B und C sowie D"
    strong_conjunction: Pattern
    #: behind these a small word belongs to the name
    binders: frozenset[str]
    article: Pattern
    announcer: Pattern
    connectors: frozenset[str]
    example: Pattern
    former: Pattern
    subject: Pattern
    abbreviations: frozenset[str]


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    prose: Prose
    #: per role: what fills a label, of all languages tried as one; what stands in a sentence before a list, what a
    #: label must not hold
    labels: Mapping[str, str]
    cues: Mapping[str, Pattern]
    #: those of the cues that can stand in a line which ends without a colon: the same, or fewer
    inner_cues: Mapping[str, Pattern]
    not_labels: Mapping[str, Pattern]
    #: lower-case words of which one stands in all that the role's patterns of this language match
    stems: Mapping[str, tuple[str, ...]]
    hosts: tuple[Pattern, ...]
    chairs: tuple[Pattern, ...]


#: a language, and those of its stems for one role that stand on a page: of most, most do not
Spoken = tuple[Language, Sequence[str]]


def read_language(code: str, table: Table) -> Language:
    self_names = "|".join(words(table, "purpose", "self"))
    prose = partial(words, table, "prose")
    roles = {role: section for role, section in table.items() if isinstance(section, dict)}

    def patterns(key: str) -> dict[str, Pattern]:
        found = {role: section[key] for role, section in roles.items() if section.get(key)}
        return {role: compiled(each, self_names=self_names) for role, each in found.items()}

    inner = {role: [cue for cue in words(table, role, "cues") if not cue.endswith(":$")] for role in roles}
    inner_cues = {
        role: compiled(each, self_names=self_names)
        for role, each in inner.items()
        if len(each) < len(words(table, role, "cues"))
    }
    return Language(
        code=code,
        prose=Prose(
            conjunction=compiled([rf",?\s+{re.escape(word)}\s+" for word in longest_first(prose("conjunctions"))]),
            # The first is the common one.
            strong_conjunction=compiled(
                [rf",?\s+{re.escape(word)}\s+" for word in longest_first(prose("conjunctions")[1:])]
            ),
            binders=frozenset(prose("binders")),
            # An elided article has no space behind it: "l'Arche".
            article=compiled(
                [word if word.endswith("'") else rf"{word}\s+" for word in longest_first(prose("articles"))]
            ),
            announcer=compiled([rf"{word}(?=\s)\s+" for word in prose("announcers")]),
            connectors=frozenset(word.casefold() for word in prose("connectors")),
            example=compiled(prose("examples")),
            former=compiled(prose("former")),
            subject=compiled(prose("subjects")),
            abbreviations=frozenset(prose("abbreviations")),
        ),
        labels={role: beginning(spelt_out(each["labels"])) for role, each in roles.items() if each.get("labels")},
        cues=(cues := patterns("cues")),
        inner_cues={**cues, **inner_cues},
        not_labels=patterns("not_labels"),
        stems={role: tuple(section["words"]) for role, section in roles.items() if "words" in section},
        hosts=tuple(compiled([host]) for host in words(table, "member", "hosts")),
        chairs=tuple(compiled([chair]) for chair in words(table, "member", "chairs")),
    )
