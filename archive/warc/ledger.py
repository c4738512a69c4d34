"""What files hold between them: which ids stand twice, which records name others that are not there, and whether
revisits are of what they say.

Kept in a temporary SQLite database without a name, which spills to disk past its cache: memory is bounded whatever
the number of records.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from archive import digests
from archive.model import Record
from archive.warc.rules import Fault, is_of_equal_payload, shown
from archive.warc.tombstones import ERASED as TOMBSTONE

_BATCH = 5000
_LONGEST_ID = 100


#: records of one id, or one URL and date, among which a revisit's original is looked for
_MOST_CANDIDATES = 100

#: what a record is to others: an original, one cut short, a revisit, a warcinfo, one that was erased
OTHER, ORIGINAL, CUT, REVISIT, INFO, ERASED = range(6)
_TOMBSTONE = TOMBSTONE.lower()
_KINDS = {"response": ORIGINAL, "resource": ORIGINAL, "revisit": REVISIT, "warcinfo": INFO}

#: By what a revisit names its original, best first: its id; URL and date; URL and digest.
Names = tuple[str | None, int | None, int | None]
#: What is kept of one record, a bare tuple because there are so many: its id, its offset, a signature of its type and
#: block (records of one id and one signature are copies), the warcinfo it names, the records it is concurrent to, its
#: kind; of originals and revisits keys of URL and date and of URL and digest, and the digest they declare, where they
#: are to be equal; what a revisit names. Keys are hashes of this run: they are good for it and its forks.
Note = tuple[
    str, int, int, str | None, tuple[str, ...], int, int | None, int | None, str | None, Names | None
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A fault that takes more than one record to see."""

    file: str
    offset: int
    fault: Fault
    #: the file's own number, as `Ledger.open_file` gave it
    number: int


class _Candidate(NamedTuple):
    kind: int
    payload: str | None
    number: int | None
    offset: int


def note(record: Record, first: dict[str, str], offset: int, signature: int) -> Note:
    """*first* is the first value of each field, by name in lower case."""
    concurrent: tuple[str, ...] = ()
    if "warc-concurrent-to" in first:
        concurrent = tuple(value for name, value in record.fields if name.lower() == "warc-concurrent-to")
    return note_of(record.type, record.id, record.url or "", record.date, first, concurrent, offset, signature)


def note_of(  # noqa: PLR0917  # called once for every record there is
    kind: str, record_id: str, url: str, date: str, first: dict[str, str], concurrent: tuple[str, ...],
    offset: int, signature: int,
) -> Note:  # fmt: skip
    code = _KINDS.get(kind, OTHER)
    if len(record_id) > _LONGEST_ID or not record_id.isascii():
        record_id = _short(record_id)
    info = first.get("warc-warcinfo-id")
    if code == OTHER and (erased := first.get(_TOMBSTONE)):
        # The digest it declared tells nobody anything here: its place holds the id of the record that is gone.
        return record_id, offset, signature, info, concurrent, ERASED, None, None, _short(erased), None
    if code in {OTHER, INFO}:
        return record_id, offset, signature, info, concurrent, code, None, None, None, None
    declared = first.get("warc-payload-digest")
    dated = hash((date, url))
    if code == ORIGINAL:
        code = CUT if "warc-truncated" in first else ORIGINAL
        digested = hash((declared.lower(), url)) if declared else None
        return record_id, offset, signature, info, concurrent, code, dated, digested, declared, None
    original = first.get("warc-refers-to-target-uri") or url
    if original.startswith("<"):
        original = original[1:].removesuffix(">")
    refers_to, refers_to_date = first.get("warc-refers-to"), first.get("warc-refers-to-date")
    names = (
        _short(refers_to) if refers_to else None,
        hash((refers_to_date, original)) if refers_to_date else None,
        hash((declared.lower(), original)) if declared else None,
    )
    payload = declared if is_of_equal_payload(first.get("warc-profile", "")) else None
    return record_id, offset, signature, info, concurrent, code, dated, None, payload, names


