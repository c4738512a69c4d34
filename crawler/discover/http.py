"""References in response headers: Location, Link (RFC 8288), Refresh."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archive.model import Headers
from crawler.discover.relations import hop_of

_LINK = re.compile(r"""<(?P<target>[^<>]*)>(?P<parameters>(?:[^<>",]|"(?:[^"\\]|\\.)*+"?)*+)""")
_PARAMETER = re.compile(
    r""";\s*(?P<name>[^\s=;"]+)\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*+)"|(?P<token>'[^'";,]*'|[^\s;,"]+))"""
)
_REFRESH = re.compile(r"""\s*[\d.]*\s*[;,]?\s*(?:url\s*=\s*)?(?P<quote>["']?)(?P<url>.*)""", re.IGNORECASE | re.DOTALL)
#: header values are read this far
_LONGEST = 64 << 10


def references(headers: Headers) -> Iterator[tuple[str, str, str]]:
    """Yield reference, hop and context, such as ``("/b", "R", "Location")``."""
    for name, value in headers:
        match name.lower():
            case "location":
                yield _utf8(value.strip()), "R", "Location"
            case "refresh":
                if target := refresh_target(value):
                    yield _utf8(target), "R", "Refresh"
            case "link":
                for link in _LINK.finditer(value[:_LONGEST]):
                    relations = next(
                        (
                            parameter["quoted"] or (parameter["token"] or "").strip("'")
                            for parameter in _PARAMETER.finditer(link["parameters"])
                            if parameter["name"].lower() == "rel"
                        ),
                        "",
                    )
                    if hop := hop_of(relations):
                        yield _utf8(link["target"]), hop, f"Link[rel={relations.lower()}]"


def refresh_target(value: str) -> str | None:
    """The URL of a Refresh header or ``<meta http-equiv=refresh>`` (HTML 4.2.5.3), quoted or not.

    >>> refresh_target("0; url='/next'"), refresh_target("5;/next"), refresh_target("30")
    ('/next', '/next', None)
    """
    found = _REFRESH.match(value[:_LONGEST])
    if not found:
        return None
    url = found["url"]
    if found["quote"]:
        url = url.partition(found["quote"])[0]
    return url.strip() or None


def _utf8(text: str) -> str:
    """Header values are kept as latin-1; servers mostly send UTF-8 where they send more than ASCII."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text
