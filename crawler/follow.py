"""The reader as a process of its own: it follows the WARC file that a crawl is writing.

The crawler tells it, over a socket, where each new capture event lies; it reads the event from the file, answers with
its links and facts, and commits the rows once the crawler says how far the file is synced. It may be killed at any
moment: what was not acknowledged as stored is told again to the next one.

Messages are JSON arrays. They go in frames, JSON arrays of messages, each behind its length in four bytes, network
order; so that whoever has little to say wakes the other process seldom::

    crawler -> reader   ["event", n, file, [[offset, end], ...]]   ["skip", n, file, [[offset, end], ...]]
                        ["again", n, file, [[offset, end]]]: its links, and whether it was
                        answered as to nobody; its rows are there
                        ["synced", file, offset]   ["sealed", file, sha256, size]   ["finish"]
    reader -> crawler   ["ready", files]   ["answer", n, answer]   ["stored", n]   ["finished", counts]
                        ["failed", message, whether the disk is why]
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import socket
import struct
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from archive.errors import ArchiveFault, BewaarError
from archive.layout import Archive
from archive.model import Reading, Record
from archive.store import Store
from archive.warc.reader import WarcFile, open_warc
from crawler.bounds import bind_memory
from crawler.events import Event, events
from crawler.ingest import Ingest, derive_site
from crawler.ingests import Ingests
from crawler.items import KINDS
from crawler.neighbours import neighbours
from crawler.rebuild import catch_up
from crawler.sites.login import LOGGED_OUT

#: links the crawler was told already are not told again; they are stored all the same
TOLD_LIMIT = 200_000
LENGTH = struct.Struct("!I")


def send(channel: socket.socket, *messages: tuple[Any, ...]) -> None:
    data = json.dumps(messages, ensure_ascii=False, separators=(",", ":")).encode()
    channel.sendall(LENGTH.pack(len(data)) + data)


class Follower:
    def __init__(self, channel: socket.socket, archive: Archive, site: str, *, facts: bool) -> None:
        self._channel = channel
        self._archive = archive
        self._site = site
        self._store = Store(archive.database, KINDS, write_lock=archive.lock_database)
        # What was read is told before a body is looked into: if this process is ended there, that page was why.
        self._ingest = Ingest(self._store, facts=facts, live=True, before_body=self._flush, warcs=archive.warcs)
        self._files: dict[str, WarcFile] = {}
        #: the files that are spoken of, as they were opened; their names need not sort so, where a clock was set back
        self._opened: dict[str, int] = {}
        self._told: set[tuple[str, str]] = set()
        self._unsaid: list[tuple[Any, ...]] = []
        #: read and not yet stored: (number, file, end, reading)
        self._unstored: deque[tuple[int, str, int, Reading | None]] = deque()

    def run(self) -> None:
        left = catch_up(self._archive, self._store, self._site, alive=self._busy)
        self._say("ready", [done.file for done in left])
        self._flush()
        for message in self._messages():
            match message:
                case ["event", int(n), str(file), list(spans)]:
                    self._event(n, file, spans, skip=False)
                case ["again", int(n), str(file), list(spans)]:
                    self._again(n, file, spans)
                case ["skip", int(n), str(file), list(spans)]:
                    self._event(n, file, spans, skip=True)
                case ["synced", str(file), int(offset)]:
                    self._store_until(file, offset)
                case ["sealed", str(file), str(sha256), int(size)]:
                    self._store_until(file, size)
                    if file in self._files:
                        self._files.pop(file).close()
                    self._store.seal_warc(file, sha256, size)
                case ["finish"]:
                    self._say("finished", self._finish())
                    self._flush()
                    return

    def _busy(self) -> None:
        self._say("busy")
        self._flush()

    def _messages(self) -> Iterator[list[Any]]:
        with self._channel.makefile("rb") as stream:
            while len(head := stream.read(LENGTH.size)) == LENGTH.size:
                yield from json.loads(stream.read(LENGTH.unpack(head)[0]))
                self._flush()

    def _say(self, *message: Any) -> None:
        self._unsaid.append(message)

    def _flush(self) -> None:
        if self._unsaid:
            send(self._channel, *self._unsaid)
            self._unsaid.clear()

    def _event(self, n: int, file: str, spans: list[list[int]], *, skip: bool) -> None:
        reading = None
        self._place(file)
        for found in self._events(file, spans):
            if skip and isinstance(found, Event):
                reading = self._ingest.reader.skim(found)
            else:
                reading = self._ingest.take(found) or reading
        self._unstored.append((n, file, spans[-1][1], reading))
        self._say("answer", n, self._answer(reading) if reading else {})

    def _again(self, n: int, file: str, spans: list[list[int]]) -> None:
        readings = [self._ingest.reader.read(found) for found in self._events(file, spans) if isinstance(found, Event)]
        self._unstored.append((n, file, 0, None))
        answer = self._answer(readings[0]) if readings else {}
        # What else was wrong with it has its row, and was told.
        lost = [problem for problem in answer.get("problems", []) if problem[0] == LOGGED_OUT]
        self._say("answer", n, {"links": answer.get("links", []), "problems": lost})

    def _events(self, file: str, spans: list[list[int]]) -> Iterator[Event | Record]:
        if file not in self._files:
            self._files[file] = open_warc(self._archive.warcs, file)
        return events(record for offset, end in spans for record in self._files[file].span(offset, end))

    def _answer(self, reading: Reading) -> dict[str, Any]:
        capture = reading.capture
        links = []
        for link in reading.links:
            edge = (link.url, link.hop)
            if edge in self._told:
                continue
            if len(self._told) < TOLD_LIMIT:
                self._told.add(edge)
            links.append(edge)
        where = {"url": capture.url, "record_id": capture.record_id}
        answer = {
            "links": links,
            # What a server did not send again is the page it was.
            "page": capture.page_key is not None
            and (capture.status == 200 or (capture.status == 304 and capture.payload_digest is not None)),
            "digest": capture.payload_digest or capture.declared_digest if links else None,
            "neighbours": neighbours(capture.url, reading.links) if capture.page_key is not None else None,
            "facts": [
                {"role": section.role, **where, **asdict(fact)}
                for section in reading.sections
                for fact in section.facts
            ],
            "problems": [(problem.what, problem.detail) for problem in reading.problems],
        }
        return {name: said for name, said in answer.items() if said}

    def _store_until(self, file: str, offset: int) -> None:
        """Commit what lies before the synced mark: a row never points at bytes that are not on disk.

        An earlier file is sealed before the next is opened. What was read again has its rows.
        """
        batch = []
        last = None
        mark = (self._place(file), offset)
        while self._unstored:
            n, where, end, reading = self._unstored[0]
            if end and (self._place(where), end) > mark:
                break
            self._unstored.popleft()
            last = n
            if reading:
                batch.append(reading)
        self._ingest.write(batch)
        if last is not None:
            self._say("stored", last)

    def _place(self, file: str) -> int:
        return self._opened.setdefault(file, len(self._opened))

    def _finish(self) -> dict[str, Any]:
        crawl = self._ingest.reader.crawl
        if crawl and crawl.finished_at is None:
            # No closing record came: the writer met a fault.
            self._store.write_crawl(replace(crawl, status="interrupted"))
        self._store.load_decisions(self._archive.decisions)
        derived = self._ingest.derive()
        ingests = Ingests(self._archive, self._store)
        for site in derived.also if derived else ():
            derive_site(self._store, site, ingests.profile_of(site), self._archive.warcs)
        counts = asdict(self._store.counts())
        counts["drift"] = [(said.line, said.is_alert) for said in self._store.drift_of(crawl.id)] if crawl else []
        self._store.close()
        return counts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("descriptor", type=int)
    parser.add_argument("archive", type=Path)
    parser.add_argument("site")
    parser.add_argument("--no-extract", action="store_true")
    options = parser.parse_args()
    # Ctrl-C goes to the whole group; the crawler ends this process, after its last record.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    bind_memory()
    os.set_inheritable(options.descriptor, False)
    channel = socket.socket(fileno=options.descriptor)
    # What is loaded by now stays: the collector need not look at it every few pages.
    gc.freeze()
    try:
        Follower(channel, Archive.open(options.archive), options.site, facts=not options.no_extract).run()
    except (BewaarError, OSError) as error:
        send(channel, ("failed", str(error), isinstance(error, (ArchiveFault, OSError))))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
