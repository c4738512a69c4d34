"""A site crawled twice, the second crawl mostly revisits: every page of it looks in Chromium as it did live, replayed by
pywb and by ReplayWeb.page, and nothing is asked of the network."""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
import time
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archive.layout import Archive
from archive.wacz import Wanted, pack
from crawler.replica.canvas import Image
from crawler.replica.encode import jpeg, png
from tests.front_door import CONTACT, bewaar
from tests.replayers import NOWHERE, chromium, open_in_replayweb, pywb, replayweb
from tests.site_server import Answer, Site, page

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.chromium]

HOST = "site.test"
RED, BLUE, GREEN, GOLD = (200, 30, 40), (20, 60, 210), (10, 150, 70), (220, 170, 10)
PROFILE = """
seeds = ["http://site.test/"]
connect_to = ["site.test:80:127.0.0.1:{port}"]
allow_addresses = ["127.0.0.0/8"]
delay_s = 0
dedup = "{dedup}"
{more}
"""
#: each page, and where it ends: a redirect is followed by replay too
PAGES = {
    "/": "/",
    "/chunked": "/chunked",
    "/packed": "/packed",
    "/packed-in-chunks": "/packed-in-chunks",
    "/changed": "/changed",
    "/moved": "/landed",
    "/landed": "/landed",
    "/gone": "/gone",
}
LOOK = """() => ({
  title: document.title,
  text: document.body.innerText.replace(/\\s+/g, ' ').trim(),
  images: [...document.images].map(i => [i.alt, i.naturalWidth, i.naturalHeight]),
  background: (b => b && getComputedStyle(b).backgroundImage.replace(/.*\\//, ''))(document.getElementById('box')),
  colour: getComputedStyle(document.body).backgroundColor,
})"""
#: every pixel of a picture, as [colour, how many]
PIXELS = """async data => {
  const image = new Image();
  image.src = data;
  await image.decode();
  const canvas = Object.assign(document.createElement('canvas'), {width: image.width, height: image.height});
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const bytes = context.getImageData(0, 0, image.width, image.height).data;
  const found = {};
  for (let at = 0; at < bytes.length; at += 4) {
    const key = bytes.slice(at, at + 3).join(',');
    found[key] = (found[key] || 0) + 1;
  }
  return found;
}"""


def picture(width: int, height: int, colour: tuple[int, int, int]) -> Image:
    return Image(width, height, bytes(colour) * (width * height))


def body(name: str, *more: str) -> str:
    """A page that shows one picture of each kind, and a box with a background."""
    return (
        f"<h1>{name}</h1><p>caf\u00e9 {'kept ' * 300}</p><div id=box></div>"
        "<img alt=png src=/red.png><img alt=jpeg src=/photo.jpg><img alt=svg src=/drawing.svg>"
        "<img alt=copy src=/copy/red.png>" + "".join(more)
    )


def styled(name: str, *more: str) -> Answer:
    status, headers, html = page(body(name, *more), title=name)
    return status, headers, html.replace(b"<body>", b"<link rel=stylesheet href=/style.css><body>")


def packed(answer: Answer) -> Answer:
    status, headers, html = answer
    return status, {**headers, "Content-Encoding": "gzip"}, gzip.compress(html, mtime=0)


def chunked(answer: Answer) -> Answer:
    status, headers, html = answer
    return status, {**headers, "Transfer-Encoding": "chunked"}, html


def edition(number: int) -> dict[str, Answer]:
    """What the site answers; of the second edition the page ``/changed`` and one of its pictures are others."""
    links = "".join(f'<a href="{path}">{path}</a> ' for path in PAGES)
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="33" height="22"><rect width="33" height="22"/></svg>'
    css = b"body{background:rgb(240,248,255)}#box{position:absolute;left:700px;top:0;width:80px;height:40px;background:url(tile.png)}"
    red = (200, {"Content-Type": "image/png"}, png(picture(31, 17, RED)))
    changing = png(picture(20 + number, 10 + number, GREEN if number == 1 else GOLD))
    more = f"<p>edition {number}</p><img alt=changing src=/changing.png>"
    return {
        "/": styled("front", links),
        "/chunked": chunked(styled("chunked")),
        "/packed": packed(styled("packed")),
        "/packed-in-chunks": chunked(packed(styled("packed in chunks"))),
        "/changed": styled("changed", more),
        "/moved": (302, {"Location": "/landed", "Content-Type": "text/plain"}, b"over there"),
        "/landed": styled("landed"),
        "/gone": (404, {"Content-Type": "text/html"}, styled("gone")[2]),
        "/style.css": packed((200, {"Content-Type": "text/css"}, css)),
        "/tile.png": (200, {"Content-Type": "image/png"}, png(picture(8, 8, BLUE))),
        "/red.png": red,
        "/copy/red.png": red,
        "/photo.jpg": chunked((200, {"Content-Type": "image/jpeg"}, jpeg(picture(48, 32, GREEN)))),
        "/drawing.svg": (200, {"Content-Type": "image/svg+xml"}, svg),
        "/changing.png": (200, {"Content-Type": "image/png"}, changing),
    }


