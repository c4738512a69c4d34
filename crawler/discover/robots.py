"""Sitemaps that a robots.txt names. Its rules are the politeness of the crawl, and read elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: RFC 9309, 2.5: parsers read at least 500 KiB
LONGEST = 1 << 20

_SITEMAP = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*([^\s#][^\r\n]*)", re.IGNORECASE | re.MULTILINE)


def sitemaps(text: str) -> Iterator[str]:
    r"""
    >>> list(sitemaps("User-agent: *\r\nSitemap: https://a.example/s.xml # all\r\n"))
    ['https://a.example/s.xml']
    """
    for found in _SITEMAP.finditer(text[:LONGEST].replace("\r", "\n")):
        yield re.split(r"\s+#", found[1], maxsplit=1)[0].strip()
