"""The frontier: every URL accepted and not yet fetched, on SQLite.

States of a URL in one crawl: ``queued``, ``leased`` (handed to the downloader), ``captured`` (its record is written),
``expanded`` (its links stand here too, set in the transaction that queues them), ``failed``, ``refused`` (with the
rule that refused it). A crawl stopped at any moment is picked up from these rows: what was leased is queued again,
what was captured and not expanded is read again from the WARC, without the network.

Scrapy's own disk queues survive only a clean stop (scrapy#7978: after SIGKILL the resumed crawl fetched nothing).
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from itertools import chain
from pathlib import Path
from urllib.parse import urlsplit

from archive.faults import database_faults
from archive.model import Link, Place
from crawler.leases import Leased
from crawler.scope import Verdict
from crawler.seen import seen_key
from crawler.standing import Standing

#: a URL, the hop it was found by, the path to the page it was found on, and that page
Judge = Callable[[str, str, str, str | None], Verdict]

#: rules that refuse a link for the page it stands on, or the way there: another may lead to it all the same
BY_WAY = frozenset(
    (
        "same-as-others",
        "template-chain",
        "endless-section",
        "numeric-grid",
        "calendar",
        "hops",
        "embed-hops",
        "redirect-hops",
        "sitemap-hops",
    )
)
#: URLs remembered in memory so that a link seen on every page costs no query; beyond it SQLite answers
KNOWN_LIMIT = 200_000
_PLAIN_HOST = re.compile(r"https?://([a-z0-9.-]+)(?::[0-9]+)?(?:[/?#]|$)")
#: rows in one statement; SQLite takes no more than 999 values everywhere
_INSERTED = 100
ATTEMPTS = 3
#: the rule of what was not asked for because its host had not answered for long
HOST_DOWN = "host-down"
#: worth asking again later (RFC 9110, 15.5.9 and 15.6; RFC 6585; 522 and 524 are a CDN's for an origin that is down)
RETRIED = frozenset({408, 429, 500, 502, 503, 504, 522, 524})
#: why an answer is short that may be whole the next time (WARC-Truncated); it may have been our own end that cut it off
CUT_OFF = frozenset({"disconnect", "time", "unspecified"})
#: hold nothing of what was asked for; to a request on a condition they may be an answer
UNANSWERED = frozenset({304, 412})

SCHEMA = """
CREATE TABLE IF NOT EXISTS crawl (
  id TEXT PRIMARY KEY, started_at TEXT NOT NULL, finished INTEGER NOT NULL DEFAULT 0, asked TEXT NOT NULL DEFAULT '',
  given TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS url (
  id INTEGER PRIMARY KEY, seen TEXT NOT NULL UNIQUE, url TEXT NOT NULL, via TEXT, hops TEXT NOT NULL,
  host TEXT NOT NULL, state TEXT NOT NULL, priority INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, not_before REAL NOT NULL DEFAULT 0,
  rule TEXT, file TEXT, "offset" INTEGER, length INTEGER) STRICT;
CREATE INDEX IF NOT EXISTS queue ON url(host, priority, id) WHERE state = 'queued';
DROP INDEX IF EXISTS state;
"""


def host_of(url: str) -> str:
    """The host that is asked for *url*, as Scrapy names it."""
    if plain := _PLAIN_HOST.match(url):
        return plain[1]
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _row(url: str, via: str | None, hops: str, verdict: Verdict) -> tuple[object, ...]:
    state = "queued" if verdict.accepted else "refused"
    return seen_key(url), url, via, hops, host_of(url), state, priority_of(hops, verdict.wait), verdict.rule


@lru_cache(maxsize=_INSERTED)
def _insertion(rows: int) -> str:
    # A URL refused on one path may be accepted on another: a link out of scope that is also a requisite.
    return (
        "INSERT INTO url (seen, url, via, hops, host, state, priority, rule) "
        f"VALUES {', '.join(['(?,?,?,?,?,?,?,?)'] * rows)} "
        "ON CONFLICT (seen) DO UPDATE SET state = excluded.state, via = excluded.via, hops = excluded.hops, "
        "priority = excluded.priority, rule = excluded.rule "
        "WHERE url.state = 'refused' AND excluded.state = 'queued' RETURNING host, state"
    )


def priority_of(hops: str, wait: int = 0) -> int:
    """Breadth first, *wait* being as much as so many links; sitemaps before pages, and a page's requisites before the
    pages as many hops away as itself."""
    away = sum(hop in "LR" for hop in hops) + wait
    if hops.endswith("E"):
        return 2 * away - 1
    return 2 * away - (2 if hops.endswith("M") else 0)


class Frontier(Standing):
    """The rows of one crawl."""

    schema = SCHEMA

    def __init__(self, path: Path) -> None:
        """Raises ArchiveFault."""
        #: links refused since it was opened, each once
        self.refused = 0
        self._known: set[tuple[str, bool]] = set()
        super().__init__(path)

    def _renew(self) -> None:
        """Bring the rows of an unfinished crawl that an older version began up to date."""
        crawl = [column for _, column, *_ in self._db.execute("PRAGMA table_info(crawl)")]
        for column in ("asked", "given"):
            if crawl and column not in crawl:
                self._db.execute(f"ALTER TABLE crawl ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
        columns = [column for _, column, *_ in self._db.execute("PRAGMA table_info(url)")]
        if columns and "host" not in columns:
            self._db.create_function("host_of", 1, host_of, deterministic=True)
            self._db.executescript(
                "BEGIN; ALTER TABLE url ADD COLUMN host TEXT NOT NULL DEFAULT ''; UPDATE url SET host = host_of(url);"
                "DROP INDEX queue; COMMIT"
            )

    def _recount(self) -> None:
        #: rows queued, by host; the host that was handed out longest ago comes first
        self._queued = Counter(
            dict(self._db.execute("SELECT host, count(*) FROM url WHERE state = 'queued' GROUP BY host"))
        )

    def begin(self, crawl_id: str, started_at: str, asked: str = "", given: str = "") -> None:
        """*asked*: what it began with, so that another is not taken for it. *given*: for when it goes on (`Given`)."""
        insert = "INSERT INTO crawl (id, started_at, asked, given) VALUES (?, ?, ?, ?) "
        self._rows(
            f"{insert} ON CONFLICT (id) DO UPDATE SET given = excluded.given", (crawl_id, started_at, asked, given)
        )
        self.commit()

    def given(self, crawl_id: str) -> str:
        """What `begin` was given for the crawl."""
        return next((given for (given,) in self._rows("SELECT given FROM crawl WHERE id = ?", (crawl_id,))), "")

    def unfinished(self) -> tuple[str, str, str] | None:
        """(id, started_at, asked) of the crawl these rows belong to, unless it came to its end."""
        with database_faults(self.path):
            query = "SELECT id, started_at, asked FROM crawl WHERE NOT finished ORDER BY rowid DESC LIMIT 1"
            row = self._db.execute(query).fetchone()
        return (row[0], row[1], row[2]) if row else None

    def finish(self) -> None:
        self._rows("UPDATE crawl SET finished = 1")
        self.commit()

    def add(self, links: Iterable[Link], *, via: str | None, hops: str, judge: Judge) -> int:
        """Queue what is new and in scope; keep what is refused, with its rule. Returns how many were queued."""
        rows = []
        for link in links:
            # Requisites are judged otherwise than links: what was refused as one may be accepted as the other.
            known = (link.url, link.hop == "E")
            if known in self._known:
                continue
            verdict = judge(link.url, link.hop, hops, via)
            if len(self._known) < KNOWN_LIMIT and verdict.rule not in BY_WAY:
                self._known.add(known)
            rows.append(_row(link.url, via, hops + link.hop, verdict))
        return sum(self._insert(rows[at : at + _INSERTED]) for at in range(0, len(rows), _INSERTED))

    def add_seed(self, url: str) -> None:
        self._insert([_row(url, None, "", Verdict(accepted=True, rule="seed"))])

    def _insert(self, rows: list[tuple[object, ...]]) -> int:
        """In one statement, at half the cost of one for each."""
        new = self._rows(_insertion(len(rows)), list(chain(*rows)))
        queued = [host for host, state in new if state == "queued"]
        self._queued.update(queued)
        self.refused += len(new) - len(queued)
        return len(queued)

    def lease(self, limit: int, *, full: Collection[str] = ()) -> list[Leased]:
        """Hand out the next rows: hosts in turn, but for those that are *full*, and those of one host in order.
        Requisites only, once `pages_closed`."""
        found: list[Leased] = []
        hosts = [host for host in self._queued if host not in full]
        while hosts and len(found) < limit:
            share = -(-(limit - len(found)) // len(hosts))
            found += self._lease_of(hosts.pop(0), share)
        return found

    def _lease_of(self, host: str, limit: int) -> list[Leased]:
        only = "AND hops LIKE '%E'" if self.pages_closed else ""
        rows = self._rows(
            f"UPDATE url SET state = 'leased', attempts = attempts + 1 WHERE id IN (SELECT id FROM url "
            f"WHERE state = 'queued' AND host = ? AND not_before <= ? {only} ORDER BY priority, id LIMIT ?) "
            f"RETURNING id, url, via, hops, attempts, priority",
            (host, time.time(), limit),
        )
        rows.sort(key=lambda row: (row[5], row[0]))
        # It goes to the end of the line, or out of it.
        if left := self._queued.pop(host) - len(rows):
            self._queued[host] = left
        return [Leased(*row[:5]) for row in rows]

    def release(self, url_id: int, *, not_before: float = 0, asked: bool = True) -> None:
        """Queue it again; where it was not *asked* for, that was no attempt."""
        rows = self._rows(
            "UPDATE url SET state = 'queued', not_before = ?, attempts = attempts - ? WHERE id = ? RETURNING host",
            (not_before, not asked, url_id),
        )
        self._queued.update(host for (host,) in rows)

    def give_up(self, host: str) -> list[tuple[str, str]]:
        """Nothing that is queued of *host* is asked for any more: URL and hops of what that is."""
        self._queued.pop(host, None)
        return self._rows(
            "UPDATE url SET state = 'failed', rule = ? WHERE state = 'queued' AND host = ? RETURNING url, hops",
            (HOST_DOWN, host),
        )

    def captured(self, url_id: int, place: Place) -> None:
        self._rows(
            "UPDATE url SET state = 'captured', file = ?, \"offset\" = ?, length = ? WHERE id = ?",
            (place.file, place.offset, place.length, url_id),
        )

    def expanded(self, url_id: int) -> None:
        """Its links stand here too. A URL released meanwhile, to be fetched again, stays queued."""
        self._rows("UPDATE url SET state = 'expanded' WHERE id = ? AND state = 'captured'", (url_id,))

    def settle(self, url_id: int, state: str, rule: str | None = None) -> None:
        """Set the state a URL ends in without a capture: ``failed`` or ``refused``."""
        self._rows("UPDATE url SET state = ?, rule = coalesce(?, rule) WHERE id = ?", (state, rule, url_id))

    def pending(self) -> bool:
        if not self._queued:
            return False
        if not self.pages_closed:
            return True
        query = "SELECT 1 FROM url WHERE state = 'queued' AND hops LIKE '%E' LIMIT 1"
        return bool(self._rows(query))

    def left(self) -> int:
        """How many accepted URLs were never fetched."""
        return self._queued.total()

    def hosts(self) -> int:
        """Of how many hosts something is queued."""
        return len(self._queued)

    def reclaim(self) -> int:
        """After a stop: queue again what was leased and never captured."""
        found = self._rows("UPDATE url SET state = 'queued', attempts = 0 WHERE state = 'leased' RETURNING id")
        self._recount()
        self.commit()
        return len(found)

    def learn(self, url: str, via: str | None, hops: str, place: Place) -> None:
        """A WARC of this crawl holds *url*: rows that were not committed before a kill are made again from it."""
        self._rows(
            'INSERT INTO url (seen, url, via, hops, host, state, priority, file, "offset", length) '
            "VALUES (?,?,?,?,?,'captured',?,?,?,?) ON CONFLICT (seen) DO UPDATE SET state = 'captured', "
            'file = excluded.file, "offset" = excluded."offset", length = excluded.length '
            "WHERE url.state IN ('queued', 'leased', 'refused')",
            (seen_key(url), url, via, hops, host_of(url), priority_of(hops), place.file, place.offset, place.length),
        )

    def ask_for_lost(self, size_of: Callable[[str], int]) -> None:
        """Queue again what a WARC file does not hold any more: after a power cut these rows may be there and the bytes
        that were not flushed gone. *size_of* is 0 for a file that is gone."""
        for (file,) in self._rows("SELECT DISTINCT file FROM url WHERE state IN ('captured', 'expanded')"):
            if file is not None:
                self._rows(
                    "UPDATE url SET state = 'queued', attempts = 0, not_before = 0 "
                    "WHERE state IN ('captured', 'expanded') AND file = ? AND \"offset\" + length > ?",
                    (file, size_of(file)),
                )

    def ask_again(self, url: str, *, read: bool = False) -> None:
        """A WARC of this crawl holds an answer to *url* that is worth a retry, and the stop came before that. *read*:
        also where its links stand here; they are not all it has."""
        states = "('leased', 'captured', 'expanded')" if read else "('leased', 'captured')"
        self._rows(
            f"UPDATE url SET state = 'queued', attempts = 0 WHERE seen = ? AND state IN {states}", (seen_key(url),)
        )

    def let_in(self, url: str) -> bool:
        """Whether it is to be asked for, or was."""
        found = self.find(url)
        return found is not None and found[1] != "refused"
