"""The words by which pages announce what stands on them, read from ``languages/*.toml`` once.

All languages are asked of every page: sites declare the wrong one, and mix them. Only what a conjunction or an article
is hangs on the language, and is taken from the one whose cue announced the list.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from crawler.extract.literals import quickened

Pattern = re.Pattern[str]

#: in the files: a capital letter or a digit, with which a name begins; and the words an organisation calls itself
_CAPITAL = r"(?-i:[A-ZÀ-ÖØ-ÞŠŒŽ0-9«„“\"'])"
#: "l'Union", typed or typeset
_APOSTROPHE = re.compile(r"\b([dlnj]|qu)'")
_NEVER = re.compile(r"(?!)")


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
    #: per role: what fills a label, what stands in a sentence before a list, what a label must not hold
    labels: Mapping[str, Pattern]
    cues: Mapping[str, Pattern]
    not_labels: Mapping[str, Pattern]
    #: lower-case words of which one stands in all that the role's patterns of this language match
    stems: Mapping[str, tuple[str, ...]]
    hosts: tuple[Pattern, ...]
    chairs: tuple[Pattern, ...]


#: a language, and those of its stems for one role that stand on a page: of most, most do not
Spoken = tuple[Language, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    languages: tuple[Language, ...]
    countries: frozenset[str]
    given_names: frozenset[str]
    person_role: Pattern
    button: Pattern
    determiners: str
    #: stands where a list is empty: "No members yet."
    none: Pattern
    #: stands in what members are promised: "Free access to our library"
    promise: Pattern
    #: begins what readers are told to do: "Avoid coffee"
    advice: Pattern
    #: what every site calls pages of its own: "Terms and conditions"
    site_page: Pattern
    #: heads a column of links beside others: "About us"
    about: Pattern
    #: what a page is called that lists sites of others: "Useful links"
    links: Pattern
    #: begins the heading of a group: "Regio Noord"
    region: Pattern
    #: a heading of what is neither members, goals nor sponsors: "Membership fees"
    other: Pattern
    #: stands in a line that ends in a colon before a list of bodies that belong together
    leads: Pattern
    #: stands in what announces aims that are nobody's who runs the site: "Course objectives"; and in what may
    not_ours: Pattern
    doubtful: Pattern
    #: stands between a heading of aims and its list, which tells what readers learn: "Participants will be able to:"
    learnt: Pattern
    #: stands in what announces goals by that word, and not by what they are about
    aims: Pattern
    #: stands in what announces goals by what is done for them: "What we do"
    deeds: Pattern
    #: a heading that names a list of somebody, and not whose members they are: "Directory"
    directory: Pattern
    #: a heading of one word that may be that of anything: "Chapters", "Companies"
    bare: Pattern
    #: stands in a label, behind which may stand by whom something is supported
    given_by: Pattern
    #: stands in a sentence, however long, that tells who pays for what the page is about
    payers: Pattern
    #: stands in a label of sponsors, and says that something else is listed with them, or instead
    not_only: Pattern
    #: a class or an id of a box of sponsors' logos, and a folder of them, or one in it: "/partenaires/2024"
    box_name: Pattern
    folder: Pattern
    #: lower-case words of which one stands in all that these match, or that markup calls such logos
    box_words: tuple[str, ...]
    #: stands in what a page is called whose partners are members
    consortium: Pattern
    #: what a page is called that the law asks for: "Cookie policy"
    legal: Pattern
    #: per role: stands anywhere in a heading that may announce it
    loose: Mapping[str, Pattern]
    #: stands in a heading that tells of what members do, or get: "Jobs at our members"
    not_loose: Pattern
    #: those of them that fill it: pages are called so, too
    called: Mapping[str, Pattern]
    #: per role, and for ``chair``: lower-case words of which one stands in all that the role's patterns match
    stems: Mapping[str, tuple[str, ...]]
    #: the roles that some language has labels for
    labelled: tuple[str, ...]
    #: what the heads of columns are called: ``name``, ``year``, ``place``, ``number``
    columns: Mapping[str, Pattern]
    certification: Pattern
    certification_in_prose: Pattern
    treaty: Pattern
    connectors: frozenset[str]
    articles: Pattern
    #: what a name may begin with though it is small: "gemeente Breda"
    institution: Pattern

    def language(self, code: str | None) -> Language:
        """The language of that code (``nl-NL`` too), else the first."""
        wanted = (code or "").lower().partition("-")[0]
        return next((language for language in self.languages if language.code == wanted), self.languages[0])


@cache
def vocabulary() -> Vocabulary:
    folder = files(__package__ or "crawler.extract").joinpath("languages")
    # The first is what an unknown language is read as, and the site we began with is Dutch.
    texts = {code: folder.joinpath(f"{code}.toml").read_text("utf-8") for code in ("nl", "en", "de", "fr")}
    tables = {code: tomllib.loads(text) for code, text in texts.items()}

    def every(section: str, key: str) -> list[str]:
        return [word for table in tables.values() for word in table.get(section, {}).get(key, ())]

    with_words = dict.fromkeys(role for table in tables.values() for role in table if "words" in table[role])

    return Vocabulary(
        languages=tuple(_language(code, table) for code, table in tables.items()),
        countries=frozenset(name.casefold() for name in every("prose", "countries")),
        given_names=frozenset(every("person", "given_names")),
        person_role=_words(every("person", "roles")),
        button=_compiled(every("page", "buttons"), whole=True),
        none=_compiled([rf"(?:{words})\W*$" for words in every("page", "none")]),
        promise=_compiled(every("prose", "promises")),
        advice=_compiled([rf"^(?:\d{{1,2}}[.)] )?(?:{'|'.join(every('prose', 'advice'))})"]),
        site_page=_compiled(every("page", "site_pages"), whole=True),
        about=_compiled(every("page", "about"), whole=True),
        links=_compiled(every("page", "links"), whole=True),
        region=_compiled([rf"(?:{'|'.join(every('page', 'regions'))})(?!\w)"]),
        other=_others(every("page", "others"), every("page", "determiners")),
        not_ours=_compiled(every("goal", "not_ours")),
        doubtful=_compiled(every("goal", "doubtful")),
        learnt=_compiled(every("goal", "learnt")),
        aims=_compiled(every("goal", "aims")),
        deeds=_compiled(every("goal", "deeds")),
        determiners="|".join(_longest_first(every("page", "determiners"))),
        consortium=_compiled(every("member", "consortium")),
        directory=_compiled(every("member", "directories")),
        bare=_compiled(every("member", "bare"), whole=True),
        leads=_compiled(every("member", "leads")),
        given_by=_compiled(every("sponsor", "given_by")),
        payers=_compiled(every("sponsor", "payers")),
        not_only=_compiled(every("sponsor", "not_only")),
        box_name=re.compile(rf"(?:^|[\s_-])(?:{'|'.join(every('sponsor', 'box_names'))})(?=$|[\s_-])", re.IGNORECASE),
        folder=re.compile(rf"/(?:{'|'.join(every('sponsor', 'folders'))})(?:/[^/]{{1,40}})?$", re.IGNORECASE),
        box_words=tuple(every("sponsor", "box_words")),
        legal=_compiled(every("page", "legal"), whole=True),
        loose={
            role: _compiled([*every(role, "loose"), *every(role, "directories")])
            for role in ("member", "goal", "sponsor")
        },
        not_loose=_compiled(every("member", "not_loose")),
        called={
            role: _compiled([words for words in every(role, "loose") if words[:1] + words[-1:] == "^$"])
            for role in ("member", "goal", "sponsor")
        },
        stems={role: tuple(dict.fromkeys(every(role, "words"))) for role in with_words}
        | {"chair": tuple(every("member", "chair_words"))},
        labelled=tuple(dict.fromkeys(role for table in tables.values() for role in table if "labels" in table[role])),
        columns={
            field: _compiled(every("columns", field), whole=True) for field in ("name", "year", "place", "number")
        },
        certification=_words(every("certification", "names")),
        certification_in_prose=_compiled(every("certification", "prose")),
        treaty=_compiled(every("treaty", "words")),
        connectors=frozenset(word.casefold() for word in every("prose", "connectors")),
        institution=_compiled([rf"(?:{word})\s+\p" for word in every("prose", "institutions")]),
        articles=_compiled([rf"{word}\b" for word in every("prose", "articles")], whole=False),
    )


def _language(code: str, table: Mapping[str, Any]) -> Language:
    prose = table["prose"]
    self_names = "|".join(table["purpose"]["self"])
    roles = {role: section for role, section in table.items() if isinstance(section, dict)}

    def patterns(key: str, *, whole: bool = False) -> dict[str, Pattern]:
        found = {role: section[key] for role, section in roles.items() if section.get(key)}
        return {role: _compiled(words, whole=whole, self_names=self_names) for role, words in found.items()}

    return Language(
        code=code,
        prose=Prose(
            conjunction=_compiled([rf",?\s+{re.escape(word)}\s+" for word in _longest_first(prose["conjunctions"])]),
            # The first is the common one.
            strong_conjunction=_compiled(
                [rf",?\s+{re.escape(word)}\s+" for word in _longest_first(prose["conjunctions"][1:])]
            ),
            binders=frozenset(prose["binders"]),
            # An elided article has no space behind it: "l'Arche".
            article=_compiled(
                [word if word.endswith("'") else rf"{word}\s+" for word in _longest_first(prose["articles"])]
            ),
            announcer=_compiled([rf"{word}(?=\s)\s+" for word in prose["announcers"]]),
            connectors=frozenset(word.casefold() for word in prose["connectors"]),
            example=_compiled(prose["examples"]),
            former=_compiled(prose["former"]),
            subject=_compiled(prose["subjects"]),
            abbreviations=frozenset(prose["abbreviations"]),
        ),
        labels=patterns("labels"),
        cues=patterns("cues"),
        not_labels=patterns("not_labels"),
        stems={role: tuple(section["words"]) for role, section in roles.items() if "words" in section},
        hosts=tuple(_compiled([host]) for host in table["member"]["hosts"]),
        chairs=tuple(_compiled([chair]) for chair in table["member"]["chairs"]),
    )


def _longest_first(words: Sequence[str]) -> list[str]:
    return sorted(words, key=len, reverse=True)


def _compiled(words: Sequence[str], *, whole: bool = False, self_names: str = "") -> Pattern:
    if not words:
        return _NEVER
    alternatives = "|".join(f"(?:{word})" for word in words).replace(r"\self", f"(?:{self_names})")
    alternatives = _APOSTROPHE.sub(r"\1['’]", alternatives).replace(r"\p", _CAPITAL)
    return re.compile(rf"^(?:{alternatives})$", re.IGNORECASE) if whole else quickened(alternatives)


def _others(words: Sequence[str], determiners: Sequence[str]) -> Pattern:
    before, heads = "|".join(_longest_first(determiners)), "|".join(words)
    tail = r"(?:\s+(?:van|voor|als|is|zijn|of|for|as|from|with|der|des|für|als|de|du|pour|en|uit|bij|zu|aus)\b.{1,50})?"
    return _compiled([rf"^(?:(?:{before})\s+)*(?:{heads}){tail}[\s?!.:…]*$"])


def _words(words: Sequence[str]) -> Pattern:
    return _compiled([rf"(?<!\w)(?:{word})(?!\w)" for word in words])
