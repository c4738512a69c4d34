"""Where a site's sections stand, by CSS selector: what a profile says when the usual words do not find them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from archive.configuration import Table, did_you_mean
from crawler.items import KINDS

#: these are read off the whole page, wherever they stand
_READ_EVERYWHERE = ("identity", "link", "social")
_ROLES = tuple(kind.role for kind in KINDS if kind.role not in _READ_EVERYWHERE)
_LONGEST = 500


def _css(selector: str) -> str:
    from crawler.extract.selectors import check_selector  # with all extractors, which a crawl seldom needs

    return check_selector(selector)


Css = Annotated[str, Field(min_length=1, max_length=_LONGEST), AfterValidator(_css)]


class Pointer(Table):
    """One section: the items or what holds them, and what an item tells, in elements inside of it."""

    #: matches the items, or a list or table of them
    items: Css
    #: within an item: what it is called, since when it is listed, in which town or region it is
    name: Css | None = None
    year: Css | None = None
    place: Css | None = None


def _pointer(value: Any) -> Any:
    """A bare selector is that of the items."""
    return {"items": value} if isinstance(value, str) else value


def _roles(pointers: Mapping[str, Pointer]) -> Mapping[str, Pointer]:
    for role in pointers:
        if role in _READ_EVERYWHERE:
            raise ValueError(f"{role!r} is read off the whole page, and takes no selector")
        if role not in _ROLES:
            raise ValueError(f"{role!r} is no section{did_you_mean(role, _ROLES)} (one of {', '.join(_ROLES)})")
    return pointers


Pointers = Annotated[
    dict[str, Annotated[Pointer, BeforeValidator(_pointer)]],
    AfterValidator(_roles),
]
