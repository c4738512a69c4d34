"""What lies where in a ZIP somebody handed us, told before anything of it is unpacked. Nothing is ever extracted."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from archive.errors import Damaged

#: central directories past this are not read: zipfile takes them into memory whole
MAX_DIRECTORY_BYTES = 64 << 20
MAX_ENTRIES = 200_000
#: deflate cannot do more than 1032; what is past 1 GiB and shrinks like this is a bomb
MAX_RATIO = 250
RATIO_FROM_BYTES = 1 << 30
_END = b"PK\x05\x06"
_END64_LOCATOR = b"PK\x06\x07"
_LOCAL = struct.Struct("<4s22xHH")


class BadZip(Damaged):
    pass


def open_zip(path: Path, file: IO[bytes]) -> zipfile.ZipFile:
    """Raises BadZip, also for one whose directory is too large to be true."""
    size, declared = _directory_bytes(file)
    if declared > min(MAX_DIRECTORY_BYTES, size):
        raise BadZip(f"{path}: its directory claims {declared} bytes, limit {min(MAX_DIRECTORY_BYTES, size)}")
    try:
        found = zipfile.ZipFile(file)
    # zipfile lets these out for directories made to mislead it
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error, OverflowError) as error:
        raise BadZip(f"{path}: not a ZIP file that can be read: {error}") from error
    if len(found.infolist()) > MAX_ENTRIES:
        raise BadZip(f"{path}: more than {MAX_ENTRIES} files in it")
    return found


def _directory_bytes(file: IO[bytes]) -> tuple[int, int]:
    """Size of the file, and of the central directory as its end record (APPNOTE 4.3.16, 4.3.14) declares it."""
    size = file.seek(0, 2)
    file.seek(max(0, size - (1 << 16) - 128))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        return size, 0
    declared = int.from_bytes(tail[at + 12 : at + 16], "little")
    locator = tail[at - 20 : at] if at >= 20 else b""
    if locator.startswith(_END64_LOCATOR):
        file.seek(min(size, int.from_bytes(locator[8:16], "little")))
        declared = int.from_bytes(file.read(56)[40:48], "little")
    return size, declared


def faults(entries: list[zipfile.ZipInfo]) -> Iterator[tuple[int, str]]:
    """Offset and what is wrong, for every entry that should not be looked into."""
    names: set[str] = set()
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        at, name = entry.header_offset, shown(entry.filename)
        if not is_plain_path(entry.filename):
            yield at, f"{name} is no path inside a package"
        if entry.filename in names:
            yield at, f"{name} stands twice in it"
        names.add(entry.filename)
        if at < end:
            yield at, f"{name} overlaps the file before it"
        end = max(end, at + 30 + entry.compress_size)
        if entry.flag_bits & 0x1:
            yield at, f"{name} is encrypted"
        elif entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            yield at, f"{name} is compressed by method {entry.compress_type}, which WACZ does not know"
        elif entry.file_size > RATIO_FROM_BYTES and entry.file_size > MAX_RATIO * entry.compress_size:
            yield at, f"{name} of {entry.file_size} bytes in {entry.compress_size}: a bomb"
        elif entry.compress_type == zipfile.ZIP_STORED and entry.file_size != entry.compress_size:
            yield at, f"{name} is stored, yet {entry.file_size} bytes in {entry.compress_size}"


def is_plain_path(path: str) -> bool:
    parts = path.removesuffix("/").split("/")
    return (
        bool(parts[0])
        and not {"", ".", ".."} & set(parts)
        and "\\" not in path
        and path.isprintable()
        and ":" not in parts[0][:2]
    )


def data_offset(file: IO[bytes], entry: zipfile.ZipInfo) -> int:
    """Where the bytes of a stored entry begin. Raises BadZip."""
    file.seek(entry.header_offset)
    head = file.read(_LOCAL.size)
    if len(head) < _LOCAL.size or not head.startswith(b"PK\x03\x04"):
        raise BadZip(f"{shown(entry.filename)}: no local header at {entry.header_offset}")
    _, name, extra = _LOCAL.unpack(head)
    return entry.header_offset + _LOCAL.size + int(name) + int(extra)


def shown(text: object) -> str:
    return ascii(text)[:200]
