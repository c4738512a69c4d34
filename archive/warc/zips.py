"""A WACZ file taken apart: a zip whose names, sizes and places nobody can be trusted on.

Nothing is ever extracted under a name out of the file. What is stored is read where it lies, what is deflated is
unpacked, within limits, into a temporary file without a name.
"""

from __future__ import annotations

import json
import os
import stat
import struct
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile, ZipInfo

from archive.errors import BadRecord, TooLarge
from archive.faults import fault as io_fault
from archive.warc.blocks import write_all
from archive.warc.limits import Limits
from archive.warc.rules import Fault, shown
from archive.warc.source import Source

MAGIC = b"PK\x03\x04"
RECORD_NAMES = (".warc.gz", ".warc", ".arc.gz", ".arc")

_STORED, _DEFLATED = 0, 8
_END_MAGIC = b"PK\x05\x06"
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_END = struct.Struct("<4s8xLL2x")
_END_64 = struct.Struct("<4s36xQQ")
_LOCATOR_64 = struct.Struct("<4s4xQ4x")
#: the list of a zip's files is read into memory
_MOST_LIST_BYTES = 16 << 20
#: a package of 100,000 files describes itself in less
_MOST_JSON_BYTES = 32 << 20
_PIECE_BYTES = 1 << 18
#: what zipfile raises for a list that makes no sense
_ZIP_ERRORS = (BadZipFile, NotImplementedError, ValueError, OverflowError, EOFError, struct.error, IndexError)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file in the zip that can be read."""

    name: str
    #: where its local header lies
    offset: int
    #: where its bytes begin, and how many they are as they lie there and unpacked
    start: int
    packed: int
    size: int
    deflated: bool
    crc: int

    @property
    def holds_records(self) -> bool:
        return self.name.startswith("archive/") and self.name.lower().endswith(RECORD_NAMES)

    @property
    def is_packed(self) -> bool:
        return self.name.startswith("archive/") and self.name.lower().endswith(".warc.zst")


class Wacz:
    """An open WACZ. Not for threads."""

    def __init__(self, fd: int, name: str, limits: Limits, *, entries: dict[str, Entry] | None = None) -> None:
        """*entries*: as they were listed before, of the same file. Raises BadRecord where there is no list of files to
        be read."""
        self._fd, self._name, self._limits = fd, name, limits
        #: by name; what cannot be read safely is not among them
        self.entries: dict[str, Entry] = entries or {}
        #: what is wrong with the zip as such
        self.faults: list[tuple[int, Fault]] = []
        if entries is None:
            self._list()

    def records(self) -> list[Entry]:
        """The files of records in it."""
        return [entry for _, entry in sorted(self.entries.items()) if entry.holds_records]

    def chunks(self, entry: Entry) -> Iterator[bytes]:
        """Its bytes, unpacked; raises BadRecord when they are not what the zip's list says, or past a limit."""
        crc = size = 0
        for piece in self._inflate(entry) if entry.deflated else self._stored(entry):
            size += len(piece)
            if size > entry.size:
                raise self._bad(entry, f"unpacks to more than the {entry.size} bytes it declares")
            limits = self._limits
            if entry.deflated and size > limits.ratio_from_bytes and size > limits.ratio * max(1, entry.packed):
                raise TooLarge(
                    self._name, entry.offset, f"{shown(entry.name)}: more than {limits.ratio} times its size"
                )
            crc = zlib.crc32(piece, crc)
            yield piece
        if size != entry.size:
            raise self._bad(entry, f"{size} bytes, expected {entry.size}")
        if crc != entry.crc:
            raise self._bad(entry, f"CRC {crc:08x}, expected {entry.crc:08x}")

    def source(self, entry: Entry) -> Source:
        """The bytes of one that is stored, as they lie there."""
        return Source(self._fd, entry.start, entry.size)

    def open(self, entry: Entry) -> tuple[int, int, int]:
        """A descriptor of the caller's own, and where in it the bytes of *entry* lie: from, how many. Raises BadRecord,
        or ArchiveFault when there is no room to unpack it."""
        if not entry.deflated:
            return os.dup(self._fd), entry.start, entry.size
        if entry.size > self._limits.block_bytes:
            raise TooLarge(self._name, entry.offset, f"{shown(entry.name)}: unpacks to {entry.size} bytes")
        with tempfile.TemporaryFile(buffering=0, prefix="bewaar-") as file:
            for piece in self.chunks(entry):
                try:
                    write_all(file.fileno(), piece)
                except OSError as error:
                    raise io_fault(Path(tempfile.gettempdir()) / "temporary file", error) from error
            return os.dup(file.fileno()), 0, entry.size

    def json(self, entry: Entry) -> Any:
        """Raises BadRecord."""
        if entry.size > _MOST_JSON_BYTES:
            raise TooLarge(
                self._name, entry.offset, f"{shown(entry.name)} of {entry.size} bytes, limit {_MOST_JSON_BYTES}"
            )
        try:
            return json.loads(b"".join(self.chunks(entry)))
        except (ValueError, RecursionError) as error:
            raise self._bad(entry, f"no JSON: {shown(str(error))}") from error

    def _bad(self, entry: Entry, what: str) -> BadRecord:
        return BadRecord(self._name, entry.offset, f"{shown(entry.name)}: {what}")

    def _list(self) -> None:
        size = os.fstat(self._fd).st_size
        list_bytes = _list_bytes(self._fd, size)
        if list_bytes is None:
            begun = os.pread(self._fd, len(MAGIC), 0) == MAGIC
            raise BadRecord(self._name, 0, "a zip file without an end: cut short" if begun else "no zip file")
        if list_bytes > _MOST_LIST_BYTES:
            raise TooLarge(self._name, 0, f"a list of files of {list_bytes} bytes, limit {_MOST_LIST_BYTES}")
        try:
            with os.fdopen(os.dup(self._fd), "rb") as file, ZipFile(file) as opened:
                infos, end = sorted(opened.infolist(), key=lambda info: info.header_offset), opened.start_dir
                comment_bytes = len(opened.comment)
        except _ZIP_ERRORS as error:
            raise BadRecord(self._name, 0, f"no zip file: {shown(str(error))}") from error
        self._look_outside(size, infos[0].header_offset if infos else 0, comment_bytes)
        for n, info in enumerate(infos):
            limit = infos[n + 1].header_offset if n + 1 < len(infos) else end
            self._take(info, limit)

    def _look_outside(self, size: int, begins: int, comment_bytes: int) -> None:
        """Bytes in front of the first file and behind the end: no list, no digest and no signature covers them."""
        tail_at = max(0, size - (1 << 16) - _END.size)
        ends = tail_at + os.pread(self._fd, size - tail_at, tail_at).rfind(_END_MAGIC) + _END.size + comment_bytes
        for offset, outside, where in ((0, begins, "in front of"), (ends, size - ends, "behind")):
            if outside > 0:
                self._fault(offset, "zip-outside", f"{outside} bytes {where} the zip file", "none", f"{outside} bytes")

    def _take(self, info: ZipInfo, limit: int) -> None:
        """Enter a file whose bytes must end before *limit*."""
        offset, name = max(0, info.header_offset), info.orig_filename
        if name.endswith("/"):  # info.is_dir() fails on a file without a name
            return
        if what := _name_fault(name):
            self._fault(
                offset, "zip-name", f"a file named {shown(name)!a}: {what}", "a path inside the archive", shown(name)
            )
            return
        if name in self.entries:
            self._fault(offset, "zip-name", f"two files named {shown(name)}", "one", "two")
            return
        if stat.S_ISLNK(info.external_attr >> 16):
            self._fault(offset, "zip-link", f"{shown(name)} is a symbolic link", "a file", "a link")
            return
        if info.flag_bits & 1 or info.compress_type not in {_STORED, _DEFLATED}:
            how = "encrypted" if info.flag_bits & 1 else f"compression method {info.compress_type}"
            self._fault(offset, "zip-method", f"{shown(name)}: {how}", "stored or deflated", how)
            return
        head = os.pread(self._fd, _LOCAL_HEADER.size + 4, offset)
        if len(head) < _LOCAL_HEADER.size or not head.startswith(MAGIC):
            self._fault(offset, "zip-offset", f"{shown(name)}: no file begins here", "a local header", ascii(head[:4]))
            return
        _, name_bytes, extra_bytes = _LOCAL_HEADER.unpack_from(head)
        start = offset + 30 + name_bytes + extra_bytes
        local = os.pread(self._fd, name_bytes, offset + 30)
        if local not in {name.encode("utf-8", "surrogatepass"), name.encode("cp437", "replace")}:
            self._fault(
                offset, "zip-name", f"{shown(name)} has another name where it lies", shown(name), ascii(local[:80])
            )
            return
        if start + info.compress_size > limit:
            self._fault(offset, "zip-overlap", f"{shown(name)} overlaps what follows", f"an end by {limit}",
                        str(start + info.compress_size))  # fmt: skip
            return
        deflated = info.compress_type == _DEFLATED
        if not deflated and info.compress_size != info.file_size:
            self._fault(
                offset,
                "zip-size",
                f"{shown(name)} is stored in another size",
                str(info.file_size),
                str(info.compress_size),
            )
            return
        self.entries[name] = Entry(name, offset, start, info.compress_size, info.file_size, deflated, info.CRC)

    def _fault(self, offset: int, rule: str, what: str, expected: str, found: str) -> None:
        self.faults.append((offset, Fault(rule, what, expected, found)))

    def _stored(self, entry: Entry) -> Iterator[bytes]:
        at, left = entry.start, entry.packed
        while left and (piece := os.pread(self._fd, min(left, _PIECE_BYTES), at)):
            at += len(piece)
            left -= len(piece)
            yield piece

    def _inflate(self, entry: Entry) -> Iterator[bytes]:
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for packed in self._stored(entry):
                data = packed
                while data and not inflate.eof:
                    yield inflate.decompress(data, _PIECE_BYTES)
                    data = inflate.unconsumed_tail
            while not inflate.eof and (piece := inflate.decompress(b"", _PIECE_BYTES)):
                yield piece
        except zlib.error as error:
            raise self._bad(entry, f"damaged: {error}") from error


