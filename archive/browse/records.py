"""A capture's record, read again from its WARC and checked before anybody sees a byte of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive import digests
from archive.errors import BadHttp, BadRecord, BewaarError, DigestMismatch, TooLarge
from archive.model import HttpResponse, Record, WireBytes
from archive.warc import http as warc_http
from archive.warc.blocks import join
from archive.warc.limits import Limits
from archive.warc.reader import INSIDE, WarcFile, open_inside
from archive.warc.segment import OPEN

#: records past this are not read for a visitor, packed or unpacked; the page then says where they lie
MAX_BYTES = 64 << 20
#: the check against the digest in the database
PAYLOAD = "payload"
_LIMITS = Limits(block_bytes=MAX_BYTES)


class NotHere(BewaarError):
    """The archive's directory does not hold these bytes."""


@dataclass(frozen=True, slots=True)
class Check:
    """A digest that was written down, and what it is now."""

    what: str
    expected: str
    found: str
    equal: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A record as it lies in the WARC."""

    record: Record
    http: HttpResponse | None
    #: None for a record that has none: a failed fetch, a revisit
    payload: WireBytes | None
    checks: tuple[Check, ...]

    @property
    def mismatch(self) -> DigestMismatch | None:
        """What forbids sending it: our own digest of the payload, and where we have none what the record declares.

        Others' declared digests are shown, not believed: some are over other bytes than the standard means.
        """
        place = self.record.place
        own = [check for check in self.checks if check.what == PAYLOAD]
        wrong = next((check for check in own or self.checks if not check.equal), None)
        return DigestMismatch(place.file, place.offset, wrong.what, wrong.expected, wrong.found) if wrong else None

    def body(self) -> bytes:
        """The payload with Content-Encoding undone. Raises TooLarge."""
        assert self.payload is not None
        if self.http is None:
            return join(self.payload)
        return warc_http.body(self.payload, self.http, limit=MAX_BYTES).data


def find_warc(warcs: Path, name: str) -> Path:
    """The file of that name inside *warcs*, sealed or still being written. Raises NotHere.

    Names come out of a database somebody may have handed us: neither ``..`` nor a symbolic link leads out.
    """
    root = warcs.resolve()
    try:
        for candidate in (name, name + OPEN):
            path = (root / candidate).resolve()
            if path == root or not path.is_relative_to(root):
                raise NotHere(f"{name!r} is no name of a file inside the directory of WARCs")
            if path.is_file():
                return path
    except (ValueError, OSError, RuntimeError) as error:  # NUL in a name, a name too long, a loop of links
        raise NotHere(f"{name[:200]!r} is no name of a file: {error}") from error
    raise NotHere(f"{name} is not among the WARC files of this archive")


def read_kept(warcs: Path, capture: Mapping[str, Any]) -> Kept:
    """Read the record of a capture row and compute its digests. Blocks: call it in a thread.

    Raises NotHere, TooLarge past `MAX_BYTES`, BadRecord where something else lies there.
    """
    name, offset, length = str(capture["warc"]), int(capture["warc_offset"]), int(capture["warc_length"])
    path = find_warc(warcs, name.partition(INSIDE)[0])
    if length > MAX_BYTES:
        raise TooLarge(name, offset, f"a record of {length} bytes is more than is shown here ({MAX_BYTES})")
    try:
        with _open(path, name) as file:
            record = file.read(offset, length)
    except OSError as error:
        raise BadRecord(name, offset, f"cannot be read: {error.strerror}") from error
    if record.id != capture["record_id"]:
        raise BadRecord(name, offset, f"record {record.id[:100]}, expected {capture['record_id']}")
    http: HttpResponse | None = None
    payload: WireBytes | None = None
    if record.type == "resource":
        payload = record.block
    elif record.type in ("response", "revisit"):
        try:
            http = warc_http.parse_response(record.block)
        except BadHttp:  # HTTP/0.9 and worse: a block without a payload; of the DNS the block is the payload
            is_http = (record.url or "").lower().startswith(("http:", "https:"))
            payload = None if is_http or record.type == "revisit" else record.block
        else:
            if record.type == "response":
                payload = warc_http.payload(record.block, http)
    return Kept(record, http, payload, tuple(_checks(record, payload, capture["digest"])))


def read_member(warcs: Path, capture: Mapping[str, Any]) -> tuple[Kept, bytes]:
    """The record, and its bytes as they lie in the file: one gzip member, a whole WARC file by itself."""
    kept = read_kept(warcs, capture)
    name = str(capture["warc"])
    with _open(find_warc(warcs, name.partition(INSIDE)[0]), name) as file:
        return kept, file.source().read(int(capture["warc_length"]), int(capture["warc_offset"]))


def _open(path: Path, name: str) -> WarcFile:
    """The file of that name (`Place.file`) at *path*, or in the WACZ there. Raises OSError."""
    inner = name.partition(INSIDE)[2]
    return open_inside(path, inner, limits=_LIMITS) if inner else WarcFile(path, limits=_LIMITS)


def _checks(record: Record, payload: WireBytes | None, known: str | None) -> list[Check]:
    checks = []
    if known is not None and record.type != "revisit":
        found = digests.sha256_chunks(payload.chunks() if payload is not None else ())
        checks.append(Check(PAYLOAD, known, found, known == found))
    for field, block in (("WARC-Payload-Digest", payload), ("WARC-Block-Digest", record.block)):
        declared = record.field(field)
        if declared is None or block is None:
            continue
        try:
            equal, computed = digests.same(declared, block.chunks())
        except (ValueError, TypeError):
            continue  # an algorithm nobody knows, or one without a length, proves nothing either way
        checks.append(Check(field, declared, computed, equal))
    return checks
