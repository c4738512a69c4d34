"""Who a page says it is: title, site, logo, content management system, language, registration numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from archive.model import Evidence, Page
from crawler.extract.dom import collapse
from crawler.extract.finder import Finder
from crawler.extract.naming import clean, is_file_name
from crawler.extract.registry import extractor
from crawler.extract.spotting import watched
from crawler.items import Identity

_SEPARATOR = re.compile(r"\s+[-–—|·»:]\s+|\s*\|\s*")
_VERSION = re.compile(r"[\s/]+v?\d[\w.]*.*$|\s*\(.*\)\s*$|\s+-\s+.*$")
_NUMBERS = (
    (
        "kvk",
        watched("kvk", "k.v.k.", "kamer van koophandel"),
        re.compile(r"\b(?:kvk|k\.v\.k\.|kamer van koophandel)\b[^\d]{0,30}?(\d[\d .]{6,9}\d)(?!\d)", re.IGNORECASE),
    ),
    (
        "rsin",
        watched("rsin", "fiscaal"),
        re.compile(r"\b(?:rsin|fiscaal nummer|fiscaalnummer)\b[^\d]{0,30}?(\d[\d .]{7,10}\d)(?!\d)", re.IGNORECASE),
    ),
)
_LOGO = re.compile(r"logo", re.IGNORECASE)
_JSON_CHARS = 200_000

_Found = tuple[str, str, str, str, Evidence | None, str | None, float]


@extractor(Identity, version=2)
def identity(page: Page, finder: Finder) -> Iterator[Identity]:  # noqa: ARG001 - every extractor takes both
    position = 0
    seen: set[tuple[str, str]] = set()
    for kind, raw, value, rule, evidence, logo_url, confidence in _all(finder):
        if evidence is None or not value or (kind, value) in seen:
            continue
        seen.add((kind, value))
        yield Identity(
            raw=raw,
            value=value,
            position=position,
            rule=rule,
            evidence=evidence,
            confidence=confidence,
            kind=kind,
            logo_url=logo_url,
        )
        position += 1


def _all(finder: Finder) -> Iterator[_Found]:
    yield from _titles(finder)
    yield from _schema(finder)
    yield from _logo(finder)
    yield from _cms(finder)
    if finder.lang:
        raw = finder.tree.root.attrs.get("lang") if finder.tree.root else None
        if raw:
            yield "language", raw, finder.lang, "html-lang", finder.body_evidence(raw, "attribute"), None, 1.0
    for kind, words, pattern in _NUMBERS:
        for line in finder.lines_with(words):
            if found := pattern.search(line.text):
                digits = re.sub(r"\D", "", found[1])
                if len(digits) in (8, 9):
                    yield kind, found[1], digits, "number", finder.evidence(found[1], line), None, 0.9
                    break


def _titles(finder: Finder) -> Iterator[_Found]:
    title, heading = finder.title, finder.heading
    if title:
        pieces = [piece for piece in _SEPARATOR.split(title) if piece]
        # The heading is the page's own name; what the title has beside it is the site's.
        own = heading if heading and heading.casefold() in title.casefold() else pieces[0]
        yield "title", title, own, "title", finder.body_evidence(title, "text"), None, 0.9
        rest = [piece for piece in pieces if piece.casefold() != own.casefold()]
        if len(pieces) > 1 and rest:
            yield "site_name", rest[-1], rest[-1], "title", finder.body_evidence(rest[-1], "text"), None, 0.6
    elif heading:
        line = finder.heading_line
        yield "title", heading, heading, "heading", finder.evidence(heading, line), None, 0.7
    for node in finder.tree.css('meta[property="og:site_name"], meta[name="application-name"]')[:3]:
        content = node.attributes.get("content") or ""
        if content.strip():
            yield (
                "site_name",
                content,
                collapse(content),
                "og:site_name",
                finder.body_evidence(content, "attribute"),
                None,
                0.95,
            )


def _schema(finder: Finder) -> Iterator[_Found]:
    """Name and logo of the organisation that JSON-LD describes; of no other kind of thing."""
    for node in finder.tree.css('script[type="application/ld+json"]')[:10]:
        text = node.text()
        if len(text) > _JSON_CHARS:
            continue
        try:
            described = json.loads(text)
        except (ValueError, RecursionError):
            continue
        for thing in _things(described):
            kinds = thing.get("@type")
            named = any(
                isinstance(kind, str) and kind.endswith(("Organization", "NGO"))
                for kind in (kinds if isinstance(kinds, list) else [kinds])
            )
            name = thing.get("name")
            if named and isinstance(name, str) and name.strip():
                yield "site_name", name, collapse(name), "schema.org", finder.body_evidence(name, "any"), None, 0.9


def _things(described: Any) -> Iterator[dict[str, Any]]:
    waiting = [described]
    for _ in range(500):
        if not waiting:
            return
        thing = waiting.pop()
        if isinstance(thing, list):
            waiting.extend(thing[:100])
        elif isinstance(thing, dict):
            yield thing
            waiting.extend(value for key, value in thing.items() if key in ("@graph", "publisher", "mainEntity"))


def _logo(finder: Finder) -> Iterator[_Found]:
    """The site's own logo: an image of the page's head that says so or leads to the front page."""
    for image in finder.images:
        if image.picture.region not in ("header", "nav", "main") or image.is_tiny or image.at > _head_ends(finder):
            continue
        home = image.href is not None and urlsplit(image.href).path in ("", "/") and _same_site(image.href, finder)
        if home or (_LOGO.search(image.words) and image.picture.region != "main"):
            raw = image.alt or image.file
            if not raw:
                continue
            evidence = finder.evidence(image.alt or image.address, image=image)
            yield "logo", raw, clean(raw) or raw, "head-image", evidence, image.url or None, 0.9 if home else 0.7
            return
    for line in finder.outline.lines[:6]:
        if is_file_name(line.text) and _LOGO.search(line.text):
            yield (
                "logo",
                line.text,
                clean(line.text) or line.text,
                "file-name",
                finder.evidence(line.text, line),
                None,
                0.5,
            )
            return


def _head_ends(finder: Finder) -> int:
    line = finder.heading_line
    return max(line.at if line else 0, 25)


def _same_site(href: str, finder: Finder) -> bool:
    return urlsplit(href).hostname == urlsplit(finder.page.url).hostname


def _cms(finder: Finder) -> Iterator[_Found]:
    node = finder.tree.css_first('meta[name="generator" i]')
    content = (node.attributes.get("content") or "").strip() if node is not None else ""
    if content:
        yield (
            "cms",
            content,
            _VERSION.sub("", content) or content,
            "generator",
            finder.body_evidence(content, "attribute"),
            None,
            0.95,
        )
    for line in finder.lines_with(finder.words.stems["credit"]):
        if len(line.text) <= 120 and (found := finder.words.phrases.credit.search(line.text)):
            yield "cms", found[0], found[1], "powered-by", finder.evidence(found[0], line), None, 0.8
            return
