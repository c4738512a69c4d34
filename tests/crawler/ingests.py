"""Others' files for the tests of `bewaar ingest`, and how databases are compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from archive.intake import Intake
from archive.layout import Archive
from archive.store import Store, open_read_only
from archive.store.compare import Dump, dump
from archive.store.places import sites_beside
from crawler.files import ingest_file
from crawler.ingests import Ingests
from crawler.items import KINDS
from crawler.rebuild import in_order
from tests.archive.raw_records import REVISIT_PROFILE, record

HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"


def page(*members: str, title: str = "Network") -> bytes:
    """A response block that lists *members*."""
    listed = "".join(f"<li>{name}</li>" for name in members)
    return HTML + f"<title>{title}</title><h2>Members</h2><ul>{listed}</ul>".encode()


def info(**fields: str) -> bytes:
    said = {"software": "SomeCrawler/1.0", "isPartOf": "daily", **fields}
    block = "".join(f"{name}: {value}\r\n" for name, value in said.items()).encode()
    return record("warcinfo", None, block, **{"Content-Type": "application/warc-fields"})


def revisit(url: str, of: str, digest: str, *, date: str, header: bytes = HTML) -> bytes:
    return record("revisit", url, header, date=date, refers_to=of, payload_digest=digest, profile=REVISIT_PROFILE)


def rows(root: Path) -> Dump:
    """Every row but the ids and times of events, which are of this archive alone."""
    with closing(open_read_only(root / "archive.db")) as db:
        found = dump(db.conn)
    found["event"] = sorted((row[2:] for row in found["event"]), key=repr)
    return found


def take(archive: Archive, paths: Iterable[Path], *, site: str | None = None) -> None:
    """What `bewaar ingest` does, in this process."""
    with Intake(archive) as intake:
        for path in paths:
            intake.take(path, how="copy", site=site)
    with Store(archive.database, KINDS, write_lock=archive.lock_database) as store:
        held = store.sealed_files()
        ingests = Ingests(archive, store)
        unread = [path for path in in_order(archive) if path.name not in held]
        for path in unread:
            ingest_file(ingests, path)
        ingests.second_look()
        store.load_decisions(archive.decisions)
        Ingests(archive, store).derive(sites_beside(store.db.conn, [path.name for path in unread]))


def events(root: Path) -> list[dict[str, str]]:
    lines = (root / "decisions" / "ingestions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def only(found: Sequence[Path]) -> Path:
    (one,) = found
    return one