def _name_fault(name: str) -> str | None:
    if "\\" in name or ":" in name.partition("/")[0]:
        return "a path of another system"
    if name.startswith("/"):
        return "leads out of the archive"
    if {"", ".", ".."} & set(name.split("/")):
        return "leads out of the archive, or has two names"
    return "has characters that are not for names" if any(ord(c) < 32 or ord(c) == 127 for c in name) else None


def _list_bytes(fd: int, size: int) -> int | None:
    """Size of the list of files, as the end of a zip file declares it (APPNOTE 4.3.16, 4.3.14); None without an end."""
    tail_at = max(0, size - (1 << 16) - 22)
    tail = os.pread(fd, size - tail_at, tail_at)
    at = tail.rfind(_END_MAGIC)
    if at < 0 or len(tail) - at < _END.size:
        return None
    _, list_bytes, _ = _END.unpack_from(tail, at)
    locator = tail[max(0, at - 20) : at]
    if len(locator) == 20 and locator.startswith(b"PK\x06\x07"):
        end_at = _LOCATOR_64.unpack(locator)[1]
        end = os.pread(fd, _END_64.size, end_at) if end_at < size else b""
        if len(end) == _END_64.size and end.startswith(b"PK\x06\x06"):
            return max(int(list_bytes) if list_bytes != 0xFFFFFFFF else 0, int(_END_64.unpack(end)[1]))
    return int(list_bytes)
