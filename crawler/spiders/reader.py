"""The crawler's end of the reader: starts the process, tells it of every capture event, hands its answers on.

The reader may die, or be killed for taking too long over one event. That event becomes a problem row, a new reader is
started, and it is told again what the old one had not stored.
"""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from scrapy import Request, signals
from scrapy.utils.asyncio import create_looping_call

from archive.errors import ArchiveFault
from archive.model import Link
from archive.warc.writer import Sealed
from crawler.bounds import RECORD_TIMEOUT_S
from crawler.capture import signals as capture_signals
from crawler.capture.extension import CaptureExtension
from crawler.capture.signals import Captured
from crawler.sites.login import LOGGED_OUT
from crawler.spiders.closing import close_spider, closing_records
from crawler.spiders.process import ReaderProcess
from crawler.spiders.told import Answers, Told, Unstored

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from archive.dedup import Originals

log = logging.getLogger(__name__)

#: an event that ended this many readers is read no further: one may have been killed for reasons of its own
DEATHS = 2
#: a reader that cannot even start is not started for ever
STARTS = 20
#: how often the frontier commits and the reader is looked after
TICK_S = 0.5


class ReaderExtension:
    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._spider: Any = crawler.spider
        self._log_file = crawler.settings["LOG_FILE"]
        log_file = Path(self._log_file) if self._log_file else None
        self._process = ReaderProcess(cast("Any", self._spider).plan, log_file, self.heard, self.lost)
        #: the event every reader must see first: whose crawl this is, and its profile
        self._opening: list[Any] = []
        self._told = Unstored()
        self._answers = Answers()
        self._heard_at = time.monotonic()
        self._synced: tuple[str, int] | None = None
        self._sealed: set[str] = set()
        self._capture_closed: asyncio.Future[None] | None = None
        self._finished: asyncio.Future[dict[str, Any]] | None = None
        self._ready = False
        self._originals: Originals | None = None
        self._tick = create_looping_call(self._look_after)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        for handler, signal in (
            (extension.opened, signals.spider_opened),
            (extension.closed, signals.spider_closed),
            (extension.captured, capture_signals.captured),
            (extension.synced, capture_signals.synced),
            (extension.sealed, capture_signals.sealed),
            (extension.capture_closed, capture_signals.closed),
        ):
            crawler.signals.connect(handler, signal=signal)
        return extension

    @property
    def _capture(self) -> CaptureExtension:
        extension = self._crawler.get_extension(CaptureExtension)
        assert extension is not None
        return extension

    # What the crawl tells.

    async def opened(self) -> None:
        loop = asyncio.get_running_loop()
        self._capture_closed, self._finished = loop.create_future(), loop.create_future()
        self._start()
        plan, capture = self._spider.plan, self._capture
        capture.redactor = plan.redactor
        self._spider.frontier.on_fault = self._frontier_failed
        capture.closing_report = partial(closing_records, self._spider, self._crawler.settings["LOG_FILE"])
        self._begin_dedup(capture)
        url = f"metadata://bewaar/{plan.crawl_id}/profile.json"
        profile = capture.writer.write_metadata(url, plan.profile.to_json().encode(), "application/json")
        # The first event reaches from the warcinfo record that opens the file to here.
        self._opening = ["event", 0, profile.place.file, [(0, profile.spans[-1][1])]]
        self._tell(Told([*self._opening], profile.record_id))
        for leased, place in list(self._spider.frontier.unexpanded()):
            message = ["again", 0, place.file, [(place.offset, place.offset + place.length)]]
            self._tell(Told(message, f"again-{leased.id}", leased.url, leased.id, leased.hops, leased.attempts))
        self._process.flush()
        self._tick.start(TICK_S, now=False)

    def _begin_dedup(self, capture: CaptureExtension) -> None:
        plan = self._spider.plan
        dedup, conditional = plan.profile.dedup, plan.profile.conditional
        # In a first crawl every URL is new, but for what is asked for twice.
        if dedup == "any-url" or (dedup == "same-url" and plan.archive.database.exists()):
            from archive.dedup import Originals  # it brings the whole store

            self._originals = Originals(plan.archive, plan.site, any_url=dedup == "any-url")
            capture.find_original = self._originals.of
            if conditional != "off":
                capture.find_validator = partial(self._originals.validator, strength=conditional)

    def captured(self, captured: Captured, request: Request) -> None:
        outcome, url_id = self._spider.outcome, request.meta.get("url_id")
        outcome.captures += 1
        outcome.bytes += captured.bytes
        outcome.unchanged.note(captured.revisit, captured.spared_bytes)
        outcome.redactions += captured.redactions
        if url_id is not None and captured.status is not None:
            self._spider.frontier.captured(url_id, captured.place)
        message = ["event", 0, captured.place.file, captured.spans]
        meta = request.meta
        told = Told(message, captured.record_id, captured.url, url_id, str(meta.get("hops", "")))
        told.attempts, told.sessions = meta.get("attempts", 0), meta.get("sessions", {})
        self._tell(told)

    def synced(self, file: str, offset: int) -> None:
        self._synced = (file, offset)
        self._process.say("synced", file, offset)
        self._process.flush()

    def sealed(self, sealed: Sealed) -> None:
        if sealed.file not in self._sealed:
            self._sealed.add(sealed.file)
            self._process.say("sealed", sealed.file, sealed.sha256, sealed.size)

    async def answer(self, record_id: str) -> dict[str, Any]:
        """What the reader found in a capture: ``facts``, ``links``, ``problems``, ``page``."""
        if (answer := self._answers.take(record_id)) is not None:
            return answer
        if self._finished is None or self._finished.done():
            return {}
        waiting = self._answers.wait_for(record_id)
        self._process.flush()
        return await waiting

    def reading_again(self) -> bool:
        return any(told.message[0] == "again" and not told.answered for told in self._told)

    def capture_closed(self) -> None:
        if self._capture_closed and not self._capture_closed.done():
            self._capture_closed.set_result(None)

    async def closed(self) -> None:
        """The last of the crawl: the closing record is read, all rows are stored, the history is derived."""
        if self._tick.running:
            self._tick.stop()
        self._spider.frontier.commit()
        if self._capture_closed is None or self._finished is None:
            return  # it never opened
        await self._capture_closed
        capture = self._capture
        if self._originals is not None:
            # The reader closes the database; another connection would keep it from tidying up.
            self._originals.close()
        if record := capture.closing_record:
            message = ["event", 0, record.place.file, record.spans]
            self._tell(Told(message, record.record_id))
        for sealed in capture.sealed:
            self.sealed(sealed)
        self._process.say("finish")
        self._process.flush()
        outcome = self._spider.outcome
        outcome.counts = dict(await self._finished)
        for line, is_alert in outcome.counts.pop("drift", ()):
            outcome.note_drift(line, is_alert=is_alert)
            log.log(logging.WARNING if is_alert else logging.INFO, "%s: %s", "drift" if is_alert else "repaired", line)
        self._process.wait()

    # What the reader says.

    def heard(self, what: str, *said: Any) -> None:
        self._heard_at = time.monotonic()
        match (what, *said):
            case ("answer", int(n), dict(answer)):
                if told := self._told.find(n):
                    self._answered(told, answer)
            case ("stored", int(n)):
                self._told.stored(n)
            case ("finished", dict(counts)):
                if self._finished and not self._finished.done():
                    self._finished.set_result(counts)
            case ("ready", list(files)):
                self._ready = True
                for file in files:
                    log.info("rows of %s, left by an earlier crawl, are in the database now", file)
            case ("failed", str(message), bool(fault)):
                self._give_up(message, fault=fault)

    def lost(self) -> None:
        """The process ended; if its work was not done, another takes it up."""
        if self._finished and self._finished.done():
            return
        oldest = self._told.oldest()
        if oldest and oldest.url:
            oldest.deaths += 1
            log.warning("the reader ended at %s", oldest.url)
            if oldest.deaths >= DEATHS and oldest.message[0] == "event":
                oldest.message = ["skip", *oldest.message[1:]]
        if self._process.starts >= (STARTS if self._ready else 1):
            self._give_up(f"the reader cannot go on (ended {self._process.starts} x); see {self._log_file}")
            return
        self._start()
        self._process.say(*self._opening)
        for told in self._told:
            self._process.say(*told.message)
        if self._synced:
            self._process.say("synced", *self._synced)
        if self._capture_closed and self._capture_closed.done():
            self._sealed.clear()
            for sealed in self._capture.sealed:
                self.sealed(sealed)
            self._process.say("finish")
        self._process.flush()

    def _answered(self, told: Told, answer: dict[str, Any]) -> None:
        if told.answered:
            return  # told again to a second reader
        told.answered = True
        frontier, spider = self._spider.frontier, self._spider
        if links := [Link(url, hop, "") for url, hop in answer.get("links", ())]:
            judge = spider.admission.judge_of(answer.get("digest"), told.hops)
            frontier.add(links, via=told.url, hops=told.hops, judge=judge)
        if told.url_id is not None:
            frontier.expanded(told.url_id)
            spider.settled(told.url_id)
        if answer.get("page"):
            spider.outcome.pages += 1
            spider.admission.learn(told.url, answer.get("neighbours", {}))
        for what, detail in answer.get("problems", ()):
            if what == LOGGED_OUT and spider.ask_logged_in(told.url, told.url_id, told.attempts, told.sessions):
                continue
            spider.note_problem(told.url, what, detail)
        self._answers.give(told.record_id, answer)

    def _look_after(self) -> None:
        self._spider.frontier.commit()
        self._process.flush()
        # Rows whose time has come (a retry, a Retry-After) are asked for without waiting for the engine's own beat.
        engine = self._crawler.engine
        if engine._slot is not None:  # noqa: SLF001  # Scrapy has no public way to say "there is work"
            engine._slot.nextcall.schedule()  # noqa: SLF001
            if engine._slot.closing:  # noqa: SLF001
                self._spider.take_back("the crawl is ending")
            elif self._spider.opens_at():
                self._spider.take_back("the site may not be asked at this hour")
        oldest = self._told.oldest()
        if oldest is None:
            self._heard_at = time.monotonic()
        elif time.monotonic() - self._heard_at > RECORD_TIMEOUT_S and self._process.kill():
            log.warning("the reader has not answered for %.0f s and is ended", RECORD_TIMEOUT_S)
            self._heard_at = time.monotonic()
            oldest.deaths = DEATHS

    def _give_up(self, message: str, *, fault: bool = False) -> None:
        """The rows cannot be written (*fault*: the disk is why): the crawl stops. What is in the WARC is whole, and the
        next start reads it."""
        log.error("the reader failed: %s", message)
        outcome = self._spider.outcome
        if fault:
            outcome.fault = outcome.fault or message
        else:
            outcome.broken = outcome.broken or message
        self._answers.end()
        if self._finished and not self._finished.done():
            self._finished.set_result({})
        if not (self._capture_closed and self._capture_closed.done()):
            close_spider(self._crawler, "io_fault" if fault else "reader_failed")

    def _frontier_failed(self, fault: ArchiveFault) -> None:
        """What was kept is read and stored as ever; what the frontier lacks, the next start learns from the WARCs."""
        log.error("%s", fault)
        self._spider.outcome.fault = self._spider.outcome.fault or str(fault)
        close_spider(self._crawler, "io_fault")

    def _start(self) -> None:
        self._process.start()
        self._heard_at = time.monotonic()

    def _tell(self, told: Told) -> None:
        self._told.add(told)
        self._process.say(*told.message)
