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
    """Whether *declared* (``algorithm:value``, hex or base32 in either case) is the digest of *data*; and what was
    computed, spelled as *declared* is. Raises ValueError for an algorithm hashlib does not know."""
    algorithm, _, value = declared.partition(":")
    digest = hashlib.new(algorithm.lower().replace("-", ""))
    for chunk in data:
        digest.update(chunk)
    if len(value) == digest.digest_size * 2:
        computed = digest.hexdigest()
        return computed == value.lower(), f"{algorithm}:{computed}"
    computed = base64.b32encode(digest.digest()).decode().rstrip("=")
    return computed == value.upper().rstrip("="), f"{algorithm}:{computed}"