def seen(browser: Any, page: Any, frame: Any) -> dict[str, Any]:
    """What a visitor sees of a page, the pixels of its box included."""
    frame.wait_for_load_state("networkidle")
    found: dict[str, Any] = frame.evaluate(LOOK)
    shot = base64.b64encode(frame.locator("#box").screenshot()).decode()
    blank = browser.new_page()
    found["pixels"] = blank.evaluate(PIXELS, f"data:image/png;base64,{shot}")
    blank.close()
    return found


@dataclass(frozen=True)
class Twice:
    """An archive of two crawls, and what each page looked like live at the second."""

    archive: Path
    live: dict[str, dict[str, Any]]
    #: of the second crawl: when each URL was captured (14 digits), and how
    moments: dict[str, str]
    types: dict[str, str]
    since: str


def crawl_twice(archive: Path, dedup: str, more: str = "", tune: Callable[[Answer], Answer] = lambda it: it) -> Twice:
    made = Archive.create(archive)
    with Site({path: tune(answer) for path, answer in edition(1).items()}) as site:
        port = site.url().split(":")[2].strip("/")
        (made.sites / "own.toml").write_text(PROFILE.format(port=port, dedup=dedup, more=more))
        bewaar("crawl", "own", "--archive", archive, "--contact", CONTACT)
        # Replay takes the capture nearest in time: what belongs together must lie closer together than the crawls do.
        time.sleep(4)
        site.pages = {path: tune(answer) for path, answer in edition(2).items()}
        bewaar("crawl", "own", "--archive", archive, "--contact", CONTACT)
        live = {}
        with chromium(f"MAP {HOST}:80 127.0.0.1:{port},{NOWHERE}") as browser:
            for path in PAGES:
                tab = browser.new_page(viewport={"width": 1000, "height": 800})
                tab.goto(f"http://{HOST}{path}", wait_until="load")
                live[path] = seen(browser, tab, tab.main_frame)
                tab.close()
    db = sqlite3.connect(archive / "archive.db")
    (since,) = db.execute("SELECT max(started_at) FROM crawl").fetchone()
    rows = db.execute(
        "SELECT r.url, c.captured_at, c.record_type FROM capture c JOIN resource r ON r.id = c.resource_id"
        " WHERE c.crawl_id = (SELECT max(id) FROM crawl)"
    ).fetchall()
    db.close()
    paths = {url.removeprefix(f"http://{HOST}"): (at, kind) for url, at, kind in rows}
    digits = {path: "".join(c for c in at if c.isdigit()) for path, (at, _) in paths.items()}
    return Twice(archive, live, digits, {path: kind for path, (_, kind) in paths.items()}, since)


def check_live(twice: Twice) -> None:
    """What everything else is compared with is what the site was made to show."""
    sizes = {"png": (31, 17), "jpeg": (48, 32), "svg": (33, 22), "copy": (31, 17), "changing": (22, 12)}
    for path, look in twice.live.items():
        assert look["text"].startswith((look["title"], "gone")), path
        assert {name: (width, height) for name, width, height in look["images"]}.items() <= sizes.items()
        assert len(look["images"]) >= 4
        assert look["pixels"] == {",".join(map(str, BLUE)): 80 * 40}
    assert "edition 2" in twice.live["/changed"]["text"]


