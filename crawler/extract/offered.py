"""What pages list that sell sponsorship: the levels of it, and what a sponsor gets. Neither names a sponsor."""

from __future__ import annotations

from collections.abc import Sequence

from crawler.extract.vocabulary import vocabulary


def is_level(text: str) -> bool:
    """Whether a text says of what level somebody may be, and no more.

    >>> [is_level(text) for text in ("Gold Partner", "Hauptsponsor", "Sponsor or", "Müller & Partner", "Gold Coast")]
    [True, True, True, False, False]
    """
    return vocabulary().sponsors.level.fullmatch(text) is not None


def are_levels(names: Sequence[str]) -> bool:
    return sum(map(is_level, names)) * 2 > len(names)


def are_offers(texts: Sequence[str]) -> bool:
    """Whether half of the texts say what a sponsor gets: "Your logo on our shirts", "Free tickets"."""
    offer = vocabulary().sponsors.offer
    told = sum(offer.search(text) is not None for text in texts)
    return told > 1 and told * 2 >= len(texts)
