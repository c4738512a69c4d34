"""WACZ files made by hand, whole and otherwise."""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from pathlib import Path

from tests.archive.odd_records import record

MEMBERS = [gzip.compress(record()), gzip.compress(record(number=2))]
WARC = b"".join(MEMBERS)
INDEX = b"".join(
    b'test,example)/%d 20260102030405 {"url": "http://example.test/%d", "filename": "data.warc.gz",'
    b' "offset": "%d", "length": "%d"}\n' % (n + 1, n + 1, sum(map(len, MEMBERS[:n])), len(member))
    for n, member in enumerate(MEMBERS)
)
FILES = {
    "archive/data.warc.gz": WARC,
    "archive/more/nested.warc": record(number=3),
    "indexes/index.cdx": INDEX,
    "pages/pages.jsonl": b'{"format": "json-pages-1.0"}\n',
}


def package(files: dict[str, bytes], **changes: object) -> bytes:
    resources = [
        {"name": name, "path": name, "hash": f"sha256:{hashlib.sha256(data).hexdigest()}", "bytes": len(data)}
        for name, data in files.items()
    ]
    return json.dumps({"profile": "data-package", "resources": resources, **changes}).encode()


def wacz(path: Path, files: dict[str, bytes], *, described: bytes | None = None, method: int = 0) -> Path:
    described = package(files) if described is None else described
    digest = json.dumps({"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(described).hexdigest()}"})
    with zipfile.ZipFile(path, "w", method) as packed:
        for name, data in (files | {"datapackage.json": described, "datapackage-digest.json": digest.encode()}).items():
            packed.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return path
