"""The archive's own words, as rows have them, and what a reader is told for each.

Rows keep the words of the schema; pages say them in the visitor's language. Whatever is not one of them (a name, a rule
of somebody's own profile) is shown as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from archive.browse import language, metadata, queries
from archive.reasons import REASONS

#: section roles, one and several
ROLES: dict[str, str] = {
    "member": "members", "sponsor": "sponsors", "goal": "goals", "treaty": "treaties", "link": "links",
    "social": "socials", "identity": "identities", "purpose": "purposes", "certification": "certifications",
    "contact": "contacts", "campaign": "campaigns",
}  # fmt: skip
_PAGES = {"page": "pages"}
CHANGES = (
    "first listed", "no longer listed", "listed again", "reworded", "logo replaced", "section vanished", "page broke",
    "page repaired", "text edited",
)  # fmt: skip
DRIFTS = (
    "count dropped", "selectors find nothing", "expected count missed", "names from files only", "all facts changed",
    "as before",
)  # fmt: skip
#: what a list says of one of its items
KINDS = ("host", "statement", "email", "phone", "address", "title", "site_name", "logo", "cms", "language")
STATES = ("current", "ended", "unknown")
TIERS = ("confirmed", "candidate")
CRAWLS = ("running", "finished", "limited", "interrupted", "failed", "imported")
RECORDS = ("response", "revisit", "resource", "failure")
#: by what a fact was found, where its name is no word
_NAMED_RULES = {
    "bare-address": "loose address", "head-image": "picture in the head of the page",
    "html-lang": "language of the HTML",
    "inline-label": "heading within the line", "labelled-lines": "lines under a heading",
    "labelled-list": "list under a heading", "logo-wall": "wall of logos", "loose-label": "loose heading",
    "name-and-year": "name with a year", "popup": "pop-up window", "profile-label": "heading out of the profile",
    "profile-selector": "selector out of the profile", "sentence-host": "sentence about the host",
    "street-and-town": "street and town",
}  # fmt: skip
RULES = (
    *_NAMED_RULES.values(), "badge", "call", "cue", "generator", "label", "link", "prose", "sentence", "title",
)  # fmt: skip
#: the letters of a path of hops
HOPS = {"L": "a link", "E": "a part of the page", "R": "a redirect", "M": "a sitemap", "P": "another archive"}
#: what Datasette says by itself
DATASETTES = ("Forbidden", "Invalid SQL")

_SINGLE = (*ROLES, *CHANGES, *DRIFTS, *KINDS, *STATES, *TIERS, *CRAWLS, *RECORDS, *RULES, *HOPS.values(), *DATASETTES)


def say(word: object) -> str:
    """
    >>> with language.visiting(language.Visit("nl")):
    ...     say("no longer listed"), say(404), say("Plan")
    ('niet meer vermeld', '404', 'Plan')
    """
    text = _NAMED_RULES.get(str(word), str(word))
    if text in ROLES:
        return several(text, 1)
    return language.gettext(text) if text in _known() else text


def say_hops(path: str) -> str:
    """A path of hops, its letters said in words; one that is not ours stays.

    >>> say_hops("LLEZ")
    'a link, a link, a part of the page, Z'
    """
    return ", ".join(say(HOPS.get(letter, letter)) for letter in path)


def several(role: str, count: int) -> str:
    """
    >>> several("member", 4), several("page", 1)
    ('members', 'page')
    """
    plural = (ROLES | _PAGES).get(role)
    if plural is None:  # a kind of fact of somebody's own
        return role if count == 1 else f"{role}s"
    return language.ngettext(role, plural, count)


def dynamic() -> Iterator[str | tuple[str, str]]:
    """Every text that is looked up by what a row or a table of ours says; those that count as one and several."""
    yield from (ROLES | _PAGES).items()
    yield from (word for word in _SINGLE if word not in ROLES)
    yield from REASONS.values()
    yield from (metadata.TITLE, metadata.DESCRIPTION)
    yield from queries.texts()


@cache
def _known() -> frozenset[str]:
    return frozenset(one if isinstance(one, str) else one[0] for one in dynamic())
