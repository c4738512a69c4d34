"""What all links of a page tell together, and no link alone: that pages lie in a grid, or give every reader a name in
their paths. Found where the page is read; `crawler.grids` and `crawler.path_sessions` count it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypedDict

from archive.model import Link

#: pages that a page's links lead to under the other name, of which one is no sign yet
RESTS = 3
#: links of one page that are looked at, and numbers and names in one URL
_LINKS, _NUMBERS, _NAMES = 5000, 6, 4

#: a hyphen behind what parts numbers is a sign
_NUMBER = re.compile(r"(?:(?<=[/=,-])-)?[0-9]+")
#: a segment that a machine made up: ten letters and digits, one of them a digit at least, or a UUID
_NAME = re.compile(
    r"(?<=/)(?:(?=[a-z]*[0-9])[0-9a-z]{10,128}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=/)", re.IGNORECASE
)


class Neighbours(TypedDict, total=False):
    #: what stands before the page's own name -> the one other name that all its links beneath carry; None where they
    #: carry the page's own, or several
    names: dict[str, str | None]
    #: the numbers of its URL, by place, and whether a link to its like has a higher (1) or lower (-1) one, the others
    #: being the same
    steps: list[tuple[int, int]]


def neighbours(url: str, links: Iterable[Link]) -> Neighbours:
    """Of the page at *url*; empty for most."""
    found: Neighbours = {}
    named = names_in(url)
    is_numbered = len(_numbers(url)) > 1
    if not named and not is_numbered:
        return found
    followed = [link.url for link in links if link.hop == "L"][:_LINKS]
    names = {before: told for before, name, _ in named if (told := _other_name(before, name, followed)) != ""}
    if names:
        found["names"] = names
    if is_numbered and (steps := _steps(url, followed)):
        found["steps"] = sorted(steps)
    return found


def names_in(url: str) -> list[tuple[str, str, str]]:
    """Of each name in the path of *url*: what stands before it, the name, and what stands behind.

    >>> names_in("http://a.nl/s/5f2c9a77b1/about?x=1")
    [('http://a.nl/s/', '5f2c9a77b1', '/about?x=1')]
    """
    path = url.partition("?")[0]
    found = list(_NAME.finditer(path, _path(path)))[:_NAMES]
    return [(url[: name.start()], name[0], url[name.end() :]) for name in found]


def _other_name(before: str, own: str, links: list[str]) -> str | None:
    """The one name; "" where the links say nothing of it."""
    rests: dict[str, set[str]] = {}
    for link in links:
        if link.startswith(before) and (its := _NAME.match(link, len(before))):
            rests.setdefault(its[0], set()).add(link[its.end() :])
    if not rests:
        return ""
    if own in rests or len(rests) > 1:
        return None
    ((name, led_to),) = rests.items()
    return name if len(led_to) >= RESTS else ""


def pattern(url: str) -> str:
    """*url* without the numbers behind its host.

    >>> pattern("http://10.0.0.1/x/12/y/-7?z=3")
    'http://10.0.0.1/x/#/y/#?z=#'
    """
    start = _path(url)
    return url[:start] + _NUMBER.sub("#", url[start:])


def _path(url: str) -> int:
    """Where it begins."""
    return max(0, url.find("/", url.find("//") + 2))


def _numbers(url: str) -> list[str]:
    return _NUMBER.findall(url, _path(url))


def _steps(url: str, links: list[str]) -> set[tuple[int, int]]:
    alike, own = pattern(url), _numbers(url)
    begins = alike[: alike.index("#", _path(url))]
    steps = set()
    for link in links:
        if link.startswith(begins) and pattern(link) == alike:
            differ = [at for at, (mine, its) in enumerate(zip(own, _numbers(link), strict=True)) if mine != its]
            if len(differ) == 1 and differ[0] < _NUMBERS:
                (at,) = differ
                steps.add((at, 1 if _size(_numbers(link)[at]) > _size(own[at]) else -1))
    return steps


def _size(number: str) -> int:
    """To compare by: of the longest, which Python makes no integer of, the first digits tell."""
    return int(number[:400])
