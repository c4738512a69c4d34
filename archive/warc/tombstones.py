"""What stands in a WARC file in place of a record that was erased: a ``metadata`` record, for it tells of another one
(WARC 1.1, 6.6), with an id of its own, for no id may name two blocks (5.2), that refers to the id of the one that is
gone (5.11).

In an ARC file, which knows no metadata, it is a record on a URI of ours.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Iterable
from dataclasses import dataclass

from archive import times
from archive.digests import sha256
from archive.model import Record
from archive.warc.fields import Field, read_warc_fields, text, warc_fields
from archive.warc.fields import url as uri

#: stands in the header of every tombstone, with the id of the erased record
ERASED = "Bewaar-Erased"
#: stands in the header of a record of which something is masked, with the id of the erasure
MASKED = "Bewaar-Masked"
#: how the URI of a tombstone in an ARC file begins; the id of the erased record follows
ARC_URI = "metadata://bewaar/erased/"

_WARC_FIELDS = "application/warc-fields"
_MOST_BYTES = 1 << 16
_GZIP = 31


@dataclass(frozen=True, slots=True)
class Terms:
    """What every tombstone of one order says, and what it leaves out."""

    #: id of the decision
    erasure: str
    #: as WARC-Date
    at: str
    reason: str
    who: str
    order: str | None = None
    with_url: bool = True
    with_digests: bool = True


@dataclass(frozen=True, slots=True)
class Erased:
    """What a tombstone tells of the record that stood there."""

    record_id: str
    type: str
    #: WARC-Date
    date: str
    url: str | None
    payload_digest: str | None
    block_digest: str | None
    erasure: str
    at: str
    reason: str
    who: str
    order: str | None


def tombstone(record: Record, terms: Terms) -> bytes:
    """The whole record that takes the place of *record*, not compressed; the same whenever it is made."""
    told = list(_told(record, terms))
    block = warc_fields(told)
    name = f"{terms.erasure} {record.place.file} {record.place.offset} {record.id}"
    fields: list[Field] = [
        ("WARC-Type", "metadata"),
        ("WARC-Record-ID", f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}>"),
        ("WARC-Date", terms.at),
    ]
    if terms.with_url and record.url:
        fields.append(("WARC-Target-URI", uri(record.url)))
    if record.id:
        fields.append(("WARC-Refers-To", record.id))
    fields.append((ERASED, record.id or "unknown"))
    if info := record.field("WARC-Warcinfo-ID"):
        fields.append(("WARC-Warcinfo-ID", info))
    fields += [
        ("WARC-Block-Digest", sha256(block)),
        ("Content-Type", _WARC_FIELDS),
        ("Content-Length", str(len(block))),
    ]
    lines = "".join(f"{name}: {text(value)}\r\n" for name, value in fields)
    return b"WARC/1.1\r\n" + lines.encode() + b"\r\n" + block + b"\r\n\r\n"


def arc_tombstone(record: Record, terms: Terms) -> bytes:
    """The same in the grammar of ARC 1.0."""
    block = warc_fields(_told(record, terms))
    digits = times.digits14(terms.at)
    line = f"{ARC_URI}{record.id.strip('<>')} 0.0.0.0 {digits} {_WARC_FIELDS} {len(block)}\n"
    return line.encode() + block + b"\n"


def compressed(record: bytes) -> bytes:
    """As a gzip member."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    return compressor.compress(record) + compressor.flush()


def is_tombstone(record: Record) -> bool:
    return record.field(ERASED) is not None or (record.url or "").startswith(ARC_URI)


def read_tombstone(record: Record) -> Erased | None:
    """None where *record* is none, or says too little to be one."""
    if not is_tombstone(record) or record.block.size > _MOST_BYTES:
        return None
    told = read_warc_fields(record.block.chunks())
    record_id, date, erasure = (told.get(name) for name in ("erasedRecordID", "erasedDate", "erasure"))
    if not record_id or not erasure:
        return None
    return Erased(
        record_id=record_id,
        type=told.get("erasedType", ""),
        date=date or "",
        url=told.get("erasedTargetURI"),
        payload_digest=told.get("erasedPayloadDigest"),
        block_digest=told.get("erasedBlockDigest"),
        erasure=erasure,
        at=told.get("erasedAt", record.date),
        reason=told.get("reason", ""),
        who=told.get("by", ""),
        order=told.get("order"),
    )


def _told(record: Record, terms: Terms) -> Iterable[Field]:
    yield "erasure", terms.erasure
    yield "erasedRecordID", record.id
    yield "erasedType", record.type
    yield "erasedDate", record.date
    if terms.with_url and record.url:
        yield "erasedTargetURI", uri(record.url)
    if terms.with_digests:
        for name, field in (
            ("erasedPayloadDigest", "WARC-Payload-Digest"),
            ("erasedBlockDigest", "WARC-Block-Digest"),
        ):
            if value := record.field(field):
                yield name, value
    yield "erasedAt", terms.at
    yield "reason", terms.reason
    yield "by", terms.who
    if terms.order:
        yield "order", terms.order
