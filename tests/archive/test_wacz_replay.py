"""A packed WACZ in ReplayWeb.page, in a browser: what revisits refer to is there, whichever form the index has.

ReplayWeb.page is AGPL: it is fetched by npm for this test, run, and never shipped.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile
import threading
import zlib
from collections.abc import Iterator
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from archive.layout import Archive
from archive.wacz import Wanted, pack
from tests.archive.raw_records import REVISIT_PROFILE, record, write_warc

REPLAYER = "replaywebpage@2.4.6"
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


@pytest.fixture(scope="module")
def replayer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of ReplayWeb.page's bundles."""
    missing = [program for program in ("npm", "chromium") if not shutil.which(program)]
    if missing and os.environ.get("CI") != "true":
        pytest.skip(f"needs {', '.join(missing)}")
    place = tmp_path_factory.mktemp("replayer")
    subprocess.run(["npm", "pack", "--silent", REPLAYER], check=True, cwd=place, capture_output=True, timeout=300)
    with tarfile.open(next(place.glob("*.tgz"))) as packed:
        packed.extractall(place, filter="data")
    return place / "package"


class Ranges(SimpleHTTPRequestHandler):
    """As SimpleHTTPRequestHandler, and answers Range, which a WACZ is read by."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        path = Path(self.translate_path(self.path))
        if not asked or not path.is_file():
            super().do_GET()
            return
        data = path.read_bytes()
        first, last = asked.groups()
        start = int(first) if first else max(0, len(data) - int(last))
        stop = min(int(last) + 1, len(data)) if first and last else len(data)
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(data)}")
        self.send_header("Content-Length", str(stop - start))
        self.send_header("Content-Type", "application/wacz")
        self.end_headers()
        self.wfile.write(data[start:stop])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site(tmp_path: Path, replayer: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address it is served at."""
    folder = tmp_path / "site"
    (folder / "replay").mkdir(parents=True)
    for name in ("ui.js", "sw.js"):
        shutil.copy(replayer / name, folder / "replay" / name)
    app = '<!doctype html><script src="ui.js"></script><replay-app-main></replay-app-main>'
    (folder / "replay" / "index.html").write_text(app)
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *given: Ranges(*given, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def replayed(site: tuple[Path, str], name: str) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    folder, base = site
    (folder / f"{name}.html").write_text(
        f'<!doctype html><script src="/replay/ui.js"></script><replay-web-page replayBase="/replay/"'
        f' source="{base}/{name}.wacz" url="http://one.test/" style="display: block; height: 600px"></replay-web-page>'
    )
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            page = browser.new_page()
            page.goto(f"{base}/{name}.html")
            for _ in range(120):
                page.wait_for_timeout(250)
                frame = next((frame for frame in page.frames if "mp_/http://one.test/" in frame.url), None)
                if frame:
                    frame.wait_for_load_state("load")
                    found: dict[str, Any] = frame.evaluate(LOOK)
                    return found
        finally:
            browser.close()
    pytest.fail("ReplayWeb.page did not open the package")


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
