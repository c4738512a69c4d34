"""What another archive says it has: answers of CDX servers and TimeMaps, in the forms that are met.

Nothing in them is believed: a line that is none is counted, dates and URLs are judged by whoever asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import chain
from typing import Any

from archive import digests, times
from archive.errors import BewaarError

#: of a form that is read whole: an array, or link-format
WHOLE_BYTES = 64 << 20
#: a longer line lists nothing
LINE_BYTES = 1 << 20

_DIGITS = re.compile(r"[0-9]{14}")
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w-]+\s*(?:=\s*(?:"[^"]*"|[^\s";,]*))?)*)')
_ATTRIBUTE = re.compile(r'([\w-]+)\s*=\s*(?:"([^"]*)"|([^\s";,]*))')
#: columns of CDX lines without a header, as CDX servers write them
_COLUMNS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
_BARE_SHA1 = re.compile(r"[A-Z2-7]{32}")


class NotAListing(BewaarError):
    """An answer that is neither CDX nor a TimeMap."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One capture that another archive says it has."""

    url: str
    #: UTC, 14 digits
    at: str
    #: of its payload, with the algorithm in front
    digest: str | None = None
    #: its address (URI-M), where the listing gives one
    memento: str | None = None
    status: str | None = None
    mime: str | None = None


@dataclass(frozen=True, slots=True)
class More:
    """Another TimeMap that goes on where this one ends."""

    url: str


@dataclass(frozen=True, slots=True)
class ResumeKey:
    """What a CDX server wants to be asked with for what follows."""

    key: str


@dataclass(frozen=True, slots=True)
class Odd:
    """A line that lists nothing."""

    line: str


Entry = Listed | More | ResumeKey | Odd


def read_listing(url: str, chunks: Iterable[bytes]) -> Iterator[Entry]:
    """The entries of an answer to *url* (a TimeMap's own URL says which of its links is itself). An empty one lists
    nothing. Raises NotAListing where the first line is no part of any form."""
    pieces = iter(chunks)
    head = b""
    while len(head) < 4096 and (piece := next(pieces, b"")):
        head += piece
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        return
    whole = chain([head], pieces)
    if start[:1] == b"[":
        yield from _array(_json(whole))
    elif start[:1] == b"{":
        yield from _objects(whole)
    elif start[:1] == b"<" and start[:2] not in (b"<!", b"<?") and re.match(rb"<[^<>\s]*:[^<>]*>\s*(;|,|$)", start):
        yield from _links(url, _text(whole))
    else:
        yield from _lines(whole)


def links_of(value: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """URL and attributes of each link of a Link header or of ``application/link-format`` (RFC 8288, RFC 6690)."""
    for found in _LINK.finditer(value):
        attributes: dict[str, str] = {}
        for name, quoted, bare in _ATTRIBUTE.findall(found[2]):
            attributes.setdefault(name.lower(), quoted or bare)
        yield found[1].strip(), attributes


def digits_of(http_date: str) -> str | None:
    """An HTTP date in 14 digits; None for what is none.

    >>> digits_of("Sun, 26 Jan 2014 20:06:24 GMT"), digits_of("yesterday")
    ('20140126200624', None)
    """
    try:
        return times.digits14(times.seconds(times.parse(parsedate_to_datetime(http_date).isoformat())))
    except (TypeError, ValueError, OverflowError):
        return None


def moment_of(digits: str) -> datetime | None:
    """14 digits as a time; None where they are no date.

    >>> moment_of("20140126200624").isoformat(), moment_of("20149926200624"), moment_of("2014")
    ('2014-01-26T20:06:24+00:00', None, None)
    """
    if not _DIGITS.fullmatch(digits):
        return None
    try:
        return times.parse(f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:]}")
    except ValueError:
        return None


def _text(chunks: Iterable[bytes]) -> str:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        if len(held) > WHOLE_BYTES:
            raise NotAListing(f"more than {WHOLE_BYTES >> 20} MiB in one answer")
    return held.decode("utf-8", "replace")


def _json(chunks: Iterable[bytes]) -> Any:
    try:
        return json.loads(_text(chunks))
    except (ValueError, RecursionError) as error:
        raise NotAListing(f"not JSON: {error}") from error


def _array(rows: Any) -> Iterator[Entry]:
    """A CDX server's ``output=json``: an array of arrays, names of the columns first; behind an empty one, in one of
    its own, stands the resumption key."""
    columns: Sequence[str] | None = None
    ended = False
    for row in rows:
        if isinstance(row, Mapping):
            yield _listed(row)
        elif not isinstance(row, list) or not all(isinstance(cell, str | int | None) for cell in row):
            yield Odd(str(row)[:200])
        elif columns is None:
            columns = [str(cell) for cell in row]
            if "timestamp" not in columns and "datetime" not in columns:
                raise NotAListing(f"an array whose columns are {', '.join(columns)[:200]}")
        elif not row:
            ended = True
        elif ended and len(row) == 1:
            yield ResumeKey(str(row[0]))
        else:
            yield _listed(dict(zip(columns, row, strict=False)))


