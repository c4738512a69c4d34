"""Members under headings that only may announce them: what stands there must look like it by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from archive.model import Tier
from crawler.extract.blocks import has_entries
from crawler.extract.finder import Finder
from crawler.extract.logos import has_wall
from crawler.extract.names import called_organisations, organisation_like
from crawler.extract.roster import LIKELY, LOGOS, Found, in_entries, in_running_text, on_logos

#: share of names that say what they are, where the heading does not
_CALLED = 0.5
#: confidence in a list whose heading only may announce it
_LOOSE = 0.7


def in_loose_lists(finder: Finder) -> Iterator[Found]:
    """Lists under headings that only may announce members: what stands there must look like it by itself."""
    taken: set[int] = set()
    for label in finder.loose_labels("member"):
        listed = finder.block(label, has_entries)
        found = (
            in_entries(listed, finder, taken)
            or on_logos(finder.block(label, has_wall), finder, taken)
            or in_running_text(listed, finder, taken)
        )
        if len(found) >= LOGOS and organisation_like([each.name for each in found]) >= LIKELY:
            # The heading says little: what calls itself a club is one, and the rest is for a person to look at.
            tier: Tier = "confirmed" if called_organisations([each.name for each in found]) >= _CALLED else "candidate"
            yield from (replace(each, rule=f"loose-{each.rule}", tier=tier, confidence=_LOOSE) for each in found)
