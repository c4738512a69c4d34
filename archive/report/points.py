"""The two sides of a comparison: a crawl, or a moment by which the last capture of each page counts."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol, TypeVar

from archive import times
from archive.errors import WrongUse
from archive.store.moments import Moment

LATEST = "latest"
#: crawl ids that an error names
_NAMED = 3

_DATE = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Point:
    """One side, for one site."""

    #: as it was asked for
    given: str
    #: only what this crawl captured counts; None: the last of each page up to *at*
    crawl: str | None
    #: of a crawl when it began, of a date its last second
    at: str


class Dated(Protocol):
    @property
    def moment(self) -> Moment: ...


Of = TypeVar("Of", bound=Dated)


def standing(history: Mapping[str, Of], point: Point) -> Of | None:
    """What counts at *point*, out of what each crawl saw."""
    if point.crawl is not None:
        return history.get(point.crawl)
    by_then = (seen for seen in history.values() if seen.moment.at <= point.at)
    return max(by_then, key=lambda seen: seen.moment, default=None)


def around(history: Iterable[Of], point: Point) -> tuple[Of | None, Of | None]:
    """The last before *point* and the first after it, what counts at the point itself aside."""
    others = [seen for seen in history if seen.moment.crawl != point.crawl]
    before = (seen for seen in others if seen.moment.at <= point.at)
    after = (seen for seen in others if seen.moment.at > point.at)
    return (
        max(before, key=lambda seen: seen.moment, default=None),
        min(after, key=lambda seen: seen.moment, default=None),
    )


def read_points(connection: sqlite3.Connection, a: str, b: str, site: str | None) -> dict[str, tuple[Point, Point]]:
    """Both sides by site. Raises WrongUse for a crawl nobody knows, naming the nearest; for crawls of two sites; for a
    date by which nothing was captured.
    """
    sites = [row[0] for row in connection.execute("SELECT id FROM site ORDER BY id")]
    if site is not None and site not in sites:
        raise WrongUse(f"no site {site!a} in the database; there are: {', '.join(sites) or 'none'}")
    owners = {given: owner for given in (a, b) if (owner := _owner(connection, given)) is not None}
    if len(set(owners.values())) > 1:
        raise WrongUse(f"{a} is a crawl of {owners[a]}, {b} one of {owners[b]}: compare crawls of one site")
    owner = next(iter(owners.values()), None)
    if owner is not None and site not in (None, owner):
        raise WrongUse(f"{next(iter(owners))} is a crawl of {owner}, not of {site}")
    wanted = [found] if (found := site or owner) else sites
    points: dict[str, tuple[Point, Point]] = {}
    missing = []
    for name in wanted:
        both = _point(connection, a, name), _point(connection, b, name)
        if both[0] is not None and both[1] is not None:
            points[name] = both[0], both[1]
        else:
            missing.append(_nothing_by(connection, a if both[0] is None else b, name))
    if not points:
        raise WrongUse("; ".join(missing) or "nothing was captured yet")
    return points


def _owner(connection: sqlite3.Connection, given: str) -> str | None:
    """The site whose crawl *given* is; None where it is a date or ``latest``."""
    if given == LATEST or _is_time(given):
        return None
    found = connection.execute("SELECT site_id FROM crawl WHERE id = ?", (given,)).fetchone()
    if found is None:
        raise WrongUse(f"no crawl {given!a}{_nearest(connection, given)}")
    return str(found[0])


def _is_time(given: str) -> bool:
    if not _DATE.match(given):
        return False
    times.read_since(given)
    return True


def _nearest(connection: sqlite3.Connection, given: str) -> str:
    known = [row[0] for row in connection.execute("SELECT id FROM crawl ORDER BY started_at DESC, id")]
    near = get_close_matches(given, known, n=_NAMED, cutoff=0.5) or known[:_NAMED]
    return f"; the nearest: {', '.join(near)}" if near else ": nothing was crawled yet"


def _point(connection: sqlite3.Connection, given: str, site: str) -> Point | None:
    if given == LATEST:
        found = connection.execute(
            "SELECT id, started_at FROM crawl WHERE site_id = ? ORDER BY started_at DESC, id DESC LIMIT 1", (site,)
        ).fetchone()
        return Point(given, *found) if found else None
    if not _is_time(given):
        found = connection.execute("SELECT started_at FROM crawl WHERE id = ?", (given,)).fetchone()
        return Point(given, given, found[0])
    at = times.read_until(given)
    found = connection.execute(
        "SELECT 1 FROM crawl k JOIN capture c ON c.crawl_id = k.id WHERE k.site_id = ?"
        " AND c.captured_at BETWEEN ? AND ? LIMIT 1",
        (site, times.FIRST_CAPTURE, at),
    ).fetchone()
    return Point(given, None, at) if found else None


def _nothing_by(connection: sqlite3.Connection, given: str, site: str) -> str:
    first = connection.execute(
        "SELECT min(started_at) FROM crawl WHERE site_id = ? AND started_at >= ?", (site, times.FIRST_CAPTURE)
    ).fetchone()[0]
    return f"{site}: nothing was captured by {given}" + (f"; its first crawl began {first}" if first else "")