def _objects(chunks: Iterable[bytes]) -> Iterator[Entry]:
    """Objects, one in a line, as pywb gives them; or one with all mementos, as aggregators do."""
    lines = _split(chunks)
    first = next(lines, b"")
    parsed = _object(first)
    if parsed is None:
        # One that spans lines.
        parsed = _json(chain([first, b"\n"], (line + b"\n" for line in lines)))
        lines = iter(())
    if isinstance(parsed, Mapping) and isinstance(
        parsed.get("mementos") or parsed.get("timemap_index"), Mapping | list
    ):
        yield from _aggregate(parsed)
        return
    if not isinstance(parsed, Mapping) or not {"timestamp", "datetime"} & parsed.keys():
        raise NotAListing("JSON that lists no captures")
    yield _listed(parsed)
    for line in lines:
        if line.strip():
            found = _object(line)
            yield _listed(found) if isinstance(found, Mapping) else Odd(line[:200].decode("utf-8", "replace"))


def _aggregate(parsed: Mapping[str, Any]) -> Iterator[Entry]:
    url = str(parsed.get("original_uri") or "")
    mementos = parsed.get("mementos")
    listed = mementos.get("list") if isinstance(mementos, Mapping) else mementos
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, Mapping):
            digits = times.digits14(str(one.get("datetime") or ""))
            yield Listed(url, digits, memento=str(one.get("uri") or "") or None)
    index = parsed.get("timemap_index")
    for one in index if isinstance(index, list) else ():
        if isinstance(one, Mapping) and isinstance(one.get("uri"), str):
            yield More(one["uri"])


def _lines(chunks: Iterable[bytes]) -> Iterator[Entry]:
    """CDX and CDXJ lines."""
    is_first = True
    for line in _split(chunks):
        text = line.decode("utf-8", "replace").strip()
        if not text or text.startswith((" CDX", "CDX", "!", "@")):
            continue
        entry = _line(text)
        if is_first and isinstance(entry, Odd):
            raise NotAListing(f"neither CDX nor a TimeMap: it begins with {text[:60]!r}")
        is_first = False
        yield entry


def _line(text: str) -> Entry:
    key, _, rest = text.partition(" ")
    digits, _, rest_of_it = rest.partition(" ")
    if not _DIGITS.fullmatch(digits):
        return Odd(text[:200])
    if rest_of_it.startswith("{"):
        found = _object(rest_of_it.encode())
        return _listed({"urlkey": key, "timestamp": digits, **found}) if isinstance(found, Mapping) else Odd(text[:200])
    return _listed(dict(zip(_COLUMNS, text.split(" "), strict=False)))


def _links(base: str, text: str) -> Iterator[Entry]:
    """A TimeMap (RFC 7089, 5): the original comes before its mementos, or behind them."""
    found = list(links_of(text))
    by_relation = [(set(about.get("rel", "").lower().split()), url, about) for url, about in found]
    original = next((url for rels, url, _ in by_relation if "original" in rels), "")
    if not any(rels & {"original", "memento", "timemap", "self", "timegate"} for rels, _, _ in by_relation):
        raise NotAListing("links, and none of a TimeMap")
    for rels, url, about in by_relation:
        if "memento" in rels:
            digits = digits_of(about.get("datetime", ""))
            yield Listed(original, digits, memento=url) if digits and original else Odd(f"{url} {about}"[:200])
        elif rels & {"timemap", "next"} and "self" not in rels and url != base:
            yield More(url)


def _listed(found: Mapping[str, Any]) -> Entry:
    url = found.get("url") or found.get("original")
    digits = found.get("timestamp") or found.get("datetime")
    if not isinstance(url, str) or digits is None:
        return Odd(str(dict(found))[:200])
    memento = found.get("uri-m") or found.get("memento")
    return Listed(
        url,
        str(digits),
        _digest(found.get("digest")),
        memento if isinstance(memento, str) else None,
        _said(found.get("status") or found.get("statuscode")),
        _said(found.get("mime") or found.get("mimetype")),
    )


def _said(value: Any) -> str | None:
    return str(value)[:100] if value not in (None, "", "-") else None


def _digest(value: Any) -> str | None:
    """With its algorithm, which CDX lines leave out where it is sha1."""
    text = value if isinstance(value, str) else ""
    if _BARE_SHA1.fullmatch(text):
        text = f"sha1:{text}"
    return text if digests.decode(text) else None


def _object(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _split(chunks: Iterable[bytes]) -> Iterator[bytes]:
    left = b""
    for chunk in chunks:
        *lines, left = (left + chunk).split(b"\n")
        yield from lines
        if len(left) > LINE_BYTES:
            raise NotAListing(f"a line of more than {LINE_BYTES >> 20} MiB")
    if left:
        yield left
