"""Which record an exchange may be a revisit of, through database and files: specs of WARC revisits, one by one."""

from __future__ import annotations

import gzip
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from archive.dedup import Originals
from archive.exchange import Exchange, Original, Validator
from archive.layout import Archive
from archive.store import Store
from archive.warc.writer import WarcWriter, Written
from crawler.files import ingest_file
from crawler.ingests import Ingests
from crawler.items import KINDS
from tests.archive.raw_records import record, write_warc
from tests.archive.warc_samples import CLOCK, HELLO, STARTED, exchange_of, sha256, unique_ids, warc_writer

SITE = "one"
HTML = b"<!doctype html><title>T</title><p>kept</p><a href=/below>x</a>"
TAGGED = b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: "1"\r\n\r\n' + HTML
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
PACKED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"hello", mtime=0)
NOT_PACKED = b"HTTP/1.1 200 OK\r\n\r\n" + gzip.compress(b"hello", mtime=0)
URL = "http://example.test/"


class Kept:
    """An archive whose crawls are written exchange by exchange."""

    def __init__(self, root: Path) -> None:
        self.archive = Archive.create(root)
        self._ids = unique_ids()
        self._crawls = 0

    def open_crawl(self, site: str = SITE) -> WarcWriter:
        self._crawls += 1
        info = {"software": "Bewaar", "isPartOf": f"{site}-2026010{self._crawls}030400000", "bewaar-site": site}
        # A file's name tells when it was begun.
        began = CLOCK + timedelta(days=self._crawls)
        return warc_writer(self.archive.warcs, new_id=self._ids, info=info, clock=lambda: began)

    def crawl(self, *exchanges: Exchange, site: str = SITE, commit: bool = True) -> tuple[Path, list[Written]]:
        """The file of one crawl; with *commit* its rows are in the database."""
        writer = self.open_crawl(site)
        written = [
            writer.write_exchange(replace(exchange, started_at=STARTED + timedelta(days=self._crawls)))
            for exchange in exchanges
        ]
        sealed = writer.seal()
        assert sealed
        path = self.archive.warcs / sealed.file
        if commit:
            self.commit(path)
        return path, written

    def commit(self, path: Path) -> None:
        store = Store(self.archive.database, KINDS, write_lock=self.archive.lock_database)
        try:
            ingests = Ingests(self.archive, store)
            ingest_file(ingests, path)
            ingests.derive()
        finally:
            store.close()

    def of(self, exchange: Exchange, *, any_url: bool = False) -> Original | None:
        originals = Originals(self.archive, SITE, any_url=any_url)
        try:
            return originals.of(exchange)
        finally:
            originals.close()

    def validator(self, url: str = URL) -> Validator | None:
        originals = Originals(self.archive, SITE)
        try:
            return originals.validator(url, "strong")
        finally:
            originals.close()


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "archive")


def test_the_first_of_several_is_referred_to(kept: Kept) -> None:
    _, (first,) = kept.crawl(exchange_of(HELLO))
    kept.crawl(exchange_of(HELLO))
    assert kept.of(exchange_of(HELLO)) == Original(first.record_id, URL, first.warc_date)


@pytest.mark.parametrize(
    ("then", "now", "fits"),
    [
        (CHUNKED, HELLO, False),
        (HELLO, CHUNKED, False),
        (CHUNKED, CHUNKED, True),
        (PACKED, NOT_PACKED, False),
        (NOT_PACKED, PACKED, False),
        (PACKED, PACKED, True),
    ],
    ids=["chunked then", "chunked now", "chunked both", "coded then", "coded now", "coded both"],
)
def test_framing_and_coding_agree_or_it_is_stored_in_full(kept: Kept, then: bytes, now: bytes, fits: bool) -> None:
    kept.crawl(exchange_of(then))
    assert exchange_of(then).payload_digest == exchange_of(now).payload_digest
    assert (kept.of(exchange_of(now)) is not None) is fits


