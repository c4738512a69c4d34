"""What changed, for feed readers: Atom (RFC 4287) and JSON Feed 1.1. Everything in it came off the network once."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from archive.browse.changes import Told
from archive.browse.language import gettext

ATOM, JSON_FEED = "application/atom+xml; charset=utf-8", "application/feed+json; charset=utf-8"

_NAMESPACE = "http://www.w3.org/2005/Atom"
#: characters XML 1.0 (2.2) has no way to write
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Feed:
    id: str
    title: str
    #: of who keeps the archive
    author: str
    #: where this feed is, and the page that shows the same
    url: str
    page: str
    #: what the addresses of captures begin with
    captures: str
    entries: Sequence[Told]
    language: str = "en"

    @property
    def updated(self) -> str:
        """The newest change; of a feed without any, the beginning of time: nothing was updated yet."""
        return max((entry.changed_by for entry in self.entries), default="1970-01-01T00:00:00Z")


def atom(feed: Feed) -> bytes:
    root = ET.Element("feed", {"xmlns": _NAMESPACE, "xml:lang": feed.language})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "updated", feed.updated)
    _add(_add(root, "author"), "name", feed.author)
    _add(root, "link", rel="self", type="application/atom+xml", href=feed.url)
    _add(root, "link", rel="alternate", type="text/html", href=feed.page)
    for told in feed.entries:
        entry = _add(root, "entry")
        _add(entry, "id", told.id)
        _add(entry, "title", told.title)
        _add(entry, "updated", told.changed_by)
        _add(entry, "link", rel="alternate", type="text/html", href=feed.captures + told.capture)
        _add(
            entry,
            "link",
            rel="related",
            type="text/html",
            title=gettext("the capture before"),
            href=feed.captures + told.earlier,
        )
        for term in filter(None, (told.kind, told.role)):
            _add(entry, "category", term=term)
        _add(entry, "content", told.sentence, type="text")
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def json_feed(feed: Feed) -> bytes:
    found = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.url,
        "language": feed.language,
        "authors": [{"name": feed.author}],
        "items": [
            {
                "id": told.id,
                "url": feed.captures + told.capture,
                "title": told.title,
                "content_text": told.sentence,
                "date_published": told.changed_by,
                "tags": [tag for tag in (told.kind, told.role) if tag],
                "_bewaar": {
                    "site": told.site,
                    "crawl": told.crawl,
                    "page": told.page_key,
                    "names": list(told.names),
                    "count": told.count,
                    "before": told.before,
                    "after": told.after,
                    "changed_after": told.changed_after,
                    "changed_by": told.changed_by,
                    "earlier_capture": feed.captures + told.earlier,
                },
            }
            for told in feed.entries
        ],
    }
    return json.dumps(found, ensure_ascii=False, indent=1).encode("utf-8", "replace") + b"\n"


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, name, {key: _clean(value) for key, value in attributes.items()})
    if text is not None:
        child.text = _clean(text)
    return child


def _clean(text: str) -> str:
    return _UNWRITABLE.sub("�", text)
