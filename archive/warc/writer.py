"""Exchanges in, WARC/1.1 records out: one gzip member per record, files that rotate and are sealed.

The block of a ``response`` record is the HTTP message exactly as it came over the wire, and that of a ``request``
record exactly what was sent: status line, case and order of header fields, odd white space, chunk framing and
Content-Encoding included. Nothing here parses or renders HTTP.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path

from archive import times
from archive.errors import ArchiveFault, WrongUse
from archive.exchange import Exchange, Original
from archive.faults import fault
from archive.model import Place
from archive.warc import fields
from archive.warc.blocks import InMemory
from archive.warc.events import WARC_FIELDS, Algorithm, Draft, digest, draft_exchange, draft_metadata
from archive.warc.fields import Field
from archive.warc.ids import RecordIds
from archive.warc.limits import Limits
from archive.warc.members import Member, build_member
from archive.warc.segment import Sealed, Segment

__all__ = ["Sealed", "WarcWriter", "Written"]

#: A larger block is stored, not compressed: past `Limits.ratio_from_bytes` the reader takes a member that shrinks too
#: well for a bomb, and what we wrote we must read. The header and the line ends behind the block count there too.
STORE_FROM_BYTES = Limits().ratio_from_bytes - 2 * Limits().header_bytes


@dataclass(frozen=True, slots=True)
class Written:
    """Where the record that stands for an exchange lies: its response, or the metadata record of a failed fetch."""

    record_id: str
    place: Place
    #: WARC-Date verbatim
    warc_date: str
    #: what a reader of the event needs, from offset to offset: that record and the event's last, which tells about it;
    #: what was requested stands between them
    spans: tuple[tuple[int, int], ...]


def _check_readable(exchange: Exchange) -> None:
    limit = Limits().block_bytes
    for block in (exchange.request, exchange.response):
        if block is not None and block.size > limit:
            raise ArchiveFault(
                f"{fields.url(exchange.url)}: a block of {block.size} bytes; no more than {limit} can be read back"
            )


@dataclass(frozen=True, slots=True)
class _Event:
    """What all records of one event share."""

    url: str
    warc_date: str
    drafts: Sequence[Draft]
    #: whether it may use the reserve, because the crawl is closing
    closing: bool


class WarcWriter:
    """Writes the records of one crawl into *directory*. Every method may be called from any thread.

    An event (an exchange, or one `write_metadata`) is written whole or not at all, in one file, and ends with a
    ``metadata`` record: that is how recovery tells a whole event from a torn one. `Place.file` is the final name of
    the file, which carries ``.open`` after it until it is sealed.

    Raises DiskFull or ArchiveFault, and after a failed write or flush raises it again for every exchange. All that was
    written before is whole; `write_metadata` may then use the reserve, and `seal` works.
    """

    def __init__(
        self,
        directory: Path,
        prefix: str,
        info: Mapping[str, str],
        *,
        max_bytes: int = 1_000_000_000,
        digest: Algorithm = "sha256",
        strict_fields: bool = False,
        reserve_bytes: int = 64 << 20,
        level: int = 2,
        store_from_bytes: int = STORE_FROM_BYTES,
        clock: Callable[[], datetime] = times.now,
        new_id: Callable[[], str] | None = None,
        hostname: str | None = None,
        on_sealed: Callable[[Sealed], None] | None = None,
    ) -> None:
        """Opens the first file. *info* becomes the block of each file's warcinfo record; *strict_fields* leaves out
        header fields that WARC 1.1 does not name; blocks past *store_from_bytes* are not compressed; *on_sealed* is
        called after every seal with the writer's lock held: it must not wait for another thread that writes."""
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", prefix):
            raise WrongUse(f"{prefix!r} cannot begin the name of a WARC file")
        self._directory, self._prefix, self._info = directory, prefix, dict(info)
        self._max_bytes, self._reserve_bytes, self._level = max_bytes, reserve_bytes, level
        self._store_from_bytes = store_from_bytes
        self._algorithm, self._strict = digest, strict_fields
        self._clock, self._new_id, self._on_sealed = clock, new_id or RecordIds(), on_sealed
        self._host = re.sub(r"[^A-Za-z0-9.]+", "-", hostname or socket.gethostname()).strip("-.") or "localhost"
        self._lock = threading.RLock()
        self._serial = 0
        self._fault: ArchiveFault | None = None
        self._last = ("", 0)
        self._warcinfo_id = ""
        self._segment: Segment | None = self._open()

    def write_exchange(self, exchange: Exchange, original: Original | None = None) -> Written:
        """Write the records of *exchange*, as a revisit of *original* where there is one. They are on the medium after
        the next `sync` or `seal`, not before.

        Raises ArchiveFault for a block larger than the reader's limit, before a byte of it is written.
        """
        if self._fault:
            raise self._fault
        _check_readable(exchange)
        at = exchange.started_at.astimezone(UTC)
        date = times.seconds(at) if exchange.source else times.warc_date(at)
        drafts = draft_exchange(exchange, algorithm=self._algorithm, strict=self._strict, original=original)
        return self._write(_Event(fields.url(exchange.url), date, drafts, closing=False))

    def write_metadata(self, url: str, block: bytes, content_type: str) -> Written:
        """Write what belongs to the crawl and not to an exchange, on a ``metadata://`` URL. May use the reserve."""
        draft = draft_metadata(block, content_type, algorithm=self._algorithm)
        date = times.warc_date(self._clock().astimezone(UTC))
        return self._write(_Event(fields.url(url), date, [draft], closing=True))

    def sync(self) -> tuple[str, int]:
        """Flush to the medium. All of the named file before the offset is safe then, and so are all earlier files.

        Other threads may write meanwhile. Raises ArchiveFault: what was written since the sync before may be lost; the
        file then stays ``.open`` for recovery.
        """
        with self._lock:
            if self._segment is None:
                return self._last
            mark = self._segment.mark()
        try:
            return mark.flush()
        except ArchiveFault as error:
            self._fault = error
            raise

    def seal(self) -> Sealed | None:
        """Put the open file on the medium under its final name; None when no file is open. A later write opens the
        next file."""
        with self._lock:
            segment, self._segment = self._segment, None
            if segment is None:
                return None
            try:
                sealed = segment.seal()
            except ArchiveFault as error:
                self._fault = error
                raise
            self._last = (sealed.file, sealed.size)
            if self._on_sealed:
                self._on_sealed(sealed)
            return sealed

    def _write(self, event: _Event) -> Written:
        principal = next(n for n, draft in enumerate(event.drafts) if draft.principal)
        while True:
            segment, warcinfo_id = self._current(event)
            ids = [self._new_id() for _ in event.drafts]
            # Built outside the lock: while a large body is compressed, other threads write small ones.
            with self._members(event, ids, ids[principal], warcinfo_id) as members, self._lock:
                if segment is not self._segment:
                    continue  # rotated meanwhile: the records name the warcinfo of another file
                start = self._append(segment, members)
            ends = list(accumulate((member.size for member in members), initial=start))
            spans = tuple((ends[n], ends[n + 1]) for n in sorted({principal, len(members) - 1}))
            offset, end = spans[0]
            return Written(ids[principal], Place(segment.file, offset, end - offset), event.warc_date, spans)

    def _current(self, event: _Event) -> tuple[Segment, str]:
        """The segment the event goes to, and the id of its warcinfo record."""
        with self._lock:
            # What closes a crawl goes into the file that is there: on a full disk there is no room for another.
            if self._segment is not None and self._segment.size >= self._max_bytes and not event.closing:
                self.seal()
            if self._segment is None:
                self._segment = self._open()
            if not event.closing:
                self._segment.check_room()
            elif self._fault:
                self._segment.free_reserve()
            return self._segment, self._warcinfo_id

    def _append(self, segment: Segment, members: Sequence[Member]) -> int:
        try:
            return segment.append(members)
        except ArchiveFault as error:
            self._fault = error
            raise

    @contextmanager
    def _members(self, event: _Event, ids: Sequence[str], principal: str, warcinfo_id: str) -> Iterator[list[Member]]:
        members: list[Member] = []
        try:
            for draft, record_id in zip(event.drafts, ids, strict=True):
                header = [
                    ("WARC-Type", draft.type),
                    ("WARC-Record-ID", record_id),
                    ("WARC-Target-URI", event.url),
                    ("WARC-Date", event.warc_date),
                    *draft.connection,
                    *([] if draft.principal else [("WARC-Concurrent-To", principal)]),
                    ("WARC-Warcinfo-ID", warcinfo_id),
                    *draft.marks,
                ]
                members.append(self._member(header, draft.content_type, draft))
            yield members
        finally:
            for member in members:
                member.close()

    def _member(self, header: list[Field], content_type: str, draft: Draft) -> Member:
        level = 0 if draft.block.size > self._store_from_bytes else self._level
        try:
            return build_member(header, content_type, draft.block, level=level, beside=self._directory)
        except OSError as error:
            self._fault = fault(self._directory, error)
            raise self._fault from error

    def _open(self) -> Segment:
        """Begin the next file with its warcinfo record."""
        at = self._clock().astimezone(UTC)
        while True:
            stamp = times.digits17(at)
            file = f"{self._prefix}-{stamp}-{self._serial:05d}-{self._host}.warc.gz"
            self._serial += 1
            try:
                segment = Segment(self._directory, file, reserve_bytes=self._reserve_bytes)
                break
            except FileExistsError:
                continue  # another process began one in this millisecond; the next serial is free
        self._warcinfo_id = self._new_id()
        block = InMemory(fields.warc_fields(self._info.items()))
        header = [
            ("WARC-Type", "warcinfo"),
            ("WARC-Record-ID", self._warcinfo_id),
            ("WARC-Date", times.warc_date(at)),
            ("WARC-Filename", file),
            ("WARC-Block-Digest", digest(block, self._algorithm)),
        ]
        member = build_member(header, WARC_FIELDS, block, level=self._level, beside=self._directory)
        try:
            segment.append([member])
        except ArchiveFault:
            segment.discard()
            raise
        return segment
