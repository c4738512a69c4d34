"""Which links wait: a section of a site with many, or endless, pages does not keep the others of its host waiting.

A section is what the first segment of a path names, or the first two, numbers and random names apart. Of each so many
URLs go by how far they are from the seed; those beyond wait as if they were a link farther away, and so on. All of
them are fetched in the end, but for what only its own kind leads to where a section has no end.
"""

from __future__ import annotations

import re
from collections import Counter

#: URLs of one first segment, and of one first and second, that wait for no more than their depth
SECTION, PART = 500, 50
#: how long a URL may wait that was found on one of its own kind; a section has some 23,000 URLs by then
ENDLESS = 500
#: sections that are counted; what lies in others does not wait
_COUNTED = 100_000

_SECTION = re.compile(r"([^:]+://[^/?]*)(/[^/?]*)?(/[^/?]*)?")
_NAMED_BY_MACHINE = re.compile(r"[a-z0-9]*[0-9][a-z0-9]*", re.IGNORECASE)
_VALUE = re.compile(r"=[^&]*")


class Shares:
    """Of one crawl."""

    def __init__(self) -> None:
        self._let_in: Counter[int] = Counter()

    def wait(self, url: str) -> int:
        """How many links farther *url* is to count as; counts it."""
        found = _SECTION.match(url)
        if found is None:
            return 0
        host, *segments = found.groups(default="")
        one, two = (_NAMED_BY_MACHINE.sub("#", segment) for segment in segments)
        section, part = hash((host, one)), hash((host, one, two))
        if len(self._let_in) >= _COUNTED and (section not in self._let_in or part not in self._let_in):
            return 0
        self._let_in[section] += 1
        self._let_in[part] += 1
        return (self._let_in[section] - 1) // SECTION + (self._let_in[part] - 1) // PART


def is_of_one_kind(url: str, other: str) -> bool:
    """Whether both are alike but for numbers, random names and values of parameters.

    >>> is_of_one_kind("http://a.nl/p/9f3b-1?b=1", "http://a.nl/p/0c2-77?b=2"), is_of_one_kind("http://a.nl/p/1", "http://a.nl/")
    (True, False)
    """
    return _kind(url) == _kind(other)


def _kind(url: str) -> str:
    head, _, query = url.partition("?")
    return f"{_NAMED_BY_MACHINE.sub('#', head)}?{_VALUE.sub('=', query)}"
