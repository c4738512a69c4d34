"""Which records an order is about: those it names, and those that would give their bytes back.

Named are the captures of an address, a record, whatever holds a text. With each goes all of its capture event (request,
metadata), every revisit of it, every copy of it under the same id, and every record that refers to it; and, unless the
order is of one address only, every answer with status 2xx and every resource whose payload or body is the same, at
whatever address and in whatever coding. An error page or a redirect that stands at a thousand addresses says nothing of
one of them.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from archive import digests, times
from archive.erasure.needles import Needles
from archive.erasure.order import Order, Target, targets_of
from archive.errors import BadRecord, Damaged
from archive.model import Record, WireBytes
from archive.warc import http
from archive.warc.reader import open_files
from archive.warc.rules import shown
from archive.warc.tombstones import is_tombstone

Fate = Literal["erase", "mask"]
#: why a record goes, as a person reads it
NAMED, SAME_BYTES = "named", "same bytes"
_URN = re.compile(r"urn:[A-Za-z][A-Za-z0-9_-]*:(?=https?://)")
_WARC_FIELDS = "application/warc-fields"
_GOOD = range(200, 300)

_SCHEMA = """
CREATE TABLE record (n INTEGER PRIMARY KEY, file TEXT, offset INTEGER, id TEXT, type TEXT, url TEXT, date TEXT,
  about INTEGER, why TEXT, payload TEXT, body TEXT, declared TEXT, refers_to TEXT, refers_url TEXT, refers_date TEXT);
