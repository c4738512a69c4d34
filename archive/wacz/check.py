"""Checks a WACZ, ours or others', without unpacking it: the ZIP, each file's digest, the signature, and that every
line of the index leads to its record. What is wrong comes with file, offset, expected and found."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from archive import signing, timestamps
from archive.digests import same, sha256
from archive.errors import BadRecord
from archive.wacz.directory import BadZip, data_offset, faults, open_zip, shown
from archive.wacz.places import check_index
from archive.wacz.signatures import Expected, check_signed
from archive.warc.verify import Finding

#: datapackage.json and its digest are read whole; a package of 100,000 files describes itself in less
LARGEST_JSON_BYTES = 64 << 20
_PIECE_BYTES = 1 << 20
_INDEXES = (".cdx", ".cdxj", ".cdx.gz", ".cdxj.gz")
#: these vouch for the others, and stand in no list
_VOUCHERS = ("datapackage.json", "datapackage-digest.json")
READING_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError)


@dataclass(slots=True)
class Checked:
    """What was looked at, so that silence can be told from idleness."""

    resources: int = 0
    lines: int = 0
    signer: signing.Signer | None = None
    stamp: timestamps.Stamp | None = None
    #: why a time stamp that is there was not looked at
    stamp_unchecked: str | None = None


class _Unusable(Exception):
    """What stands here ends the checking of what hangs on it."""


def check_wacz(path: Path, checked: Checked, expected: Expected | None = None) -> Iterator[Finding]:
    """Findings as they are made, with what is *expected* of the signature. Never raises for what the file holds."""
    try:
        with path.open("rb") as file, open_zip(path, file) as package:
            yield from _Check(path, file, package, checked).findings(expected or Expected())
    except BadZip as error:
        yield Finding(str(path), 0, str(error).removeprefix(f"{path}: "))
    except OSError as error:
        yield Finding(str(path), 0, f"cannot be read: {error.strerror or error}")


class _Check:
    def __init__(self, path: Path, file: IO[bytes], package: zipfile.ZipFile, checked: Checked) -> None:
        self._path, self._file, self._zip, self._checked = path, file, package, checked
        self._entries = {entry.filename: entry for entry in package.infolist() if not entry.filename.endswith("/")}

    def findings(self, expected: Expected) -> Iterator[Finding]:
        hostile = False
        for at, what in faults(self._zip.infolist()):
            hostile = True
            yield self._finding(what, at)
        if hostile:  # such a file was made to mislead: what else it says is worth nothing
            return
        try:
            data = self._read("datapackage.json")
            described = self._json("datapackage.json", data)
            resources = list(self._resources(described))
        except _Unusable as error:
            yield self._finding(str(error))
            return
        yield from self._check_signature(data, described, expected)
        yield from self._check_resources(resources)
        yield from self._check_parts()

    def _check_parts(self) -> Iterator[Finding]:
        """What a package must hold, and that its index leads somewhere."""
        warcs: dict[str, tuple[zipfile.ZipInfo, int]] = {}
        for name, entry in self._entries.items():
            if name.startswith("archive/") and name.endswith((".warc.gz", ".warc")):
                if entry.compress_type != zipfile.ZIP_STORED:
                    yield self._finding(f"{shown(name)} is compressed: WARC files are stored as they are", entry)
                    continue
                warcs[name.removeprefix("archive/")] = entry, data_offset(self._file, entry)
        if not warcs:
            yield self._finding("no stored WARC file in archive/")
        if "pages/pages.jsonl" not in self._entries:
            yield self._finding("no pages/pages.jsonl")
        indexes = [name for name in self._entries if name.startswith("indexes/") and name.endswith(_INDEXES)]
        if not indexes:
            yield self._finding("no index in indexes/")
        for name in indexes:
            entry = self._entries[name]
            try:
                with self._zip.open(entry) as index:
                    for what in check_index(index, name, self._file, warcs, self._checked):
                        yield self._finding(what, entry)
            except (*READING_FAULTS, BadRecord) as error:
                yield self._finding(f"{shown(name)} cannot be read: {error}", entry)

    def _resources(self, described: dict[str, Any]) -> Iterator[dict[str, Any]]:
        listed = described.get("resources")
        if not isinstance(listed, list) or not listed:
            raise _Unusable("datapackage.json lists no resources")
        for resource in listed:
            if not isinstance(resource, dict) or not isinstance(resource.get("path"), str):
                raise _Unusable(f"datapackage.json: not a resource: {shown(resource)}")
            yield resource

    def _check_resources(self, resources: list[dict[str, Any]]) -> Iterator[Finding]:
        named = {resource["path"] for resource in resources}
        for resource in resources:
            self._checked.resources += 1
            name = resource["path"]
            entry = self._entries.get(name)
            if entry is None:
                yield self._finding(f"datapackage.json lists {shown(name)}, which is not there")
                continue
            if resource.get("bytes") != entry.file_size:
                yield self._finding(
                    f"{shown(name)}: {shown(resource.get('bytes'))} bytes listed, {entry.file_size} found", entry
                )
            try:
                equal, computed = same(str(resource.get("hash")), self._pieces(entry))
            except (*READING_FAULTS, TypeError) as error:  # TypeError: an algorithm without a length of its own
                yield self._finding(
                    f"{shown(name)}: hash {shown(resource.get('hash'))} cannot be checked: {error}", entry
                )
                continue
            if not equal:
                yield self._finding(f"{shown(name)}: hash {shown(resource.get('hash'))}, computed {computed}", entry)
        for name, entry in self._entries.items():
            if name not in named and name not in _VOUCHERS:
                yield self._finding(f"{shown(name)} is not listed in datapackage.json", entry)

    def _check_signature(self, data: bytes, described: dict[str, Any], expected: Expected) -> Iterator[Finding]:
        name = "datapackage-digest.json"
        entry = self._entries.get(name)
        signed: Any = None
        if entry:
            try:
                vouched = self._json(name, self._read(name))
            except _Unusable as error:
                yield self._finding(str(error), entry)
                return
            digest = sha256(data)
            if vouched.get("hash") != digest:
                yield self._finding(f"{name}: hash {shown(vouched.get('hash'))}, computed {digest}", entry)
            signed = vouched.get("signedData")
        for what in check_signed(signed, sha256(data), described.get("created"), expected, self._checked):
            yield self._finding(f"{name}: {what}" if entry else what, entry)

    def _read(self, name: str) -> bytes:
        entry = self._entries.get(name)
        if entry is None:
            raise _Unusable(f"no {name}: not a WACZ")
        if entry.file_size > LARGEST_JSON_BYTES:
            raise _Unusable(f"{name} of {entry.file_size} bytes, limit {LARGEST_JSON_BYTES}")
        try:
            return b"".join(self._pieces(entry))
        except READING_FAULTS as error:
            raise _Unusable(f"{name} cannot be read: {error}") from error

    @staticmethod
    def _json(name: str, data: bytes) -> dict[str, Any]:
        try:
            found = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise _Unusable(f"{name} is not JSON: {error}") from error
        if not isinstance(found, dict):
            raise _Unusable(f"{name} is not a JSON object")
        return found

    def _pieces(self, entry: zipfile.ZipInfo) -> Iterator[bytes]:
        """zipfile stops at the size the directory declares, and checks the CRC."""
        with self._zip.open(entry) as opened:
            while piece := opened.read(_PIECE_BYTES):
                yield piece

    def _finding(self, what: str, entry: zipfile.ZipInfo | int | None = None) -> Finding:
        return Finding(str(self._path), entry.header_offset if isinstance(entry, zipfile.ZipInfo) else entry or 0, what)
