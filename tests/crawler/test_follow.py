"""The reader as a process: what it says, and when."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archive import times
from archive.exchange import Exchange
from archive.layout import Archive
from archive.warc.blocks import InMemory
from archive.warc.writer import WarcWriter
from crawler.follow import Follower

LENGTH = struct.Struct("!I")
PAGE = b"<!doctype html><title>p</title><a href=/next>next</a>"


def fetched(path: str, mime: bytes, body: bytes) -> Exchange:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: " + mime + b"\r\n\r\n"
    url = f"http://example.test/{path}"
    return Exchange(
        url=url,
        started_at=times.now(),
        request=InMemory(f"GET /{path} HTTP/1.1\r\nHost: example.test\r\n\r\n".encode()),
        response=InMemory(head + body),
        header_bytes=len(head),
        status=200,
        hops="L",
    )


def frames(channel: socket.socket) -> Iterator[list[Any]]:
    with channel.makefile("rb") as stream:
        while head := stream.read(LENGTH.size):
            yield json.loads(stream.read(LENGTH.unpack(head)[0]))


def test_what_was_read_is_told_before_the_next_body_is_looked_into(tmp_path: Path) -> None:
    """Otherwise the crawler would take a harmless image for what ended the reader, and skip it instead of the page."""
    archive = Archive.create(tmp_path / "a", contact="archivist@example.org")
    info = {"isPartOf": "example-20260102030405678", "bewaar-site": "example", "software": "bewaar"}
    writer = WarcWriter(archive.warcs, "example", info)
    made = [
        fetched("1.png", b"image/png", b"one"),
        fetched("2.png", b"image/png", b"two"),
        fetched("page", b"text/html", PAGE),
        fetched("3.png", b"image/png", b"three"),
    ]
    written = [writer.write_exchange(exchange) for exchange in made]
    told = [["event", n, w.place.file, w.spans] for n, w in enumerate(written, 1)]
    told[0][3] = [(0, written[0].spans[-1][1])]
    ours, theirs = socket.socketpair()
    command = [
        sys.executable,
        "-m",
        "crawler.follow",
        str(theirs.fileno()),
        str(archive.root),
        "example",
        "--no-extract",
    ]
    reader = subprocess.Popen(command, pass_fds=[theirs.fileno()])
    try:
        with ours, theirs:
            ours.settimeout(30)
            frame = json.dumps(told).encode()
            ours.sendall(LENGTH.pack(len(frame)) + frame)
            heard = frames(ours)
            said = [next(heard), next(heard), next(heard)]
    finally:
        reader.kill()
        reader.wait()
    writer.seal()
    # By it the crawler knows pages that are all the same.
    assert re.fullmatch("sha256:[0-9a-f]{64}", said[2][0][2].pop("digest"))
    assert said == [
        [["ready", []]],
        [["answer", 1, {}], ["answer", 2, {}]],
        [
            [
                "answer",
                3,
                {"links": [["http://example.test/next", "L"]], "page": True},
            ],
            ["answer", 4, {}],
        ],
    ]


def test_a_clock_that_was_set_back_keeps_no_row_out_of_the_database(tmp_path: Path) -> None:
    """A crawl that is taken up again writes a file whose name may sort before the one it left; what was captured in that
    and not expanded is read again first."""
    archive = Archive.create(tmp_path / "a", contact="archivist@example.org")
    info = {"isPartOf": "example-20260102030405678", "bewaar-site": "example", "software": "bewaar"}
    page = fetched("page", b"text/html", PAGE)
    left = WarcWriter(archive.warcs, "example", info, clock=lambda: datetime(2026, 1, 3, tzinfo=UTC))
    before = left.write_exchange(page)
    left.seal()
    writer = WarcWriter(archive.warcs, "example", info, clock=lambda: datetime(2026, 1, 2, tzinfo=UTC))
    written = [writer.write_exchange(fetched(name, b"text/html", PAGE)) for name in ("a", "b")]
    file = written[0].place.file
    told = [
        ["event", 1, file, [(0, written[0].spans[-1][1])]],
        ["again", 2, before.place.file, before.spans],
        ["event", 3, file, written[1].spans],
        ["synced", file, written[1].spans[-1][1]],
    ]
    ours, theirs = socket.socketpair()
    with ours, theirs:
        frame = json.dumps(told).encode()
        ours.sendall(LENGTH.pack(len(frame)) + frame)
        ours.shutdown(socket.SHUT_WR)
        Follower(theirs, archive, "example", facts=False).run()
        theirs.close()
        said = [message for messages in frames(ours) for message in messages]
    writer.seal()
    assert file < before.place.file
    assert said[-1] == ["stored", 3]
    with closing(sqlite3.connect(archive.database)) as db:
        assert db.execute("SELECT count(*) FROM capture").fetchone() == (3,)
