"""Badges of certification, which are no sponsors, and calls to a campaign."""

from __future__ import annotations

from collections.abc import Iterator

from archive.model import Evidence, Page
from crawler.extract.dom import Line, Picture
from crawler.extract.finder import Finder
from crawler.extract.naming import is_file_name
from crawler.extract.organisations import slug
from crawler.extract.pictures import Image
from crawler.extract.registry import extractor
from crawler.items import Campaign, Certification

#: a line of badges, or a call: no sentence that tells of one
_BADGE_CHARS = 40
_CALL_CHARS = 120


@extractor(Certification, version=3)
def certifications(page: Page, finder: Finder) -> Iterator[Certification]:  # noqa: ARG001 - every extractor takes both
    seen: set[str] = set()
    for name, quote, rule, evidence, image, href in _badges(finder):
        key = slug(name).partition("-")[0] if name.isupper() or len(name) <= 8 else slug(name)
        if key in seen or evidence is None:
            continue
        seen.add(key)
        yield Certification(
            raw=quote,
            value=name.upper() if len(name) <= 4 else name,
            position=len(seen) - 1,
            rule=rule,
            evidence=evidence,
            confidence=0.9 if rule != "prose" else 0.7,
            href=href,
            logo_url=image.url or None if image else None,
            name_source="alt" if image and image.alt == quote else "file" if image else "text",
        )


def _badges(finder: Finder) -> Iterator[tuple[str, str, str, Evidence | None, Image | None, str | None]]:
    pattern = finder.words.certification
    for image in finder.images:
        for quote in (image.alt, image.title, image.file):
            # Underscores are letters to a pattern's word boundary, and word dividers to who names a file.
            if quote and (found := pattern.search(quote.replace("_", " "))):
                stands = quote if quote is not image.file else image.address
                yield found[0], quote, "badge", finder.evidence(stands, image=image), image, image.href
                break
    lines = finder.lines_with(finder.words.stems["certification"])
    for line in lines:
        if len(line.text) <= _BADGE_CHARS:
            for found in pattern.finditer(line.text):
                yield found[0], found[0], "line", finder.evidence(found[0], line), None, None
    for line in lines:
        if found := finder.words.certification_in_prose.search(line.text):
            name = pattern.search(found[0])
            if name is not None:
                yield name[0], found[0], "prose", finder.evidence(found[0], line), None, None


@extractor(Campaign, version=2)
def campaigns(page: Page, finder: Finder) -> Iterator[Campaign]:  # noqa: ARG001 - every extractor takes both
    cues = [cue for language in finder.words.languages if (cue := language.cues.get("campaign"))]
    seen: set[str] = set()
    for line in finder.lines_with(finder.words.stems["campaign"]):
        text = line.text
        if len(text) > _CALL_CHARS or line.region == "nav" or text in seen or not any(cue.search(text) for cue in cues):
            continue
        evidence = finder.evidence(text, line)
        if evidence is None:
            continue
        seen.add(text)
        image = _image_beside(line, finder)
        links = line.links
        yield Campaign(
            raw=text,
            value=text,
            position=len(seen) - 1,
            rule="popup" if line.region == "popup" else "call",
            evidence=evidence,
            tier="confirmed" if line.region == "popup" or image or links else "candidate",
            confidence=0.9 if line.region == "popup" or image else 0.7,
            kind="popup" if line.region == "popup" else "call",
            href=finder.absolute(links[0].attribute("href")) if links else None,
            logo_url=image.url or None if image else None,
            name_source="text",
        )


def _image_beside(line: Line, finder: Finder) -> Image | None:
    """The image of the campaign: next to the call, in its link or its popup, or named as one."""
    for item in finder.outline.between(max(line.at - 2, 0), line.at + 3):
        image = finder.image_at.get(item.at) if isinstance(item, Picture) else None
        if image is None:
            continue
        same_link = image.link is not None and image.link in line.links
        said = image.words.casefold()
        named = any(word in said for word in ("popup", *finder.words.pictures.campaign)) and is_file_name(
            image.file or image.alt or ""
        )
        if same_link or named or (line.region == "popup" and image.picture.region == "popup"):
            return image
    return None
