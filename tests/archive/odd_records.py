"""Records that are sound, broken on purpose, or only odd, each with the rule that says so; and what is found in them."""

from __future__ import annotations

import base64
import gzip
import hashlib
from pathlib import Path

from archive.warc.verify import Checked, Finding, verify_file
from tests.archive.warc_samples import sha256

BLOCK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
INFO = b"software: %s\r\nformat: WARC File Format 1.1\r\n"

Fields = dict[str, str | None]


def record(block: bytes = BLOCK, *, number: int = 1, **changes: str | None) -> bytes:
    """A sound response record, but for *changes*: a field set, or taken away with None; ``-`` is written ``_``."""
    fields: Fields = {
        "WARC-Type": "response",
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-4000-8000-{number:012d}>",
        "WARC-Date": "2026-01-02T03:04:05Z",
        "WARC-Target-URI": f"http://example.test/{number}",
        "WARC-IP-Address": "192.0.2.7",
        "WARC-Block-Digest": sha256(block),
        "WARC-Payload-Digest": sha256(block.partition(b"\r\n\r\n")[2]),
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(block)),
    }
    for name, value in changes.items():
        fields[name.replace("_", "-")] = value
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return b"WARC/1.1\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n"


def info(software: str) -> bytes:
    changes: Fields = {
        "WARC_Type": "warcinfo", "WARC_Target_URI": None, "WARC_IP_Address": None, "WARC_Payload_Digest": None,
        "Content_Type": "application/warc-fields",
    }  # fmt: skip
    return record(INFO % software.encode(), number=0, **changes)


def revisit(**changes: str | None) -> bytes:
    head = BLOCK.removesuffix(b"hello")
    return record(head, **{
        "number": 9, "WARC_Type": "revisit", "WARC_Payload_Digest": sha256(b"hello"), "WARC_Truncated": "length",
        "WARC_Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
        "WARC_Refers_To": "<urn:uuid:00000000-0000-4000-8000-000000000001>",
        "WARC_Refers_To_Target_URI": "http://example.test/1", "WARC_Refers_To_Date": "2026-01-02T03:04:05Z", **changes,
    })  # fmt: skip


def verified(path: Path, *records: bytes, strict: bool = False, packed: bool = True) -> list[Finding]:
    path.write_bytes(b"".join(map(gzip.compress, records) if packed else records))
    return list(verify_file(path, Checked(), strict=strict))


FAULTS: dict[str, tuple[bytes, str]] = {
    "wrong block digest": (record(WARC_Block_Digest=sha256(b"other")), "block-digest"),
    "wrong payload digest": (record(WARC_Payload_Digest=sha256(b"other")), "payload-digest"),
    "length too long": (record(Content_Length="500"), "record"),
    "length too short": (record(Content_Length="30"), "record"),
    "no length": (record(Content_Length=None), "record"),
    "no id": (record(WARC_Record_ID=None), "record-id-missing"),
    "no type": (record(WARC_Type=None), "type-missing"),
    "no date": (record(WARC_Date=None), "date-missing"),
    "no such day": (record(WARC_Date="2026-02-30T03:04:05Z"), "date-impossible"),
    "no such hour": (record(WARC_Date="2026-02-20T25:04:05Z"), "date-impossible"),
    "before the web": (record(WARC_Date="1970-01-01T00:00:00Z"), "date-impossible"),
    "after now": (record(WARC_Date="2926-01-01T00:00:00Z"), "date-impossible"),
    "date in words": (record(WARC_Date="blue monday"), "date-bad"),
    "date twice": (record().replace(b"WARC-IP", b"WARC-Date: 2026-01-02T03:04:06Z\r\nWARC-IP"), "field-repeated"),
    "bad address": (record(WARC_IP_Address="192.0.2.700"), "ip-bad"),
    "a name for an address": (record(WARC_IP_Address="localhost"), "ip-bad"),
    "no URI": (record(WARC_Target_URI=None), "target-uri-missing"),
    "no profile": (revisit(WARC_Profile=None), "profile-missing"),
    "another version": (record().replace(b"WARC/1.1", b"WARC/2.0"), "version-unknown"),
    "request in a response": (record(Content_Type="application/http; msgtype=request"), "content-type"),
    "second segment of a response": (record(WARC_Segment_Number="2"), "segment-number"),
    "no HTTP": (record(b"hello"), "no-http"),
    "no line ends behind": (record().removesuffix(b"\r\n\r\n"), "record-end"),
}  # fmt: skip

