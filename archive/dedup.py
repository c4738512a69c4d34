"""What a crawl need not store again: for each exchange the record in this archive that already holds its payload; and
what it need not fetch again, if the server says so."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from itertools import islice

from archive import digests
from archive.errors import BadHttp, Damaged, NotAnArchive
from archive.exchange import Exchange, Original, Validator
from archive.layout import Archive
from archive.model import Place, Record
from archive.store import open_read_only
from archive.store.originals import holders, latest_whole
from archive.warc import fields
from archive.warc import http as warc_http
from archive.warc.reader import WarcFile, open_warc
from archive.warc.revisits import is_original, may_refer
from archive.warc.validators import Strength, condition_of

#: WARC files kept open
_FILES = 8
#: records that are read and do not fit, before a payload is stored once more
_MISFITS = 4


class Originals:
    """Looks originals up in the database, whose rows are there only once their bytes are on the medium; the record
    itself is read before anything refers to it. Threads may share it."""

    def __init__(self, archive: Archive, site: str, *, any_url: bool = False) -> None:
        self._archive, self._site, self._any_url = archive, site, any_url
        self._db: sqlite3.Connection | None = None
        self._files: OrderedDict[str, WarcFile] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, exchange: Exchange) -> Original | None:
        """Never raises: what cannot be looked up is stored once more."""
        if not may_refer(exchange) or exchange.payload_digest is None:
            return None
        url = None if self._any_url else exchange.url
        with self._lock:
            there = (self._read(place) for place in self._holders(exchange.payload_digest, url))
            for record in islice((record for record in there if record is not None), _MISFITS):
                if record.url and is_original(record, exchange):
                    return Original(record.id, record.url, record.date)
        return None

    def at(self, place: Place, exchange: Exchange) -> Original | None:
        """The record at *place*, when it can stand behind *exchange*, whose payload it is known to hold."""
        with self._lock:
            record = self._read(place)
        if record is None or not record.url or not may_refer(exchange) or not is_original(record, exchange):
            return None
        return Original(record.id, record.url, record.date)

    def validator(self, url: str, strength: Strength) -> Validator | None:
        """What to ask by whether *url* still gives what the last whole record of it holds; None where there is no such
        record, it cannot be read or is not what its digest says, or has no validator of that strength. Never raises:
        what cannot be looked up is fetched in full."""
        with self._lock:
            try:
                place = latest_whole(db, self._site, fields.url(url)) if (db := self._database()) else None
            except sqlite3.Error:
                return None
            record = self._read(place) if place else None
            return _validator(record, strength) if record and record.url == fields.url(url) else None

    def _database(self) -> sqlite3.Connection | None:
        # The reader of a first crawl makes it soon.
        if self._db is None and self._archive.database.exists():
            try:
                self._db = open_read_only(self._archive.database, threads=True).conn
            except (sqlite3.Error, NotAnArchive):
                return None
        return self._db

    def _holders(self, digest: str, url: str | None) -> list[Place]:
        try:
            return holders(db, self._site, digest, url=url) if (db := self._database()) else []
        except sqlite3.Error:
            return []

    def _read(self, place: Place) -> Record | None:
        try:
            if place.file not in self._files:
                self._files[place.file] = open_warc(self._archive.warcs, place.file)
            self._files.move_to_end(place.file)
            return self._files[place.file].read(place.offset, place.length)
        except (OSError, Damaged):
            return None
        finally:
            while len(self._files) > _FILES:
                self._files.popitem(last=False)[1].close()

    def close(self) -> None:
        """Nothing is found any more."""
        with self._lock:
            for file in self._files.values():
                file.close()
            self._files.clear()
            if self._db is not None:
                self._db.close()


def _validator(record: Record, strength: Strength) -> Validator | None:
    """The payload is read first: nobody could tell afterwards what a 304 stood for."""
    if record.type != "response" or record.field("WARC-Truncated"):
        return None
    try:
        response = warc_http.parse_response(record.block)
    except BadHttp:
        return None
    condition = condition_of(response, strength)
    if condition is None:
        return None
    payload = warc_http.payload(record.block, response)
    declared = record.field("WARC-Payload-Digest")
    try:
        whole, digest = digests.same(declared, payload.chunks()) if declared else (True, None)
    except ValueError:
        return None
    if not whole or not payload.size:
        return None
    declared = declared or digest or digests.sha256_chunks(payload.chunks())
    return Validator(Original(record.id, record.url or "", record.date, declared), *condition, payload.size)
