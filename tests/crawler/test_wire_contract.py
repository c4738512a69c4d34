"""The contract between the tee and the private names of Scrapy and Twisted it lives on.

A real crawl fetches every oddity of `tests.wire_server` over HTTP, over TLS, through a CONNECT proxy and through a plain
one; then the WARC is read with nothing but gzip, and every block is compared with what the server sent and received.
When an upgrade of either library breaks a promise, the name of the oddity in the failure says which.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
import subprocess
from collections import Counter, defaultdict
from urllib.parse import unquote_to_bytes

import pytest

from tests.wire_run import crawl, read_warc
from tests.wire_server import MIB, SCRIPTS, TEXT, WIRE, WireServer, make_certificate

# What they share takes long to make: once is enough.
pytestmark = pytest.mark.xdist_group("wire")

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
    "dripping": ("time", "timeout"),
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
    "trickling": ("time", "timeout"),
    "stalled-header": ("time", "timeout"),
    "two-lengths": ("unspecified", "malformed"),
}
#: not one byte of a final response: a failure record
NO_RESPONSE = {"103-only", "nothing", "stalled-first"}
#: the server sends more than we keep
CUT = {"6MiB", "dripping", "endless", "endless-line", "header-flood", "trickling"}
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


def wanted(name: str, mode: str, http: WireServer, https: WireServer) -> dict:
    origin = {
        "http": f"http://127.0.0.1:{http.port}",
        "https": f"https://127.0.0.1:{https.port}",
        "tunnel": f"https://127.0.0.1:{https.port}",
        "plain": "http://wire.test",
    }[mode]
    # Of what the tee keeps the time of, one is left to Scrapy's own limit.
    meta: dict[str, object] = {"download_timeout": 2} if name == "stalled-chunked" else {}
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


@pytest.fixture(scope="module", params=["uvloop.Loop", None], ids=["uvloop", "asyncio"])
def crawled(request, tmp_path_factory):
    directory = tmp_path_factory.mktemp("contract")
    with WireServer() as http, WireServer(make_certificate(directory)) as https:
        requests = [wanted(name, mode, http, https) for name in NAMES for mode in MODES]
        then = {"url": f"http://drop.test:{http.port}/landing?dropped", "method": "GET"}
        requests.append({"url": f"http://drop.test:{http.port}/then-dropped", "then": then})
        settings = {
            "WARC_MAX_RESPONSE_BYTES": 4 * MIB,
            "WARC_FEED_BYTES": 2 * MIB,
            "WARC_MAX_BYTES": MIB // 4,
            "WARC_IDLE_S": 3,
            "WARC_TOTAL_S": 7,
            "ASYNCIO_EVENT_LOOP": request.param,
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
    [redaction] = event.about["redaction"]
    said = re.fullmatch(r"record=request; offset=(\d+); length=(\d+); why=proxy-authorization", redaction)
    start, stop = int(said[1]), int(said[1]) + int(said[2])
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
        # What a reader needs: the record itself, and the event's last, which says how it came.
        assert captured["spans"][0] == [place["offset"], place["offset"] + place["length"]]
        start, end = captured["spans"][-1]
        [(about, _)] = read_warc(gzip.decompress(files[place["file"]][start:end]))
        assert about["WARC-Type"] == ["metadata"]
        assert about == fields or about["WARC-Concurrent-To"] == [captured["record_id"]]
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
