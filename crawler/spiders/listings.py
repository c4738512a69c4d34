"""What another archive says it has: the interface it understands, and what its listings list. Nothing is believed that
was not asked for."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from itertools import islice

from scrapy import Request
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.threads import deferToThread

from archive import times
from archive.errors import BadHttp, Damaged
from archive.exchange import Exchange
from archive.model import Record
from archive.warc import http as warc_http
from crawler.memento.address import Asked, Interface, listing_url
from crawler.memento.frontier import Row
from crawler.memento.links import links_of_page
from crawler.memento.listing import Entry, Listed, More, NotAListing, Odd, ResumeKey, moment_of, read_listing
from crawler.memento.recovery import host_and_port
from crawler.spiders.recovering import RecoveringSpider

#: answers that say what there is, in one recovery: a TimeMap may go on for ever
MOST_LISTINGS = 20_000
#: captures that are taken in
MOST_LISTED = 20_000_000
#: entries in one transaction, between which the rest of the process has its turn
BATCH = 2_000


class Listings:
    def __init__(self, spider: RecoveringSpider) -> None:
        self._spider = spider
        self._recovery, self._frontier, self._outcome = spider.recovery, spider.frontier, spider.outcome
        said = self._frontier.said("interface")
        self.interface = Interface.from_json(said) if said else None
        self._listed = self._frontier.count("memento")
        self._asked = self._frontier.count("listing")

    def begin(self) -> None:
        if self.interface:
            self._ask_for_all(self.interface)
        else:
            self._probe(0)
        self._frontier.commit()

    def settle_on(self, interface: Interface) -> None:
        self.interface = interface
        self._frontier.say("interface", interface.as_json())

    def _probe(self, number: int) -> None:
        """Ask in one way after the other what there is of the first URL."""
        ways = self._recovery.interfaces
        if number >= len(ways):
            tried = "; ".join(self._frontier.said("tried") or [])
            self._outcome.no_archive = True
            self._spider.break_off(f"{self._recovery.address}: no archive that can be asked here: {tried}")
            return
        url = listing_url(ways[number], Asked(self._recovery.asked[0].url, "page"), limit=1)
        self._frontier.ask("probe", url, number, rank=number)

    async def take_probe(self, row: Row, request: Request, status: int) -> None:
        number = int(json.loads(row.about or "0"))
        interface = self._recovery.interfaces[number]
        try:
            async for _ in self._entries(interface, self._spider.record(request), request.url, status):
                pass
        except (NotAListing, BadHttp) as error:
            tried = self._frontier.said("tried") or []
            self._frontier.say("tried", [*tried, f"{request.url.partition('?')[0]}: {error}"])
            self._frontier.settle([row.id], "refused", "no listing")
            self._probe(number + 1)
            return
        self._spider.settle_when_synced(row, request)
        self.settle_on(interface)
        self._ask_for_all(interface)

    def _ask_for_all(self, interface: Interface) -> None:
        for asked in self._recovery.asked:
            self._asked += self._frontier.ask("listing", listing_url(interface, asked), asked.url)

    async def take_listing(self, row: Row, request: Request, status: int) -> None:
        assert self.interface is not None
        record, outcome = self._spider.record(request), self._outcome
        of = json.loads(row.about or "null")
        asked = next((each for each in self._recovery.asked if each.url == of), self._recovery.asked[0])
        odd = 0
        try:
            async for entries in self._entries(self.interface, record, request.url, status):
                for entry in entries:
                    odd += isinstance(entry, Odd)
                    self._take(asked, entry)
                self._frontier.commit()
        except (NotAListing, BadHttp) as error:
            self._frontier.settle([row.id], "failed", str(error))
            outcome.failed += 1
            outcome.problem(request.url, "no listing", str(error))
            return
        if record.type == "response" and record.field("WARC-Truncated"):
            outcome.problem(request.url, "a listing cut short", record.field("WARC-Truncated"))
        if odd:
            outcome.problem(request.url, "lines that list no capture", str(odd))
        self._spider.settle_when_synced(row, request)
        if self._recovery.collapse and not self._frontier.count("listing", "queued"):
            outcome.collapsed += self._frontier.collapse()

    async def _entries(self, interface: Interface, record: Record, url: str, status: int) -> AsyncIterator[list[Entry]]:
        """Raises NotAListing, BadHttp."""
        answer = warc_http.parse_response(record.block)
        kind = (warc_http.mime(answer) or "").lower()
        if status == 404 and interface.kind == "timemap" and ("link-format" in kind or "json" in kind):
            return  # RFC 7089, 4.2: there is none of that URL
        if status != 200:
            raise NotAListing(f"HTTP status {status}")
        payload = warc_http.payload(record.block, answer)
        try:
            body = payload.chunks()
            if answer.header("Content-Encoding"):
                body = iter([warc_http.body(payload, answer).data])
            found = read_listing(url, body)
            is_empty = True
            # In a thread: an answer may be of many megabytes.
            while entries := await maybe_deferred_to_future(deferToThread(lambda: list(islice(found, BATCH)))):
                is_empty = False
                yield entries
        except Damaged as error:
            raise NotAListing(str(error)) from error
        if is_empty and "html" in kind:
            raise NotAListing("an empty page")

    def _take(self, asked: Asked, entry: Entry) -> None:
        match entry:
            case Listed():
                self._take_listed(asked, entry)
            case ResumeKey(key):
                assert self.interface is not None
                self._go_on(listing_url(self.interface, asked, resume=key), asked)
            case More(url):
                self._go_on(url, asked)

    def _take_listed(self, asked: Asked, listed: Listed) -> None:
        outcome, at = self._outcome, moment_of(listed.at)
        if at is None or at > times.now():
            outcome.note_unasked("a date that cannot be", f"{listed.at[:40]} {listed.url[:200]}")
        elif not asked.includes(listed.url):
            outcome.note_unasked("another URL than was asked for", listed.url[:200])
        elif not asked.is_within(listed.at):
            outcome.note_unasked("outside the period", f"{listed.at} {listed.url[:200]}")
        elif listed.memento and host_and_port(listed.memento) != host_and_port(self._recovery.address):
            outcome.note_unasked("kept by another archive", listed.memento[:200])
        elif self._listed >= MOST_LISTED:
            outcome.note_unasked("past the most that are taken", listed.url[:200])
        else:
            known = self._recovery.recovered.knows(listed)
            if self._frontier.take(listed, "known" if known else "queued"):
                self._listed += 1
                outcome.known += known

    def _go_on(self, url: str, asked: Asked) -> None:
        if host_and_port(url) != host_and_port(self._recovery.address):
            self._outcome.problem(url, "a listing that another host is to go on with", "it is not asked")
        elif self._asked >= MOST_LISTINGS:
            self._outcome.problem(url, "a listing without end", f"{MOST_LISTINGS} answers were read")
        elif self._frontier.ask("listing", url, asked.url):
            self._asked += 1
        else:
            self._outcome.problem(url, "a listing that leads in a circle", None)

    def follow(self, exchange: Exchange) -> None:
        """Where an archive tells of one URL at a time, what a page leads to is asked for too."""
        interface = self.interface
        if interface is None or interface.kind != "timemap":
            return
        within = [each for each in self._recovery.asked if each.extent != "page" and each.includes(exchange.url)]
        for url in links_of_page(exchange) if within else ():
            asked = next((each for each in within if each.includes(url)), None)
            if asked and self._asked < MOST_LISTINGS:
                self._asked += self._frontier.ask("listing", f"{interface.base}{url}", asked.url)
