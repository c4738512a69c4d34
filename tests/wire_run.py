"""Runs a crawl of `tests.wire_server` and reads what it wrote with nothing but gzip."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote_to_bytes

from tests.wire_server import Turn, WireServer

CRAWL = Path(__file__).parent / "wire_crawl.py"


@dataclass
class Event:
    """The records of one exchange, as they stand in the file."""

    url: str = ""
    fields: dict[str, list[str]] = field(default_factory=dict)
    request: bytes = b""
    response: bytes | None = None
    about: dict[str, list[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2].partition("?")[0]

    @property
    def mode(self) -> str:
        return self.url.rpartition("?")[2]

    @property
    def received(self) -> bytes:
        """All bytes the record says came over the wire."""
        aside = [unquote_to_bytes(self.about.get(name, [""])[0]) for name in ("interimResponse", "surplusBytes")]
        return aside[0] + (self.response or b"") + aside[1]


def read_fields(lines: bytes) -> dict[str, list[str]]:
    fields = defaultdict(list)
    for line in lines.decode().splitlines():
        name, _, value = line.partition(":")
        fields[name].append(value.strip())
    return dict(fields)


def read_warc(data: bytes) -> list[tuple[dict[str, list[str]], bytes]]:
    """Records with gzip undone, by nothing but the lengths they declare."""
    records, at = [], 0
    while at < len(data):
        assert data.startswith(b"WARC/1.1\r\n", at), data[at : at + 40]
        end = data.index(b"\r\n\r\n", at)
        fields = read_fields(data[at + 10 : end])
        size = int(fields["Content-Length"][0])
        block = data[end + 4 : end + 4 + size]
        at = end + 4 + size
        assert data[at : at + 4] == b"\r\n\r\n"
        records.append((fields, block))
        at += 4
    return records


def read_events(records: list[tuple[dict[str, list[str]], bytes]]) -> list[Event]:
    events: dict[str, Event] = defaultdict(Event)
    for fields, block in records:
        if fields["WARC-Type"] == ["warcinfo"] or fields["WARC-Target-URI"][0].startswith("metadata:"):
            continue
        principal = fields.get("WARC-Concurrent-To", fields["WARC-Record-ID"])[0]
        event = events[principal]
        event.url = fields["WARC-Target-URI"][0]
        if fields["WARC-Record-ID"] == [principal]:
            event.fields = fields
        match fields["WARC-Type"]:
            case ["response"] | ["revisit"]:
                event.response = block
            case ["request"]:
                event.request = block
            case ["metadata"]:
                event.about = read_fields(block)
    return list(events.values())


@dataclass
class Crawled:
    told: list[dict]
    files: list[Path]
    turns: list[Turn]
    tunnels: list[bytes]

    @cached_property
    def raw(self) -> bytes:
        return b"".join(gzip.decompress(file.read_bytes()) for file in self.files)

    @cached_property
    def records(self) -> list[tuple[dict[str, list[str]], bytes]]:
        return read_warc(self.raw)

    @cached_property
    def events(self) -> list[Event]:
        return read_events(self.records)

    def of(self, event: str) -> list[dict]:
        return [told for told in self.told if told["event"] == event]


def crawl(
    directory: Path, requests: list[dict], settings: dict, servers: tuple[WireServer, ...] = (), **plan: object
) -> Crawled:
    """Fetch *requests* in a process of its own, with the servers' addresses consented to; wait for it to end."""
    warcs = directory / "warcs"
    warcs.mkdir(exist_ok=True)
    consent = [["127.0.0.1", server.port] for server in servers]
    plan |= {"settings": {"WARC_DIR": str(warcs), "WARC_CONSENT": consent} | settings, "requests": requests}
    (directory / "plan.json").write_text(json.dumps(plan))
    done = subprocess.run(
        [sys.executable, CRAWL, directory / "plan.json"], capture_output=True, text=True, timeout=60, check=False,
        env=os.environ | {"PYTHONPATH": str(CRAWL.parent.parent), "NO_PROXY": "*"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    turns = [turn for server in servers for turn in server.turns]
    return Crawled(told, sorted(warcs.iterdir()), turns, [head for server in servers for head in server.tunnels])
