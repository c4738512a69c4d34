"""The originals of packed revisits: found in the archive's other files, and copied member by member as they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from archive.cdxj import as_indexed, cdxj_line
from archive.digests import sha256_chunks
from archive.errors import BadRecord, Damaged
from archive.layout import Archive
from archive.model import Capture, Place
from archive.store.places import captures_in
from archive.wacz.catalogue import Catalogue
from archive.warc.captures import capture_of, member_bytes, read_captures
from archive.warc.reader import WarcFile, read_records

OnDamage = Callable[[BadRecord], None]


def know_others(
    archive: Archive,
    catalogue: Catalogue,
    others: list[Path],
    database: Any,
    on_damage: OnDamage,
    *,
    shown: Callable[[Capture], bool] = lambda _: True,
) -> None:
    """Read files that are not packed, newest first, until no revisit asks for more; what was read is taken off
    *others*. Out of the database comes what it knows, for that is quick, and out of the files themselves the rest.
    What is not *shown* is no original for anybody."""
    others.sort()
    while others and not catalogue.is_closed():
        path = archive.check_own(others.pop())
        known = captures_in(database, path) if database else None
        catalogue.know(filter(shown, read_captures(path, on_damage=on_damage) if known is None else known))


class Originals:
    """Copies to one file for the package: *name*, such as ``originals.warc.gz``."""

    def __init__(self, name: str, sink: IO[bytes]) -> None:
        self.name = name
        self.count = 0
        self._sink = sink
        self._last: Path | None = None

    def copy(self, path: Path, record_id: str, place: Place) -> str:
        """Copy the record, and before a file's first the warcinfo it refers to: the record's line in the index. Raises
        Damaged where another record lies there."""
        with WarcFile(path) as file:
            record = file.read(place.offset, place.length)
        capture = capture_of(record)
        if capture is None or capture.record_id != record_id or capture.type == "revisit":
            raise Damaged(
                f"{path} at {place.offset}: expected the original {record_id}, found {record.type} {record.id};"
                " `bewaar rebuild` derives the database again"
            )
        if path != self._last:
            for first in _warcinfo(path):
                self._copy(path, first)
            self._last = path
        listed = as_indexed(record, capture).place
        digest = sha256_chunks(member_bytes(path, listed).chunks())
        at = self._copy(path, place)
        self.count += 1
        return cdxj_line(replace(capture, place=Place(self.name, at, listed.length)), record_digest=digest)

    def _copy(self, path: Path, place: Place) -> int:
        at = self._sink.tell()
        for piece in member_bytes(path, place).chunks():
            self._sink.write(piece)
        return at


def _warcinfo(path: Path) -> Iterator[Place]:
    first = next(read_records(path), None)
    if first and first.type == "warcinfo" and first.place.length:
        yield first.place
