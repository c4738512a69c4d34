"""What archived pages are looked at with, for tests: pywb as `bewaar replay` runs it, ReplayWeb.page from npm, and
Debian's Chromium. Both replay programs are run and never shipped: the one is GPL, the other AGPL."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.front_door import COMMAND, environment
from tests.machine import unavailable

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run", "--ignore-certificate-errors"]  # fmt: skip
#: host resolver rules of a browser that reaches nothing but this machine
NOWHERE = "MAP * ~NOTFOUND,EXCLUDE 127.0.0.1"
REPLAYER = "replaywebpage@2.4.6"


@contextmanager
def chromium(rules: str = NOWHERE) -> Iterator[Any]:
    """A headless browser whose names resolve by *rules*."""
    if not CHROMIUM.exists():
        unavailable("Debian's chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=[*FLAGS, f"--host-resolver-rules={rules}"]
        )
        try:
            yield browser
        finally:
            browser.close()


def set_up_pywb(place: Path) -> Path:
    """As an operator does."""
    done = subprocess.run(
        [*COMMAND, "replay", "--setup"],
        capture_output=True,
        text=True,
        env=environment() | {"BEWAAR_REPLAY_HOME": str(place)},
    )
    if done.returncode:
        unavailable(f"pywb could not be set up: {done.stderr.strip()}")
    return place


@contextmanager
def pywb(archive: Path, home: Path) -> Iterator[str]:
    """``bewaar replay`` of *archive*: the address of the collection."""
    process = subprocess.Popen(
        [*COMMAND, "replay", "--archive", str(archive), "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment() | {"BEWAAR_REPLAY_HOME": str(home), "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert process.stdout
    try:
        found = re.match(r"(http://127\.0\.0\.1:\d+/archive)/\*/URL", process.stdout.readline())
        assert found, process.communicate(timeout=10)
        yield found[1]
    finally:
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=20)
    assert process.returncode == 0, complaints
    assert complaints == ""


def fetch_replayer(place: Path) -> Path:
    """The folder of ReplayWeb.page's bundles."""
    missing = [program for program in ("npm", "chromium") if not shutil.which(program)]
    if missing:
        unavailable(f"needs {', '.join(missing)}")
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


@contextmanager
def replayweb(folder: Path, bundles: Path) -> Iterator[str]:
    """*folder* served with ReplayWeb.page in it: the address of both."""
    (folder / "replay").mkdir(parents=True)
    for name in ("ui.js", "sw.js"):
        shutil.copy(bundles / name, folder / "replay" / name)
    app = '<!doctype html><script src="ui.js"></script><replay-app-main></replay-app-main>'
    (folder / "replay" / "index.html").write_text(app)
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *given: Ranges(*given, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def open_in_replayweb(
    page: Any, base: str, folder: Path, package: str, url: str, moment: str = "", end: str = ""
) -> Any:
    """The frame in which ReplayWeb.page shows *url*, out of ``package.wacz`` in *folder*, at *moment* in 14 digits;
    *end* is where a redirect leads."""
    embed = folder / f"{package}-{len(list(folder.glob('*.html')))}.html"
    embed.write_text(
        f'<!doctype html><script src="/replay/ui.js"></script><replay-web-page replayBase="/replay/"'
        f' source="{base}/{package}.wacz" url="{url}" ts="{moment}" style="display: block; height: 800px">'
        f"</replay-web-page>"
    )
    page.goto(f"{base}/{embed.name}")
    for _ in range(120):
        page.wait_for_timeout(250)
        frame = next((frame for frame in page.frames if frame.url.endswith(f"mp_/{end or url}")), None)
        if frame:
            frame.wait_for_load_state("load")
            return frame
    pytest.fail(f"ReplayWeb.page did not open {url} out of {package}: {[frame.url for frame in page.frames]}")
