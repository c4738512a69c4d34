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
