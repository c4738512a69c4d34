"""A small archive for the tests of the browse plugin: real WARC files, real rows, and things that mean harm."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive import digests, urls
from archive.decoding import decode
from archive.exchange import Exchange
from archive.layout import Archive
from archive.manifest import add_to_manifest
from archive.model import Capture, Crawl, Evidence, Fact, Link, PageText, Problem, Reading, Section
from archive.quotes import locate
from archive.store import Store, payloads_in
from archive.store.decisions import append_decision
from archive.warc import http
from archive.warc.blocks import InMemory
from archive.warc.reader import read_records
from archive.warc.writer import WarcWriter, Written
from crawler.items import KINDS, Goal, Member, Sponsor
from crawler.replica.logos import draw

SITE = "netwerk"
HOST = "http://netwerk.test"
HOME = f"{HOST}/p/215/3232/netwerk"
EVIL = f"{HOST}/p/666/evil"
LOGOS = {"Stichting Lantaarn": "215/1000.png", "Ministerie van Zorg": "215/1001.png", "Plan Vooruit": "215/1002.jpg"}
#: says so when it runs; put in every place where archived bytes might be run
ATTACK = "document.title='EXECUTED';document.documentElement.dataset.executed='1'"
HOSTILE = "\"'><script>" + ATTACK + "</script><img src=x onerror=" + ATTACK + ">"

PAGE = """<!doctype html><html lang="nl"><head><title>{title}</title>
<link rel="stylesheet" href="/site.css"><style>h1 {{ color: rgb(1, 2, 3) }}</style>
<base href="/p/215/"><script>{attack}</script></head>
<body class="page" onload="{attack}"><h1>{title}</h1>
<p>Zo'n netwerk voor pleegzorg &amp; kinderen zonder thuis.</p>
<h2>Leden</h2><ul>{members}</ul><h2>Doelen</h2><ol>{goals}</ol><h2>Sponsors</h2><div>{logos}</div>
<p><a href="3233/nieuws">Nieuws</a> <a href="javascript:{attack}">klik</a> <a href="#top">boven</a></p>
<img src="/images/lazy.gif" data-src="/images/215/1004.png" onerror="{attack}" alt="lui">
<iframe src="javascript:{attack}"></iframe><form action="/zoek"><input name="q" onfocus="{attack}" autofocus></form>
<svg onload="{attack}"><script>{attack}</script></svg><object data="x.swf"></object>
<meta http-equiv="refresh" content="0;url=http://elders.test/"></body></html>"""


def page(title: str, members: list[str], goals: list[str], logos: dict[str, str]) -> bytes:
    return PAGE.format(
        title=title,
        attack=ATTACK,
        members="".join(f"<li>{name}</li>" for name in members),
        goals="".join(f"<li>{goal}</li>" for goal in goals),
        logos="".join(f'<img src="/images/{path}" alt="{name}">' for name, path in logos.items()),
    ).encode()


CSS = (
    b"h2 { background: url(images/achtergrond.png) } @import url(http://elders.test/x.css); </style><script>x</script>"
)
EVIL_HTML = f'<!doctype html><title>{HOSTILE}</title><script>{ATTACK}</script><body onload="{ATTACK}">kwaad'.encode()
EVIL_SVG = f'<svg xmlns="http://www.w3.org/2000/svg" onload="{ATTACK}"><script>{ATTACK}</script></svg>'.encode()
GIF_HTML = b"GIF89a/*" + EVIL_HTML


def response(body: bytes, mime: str, status: str = "200 OK", *extra: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Type: {mime}", f"Content-Length: {len(body)}", *extra]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


@dataclass
class Built:
    archive: Archive
    #: what a capture is called in the tests -> its UUID
    ids: dict[str, str] = field(default_factory=dict)
    captures: dict[str, Capture] = field(default_factory=dict)

    def path(self, name: str, view: str = "") -> str:
        return f"/-/capture/{self.ids[name]}{'/' + view if view else ''}"


class Building:
    """One crawl being written: exchanges first, then what was read off them."""

    def __init__(self, built: Built, store: Store, at: datetime) -> None:
        self.built, self.store, self.at = built, store, at
        stamp = at.strftime("%Y%m%d%H%M%S000")
        self.crawl = Crawl(
            id=f"{SITE}-{stamp}",
            site=SITE,
            started_at=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            finished_at=(at + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            status="finished",
            software="bewaar test",
        )
        self.writer = WarcWriter(
            built.archive.warcs,
            SITE,
            {"software": "test"},
            reserve_bytes=0,
            clock=lambda: at,
            new_id=iter(_ids(stamp)).__next__,
            hostname="test",
        )
        self.written: list[tuple[str, Written, str, tuple[Section, ...], str | None]] = []
        self.second = 0

    def add(self, name: str, url: str, block: bytes, *sections: Section, page_key: str | None = None) -> None:
        self.second += 1
        parsed = http.parse_response(block)
        exchange = Exchange(
            url=url,
            started_at=self.at + timedelta(seconds=self.second),
            request=InMemory(f"GET {url} HTTP/1.1\r\nHost: netwerk.test\r\n\r\n".encode()),
            response=InMemory(block),
            header_bytes=parsed.header_bytes,
            status=parsed.status,
            payload_digest=digests.sha256(block[parsed.header_bytes :]),
            payload_bytes=len(block) - parsed.header_bytes,
            hops="",
        )
        self.written.append((name, self.writer.write_exchange(exchange), url, sections, page_key))

    def fail(self, name: str, url: str, error: str) -> None:
        self.second += 1
        at = self.at + timedelta(seconds=self.second)
        exchange = Exchange(url=url, started_at=at, request=InMemory(b""), response=None, error=error)
        self.written.append((name, self.writer.write_exchange(exchange), url, (), None))

    def finish(self) -> None:
        sealed = self.writer.seal()
        self.store.write_crawl(self.crawl)
        records = {r.id: r for r in read_records(self.built.archive.warcs / sealed.file)}
        for name, written, url, sections, page_key in self.written:
            reading = self._read(records[written.record_id], url, sections, page_key)
            self.store.write_readings(self.crawl.id, [reading])
            self.built.ids[name] = written.record_id[len("<urn:uuid:") : -1]
            self.built.captures[name] = reading.capture
        self.store.seal_warc(sealed.file, sealed.sha256, sealed.size)
        archive = self.built.archive
        add_to_manifest(archive.root, f"{archive.warcs.name}/{sealed.file}", sealed.sha256.removeprefix("sha256:"))

    def _read(self, record, url: str, sections: tuple[Section, ...], page_key: str | None) -> Reading:
        base = Capture(
            record_id=record.id,
            type="failure",
            url=url,
            urlkey=urls.urlkey(url),
            warc_date=record.date,
            status=None,
            mime=None,
            place=record.place,
            hops="",
        )
        if record.type == "metadata":
            error = dict(line.split(": ", 1) for line in b"".join(record.block.chunks()).decode().splitlines())["error"]
            return Reading(replace(base, error=error), problems=(Problem("fetch failed", error),))
        found = http.parse_response(record.block)
        payload = b"".join(http.payload(record.block, found).chunks())
        capture = replace(
            base,
            type="response",
            status=found.status,
            mime=http.mime(found),
            page_key=page_key,
            payload_digest=digests.sha256(payload),
            payload_bytes=len(payload),
            declared_digest=record.field("WARC-Payload-Digest"),
        )
        if page_key is None:
            target = found.header("Location")
            return Reading(capture, links=(Link(target, "R", "location"),) if target else ())
        text, _ = decode(payload, found.header("Content-Type"))
        title = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
        readable = " ".join(re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL).split())
        readable = readable.replace("&amp;", "&")
        about = PageText(title[1] if title else None, readable, "nl", digests.sha256(readable.encode()))
        return Reading(capture, about, sections)


def _ids(stamp: str):
    number = 0
    while True:
        number += 1
        yield f"<urn:uuid:{hashlib.md5(f'{stamp} {number}'.encode(), usedforsecurity=False).hexdigest()}>"


def section(kind: type[Fact], body: bytes, values: list[str], **more) -> Section:
    """Facts of one kind with the place where each really stands."""
    facts = []
    for position, value in enumerate(values):
        place = locate(body, "utf-8", value)
        assert place, value
        extra = {name: of(value) for name, of in more.items()}
        evidence = Evidence(quote=value, byte_start=place[0], byte_end=place[1])
        facts.append(
            kind(raw=value, value=value, position=position, rule="labelled-list", evidence=evidence, kind=None, **extra)
        )
    return Section(kind.role, "found", tuple(facts))


def _key(name: str) -> str:
    return re.sub(r"[^a-z]+", "-", name.lower()).strip("-")


def _home(members: list[str], goals: list[str], logos: dict[str, str]) -> tuple[bytes, tuple[Section, ...]]:
    body = page("Netwerk Betere Zorg", members, goals, logos)
    sponsors = section(
        Sponsor,
        body,
        list(logos),
        organisation=_key,
        logo_url=lambda name: f"{HOST}/images/{logos[name]}",
        name_source=lambda _: "alt",
        beneficiary=lambda _: "netwerk",
    )
    return body, (section(Member, body, members, organisation=_key), section(Goal, body, goals), sponsors)


def build(root: Path) -> Built:
    """Two crawls, two years apart: a member and a sponsor more, a goal reworded; and a page that means harm."""
    built = Built(Archive.create(root, operator="Museum van het Web", contact="archief@museum.test"))
    with Store(built.archive.database, KINDS, write_lock=built.archive.lock_database) as store:
        store.write_site(SITE, name="Netwerk Betere Zorg", home=HOME, organisation="netwerk")
        first = Building(built, store, datetime(2016, 5, 1, 12, tzinfo=UTC))
        goals = ["Uitwisseling van kennis en ervaring", "Kinderen groeien op in een gezin"]
        logos = {name: LOGOS[name] for name in ("Stichting Lantaarn", "Ministerie van Zorg")}
        body, sections = _home(["Stichting Kinderpostzegels", "Wilde Ganzen", "Pleegzorg Nu"], goals, logos)
        cookie = ("Set-Cookie: visited=1; Path=/", "Content-Security-Policy: default-src *", "X-Robots-Tag: all")
        first.add(
            "home", HOME, response(body, "text/html; charset=utf-8", "200 OK", *cookie), *sections, page_key="home"
        )
        for name, path in logos.items():
            _logo(first, name, path)
        first.add("css", f"{HOST}/site.css", response(CSS, "text/css"))
        first.add("lazy", f"{HOST}/images/215/1004.png", response(draw("215/1004.png"), "image/png"))
        first.add("ground", f"{HOST}/images/achtergrond.png", response(draw("achtergrond.png"), "image/png"))
        first.add("moved", f"{HOST}/", response(b"", "text/html", "301 Moved Permanently", f"Location: {HOME}"))
        first.add(
            "evil", EVIL, response(EVIL_HTML, "text/html", "200 OK", f"X-Evil: {HOSTILE}"), page_key=f"evil {HOSTILE}"
        )
        first.add("svg", f"{HOST}/evil.svg", response(EVIL_SVG, "image/svg+xml"))
        first.add("liar", f"{HOST}/liar.png", response(EVIL_HTML, "image/png"))
        first.add("gif", f"{HOST}/gif.html", response(GIF_HTML, "text/html"))
        first.add("script", f"{HOST}/menu.js", response(ATTACK.encode(), "application/javascript"))
        first.add("pdf", f"{HOST}/jaarverslag.pdf", response(b"%PDF-1.4\n%%EOF", "application/pdf"))
        first.add("odd", f"{HOST}/{HOSTILE}", response(b"odd", f"text/plain; x={HOSTILE}"))
        first.add("gone", f"{HOST}/weg", response(b"<h1>404</h1>", "text/html", "404 Not Found"))
        first.fail("failed", f"{HOST}/traag", "timeout after 30 s")
        first.finish()

        second = Building(built, store, datetime(2018, 5, 1, 12, tzinfo=UTC))
        goals = ["Uitwisseling van kennis, ervaring en beleid", goals[1]]
        members = ["Stichting Kinderpostzegels", "Wilde Ganzen", "Pleegzorg Nu", "Huis van Jeugd"]
        body, sections = _home(members[:2] + members[3:], goals, LOGOS)
        second.add("home2", HOME, response(body, "text/html; charset=utf-8"), *sections, page_key="home")
        for name, path in LOGOS.items():
            _logo(second, f"{name} 2", path)
        second.finish()
        store.derive(SITE, anchors=["home"], read=payloads_in(built.archive.warcs))
    return built


def _logo(building: Building, name: str, path: str) -> None:
    mime = "image/jpeg" if path.endswith(".jpg") else "image/png"
    building.add(name, f"{HOST}/images/{path}", response(draw(path), mime))


def build_with_takedown(root: Path) -> Built:
    """What `build` makes, its annual report withheld."""
    built = build(root)
    decisions = built.archive.decisions / "decisions.jsonl"
    append_decision(
        decisions, who="Jo", action="takedown", scope=f"{HOST}/jaarverslag.pdf", why="privacy", decision_id="t"
    )
    return built
