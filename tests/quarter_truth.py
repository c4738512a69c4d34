"""What the archive of the simulated quarter must hold: out of the replica's editions, and out of nothing of the archive's."""

from __future__ import annotations

import gzip
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit

from crawler.replica.editions import Edition, truth
from crawler.replica.pages import LEAVES
from crawler.replica.server import GZIP_FROM_BYTES
from crawler.replica.site import CAMPAIGN, answer
from tests.quarter import EDITION, SITES, WEEKS, url_of

#: by site: from which week on it stands how
STORY = {
    "campaign": {0: "as-it-was", 1: "one-more", 11: "one-less", 12: "back-again"},
    "mirror": {0: "as-it-was", 7: "redesign"},
    "network": {0: "as-it-was", 3: "outage", 4: "one-more", 8: "one-less"},
}


class Listed(NamedTuple):
    """A name in a list; first, last and gone are weeks."""

    value: str
    state: str
    first: int | None
    last: int | None
    gone: int | None


def edition_of(site: str, week: int) -> Edition:
    return EDITION[STORY[site][max(start for start in STORY[site] if start <= week)]]


def timeline(site: str, until: int) -> set[Listed]:
    """Of its members, as known at the end of a week."""
    said = {week: truth(edition_of(site, week)) for week in range(until + 1)}
    states = {week: one["states"]["member"] for week, one in said.items()}
    lists = {week: one["members"] for week, one in said.items() if states[week] == "found"}
    # An outage says nothing; a page without a list leaves open who is a member.
    looked = [week for week, state in states.items() if state != "failed"]
    open_state = "current" if states[looked[-1]] == "found" else "unknown"
    found: set[Listed] = set()
    for name in {name for names in lists.values() for name in names}:
        first: int | None = None
        last = None
        for week, names in lists.items():
            if name in names:
                first, last = week if first is None else first, week
            elif first is not None:
                found.add(Listed(name, "ended", first, last, week))
                first = None
        if first is not None:
            found.add(Listed(name, open_state, first, last, None))
    return found


def must_hold(site: str, week: int) -> set[str]:
    """URLs."""
    edition, origin = edition_of(site, week), "/".join(url_of(site).split("/")[:3])
    if edition.down:
        return {url_of(site)}
    pages = {f"{origin}{leaf.target()}" for leaf in LEAVES} if SITES[site].hops else set()
    return {url_of(site), *pages, *(f"{origin}/images/{logo.file}" for logo in edition.sponsors)}


def kept(site: str, week: int, url: str) -> tuple[int, str]:
    """Status, and the digest of the payload as it comes over the wire."""
    parts = urlsplit(url)
    host = CAMPAIGN if parts.hostname == SITES["mirror"].host else parts.hostname or ""
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    found = answer(edition_of(site, week), parts.scheme, host, target)
    body = found.body
    if found.gzip and len(body) >= GZIP_FROM_BYTES:
        body = gzip.compress(body, 6, mtime=0)
    return found.status, f"sha256:{sha256(body).hexdigest()}"


assert all(start < WEEKS for story in STORY.values() for start in story)
