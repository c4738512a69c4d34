"""Servers that answer conditional requests otherwise than the standard says, byte for byte: what cannot be believed is kept
as it came, and asked for in full."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from archive.layout import Archive
from archive.store.compare import differences
from tests.crawler.crawled import dumped, query
from tests.crawler.unchanged import LONG_AGO, NOT_MODIFIED, crawl_own
from tests.front_door import bewaar
from tests.wire_run import Event, read_events
from tests.wire_run import read_warc as read_plain
from tests.wire_server import Own, Step, WireServer

#: what they share is made once
pytestmark = pytest.mark.xdist_group("lies")

HTML = b"Content-Type: text/html\r\n"
BODY = b"<!doctype html><title>T</title><p>" + b"kept " * 200
FULL = b'HTTP/1.1 200 OK\r\nETag: "1"\r\n%sContent-Length: %d\r\n\r\n%s' % (HTML, len(BODY), BODY)
GONE_304 = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'


def if_asked(lie: bytes | list[Step], full: bytes = FULL) -> Callable[[bytes], bytes | list[Step]]:
    """*lie* to a request on a condition, *full* to any other."""
    return lambda request: lie if re.search(rb"\r\nIf-(None-Match|Modified-Since): ", request) else full


DATED = b"HTTP/1.1 200 OK\r\nLast-Modified: %s\r\nDate: Mon, 06 Jan 2020 10:00:00 GMT\r\n%sContent-Length: %d\r\n\r\n%s"
OF_2020 = DATED % (LONG_AGO.encode(), HTML, len(BODY), BODY)
#: name: (first answer, what is answered afterwards, the records that the second crawl must have: types, in order)
SERVERS: dict[str, tuple[Own, Own, list[str]]] = {
    "honest": (FULL, if_asked(GONE_304), ["not-modified"]),
    "odd-header": (FULL, if_asked(b'HTTP/1.0 304   nee, n\xedet\r\netag:   "1"\r\nX-Leeg:\r\n X: vouw\r\n\r\n'), ["not-modified"]),
    "with-a-length": (FULL, if_asked(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 1034\r\n\r\n'), ["not-modified"]),
    "with-a-body": (FULL, if_asked([GONE_304[:-2] + b"Content-Length: 5\r\n\r\nBOGUS", "close"]), ["not-modified"]),
    "chunked-body": (FULL, if_asked([GONE_304[:-2] + b"Transfer-Encoding: chunked\r\n\r\n5\r\nBOGUS\r\n0\r\n\r\n", "close"]), ["not-modified"]),
    "early-hints": (FULL, if_asked(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + GONE_304), ["not-modified"]),
    "by-date": (OF_2020, if_asked(b"HTTP/1.1 304 Not Modified\r\n\r\n", OF_2020), ["not-modified"]),
    "other-date": (OF_2020, if_asked(b"HTTP/1.1 304 Not Modified\r\nLast-Modified: Mon, 06 Jan 2025 10:00:00 GMT\r\n\r\n", OF_2020), ["response 304", "identical"]),
    "other-tag": (FULL, if_asked(b'HTTP/1.1 304 Not Modified\r\nETag: "2"\r\n\r\n'), ["response 304", "identical"]),
    "tag-turned-weak": (FULL, if_asked(b'HTTP/1.1 304 Not Modified\r\nETag: W/"1"\r\n\r\n'), ["response 304", "identical"]),
    "other-tag-new-body": (FULL, if_asked(b'HTTP/1.1 304 Not Modified\r\nETag: "2"\r\n\r\n', FULL.replace(b"kept", b"else")), ["response 304", "response 200"]),
    "precondition": (FULL, if_asked(b"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n"), ["response 412", "identical"]),
    "sends-all": (FULL, FULL, ["identical"]),
    "sends-new": (FULL, FULL.replace(b"kept", b"else").replace(b'"1"', b'"2"'), ["response 200"]),
    "gone": (FULL, b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", ["response 410"]),
    "cut": (FULL, if_asked([GONE_304[:20], "close"]), ["response 304", "identical"]),
    "unasked": (b"HTTP/1.1 200 OK\r\n%sContent-Length: 2\r\n\r\nhi" % HTML, GONE_304, ["response 304"]),
    "was-short": ([FULL[:-5], "close"], if_asked(GONE_304), ["response 200"]),
    "was-empty": (b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 0\r\n\r\n', if_asked(GONE_304), ["response 200"]),
}  # fmt: skip


def kind(event: Event) -> str:
    if event.fields["WARC-Type"] == ["revisit"]:
        return "not-modified" if event.fields["WARC-Profile"] == [NOT_MODIFIED] else "identical"
    found = re.match(rb"HTTP/1\.[01] +(\d+)", event.response or b"")
    return f"{event.fields['WARC-Type'][0]} {int(found[1]) if found else None}"


def second_crawl(archive: Path) -> list[Event]:
    """Its exchanges, read with nothing but gzip."""
    return read_events(read_plain(gzip.decompress(sorted((archive / "warcs").glob("*.warc.gz"))[1].read_bytes())))


@pytest.fixture(scope="module")
def lied_to(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, WireServer, int]:
    """Two crawls of all of these: the archive, the server, and how many requests the first made."""
    archive = tmp_path_factory.mktemp("lies") / "a"
    made = Archive.create(archive)
    own: dict[str, Own] = {}
    for name, (first, _, _) in SERVERS.items():
        own[name] = first if callable(first) or isinstance(first, bytes) else lambda _, first=first: first
    with WireServer(own=own) as server:
        seeds = ", ".join(f'"http://127.0.0.1:{server.port}/{name}"' for name in SERVERS)
        text = f'seeds = [{seeds}]\nscope = "page"\ndelay_s = 0\nrobots = "ignore"\nconditional = "strong"\n'
        (made.sites / "own.toml").write_text(text)
        crawl_own(archive, code=None)
        turns = len(server.turns)
        own.update({name: then for name, (_, then, _) in SERVERS.items()})
        crawl_own(archive, code=None)
        return archive, server, turns


def test_each_server_is_kept_as_it_answered(lied_to: tuple[Path, WireServer, int]) -> None:
    found: dict[str, list[str]] = {name: [] for name in SERVERS}
    for event in second_crawl(lied_to[0]):
        found[event.name].append(kind(event))
    wanted = {name: kinds for name, (_, _, kinds) in SERVERS.items()}
    assert found == wanted


def test_every_byte_of_a_lie_is_there(lied_to: tuple[Path, WireServer, int]) -> None:
    archive, server, before = lied_to
    sent = {turn.received: bytes(turn.sent) for turn in server.turns[before:]}
    checked = 0
    for event in second_crawl(archive):
        aside = [unquote_to_bytes(event.about.get(name, [""])[0])
                 for name in ("interimResponse", "notModifiedResponse", "surplusBytes")]  # fmt: skip
        message = event.response or b""
        if event.fields["WARC-Type"] == ["revisit"] and not aside[1]:
            assert message.startswith(b"HTTP/1.1 200 OK\r\n")
            assert sent[event.request].startswith(message)
            continue
        assert aside[0] + aside[1] + message + aside[2] == sent[event.request], event.url
        checked += 1
    assert checked > 15


def test_what_was_believed_shows_what_is_kept(lied_to: tuple[Path, WireServer, int]) -> None:
    archive, server, _ = lied_to
    rows = query(
        archive,
        "SELECT r.url, c.status, v.digest IS NOT NULL, c.original_id IS NOT NULL, c.mime FROM capture c"
        " JOIN resource r ON r.id = c.resource_id LEFT JOIN page_version v ON v.id = c.page_version_id"
        " WHERE c.crawl_id = (SELECT max(id) FROM crawl) AND c.status = 304 ORDER BY 1, c.id",
    )
    base = f"http://127.0.0.1:{server.port}/"
    found = {(str(url).removeprefix(base), *rest) for url, _, *rest in rows}
    believed = {name for name, (_, _, kinds) in SERVERS.items() if kinds == ["not-modified"]}
    plain = {name for name, (_, _, kinds) in SERVERS.items() if "response 304" in kinds}
    assert found == {(name, 1, 1, "text/html") for name in believed} | {(name, 0, 0, None) for name in plain}
    live = dumped(archive)
    bewaar("verify", "--rows", "--archive", archive)
    bewaar("rebuild", "--archive", archive, code=None)
    assert list(differences(live, dumped(archive))) == []
