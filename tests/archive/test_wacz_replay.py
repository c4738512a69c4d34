"""A packed WACZ in ReplayWeb.page, in a browser: what revisits refer to is there, whichever form the index has."""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from archive.layout import Archive
from archive.wacz import Wanted, pack
from tests.archive.raw_records import REVISIT_PROFILE, record, write_warc
from tests.replayers import chromium, open_in_replayweb, replayweb

LATE = "2026-02-01T00:00:00Z"
HTML = (
    b"<!doctype html><title>T</title><link rel=stylesheet href=/style.css><p id=p>kept</p><img src=/logo.png alt=logo>"
)
LOOK = """() => ({text: document.getElementById('p')?.innerText, width: document.images[0]?.naturalWidth,
  background: getComputedStyle(document.body).backgroundColor})"""


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\xff\0\0" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def http(mime: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (mime, len(body))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Two crawls; the page's requisites are revisits in the second."""
    requisites = {
        "http://one.test/logo.png": (b"image/png", png(37, 21)),
        "http://one.test/style.css": (b"text/css", b"body { background: rgb(1, 2, 3) }"),
    }
    archive = Archive.create(tmp_path / "archive")
    first, second = [], [record("response", "http://one.test/", http(b"text/html", HTML) + HTML, date=LATE)]
    for number, (url, (mime, body)) in enumerate(requisites.items(), 1):
        date, record_id = f"2026-01-01T00:00:0{number}Z", f"<urn:uuid:40000000-0000-4000-8000-00000000000{number}>"
        digest = f"sha256:{sha256(body).hexdigest()}"
        head = http(mime, body)
        first.append(record("response", url, head + body, record_id=record_id, date=date, payload_digest=digest))
        second.append(record("revisit", url, head, date=LATE, payload_digest=digest, profile=REVISIT_PROFILE,
                             refers_to=record_id, refers_to_target_uri=url, refers_to_date=date, truncated="length"))  # fmt: skip
    write_warc(archive.warcs / "first.warc.gz", *first)
    write_warc(archive.warcs / "second.warc.gz", *second)
    return archive


@pytest.fixture
def site(tmp_path: Path, replayweb_bundles: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address it is served at."""
    folder = tmp_path / "site"
    with replayweb(folder, replayweb_bundles) as base:
        yield folder, base


def replayed(site: tuple[Path, str], name: str) -> dict[str, Any]:
    folder, base = site
    with chromium() as browser:
        frame = open_in_replayweb(browser.new_page(), base, folder, name, "http://one.test/")
        found: dict[str, Any] = frame.evaluate(LOOK)
        return found


@pytest.mark.chromium
def test_a_package_replays_on_its_own(
    archive: Archive, site: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {"text": "kept", "width": 37, "background": "rgb(1, 2, 3)"}
    pack(archive, site[0] / "whole.wacz", Wanted(since=LATE))
    assert replayed(site, "whole") == whole
    # Without the originals it would not: what the test looks at is what packing adds.
    pack(archive, site[0] / "bare.wacz", Wanted(since=LATE, self_contained=False))
    assert replayed(site, "bare") == {"text": "kept", "width": 0, "background": "rgba(0, 0, 0, 0)"}
    monkeypatch.setattr(sys.modules[pack.__module__], "PLAIN_INDEX_BYTES", 10)
    monkeypatch.setattr(sys.modules[pack.__module__], "LINES_PER_BLOCK", 2)
    pack(archive, site[0] / "blocks.wacz", Wanted(since=LATE))
    assert replayed(site, "blocks") == whole
