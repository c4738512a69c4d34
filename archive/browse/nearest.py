"""From an address and a time to a capture."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, unquote

from archive.browse.captures import Row, find_nearest


def moment(digits: str) -> str:
    """A time of 4 to 14 digits as a column's text; what is left out is its beginning.

    >>> moment("20160501")
    '2016-05-01T00:00:00Z'
    >>> moment("2016")
    '2016-01-01T00:00:00Z'
    """
    filled = digits + "00000101000000"[len(digits) :]
    year, rest = filled[:4], filled[4:]
    return f"{year}-{rest[:2]}-{rest[2:4]}T{rest[4:6]}:{rest[6:8]}:{rest[8:10]}Z"


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