def test_one_that_fits_is_found_behind_one_that_does_not(kept: Kept) -> None:
    kept.crawl(exchange_of(CHUNKED))
    _, (fitting,) = kept.crawl(exchange_of(HELLO))
    found = kept.of(exchange_of(HELLO))
    assert found
    assert found.record_id == fitting.record_id


def test_empty_bodies_never_refer(kept: Kept) -> None:
    empty = exchange_of(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    kept.crawl(empty)
    assert kept.of(empty) is None


def test_truncated_and_failed_originals_are_none(kept: Kept) -> None:
    kept.crawl(exchange_of(HELLO, truncated="disconnect", error="connection lost"))
    assert kept.of(exchange_of(HELLO)) is None


def test_what_is_not_committed_is_not_referred_to(kept: Kept) -> None:
    kept.crawl(exchange_of(b"HTTP/1.1 200 OK\r\n\r\nanother"))  # so that there is a database
    path, _ = kept.crawl(exchange_of(HELLO), commit=False)
    assert kept.of(exchange_of(HELLO)) is None
    kept.commit(path)
    assert kept.of(exchange_of(HELLO)) is not None


def test_a_revisit_is_never_an_original(kept: Kept) -> None:
    _, (first,) = kept.crawl(exchange_of(HELLO))
    original = kept.of(exchange_of(HELLO))
    writer = kept.open_crawl()
    writer.write_exchange(exchange_of(HELLO, started_at=STARTED + timedelta(days=2)), original)
    sealed = writer.seal()
    assert sealed
    kept.commit(kept.archive.warcs / sealed.file)
    found = kept.of(exchange_of(HELLO))
    assert found
    assert found.record_id == first.record_id


def test_other_urls_only_where_asked_and_other_sites_never(kept: Kept) -> None:
    kept.crawl(exchange_of(HELLO, url="http://example.test/other"))
    kept.crawl(exchange_of(HELLO), site="two")
    assert kept.of(exchange_of(HELLO)) is None
    found = kept.of(exchange_of(HELLO), any_url=True)
    assert found
    assert found.url == "http://example.test/other"


def test_originals_whose_files_went_away_are_passed_over_however_many(kept: Kept, tmp_path: Path) -> None:
    for _ in range(6):
        path, _ = kept.crawl(exchange_of(HELLO))
        path.rename(tmp_path / path.name)
    assert kept.of(exchange_of(HELLO)) is None
    _, (here,) = kept.crawl(exchange_of(HELLO))
    found = kept.of(exchange_of(HELLO))
    assert found
    assert found.record_id == here.record_id


# What is asked by, on a condition.


def test_a_validator_is_that_of_the_last_whole_response(kept: Kept) -> None:
    kept.crawl(exchange_of(TAGGED.replace(b'"1"', b'"0"')))
    _, (last,) = kept.crawl(exchange_of(TAGGED))
    original = Original(last.record_id, URL, last.warc_date, sha256(HTML))
    wanted = Validator(original, "If-None-Match", '"1"', len(HTML))
    assert kept.validator() == wanted
    assert kept.validator("http://example.test/other") is None
    for later in (
        exchange_of(TAGGED.replace(b'"1"', b'"2"'), truncated="disconnect", error="connection lost"),
        exchange_of(b'HTTP/1.1 404 Not Found\r\nETag: "3"\r\n\r\ngone'),
        exchange_of(b'HTTP/1.1 200 OK\r\nETag: "4"\r\n\r\n'),
        exchange_of(None, error="refused", request=b""),
    ):
        kept.crawl(later)
        assert kept.validator() == wanted


def test_a_last_response_without_validator_is_asked_for_in_full(kept: Kept) -> None:
    kept.crawl(exchange_of(TAGGED))
    kept.crawl(exchange_of(TAGGED.replace(b"ETag", b"X-Tag")))
    assert kept.validator() is None


def test_uncommitted_missing_and_other_sites_records_are_not_asked_by(kept: Kept, tmp_path: Path) -> None:
    assert kept.validator() is None
    kept.crawl(exchange_of(TAGGED), site="two")
    assert kept.validator() is None
    path, _ = kept.crawl(exchange_of(TAGGED), commit=False)
    assert kept.validator() is None
    kept.commit(path)
    assert kept.validator() is not None
    path.rename(tmp_path / "away.warc.gz")
    assert kept.validator() is None


def test_a_record_that_is_not_what_its_digest_says_is_not_asked_by(kept: Kept) -> None:
    date = "2026-01-03T03:04:05Z"
    info = record("warcinfo", None, f"isPartOf: {SITE}-20260103030400000\r\nbewaar-site: {SITE}\r\n".encode(),
                  **{"Content-Type": "application/warc-fields"})  # fmt: skip
    lies = record("response", URL, TAGGED, date=date, payload_digest=sha256(b"something else"))
    kept.commit(write_warc(kept.archive.warcs / f"{SITE}-20260103030400000-00000-h.warc.gz", info, lies))
    db = sqlite3.connect(kept.archive.database)
    assert db.execute("SELECT count(*) FROM capture WHERE status = 200").fetchone() == (1,)
    db.close()
    assert kept.validator() is None


# How others write a 304, and in which order files come.

OTHERS_304 = b'HTTP/1.1 304 Not Modified\r\nContent-Type: application/x-nonsense\r\nETag: "1"\r\n\r\n'
ORIGINAL_ID = "<urn:uuid:30000000-0000-4000-8000-000000000001>"


def others(number: int, *records: bytes) -> tuple[str, tuple[bytes, ...]]:
    info = record("warcinfo", None, f"isPartOf: {SITE}-2026010{number}030400000\r\nbewaar-site: {SITE}\r\n".encode(),
                  **{"Content-Type": "application/warc-fields"})  # fmt: skip
    return f"{SITE}-2026010{number}030400000-00000-h.warc.gz", (info, *records)


@pytest.mark.parametrize("block", [OTHERS_304, b""], ids=["its header section", "empty"])
@pytest.mark.parametrize("digest", [True, False], ids=["digest", "no digest"])
@pytest.mark.parametrize("page", [True, False], ids=["page", "picture"])
def test_a_304_of_others_shows_its_original_in_whichever_order_they_come(
    tmp_path: Path, block: bytes, digest: bool, page: bool
) -> None:
    http = TAGGED if page else TAGGED.replace(b"text/html", b"image/png")
    files = [
        others(1, record("response", URL, http, record_id=ORIGINAL_ID, date="2026-01-01T03:04:05Z")),
        others(2, record("revisit", URL, block, date="2026-01-02T03:04:05Z", refers_to=ORIGINAL_ID,
                         profile="http://netpreserve.org/warc/1.0/revisit/server-not-modified",
                         **({"payload_digest": sha256(HTML)} if digest else {}))),
    ]  # fmt: skip
    query = (
        "SELECT c.status, c.mime, c.page_key, c.redirect_to, v.digest, c.original_id IS NOT NULL FROM capture c"
        " LEFT JOIN page_version v ON v.id = c.page_version_id WHERE c.record_type = ?"
    )
    for name, order in (("forward", files), ("backward", files[::-1])):
        kept = Kept(tmp_path / name)
        for file, records in order:
            kept.commit(write_warc(kept.archive.warcs / file, *records))
        db = sqlite3.connect(kept.archive.database)
        (original,), (revisit,) = (db.execute(query, [kind]).fetchall() for kind in ("response", "revisit"))
        links = db.execute("SELECT count(*) FROM link").fetchone()
        db.close()
        assert revisit == (304, *original[1:5], 1), name
        assert original[4] is not None or not page
        assert links[0] >= page
