"""References in DASH manifests (ISO/IEC 23009-1, 5.3): media, and initialization and index segments.

Segments that are numbered are counted only where the manifest says how many there are: by a timeline, an end number, or
the lengths of segment and period. Of what is being broadcast it does not. As in `xml`, no entity is resolved.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from xml.parsers import expat

from archive.urls import join

#: a manifest is read this far, bytes
LONGEST = 8 << 20
#: segments of one representation: half a day of two seconds each
MOST_SEGMENTS = 20_000
#: elements of one manifest
_MOST_ELEMENTS = 200_000
_DEEPEST = 20
_LONGEST_URL = 8192

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d*)?)S)?)?")
_IDENTIFIER = re.compile(r"\$(RepresentationID|Bandwidth|Number|Time|)(?:%0(\d{1,2})d)?\$")
#: what is inherited of a level above: attributes of the one below go first (5.3.9.1)
_HOW = ("SegmentTemplate", "SegmentList", "SegmentBase")
#: elements that are kept
_KNOWN = frozenset(
    (
        *("MPD", "Location", "BaseURL", "Period", "AdaptationSet", "Representation", *_HOW, "SegmentTimeline", "S"),
        *("SegmentURL", "Initialization", "RepresentationIndex"),
    )
)


@dataclass(slots=True)
class _Element:
    name: str
    attributes: dict[str, str]
    children: dict[str, list[_Element]] = field(default_factory=dict)
    text: str = ""

    def all(self, name: str) -> list[_Element]:
        return self.children.get(name, [])

    def first(self, name: str) -> _Element | None:
        return next(iter(self.all(name)), None)

    def number(self, name: str) -> int | None:
        value = self.attributes.get(name, "")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


def references(body: bytes, url: str) -> Iterator[str]:
    """What the manifest at *url* names, absolute, of each representation; nothing for what is none. What breaks off
    gives what stood before."""
    root = _tree(body)
    if root is None:
        return
    yield from (joined for location in root.all("Location") if (joined := join(url, location.text.strip())))
    base = _based(url, root)
    is_static = root.attributes.get("type", "static") == "static"
    starts, at = [], 0.0
    for period in root.all("Period"):
        at = _seconds(period.attributes.get("start")) or at
        starts.append(at)
        at += _seconds(period.attributes.get("duration")) or 0.0
    ends = [*starts[1:], _seconds(root.attributes.get("mediaPresentationDuration"))]
    for period, start, end in zip(root.all("Period"), starts, ends, strict=False):
        told = _seconds(period.attributes.get("duration"))
        length = told if told is not None else end - start if end is not None else None
        yield from _period(period, _based(base, period), length if is_static else None)


def _period(period: _Element, base: str, length_s: float | None) -> Iterator[str]:
    of_period = _way(period)
    for part in period.all("AdaptationSet"):
        of_part = _merged(of_period, _way(part))
        based = _based(base, part)
        for representation in part.all("Representation"):
            way = _merged(of_part, _way(representation))
            for reference in _segments(representation, way, length_s):
                if joined := join(_based(based, representation), reference):
                    yield joined


def _way(level: _Element) -> _Element | None:
    return next((way for name in _HOW if (way := level.first(name))), None)


def _merged(above: _Element | None, own: _Element | None) -> _Element | None:
    if above is None or own is None or above.name != own.name:
        return own or above
    return _Element(own.name, above.attributes | own.attributes, above.children | own.children)


def _segments(of: _Element, way: _Element | None, length_s: float | None) -> Iterator[str]:
    """Relative to the representation, which is itself a file where nothing says otherwise."""
    if way is None or way.name == "SegmentBase":
        yield ""
    if way is None:
        return
    for name in ("Initialization", "RepresentationIndex"):
        if (stated := way.first(name)) and (source := stated.attributes.get("sourceURL")):
            yield source
    for segment in way.all("SegmentURL")[:MOST_SEGMENTS]:
        yield segment.attributes.get("media", "")
        if index := segment.attributes.get("index"):
            yield index
    if way.name == "SegmentTemplate":
        yield from _templated(of, way, length_s)


def _templated(of: _Element, way: _Element, length_s: float | None) -> Iterator[str]:
    values = {"RepresentationID": of.attributes.get("id", ""), "Bandwidth": of.attributes.get("bandwidth", "")}
    counted = {"Number": "1", **({"Time": "1"} if way.first("SegmentTimeline") else {})}
    templates = [way.attributes.get(name, "") for name in ("initialization", "bitstreamSwitching", "media", "index")]
    templates = [template for template in templates if template and _filled(template, values | counted)]
    for template in templates:
        if once := _filled(template, values):
            yield once
    if varying := [template for template in templates if not _filled(template, values)]:
        for number, time in _counted(way, length_s):
            told = values | {"Number": number, "Time": time}
            yield from (_filled(template, told) or "" for template in varying)


def _counted(way: _Element, length_s: float | None) -> Iterator[tuple[str, str]]:
    """Number and time of each segment that the manifest states; of time only where it has a timeline."""
    first = 1 if (stated := way.number("startNumber")) is None else stated
    scale = way.number("timescale") or 1
    if timeline := way.first("SegmentTimeline"):
        yield from ((str(first + at), str(time)) for at, time in enumerate(_times(timeline, scale, way, length_s)))
        return
    last = way.number("endNumber")
    if last is None and length_s is not None and (each := way.number("duration")):
        last = first + math.ceil(length_s * scale / each - 1e-6) - 1
    if last is not None:
        yield from ((str(number), "") for number in range(first, min(last, first + MOST_SEGMENTS - 1) + 1))


def _times(timeline: _Element, scale: int, way: _Element, length_s: float | None) -> Iterator[int]:
    """When each segment begins (5.3.9.6): a negative repeat lasts until the next stands, or the period ends."""
    steps, at, given = timeline.all("S"), 0, 0
    end = None if length_s is None else (way.number("presentationTimeOffset") or 0) + math.ceil(length_s * scale)
    for position, step in enumerate(steps):
        at = at if (stated := step.number("t")) is None else stated
        each, repeat = step.number("d"), step.number("r") or 0
        if not each or given >= MOST_SEGMENTS:
            return
        if step.attributes.get("r", "").startswith("-"):
            until = steps[position + 1].number("t") if position + 1 < len(steps) else end
            repeat = 0 if until is None else (until - at - 1) // each
        for _ in range(max(1, min(repeat + 1, MOST_SEGMENTS - given))):
            yield at
            at, given = at + each, given + 1


def _filled(template: str, values: dict[str, str]) -> str | None:
    """None where it wants what is not known.

    >>> _filled("$RepresentationID$/$Number%05d$.m4s", {"RepresentationID": "v1", "Number": "7"}), _filled("$Time$", {})
    ('v1/00007.m4s', None)
    """
    missing = False

    def fill(found: re.Match[str]) -> str:
        nonlocal missing
        if not found[1]:
            return "$"
        value = values.get(found[1], "")
        missing = missing or not value
        return value.zfill(int(found[2])) if found[2] else value

    filled = _IDENTIFIER.sub(fill, template)
    return None if missing else filled


def _based(base: str, level: _Element) -> str:
    """The first of several stands for all: the others hold the same (5.6.5)."""
    stated = level.first("BaseURL")
    return (join(base, stated.text.strip()) or base) if stated and stated.text.strip() else base


def _seconds(duration: str | None) -> float | None:
    """Of an ISO 8601 duration.

    >>> _seconds("PT1H2M3.5S"), _seconds("P1D"), _seconds("soon")
    (3723.5, 86400.0, None)
    """
    found = _DURATION.fullmatch((duration or "").strip()[:60])
    if not found or not any(found.groups()):
        return None
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _tree(body: bytes) -> _Element | None:
    """The document's MPD."""
    path, count = [_Element("", {})], 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(path) > _DEEPEST or count > _MOST_ELEMENTS:
            raise ValueError("more than a manifest has")
        element = _Element(name.rpartition(":")[2], attributes)
        if element.name in _KNOWN:
            path[-1].children.setdefault(element.name, []).append(element)
        path.append(element)

    def end(_: str) -> None:
        path.pop()

    def characters(text: str) -> None:
        if path[-1].name in {"BaseURL", "Location"} and len(path[-1].text) < _LONGEST_URL:
            path[-1].text += text

    def refuse(*_: object) -> None:
        raise ValueError("entity declaration")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.EntityDeclHandler = characters, refuse
    with suppress(expat.ExpatError, ValueError):
        parser.Parse(body[:LONGEST], True)
    return path[0].first("MPD")
