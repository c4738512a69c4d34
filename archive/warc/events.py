"""What one exchange becomes: the records of one capture event, before they have ids and a place.

A whole exchange gives ``response`` (or ``revisit``), ``request``, ``metadata``; a failed fetch ``request`` (when bytes
were sent) and ``metadata``. The metadata record comes last: an event whose metadata record is in the file is whole.
"""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from archive import times
from archive.errors import BadHttp
from archive.exchange import DECLARED_SECRET, Exchange, Original, Source
from archive.model import WireBytes
from archive.warc import fields, http
from archive.warc.blocks import InMemory
from archive.warc.fields import Field
from archive.warc.revisits import NOT_MODIFIED, PROFILE

Algorithm = Literal["sha256", "sha1"]

WARC_FIELDS = "application/warc-fields"
#: of interim responses and surplus bytes, this much is kept
MAX_ASIDE_BYTES = 1 << 16
#: the field that counts the ranges of a body that were masked
SECRETS_IN_BODY = "secretsInBody"
#: the fields that tell of another archive (`archive.exchange.Source`)
SOURCE_URI = "sourceURI"
OTHER_DIGEST = "otherDigest"
_ASIDE = frozenset({"interim", "surplus"})
_MASKED_IN = {"request": "request", "response": "response", "interim": "interimResponse", "surplus": "surplusBytes"}


@dataclass(frozen=True, slots=True)
class Draft:
    """One record to be: what it says of itself, but for id, URL, date and warcinfo, which all of an event share."""

    type: Literal["response", "revisit", "request", "metadata"]
    content_type: str
    block: WireBytes
    #: stands once in an event: in the record it is known by
    connection: tuple[Field, ...] = ()
    #: digests and truncation
    marks: tuple[Field, ...] = ()
    #: the record the event is known by; the others name it in WARC-Concurrent-To
    principal: bool = False


def draft_exchange(
    exchange: Exchange, *, algorithm: Algorithm, strict: bool, original: Original | None = None
) -> list[Draft]:
    """The records of *exchange* in the order they are written; *strict* leaves out fields WARC 1.1 does not name.

    With *original* its response becomes a revisit of that: of the message only the header section is stored, and of a
    304 nothing, for replay would show what is stored. Its header section goes into the metadata record.
    """
    connection = tuple(_connection(exchange, strict=strict))
    drafts = []
    response = exchange.response if exchange.response is not None and exchange.response.size else None
    not_modified = response if original is not None and exchange.status == 304 else None
    if original is not None and not_modified is not None:
        drafts.append(_not_modified_revisit(original, connection, algorithm))
    elif response is not None and original is not None:
        drafts.append(_revisit(exchange, response, original, connection, algorithm))
    elif response is not None:
        marks = [("WARC-Block-Digest", digest(response, algorithm))]
        if declared := payload_digest(exchange, algorithm):
            marks.insert(0, ("WARC-Payload-Digest", declared))
        if exchange.truncated:
            marks.append(("WARC-Truncated", exchange.truncated))
        drafts.append(
            Draft("response", "application/http; msgtype=response", response, connection, tuple(marks), principal=True)
        )
    if exchange.request.size:
        marks = [("WARC-Block-Digest", digest(exchange.request, algorithm))]
        drafts.append(Draft("request", "application/http; msgtype=request", exchange.request, marks=tuple(marks)))
    about = [*(_about(exchange) if response is not None else _failure(exchange))]
    kept_in = "notModifiedResponse" if not_modified is not None else "response" if original is None else "revisit"
    if not_modified is not None:
        about.append((kept_in, fields.raw(b"".join(not_modified.chunks(0, exchange.header_bytes)))))
    about += _redactions(exchange, kept_in)
    block = InMemory(fields.warc_fields(about))
    marks = [("WARC-Block-Digest", digest(block, algorithm))]
    failed = response is None
    drafts.append(Draft("metadata", WARC_FIELDS, block, connection if failed else (), tuple(marks), principal=failed))
    return drafts


def _revisit(
    exchange: Exchange, response: WireBytes, original: Original, connection: tuple[Field, ...], algorithm: Algorithm
) -> Draft:
    header = InMemory(b"".join(response.chunks(0, exchange.header_bytes)))
    declared = payload_digest(exchange, algorithm)
    marks = (
        ("WARC-Profile", PROFILE),
        *([("WARC-Payload-Digest", declared)] if declared else []),
        ("WARC-Refers-To", original.record_id),
        ("WARC-Refers-To-Target-URI", fields.url(original.url)),
        ("WARC-Refers-To-Date", original.date),
        ("WARC-Truncated", "length"),
        ("WARC-Block-Digest", digest(header, algorithm)),
    )
    return Draft("revisit", "application/http; msgtype=response", header, connection, marks, principal=True)


def _not_modified_revisit(original: Original, connection: tuple[Field, ...], algorithm: Algorithm) -> Draft:
    """WARC 1.1, 6.7.3: the payload is the original's, so its digest is too. With the 304's header section as its block
    pywb and ReplayWeb.page show an empty page."""
    nothing = InMemory(b"")
    marks = (
        ("WARC-Profile", NOT_MODIFIED),
        *([("WARC-Payload-Digest", original.payload_digest)] if original.payload_digest else []),
        ("WARC-Refers-To", original.record_id),
        ("WARC-Refers-To-Target-URI", fields.url(original.url)),
        ("WARC-Refers-To-Date", original.date),
        ("WARC-Block-Digest", digest(nothing, algorithm)),
    )
    return Draft("revisit", "application/http; msgtype=response", nothing, connection, marks, principal=True)


