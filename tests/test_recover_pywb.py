"""Captures out of a real archive: pywb, serving files that eight other tools wrote. Every capture it lists arrives,
and replays the same."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest

from tests.front_door import CONTACT, bewaar
from tests.memento_archive import http_date
from tests.replayers import pywb

pytestmark = pytest.mark.xdist_group("demo")

#: status, media type, body, and the time it says it is of
Shown = tuple[int, str | None, bytes, str | None]


class _AsItIs(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def show(address: str, at: str, url: str) -> Shown:
    request = Request(f"{address}/{at}id_/{url}", headers={"Accept-Encoding": "identity"})
    try:
        answer = build_opener(_AsItIs).open(request, timeout=60)
    except HTTPError as error:
        answer = error
    with closing(answer):
        return answer.status, answer.headers.get("Content-Type"), answer.read(), answer.headers.get("Memento-Datetime")


@contextmanager
def serving(files: list[Path], home: Path, place: Path) -> Iterator[str]:
    index = subprocess.run(
        [Path(sys.executable).with_name("cdxj-indexer"), "--sort", *files], capture_output=True, check=True
    )
    (place / "index.cdxj").write_bytes(index.stdout)
    configuration = {
        "collections": {"theirs": {"index_paths": str(place / "index.cdxj"), "archive_paths": f"{files[0].parent}/"}}
    }
    (place / "config.yaml").write_text(json.dumps(configuration | {"enable_memento": True, "framed_replay": False}))
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port = probe.getsockname()[1]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            [home / "bin" / "wayback", "-b", "127.0.0.1", "-p", str(port), "-d", place],
            stdout=log,
            stderr=log,
            cwd=place,
        )
    try:
        while process.poll() is None:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
        yield f"http://127.0.0.1:{port}/theirs"
    finally:
        process.terminate()
        process.wait(20)


def listed(place: Path) -> list[tuple[str, str]]:
    """URL and time of each capture, once."""
    lines = (line.split(" ", 2) for line in (place / "index.cdxj").read_text().splitlines())
    found = ((json.loads(about)["url"], at) for _, at, about in lines)
    return list(dict.fromkeys((url, at) for url, at in found if url.startswith("http")))


def test_every_capture_arrives_and_replays_the_same(pywb_home: Path, shared: Path, tmp_path: Path) -> None:
    place, root = tmp_path / "theirs", tmp_path / "archive"
    place.mkdir()
    files = sorted((shared / "corpora" / "warc").glob("*.warc.gz"))
    with serving(files, pywb_home, place) as address, ThreadPoolExecutor(8) as several:
        captures = listed(place)
        assert len(captures) > 350
        hosts = sorted({f"{urlsplit(url).scheme}://{urlsplit(url).netloc}/" for url, _ in captures})
        done = bewaar(
            "recover", *hosts, "--scope", "host", "--from", address, "--archive", root, "--contact", CONTACT,
            "--delay", "0", "--concurrency", "8", "--json", code=None,
        )  # fmt: skip
        shown = dict(zip(captures, several.map(lambda one: show(address, one[1], one[0]), captures), strict=True))
    # Where pywb cannot show a capture it shows another or none: of one that redirects to itself, of two in one second.
    other = {one for one, (*_, said) in shown.items() if said != http_date(one[1])}
    with closing(sqlite3.connect(root / "archive.db")) as db:
        arrived = set(
            db.execute(
                "SELECT r.url, replace(replace(replace(c.captured_at, '-', ''), ':', ''), 'T', '')"
                " FROM capture c JOIN resource r ON r.id = c.resource_id WHERE c.source_url IS NOT NULL"
            ).fetchall()
        )
    arrived = {(url, at.rstrip("Z")) for url, at in arrived}
    refused = {one for one in captures if one not in arrived}
    assert arrived <= set(captures)
    assert refused <= other
    assert len(refused) <= 4, refused
    said = json.loads(done.stdout)
    assert said["recovery"]["recovered"] == len(arrived)
    assert said["recovery"]["refused"] + said["failed"] == len(refused), done.stderr
    # All that is stored once, and of what repeats it enough to know that it is found.
    asked = [one for n, one in enumerate(sorted(arrived - other)) if n % 3 == 0]
    with pywb(root, pywb_home) as ours, ThreadPoolExecutor(8) as several:
        for one, again in zip(asked, several.map(lambda one: show(ours, one[1], one[0]), asked), strict=True):
            assert again == shown[one], one
    bewaar("verify", "--rows", "--archive", root)
    assert bewaar("rebuild", "--dry-run", "--archive", root).stdout == ""
