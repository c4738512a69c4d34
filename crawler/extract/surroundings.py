"""What stands in the cards of a list beside its names: a link to a site of its own each, or an address, says that they
are organisations."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from crawler.extract.dom import Line
from crawler.extract.finder import Finder
from crawler.extract.links import host_of, social_network
from crawler.extract.pictures import Image

#: share of the names, or logos, that must lead to a site of their own
_MOST = 0.6
#: items of a card before its name, and behind the last name, in which its link may stand
_BEFORE = 3
_BEHIND = 8
_LINE_CHARS = 200


def lead_out(addresses: Iterable[str | None], count: int, page_url: str) -> bool:
    """Whether *addresses*, absolute, lead to so many hosts of others that most of *count* things have one each."""
    own = host_of(page_url)
    hosts = {host_of(address) for address in addresses if address and not social_network(address)}
    return count > 0 and len(hosts - {own, ""}) >= _MOST * count


def lead_home(logos: Sequence[Image], page_url: str) -> bool:
    """Whether all are pictures that lead to pages of the site itself: a slide show, or people who use it."""
    own = host_of(page_url)
    return bool(logos) and all(logo.href and host_of(logo.href) == own for logo in logos)


def cards_lead_out(places: list[int], finder: Finder) -> bool:
    """The same of names by their places among the page's items, whatever in their cards is the link."""
    if not places:
        return False
    links = finder.outline.links
    first, last = min(places) - _BEFORE, max(places) + _BEHIND
    start = bisect_left(links, first, key=lambda link: link.first)
    within = links[start : bisect_left(links, last, key=lambda link: link.first)]
    addresses = (finder.absolute(finder.addresses[link]) for link in within[: len(places) * _BEHIND])
    return lead_out(addresses, len(places), finder.page.url)


def cards_say_how_to_reach(places: list[int], finder: Finder) -> bool:
    """Whether most of the names, by their places among the page's items, have an address or a telephone beside them."""
    if not places:
        return False
    within = finder.outline.between(min(places), min(max(places), min(places) + len(places) * _BEHIND) + _BEHIND)
    reached = finder.words.contacts.reached
    told = sum(isinstance(item, Line) and reached.search(item.text[:_LINE_CHARS]) is not None for item in within)
    return told >= _MOST * len(places)
