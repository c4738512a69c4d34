"""Digests as WARC and CDXJ write them: ``sha256:`` and lowercase hex; others' are read in any of their spellings."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from functools import partial


def sha256(data: bytes) -> str:
    """
    >>> sha256(b"")[:20]
    'sha256:e3b0c44298fc1'
    """
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def sha256_chunks(chunks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return f"sha256:{digest.hexdigest()}"


def _constructor(algorithm: str) -> Callable[[], hashlib._Hash]:
    name = algorithm.lower().replace("-", "")
    if not re.fullmatch("[a-z0-9_]+", name) or not hashlib.new(name, usedforsecurity=False).digest_size:
        raise ValueError(f"{algorithm} is none, or has no size of its own")  # shake_128 and its like
    return partial(hashlib.new, name, usedforsecurity=False)


#: the common ones, at a third of the cost
_CONSTRUCTORS: dict[str, Callable[[], hashlib._Hash]] = {
    "sha256": partial(hashlib.sha256, usedforsecurity=False),
    "sha1": partial(hashlib.sha1, usedforsecurity=False),
}


def decode(declared: str) -> tuple[str, bytes] | None:
    """Algorithm and value of a digest in any spelling; None for what is no digest.

    >>> decode("SHA1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ") == decode("sha-1:da39a3ee5e6b4b0d3255bfef95601890afd80709")
    True
    """
    algorithm, _, value = declared.partition(":")
    name, value = algorithm.lower().replace("-", ""), value.rstrip("=")
    try:
        size = (_CONSTRUCTORS.get(name) or _constructor(name))().digest_size
        if len(value) == size * 2:
            return name, bytes.fromhex(value)
        if len(value) == -(-size * 4 // 3):
            return name, base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
        decoded = base64.b32decode(value.upper() + "=" * (-len(value) % 8))
    except ValueError:
        return None
    return (name, decoded) if len(decoded) == size else None


#: the digits of base32 (RFC 4648) to those of int()
_BASE32 = bytes(
    b"0123456789abcdefghijklmnopqrstuv"[at] if (at := b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(digit)) >= 0 else 0x2A
    for digit in range(256)
)


def is_of(declared: str, data: bytes | memoryview) -> bool:
    """Whether *declared* is the digest of *data*, in a spelling that nearly all digests have: sha256 in lowercase hex,
    sha1 in uppercase base32. At half the cost of `same`; False tells nothing."""
    if declared.startswith("sha256:"):
        return hashlib.sha256(data, usedforsecurity=False).hexdigest() == declared[7:]
    if declared.startswith("sha1:") and len(declared) == 37 and declared.isascii():
        computed = int.from_bytes(hashlib.sha1(data, usedforsecurity=False).digest())
        try:
            return int(declared[5:].encode().translate(_BASE32), 32) == computed
        except ValueError:
            return False
    return False


def differ(declared: str, other: str) -> bool:
    """Whether both are digests by one algorithm, and not the same. False tells nothing."""
    one, two = decode(declared), decode(other)
    return one is not None and two is not None and one[0] == two[0] and one[1] != two[1]


def same(declared: str, data: Iterable[bytes | memoryview]) -> tuple[bool, str]:
    """Whether *declared* (``algorithm:value``, hex or base32 in either case, or base64) is the digest of *data*; and
    what was computed, spelled as *declared* is. Raises ValueError for an algorithm hashlib does not know.

    >>> same("md5:1B2M2Y8AsgTpgAmY7PhCfg==", [])
    (True, 'md5:1B2M2Y8AsgTpgAmY7PhCfg==')
    """
    algorithm, _, value = declared.partition(":")
    digest = (_CONSTRUCTORS.get(algorithm) or _constructor(algorithm))()
    size = digest.digest_size
    for chunk in data:
        digest.update(chunk)
    value = value.rstrip("=")
    if len(value) == size * 2:
        computed = digest.hexdigest()
        return computed == value.lower(), f"{algorithm}:{computed}"
    if len(value) == -(-size * 4 // 3):
        computed = base64.b64encode(digest.digest()).decode()
        return computed.rstrip("=") == value, f"{algorithm}:{computed}"
    computed = base64.b32encode(digest.digest()).decode().rstrip("=")
    return computed == value.upper(), f"{algorithm}:{computed}"