def check_pywb(twice: Twice, home: Path) -> None:
    with pywb(twice.archive, home) as address, chromium() as browser:
        for path, end in PAGES.items():
            tab = browser.new_page(viewport={"width": 1000, "height": 800})
            asked: list[str] = []
            tab.on("request", lambda request, asked=asked: asked.append(request.url))
            tab.goto(f"{address}/{twice.moments[path]}/http://{HOST}{path}", wait_until="load")
            assert tab.url.endswith(f"/http://{HOST}{end}")
            assert seen(browser, tab, tab.main_frame) == twice.live[path], path
            assert asked
            assert [url for url in asked if not url.startswith((address, address.removesuffix("archive")))] == []
            tab.close()


def check_replayweb(twice: Twice, folder: Path, bundles: Path) -> list[str]:
    """Returns the pages of the package of the second crawl."""
    with replayweb(folder, bundles) as base:
        archive = Archive.open(twice.archive)
        pack(archive, folder / "whole.wacz", Wanted())
        done = pack(archive, folder / "since.wacz", Wanted(since=twice.since))
        assert (done.warcs, done.problems) == (1, ())
        assert done.originals > 0
        with chromium() as browser:
            for package, paths in (("whole", ["/", "/changed"]), ("since", [*PAGES])):
                bewaar("pack", "--verify", folder / f"{package}.wacz")
                for path in paths:
                    tab = browser.new_page(viewport={"width": 1000, "height": 800})
                    asked: list[str] = []
                    tab.on("request", lambda request, asked=asked: asked.append(request.url))
                    url = f"http://{HOST}{path}"
                    frame = open_in_replayweb(
                        tab, base, folder, package, url, twice.moments[path], f"http://{HOST}{PAGES[path]}"
                    )
                    assert seen(browser, tab, frame) == twice.live[path], (package, path)
                    outside = [url for url in asked if not url.startswith((base, "data:", "blob:"))]
                    assert outside == []
                    tab.close()
        with zipfile.ZipFile(folder / "since.wacz") as packed:
            _, *lines = packed.read("pages/pages.jsonl").splitlines()
        return [json.loads(line)["url"] for line in lines]


@pytest.fixture(params=["same-url", "any-url"])
def twice(request: pytest.FixtureRequest, tmp_path: Path) -> Twice:
    return crawl_twice(tmp_path / "archive", request.param)


def tagged(answer: Answer) -> Answer:
    status, headers, html = answer
    tag = f'"{zlib.crc32(html)}"'
    return status, {**headers, "ETag": tag} if status == 200 else headers, html


def test_what_a_server_did_not_send_again_looks_as_its_original(
    pywb_home: Path, replayweb_bundles: Path, tmp_path: Path
) -> None:
    twice = crawl_twice(tmp_path / "archive", "same-url", 'conditional = "strong"', tagged)
    db = sqlite3.connect(twice.archive / "archive.db")
    rows = db.execute("SELECT r.url, c.warc_length FROM capture c JOIN resource r ON r.id = c.resource_id"
                      " WHERE c.status = 304 AND c.record_type = 'revisit'").fetchall()  # fmt: skip
    db.close()
    served = {path for path, (status, _, _) in edition(2).items() if status == 200}
    assert {url.removeprefix(f"http://{HOST}") for url, _ in rows} == served - {"/changed", "/changing.png"}
    check_live(twice)
    check_pywb(twice, pywb_home)
    pages = check_replayweb(twice, tmp_path / "served", replayweb_bundles)
    # The package's list of pages names them, though their records do not say what they are.
    wanted = [path for path, (status, headers, _) in edition(2).items() if status == 200 and "html" in str(headers)]
    assert sorted(pages) == sorted(f"http://{HOST}{path}" for path in wanted)
    bewaar("verify", "--rows", "--strict", "--archive", twice.archive)


# The test above replays revisits, and test_replay.py those of six editions.
@pytest.mark.soak
def test_revisits_look_replayed_as_they_did_live(
    twice: Twice, pywb_home: Path, replayweb_bundles: Path, tmp_path: Path
) -> None:
    full = {"/changed", "/changing.png", "/robots.txt"}
    kinds = {path: "response" if path in full else "revisit" for path in twice.types}
    kinds["/robots.txt"] = twice.types["/robots.txt"]
    assert twice.types == kinds
    assert set(PAGES) | {"/style.css", "/tile.png", "/photo.jpg", "/copy/red.png"} <= twice.types.keys()
    check_live(twice)
    check_pywb(twice, pywb_home)
    check_replayweb(twice, tmp_path / "served", replayweb_bundles)
    bewaar("verify", "--rows", "--strict", "--archive", twice.archive)
