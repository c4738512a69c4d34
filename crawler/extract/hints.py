"""What a site's profile tells the extractors. Pure data: the profile's file format is ``crawler.sites``' business."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Selector:
    """CSS selectors of a section: of its items or what holds them, and of what an item tells within it."""

    items: str
    name: str | None = None
    year: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    #: extra labels per section role, beside the vocabulary of the page's language
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: patterns (re.search, case-insensitive) over an image's names and links, or a block's text, that is never a fact
    ignore: tuple[str, ...] = ()
    #: a name as it stands -> the organisation's name
    aliases: Mapping[str, str] = field(default_factory=dict)
    #: the site's owner, where pages name it otherwise than in the label
    owner: str | None = None
    #: where a section stands, per role; the finder looks for it all the same, and both are compared
    selectors: Mapping[str, Selector] = field(default_factory=dict)
