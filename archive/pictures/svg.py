"""The size an SVG file gives itself. Its root element is read and nothing else: no parser, so nothing it declares (an
entity within an entity, a file elsewhere) is ever looked up."""

from __future__ import annotations

import codecs
import re

#: in which the root element must begin and end
_HEAD_BYTES = 1 << 16
_SPACE = re.compile(r"\s*")
_DOCTYPE_END = re.compile(r"[\[>]")
_SUBSET_END = re.compile(r"\]\s{0,100}>")
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]{0,40}:)?svg(?=[\s/>])")
_ATTRIBUTE = re.compile(r"([\w:.-]{1,200})\s{0,100}=\s{0,100}(?:\"([^\"]*)\"|'([^']*)')")
_LENGTH = re.compile(r"\s*\+?(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})\s*(px|in|cm|mm|q|pt|pc)?\s*", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})(?:e[+-]?\d{1,2})?", re.IGNORECASE)
#: CSS pixels (CSS Values 4, 6.2)
_UNITS = {"px": 1.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4, "q": 96 / 101.6, "pt": 96 / 72, "pc": 16.0}
#: past it a size is no size
_MAX_PIXELS = 100_000


def svg_root(data: bytes) -> str | None:
    """The attributes of the root element, as they stand; None where *data* is no SVG file."""
    text = _decoded(data[:_HEAD_BYTES])
    at = 1 if text.startswith("\ufeff") else 0
    while at >= 0:
        at = _behind_space(text, at)
        if text.startswith("<?", at):
            at = _behind(text, "?>", at)
        elif text.startswith("<!--", at):
            at = _behind(text, "-->", at + 4)
        elif text[at : at + 9].upper() == "<!DOCTYPE":
            end = _DOCTYPE_END.search(text, at)
            # A "]" within a quoted value of the declarations ends nothing; nobody writes one.
            end = _SUBSET_END.search(text, end.end()) if end is not None and end[0] == "[" else end
            at = end.end() if end is not None else -1
        else:
            break
    root = _ROOT.match(text, at) if at >= 0 else None
    return text[root.end() :] if root else None


def svg_size(root: str) -> tuple[int, int] | None:
    """Width and height in CSS pixels: as given, else by the ``viewBox``; None where neither tells."""
    attributes = _attributes(root)
    width, height = _pixels(attributes.get("width")), _pixels(attributes.get("height"))
    box = [float(number) for number in _NUMBER.findall(attributes.get("viewBox", "")[:200])]
    box_width, box_height = (box[2], box[3]) if len(box) == 4 and min(box[2:]) > 0 else (None, None)
    if box_width and box_height:
        if width is None and height is None:
            width, height = box_width, box_height
        elif width is None and height is not None:
            width = height * box_width / box_height
        elif height is None and width is not None:
            height = width * box_height / box_width
    if width is None or height is None or not (0 < width <= _MAX_PIXELS and 0 < height <= _MAX_PIXELS):
        return None
    return max(1, round(width)), max(1, round(height))


def _attributes(root: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while True:
        match = _ATTRIBUTE.match(root, _behind_space(root, at))
        if match is None:
            return found
        found.setdefault(match[1], match[2] if match[2] is not None else match[3])
        at = match.end()


def _pixels(value: str | None) -> float | None:
    match = _LENGTH.fullmatch((value or "")[:100])
    return float(match[1]) * _UNITS[(match[2] or "px").lower()] if match else None


def _decoded(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8", "replace")


def _behind(text: str, end: str, at: int) -> int:
    found = text.find(end, at)
    return found + len(end) if found >= 0 else -1


def _behind_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
