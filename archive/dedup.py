"""What a crawl need not store again: for each exchange the record in this archive that already holds its payload."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict

from archive.errors import Damaged, NotAnArchive
from archive.layout import Archive
from archive.model import Exchange, Original, Place, Record
from archive.store import open_read_only
from archive.store.originals import holders
from archive.warc.reader import WarcFile, open_warc
from archive.warc.revisits import is_original, may_refer

#: WARC files kept open
_FILES = 8


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
            for place in self._holders(exchange.payload_digest, url):
                record = self._read(place)
                if record is not None and record.url and is_original(record, exchange):
                    return Original(record.id, record.url, record.date)
        return None

    def _holders(self, digest: str, url: str | None) -> list[Place]:
        try:
            if self._db is None:
                # The reader of a first crawl makes it soon.
                if not self._archive.database.exists():
                    return []
                self._db = open_read_only(self._archive.database, threads=True).conn
            return holders(self._db, self._site, digest, url=url)
        except (sqlite3.Error, NotAnArchive):
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