DEPARTURES: dict[str, tuple[bytes, str]] = {
    "no Refers-To": (revisit(WARC_Refers_To=None), "refers-to-missing"),
    "no Refers-To-Date": (revisit(WARC_Refers_To_Date=None), "refers-to-missing"),
    "dangling": (revisit(WARC_Refers_To="<urn:x:1>", WARC_Refers_To_Date="2026-01-02T03:04:06Z",
                         WARC_Payload_Digest=sha256(b"x")), "revisit-dangling"),
    "another profile": (revisit(WARC_Profile="http://example.test/mine"), "profile-unknown"),
    "URI in brackets": (record(number=2, WARC_Target_URI="<http://example.test/>"), "target-uri-form"),
    "id without brackets": (record(WARC_Record_ID="urn:uuid:2"), "record-id-form"),
    "digest over the framing": (record(CHUNKED, number=2), "payload-digest-framed"),
    "time zone": (record(number=2, WARC_Date="2026-01-02T03:04:05+01:00"), "date-zone"),
    "LF alone": (record(b"x", number=2, WARC_Type="resource", WARC_Payload_Digest=None).replace(b"\r\n", b"\n").removesuffix(b"\n\n") + b"\r\n\r\n",
                 "line-ends"),
    "one line end behind": (record(number=2).removesuffix(b"\r\n"), "record-end"),
    "truncated why": (record(number=2, WARC_Truncated="tired"), "truncated-unknown"),
    "unknown digest": (record(number=2, WARC_Block_Digest="crc9:AA"), "block-digest-unknown"),
    "a NUL in the algorithm": (record(number=2, WARC_Payload_Digest="sha2\0:AA"), "payload-digest-unknown"),
    "a digest of any length": (record(number=2, WARC_Block_Digest="shake_128:AA"), "block-digest-unknown"),
    "a type of one's own": (record(number=2, WARC_Type="screenshot"), "type-unknown"),
}  # fmt: skip


VALID: dict[str, bytes] = {
    "as it should be": record(),
    "lower case": record(WARC_Type="RESPONSE", WARC_Date="2026-01-02t03:04:05z").replace(b"WARC", b"warc"),
    "a day": record(WARC_Date="2026-01-02"),
    "nanoseconds": record(WARC_Date="2026-01-02T03:04:05.123456789Z"),
    "a leap second": record(WARC_Date="2016-12-31T23:59:60Z"),
    "IPv6": record(WARC_IP_Address="2001:db8::7"),
    "folded": record().replace(b"WARC-Type: response", b"WARC-Type:\r\n response"),
    "repeated fields that may be": record().replace(
        b"Content-L", b"WARC-Protocol: http/1.1\r\nWARC-Protocol: tls/1.3\r\nX: 1\r\nX: 2\r\nContent-L"
    ),
    "base64 and base32": record(
        WARC_Block_Digest="md5:" + "lK7TzGqDLg5aD8BXYUIQSw==",
        WARC_Payload_Digest="sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N",
    ).replace(b"lK7TzGqDLg5aD8BXYUIQSw==", base64.b64encode(hashlib.md5(BLOCK).digest())),
    "dechunked under the server's header": record(BLOCK.replace(b"Content-Type: text/plain", b"Transfer-Encoding: chunked")),
    "cut short and said so": record(BLOCK[:-2], WARC_Truncated="disconnect"),
}  # fmt: skip
