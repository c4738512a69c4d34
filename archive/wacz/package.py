"""The ZIP of a WACZ being written: each file with its digest and size, and what vouches for all of them at the end."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from importlib.metadata import version
from types import TracebackType
from typing import IO, Any, Self

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from archive import signing, times
from archive.digests import sha256
from archive.errors import ArchiveFault

WACZ_VERSION = "1.1.1"
#: no ZIP holds an earlier date
_FIRST_YEAR = 1980


class Package:
    def __init__(self, file: IO[bytes], created: datetime) -> None:
        self._zip = zipfile.ZipFile(file, "w")
        self._created = created
        self._resources: list[dict[str, Any]] = []

    def add(self, path: str, pieces: Iterable[bytes], *, size: int, stored: bool) -> str:
        """Write one file of *size* bytes: its digest. WARC files and what is compressed already are *stored*, so that
        a record is a range of the WACZ (WACZ 1.1.1, 5.2). Raises OSError, ArchiveFault."""
        digest, count = hashlib.sha256(), 0
        with self._zip.open(self._info(path, size, stored=stored), "w") as entry:
            for piece in pieces:
                digest.update(piece)
                count += len(piece)
                entry.write(piece)
        if count != size:
            raise ArchiveFault(f"{path}: {size} bytes expected, {count} read: it changed while it was packed")
        found = f"sha256:{digest.hexdigest()}"
        self._resources.append({"name": path.rpartition("/")[2], "path": path, "hash": found, "bytes": size})
        return found

    def finish(
        self,
        about: Mapping[str, str | None],
        key: EllipticCurvePrivateKey | None,
        stamp: Callable[[Mapping[str, str]], Mapping[str, str]],
    ) -> None:
        """Write datapackage.json, with *about* among its fields, and the digest over it, signed with *key*; *stamp* is
        given what was signed, and returns what is to stand beside it."""
        software = f"Bewaar/{version('bewaar')}"
        created = times.seconds(self._created)
        described = {
            "profile": "data-package",
            "wacz_version": WACZ_VERSION,
            "software": software,
            "created": created,
            **{name: value for name, value in about.items() if value is not None},
            "resources": self._resources,
        }
        data = json.dumps(described, indent=2).encode()
        self._write("datapackage.json", data)
        vouched: dict[str, Any] = {"path": "datapackage.json", "hash": sha256(data)}
        if key:
            signed = signing.sign(key, vouched["hash"], created=created, software=software)
            vouched["signedData"] = {**signed, **stamp(signed)}
        self._write("datapackage-digest.json", json.dumps(vouched, indent=2).encode())
        self._zip.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Given up half-way it still has an end to write; nobody keeps it, and the disk may be full.
        with suppress(OSError, ValueError):
            self._zip.close()

    def _write(self, path: str, data: bytes) -> None:
        with self._zip.open(self._info(path, len(data), stored=False), "w") as entry:
            entry.write(data)

    def _info(self, path: str, size: int, *, stored: bool) -> zipfile.ZipInfo:
        at = self._created
        info = zipfile.ZipInfo(path, (max(at.year, _FIRST_YEAR), at.month, at.day, at.hour, at.minute, at.second))
        info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        info.file_size = size  # known beforehand, so that only what needs ZIP64 gets it
        return info
