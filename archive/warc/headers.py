"""The header of a WARC record taken apart (WARC 1.1, 4): leniently, and at less cost where it is to the letter."""

from __future__ import annotations

from collections.abc import Iterator

from archive.model import Headers

#: how a record begins, in either case
BEGINS = b"WARC/"
#: names of fields as almost all write them, and in lower case
_KEYS = {
    name: name.lower()
    for name in (
        "WARC-Type WARC-Record-ID WARC-Date WARC-Target-URI WARC-IP-Address WARC-Protocol WARC-Concurrent-To "
        "WARC-Warcinfo-ID WARC-Block-Digest WARC-Payload-Digest WARC-Truncated WARC-Profile WARC-Refers-To "
        "WARC-Refers-To-Target-URI WARC-Refers-To-Date WARC-Cipher-Suite WARC-Filename Content-Type Content-Length"
    ).split()
}


def regular_fields(header: bytes) -> tuple[Headers, dict[str, str]] | None:
    """The fields of a header framed to the letter, as almost all are (ASCII, CRLF, nothing folded, one Content-Length,
    with the blank line behind), and the first value of each by name in lower case. None when it is not: nothing is
    said of it then."""
    if not header.startswith(BEGINS) or not header.isascii():
        return None
    if header.count(b"\r") != (lines := header.count(b"\n")) or b"\n " in header or b"\n\t" in header:
        return None
    texts = header.decode("ascii").split("\r\n")
    if len(texts) != lines + 1:
        return None
    first: dict[str, str] = {}
    fields: list[tuple[str, str]] = []
    for text in texts[1:-2]:
        name, _, value = text.partition(":")
        key = _KEYS.get(name)
        if key is None:
            if not name.strip() or len(text) == len(name):
                return None
            name = name.strip()
            key = name.lower()
        value = value.strip()
        fields.append((name, value))
        if first.setdefault(key, value) is not value and key == "content-length":
            return None
    return tuple(fields), first


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
