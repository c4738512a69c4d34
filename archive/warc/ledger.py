"""What files hold between them: which ids stand twice, and which revisits lead nowhere.

Kept in a temporary SQLite database without a name, which spills to disk past its cache: memory is bounded whatever
the number of records.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from archive.model import Record
from archive.warc.rules import Fault, shown

_BATCH = 5000
_LONGEST_ID = 100
_ORIGINALS = frozenset({"response", "resource"})


#: What is kept of one record, a bare tuple because there are so many: its id, its offset, a signature of its type and
#: block (records of one id and one signature are copies), by what revisits may name it besides its id (URL and date,
#: URL and digest; None where it is none they may refer to), and what it names itself if it is a revisit, best first.
Note = tuple[str, int, int, bytes | None, bytes | None, tuple[bytes | str | None, ...]]


@dataclass(frozen=True, slots=True)
class Told:
    """A fault that takes more than one record to see."""

    file: str
    offset: int
    fault: Fault
    #: the file's own number, as `Ledger.open_file` gave it
    number: int


def note(record: Record, first: dict[str, str], offset: int, signature: int) -> Note:
    """*first* is the first value of each field, by name in lower case."""
    if record.type in _ORIGINALS:
        url = record.url or ""
        by_digest = _key(f"{declared.lower()} {url}") if (declared := first.get("warc-payload-digest")) else None
        return _short(record.id), offset, signature, _key(f"{record.date} {url}"), by_digest, ()
    if record.type != "revisit":
        return _short(record.id), offset, signature, None, None, ()
    url = first.get("warc-refers-to-target-uri") or record.url or ""
    if url.startswith("<"):
        url = url[1:].removesuffix(">")
    refers_to, date, declared = map(first.get, ("warc-refers-to", "warc-refers-to-date", "warc-payload-digest"))
    refers = (
        _short(refers_to) if refers_to else None,
        _key(f"{date} {url}") if date else None,
        _key(f"{declared.lower()} {url}") if declared else None,
    )
    return _short(record.id), offset, signature, None, None, refers


def _short(record_id: str) -> str:
    if len(record_id) <= _LONGEST_ID and record_id.isascii():
        return record_id
    return f"{shown(record_id)} {_key(record_id).hex()}"


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest()


class Ledger:
    def __init__(self) -> None:
        # An empty name is a private database in a file that SQLite deletes at once.
        self._db = sqlite3.connect("")
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            # Of a record that is not itself looked at, file is NULL.
            "CREATE TABLE record (id TEXT, file INTEGER, offset INTEGER, signature INTEGER, dated BLOB, digest BLOB);"
            "CREATE TABLE refers (file INTEGER, offset INTEGER, id TEXT, dated BLOB, digest BLOB);"
        )
        self._files: list[str] = []
        self._records: list[tuple[str | int | bytes | None, ...]] = []
        self._refers: list[tuple[str | int | bytes | None, ...]] = []

    def open_file(self, file: str) -> int:
        """The number of a file whose records follow."""
        self._files.append(file)
        return len(self._files) - 1

    def take(self, number: int | None, noted: Note) -> None:
        """A record of the file of that number; None: of one that is not itself looked at, for others to refer to."""
        record_id, offset, signature, dated, digest, refers = noted
        self._records.append((record_id, number, offset, signature, dated, digest))
        if refers and number is not None:
            self._refers.append((number, offset, *refers))
        if len(self._records) > _BATCH:
            self._write()

    def _write(self) -> None:
        self._db.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)", self._records)
        self._db.executemany("INSERT INTO refers VALUES (?, ?, ?, ?, ?)", self._refers)
        self._records.clear()
        self._refers.clear()

    def twice(self) -> Iterator[Told]:
        """Records that carry the id of one before them. A copy in another file, as a packed archive holds, is none."""
        self._write()
        before = ("", 0, 0, 0)
        for row in self._db.execute(
            "SELECT id, file, offset, signature FROM record WHERE id IN "
            "(SELECT id FROM record WHERE id <> '' AND file IS NOT NULL GROUP BY id HAVING count(*) > 1) "
            "AND file IS NOT NULL ORDER BY id, file, offset"
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
        if not self._db.execute("SELECT EXISTS (SELECT 1 FROM refers)").fetchone()[0]:
            return
        columns = ("id", "dated", "digest")
        for column in columns:
            self._db.execute(f"CREATE INDEX IF NOT EXISTS by_{column} ON record ({column}) WHERE dated IS NOT NULL")
        found = " OR ".join(
            f"EXISTS (SELECT 1 FROM record WHERE dated IS NOT NULL AND record.{column} = refers.{column})"
            for column in columns
        )
        for number, offset in self._db.execute(
            "SELECT file, offset FROM refers "
            f"WHERE coalesce(id, dated, digest) IS NOT NULL AND NOT ({found}) ORDER BY file, offset"
        ):
            fault = Fault("revisit-dangling", "dangling revisit: the record it refers to is in none of the files",
                          "the original", "none", departure=True)  # fmt: skip
            yield Told(self._files[number], offset, fault, number)

    def close(self) -> None:
        self._db.close()
