"""A spider that asks another archive: the recovery it is of, the records that the answers become, and which questions
are settled by them."""

from __future__ import annotations

import dataclasses
import logging
from itertools import chain
from typing import Any

from scrapy import Request

from archive.errors import ArchiveFault, BadHttp
from archive.model import Place, Record
from archive.warc import http as warc_http
from archive.warc.blocks import hold
from archive.warc.reader import open_warc
from crawler.capture.signals import Captured
from crawler.memento.frontier import Row
from crawler.memento.recovery import MementoRecovery
from crawler.politeness.downloader import NotAsked
from crawler.spiders.closing import close_spider
from crawler.spiders.leasing import LeasingSpider

log = logging.getLogger(__name__)


class RecoveringSpider(LeasingSpider):
    def __init__(self, recovery: MementoRecovery) -> None:
        super().__init__()
        self.recovery = recovery
        self.plan, self.frontier, self.outcome = recovery.plan, recovery.frontier, recovery.outcome
        #: rows whose records are written, by the end of the last: done once that is on the medium
        self._unsynced: list[tuple[str, int, int]] = []

    def captured(self, captured: Captured) -> None:
        self.outcome.captures += 1
        self.outcome.bytes += captured.bytes
        self.outcome.unchanged.note(captured.revisit, captured.spared_bytes)

    def synced(self, file: str, offset: int) -> None:
        """What is on the medium is not asked for again."""
        done = [row_id for name, end, row_id in self._unsynced if (name, end) <= (file, offset)]
        self._unsynced = [each for each in self._unsynced if (each[0], each[1]) > (file, offset)]
        try:
            self.frontier.settle(done, "done")
            self.frontier.commit()
        except ArchiveFault as fault:
            self.capture.fail(fault)

    def sealed(self, sealed: Any) -> None:
        self.synced(sealed.file, sealed.size)

    def settle(self) -> None:
        """All files are sealed, whether or not Scrapy said so before it ended; or the last could not be."""
        if self.capture.fault:
            self.outcome.fault = str(self.capture.fault)
        for sealed in self.capture.sealed:
            self.synced(sealed.file, sealed.size)

    def settle_when_synced(self, row: Row, request: Request) -> None:
        captured: Captured = request.meta["captured"][-1]
        file, end = request.meta.get("end") or (captured.place.file, captured.spans[-1][1])
        self._unsynced.append((file, end, row.id))
        self._unsynced.sort()

    def record(self, request: Request) -> Record:
        """The answer, whole: what was not stored again stands in the record it refers to. Raises BadHttp."""
        captured: Captured = request.meta["captured"][-1]
        record = self._read(captured.place)
        if record.type != "revisit":
            return record
        place = self.recovery.recovered.place_of(record.field("WARC-Refers-To") or "")
        first = self._read(place) if place else None
        if first is None:
            raise BadHttp(f"{request.url}: the record that holds the answer cannot be found")
        rest = warc_http.parse_response(first.block).header_bytes
        return dataclasses.replace(record, block=hold(chain(record.block.chunks(), first.block.chunks(rest))))

    def _read(self, place: Place) -> Record:
        with open_warc(self.capture.limits.directory, place.file) as file:
            return file.read(place.offset, place.length)

    def fail(self, row: Row, url: str, why: str) -> None:
        log.info("failed: %s: %s", url, why)
        self.frontier.settle([row.id], "failed", why)
        self.outcome.failed += 1
        if row.kind == "probe":
            self.break_off(f"{self.recovery.address}: the archive does not answer: {why}")
        else:
            self.outcome.problem(url, "not had from the archive", why)

    def break_off(self, why: str) -> None:
        if self.outcome.broken is None:
            self.outcome.broken = why
            log.error("%s", why)
            self.stop("broken")

    def stop(self, reason: str) -> None:
        self.downloader.drop_waiting(NotAsked("the recovery ends"))
        close_spider(self.crawler, reason)
