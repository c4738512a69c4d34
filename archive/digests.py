"""Digests as WARC and CDXJ write them: ``sha256:`` and lowercase hex; others' are read in any of their spellings."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable


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


def same(declared: str, data: Iterable[bytes]) -> tuple[bool, str]:
    """Whether *declared* (``algorithm:value``, hex or base32 in either case, or base64) is the digest of *data*; and
    what was computed, spelled as *declared* is. Raises ValueError for an algorithm hashlib does not know.

    >>> same("md5:1B2M2Y8AsgTpgAmY7PhCfg==", [])
    (True, 'md5:1B2M2Y8AsgTpgAmY7PhCfg==')
    """
    algorithm, _, value = declared.partition(":")
    try:
        digest = hashlib.new(algorithm.lower().replace("-", ""), usedforsecurity=False)
        size = len(digest.digest())
    except TypeError as error:  # shake_128 and its like have no size of their own
        raise ValueError(str(error)) from error
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
