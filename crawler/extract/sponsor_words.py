"""The words by which a page sells sponsorship, and by which it thanks those who gave."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.extract.lexicon import Lexicon, Pattern, compiled


@dataclass(frozen=True, slots=True)
class SponsorWords:
    #: a level that is sold: "Gold Partner", "Hauptsponsor", "Silver sponsor level of the games"; whole texts
    level: Pattern
    #: stands in what a sponsor gets: "Logo placement on our shirts"
    offer: Pattern
    #: stands above a list of members: of a body that a partner is told to be one of
    members: Pattern
    #: says that the page is of a project, and who pays for it: its partners are those who carry it out
    project: Pattern
    #: thank one body, the group ``name``, or tell that it helps
    thanked: tuple[Pattern, ...]
    #: ends a line that leads into headings of those who are thanked
    thanks: Pattern


def read_sponsor_words(lexicon: Lexicon) -> SponsorWords:
    either = lexicon.either
    kind = rf"(?:{either('sponsor', 'tiers')}|{either('sponsor', 'kinds')})"
    who, sold = rf"(?:{either('sponsor', 'called')})", rf"(?:{either('sponsor', 'sold')})"
    named = rf"(?:(?:{kind}[\s-]*)+{who}|{who}[\s-]+{kind}(?:[\s-]+{kind})*)"
    return SponsorWords(
        # Behind the word for a level may stand of what it is one.
        level=re.compile(
            rf"(?:{named}|{who}[\s-]*{sold}|(?:(?:{kind}|{who})[\s-]*)+{sold}\b.{{0,60}})\W*", re.IGNORECASE
        ),
        members=re.compile(rf"\b(?:{either('member', 'kinds')})\b", re.IGNORECASE),
        thanked=tuple(compiled([each]) for each in lexicon.every("sponsor", "thanked")),
        thanks=compiled([rf"(?:{either('sponsor', 'thanks')})[\s:…]*$"]),
        project=compiled(lexicon.every("sponsor", "projects")),
        offer=compiled(lexicon.every("sponsor", "offers")),
    )
