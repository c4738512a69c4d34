"""The bytes of a payload, out of the WARC record that holds them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from archive.errors import Damaged
from archive.model import Place
from archive.pictures.look import MAX_BYTES, Look, look_at, looks_like_picture
from archive.warc import http as warc_http
from archive.warc.blocks import InMemory
from archive.warc.encodings import decode
from archive.warc.reader import open_warc

#: the payload with that digest, where it lies; cut off past `MAX_BYTES` and one. None where it cannot be had
ReadPayload = Callable[[Place, str], bytes | None]

#: such as compress SVG. Not what the server says is tried but what the bytes bear out: one payload has one look
_CODINGS = ("gzip", "zstd", "br", "deflate")


def no_payload(_place: Place, _digest: str) -> bytes | None:
    """For where no WARC files are at hand."""
    return None


def payloads_in(warcs: Path) -> ReadPayload:
    """Those of the WARC files in a directory."""

    def read(place: Place, digest: str) -> bytes | None:
        try:
            with open_warc(warcs, place.file) as file:
                block = file.read(place.offset, place.length).block
                return _verified(warc_http.payload(block, warc_http.parse_response(block)).chunks(), digest)
        except (OSError, Damaged, ValueError):
            return None

    return read


def _verified(chunks: Iterable[bytes], digest: str) -> bytes | None:
    computed = hashlib.sha256()
    held = bytearray()
    for chunk in chunks:
        computed.update(chunk)
        held += chunk[: MAX_BYTES + 1 - len(held)]
    return bytes(held) if f"sha256:{computed.hexdigest()}" == digest else None


def look_at_payload(payload: bytes) -> Look:
    """The look of the body: of what the payload is once a coding is undone. Raises nothing."""
    try:
        picture = _undone(payload)
    except Damaged:
        return Look("too large")
    return look_at(picture) if picture is not None else Look("no picture")


def picture_in(payload: bytes) -> bytes | None:
    """The picture file that a payload is, once a coding is undone; None where it is none."""
    try:
        return _undone(payload)
    except Damaged:
        return None


def _undone(payload: bytes) -> bytes | None:
    """Raises TooLarge where nothing else can be said."""
    if looks_like_picture(payload):
        return payload
    large: Damaged | None = None
    for coding in _CODINGS:
        try:
            body, whole, _ = decode(InMemory(payload), [coding], limit=MAX_BYTES)
        except Damaged as error:
            large = error
            continue
        if whole and looks_like_picture(body):
            return body
    if large is not None:
        raise large
    return None
