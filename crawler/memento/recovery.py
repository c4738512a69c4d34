"""One recovery: what is asked of which archive, what comes of it, and what is in our archive already."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter, OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archive import times
from archive.dedup import Originals
from archive.exchange import Exchange, Original
from archive.layout import Archive
from archive.model import Place
from archive.store import open_read_only
from archive.store.originals import is_recovered, place_of
from archive.warc import fields
from crawler.attribution import Sites
from crawler.memento.address import Asked, Interface
from crawler.memento.frontier import MementoFrontier
from crawler.memento.listing import Listed, moment_of
from crawler.outcome import PROBLEMS, WRONG_USE, Outcome
from crawler.plan import CrawlPlan, default_headers

#: sites whose originals are looked up without opening the database again
_SITES = 16
#: examples that are shown of what was not asked for
EXAMPLES = 3


@dataclass(slots=True)
class RecoveryOutcome(Outcome):
    #: captures that another archive had, and ours has now; of these, revisits, and those of which its index says
    #: another digest
    recovered: int = 0
    revisits: int = 0
    differing: int = 0
    #: had from it before
    known: int = 0
    #: left out, because an earlier capture of the URL has the same digest
    collapsed: int = 0
    #: what came was not the capture that was asked for, or not as it was captured
    refused: int = 0
    #: captures that the archive lists, of what was asked
    found: int = 0
    #: of these, not asked for yet
    left: int = 0
    #: why something that was listed was not asked for: how often, and examples
    unasked: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    #: what answers is no archive
    no_archive: bool = False

    def note_unasked(self, why: str, what: str) -> None:
        self.unasked[why] += 1
        if len(shown := self.examples.setdefault(why, [])) < EXAMPLES:
            shown.append(what)

    def note_recovered(self, exchange: Exchange, *, is_revisit: bool) -> None:
        self.recovered += 1
        self.revisits += is_revisit
        self.differing += bool(exchange.source and exchange.source.other_digest)

    def note_left(self, frontier: MementoFrontier) -> None:
        self.found = frontier.count("memento")
        self.left = frontier.count("memento", "queued", "leased")

    @property
    def exit_code(self) -> int:
        if self.no_archive:
            return WRONG_USE
        code = Outcome.exit_code.fget(self)  # type: ignore[attr-defined]  # super() knows no class of a slotted copy
        return PROBLEMS if code == 0 and not self.found else int(code)

    def report(self) -> dict[str, Any]:
        names = ("recovered", "revisits", "differing", "known", "collapsed", "refused", "found", "left")
        said = {name: getattr(self, name) for name in names}
        report = Outcome.report(self)
        return {**report, "recovery": {**said, "not_asked": dict(self.unasked), "examples": self.examples}}


class Recovered:
    """What our archive holds of what another one lists."""

    def __init__(self, archive: Archive, address: str) -> None:
        parts = urlsplit(address)
        self._archive = archive
        self._from = f"{parts.scheme}://{parts.netloc}/"
        self._sites = Sites(archive)
        self._db = open_read_only(archive.database, threads=True).conn if archive.database.exists() else None
        self._originals: OrderedDict[str, Originals] = OrderedDict()
        self._lock = threading.Lock()

    def knows(self, listed: Listed) -> bool:
        """Whether that capture was had from that archive before."""
        at = moment_of(listed.at)
        if self._db is None or at is None:
            return False
        try:
            return is_recovered(self._db, fields.url(listed.url), times.seconds(at), self._from)
        except sqlite3.Error:  # it is asked for once more
            return False

    def place_of(self, record_id: str) -> Place | None:
        """Where a response lies that was written in an earlier run."""
        try:
            return place_of(self._db, record_id) if self._db is not None else None
        except sqlite3.Error:
            return None

    def original(self, exchange: Exchange, earlier: Place | None) -> Original | None:
        """The record that *exchange* need not repeat: of this recovery the one at *earlier*, or one that has its rows.
        May be called from any thread."""
        with self._lock:
            originals = self._of_site(self._sites.site_of(exchange.url))
            found = originals.at(earlier, exchange) if earlier else None
            return found or originals.of(exchange)

    def _of_site(self, site: str) -> Originals:
        if site not in self._originals:
            self._originals[site] = Originals(self._archive, site)
        self._originals.move_to_end(site)
        while len(self._originals) > _SITES:
            self._originals.popitem(last=False)[1].close()
        return self._originals[site]

    def close(self) -> None:
        for originals in self._originals.values():
            originals.close()
        if self._db is not None:
            self._db.close()


@dataclass(slots=True)
class MementoRecovery:
    plan: CrawlPlan
    frontier: MementoFrontier
    outcome: RecoveryOutcome
    recovered: Recovered
    #: of exchanges with that archive
    originals: Originals
    #: of the archive
    address: str
    interfaces: tuple[Interface, ...]
    asked: tuple[Asked, ...]
    limit: int | None = None
    collapse: bool = False
    #: where a dry run writes, which keeps nothing; else None
    away: Path | None = None

    @property
    def dry_run(self) -> bool:
        return self.away is not None

    def settings(self) -> dict[str, Any]:
        """Scrapy's, beside those of a crawl."""
        settings: dict[str, Any] = {
            "EXTENSIONS": {"crawler.capture.extension.CaptureExtension": 10},
            "DOWNLOADER_MIDDLEWARES": {"crawler.spiders.login.LoginMiddleware": None},
            # As it was captured, and not as the archive would pack it for the way.
            "DEFAULT_REQUEST_HEADERS": default_headers(self.plan) | {"Accept": "*/*", "Accept-Encoding": "identity"},
        }
        if self.away:
            settings |= {"WARC_DIR": str(self.away), "WARC_MANIFEST_ROOT": None}
        return settings


def host_and_port(url: str) -> str:
    """As they are written; nothing where nobody can tell."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""
