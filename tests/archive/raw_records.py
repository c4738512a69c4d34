"""WARC records spelled out, for files that no writer of ours would make."""

from __future__ import annotations

import gzip
import itertools
from hashlib import sha256
from pathlib import Path

from archive.layout import Archive
from archive.manifest import add_to_manifest

DATE = "2026-01-02T03:04:05.678901Z"
HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
REVISIT_PROFILE = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"

_numbers = itertools.count(1)


def record(
    kind: str, url: str | None, block: bytes, /, *, record_id: str | None = None, date: str = DATE, **fields: str
) -> bytes:
    """One plain record; ``refers_to="x"`` becomes ``WARC-Refers-To: x``."""
    lines = [
        "WARC/1.1",
        f"WARC-Type: {kind}",
        f"WARC-Record-ID: {record_id or f'<urn:uuid:10000000-0000-4000-8000-{next(_numbers):012d}>'}",
        f"WARC-Date: {date}",
        *([f"WARC-Target-URI: {url}"] if url else []),
        *(
            f"{name if name == 'Content-Type' else 'WARC-' + field_name(name)}: {value}"
            for name, value in fields.items()
        ),
        f"Content-Length: {len(block)}",
    ]
    if kind in ("response", "revisit") and "Content-Type" not in fields:
        lines.append("Content-Type: application/http; msgtype=response")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def field_name(name: str) -> str:
    return "-".join({"uri": "URI", "id": "ID"}.get(word, word.capitalize()) for word in name.split("_"))


def write_warc(path: Path, *records: bytes) -> Path:
    """One gzip member for each record, or none where the name does not end in ``.gz``."""
    path.write_bytes(b"".join(gzip.compress(one) if path.suffix == ".gz" else one for one in records))
    return path


def keep(archive: Archive, name: str, *records: bytes) -> Path:
    """A file of the archive's, with its line in the manifest."""
    path = write_warc(archive.warcs / name, *records)
    add_to_manifest(archive.root, f"warcs/{name}", sha256(path.read_bytes()).hexdigest())
    return path
