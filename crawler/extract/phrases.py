"""The small words in and around labels, lists and sentences: what leads on, what parts, what comes before a year."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.extract.lexicon import Lexicon, Pattern, longest_first

_YEAR = r"(?:19|20)\d\d"


@dataclass(frozen=True, slots=True)
class Clauses:
    """Goals that are clauses of one make, in one sentence."""

    #: is found before the first
    opening: Pattern
    #: stands between two
    parting: Pattern
    #: begins each, and is no part of it; None where it is
    begins: Pattern | None


@dataclass(frozen=True, slots=True)
class Phrases:
    clauses: tuple[Clauses, ...]
    #: ends the words of a label that pictures in its own line go on from
    leads_on: Pattern
    #: ends a goal, where the last follows
    last_but_one: Pattern
    #: end a line that a list goes on from: a sentence's
    that: tuple[str, ...]
    #: says that somebody wants something
    wanting: Pattern
    #: alternatives: behind a label, before what it is told of more; what somebody wants; articles
    tails: str
    wants: str
    articles: str
    #: the year at the end of a list's entry, and at the end of a name in a sentence
    joined: Pattern
    since: Pattern
    #: stands beside who is a member no more
    formerly: Pattern
    #: what stands behind a name that is a link, and names its town
    town: Pattern
    #: stands before a list of who belongs together; and says that it is one of organisations
    network: Pattern
    organisations: Pattern
    #: behind a sponsor: out of what its grant is given, or for what
    means: Pattern
    #: who gives money and is called nothing else that bodies are called
    funder: Pattern
    #: behind whom is supported, and before "supported by"
    verb: Pattern
    #: whom a label says is supported; and that it says nobody
    belongs: Pattern
    nobody: Pattern
    #: in labels that may announce anybody
    vague: tuple[str, ...]
    #: heads a part of a wall of sponsors: "Gold"
    tier: Pattern
    #: a price, and what it is for
    price: Pattern
    #: stands between a treaty and its year, which are found with it
    treaty_year: Pattern
    #: names what, or who, made the site
    credit: Pattern


def read_phrases(lexicon: Lexicon) -> Phrases:
    either, every = lexicon.either, lexicon.every
    since = either("prose", "since")
    joined = rf"(?:(?:{either('member', 'one')}) )?(?:{since})"

    def pattern(text: str) -> Pattern:
        return re.compile(text, re.IGNORECASE)

    return Phrases(
        clauses=_clauses(lexicon),
        leads_on=pattern(rf"(?::|\b(?:{either('prose', 'leads_on')}))$"),
        last_but_one=re.compile(rf"[;,] (?:{either('prose', 'joins')})$"),
        that=tuple(every("prose", "that")),
        tails=either("prose", "tails"),
        wanting=pattern(rf"\b(?:{either('purpose', 'wants')})\b"),
        wants=either("purpose", "wants"),
        articles=either("prose", "articles"),
        joined=pattern(rf"\s*(?:[(\[,–-]\s*(?:{joined})?|(?<!\w){joined})\s*({_YEAR})\s*[)\]]?\s*$"),
        since=pattern(rf"[\s(\[,]*(?:\b(?:{since})\b)?\s*\b({_YEAR})\s*[)\]]?$"),
        formerly=pattern(rf"\b(?:{either('prose', 'until')}) (?:\w+ )?{_YEAR}\b"),
        town=re.compile(rf"\s+(?:{either('prose', 'towns')}) ([A-ZÀ-Þ'’][^\d,;:.!?]{{1,40}})"),
        network=pattern(rf"\b(?:{either('member', 'networks')})"),
        organisations=pattern(rf"\b(?:{either('member', 'organisations')})\b"),
        means=pattern(rf"\s(?:{either('sponsor', 'means')})\b|[.;]\s"),
        funder=pattern(rf"\b(?:{either('sponsor', 'funders')})\b"),
        verb=pattern(rf"\b(?:{either('sponsor', 'verbs')})\s*$"),
        belongs=pattern(rf"\b(?:{either('sponsor', 'belongs')})(.{{2,60}})$"),
        nobody=pattern(rf"^(?:{either('sponsor', 'nobody')}|\W)*$"),
        vague=tuple(every("sponsor", "vague")),
        tier=pattern(rf"(?:{either('sponsor', 'tiers')})\b.{{0,20}}$"),
        price=pattern(
            rf"\W*(?:(?:{either('price', 'from')}|EUR|CHF) ?)?(?:[€$£] ?\d[\d.,]*|\d[\d.,]* ?(?:[€$£]|EUR|CHF))[-,–]*"
            rf"(?:\s*(?:p/|/ ?|(?:{either('price', 'each')}) )\s?\w+| p\. ?[aj]\.?)?\W*"
        ),
        treaty_year=re.compile(
            r"\s*(?:\(\s*(?:[A-Z]{2,8},?\s*)?((?:1[89]|20)\d\d)\s*\)"
            rf"|\b(?:{either('treaty', 'of')})\s+((?:1[89]|20)\d\d)\b)"
        ),
        credit=pattern(rf"\b(?:{either('credit', 'by')})\s+(\w[\w.+-]*(?: [A-Z][\w.+-]*){{0,2}})"),
    )


def _clauses(lexicon: Lexicon) -> tuple[Clauses, ...]:
    joins = "|".join(longest_first(lexicon.every("prose", "conjunctions")))
    # A comma or an "and" within a clause parts nothing: behind it stands no beginning.
    parted = rf"(?:[,;]\s+(?:{joins})?\s*|\s+(?:{joins})\s+)"
    return tuple(
        Clauses(
            opening=re.compile(rf"{make['behind']},? (?=(?:{make['begins']})\b)"),
            parting=re.compile(rf"{parted}(?=(?:{make['begins']})\b)"),
            begins=None if make["own"] else re.compile(rf"^(?:{make['begins']})\s+"),
        )
        for make in lexicon.tables_of("clause", "makes")
    )