CREATE TABLE joined (n INTEGER, other TEXT);
"""
_INDEXES = """
CREATE INDEX record_id ON record(id); CREATE INDEX record_refers ON record(refers_to);
CREATE INDEX record_revisits ON record(refers_url, refers_date) WHERE refers_url IS NOT NULL;
CREATE INDEX record_payload ON record(payload); CREATE INDEX record_body ON record(body);
CREATE INDEX record_declared ON record(declared); CREATE INDEX record_why ON record(why) WHERE why IS NOT NULL;
CREATE INDEX joined_n ON joined(n); CREATE INDEX joined_other ON joined(other);
"""
_CHOSEN_IDS = "SELECT id FROM record WHERE why IS NOT NULL AND id <> ''"
_SPREADS = {
    "its event": f"""UPDATE record SET why = 'its event' WHERE why IS NULL AND NOT about AND (
        n IN (SELECT n FROM joined WHERE other IN ({_CHOSEN_IDS}))
        OR id IN (SELECT other FROM joined WHERE n IN (SELECT n FROM record WHERE why IS NOT NULL)))""",
    "a copy": f"UPDATE record SET why = 'a copy' WHERE why IS NULL AND NOT about AND id IN ({_CHOSEN_IDS})",
    "refers to it": f"""UPDATE record SET why = 'refers to it' WHERE why IS NULL AND NOT about AND (
        refers_to IN ({_CHOSEN_IDS}) OR coalesce(refers_to, '') NOT IN (SELECT id FROM record)
        AND (refers_url, refers_date) IN (
          SELECT url, date FROM record WHERE why IS NOT NULL AND type IN ('response', 'resource', 'revisit')))""",
}
_DIGESTS = """SELECT {0} FROM record WHERE why IS NOT NULL AND {0} IS NOT NULL"""
_SAME = f"""UPDATE record SET why = '{SAME_BYTES}' WHERE why IS NULL AND NOT about AND (payload IN ({{0}})
  OR body IN ({{0}}) OR declared IN ({{0}}))""".format(
    " UNION ".join(_DIGESTS.format(column) for column in ("payload", "body", "declared"))
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """One record that is to be erased, or of which something is to be masked."""

    file: str
    offset: int
    record_id: str
    type: str
    url: str | None
    date: str
    fate: Fate
    why: str


@dataclass(slots=True)
class Selection:
    chosen: list[Chosen] = field(default_factory=list)
    #: payload and body digests of what goes: other copies of it are known by them
    digests: list[str] = field(default_factory=list)
    #: addresses that may be told no more
    urls: list[str] = field(default_factory=list)
    #: records of other captures that hold such an address in their own bytes, and stay
    named_in: list[str] = field(default_factory=list)
    #: what cannot be read, so that nobody knows what it holds
    damage: list[str] = field(default_factory=list)
    records: int = 0

    @property
    def erased(self) -> list[Chosen]:
        return [one for one in self.chosen if one.fate == "erase"]

    def fates(self) -> dict[str, dict[tuple[int, str], Fate]]:
        """By file in ``warcs/`` and, in a WACZ, the file in it (`Place.file`)."""
        found: dict[str, dict[tuple[int, str], Fate]] = {}
        for one in self.chosen:
            found.setdefault(one.file, {})[one.offset, one.record_id] = one.fate
        return found


def select(
    order: Order,
    files: Sequence[Path],
    named_in: Callable[[Path], bool] = lambda _: True,
    progress: Callable[[str], None] = lambda _: None,
) -> Selection:
    """Read all of *files*; what the order names is looked for in those that *named_in* tells. Raises WrongUse."""
    targets, texts = targets_of(order), Needles(order.texts)
    wanted = {one.strip("<>") for one in order.records}
    found = Selection()
    # What is in it names what is to be erased: never in a file that has a name.
    with closing(sqlite3.connect("", isolation_level=None)) as db:
        db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_SCHEMA}")
        db.execute("BEGIN")
        for path in files:
            progress(path.name)
            for record in _records(path, found):
                found.records += 1
                why = NAMED if named_in(path) and _is_named(record, targets, wanted, texts) else None
                _take(db, record, why)
        db.execute("COMMIT")
        db.executescript(_INDEXES)
        _spread(db, order)
        sql = "SELECT file, offset, id, type, url, date, why FROM record WHERE why IS NOT NULL AND NOT about ORDER BY n"
        for file, offset, record_id, kind, url, date, why in db.execute(sql):
            found.chosen.append(Chosen(file, offset, record_id, kind, url, date, "erase", why))
        held = " UNION ".join(_DIGESTS.format(column) for column in ("payload", "body"))
        found.digests = sorted(row[0] for row in db.execute(held))
        if order.without_url:
            sql = (
                f"SELECT DISTINCT url FROM record WHERE why = '{NAMED}' AND NOT about AND url LIKE '%://%' ORDER BY url"
            )
            found.urls = list(dict.fromkeys((*order.urls, *order.prefixes, *(row[0] for row in db.execute(sql)))))
    needles = Needles(order.texts, found.urls)
    if needles and found.chosen:
        _find_mentions(files, needles, found)
    return found


def _records(path: Path, found: Selection) -> Iterator[Record]:
    def tell(bad: BadRecord) -> None:
        found.damage.append(shown(str(bad)))

    try:
        for file in open_files(path, on_damage=tell):
            with file:
                for record, _ in file.scan(on_damage=tell):
                    if not is_tombstone(record):
                        yield record
    except BadRecord as too_much:
        tell(too_much)


def _is_named(record: Record, targets: Sequence[Target], wanted: set[str], texts: Needles) -> bool:
    if is_about(record):
        return False
    if record.id.strip("<>") in wanted:
        return True
    url = _URN.sub("", record.url or "")
    if url and targets:
        try:
            at = times.captured_at(record.date)
        except (ValueError, OverflowError):
            at = times.NO_DATE
        if any(target.covers(url, at) for target in targets):
            return True
    if not texts:
        return False
    if _talks(record):  # of what it says itself, the words are masked
        return texts.is_in([url.encode("utf-8", "surrogateescape")])
    return _holds(record, texts)


def _talks(record: Record) -> bool:
    """Whether it is what was said of or for a capture, or of a whole file: it stays, with words masked."""
    if is_about(record) or record.type == "request":
        return True
    return record.type == "metadata" and _WARC_FIELDS in (record.field("Content-Type") or "")


def is_about(record: Record) -> bool:
    """Whether it tells of a whole crawl or file: other rows cannot be derived without it. In it, words are masked."""
    return record.type == "warcinfo" or (record.url or "").startswith("metadata://")


def _holds(record: Record, needles: Needles) -> bool:
    fields = "\r\n".join(f"{name}: {value}" for name, value in record.fields).encode("utf-8", "surrogateescape")
    if needles.is_in([fields]) or needles.is_in_block(record.block):
        return True
    _, body = _payload(record)
    return body is not None and needles.is_in([body])


def _payload(record: Record) -> tuple[WireBytes | None, bytes | None]:
    """The payload, and the body where that is not the same bytes."""
    if record.type == "resource":
        return record.block, None
    if record.type != "response":
        return None, None
    try:
        response = http.parse_response(record.block)
    except ValueError:
        return record.block, None
    payload = http.payload(record.block, response)
    if response.header("Content-Encoding") is None:
        return payload, b"".join(payload.chunks()) if http.is_chunked(response) else None
    try:
        return payload, http.body(payload, response).data
    except Damaged:
        return payload, None


def _take(db: sqlite3.Connection, record: Record, why: str | None) -> None:
    payload, body = _payload(record)
    counts = record.type == "resource" or (payload is not None and _status(record) in _GOOD)
    of_payload = _normal(digests.sha256_chunks(payload.chunks())) if payload and payload.size and counts else None
    of_body = _normal(digests.sha256(body)) if body and counts else None
    declared = record.field("WARC-Payload-Digest")
    stands_for = (record.type in ("response", "resource") and counts) or record.type == "revisit"
    if not declared or not stands_for or digests.is_of(declared, b"") or (payload is not None and not payload.size):
        declared = None
    is_revisit = record.type == "revisit"
    number = db.execute(
        "INSERT INTO record (file, offset, id, type, url, date, about, why, payload, body, declared, refers_to,"
        " refers_url, refers_date) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            record.place.file, record.place.offset, record.id, record.type, record.url, record.date, is_about(record),
            why, of_payload, of_body, _normal(declared) if declared else None,
            record.field("WARC-Refers-To") or record.field("WARC-Segment-Origin-ID"),
            (record.field("WARC-Refers-To-Target-URI") or record.url) if is_revisit else None,
            record.field("WARC-Refers-To-Date") if is_revisit else None,
        ),
    ).lastrowid  # fmt: skip
    others = [value for name, value in record.fields if name.lower() == "warc-concurrent-to"]
    db.executemany("INSERT INTO joined VALUES (?,?)", [(number, other) for other in others])


def _status(record: Record) -> int | None:
    try:
        return http.parse_response(record.block).status
    except ValueError:
        return 200  # no HTTP: an answer all the same


def _normal(declared: str) -> str:
    decoded = digests.decode(declared)
    return f"{decoded[0]}:{decoded[1].hex()}" if decoded else declared.lower()


def _spread(db: sqlite3.Connection, order: Order) -> None:
    """Until nothing more would give back what is chosen."""
    steps = [*_SPREADS.values(), *([] if order.this_url_only else [_SAME])]
    db.execute("BEGIN")
    while sum(db.execute(step).rowcount for step in steps):
        pass
    db.execute("COMMIT")


def _find_mentions(files: Sequence[Path], needles: Needles, found: Selection) -> None:
    """What stays and holds the words: masked where it is our own or another tool's talk about a capture."""
    going = {(one.file, one.offset, one.record_id) for one in found.chosen}
    unheard = Selection()
    for path in files:
        for record in _records(path, unheard):
            place = record.place
            if (place.file, place.offset, record.id) in going or not _holds(record, needles):
                continue
            if _talks(record):
                found.chosen.append(
                    Chosen(
                        place.file,
                        place.offset,
                        record.id,
                        record.type,
                        record.url,
                        record.date,
                        "mask",
                        "holds the words",
                    )
                )
            else:
                found.named_in.append(f"{record.type} {record.id} of {shown(record.url or '')}")
    found.chosen.sort(key=lambda one: (one.file, one.offset))
