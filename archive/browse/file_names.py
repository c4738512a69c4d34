"""What the pages of this server are called as files of a static site (`archive.site`); all else is not in one."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import parse_qsl, unquote, urlsplit

CHANGES, FEED, JSON_FEED = "changes.html", "changes.atom", "changes.json"
_PAGES = {
    "/": "index.html",
    "/-/about": "about.html",
    "/-/organisations": "organisations.html",
    "/-/changes": CHANGES,
    "/-/changes.atom": FEED,
    "/-/changes.json": JSON_FEED,
    "/-/static-plugins/bewaar/bewaar.css": "bewaar.css",
    "/-/static-plugins/bewaar/bewaar.svg": "bewaar.svg",
}
_ORGANISATION = re.compile(r"/-/organisation/([^/]+)")
_CAPTURE = re.compile(r"/-/capture/([0-9A-Za-z-]{1,60}|id:[^/]{1,1000})")
_PICTURE = re.compile(rf"{_CAPTURE.pattern}/thumbnail")
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")


def file_name(path: str, language: str = "en") -> str | None:
    """The file of a path with its query, in a site in *language*; None for what no static site has. Pictures have no
    ending: it is that of their bytes.

    >>> file_name("/-/organisation/wilde-ganzen"), file_name("/-/changes.atom?organisation=wilde-ganzen")
    ('organisation/wilde-ganzen.html', 'organisation/wilde-ganzen.atom')
    >>> file_name("/-/capture/00000000-0000-4000-8000-000000000001/thumbnail")
    'pictures/00000000-0000-4000-8000-000000000001'
    >>> file_name("/-/search?q=x"), file_name("/archive/capture")
    (None, None)
    """
    parts = urlsplit(path)
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    if asked.get("lang") == language:
        del asked["lang"]
    if asked:
        return _of_organisation(asked["organisation"], "atom") if _is_feed_of_one(parts.path, asked) else None
    if found := _ORGANISATION.fullmatch(parts.path):
        return _of_organisation(unquote(found[1]), "html")
    if found := _PICTURE.fullmatch(parts.path):
        return f"pictures/{plain(found[1])}"
    return _PAGES.get(parts.path)


def capture_slug(path: str) -> str | None:
    """Of the address of a capture's page, the segment that names it."""
    found = _CAPTURE.fullmatch(path)
    return found[1] if found else None


def anchor(slug: str) -> str:
    """Where a page that names a capture tells of it."""
    return f"capture-{slug}"


def feed_addresses(organisation: str | None, base: str) -> tuple[str, str]:
    """Of a feed of changes: what its address begins with, without ``.atom`` or ``.json``, and the page that shows the
    same. Where nobody knows the site's own address (*base* is empty) they are relative to the feed."""
    name = _of_organisation(organisation, "") if organisation is not None else "changes."
    name = name.removesuffix(".")
    if not base:
        name = name.rpartition("/")[2]
    return f"{base}{name}", f"{base}{name}.html"


def _is_feed_of_one(path: str, asked: dict[str, str]) -> bool:
    return path == "/-/changes.atom" and asked.keys() == {"organisation"}


def _of_organisation(key: str, ending: str) -> str:
    return f"organisation/{plain(key)}.{ending}"


def plain(name: str) -> str:
    """As every file system takes it, and no two names the same: some know no capitals."""
    if _PLAIN.fullmatch(name):
        return name
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower())[:60].strip("-")
    return f"{readable or 'x'}_{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
