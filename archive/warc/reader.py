"""Files of WARC and ARC records, ours or others', wherever they lie: in ``warcs/``, still being written, in a WACZ."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from archive.errors import BadRecord
from archive.model import Record
from archive.warc.limits import Limits
from archive.warc.records import Torn
from archive.warc.rules import shown
from archive.warc.segment import OPEN
from archive.warc.warc_file import Part, WarcFile

if TYPE_CHECKING:
    from archive.warc.zips import Entry

__all__ = [
    "INSIDE",
    "WarcFile",
    "open_files",
    "open_inside",
    "open_warc",
    "read_record",
    "read_records",
    "stored_in",
]

#: between the name of a WACZ and that of a file in it
INSIDE = "!"


def read_record(path: Path, offset: int, length: int) -> Record:
    """The record whose member lies at *offset*. Raises BadRecord, or OSError when there is no such file."""
    with WarcFile(path) as file:
        return file.read(offset, length)


def read_records(
    path: Path, *, on_damage: Callable[[BadRecord], None] | None = None, limits: Limits | None = None
) -> Iterator[Record]:
    """All records of a file, in its order.

    Raises BadRecord at the first that cannot be read, but for the unfinished last record of a ``.open`` file, which is
    being written; with *on_damage* that is called instead, and reading goes on with the next record that can be found.
    Records that share one gzip member get a length of 0: none of them can be read on its own.
    """
    try:
        for file in open_files(path, limits=limits, on_damage=on_damage):
            with file:
                for record, _ in file.scan(on_damage=on_damage):
                    yield record
    except Torn:
        if on_damage is not None or not path.name.endswith(OPEN):
            raise


def open_files(
    path: Path, *, limits: Limits | None = None, on_damage: Callable[[BadRecord], None] | None = None
) -> Iterator[WarcFile]:
    """The one file of records at *path*, or all in a WACZ there, each open until the next is asked for.

    Raises OSError; BadRecord for what is wrong with a WACZ, unless there is *on_damage*.
    """
    file = WarcFile(path, limits=limits)
    if not file.is_zip:
        yield file
        return
    from archive.warc.zips import Wacz  # most files are none

    with file:
        try:
            wacz = Wacz(file.fd, file.name, file.limits)
        except BadRecord as damage:
            if on_damage is None:
                raise
            on_damage(damage)
            return
        for offset, fault in wacz.faults:
            broken = BadRecord(file.name, offset, fault.what)
            if on_damage is None:
                raise broken
            on_damage(broken)
        for entry in wacz.entries.values():
            if on_damage and entry.is_packed:
                what = f"{shown(entry.name)}: compressed with zstd, which is not read"
                on_damage(BadRecord(file.name, entry.offset, what))
        for entry in wacz.records():
            try:
                inner = WarcFile(path, limits=limits, part=Part(f"{file.name}{INSIDE}{entry.name}", *wacz.open(entry)))
            except BadRecord as damage:
                if on_damage is None:
                    raise
                on_damage(damage)
                continue
            with inner:
                yield inner


def stored_in(path: Path) -> dict[str, int]:
    """Where in the WACZ at *path* the bytes of each file of records begin that is stored as it is, by `Place.file`;
    empty for what is none."""
    with WarcFile(path) as file:
        if not file.is_zip:
            return {}
        from archive.warc.zips import Wacz

        try:
            entries = Wacz(file.fd, file.name, file.limits).records()
        except BadRecord:
            return {}
        return {f"{file.name}{INSIDE}{entry.name}": entry.start for entry in entries if not entry.deflated}


def open_warc(directory: Path, file: str) -> WarcFile:
    """The file of that name, sealed or still carrying ``.open``, or ``NAME.wacz!archive/NAME``, which lies in a WACZ.
    Raises FileNotFoundError."""
    outer, inside, name = file.partition(INSIDE)
    if inside and (directory / outer).is_file():
        return open_inside(directory / outer, name)
    try:
        return WarcFile(directory / file)
    except FileNotFoundError:
        try:
            return WarcFile(directory / (file + OPEN))
        except FileNotFoundError:  # sealed between the two
            return WarcFile(directory / file)


def _identity(fd: int) -> tuple[int, ...]:
    held = os.fstat(fd)
    return held.st_dev, held.st_ino, held.st_size, held.st_mtime_ns, held.st_ctime_ns


#: what lies in the WACZ that was opened last: whoever reads its files one by one opens it for each of them
_LISTED: dict[tuple[int, ...], dict[str, Entry]] = {}


def open_inside(path: Path, name: str, *, limits: Limits | None = None) -> WarcFile:
    """The file of records of that name in the WACZ at *path*. Raises FileNotFoundError."""
    from archive.warc.zips import Wacz

    with WarcFile(path, limits=limits) as outer:
        try:
            of = _identity(outer.fd)
            wacz = Wacz(outer.fd, outer.name, outer.limits, entries=_LISTED.get(of))
            _LISTED.clear()
            _LISTED[of] = wacz.entries
            entry = wacz.entries[name]
        except (BadRecord, KeyError) as error:
            raise FileNotFoundError(errno.ENOENT, f"no {shown(name)} in it", str(path)) from error
        return WarcFile(path, limits=limits, part=Part(f"{outer.name}{INSIDE}{name}", *wacz.open(entry)))
