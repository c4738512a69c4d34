"""The captures of many WARC files in a temporary database: their index, their pages, and which original a revisit is
of. It lies on disk, so that an archive of any size fits."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from archive.cdxj import as_indexed, cdxj_line
from archive.digests import sha256_chunks
from archive.errors import BadRecord
from archive.model import HTML, Capture, Place, Record
from archive.warc import fields
from archive.warc.captures import member_bytes, read_with_captures
from archive.warc.reader import INSIDE

_SCHEMA = (
    """CREATE TABLE capture (
      id INTEGER PRIMARY KEY, record_id TEXT, type TEXT, url TEXT, date TEXT, digest TEXT, refers_to TEXT,
      refers_to_url TEXT, refers_to_date TEXT, file TEXT, at INTEGER, length INTEGER, packed INTEGER, html INTEGER,
      reached INTEGER DEFAULT 1, hops TEXT, line TEXT)""",
    "CREATE INDEX by_record ON capture(record_id)",
    "CREATE INDEX by_url ON capture(url, date)",
    "CREATE INDEX by_file ON capture(file)",
)
_OF_FILE = "(file = ? OR file GLOB ? || '!*')"
_HOPS = re.compile(rb"^hopsFromSeed:[ \t]*([A-Za-z]*)", re.MULTILINE)
_HOPS_WITHIN_BYTES = 1 << 16

# As the store resolves them: by record id, then by URI and date, then by URI and digest (WARC 1.1, 6.7.2). What is
# packed already is preferred to what would have to be copied.
_IS_ORIGINAL = "o.type <> 'revisit'"
_FIRST = "ORDER BY o.packed DESC, o.date, o.file, o.at LIMIT 1"
_NAMED = f"""coalesce(
  (SELECT o.id FROM capture o WHERE o.record_id = v.refers_to AND {_IS_ORIGINAL} {_FIRST}),
  (SELECT o.id FROM capture o WHERE o.url = coalesce(v.refers_to_url, v.url) AND o.date = v.refers_to_date
     AND {_IS_ORIGINAL} {_FIRST}))"""
_BY_DIGEST = f"FROM capture o WHERE o.url = coalesce(v.refers_to_url, v.url) AND o.digest = v.digest AND {_IS_ORIGINAL}"
_ORIGINAL = f"""coalesce({_NAMED},
  (SELECT o.id {_BY_DIGEST} AND o.date <= v.date ORDER BY o.packed DESC, o.date DESC, o.file, o.at LIMIT 1),
  (SELECT o.id {_BY_DIGEST} {_FIRST}))"""
# What a server did not send again says nothing of itself.
_PAGE = f"coalesce(v.html, (SELECT o.html FROM capture o WHERE o.id = {_ORIGINAL}))"
_REVISITS = "FROM capture v WHERE v.type = 'revisit' AND v.packed"


@dataclass(frozen=True, slots=True)
class Seen:
    """A page among the captures."""

    url: str
    #: WARC-Date verbatim
    date: str
    record_id: str
    place: Place
    #: path from the seed; None where the file does not tell
    hops: str | None


class Catalogue:
    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)  # a file without a name, gone when it is closed
        self._db.execute("PRAGMA journal_mode=OFF")
        for statement in _SCHEMA:
            self._db.execute(statement)

    def read(self, path: Path, *, since: str | None, on_damage: Callable[[BadRecord], None]) -> int:
        """Take in a file that is to be packed: the number of its captures. None of them counts as packed, and 0 is
        returned, where none was made at *since* (``YYYY-MM-DDTHH:MM:SSZ``) or later."""
        self._db.execute("BEGIN")
        count, recent, last = 0, since is None, None
        for record, capture in read_with_captures(path, on_damage=on_damage):
            if capture is None:
                if last and record.type == "metadata" and record.field("WARC-Concurrent-To") == last.record_id:
                    self._note_hops(last, record)
                continue
            listed = as_indexed(record, capture)
            line = None
            if INSIDE not in listed.place.file:  # else it goes into a bag, which has no index
                line = cdxj_line(listed, record_digest=sha256_chunks(member_bytes(path, listed.place).chunks()))
            self._add(capture, packed=True, line=line)
            count, last = count + 1, capture
            # Without the fraction, which would sort before the Z.
            recent = recent or capture.warc_date[:19] >= (since or "")[:19]
        if not recent:
            self._db.execute(f"UPDATE capture SET packed = 0, line = NULL WHERE {_OF_FILE}", (path.name, path.name))
        self._db.execute("COMMIT")
        return count if recent else 0

    def know(self, captures: Iterable[Capture]) -> None:
        """Take in captures of a file that is not packed, among which originals may be."""
        self._db.execute("BEGIN")
        for capture in captures:
            self._add(capture, packed=False, line=None)
        self._db.execute("COMMIT")

    def forget(self, path: Path) -> None:
        self._db.execute(f"DELETE FROM capture WHERE {_OF_FILE}", (path.name, path.name))

    def is_closed(self) -> bool:
        """Whether every packed revisit has found the original it names, so that no other file need be asked."""
        found = self._db.execute(
            f"SELECT 1 {_REVISITS} AND ((coalesce(v.refers_to, v.refers_to_date) IS NOT NULL AND {_NAMED} IS NULL)"
            f" OR {_ORIGINAL} IS NULL) LIMIT 1"
        )
        return found.fetchone() is None

    def originals(self) -> Iterator[tuple[str, Place]]:
        """Record id and place of each original that lies in a file not packed, by file and offset."""
        for row in self._db.execute(
            f"SELECT record_id, file, at, length FROM capture WHERE NOT packed AND id IN (SELECT {_ORIGINAL}"
            f" {_REVISITS}) ORDER BY file, at"
        ):
            yield row[0], Place(*row[1:])

    def complaints(self, why: str = "is not in the archive") -> list[str]:
        """A line for each packed revisit whose original is nowhere."""
        found = self._db.execute(f"SELECT file, at, url {_REVISITS} AND {_ORIGINAL} IS NULL ORDER BY file, at")
        return [f"{file} at {at}: revisit of {fields.url(url)}: its original {why}" for file, at, url in found]

    def add_line(self, line: str) -> None:
        """Of a record that was copied into the package."""
        self._db.execute("INSERT INTO capture (packed, line) VALUES (1, ?)", (line,))

    def lines(self) -> Iterator[str]:
        """The index of what is packed, in the order of ``LC_ALL=C sort``."""
        # SQLite compares text byte by byte, and sorts on disk what memory cannot hold.
        for (line,) in self._db.execute("SELECT DISTINCT line FROM capture WHERE line IS NOT NULL ORDER BY line"):
            yield line

    def pages(self) -> Iterator[Seen]:
        """What is packed and a page, by date."""
        yield from self._pages("ORDER BY date, url, file, at")

    def main_page(self) -> Seen | None:
        """The latest capture of the first seed; where no file tells what was a seed, of the first page."""
        first = next(self._pages("ORDER BY hops IS NOT '', date, at LIMIT 1"), None)
        return first and next(self._pages("AND url = ? ORDER BY date DESC, at DESC LIMIT 1", first.url))

    def _pages(self, which: str, *values: str) -> Iterator[Seen]:
        for row in self._db.execute(
            f"SELECT url, date, record_id, hops, file, at, length FROM capture v WHERE packed AND reached AND {_PAGE}"
            f" {which}",
            values,
        ):
            yield Seen(row[0], row[1], row[2], Place(*row[4:]), row[3])

    def _add(self, capture: Capture, *, packed: bool, line: str | None) -> None:
        html: bool | None = capture.status == 200 and capture.mime in HTML and capture.type != "resource"
        if capture.type == "revisit" and capture.status in (None, 304):
            html = None
        place, digest = capture.place, capture.declared_digest or capture.payload_digest
        self._db.execute(
            "INSERT INTO capture (record_id, type, url, date, digest, refers_to, refers_to_url, refers_to_date, file,"
            " at, length, packed, html, line) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                capture.record_id,
                capture.type,
                capture.url,
                capture.warc_date,
                digest,
                capture.refers_to,
                capture.refers_to_url,
                capture.refers_to_date,
                place.file,
                place.offset,
                place.length,
                packed,
                html,
                line,
            ),
        )

    def _note_hops(self, capture: Capture, about: Record) -> None:
        found = _HOPS.search(b"".join(about.block.chunks(0, _HOPS_WITHIN_BYTES)))
        if found:
            hops = found[1].decode()
            # Frames, sitemaps and robots.txt are no pages to begin reading at.
            self._db.execute(
                "UPDATE capture SET hops = ?, reached = ? WHERE file = ? AND at = ?",
                (hops, "E" not in hops and not hops.endswith(("M", "P")), capture.place.file, capture.place.offset),
            )

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
