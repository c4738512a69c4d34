"""``bewaar replay``: pywb on the demo's archive, in a real browser, beside the replica as it is live."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from archive.announcement import announced
from archive.layout import Archive
from archive.store import open_read_only
from archive.warc import http as warc_http
from archive.warc.reader import open_warc
from crawler.replica.editions import EDITIONS, truth
from crawler.replica.server import START_URL, Replica
from tests.front_door import bewaar
from tests.replayers import chromium, pywb

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.chromium]
#: what a visitor sees: the text, each image that is shown, and the backgrounds
LOOK = """() => ({
  text: document.body.innerText.replace(/\\s+/g, ' ').trim(),
  images: [...document.images].filter(i => i.naturalWidth).map(
    i => [i.src.split('/').pop(), i.naturalWidth, i.naturalHeight]),
  backgrounds: [...document.querySelectorAll('*')].map(e => getComputedStyle(e).backgroundImage)
    .filter(b => b.includes('url(')).map(b => b.split('/').pop()),
  height: document.documentElement.scrollHeight,
})"""


@pytest.fixture(scope="module")
def served(demo: tuple[Path, str], pywb_home: Path) -> Iterator[str]:
    """The address of the replayed collection."""
    with pywb(demo[0], pywb_home) as address:
        yield address


def look(browser: Any, url: str, shot: Path) -> tuple[dict[str, Any], list[str]]:
    """What stands on a page, and the hosts it asked."""
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url, wait_until="load")
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")  # lazy images
    page.wait_for_load_state("networkidle")
    seen: dict[str, Any] = page.evaluate(LOOK)
    page.screenshot(path=str(shot), full_page=True)
    page.close()
    return seen, asked


def digits(date: str) -> str:
    return re.sub(r"\D", "", date)[:14]


def moments(archive: Path) -> list[str]:
    """When the main page was captured, edition by edition, in 14 digits."""
    db = sqlite3.connect(archive / "archive.db")
    rows = db.execute(
        "SELECT min(c.warc_date) FROM capture c JOIN resource r ON r.id = c.resource_id WHERE r.url = ?"
        " GROUP BY c.crawl_id ORDER BY 1", (START_URL,),
    ).fetchall()  # fmt: skip
    db.close()
    return [digits(date) for (date,) in rows]


def test_it_says_where_it_runs(demo: tuple[Path, str], served: str) -> None:
    assert announced(Archive.open(demo[0])) == served


def test_ctrl_c_is_a_good_end_as_soon_as_it_says_where_it_runs(demo: tuple[Path, str], pywb_home: Path) -> None:
    with pywb(demo[0], pywb_home):
        pass


def test_each_edition_looks_replayed_as_it_did_live(demo: tuple[Path, str], served: str, tmp_path: Path) -> None:
    for edition, moment in zip(EDITIONS, moments(demo[0]), strict=True):
        if edition.down:
            continue
        with Replica(edition) as replica:
            rules = (
                f"MAP *.test:80 127.0.0.1:{replica.http_port},MAP *.test:443 127.0.0.1:{replica.https_port},"
                "MAP * ~NOTFOUND,EXCLUDE 127.0.0.1"
            )
            with chromium(rules) as browser:
                live, _ = look(browser, START_URL, tmp_path / f"{edition.name}-live.png")
        with chromium() as browser:
            replayed, asked = look(browser, f"{served}/{moment}/{START_URL}", tmp_path / f"{edition.name}-replayed.png")
        assert replayed == live, edition.name
        assert live["images"]
        for sponsor in truth(edition)["sponsors"]:
            assert any(name == Path(sponsor["file"]).name for name, _, _ in live["images"])
        # Nothing leaves the archive.
        assert [url for url in asked if not url.startswith((served.removesuffix("/archive"), "data:", "blob:"))] == []


def test_a_revisit_is_replayed_with_the_bytes_of_its_original(demo: tuple[Path, str], served: str) -> None:
    archive = demo[0]
    db = open_read_only(archive / "archive.db")
    rows = db.conn.execute(
        "SELECT r.url, c.warc_date, w.path, o.warc_offset, o.warc_length FROM capture c"
        " JOIN resource r ON r.id = c.resource_id JOIN capture o ON o.id = c.original_id JOIN warc w ON w.id = o.warc_id"
        " WHERE c.record_type = 'revisit' AND c.status = 200 AND (c.mime LIKE 'image/%' OR c.mime = 'application/pdf')"
    ).fetchall()
    db.close()
    assert len(rows) > 50
    for url, date, path, offset, length in rows[::5]:
        with open_warc(archive / "warcs", path) as file:
            record = file.read(offset, length)
        http = warc_http.parse_response(record.block)
        wanted = warc_http.body(warc_http.payload(record.block, http), http).data
        with urlopen(f"{served}/{digits(date)}id_/{url}") as answer:
            assert answer.read() == wanted, url


def test_what_is_not_in_the_archive_is_not_fetched(served: str) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(f"{served}/2026/http://example.com/")
    assert caught.value.code == 404
    said = caught.value.read().decode()
    assert "<h4>http://example.com/</h4>" in said
    assert "it was never captured, or it is withheld or was erased" in said
    with pytest.raises(HTTPError) as caught:
        urlopen(f"{served}/2026/http://example.com/?<script>")
    assert "<script>" not in caught.value.read().decode().partition("<h4>")[2].partition("</h4>")[0]


def test_without_pywb_one_line_says_how(
    demo: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEWAAR_REPLAY_HOME", str(tmp_path / "none"))
    done = bewaar("replay", "--archive", demo[0], code=2)
    assert done.stderr.count("\n") == 1
    assert "bewaar replay --setup" in done.stderr


def test_a_port_that_is_taken_is_named(
    demo: tuple[Path, str], pywb_home: Path, served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEWAAR_REPLAY_HOME", str(pywb_home))
    taken = served.rsplit(":", 1)[1].partition("/")[0]
    done = bewaar("replay", "--archive", demo[0], "--port", taken, code=2)
    assert f"port {taken}" in done.stderr
