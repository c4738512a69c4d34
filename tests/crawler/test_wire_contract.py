"""The contract between the tee and the private names of Scrapy and Twisted it lives on.

A real crawl fetches every oddity of `tests.wire_server` over HTTP, over TLS, through a CONNECT proxy and through a plain
one; then the WARC is read with nothing but gzip, and every block is compared with what the server sent and received.
When an upgrade of either library breaks a promise, the name of the oddity in the failure says which.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from tests.wire_server import MIB, SCRIPTS, TEXT, WIRE, Turn, WireServer, make_certificate

CRAWL = Path(__file__).parent.parent / "wire_crawl.py"
MODES = ("http", "https", "tunnel", "plain")
CREDENTIALS = "wouter:geheim-woord"

METHODS = {"head": "HEAD", "head-with-body": "HEAD", "head-chunked": "HEAD", "post": "POST"}
#: fetched by tests of their own
APART = {"landing", "300MiB", "then-dropped"}
NAMES = sorted(({file.stem.removesuffix(".close") for file in WIRE.glob("*.http")} | set(SCRIPTS)) - APART)

#: what falls short: WARC-Truncated, and the kind of error
SHORT = {
    "103-only": ("disconnect", "disconnect"),
    "6MiB": ("length", "length"),
    "bad-length": ("unspecified", "malformed"),
    "chunked-bad-end": ("unspecified", "malformed"),
    "chunked-bad-size": ("unspecified", "malformed"),
    "chunked-cut": ("disconnect", "disconnect"),
    "chunked-no-last": ("disconnect", "disconnect"),
    "endless": ("length", "length"),
    "endless-line": ("length", "length"),
    "half-header": ("disconnect", "disconnect"),
    "half-status": ("disconnect", "disconnect"),
    "header-flood": ("length", "length"),
    "no-status-line": ("unspecified", "malformed"),
    "not-http": ("unspecified", "malformed"),
    "nothing": ("disconnect", "disconnect"),
    "odd-encoding": ("unspecified", "malformed"),
    "reset-body": ("disconnect", "disconnect"),
    "reset-closed-end": ("disconnect", "disconnect"),
    "short": ("disconnect", "disconnect"),
    "stalled-body": ("time", "timeout"),
    "stalled-chunked": ("time", "timeout"),
    "stalled-closed-end": ("time", "timeout"),
    "stalled-first": ("time", "timeout"),
    "stalled-header": ("time", "timeout"),
    "two-lengths": ("unspecified", "malformed"),
}
#: not one byte of a final response: a failure record
NO_RESPONSE = {"103-only", "nothing", "stalled-first"}
#: the server sends more than we keep
CUT = {"6MiB", "endless", "endless-line", "header-flood"}
#: payloads that are not simply what follows the header section
PAYLOADS = {
    "204-with-body": b"",
    "byte-by-byte": TEXT,
    "chunked": b"Bewaren is lezen.\n",
    "chunked-and-length": b"Bewaren is lezen.\n",
    "chunked-bad-end": b"Bewaren ",
    "chunked-bad-size": b"Bewaren ",
    "chunked-byte-by-byte": b"Bewaren .",
    "chunked-cut": b"Bewaren is lez",
    "chunked-empty": b"",
    "chunked-extensions": b"Bewaren is lezen.\n",
    "chunked-no-last": b"Bewaren ",
    "chunked-padded": b"Bewaren is lezen.\n",
    "chunked-odd-case": b"Bewaren is lezen.\n",
    "chunked-trailers": b"Bewaren is lezen.\n",
    "head-with-body": b"",
    "stalled-chunked": b"Bewaren is",
}


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
            case ["response"]:
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

    def __post_init__(self):
        self.raw = b"".join(gzip.decompress(file.read_bytes()) for file in self.files)
        self.records = read_warc(self.raw)
        self.events = read_events(self.records)

    def of(self, event: str) -> list[dict]:
        return [told for told in self.told if told["event"] == event]


def crawl(directory: Path, requests: list[dict], settings: dict, servers: tuple[WireServer, ...] = ()) -> Crawled:
    warcs = directory / "warcs"
    warcs.mkdir(exist_ok=True)
    consent = [["127.0.0.1", server.port] for server in servers]
    plan = {"settings": {"WARC_DIR": str(warcs), "WARC_CONSENT": consent} | settings, "requests": requests}
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


def wanted(name: str, mode: str, http: WireServer, https: WireServer) -> dict:
    origin = {
        "http": f"http://127.0.0.1:{http.port}",
        "https": f"https://127.0.0.1:{https.port}",
        "tunnel": f"https://127.0.0.1:{https.port}",
        "plain": "http://wire.test",
    }[mode]
    meta: dict[str, object] = {"download_timeout": 0.7} if name.startswith("stalled") else {}
    if mode in {"tunnel", "plain"}:
        meta["proxy"] = f"http://{CREDENTIALS}@127.0.0.1:{http.port}"
    method = METHODS.get(name, "GET")
    return {
        "url": f"{origin}/{name}?{mode}",
        "method": method,
        "body": "naam=caf\u00e9&x=1" if method == "POST" else None,
        "headers": {"X-Mode": mode, "x-lower": "1"},
        "meta": meta | {"hops": "LE", "via": "http://wire.test/"},
    }


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    directory = tmp_path_factory.mktemp("contract")
    with WireServer() as http, WireServer(make_certificate(directory)) as https:
        requests = [wanted(name, mode, http, https) for name in NAMES for mode in MODES]
        then = {"url": f"http://drop.test:{http.port}/landing?dropped", "method": "GET"}
        requests.append({"url": f"http://drop.test:{http.port}/then-dropped", "then": then})
        settings = {
            "WARC_MAX_RESPONSE_BYTES": 4 * MIB,
            "WARC_FEED_BYTES": 2 * MIB,
            "WARC_MAX_BYTES": MIB // 4,
            "WARC_CONNECT_TO": [f"drop.test:{http.port}:127.0.0.1:"],
        }
        return crawl(directory, requests, settings, (http, https))


def masked(request: bytes) -> bytes:
    secret = base64.b64encode(CREDENTIALS.encode())
    return request.replace(b"Basic " + secret, b"x" * (6 + len(secret)))


def test_every_byte_sent_and_received_is_in_the_warc(crawled):
    sent: dict[bytes, list[tuple[str, bytes]]] = defaultdict(list)
    for turn in crawled.turns:
        sent[masked(turn.received)].append((turn.name, bytes(turn.sent)))
    kept: dict[bytes, list[bytes]] = defaultdict(list)
    for event in crawled.events:
        kept[event.request].append(event.received)
    assert {request: len(turns) for request, turns in sent.items()} == {
        request: len(events) for request, events in kept.items()
    }
    wrong = []
    for request, turns in sent.items():
        for (name, data), found in zip(sorted(turns), sorted(kept[request]), strict=True):
            if not (found and data.startswith(found) if name in CUT else data == found):
                wrong.append((name, request.split(b"\r\n")[0], data[-200:], found[-200:]))
    assert not wrong


def test_every_oddity_was_served_in_every_mode(crawled):
    served = Counter((event.name, event.mode) for event in crawled.events)
    assert {(name, mode) for name in NAMES for mode in MODES} <= set(served)
    # Both retried by Scrapy: each attempt is an exchange of its own.
    assert {served["500", mode] for mode in MODES} == {2}
    # And on a connection from the pool Twisted tries once more by itself.
    assert {served["nothing", mode] for mode in MODES} <= {2, 3, 4}
    assert {served["plain", mode] for mode in MODES} == {1}


@pytest.mark.parametrize("name", NAMES)
def test_what_fell_short_says_why(crawled, name):
    expected = SHORT.get(name)
    for event in (event for event in crawled.events if event.name == name):
        if name == "unclean-closed-end" and event.mode in {"https", "tunnel"}:
            # RFC 9112, 9.8: without close_notify, the end of the connection is not the end of the body.
            expected = ("disconnect", "disconnect")
        elif name == "unclean-closed-end":
            expected = None
        error = event.about.get("error", [None])[0]
        if name in NO_RESPONSE:
            assert event.response is None
            assert event.fields["WARC-Type"] == ["metadata"]
            assert "WARC-Truncated" not in event.fields
        else:
            assert event.fields["WARC-Type"] == ["response"]
            assert event.fields.get("WARC-Truncated", [None])[0] == (expected[0] if expected else None), event
        assert (error.partition(":")[0] if error else None) == (expected[1] if expected else None), event.about


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NO_RESPONSE])
def test_payload_digest_is_over_the_dechunked_payload(crawled, name):
    for event in (event for event in crawled.events if event.name == name):
        head, blank, rest = event.response.partition(b"\n\n" if name == "lf-only" else b"\r\n\r\n")
        if not blank or not head.startswith(b"HTTP/"):
            continue
        if name == "endless":
            rest = b"e" * (rest.count(b"e"))
        elif name == "gzip-chunked":
            rest = (WIRE / "gzip.http").read_bytes().partition(b"\r\n\r\n")[2]
        elif name == "mixed-line-ends":
            rest = event.response.partition(b"\n\r\n")[2] or event.response.partition(b"\n\n")[2]
        payload = PAYLOADS.get(name, rest)
        assert event.fields["WARC-Payload-Digest"] == [f"sha256:{hashlib.sha256(payload).hexdigest()}"], event.fields


def test_block_digests_are_right(crawled):
    for fields, block in crawled.records:
        assert fields["WARC-Block-Digest"] == [f"sha256:{hashlib.sha256(block).hexdigest()}"]


def test_interim_and_surplus_bytes_stand_apart(crawled):
    by_name = {event.name: event for event in crawled.events if event.mode == "http"}
    assert by_name["103"].response.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"caf\xe9" in unquote_to_bytes(by_name["100-103"].about["interimResponse"][0])
    assert by_name["bytes-after"].response.endswith(b"stond.</p>\n")
    assert unquote_to_bytes(by_name["bytes-after"].about["surplusBytes"][0]).endswith(b"poison")
    assert by_name["head-with-body"].response.endswith(b"\r\n\r\n")


def test_bytes_behind_a_message_never_answer_the_next_request(crawled):
    spoilers = {"bytes-after", "too-long", "204-with-body", "head-with-body"}
    connections: dict[tuple[bool, int], list[str]] = defaultdict(list)
    for turn in crawled.turns:
        connections[turn.tls, turn.connection].append(turn.name)
    for names in connections.values():
        assert not spoilers.intersection(names[:-1]), names


def test_connections_are_kept_alive(crawled):
    assert len({(turn.tls, turn.connection) for turn in crawled.turns}) < len(crawled.turns) * 0.9


def test_dropped_keep_alive_connection_is_one_failure_and_one_capture(crawled):
    """Twisted sends the request again by itself, and nobody above the tee sees it."""
    events = [event for event in crawled.events if event.url.endswith("/landing?dropped")]
    assert [event.response is None for event in events] == [True, False]
    assert events[0].about["error"][0].startswith("disconnect:")
    assert events[0].request == events[1].request
    told = [told for told in crawled.of("response") if told["url"].endswith("/landing?dropped")]
    assert [captured["status"] for captured in told[0]["captured"]] == [None, 200]


def test_tls_and_proxy_show_in_the_record(crawled):
    by_mode = {event.mode: event for event in crawled.events if event.name == "plain"}
    assert by_mode["http"].fields["WARC-Protocol"] == ["http/1.1"]
    assert by_mode["http"].fields["WARC-IP-Address"] == ["127.0.0.1"]
    for mode in ("https", "tunnel"):
        assert by_mode[mode].fields["WARC-Protocol"] == ["http/1.1", "tls/1.3"]
        assert by_mode[mode].fields["WARC-Cipher-Suite"][0].startswith("TLS_")
    # Behind a proxy the address seen is the proxy's.
    assert "WARC-IP-Address" not in by_mode["tunnel"].fields
    assert "WARC-IP-Address" not in by_mode["plain"].fields
    old = next(event for event in crawled.events if event.name == "http10")
    assert old.fields["WARC-Protocol"][0] == "http/1.0"


def test_proxy_credentials_stay_out_of_the_archive(crawled):
    secret = base64.b64encode(CREDENTIALS.encode())
    assert any(secret in head for head in crawled.tunnels)
    assert any(secret in turn.received for turn in crawled.turns)
    assert secret not in crawled.raw
    assert b"geheim" not in crawled.raw
    event = next(event for event in crawled.events if event.mode == "plain")
    start, stop = map(int, event.about["redactedRequestBytes"][0].split("-"))
    assert event.request[start:stop] == b"x" * (stop - start)
    assert event.request[:start].endswith(b"Proxy-Authorization: ")


def test_origin_of_a_capture_is_in_its_record(crawled):
    event = next(event for event in crawled.events if event.name == "plain")
    assert event.about["hopsFromSeed"] == ["LE"]
    assert event.about["via"] == ["http://wire.test/"]
    landed = next(event for event in crawled.events if "/landing?from=301" in event.url)
    assert landed.about["hopsFromSeed"] == ["LER"]
    assert "/301?" in landed.about["via"][0]


def test_scrapy_sees_responses_after_they_are_written(crawled):
    for told in crawled.of("response"):
        assert told["captured"], told
        assert told["captured"][-1]["status"] == told["status"]
        # A redirected request carries its own captures, not those it was copied from.
        assert {captured["url"] for captured in told["captured"]} == {told["url"]}
    assert all(told["captured"] for told in crawled.of("error"))


def test_every_attempt_is_signalled_with_its_place(crawled):
    files = {file.name: file.read_bytes() for file in crawled.files}
    signalled = [told["captured"] for told in crawled.of("captured")]
    assert len(signalled) == len(crawled.events)
    for captured in signalled:
        place = captured["place"]
        member = files[place["file"]][place["offset"] : place["offset"] + place["length"]]
        [(fields, block)] = read_warc(gzip.decompress(member))
        assert fields["WARC-Record-ID"] == [captured["record_id"]]
        assert fields["WARC-Date"] == [captured["warc_date"]]
        assert captured["end"] >= place["offset"] + place["length"]
        if fields["WARC-Type"] == ["response"]:
            assert captured["bytes"] == len(block)


def test_large_bodies_are_fed_in_part_and_the_crawl_goes_on(crawled):
    bodies = {told["url"].rpartition("/")[2]: told for told in crawled.of("response")}
    for mode in MODES:
        assert 1 * MIB < bodies[f"3MiB?{mode}"]["body"] <= 2 * MIB
        assert bodies[f"6MiB?{mode}"]["flags"] == ["partial"]
        assert bodies[f"6MiB?{mode}"]["captured"][0]["truncated"] == "length"
        assert bodies[f"endless?{mode}"]["body"] <= 2 * MIB


def test_files_rotate_are_synced_and_sealed(crawled):
    assert len(crawled.files) > 1
    assert all(file.suffix == ".gz" for file in crawled.files)
    sealed = {told["sealed"]["file"]: told["sealed"] for told in crawled.of("sealed")}
    assert set(sealed) == {file.name for file in crawled.files}
    for file in crawled.files:
        data = file.read_bytes()
        assert sealed[file.name]["size"] == len(data)
        assert sealed[file.name]["sha256"] == hashlib.sha256(data).hexdigest()
    assert len(crawled.of("synced")) > 1
    assert all(told["offset"] <= sealed[told["file"]]["size"] for told in crawled.of("synced"))


def test_closing_record_is_the_last_one(crawled):
    fields, block = crawled.records[-1]
    assert fields["WARC-Target-URI"] == ["metadata://wire/report"]
    assert block == b"finished"


def test_gzip_accepts_the_files(crawled):
    subprocess.run(["gzip", "-t", *crawled.files], check=True)
