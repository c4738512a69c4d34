"""Crawls in a few words, for the tests of the store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive import digests
from archive.model import Capture, Crawl, Evidence, Fact, Link, PageText, Place, Reading, Section
from archive.store import Store
from archive.store.subjects import slug
from crawler.items import KINDS, Goal, Member, Sponsor

SITE = "example"
HOME = "http://example.test/"
#: another page, which shows what the home page has in its footer
FOOTER = "http://example.test/news"
START = datetime(2026, 1, 1, tzinfo=UTC)


def open_store(path: Path) -> Store:
    store = Store(path / "archive.db", KINDS)
    store.write_site(SITE, name="Example", home=HOME)
    return store


def crawl(day: int, site: str = SITE) -> Crawl:
    at = START + timedelta(days=day)
    return Crawl(
        id=f"{site}-{at:%Y%m%d%H%M%S}000",
        site=site,
        started_at=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        finished_at=(at + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        status="finished",
        software="bewaar test",
    )


def day(number: int, second: int = 0) -> str:
    """``captured_at`` of the captures that `reading` makes on that day."""
    return (START + timedelta(days=number, seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")


def member(name: str, position: int = 0, **more) -> Member:
    return _fact(Member, name, position, **{"organisation": slug(name)} | more)


def goal(text: str, position: int = 0, **more) -> Goal:
    return _fact(Goal, text, position, kind="goal", **more)


def sponsor(name: str, position: int = 0, **more) -> Sponsor:
    return _fact(Sponsor, name, position, **{"organisation": slug(name) or None} | more)


def _fact(of: type[Fact], value: str, position: int, **more) -> Fact:
    evidence = Evidence(quote=value, byte_start=position, byte_end=position + len(value), xpath="/html/body")
    return of(raw=value, value=value, position=position, rule="test", evidence=evidence, **more)


def found(role: str, facts: Iterable[Fact]) -> Section:
    """A section with these facts in this order; without facts it is ``empty``."""
    ordered = tuple(replace(fact, position=position) for position, fact in enumerate(facts))
    return Section(role, "found" if ordered else "empty", ordered)


def members(*names: str) -> Section:
    return found("member", [member(name) for name in names])


def goals(*texts: str) -> Section:
    return found("goal", [goal(text) for text in texts])


def absent(role: str) -> Section:
    return Section(role, "absent")


def reading(
    number: int,
    *sections: Section,
    url: str = HOME,
    key: str | None = "home",
    second: int = 0,
    status: int | None = 200,
    text: str | None = "Text",
    links: Sequence[Link] = (),
    mime: str | None = "text/html",
    payload: str | bytes | None = None,
    record_id: str | None = None,
    hops: str | None = "",
    site: str = SITE,
    **more,
) -> Reading:
    """One record of the crawl of day *number*; its place follows from the day and the second."""
    failed = status is None
    at = START + timedelta(days=number, seconds=second)
    payload = payload if payload is not None else f"{url} {text}"
    payload = payload.encode() if isinstance(payload, str) else payload
    whole = status is not None and 200 <= status < 300
    capture = Capture(
        record_id=record_id or f"<urn:uuid:00000000-0000-4000-8000-{number:06d}{second:06d}>",
        type="failure" if failed else "response",
        url=url,
        urlkey=url.removeprefix("http://"),
        warc_date=at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        status=status,
        mime=mime,
        place=Place(f"{site}-{number}.warc.gz", second * 1000, 900),
        page_key=key,
        payload_digest=None if failed else digests.sha256(payload),
        payload_bytes=len(payload),
        hops=hops,
    )
    page = None
    if text is not None and whole and mime == "text/html":
        page = PageText(title="Title", text=text, lang="nl", digest=digests.sha256(text.encode()))
    return Reading(replace(capture, **more), page, tuple(sections), tuple(links))


def image(number: int, url: str, payload: str | bytes, **more) -> Reading:
    usual = {"mime": "image/png", "second": 30}
    return reading(number, url=url, key=None, text=None, payload=payload, **usual | more)


def write(store: Store, number: int, *readings: Reading, site: str = SITE) -> str:
    """Write one day's crawl; its id."""
    of = crawl(number, site)
    store.write_crawl(of)
    store.write_readings(of.id, readings)
    return of.id


def rows(store: Store, sql: str, *values: object) -> list[tuple]:
    return store.db.conn.execute(sql, values).fetchall()


def changes(store: Store) -> list[tuple]:
    return rows(
        store, "SELECT kind, role, coalesce(after, before, subject), changed_after, changed_by FROM change ORDER BY id"
    )


def spans(store: Store, role: str = "member") -> list[tuple]:
    """Presences as (value, state, absent_before, first_seen, last_seen, gone_by); the bounds as numbers of days."""

    def number(at: str | None) -> int | None:
        return (datetime.fromisoformat(at) - START).days if at else None

    found_rows = rows(
        store,
        "SELECT value, state, absent_before, first_seen, last_seen, gone_by FROM presence WHERE role = ?"
        " ORDER BY value, first_seen",
        role,
    )
    return [(value, state, *map(number, bounds)) for value, state, *bounds in found_rows]


def derive(store, *anchors):
    return store.derive("example", anchors=anchors)