def draft_metadata(block: bytes, content_type: str, *, algorithm: Algorithm) -> Draft:
    held = InMemory(block)
    marks = (("WARC-Block-Digest", digest(held, algorithm)),)
    return Draft("metadata", fields.text(content_type), held, marks=marks, principal=True)


def digest(block: WireBytes, algorithm: Algorithm) -> str:
    """As our digests are written: sha256 in lowercase hex, sha1 in uppercase base32."""
    computed = hashlib.new(algorithm, usedforsecurity=False)
    for chunk in block.chunks():
        computed.update(chunk)
    if algorithm == "sha1":
        return f"sha1:{base64.b32encode(computed.digest()).decode()}"
    return f"sha256:{computed.hexdigest()}"


def payload_digest(exchange: Exchange, algorithm: Algorithm) -> str | None:
    """WARC-Payload-Digest of the response.

    The payload is a function of the stored block (`archive.warc.http.payload`). The digest the crawler computed while
    the bytes came in is that digest for every message that ended as it should; of one that did not, the HTTP stack may
    have taken another view of where the body ends, so it is computed again from the block.
    """
    response = exchange.response
    if response is None or exchange.header_bytes is None:
        return None
    if algorithm == "sha256" and exchange.truncated is None and exchange.error is None:
        return exchange.payload_digest
    try:
        return digest(http.payload(response, http.parse_response(response)), algorithm)
    except BadHttp:  # the crawler's parser took it for HTTP, ours does not: no digest is better than an odd one
        return None


def _connection(exchange: Exchange, *, strict: bool) -> Iterator[Field]:
    if exchange.source and not strict:
        # As pywb writes them of what it has from other archives.
        yield "WARC-Source-URI", fields.url(exchange.source.url)
        yield "WARC-Creation-Date", times.warc_date(exchange.source.fetched_at)
    if exchange.ip_address:
        with suppress(ValueError):
            yield "WARC-IP-Address", _address(exchange.ip_address)
    if strict:
        return
    for protocol in exchange.protocols:
        yield "WARC-Protocol", fields.text(protocol)
    if exchange.cipher_suite:
        yield "WARC-Cipher-Suite", fields.text(exchange.cipher_suite)


@lru_cache(maxsize=1024)
def _address(peer: str) -> str:
    """WARC 1.1, 5.9 wants an address: no zone, no host name. Raises ValueError."""
    return str(ipaddress.ip_address(peer.partition("%")[0]))


def _about(exchange: Exchange) -> Iterator[Field]:
    if exchange.error:
        yield "error", exchange.error
    if exchange.via:
        yield "via", fields.url(exchange.via)
    if exchange.source:
        yield from _source(exchange.source)
    else:
        yield "hopsFromSeed", exchange.hops
    if exchange.fetch_ms is not None:
        yield "fetchTimeMs", str(exchange.fetch_ms)
    yield from _aside("interimResponse", exchange.interim)
    yield from _aside("surplusBytes", exchange.surplus)


def _source(source: Source) -> Iterator[Field]:
    yield SOURCE_URI, fields.url(source.url)
    yield "sourceRecord", source.record_id
    if source.other_digest:
        yield OTHER_DIGEST, source.other_digest
    if source.header_of:
        yield "headerOf", source.header_of
    for name in source.renamed:
        yield "headerRenamed", name


def _redactions(exchange: Exchange, kept_in: str) -> Iterator[Field]:
    """Where bytes of this event's records are masked: in the block of the record named, or, of what is in no block, in
    the field named, once it is decoded. *kept_in* is where the response's bytes are: all, or its header section."""
    header = exchange.header_bytes if exchange.header_bytes is not None else 1 << 62
    for redaction in exchange.redactions:
        record, start, stop = _MASKED_IN[redaction.record], redaction.start, redaction.stop
        if redaction.record == "response":
            record, stop = kept_in, stop if kept_in == "response" else min(stop, header)
        elif redaction.record in _ASIDE:
            stop = min(stop, MAX_ASIDE_BYTES)
        if start < stop:
            yield "redaction", f"record={record}; offset={start}; length={stop - start}; why={redaction.why}"
    # A trailer section stands behind the header section too, and its masked fields are no secret of the body.
    in_body = sum(
        redaction.record == "response" and redaction.stop > header and redaction.why == DECLARED_SECRET
        for redaction in exchange.redactions
    )
    if in_body:
        yield SECRETS_IN_BODY, str(in_body)


def _failure(exchange: Exchange) -> Iterator[Field]:
    yield "fetchStatus", str(_fetch_status(exchange))
    if not exchange.error:
        yield "error", "no response"
    yield from _about(exchange)


def _fetch_status(exchange: Exchange) -> int:
    """Heritrix's codes for a fetch without a response: -1 no address, -2 no connection, -3 it was lost, -4 timeout."""
    if exchange.truncated == "time":
        return -4
    if exchange.request.size:
        return -3
    return -1 if "dns" in (exchange.error or "").lower() else -2


def _aside(name: str, data: bytes) -> Iterator[Field]:
    """Bytes that came over the wire and belong to no record of their own."""
    if data:
        yield name, fields.raw(data[:MAX_ASIDE_BYTES])
    if len(data) > MAX_ASIDE_BYTES:
        yield f"{name}Truncated", f"{MAX_ASIDE_BYTES} of {len(data)} bytes kept"
