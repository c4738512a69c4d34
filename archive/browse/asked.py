"""A question to the search page, as its address has it. Nothing in an address is an error: what cannot be meant is left
out, and told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from archive.browse.holdings import Kind
from archive.store.expressions import Piece, pieces_of

#: characters of a question that are looked at
_LONGEST = 400
_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?", re.ASCII)
_PAGE = re.compile(r"[1-9]\d{0,5}", re.ASCII)
VERSIONS = ("current", "past")


@dataclass(frozen=True, slots=True)
class Asked:
    text: str = ""
    site: str = ""
    #: ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``: captured in it or later
    since: str = ""
    #: the same: captured in it or before
    until: str = ""
    #: a role: pages that showed such a section
    section: str = ""
    #: one of `VERSIONS`, or empty
    versions: str = ""
    page: int = 1
    #: what was left out, ``name=value``
    ignored: tuple[str, ...] = ()

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return pieces_of(self.text)

    @property
    def by_day(self) -> bool:
        """Whether months do not tell what is in the period."""
        return len(self.since) == 10 or len(self.until) == 10

    @property
    def bounds(self) -> tuple[str, str]:
        """Of the period, for comparison with texts of times that begin alike."""
        return self.since, f"{self.until}~"

    @property
    def values(self) -> dict[str, str]:
        named = {"q": self.text, "site": self.site, "from": self.since, "to": self.until, "section": self.section,
                 "versions": self.versions, "page": str(self.page) if self.page > 1 else ""}  # fmt: skip
        return {name: value for name, value in named.items() if value}

    @property
    def query(self) -> str:
        return urlencode(self.values)

    @property
    def years(self) -> str:
        """The year that is asked for, where it is one."""
        return self.since if self.since == self.until and len(self.since) == 4 else ""

    def choosing(self, dimension: str, value: str) -> Asked:
        """The same with another choice of one facet, from its first page on; an empty *value* takes it back."""
        if dimension == "year":
            return replace(self, since=value, until=value, page=1)
        return replace(self, **{dimension: value}, page=1)  # type: ignore[arg-type]  # names of texts

    def takes(self, kind: Kind, *, but: str = "") -> bool:
        """Whether versions of *kind* are asked for; *but* is a dimension that does not matter."""
        since, until = self.since[:7], f"{self.until[:7]}~"
        return (
            (not self.site or but == "site" or kind.site == self.site)
            and (not self.section or but == "section" or self.section in kind.sections)
            and (not self.versions or but == "versions" or kind.is_current == (self.versions == "current"))
            and (
                not (self.since or self.until) or but == "year" or any(since <= month <= until for month in kind.months)
            )
        )


def read_asked(arguments: Mapping[str, Any], sites: frozenset[str], sections: frozenset[str]) -> Asked:
    """Of the arguments of a request."""
    given = {
        name: str(arguments.get(name) or "").strip() for name in ("site", "from", "to", "section", "versions", "page")
    }
    known = {
        "site": given["site"] in sites,
        "from": _DATE.fullmatch(given["from"]),
        "to": _DATE.fullmatch(given["to"]),
        "section": given["section"] in sections,
        "versions": given["versions"] in VERSIONS,
        "page": _PAGE.fullmatch(given["page"]),
    }
    taken = {name: value if known[name] else "" for name, value in given.items()}
    ignored = tuple(f"{name}={value[:60]}" for name, value in given.items() if value and not known[name])
    return Asked(
        # NUL ends a text in more places than one.
        text=str(arguments.get("q") or "").replace("\0", " ")[:_LONGEST],
        site=taken["site"],
        since=taken["from"],
        until=taken["to"],
        section=taken["section"],
        versions=taken["versions"],
        page=int(taken["page"] or 1),
        ignored=ignored,
    )
