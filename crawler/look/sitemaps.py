"""What a sitemap says of a site: how many pages it names, and when one changed last (sitemaps.org)."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from archive import times

#: a sitemap may have 50 MB (sitemaps.org)
LONGEST = 52 << 20
_LASTMOD = re.compile(rb"<(?:\w{1,20}:)?lastmod>\s*(?:<!\[CDATA\[)?\s*(\d{4}-\d\d(?:-\d\d)?)")


@dataclass(frozen=True, slots=True)
class Sitemap:
    url: str
    status: int | None
    #: pages it names
    pages: int = 0
    #: further sitemaps it names: it is an index
    sitemaps: int = 0
    #: the newest date it gives, ``2026-11-28``
    newest: str | None = None

    @property
    def there(self) -> bool:
        return self.status == 200 and bool(self.pages or self.sitemaps)


def newest_date(body: bytes) -> str | None:
    """The newest ``lastmod`` in a sitemap, compressed or not, that is not still to come.

    >>> newest_date(b"<url><lastmod>2024-05-02T10:00:00Z</lastmod></url><url><lastmod>2023-01-01</lastmod></url>")
    '2024-05-02'
    """
    if body[:2] == b"\x1f\x8b":
        try:
            body = zlib.decompressobj(31).decompress(body, LONGEST)
        except zlib.error:
            return None
    today = times.seconds(times.now())[:10]
    dates = [found[1].decode() for found in _LASTMOD.finditer(body[:LONGEST])]
    return max((date for date in dates if date <= today), default=None)
