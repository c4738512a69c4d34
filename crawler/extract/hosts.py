"""Whose site a link leads to, as far as its host says.

>>> host_name("https://www.bafu.admin.ch/de"), host_name("https://www.eea.europa.eu/"), host_name("https://bund.net")
('bafu', 'eea', 'bund')
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

#: under which names of states their bodies have hosts
_STATES = ("europa", "bund", "gouv", "gob", "gouvernement", "overheid", "admin", "belgium", "fgov")
#: "/index.html", "/home", "/nl/"
_FRONT = re.compile(r"(?:/[a-z]{2})?/?(?:(?:.*/)?(?:index|home|default)(?:\.\w{2,5})?)?/?", re.IGNORECASE)


def host_name(url: str) -> str:
    """Name in a link's host: ``www.uba.nl`` says "uba", ``www.eea.europa.eu`` says "eea"."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    labels = [label for label in host.split(".") if label not in ("www", "com", "co", "org", "gv", "gov", "ac")]
    if len(labels) >= 2:
        labels = labels[:-1]
    if len(labels) >= 2 and labels[-1] in _STATES:
        labels.pop()
    name = labels[-1] if labels else ""
    if name.startswith("xn--"):
        try:
            name = name.encode("ascii").decode("idna")
        except UnicodeError:
            return ""
    return name


def is_front_page(address: str, page_url: str) -> bool:
    """Whether an absolute address is that of the front page of the site that *page_url* belongs to.

    >>> is_front_page("http://club.test/index.html", "http://www.club.test/a/b"), is_front_page("http://x.test/", "http://y.test/")
    (True, False)
    """
    try:
        link, page = urlsplit(address), urlsplit(page_url)
    except ValueError:
        return False
    same = (link.hostname or "").removeprefix("www.") == (page.hostname or "").removeprefix("www.")
    return same and not link.query and _FRONT.fullmatch(link.path) is not None
