"""How to reach the organisation, as its page says: mail addresses, telephone numbers, postal addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from archive.model import Evidence, Page
from crawler.extract.dom import Element, Line
from crawler.extract.finder import Finder
from crawler.extract.registry import extractor
from crawler.extract.spotting import watched
from crawler.items import Contact

_MAIL = re.compile(r"(?<![a-zA-Z0-9.+/@_-])[a-zA-Z0-9._%+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w@-])")
#: what a name is a file's by: "logo@2x.png" is no address
_FILE = re.compile(r"@\dx\.|\.(?:png|jpe?g|gif|svg|webp|css|js)$", re.IGNORECASE)
#: stands in every number
_DIALLED = re.compile(r"\d[\d ().\-–/]{5,20}\d")
_AT = watched("@")
_DIGITS = range(7, 16)  # ITU-T E.164 allows 15
_TOWN = r"[^\W\d_][\w.'’() -]{1,40}"
#: a post code with its town, as the Netherlands; Germany, France, Belgium, Austria, Switzerland; and Britain write it
_POSTED = re.compile(
    rf"(?:(?:NL-)?[1-9]\d{{3}} ?[A-Z]{{2}},? {_TOWN}|(?:[A-Z]{{1,2}}[-–])?\d{{4,5}} (?=[A-ZÀ-Þ]){_TOWN}"
    rf"|{_TOWN},? [A-Z]{{1,2}}\d[A-Z\d]? ?\d[A-Z]{{2}})$"
)
#: stands in whatever `_POSTED` matches. Its digit comes first: those are sooner found than what may begin it.
_POST_CODE = re.compile(r"\d(?:\d{3}(?: ?[A-Z]{2}|\d? [A-ZÀ-Þ])|(?<=[A-Z]\d)[A-Z\d]? ?\d[A-Z]{2})")
_MAX_LINE = 3000
_MAX_ADDRESS = 160
_Found = tuple[str, str, str, str, Evidence | None, str | None, float]


@extractor(Contact, version=1)
def contacts(page: Page, finder: Finder) -> Iterator[Contact]:  # noqa: ARG001 - every extractor takes both
    seen: set[tuple[str, str]] = set()
    for kind, raw, value, rule, evidence, href, confidence in _all(finder):
        if evidence is None or not value or (kind, value) in seen:
            continue
        seen.add((kind, value))
        yield Contact(
            raw=raw,
            value=value,
            position=len(seen) - 1,
            rule=rule,
            evidence=evidence,
            confidence=confidence,
            kind=kind,
            href=href,
            name_source="text",
        )


def _all(finder: Finder) -> Iterator[_Found]:
    for element, address in finder.addresses.items():
        scheme, colon, rest = address.strip().partition(":")
        if colon and scheme.lower() in ("mailto", "tel"):
            yield from _linked(scheme.lower(), unquote(rest.partition("?")[0]).strip(), address, element, finder)
    for line in finder.lines_with(_AT):
        if len(line.text) <= _MAX_LINE:
            for found in _MAIL.finditer(line.text):
                if not _FILE.search(found[0]):
                    yield "email", found[0], _mail(found[0]), "text", finder.evidence(found[0], line), None, 0.9
    words = finder.words.contacts
    for nth in finder.lines_matching(_DIALLED):
        line = finder.outline.lines[nth]
        lowered = line.text.lower() if len(line.text) <= _MAX_LINE else ""
        if any(word in lowered for word in words.phone_words) and (number := words.phone.search(line.text)):
            value = _number(number[1])
            yield "phone", number[1], value, "label", finder.evidence(number[1], line), None, 0.85
    yield from _posted(finder)


def _linked(scheme: str, target: str, address: str, element: Element, finder: Finder) -> Iterator[_Found]:
    evidence = finder.attribute_evidence(address, element)
    if scheme == "tel":
        yield "phone", target, _number(target), "link", evidence, f"tel:{target}", 0.95
    elif _MAIL.fullmatch(target):
        yield "email", target, _mail(target), "link", evidence, f"mailto:{target}", 0.95


def _mail(address: str) -> str:
    """The domain is the same in any case (RFC 5321, 2.4); what stands before it is its host's affair."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def _number(written: str) -> str:
    """Digits, behind a plus where the country is named; empty when it is no number. "(0)" is left out abroad."""
    abroad = written.strip().startswith(("+", "00"))
    digits = re.sub(r"\D", "", written.replace("(0)", "") if abroad else written)
    if abroad:
        digits = digits.removeprefix("00")
    return f"{'+' if abroad else ''}{digits}" if len(digits) in _DIGITS else ""


def _posted(finder: Finder) -> Iterator[_Found]:
    """A street with its number, and a post code with its town: in one line, or in two that follow one another."""
    lines, words = finder.outline.lines, finder.words.contacts
    for nth_line in finder.lines_matching(_POST_CODE):
        line = lines[nth_line]
        text = line.text
        if len(text) > _MAX_ADDRESS:
            continue
        before = lines[nth_line - 1] if nth_line else None
        parts = [part for part in words.divider.split(text) if part]
        for nth, part in enumerate(parts):
            if not _POSTED.match(part):
                continue
            above = before.text.rpartition(",")[2] if before else ""
            # What stands before a colon names the address: "Visiting address: 10 Lantern Lane".
            street = (parts[nth - 1] if nth else above).rpartition(":")[2].strip()
            if not words.street.match(street):
                continue
            yield "address", *_address(street, part, line, before if nth == 0 else None, finder)


def _address(
    street: str, town: str, line: Line, above: Line | None, finder: Finder
) -> tuple[str, str, str, Evidence | None, str | None, float]:
    text = line.text
    quote = f"{street} {town}" if above else text[text.find(street) : text.find(town) + len(town)]
    evidence = finder.evidence(quote, above or line)
    if evidence is None:
        # Something stands between the two lines that no line shows: the town alone is quoted.
        quote, evidence = town, finder.evidence(town, line)
    return quote, f"{street}, {town}", "street-and-town", evidence, None, 0.8
