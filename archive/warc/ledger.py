"""What files hold between them: which ids stand twice, and which revisits lead nowhere.

Kept in a temporary SQLite database without a name, which spills to disk past its cache: memory is bounded whatever
the number of records.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from archive.model import Record
from archive.warc.rules import Fault, shown

_BATCH = 5000
_LONGEST_ID = 100
_ORIGINALS = frozenset({"response", "resource"})


class Note(NamedTuple):
    """What is kept of one record."""

    id: str
    offset: int
    #: of its type and block: records of one id and one signature are copies
    signature: int
    #: what a revisit may name it by, where it is one that a revisit may refer to
    names: tuple[bytes, ...]
    #: what a revisit names, best first
    refers: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A fault that takes more than one record to see."""

    file: str
    offset: int
    fault: Fault
    #: the file's own number, as `Ledger.open_file` gave it
    number: int


def note(record: Record, offset: int, signature: int) -> Note:
    names: tuple[bytes, ...] = ()
    refers: tuple[bytes, ...] = ()
    if record.type in _ORIGINALS:
        names = tuple(_names(record.id, record.url, record.date, record.field("WARC-Payload-Digest")))
    elif record.type == "revisit":
        url = record.field("WARC-Refers-To-Target-URI") or record.url
        if url and url.startswith("<"):
            url = url[1:].removesuffix(">")
        digest = record.field("WARC-Payload-Digest")
        refers = tuple(_names(record.field("WARC-Refers-To"), url, record.field("WARC-Refers-To-Date"), digest))
    record_id = record.id if len(record.id) <= _LONGEST_ID else f"{shown(record.id)} {_key(record.id).hex()}"
    return Note(record_id, offset, signature, names, refers)


def _names(record_id: str | None, url: str | None, date: str | None, digest: str | None) -> Iterator[bytes]:
    if record_id:
        yield _key(f"i{record_id}")
    if url and date:
        yield _key(f"d{date} {url}")
    if url and digest:
        yield _key(f"p{digest.lower()} {url}")


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()


class Ledger:
    def __init__(self) -> None:
        # An empty name is a private database in a file that SQLite deletes at once.
        self._db = sqlite3.connect("")
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE record (id TEXT, file INTEGER, offset INTEGER, signature INTEGER);"
            "CREATE TABLE name (key BLOB);"
            "CREATE TABLE refers (file INTEGER, offset INTEGER, rank INTEGER, key BLOB);"
        )
        self._files: list[str] = []
        self._records: list[tuple[str, int, int, int]] = []
        self._names: list[tuple[bytes]] = []
        self._refers: list[tuple[int, int, int, bytes | None]] = []

    def open_file(self, file: str) -> int:
        """The number of a file whose records follow."""
        self._files.append(file)
        return len(self._files) - 1

    def take(self, number: int, noted: Note) -> None:
        if noted.id:
            self._records.append((noted.id, number, noted.offset, noted.signature))
        self._names.extend((name,) for name in noted.names)
        if noted.refers:
            self._refers.extend((number, noted.offset, rank, key) for rank, key in enumerate(noted.refers))
        if len(self._records) + len(self._names) + len(self._refers) > _BATCH:
            self._write()

    def take_name(self, noted: Note) -> None:
        """Of a record that revisits may refer to, but that is not itself looked at."""
        self._names.extend((name,) for name in noted.names)
        if len(self._names) > _BATCH:
            self._write()

    def _write(self) -> None:
        self._db.executemany("INSERT INTO record VALUES (?, ?, ?, ?)", self._records)
        self._db.executemany("INSERT INTO name VALUES (?)", self._names)
        self._db.executemany("INSERT INTO refers VALUES (?, ?, ?, ?)", self._refers)
        self._records.clear()
        self._names.clear()
        self._refers.clear()

    def twice(self) -> Iterator[Told]:
        """Records that carry the id of one before them. A copy in another file, as a packed archive holds, is none."""
        self._write()
        before = ("", 0, 0, 0)
        for row in self._db.execute(
            "SELECT id, file, offset, signature FROM record WHERE id IN "
            "(SELECT id FROM record GROUP BY id HAVING count(*) > 1) ORDER BY id, file, offset"
        ):
            record_id, number, offset, signature = row
            if record_id != before[0]:
                before = row
                continue
            copy = signature == before[3]
            if copy and number != before[1]:
                continue
            where = "in this file" if number == before[1] else f"in {self._files[before[1]]}"
            what = (
                f"WARC-Record-ID {shown(record_id)} stands twice in this file"
                if number == before[1]
                else (f"WARC-Record-ID {shown(record_id)} stands also {where}")
            )
            if not copy:
                what += ", over another block"
            found = f"{shown(record_id)} {where} at {before[2]}"
            yield Told(
                self._files[number],
                offset,
                Fault("record-id-twice", what, "an id of its own", found, departure=copy),
                number,
            )

    def dangling(self) -> Iterator[Told]:
        """Revisits whose original is in none of the files."""
        self._write()
        self._db.execute("CREATE INDEX IF NOT EXISTS by_key ON name (key)")
        for number, offset in self._db.execute(
            "SELECT file, offset FROM refers GROUP BY file, offset "
            "HAVING NOT max(EXISTS (SELECT 1 FROM name WHERE name.key = refers.key))"
        ):
            fault = Fault("revisit-dangling", "dangling revisit: the record it refers to is in none of the files",
                          "the original", "none", departure=True)  # fmt: skip
            yield Told(self._files[number], offset, fault, number)

    def close(self) -> None:
        self._db.close()
