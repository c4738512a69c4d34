"""Exchanges with fixed clocks and ids, so that expected WARC bytes can be literals."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive.exchange import Exchange
from archive.warc.blocks import InMemory
from archive.warc.http import parse_response, payload
from archive.warc.writer import WarcWriter

STARTED = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
CLOCK = datetime(2026, 1, 2, 3, 4, 0, tzinfo=UTC)
#: the first file of `warc_writer`
FILE = "demo-20260102030400000-00000-keeper.test.warc.gz"
REQUEST = b"GET / HTTP/1.1\r\nHost: example.test\r\n\r\n"
HELLO = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello"


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def fixed_ids() -> Callable[[], str]:
    numbers = itertools.count()
    return lambda: f"<urn:uuid:00000000-0000-4000-8000-{next(numbers):012d}>"


def unique_ids() -> Callable[[], str]:
    """As `fixed_ids`, for several threads."""
    lock, numbers = threading.Lock(), itertools.count()

    def new_id() -> str:
        with lock:
            return f"<urn:uuid:00000000-0000-4000-8000-{next(numbers):012d}>"

    return new_id


def warc_writer(directory: Path, **settings: Any) -> WarcWriter:
    settings = {
        "clock": lambda: CLOCK,
        "new_id": fixed_ids(),
        "hostname": "keeper.test",
        "reserve_bytes": 0,
        **settings,
    }
    info = settings.pop("info", {"software": "Bewaar/0.1.0", "isPartOf": "demo-20260102030400000"})
    return WarcWriter(directory, "demo", info, **settings)


def exchange_of(response: bytes | None, request: bytes = REQUEST, **fields: Any) -> Exchange:
    """What a crawler would hand over for these wire bytes."""
    about: dict[str, Any] = {}
    if response and response.startswith(b"HTTP/") and b"\r\n\r\n" in response:
        http = parse_response(response)
        held = payload(response, http)
        about = {
            "header_bytes": http.header_bytes,
            "status": http.status,
            "payload_digest": sha256(b"".join(held.chunks())),
            "payload_bytes": held.size,
        }
    about |= {"url": "http://example.test/", "started_at": STARTED, "ip_address": "192.0.2.7", **fields}
    return Exchange(request=InMemory(request), response=None if response is None else InMemory(response), **about)


def member_texts(path: Path) -> list[bytes]:
    """Every gzip member of a file, unpacked, one by one."""
    data = path.read_bytes()
    return list(_members(data))


def _members(data: bytes) -> Iterator[bytes]:
    import zlib

    while data:
        inflate = zlib.decompressobj(31)
        yield inflate.decompress(data)
        assert inflate.eof
        data = inflate.unused_data


def plain(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())
