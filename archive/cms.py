"""The little of signed messages (CMS, RFC 5652) and their DER that a time stamp needs: was it signed by this key?"""

from __future__ import annotations

import hashlib
from typing import Any

from archive import signing

_OCTETS, _SEQUENCE, _SET, _ATTRIBUTES = 0x04, 0x30, 0x31, 0xA0
_CERTIFICATES = 0xA0
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")  # 1.2.840.113549.1.9.4
_DIGESTS = (hashlib.sha256, hashlib.sha384, hashlib.sha512)
#: PKIStatusInfo, granted (RFC 3161, 2.4.2)
_GRANTED = bytes.fromhex("3003020100")


def is_signed_by(token: bytes, public: Any) -> bool:
    """Whether *public* made the first signature of *token*: over its attributes, and these name the digest of its
    content (RFC 5652, 5.4). Raises IndexError, ValueError, StopIteration for what is no signed message."""
    ((_, message),) = items(token)
    _, (_, signed_data) = items(message)
    ((_, body),) = items(signed_data)
    fields = items(body)
    _, (_, encapsulated) = items(fields[2][1])
    ((_, content),) = items(encapsulated)
    signer = items(items(fields[-1][1])[0][1])
    attributes = next(value for tag, value in signer if tag == _ATTRIBUTES)
    signature = next(value for tag, value in signer if tag == _OCTETS)
    named = [items(values) for kind, values in map(_pair, items(attributes)) if kind == _MESSAGE_DIGEST]
    if len(named) != 1 or named[0][0][1] not in {digest(content).digest() for digest in _DIGESTS}:
        return False
    return signing.holds(public, signature, der(_SET, attributes))


def in_order(token: bytes) -> bytes:
    """*token* with its certificates in the order DER asks for: `openssl ts` and authorities made of it leave them as
    they come, and strict readers then refuse all of it. No signature covers their order. Raises as above."""
    ((tag, message),) = items(token)
    (kind, name), (explicit, signed_data) = items(message)
    ((sequence, body),) = items(signed_data)
    fields = [
        der(field, b"".join(sorted(der(*one) for one in items(value))) if field == _CERTIFICATES else value)
        for field, value in items(body)
    ]
    return der(tag, der(kind, name) + der(explicit, der(sequence, b"".join(fields))))


def status_and_token(reply: bytes) -> tuple[int, bytes | None]:
    """Of a TimeStampResp (RFC 3161, 2.4.2); a refusal has no token. Raises as above."""
    ((_, body),) = items(reply)
    (_, status), *token = items(body)
    return int.from_bytes(items(status)[0][1], "big"), der(*token[0]) if token else None


def as_reply(data: bytes) -> bytes:
    """*data* where it is a TimeStampResp; a token by itself as the reply of who granted it. Raises as above."""
    ((_, body),) = items(data)
    return data if items(body)[0][0] == _SEQUENCE else reply_with(data)


def reply_with(token: bytes) -> bytes:
    return der(_SEQUENCE, _GRANTED + token)


def items(data: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of each value that *data* is made of. Raises IndexError, ValueError."""
    found, at = [], 0
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            length = size & 0x7F
            size, at = int.from_bytes(data[at : at + length], "big"), at + length
        if at + size > len(data):
            raise ValueError(f"{size} bytes at {at} of {len(data)}")
        found.append((tag, data[at : at + size]))
        at += size
    return found


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _pair(attribute: tuple[int, bytes]) -> tuple[bytes, bytes]:
    (_, kind), (_, values) = items(attribute[1])
    return kind, values
