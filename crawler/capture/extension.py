"""The Scrapy extension that owns the WARC writer: opens it before the first request, syncs in batches, closes it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

from scrapy import Request
from scrapy import signals as scrapy_signals
from scrapy.crawler import Crawler
from scrapy.utils.defer import deferred_from_coro, maybe_deferred_to_future
from twisted.internet.threads import deferToThread

from archive.errors import ArchiveFault, DiskFull, WrongUse
from archive.exchange import Exchange, Original, Validator
from archive.manifest import add_to_manifest
from archive.warc.validators import is_not_modified
from archive.warc.writer import Sealed, WarcWriter, Written
from crawler.capture import signals
from crawler.capture.attempts import Attempts
from crawler.capture.recording import Limits
from crawler.capture.redaction import Redactor
from crawler.capture.signals import Captured
from crawler.capture.spool import MEMORY_BYTES

logger = logging.getLogger(__name__)

#: how long a written exchange waits for its sync, and how many may wait
SYNC_AFTER_S = 0.5
SYNC_AFTER_EXCHANGES = 200

#: finds the record that an exchange may be a revisit of; called in any thread
FindOriginal = Callable[[Exchange], Original | None]
#: finds what to ask by whether a URL still gives what is kept; called in any thread
FindValidator = Callable[[str], Validator | None]
#: gives URL (``metadata://...``), block and content type of the crawl's last records
ClosingReport = Callable[[], Iterable[tuple[str, bytes, str]]]


class CaptureExtension:
    """Owns the writer. Settings (all but the first two have defaults):

    WARC_DIR, WARC_PREFIX   where the files go, and how their names begin
    WARC_INFO               fields of the warcinfo record
    WARC_MAX_BYTES          a file this large is sealed and the next one begun
    WARC_RESERVE_BYTES      disk space that is left free, so that the crawl can close
    WARC_LEVEL              gzip level, 0-3
    WARC_DIGEST             sha256 or sha1
    WARC_STRICT_FIELDS      leave out header fields that WARC 1.1 does not name
    WARC_MAX_RESPONSE_BYTES a response is cut behind this many bytes, and marked
    WARC_IDLE_S             an answer that hardly comes for so long is given up
    WARC_TOTAL_S            an answer that is not whole by then is cut, and marked
    WARC_MANIFEST_ROOT      directory whose manifest-sha256.txt names every sealed file; none without it
    WARC_FEED_BYTES         Scrapy is handed this much of a payload; the WARC has all of it
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        directory, prefix = settings.get("WARC_DIR"), settings.get("WARC_PREFIX")
        if not directory or not prefix:
            # Without a writer every exchange would be lost; NotConfigured would only switch this extension off.
            raise WrongUse("a crawl needs the settings WARC_DIR and WARC_PREFIX")
        if not Path(directory).is_dir():
            raise ArchiveFault(f"{directory}: not a directory")
        from twisted.internet import reactor

        # Typed as the module it is replaced by when it is installed.
        self._reactor: Any = reactor
        self._crawler = crawler
        self.limits = Limits(
            directory=Path(directory),
            feed_bytes=settings.getint("WARC_FEED_BYTES", 8 << 20),
            response_bytes=settings.getint("WARC_MAX_RESPONSE_BYTES", 256 << 20),
            idle_s=settings.getfloat("WARC_IDLE_S", 60),
            total_s=settings.getfloat("WARC_TOTAL_S", 1200),
        )
        #: what made the archive unwritable; nothing is fetched or written after it
        self.fault: ArchiveFault | None = None
        #: Scrapy's close reason, known when `closing_report` is called
        self.reason = ""
        self.closing_report: ClosingReport | None = None
        self.find_original: FindOriginal = lambda _: None
        #: None where no request is conditional
        self.find_validator: FindValidator | None = None
        #: masks what must not be kept; called in any thread
        self.redactor = Redactor()
        #: the last record that `closing_report` became
        self.closing_record: Written | None = None
        #: every file sealed so far
        self.sealed: list[Sealed] = []
        #: requests that were sent, or are about to be
        self.under_way: set[Attempts] = set()
        self._unsynced = 0
        self._syncing: Any = None
        self._timer: Any = None
        self._closed = False
        self.writer = WarcWriter(
            Path(directory),
            prefix,
            settings.getdict("WARC_INFO"),
            max_bytes=settings.getint("WARC_MAX_BYTES", 1_000_000_000),
            reserve_bytes=settings.getint("WARC_RESERVE_BYTES", 64 << 20),
            level=settings.getint("WARC_LEVEL", 2),
            digest=settings.get("WARC_DIGEST", "sha256"),
            strict_fields=settings.getbool("WARC_STRICT_FIELDS"),
            on_sealed=self._sealed_anywhere,
        )

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Raises ArchiveFault or WrongUse, which end the crawl before it has sent a request."""
        extension = cls(crawler)
        crawler.signals.connect(extension._spider_closed, scrapy_signals.spider_closed)
        return extension

    async def keep(self, exchange: Exchange, request: Request) -> Captured:
        """Write *exchange*; it is synced soon after. Raises ArchiveFault, and stops the crawl."""
        self.check()
        validator: Validator | None = request.meta.get("validator")
        original: Original | None
        try:
            if max(exchange.request.size, exchange.response.size if exchange.response else 0) > MEMORY_BYTES:
                written, exchange, original = await maybe_deferred_to_future(
                    deferToThread(self._write, exchange, validator)
                )
            else:
                written, exchange, original = self._write(exchange, validator)
        except (ArchiveFault, OSError) as error:
            raise self.fail(error) from error
        captured = Captured(
            record_id=written.record_id,
            place=written.place,
            spans=written.spans,
            warc_date=written.warc_date,
            url=exchange.url,
            status=exchange.status,
            truncated=exchange.truncated,
            error=exchange.error,
            bytes=exchange.response.size if exchange.response else 0,
            revisit=None if original is None else "not-modified" if exchange.status == 304 else "identical",
            spared_bytes=exchange.payload_bytes or (validator.payload_bytes if validator else 0) if original else 0,
            redactions=len(exchange.redactions),
        )
        self._unsynced += 1
        self._schedule_sync()
        self._crawler.signals.send_catch_log(signals.captured, captured=captured, request=request)
        return captured

    def _write(self, exchange: Exchange, validator: Validator | None) -> tuple[Written, Exchange, Original | None]:
        """What was written of *exchange*, and that, and what it was found to repeat."""
        redacted = self.redactor.redact(exchange)
        if validator is not None and is_not_modified(exchange, validator):
            original: Original | None = validator.original
        else:
            original = self.find_original(redacted)
        return self.writer.write_exchange(redacted, original), redacted, original

    def wrote_beside(self) -> None:
        """The writer was handed something else than an exchange of ours: it is synced soon, too."""
        self._unsynced += 1
        self._schedule_sync()

    def hurry(self) -> None:
        """A limit was met: no answer may take much longer. What comes until then is kept and marked."""
        for attempts in self.under_way:
            attempts.hurry()

    def check(self) -> None:
        """Raise what made the archive unwritable, so that nothing is fetched that cannot be kept."""
        if self.fault is not None:
            raise self.fault

    def fail(self, error: Exception) -> ArchiveFault:
        """Stop the crawl for *error*; the first one counts."""
        fault = error if isinstance(error, ArchiveFault) else ArchiveFault(str(error))
        if self.fault is None:
            self.fault = fault
            logger.error("%s", fault)
            engine = self._crawler.engine
            if engine.spider is not None and not self._closed:
                reason = "disk_full" if isinstance(fault, DiskFull) else "io_fault"
                deferred_from_coro(engine.close_spider_async(reason=reason)).addErrback(_already_closing)
        return self.fault

    def _schedule_sync(self) -> None:
        if self._syncing is not None:
            return
        if self._unsynced >= SYNC_AFTER_EXCHANGES:
            self._start_sync()
        elif self._timer is None:
            self._timer = self._reactor.callLater(SYNC_AFTER_S, self._start_sync)

    def _start_sync(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        if self._syncing is None and self._unsynced and self.fault is None:
            self._unsynced = 0
            self._syncing = deferToThread(self.writer.sync)
            self._syncing.addCallbacks(self._synced, self._not_synced)

    def _synced(self, mark: tuple[str, int]) -> None:
        self._syncing = None
        file, offset = mark
        self._crawler.signals.send_catch_log(signals.synced, file=file, offset=offset)
        if self._unsynced and not self._closed:
            self._schedule_sync()

    def _not_synced(self, failure: Any) -> None:
        self._syncing = None
        self.fail(failure.value)

    def _sealed_anywhere(self, sealed: Sealed) -> None:
        """Called by the writer, in whatever thread wrote, with its lock held."""
        self.sealed.append(sealed)
        if root := self._crawler.settings.get("WARC_MANIFEST_ROOT"):
            warcs = self.limits.directory.relative_to(root)
            add_to_manifest(Path(root), f"{warcs}/{sealed.file}", sealed.sha256)
        send = self._crawler.signals.send_catch_log
        self._reactor.callFromThread(send, signals.sealed, sealed=sealed)

    async def _spider_closed(self, reason: str) -> None:
        """Nothing is in flight any more. The closing record is written also after a fault: the writer keeps a reserve
        for it."""
        self._closed = True
        self.reason = reason
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        while self._syncing is not None:
            await maybe_deferred_to_future(deferToThread(lambda: None))
        try:
            try:
                if self.closing_report is not None:
                    for url, block, content_type in self.closing_report():
                        self.closing_record = self.writer.write_metadata(url, block, content_type)
            finally:
                await maybe_deferred_to_future(deferToThread(self.writer.seal))
        except (ArchiveFault, OSError) as error:
            self.closing_record = None  # who repairs the file says whether it came onto the disk
            self.fail(error)
        finally:
            self._crawler.signals.send_catch_log(signals.closed)


def _already_closing(failure: Any) -> None:
    # close_spider_async raises when the spider is being closed for another reason.
    logger.debug("not closed twice: %s", failure.value)
