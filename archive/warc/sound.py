"""Whole sound members, as nearly all are, judged at a third of the cost of judging any.

One that gives any cause for doubt is not judged here but left to `archive.warc.judge`: what is said of a file is the
same with and without this module.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Generator
from typing import Any

from archive import digests
from archive.warc.deflate import fast_zlib
from archive.warc.ledger import Note, note_of
from archive.warc.limits import Limits
from archive.warc.records import GZIP, INFLATE_ERRORS
from archive.warc.redactions import MASKED
from archive.warc.rules import SINGLE, is_plain, is_usual
from archive.warc.source import Source
from archive.warc.tombstones import ERASED

#: whether the payload of a record is beyond doubt: its type, its URL, bytes that end in its block, where in them that
#: begins and ends, and the digest declared
IsPayload = Callable[[str, str, bytes, int, int, str], bool]

#: read at a time: no more than a core keeps near
_WINDOW_BYTES = 1 << 18
#: of a member: most end within the first piece; what a piece holds past the end is copied
_FIRST_BYTES = 1 << 12
_NEXT_BYTES = 1 << 15
#: what unpacks to more is read piece by piece elsewhere
_MOST_BYTES = 4 << 20
_MOST_HEADER_BYTES = 1 << 16
_END = b"\r\n\r\n"
_VERSIONS = (b"WARC/1.1\r\n", b"WARC/1.0\r\n")
_NAME = re.compile(rb"[A-Za-z][A-Za-z0-9-]*")
#: fields that are looked at; others may be what they like
_LOOKED_AT = SINGLE | {"warc-concurrent-to", ERASED.lower()}
#: those that nearly every record has its own of
_OWN = re.compile(
    rb"WARC-(?:Record-ID: (<[A-Za-z][A-Za-z0-9+.-]*:[!-~]+>)|(?:Block-Digest: ([!-~]+))|(?:Payload-Digest: ([!-~]+)))"
)
_OWN_NAMES = ("", "warc-record-id", "warc-block-digest", "warc-payload-digest")
#: what stands for a field that is not looked at
_PASSED = ("", "")
#: the fields on lines read lately, names in lower case
_LINES: dict[bytes, tuple[str, str]] = {}
_MOST_LINES = 4096
_LONGEST_LINE = 300
#: where the signature of a record's type and block begins
_TYPE_CRC: dict[str, int] = {}


def sound_members(  # noqa: PLR0917  # as for `judge`, and what it knows
    source: Source, start: int, end: int, most: int, limits: Limits, is_payload: IsPayload, recent: deque[int]
) -> Generator[Note, None, tuple[int, int]]:
    """Notes on the members from *start* on that begin before *end*, *most* of them, up to the first that is not beyond
    doubt. Returns where that begins, and how many there were; *recent* takes their offsets. Raises OSError."""
    at, number = start, 0
    most_bytes = min(_MOST_BYTES, limits.ratio_from_bytes, limits.block_bytes)
    window, size, base = memoryview(bytearray(_WINDOW_BYTES)), 0, start
    decompressobj: Any = fast_zlib.decompressobj
    while at < end and number < most:
        offset = at - base
        fed = offset + _FIRST_BYTES
        if fed > size:
            size, base, offset = source.read_into(window, at), at, 0
            fed = min(_FIRST_BYTES, size)
        inflater = decompressobj(GZIP)
        try:
            data = inflater.decompress(window[offset:fed], most_bytes)
            if not inflater.eof:
                pieces, left = [data], most_bytes - len(data)
                while not inflater.eof and left > 0:
                    if fed == size:
                        base, fed = base + size, 0
                        if not (size := source.read_into(window, base)):
                            break
                    fed, begun = min(fed + _NEXT_BYTES, size), fed
                    pieces.append(inflater.decompress(window[begun:fed], left))
                    left -= len(pieces[-1])
                data = b"".join(pieces)
        except INFLATE_ERRORS:
            break
        if not inflater.eof:
            break
        noted = _note(data, at, is_payload)
        if noted is None:
            break
        yield noted
        recent.append(at)
        number += 1
        at = base + fed - len(inflater.unused_data)
    return at, number


def _note(data: bytes, offset: int, is_payload: IsPayload) -> Note | None:
    """On the record that is all of *data*; None where anything in it calls for a closer look."""
    begins = data.find(_END, 0, _MOST_HEADER_BYTES)
    if begins < 0 or not data.startswith(_VERSIONS) or not data.endswith(_END):
        return None
    known = _LINES.get
    try:
        fields = [known(line) or _field(line) for line in data[10:begins].split(b"\r\n")]
    except ValueError:
        return None
    first = dict(fields)
    passed = fields.count(_PASSED)
    if len(first) != len(fields) - passed + bool(passed):  # some name stands twice
        return None
    try:
        kind, record_id, date = first["warc-type"], first["warc-record-id"], first["warc-date"]
        length, content_type = int(first["content-length"]), first["content-type"]
    except KeyError:
        return None
    url = first.get("warc-target-uri", "")
    begins += 4
    if begins + length + 4 != len(data) or not is_usual(kind, content_type, has_uri=bool(url)):
        return None
    if kind == "metadata" and MASKED in data:  # what is masked stands in the records before it
        return None
    block = memoryview(data)[begins:-4]
    declared = first.get("warc-block-digest")
    if declared and not digests.is_of(declared, block):
        return None
    payload = first.get("warc-payload-digest")
    if payload and not is_payload(kind, url, data, begins, len(data) - 4, payload):
        return None
    other = first.get("warc-concurrent-to")
    signature = fast_zlib.crc32(block, _type_crc(kind))
    return note_of(
        kind, record_id, url, date, first, (other,) if other else (), offset, (length << 32 | signature) & (1 << 63) - 1
    )


def _field(line: bytes) -> tuple[str, str]:
    """The field on a line. Raises ValueError for what is not plainly a good one."""
    if own := _OWN.fullmatch(line):
        at = own.lastindex or 0
        return _OWN_NAMES[at], own[at].decode("ascii")
    name, colon, value = line.partition(b": ")
    text = value.decode("ascii")
    if not colon or not text.isprintable() or text.strip() != text or not _NAME.fullmatch(name):
        raise ValueError(line)
    field = name.decode("ascii").lower(), text
    if field[0] not in _LOOKED_AT:
        field = _PASSED
    elif not is_plain(*field):
        raise ValueError(line)
    if len(line) <= _LONGEST_LINE:
        if len(_LINES) >= _MOST_LINES:
            _LINES.clear()
        _LINES[line] = field
    return field


def _type_crc(kind: str) -> int:
    crc = _TYPE_CRC.get(kind)
    if crc is None:
        crc = _TYPE_CRC[kind] = fast_zlib.crc32(kind.encode())
    return crc
