"""The header of a WARC record taken apart (WARC 1.1, 4): leniently, and at less cost where it is to the letter."""

from __future__ import annotations

from collections.abc import Iterator

from archive.model import Headers

#: how a record begins, in either case
BEGINS = b"WARC/"
#: lines read lately: half of a header stands in the one before it, too
_LINES: dict[str, tuple[tuple[str, str], str]] = {}
_MOST_LINES = 4096
_LONGEST_LINE = 256


def regular_fields(header: bytes) -> tuple[Headers, dict[str, str]] | None:
    """The fields of a header framed to the letter, as almost all are (ASCII, CRLF, nothing folded, one Content-Length,
    with the blank line behind), and the first value of each by name in lower case. None when it is not: nothing is
    said of it then."""
    if not header.startswith(BEGINS) or not header.isascii():
        return None
    if header.count(b"\r") != (lines := header.count(b"\n")):
        return None
    texts = header.decode("ascii").split("\r\n")
    if len(texts) != lines + 1:
        return None
    first: dict[str, str] = {}
    fields: list[tuple[str, str]] = []
    for text in texts[1:-2]:
        known = _LINES.get(text) or _line(text)
        if known is None:
            return None
        field, key = known
        fields.append(field)
        if first.setdefault(key, field[1]) is not field[1] and key == "content-length":
            return None
    return tuple(fields), first


def _line(text: str) -> tuple[tuple[str, str], str] | None:
    """The field on a line, and its name in lower case; None where none begins."""
    name, colon, value = text.partition(":")
    name = name.strip()
    if not colon or not name or text.startswith((" ", "\t")):  # folded
        return None
    known = (name, value.strip()), name.lower()
    if len(text) <= _LONGEST_LINE:
        if len(_LINES) >= _MOST_LINES:
            _LINES.clear()
        _LINES[text] = known
    return known


def all_fields(header: bytes) -> Iterator[tuple[str, str]]:
    """Fields of a record header (WARC 1.1, 4): UTF-8, folded lines joined, lines without a colon passed over."""
    name, value = "", ""
    for text in (*_lines(header), ""):
        if text[:1] in (" ", "\t"):
            value = f"{value} {text.strip()}"
            continue
        if name:
            yield name, value.strip()
        name, colon, value = text.partition(":")
        name = name.strip() if colon else ""


def _lines(header: bytes) -> list[str]:
    """All but the first; a line that is not UTF-8 is Latin-1, whatever the others are."""
    try:
        lines = header.decode().split("\n")
    except UnicodeDecodeError:
        lines = [_text(line) for line in header.split(b"\n")]
    return [line.removesuffix("\r") for line in lines[1:]]


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")
