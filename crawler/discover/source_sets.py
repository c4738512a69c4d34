"""The URLs of a ``srcset`` and its like."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: white space is ASCII's (HTML 4.8.4.3.10): a no-break space is of the URL
_CANDIDATE = re.compile(r"[ \t\n\f\r,]*+([^ \t\n\f\r,][^ \t\n\f\r]*+)")
#: up to the next comma that stands outside parentheses
_DESCRIPTORS = re.compile(r"(?:[^,(]|\([^)]*+\)?)*+")


def candidates(source_set: str) -> Iterator[str]:
    """The URLs of a ``srcset`` (HTML 4.8.4.3.10).

    >>> list(candidates("a.png, b.png 2x,c,d.png 100w"))
    ['a.png', 'b.png', 'c,d.png']
    """
    position = 0
    while found := _CANDIDATE.match(source_set, position):
        position = found.end()
        url = found[1].rstrip(",")
        yield url
        # A comma at its end ends the candidate; commas inside are the URL's own.
        if url == found[1] and (descriptors := _DESCRIPTORS.match(source_set, position)):
            position = descriptors.end()
