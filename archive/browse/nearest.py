"""From an address and a time to a capture."""

from __future__ import annotations

import json
from calendar import monthrange
from typing import Any
from urllib.parse import quote, unquote

from archive.browse.captures import Row, find_nearest


def moment(digits: str) -> str:
    """A time of 4 to 14 digits as a column's text; what is left out is its beginning, and what no calendar and no clock
    has is the nearest that they have: SQLite knows no distance to any other.

    >>> moment("20160501")
    '2016-05-01T00:00:00Z'
    >>> moment("2016")
    '2016-01-01T00:00:00Z'
    >>> moment("20260230996060")
    '2026-02-28T23:59:59Z'
    """
    year = max(int(digits[:4]), 1)
    month = _within(digits[4:6], 1, 12)
    day = _within(digits[6:8], 1, monthrange(year, month)[1])
    hour, minute, second = (_within(digits[at : at + 2], 0, most) for at, most in ((8, 23), (10, 59), (12, 59)))
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"


def _within(digits: str, least: int, most: int) -> int:
    return min(max(int(digits.ljust(2, "0")), least), most)


def spellings(url: str) -> list[str]:
    """How *url*, as it stood in a path, may be written in the archive: escaped or not, over HTTP or HTTPS.

    >>> spellings("http://example.nl/a b")
    ['http://example.nl/a b', 'http://example.nl/a%20b']
    """
    plain = unquote(url)
    escaped = quote(plain, safe="%:/?#[]@!$&'()*+,;=~")
    return list(dict.fromkeys((url, plain, escaped)))


async def nearest(database: Any, url: str, digits: str) -> Row | None:
    """The capture of *url* nearest in time; of the same address over the other scheme where there is none."""
    urls = spellings(url)
    found = await find_nearest(database, json.dumps(urls), moment(digits))
    if found is None:
        other = {"http:": "https:", "https": "http"}
        swapped = [other[one[:5]] + one[5:] for one in urls if one[:5] in other]
        found = await find_nearest(database, json.dumps(swapped), moment(digits))
    return found
