"""A WACZ of others written anew: the files of records in it without what is erased, and its index, pages and digests in
step with them. A signature over what it was holds no more: it is kept, under a name that says so."""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from archive.digests import sha256
from archive.erasure.journal import Row
from archive.erasure.needles import Needles
from archive.warc.packed import PACKAGE, PACKAGE_DIGEST
from archive.warc.reader import INSIDE, WarcFile
from archive.warc.rewrite import Rewritten, rewrite
from archive.warc.tombstones import Terms
from archive.warc.warc_file import Part
from archive.warc.zips import Entry, Wacz

#: where what vouched for the package before is kept
BEFORE = "datapackage-digest.before-erasure.json"
_INDEXES, _PAGES = "indexes/", "pages/"
_BLOCK_LINES = 1024
_PIECE_BYTES = 1 << 20

Lines = Iterator[bytes]


def rewrite_package(
    file: WarcFile, sink: IO[bytes], rows: Mapping[str, Sequence[Row]], needles: Needles, terms: Terms
) -> None:
    """Raises BadRecord where a file in it cannot be read; OSError."""
    wacz = Wacz(file.fd, file.name, file.limits)
    new = _Package(sink)
    # By the names that an index may call a file of records.
    moved: dict[str, Rewritten] = {}
    for entry in wacz.records():
        place = f"{file.name}{INSIDE}{entry.name}"
        fates = {(offset, record_id): fate for offset, record_id, fate in rows.get(place, ())}
        if not fates:
            new.add(entry.name, wacz.chunks(entry), entry.size, stored=not entry.deflated)
            continue
        with TemporaryFile(dir=Path(sink.name).parent, prefix=".member-") as inner:
            with WarcFile(Path(sink.name), limits=file.limits, part=Part(place, *wacz.open(entry))) as records:
                done = rewrite(records, inner, fates, terms, needles.masked)
            moved[entry.name] = moved[entry.name.rpartition("/")[2]] = done
            size = inner.tell()
            inner.seek(0)
            new.add(entry.name, iter(lambda: inner.read(_PIECE_BYTES), b""), size, stored=not entry.deflated)
    gone = {url for done in moved.values() for url, _ in done.erased if url}
    for entry in sorted(wacz.entries.values(), key=_offset):
        if entry.holds_records or entry.name in {PACKAGE, PACKAGE_DIGEST} or entry.name.endswith(".idx"):
            continue
        if entry.name.startswith(_INDEXES):
            _add_index(new, entry.name, _index_lines(_unpacked(wacz, entry), moved))
        else:
            data = b"".join(wacz.chunks(entry))
            if entry.name.startswith(_PAGES):
                data = b"".join(_page_lines(data, gone, needles))
            new.add_bytes(entry.name, needles.masked(data)[0])
    digest = wacz.entries.get(PACKAGE_DIGEST)
    if digest is not None:
        new.add_bytes(BEFORE, b"".join(wacz.chunks(digest)))
    told = wacz.json(wacz.entries[PACKAGE]) if PACKAGE in wacz.entries else {}
    new.finish(told if isinstance(told, dict) else {}, gone, needles, terms.at, vouch=digest is not None)


def _offset(entry: Entry) -> int:
    return entry.offset


def _unpacked(wacz: Wacz, entry: Entry) -> list[bytes]:
    data = b"".join(wacz.chunks(entry))
    return (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).splitlines(keepends=True)


def _index_lines(lines: Iterable[bytes], moved: dict[str, Rewritten]) -> Lines:
    for line in lines:
        begin = line.find(b"{")
        try:
            said: dict[str, Any] = json.loads(line[begin:]) if begin >= 0 else {}
            done = moved.get(str(said.get("filename")))
            offset = int(said.get("offset", -1))
        except (ValueError, AttributeError, TypeError):
            yield line
            continue
        if done is None:
            yield line
            continue
        place = done.places.get(offset)
        if place is None:
            continue  # erased, or it led nowhere
        for name, value in (("offset", place[0]), ("length", place[1])):
            said[name] = value if isinstance(said.get(name), int) else str(value)
        yield line[:begin] + json.dumps(said).encode() + b"\n"


def _add_index(new: _Package, name: str, lines: Lines) -> None:
    """Plain, or in blocks of gzip with the list of where they begin, as it was."""
    if not name.endswith(".gz"):
        new.add_bytes(name, b"".join(lines))
        return
    file = name.rpartition("/")[2]
    packed, listed = b"", [b'!meta 0 {"format": "cdxj-gzip-1.0", "filename": "%s"}\n' % file.encode()]
    held = list(lines)
    for first in range(0, len(held), _BLOCK_LINES):
        block = gzip.compress(b"".join(held[first : first + _BLOCK_LINES]), mtime=0)
        about = {"offset": len(packed), "length": len(block), "digest": sha256(block), "filename": file}
        listed.append(held[first].partition(b"{")[0].rstrip() + b" " + json.dumps(about).encode() + b"\n")
        packed += block
    new.add_bytes(name, packed, stored=True)
    new.add_bytes(f"{name.removesuffix('.gz').rpartition('.')[0]}.idx", b"".join(listed))


def _page_lines(data: bytes, gone: set[str], needles: Needles) -> Lines:
    for line in data.splitlines(keepends=True):
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            said = None
        url = said.get("url") if isinstance(said, dict) else None
        if url not in gone and not needles.is_in([line]):
            yield line


class _Package:
    def __init__(self, sink: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(sink, "w")
        self._resources: list[dict[str, Any]] = []

    def add(self, name: str, pieces: Iterable[bytes], size: int, *, stored: bool) -> None:
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        info.external_attr, info.file_size = 0o644 << 16, size
        digest, count = hashlib.sha256(), 0
        with self._zip.open(info, "w") as entry:
            for piece in pieces:
                digest.update(piece)
                count += len(piece)
                entry.write(piece)
        named = {"name": name.rpartition("/")[2], "path": name}
        self._resources.append(named | {"hash": f"sha256:{digest.hexdigest()}", "bytes": count})

    def add_bytes(self, name: str, data: bytes, *, stored: bool = False) -> None:
        self.add(name, [data], len(data), stored=stored)

    def finish(self, told: dict[str, Any], gone: set[str], needles: Needles, at: str, *, vouch: bool) -> None:
        if told.get("mainPageUrl") in gone or told.get("mainPageURL") in gone:
            told = {name: value for name, value in told.items() if not name.startswith("mainPage") and name != "title"}
        said = told | {"modified": at, "resources": self._resources}
        data = needles.masked(json.dumps(said, indent=2).encode())[0]
        self.add_bytes(PACKAGE, data)
        if vouch:
            # Nobody's signature: whoever signed it did not sign this.
            about = {"path": PACKAGE, "hash": sha256(data)}
            self.add_bytes(PACKAGE_DIGEST, json.dumps(about, indent=2).encode())
        self._zip.close()
