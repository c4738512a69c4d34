"""Links to other sites and documents in the text, and the organisation's places on social media."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from archive.model import Evidence, Page
from crawler.extract.dom import Element, Line
from crawler.extract.finder import Finder
from crawler.extract.registry import extractor
from crawler.extract.spotting import watched
from crawler.items import ExternalLink, Social

_NETWORKS = {
    "twitter": ("Twitter", ("twitter.com", "x.com")),
    "facebook": ("Facebook", ("facebook.com", "fb.com", "fb.me")),
    "instagram": ("Instagram", ("instagram.com",)),
    "linkedin": ("LinkedIn", ("linkedin.com", "lnkd.in")),
    "youtube": ("YouTube", ("youtube.com", "youtu.be")),
    "vimeo": ("Vimeo", ("vimeo.com",)),
    "flickr": ("Flickr", ("flickr.com",)),
    "tiktok": ("TikTok", ("tiktok.com",)),
    "pinterest": ("Pinterest", ("pinterest.com", "pinterest.de", "pinterest.nl", "pinterest.fr")),
    "mastodon": ("Mastodon", ("mastodon.social", "mastodon.nl", "mastodon.online")),
    "bluesky": ("Bluesky", ("bsky.app",)),
    "xing": ("XING", ("xing.com",)),
    "hyves": ("Hyves", ("hyves.nl",)),
    "google+": ("Google+", ("plus.google.com",)),
    "whatsapp": ("WhatsApp", ("wa.me", "whatsapp.com")),
    "telegram": ("Telegram", ("t.me",)),
    "rss": ("RSS", ()),
}
_BY_HOST = {host: name for name, hosts in _NETWORKS.values() for host in hosts}
_BY_WORD = {word: name for word, (name, _hosts) in _NETWORKS.items()}
#: a page that is shared is not a presence
_SHARES = re.compile(
    r"/(?:sharer?|share-?offsite|intent|dialog|submit|pin/create)\b|[?&](?:u|url|text|mini)=", re.IGNORECASE
)
_FEED = re.compile(r"(?:^|/)(?:rss|feed|atom)(?:/?$|[./?])|\.rss$|/feed/?$", re.IGNORECASE)
_DOCUMENT = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|odt|ods|odp|rtf|epub)(?:$|[?#])", re.IGNORECASE)
_BARE_ADDRESS = re.compile(
    r"(?<![\w@/.])(?:https?://|www\.)[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[^\s<>\"')\]]*)?", re.IGNORECASE
)
_PLAIN_HOST = re.compile(r"https?://([a-z0-9.-]++)(?=[/?#]|\Z)")
_HOST = re.compile(r"//(?:[^/?#@]*@)?([^/?#:]+)")
#: what parsers of URLs pass over
_ODD = re.compile(r"[\s\\\0]")
_MAX_LINKS = 300
_RSS = watched("rss")
_ADDRESSES = watched("www.", "://")


def host_of(url: str | None) -> str:
    if url and (plain := _PLAIN_HOST.match(url)):
        return plain[1].removeprefix("www.")
    try:
        return (urlsplit(url or "").hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def is_document(href: str) -> bool:
    return _DOCUMENT.search(href) is not None


def social_network(url: str | None) -> str | None:
    """The network on whose host a URL lies, whatever the subdomain."""
    host = host_of(url)
    return _BY_HOST.get(host) or _BY_HOST.get(".".join(host.split(".")[-2:]))


def is_network(name: str) -> bool:
    """Whether a name is a network's, or says that it is a feed."""
    return name.casefold() in _NETWORKS


@extractor(ExternalLink, version=2)
def links(page: Page, finder: Finder) -> Iterator[ExternalLink]:
    own = host_of(page.url)
    seen: set[str] = set()
    for line, element, anchor in _in_text(finder):
        href = finder.absolute(
            finder.addresses[element] if element else anchor if "//" in anchor else f"http://{anchor}"
        )
        if href is None or href in seen or not anchor:
            continue
        document = _DOCUMENT.search(href) is not None
        if (host_of(href) == own and not document) or social_network(href):
            continue
        evidence = finder.evidence(anchor, line)
        if evidence is None or finder.ignores(f"{anchor} {href}"):
            continue
        seen.add(href)
        if len(seen) > _MAX_LINKS:
            return
        yield ExternalLink(
            raw=anchor,
            value=_normal(href),
            position=len(seen) - 1,
            rule="link" if element else "bare-address",
            evidence=evidence,
            kind="document" if document else "link",
            href=href,
            name_source="text",
        )


