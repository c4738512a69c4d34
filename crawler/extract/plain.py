"""What a profile's selector points at, as a fact of any kind: as it stands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from archive.model import Fact
from crawler.extract.entries import BULLET
from crawler.extract.finder import Finder
from crawler.extract.selectors import RULE, Selection

_YEAR = re.compile(r"(?<!\d)((?:1[89]|20)\d\d)(?!\d)")


def plain_facts(kind: type[Fact], selection: Selection, finder: Finder) -> Iterator[Fact]:
    """A fact of *kind* for each item: its text, the first year in it, where its first link leads, and its image."""
    position = 0
    for item in selection.chosen:
        images = [image for p in item.pictures if (image := finder.image_at.get(p.at)) is not None]
        image = images[0] if images else None
        if item.lines:
            text, line = item.told.get("name", (item.piece or item.lines[0].text, item.lines[0]))
            text = BULLET.sub("", text)
            evidence = finder.evidence(text, line)
        elif image is not None:
            text = image.alt or image.address
            evidence = finder.evidence(text, image=image)
        else:
            continue
        if evidence is None or not text or finder.ignores(text):
            continue
        year = _YEAR.search(item.told["year"][0] if "year" in item.told else item.text)
        links = item.links
        yield kind(
            raw=text,
            value=unicodedata.normalize("NFC", text),
            position=position,
            rule=RULE,
            evidence=evidence,
            year=int(year[1]) if year else None,
            href=finder.absolute(links[0].attribute("href")) if links else image.href if image else None,
            logo_url=image.url or None if image else None,
            name_source="text" if item.lines else "alt",
        )
        position += 1
