"""The words by which pages announce what stands on them, read from ``languages/*.toml`` once.

All languages are asked of every page: sites declare the wrong one, and mix them. Only what a conjunction or an article
is hangs on the language, and is taken from the one whose cue announced the list.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from crawler.extract.contact_words import ContactWords, read_contact_words
from crawler.extract.language import Language, read_language
from crawler.extract.lexicon import Lexicon, Pattern, compiled, longest_first, whole_words
from crawler.extract.name_words import NameWords, read_name_words
from crawler.extract.phrases import Phrases, read_phrases
from crawler.extract.picture_words import PictureWords, read_picture_words
from crawler.extract.sponsor_words import SponsorWords, read_sponsor_words

#: a language is a file here
FOLDER = files(__package__ or "crawler.extract").joinpath("languages")


#: of a table: what a row may tell. Who has a forename is a person.
COLUMNS = ("forename", "name", "year", "place", "number")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    languages: tuple[Language, ...]
    names: NameWords
    contacts: ContactWords
    phrases: Phrases
    pictures: PictureWords
    sponsors: SponsorWords
    #: classes of what is set behind a name
    badge: Pattern
    #: class of the one among several elements that is a name
    called_name: Pattern
    #: alternatives: in classes and ids of menus
    navigation: str
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
    #: begins what is a goal by its form: "Promoting ..."; and stands in a clause that tells the form that a body has
    opens: Pattern
    form: Pattern
    #: alternatives: what stands before or behind a label of goals, counts them behind "our", says that they are, and
    #: what for; what paragraphs of statutes are called, and what heads one that tells the aims
    qualifiers: str
    numbers: str
    ours: str
    aimed: str
    clause_names: str
    clauses: str
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
    #: what the heads of `COLUMNS` are called
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
    return read_vocabulary(FOLDER)


def read_vocabulary(folder: Traversable) -> Vocabulary:
    """The vocabulary of all the languages that have a file there."""
    lexicon = Lexicon(folder)
    every = lexicon.every
    return Vocabulary(
        languages=tuple(read_language(code, table) for code, table in lexicon.tables.items()),
        names=read_name_words(lexicon),
        contacts=read_contact_words(lexicon),
        phrases=read_phrases(lexicon),
        pictures=read_picture_words(lexicon),
        sponsors=read_sponsor_words(lexicon),
        called_name=_in_class(lexicon.either("markup", "names")),
        badge=_in_class(lexicon.either("markup", "badges")),
        navigation=lexicon.either("markup", "navigation"),
        countries=frozenset(name.casefold() for name in every("prose", "countries")),
        given_names=frozenset(every("person", "given_names")),
        person_role=whole_words(every("person", "roles")),
        button=compiled(every("page", "buttons"), whole=True),
        none=compiled([rf"(?:{words})\W*$" for words in every("page", "none")]),
        promise=compiled(every("prose", "promises")),
        advice=compiled([rf"^(?:\d{{1,2}}[.)] )?(?:{'|'.join(every('prose', 'advice'))})"]),
        site_page=compiled(every("page", "site_pages"), whole=True),
        about=compiled(every("page", "about"), whole=True),
        links=compiled(every("page", "links"), whole=True),
        region=compiled([rf"(?:{'|'.join(every('page', 'regions'))})(?!\w)"]),
        other=_others(lexicon),
        not_ours=compiled(every("goal", "not_ours")),
        doubtful=compiled(every("goal", "doubtful")),
        learnt=compiled(every("goal", "learnt")),
        aims=compiled(every("goal", "aims")),
        deeds=compiled(every("goal", "deeds")),
        opens=compiled([rf"^(?:{lexicon.either('goal', 'opens')})"]),
        form=compiled(every("goal", "forms")),
        qualifiers=lexicon.either("goal", "qualifiers"),
        numbers=lexicon.either("goal", "numbers"),
        ours=lexicon.either("goal", "ours"),
        aimed=lexicon.either("goal", "aimed"),
        clause_names=lexicon.either("goal", "clause_names"),
        clauses=lexicon.either("goal", "clauses"),
        determiners="|".join(longest_first(every("page", "determiners"))),
        consortium=compiled(every("member", "consortium")),
        directory=compiled(every("member", "directories")),
        bare=compiled(every("member", "bare"), whole=True),
        leads=compiled(every("member", "leads")),
        given_by=compiled(every("sponsor", "given_by")),
        payers=compiled(every("sponsor", "payers")),
        not_only=compiled(every("sponsor", "not_only")),
        box_name=re.compile(rf"(?:^|[\s_-])(?:{'|'.join(every('sponsor', 'box_names'))})(?=$|[\s_-])", re.IGNORECASE),
        folder=re.compile(rf"/(?:{'|'.join(every('sponsor', 'folders'))})(?:/[^/]{{1,40}})?$", re.IGNORECASE),
        box_words=tuple(every("sponsor", "box_words")),
        legal=compiled(every("page", "legal"), whole=True),
        loose={
            role: compiled([*every(role, "loose"), *every(role, "directories")])
            for role in ("member", "goal", "sponsor")
        },
        not_loose=compiled(every("member", "not_loose")),
        called={
            role: compiled([words for words in every(role, "loose") if words[:1] + words[-1:] == "^$"])
            for role in ("member", "goal", "sponsor")
        },
        stems={role: tuple(dict.fromkeys(every(role, "words"))) for role in lexicon.having("words")}
        | {"chair": tuple(every("member", "chair_words"))},
        labelled=tuple(lexicon.having("labels")),
        columns={field: compiled(every("columns", field), whole=True) for field in COLUMNS},
        certification=whole_words(every("certification", "names")),
        certification_in_prose=compiled(every("certification", "prose")),
        treaty=compiled(every("treaty", "words")),
        connectors=frozenset(word.casefold() for word in every("prose", "connectors")),
        institution=compiled([rf"(?:{word})\s+\p" for word in every("prose", "institutions")]),
        articles=compiled([rf"{word}\b" for word in every("prose", "articles")], whole=False),
    )


def _in_class(words: str) -> Pattern:
    return re.compile(rf"(?:^|[\s_-])(?:{words})(?:$|[\s_-])", re.IGNORECASE)


def _others(lexicon: Lexicon) -> Pattern:
    before = "|".join(longest_first(lexicon.every("page", "determiners")))
    tail = rf"(?:\s+(?:{lexicon.either('page', 'others_tails')})\b.{{1,50}})?"
    return compiled([rf"^(?:(?:{before})\s+)*(?:{lexicon.either('page', 'others')}){tail}[\s?!.:…]*$"])