def _short(record_id: str) -> str:
    if len(record_id) <= _LONGEST_ID and record_id.isascii():
        return record_id
    digest = hashlib.blake2b(record_id.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    return f"{shown(record_id)} {digest}"


class Ledger:
    def __init__(self) -> None:
        # An empty name is a private database in a file that SQLite deletes at once.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            # Of a record that is not itself looked at, file is NULL.
            "CREATE TABLE record (key INTEGER, id TEXT, file INTEGER, offset INTEGER, signature INTEGER, kind INTEGER,"
            " dated INTEGER, digested INTEGER, payload TEXT);"
            "CREATE TABLE revisit (file INTEGER, offset INTEGER, payload TEXT, id TEXT, dated INTEGER,"
            " digested INTEGER);"
            "CREATE TABLE named (file INTEGER, offset INTEGER, field TEXT, id TEXT);"
        )
        #: records in the files that were erased
        self.erased = 0
        self._files: list[str] = []
        self._records: list[tuple[str | int | None, ...]] = []
        self._revisits: list[tuple[str | int | None, ...]] = []
        #: what records name that was not seen yet
        self._named: list[tuple[int, int, str, str]] = []
        #: ids read lately, and those before them; the warcinfos that were there or are on the list
        self._recent: set[str] = set()
        self._older: set[str] = set()
        self._infos: set[str] = set()

    def open_file(self, file: str) -> int:
        """The number of a file whose records follow."""
        self._files.append(file)
        self._infos.clear()
        return len(self._files) - 1

    def take(self, number: int | None, noted: Note) -> None:
        """A record of the file of that number; None: of one that is not itself looked at, for others to refer to."""
        record_id, offset, signature, info, concurrent, kind, dated, digested, payload, names = noted
        if kind == ERASED and payload:
            # It stands for the one that is gone, whoever names that; two tombstones of copies are no double.
            self._records.append((hash(payload), payload, None, offset, 0, ERASED, None, None, None))
            self._recent.add(payload)
            self.erased += number is not None
            kind, payload = OTHER, None
        self._records.append(
            (hash(record_id), record_id, number, offset, signature, kind, dated, digested, payload)
        )  # fmt: skip
        if number is not None:
            self._recent.add(record_id)
            if kind == INFO:
                self._infos.add(record_id)
            if info is not None and info not in self._infos:
                self._infos.add(info)  # one complaint for each file and each that is missing
                self._named.append((number, offset, "WARC-Warcinfo-ID", _short(info)))
            for other in concurrent:
                if other not in self._recent and other not in self._older:
                    self._named.append((number, offset, "WARC-Concurrent-To", _short(other)))
            if names:
                self._revisits.append((number, offset, payload, *names))
        if len(self._records) > _BATCH:
            self._write()

    def _write(self) -> None:
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", self._records)
        self._db.executemany("INSERT INTO revisit VALUES (?, ?, ?, ?, ?, ?)", self._revisits)
        self._db.executemany("INSERT INTO named VALUES (?, ?, ?, ?)", self._named)
        self._db.execute("COMMIT")
        for held in (self._records, self._revisits, self._named):
            held.clear()
        self._older, self._recent = self._recent, set()
        if len(self._infos) > _BATCH:
            self._infos.clear()

    def twice(self) -> Iterator[Told]:
        """Records that carry the id of one before them. A copy in another file, as a packed archive holds, is none."""
        self._write()
        before = ("", 0, 0, 0)
        for row in self._db.execute(
            "SELECT id, file, offset, signature FROM record WHERE key IN "
            "(SELECT key FROM record WHERE id <> '' AND file IS NOT NULL GROUP BY key HAVING count(*) > 1) "
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

    def misled(self) -> Iterator[Told]:
        """Records that name one that is in none of the files, or is not what they take it for."""
        self._write()
        for table, columns in (("named", ("key",)), ("revisit", ("key", "dated", "digested"))):
            if self._db.execute(f"SELECT EXISTS (SELECT 1 FROM {table})").fetchone()[0]:
                for column in columns:
                    self._db.execute(
                        f"CREATE INDEX IF NOT EXISTS by_{column} ON record ({column}) WHERE {column} IS NOT NULL"
                    )
        for number, offset, field, record_id in self._db.execute("SELECT * FROM named ORDER BY file, offset"):
            if fault := self._name_fault(field, record_id):
                yield Told(self._files[number], offset, fault, number)
        for number, offset, *revisit in self._db.execute("SELECT * FROM revisit ORDER BY file, offset"):
            if fault := self._revisit_fault(*revisit):
                yield Told(self._files[number], offset, fault, number)

    def _name_fault(self, field: str, record_id: str) -> Fault | None:
        kinds = {found.kind for found in self._candidates("key = ? AND id = ?", hash(record_id), record_id)}
        rule = "warcinfo-dangling" if field == "WARC-Warcinfo-ID" else "concurrent-dangling"
        what = f"{field} {shown(record_id)}"
        if not kinds:
            return Fault(rule, f"{what}: the record is in none of the files", "the record", "none", departure=True)
        if rule == "warcinfo-dangling" and INFO not in kinds:
            return Fault(rule, f"{what}: that record is no warcinfo", "a warcinfo", "another type", departure=True)
        return None

    def _revisit_fault(self, payload: str | None, record_id: str | None, dated: int | None, digested: int | None
                       ) -> Fault | None:  # fmt: skip
        revisited = False
        for where, *values in (("key = ? AND id = ?", hash(record_id), record_id), ("dated = ?", dated),
                               ("digested = ?", digested)):  # fmt: skip
            found = self._candidates(where, *values) if values[-1] is not None else []
            if originals := [each for each in found if each.kind in {ORIGINAL, CUT}]:
                faults = [_original_fault(payload, each) for each in originals]
                return None if None in faults else faults[0]
            if any(each.kind == ERASED for each in found):
                return None  # it is not missing
            if revisited := revisited or any(each.kind == REVISIT for each in found):
                break  # what it names is there: no need to guess
        if revisited:
            what = "a revisit of a revisit: the record it refers to has no payload either"
            return Fault("revisit-of-revisit", what, "a response", "a revisit", departure=True)
        if (record_id, dated, digested) == (None, None, None):  # `refers-to-missing` says so
            return None
        what = "dangling revisit: the record it refers to is in none of the files"
        return Fault("revisit-dangling", what, "the original", "none", departure=True)

    def _candidates(self, where: str, *values: str | int | None) -> list[_Candidate]:
        rows = self._db.execute(
            f"SELECT kind, payload, file, offset FROM record WHERE {where} LIMIT {_MOST_CANDIDATES}", values
        )
        return [_Candidate(*row) for row in rows]

    def close(self) -> None:
        self._db.close()


def _original_fault(payload: str | None, original: _Candidate) -> Fault | None:
    """What is wrong with *original* as the one of a revisit that declares the digest *payload*."""
    if payload and original.payload and digests.differ(payload, original.payload):
        what = f"revisit of payload {shown(payload)}, but that of its original is {shown(original.payload)}"
        return Fault("revisit-payload", what, shown(original.payload), shown(payload), departure=True)
    if original.kind == CUT:
        what = "revisit of a record that was cut short (WARC-Truncated): its payload is not whole"
        return Fault("revisit-of-truncated", what, "a whole original", "WARC-Truncated", departure=True)
    return None
