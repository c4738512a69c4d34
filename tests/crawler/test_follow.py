"""The reader as a process: what it says, and when."""

from __future__ import annotations

import json
import re
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from archive import times
from archive.exchange import Exchange
from archive.layout import Archive
from archive.warc.blocks import InMemory
from archive.warc.writer import WarcWriter

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