def _in_text(finder: Finder) -> Iterator[tuple[Line, Element | None, str]]:
    """Links of the main text with their anchors, and the addresses that stand in it without a link."""
    credit_lines = {
        line.at
        for line in finder.lines_with(finder.words.stems["credit"])
        if finder.words.phrases.credit.search(line.text)
    }
    leading_out = {link for link, address in finder.addresses.items() if "//" in address or _DOCUMENT.search(address)}
    lines = {line.at: line for line, held in finder.linked_lines if not leading_out.isdisjoint(held)}
    lines.update(
        (line.at, line)
        for line in finder.lines_with(_ADDRESSES)
        if not line.is_linked and len(line.text) <= 3000 and ("www." in line.text or "://" in line.text)
    )
    for at, line in sorted(lines.items()):
        if at in credit_lines or line.region not in ("main", "aside"):
            continue
        for element, anchor in line.anchors:
            if element in leading_out:
                yield line, element, anchor
        if not line.is_linked:
            for found in _BARE_ADDRESS.finditer(line.text):
                yield line, None, found[0].rstrip(".,;:!?")


def _normal(url: str) -> str:
    """A host's front page ends in a slash, however it is written."""
    parts = urlsplit(url)
    return f"{url}/" if not parts.path and not parts.query and not parts.fragment else url


@extractor(Social, version=2)
def social(page: Page, finder: Finder) -> Iterator[Social]:  # noqa: ARG001 - every extractor takes both
    seen: set[str] = set()
    for name, quote, href, evidence in _presences(finder):
        key = href or name
        if key in seen or evidence is None:
            continue
        seen.add(key)
        yield Social(
            raw=quote,
            value=name,
            position=len(seen) - 1,
            rule="link" if href else "label",
            evidence=evidence,
            href=href,
        )


def _may_be_presence(address: str) -> bool:
    """Whether it is worth resolving: most links of a page lead to no network and to no feed."""
    lowered = address.lower()
    if "rss" in lowered or "feed" in lowered or "atom" in lowered:
        return True
    if "//" not in address and "\\" not in address:
        return False
    if _ODD.search(address):
        return True
    found = _HOST.search(lowered)
    if not found:
        return False
    host = found[1].removeprefix("www.")
    return host in _BY_HOST or ".".join(host.split(".")[-2:]) in _BY_HOST


def _presences(finder: Finder) -> Iterator[tuple[str, str, str | None, Evidence | None]]:
    named: set[str] = set()
    feeds = {link for line in finder.lines_with(_RSS) for link, text in line.anchors if text.upper() == "RSS"}
    maybe = {link: None for link, address in finder.addresses.items() if link in feeds or _may_be_presence(address)}
    linked = (line for line, held in finder.linked_lines if not maybe.keys().isdisjoint(held))
    anchors = {link: (line, text) for line in linked for link, text in line.anchors}
    for link in maybe:
        address = finder.addresses[link]
        line, anchor = anchors.get(link, (None, ""))
        href = finder.absolute(address)
        name = social_network(href)
        if name is None and href and (link in feeds or _FEED.search(urlsplit(href).path)):
            name = "RSS"
        if name is None or href is None or _SHARES.search(href) or not urlsplit(href).path.strip("/"):
            continue
        named.add(name)
        if line is not None and anchor:
            yield name, anchor, href, finder.evidence(anchor, line)
        else:
            yield name, address, href, finder.attribute_evidence(address, link)
    for label in finder.labels("social"):
        for line in finder.outline.lines_after(label.line, 4):
            words = line.text.split()
            if not words or any(word.casefold() not in _BY_WORD for word in words):
                continue
            for word in words:
                if _BY_WORD[word.casefold()] not in named:
                    yield _BY_WORD[word.casefold()], word, None, finder.evidence(word, line)
