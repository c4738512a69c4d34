"""The tables ``[description]`` and ``[rights]`` of a profile: what a site is, in the elements of Dublin Core, who holds
rights in it, and who allowed it to be kept."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field

from archive.configuration import Table
from crawler.sites.fields import HttpUrl

_LONGEST_CHARS = 4000
#: BCP 47 in its plain forms: a language, a script, a region
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|\d{3}))?")


def _check_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of text")
    return text.strip()


def _check_language(tag: str) -> str:
    if not _LANGUAGE.fullmatch(tag):
        raise ValueError(f'{tag[:60]!r} is no tag of a language, such as "nl" or "pt-BR"')
    return tag


def _check_day(value: Any) -> Any:
    """A TOML date, or the text of one."""
    if isinstance(value, date):
        value = value.isoformat()
    try:
        if isinstance(value, str) and date.fromisoformat(value).isoformat() == value:
            return value
    except ValueError:
        pass
    raise ValueError(f"{str(value)[:60]!r} is no date, such as 2026-01-31")


def _as_list(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Line = Annotated[str, Field(max_length=_LONGEST_CHARS), AfterValidator(_check_line)]
Lines = Annotated[tuple[Line, ...], BeforeValidator(_as_list)]
Day = Annotated[str, BeforeValidator(_check_day), Field(examples=["2026-01-31"])]
Languages = Annotated[tuple[Annotated[str, AfterValidator(_check_language)], ...], BeforeValidator(_as_list)]


class Description(Table):
    """Elements of Dublin Core (ISO 15836), each of which may be left out; of those in brackets several may be given."""

    called_elsewhere: ClassVar[dict[str, str]] = {
        **dict.fromkeys(("abstract", "summary", "text", "about"), "description"),
        **dict.fromkeys(("author", "authors"), "creator"),
        **dict.fromkeys(("keywords", "tags", "subjects"), "subject"),
        **dict.fromkeys(("place", "spatial", "area"), "coverage"),
        **dict.fromkeys(("lang", "languages"), "language"),
        **dict.fromkeys(("id", "identifiers", "handle", "doi"), "identifier"),
    }

    #: the site's own name, where it is not the profile's ``title``
    title: Line | None = None
    #: whose words they are
    creator: Lines = ()
    #: who puts them on the web
    publisher: Lines = ()
    #: what the site is, in some sentences
    description: Line | None = None
    #: as tags (BCP 47)
    language: Languages = ()
    #: places and times it is about
    coverage: Lines = ()
    #: what it is about
    subject: Lines = ()
    #: numbers it has in your catalogue and elsewhere
    identifier: Lines = ()


class Permission(Table):
    """Who allowed what; it is the operator's own, and shown to nobody else."""

    #: who allowed it
    by: Line
    #: when
    on: Day
    #: where that is written: a letter, a number
    reference: Line | None = None
    #: what it covers
    scope: Line | None = None
    note: Line | None = None


class Rights(Table):
    called_elsewhere: ClassVar[dict[str, str]] = {
        **dict.fromkeys(("license", "licence_url", "license_url", "licence_uri"), "licence"),
        **dict.fromkeys(("rights", "text", "copyright"), "statement"),
        **dict.fromkeys(("permissions",), "permission"),
    }

    #: who holds rights, and what others may do, in a sentence that visitors read
    statement: Line | None = None
    #: address of the licence under which the site's contents may be used
    licence: HttpUrl | None = None
    #: a table ``[[rights.permission]]`` for each
    permission: tuple[Permission, ...] = ()


def elements(title: str | None, description: Description, rights: Rights) -> dict[str, str]:
    """What is said of a site, by element; several of one are separated by a semicolon."""
    found = {
        "title": description.title or title,
        "creator": _joined(description.creator),
        "publisher": _joined(description.publisher),
        "description": description.description,
        "language": _joined(description.language),
        "coverage": _joined(description.coverage),
        "subject": _joined(description.subject),
        "identifier": _joined(description.identifier),
        "rights": rights.statement,
        "licence": rights.licence,
    }
    return {element: said for element, said in found.items() if said}


def _joined(values: tuple[str, ...]) -> str | None:
    return "; ".join(values) or None
