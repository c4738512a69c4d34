"""A profile that asks for what changed only: what a server need not send again is referred to, and nobody who asks the
database can tell. What a server says that cannot be believed is kept as it came, and asked for in full."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from archive.layout import Archive
from archive.model import Record
from archive.store.compare import differences
from archive.warc.fields import read_warc_fields
from archive.warc.reader import read_records
from tests.crawler.crawled import dumped, query, wait_for
from tests.crawler.test_dedup import FILLER, MEMBERS, profile, types
from tests.front_door import CONTACT, bewaar, start
from tests.site_server import Answer, Site, page, tree
from tests.wire_run import Event, read_events
from tests.wire_run import read_warc as read_plain
from tests.wire_server import Own, Step, WireServer

BIN = Path(sys.executable).parent
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
LONG_AGO = "Sun, 05 Jan 2020 10:00:00 GMT"
STRONG = 'conditional = "strong"'


def tagged(pages: dict[str, Answer]) -> dict[str, Answer]:
    """Every answer with an entity tag, but for every third, which has a date."""
    made = {}
    for number, (path, (status, headers, body)) in enumerate(pages.items()):
        validator = {"Last-Modified": LONG_AGO} if number % 3 == 2 else {"ETag": f'"{number}"'}
        made[path] = (status, {**headers, **validator}, body)
    return made


def crawl_own(archive: Path, *options: str, code: int | None = 0) -> dict[str, object]:
    done = bewaar("crawl", "own", "--archive", archive, "--contact", CONTACT, "--json", *options, code=code)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def records(archive: Path, crawl: int) -> list[Record]:
    return list(read_records(sorted((archive / "warcs").glob("*.warc.gz"))[crawl]))


def report_of(archive: Path, crawl: int) -> dict[str, object]:
    (record,) = [record for record in records(archive, crawl) if (record.url or "").endswith("/report.json")]
    found: dict[str, object] = json.loads(b"".join(record.block.chunks()))
    return found


def shown(archive: Path) -> list[list[tuple[object, ...]]]:
    """What each crawl's captures show, crawl by crawl: page, text, lists, facts with their quotes, kind."""
    seen = query(
        archive,
        "SELECT c.crawl_id, r.url, c.page_key, c.mime, c.via, c.hops, c.redirect_to, v.digest, o.role, o.state,"
        " o.section_version_id, e.quote, e.byte_start, e.byte_end, coalesce(c.payload_id, oc.payload_id)"
        " FROM capture c JOIN resource r ON r.id = c.resource_id LEFT JOIN page_version v ON v.id = c.page_version_id"
        " LEFT JOIN observation o ON o.capture_id = c.id LEFT JOIN evidence e ON e.observation_id = o.id"
        " LEFT JOIN capture oc ON oc.id = c.original_id ORDER BY 1, 2, 3, 9, 10, 11, 12",
    )
    crawls = sorted({row[0] for row in seen})
    return [[row[1:] for row in seen if row[0] == crawl] for crawl in crawls]


def check_rows(archive: Path) -> None:
    live = dumped(archive)
    bewaar("verify", "--rows", "--strict", "--archive", archive)
    bewaar("rebuild", "--archive", archive)
    assert list(differences(live, dumped(archive))) == []


@pytest.mark.parametrize("more", ["", 'record_digest = "sha1"\nstrict_fields = true'], ids=["sha256", "sha1 strict"])
def test_what_did_not_change_is_not_sent_again_and_nobody_can_tell(tmp_path: Path, more: str) -> None:
    archive = tmp_path / "a"
    refresh = page(MEMBERS + FILLER + '<a href="/p1">x</a><a href="/p2">x</a>')
    front = (200, refresh[1], refresh[2].replace(b"<title>", b'<meta http-equiv=refresh content="9; url=/p3"><title>'))
    pages = tagged(tree(15) | {"/": front, "/weak": page("weak"), "/none": page("none")})
    pages["/p15"] = page('<a href="/weak">x</a><a href="/none">x</a>')
    pages["/weak"] = (200, {**pages["/weak"][1], "ETag": 'W/"w"'}, pages["/weak"][2])
    pages["/none"] = page("no validator")
    with Site(pages) as site:
        profile(archive, site, "same-url", f"{STRONG}\n{more}")
        first = crawl_own(archive)
        asked_first, site.asked = site.asked, []
        second = crawl_own(archive)
        asked = {request.path: request.headers for request in site.asked}
    # The links of a page that was not sent again are followed.
    assert sorted(request.path for request in asked_first) == sorted(request.path for request in site.asked)
    assert not any("If-None-Match" in request.headers for request in asked_first)
    # The last two are not there, and what is not there has no validator.
    unconditional = {"/weak", "/none", "/p15", "/p1", "/robots.txt"}
    for path, headers in asked.items():
        fields = {name: value for name, value in headers.items() if name.startswith("If-")}
        if path in unconditional:
            assert fields == {}, path
        elif "ETag" in pages[path][1]:
            assert fields == {"If-None-Match": pages[path][1]["ETag"]}, path
        else:
            assert fields == {"If-Modified-Since": LONG_AGO}, path
    assert (second["captures"], second["pages"]) == (first["captures"], first["pages"])

    originals = {record.id: record for record in records(archive, 0)}
    revisits = [record for record in records(archive, 1) if record.field("WARC-Profile") == NOT_MODIFIED]
    assert len(revisits) == len(asked) - len(unconditional) > 25
    about = {record.field("WARC-Concurrent-To"): record for record in records(archive, 1) if record.type == "metadata"}
    for record in revisits:
        original = originals[record.field("WARC-Refers-To") or ""]
        assert (record.type, record.block.size, original.type) == ("revisit", 0, "response")
        for name in ("WARC-Payload-Digest", "WARC-Target-URI"):
            assert record.field(name) == original.field(name), name
        assert record.field("WARC-Refers-To-Date") == original.date
        assert record.field("WARC-Refers-To-Target-URI") == original.url
        assert (record.field("WARC-Protocol") is None) is bool(more)
        kept = unquote_to_bytes(read_warc_fields(about[record.id].block.chunks())["notModifiedResponse"])
        assert kept.startswith(b"HTTP/1.1 304 Not Modified\r\n")
        assert kept.endswith(b"\r\n\r\n")
    # The rest is compared, and referred to where it is the same: revisits as ever.
    assert types(archive)[1] == {"revisit": len(asked) - 1}

    before, after = shown(archive)
    assert before == after
    assert query(archive, "SELECT count(*) FROM change") == [(0,)]
    assert query(archive, "SELECT DISTINCT status FROM capture WHERE declared_digest IS NOT NULL ORDER BY 1") == [
        (200,), (304,), (404,)
    ]  # fmt: skip
    unchanged = report_of(archive, 1)["unchanged"]
    assert unchanged == {
        "revisits": len(asked),
        "not_modified": len(revisits),
        "bytes_not_stored": sum(len(pages[path][2]) for path in asked if path in pages) + 2 * len(b"not here"),
        "bytes_not_fetched": sum(len(pages[path][2]) for path in asked if path not in unconditional),
    }
    assert unchanged == second["unchanged"]
    check_rows(archive)
    for path in (archive / "warcs").glob("*.warc.gz"):
        for command in (["gzip", "-t"], [BIN / "warcio", "check"], [BIN / "fastwarc", "check", "-q"]):
            done = subprocess.run([*command, path], check=False, capture_output=True, text=True)
            assert done.returncode == 0, (command, done.stdout, done.stderr)
        theirs = subprocess.run([BIN / "cdxj-indexer", path], check=True, capture_output=True, text=True).stdout
        ours = bewaar("index", path).stdout
        places = [sorted(re.findall(r'"(?:offset|length)": "?(\d+)', lines)) for lines in (theirs, ours)]
        assert places[0] == places[1]


def test_weak_validators_are_asked_by_where_the_profile_says_so(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    weak = {path: (200, {**headers, "ETag": f'W/"{path}"'}, body) for path, (_, headers, body) in tree(3).items()}
    with Site(weak) as site:
        profile(archive, site, "same-url", 'conditional = "weak"')
        crawl_own(archive)
        crawl_own(archive)
    found = [record for record in records(archive, 1) if record.field("WARC-Profile") == NOT_MODIFIED]
    assert len(found) == len(weak)
    check_rows(archive)


def test_without_being_asked_for_no_request_is_conditional(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with Site(tagged(tree(3))) as site:
        profile(archive, site, "same-url")
        for _ in range(2):
            crawl_own(archive)
    assert not [name for request in site.asked for name in request.headers if name.startswith("If-")]
    assert types(archive)[1]["revisit"] == 6


def test_what_changed_is_stored_and_what_refers_refers_to_the_record_that_has_it(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with Site(tagged(tree(3))) as site:
        profile(archive, site, "same-url", STRONG)
        crawl_own(archive)
        site.pages["/p2"] = (200, {"Content-Type": "text/html", "ETag": '"new"'}, b"<title>n</title><p>other words")
        for _ in range(3):
            crawl_own(archive)
    second, third, last = (records(archive, number) for number in (1, 2, 3))
    (changed,) = [record for record in second if record.type == "response" and record.url == site.url("/p2")]
    for later in (third, last):
        (again,) = [record for record in later if record.type == "revisit" and record.url == site.url("/p2")]
        assert again.field("WARC-Profile") == NOT_MODIFIED
        assert again.field("WARC-Refers-To") == changed.id
        # Never to a revisit.
        firsts = {record.id for record in (*records(archive, 0), changed) if record.type == "response"}
        assert {record.field("WARC-Refers-To") for record in later if record.type == "revisit"} <= firsts
    check_rows(archive)


def test_a_crawl_of_304s_killed_in_the_middle_goes_on_below_them(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    pages = tagged(tree(40) | {"/": page(MEMBERS + '<a href="/p2">x</a><a href="/p3">x</a>')})
    with Site(pages) as site:
        profile(archive, site, "same-url", STRONG)
        crawl_own(archive)
        whole, site.asked, site.slow_s = {request.path for request in site.asked}, [], 0.03
        for wanted in (12, 30, 55):
            process = start("crawl", "own", "--archive", archive, "--contact", CONTACT)
            wait_for(site, wanted)
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        site.slow_s = 0.0
        crawl_own(archive)
        assert {request.path for request in site.asked} == whole
    of_second = query(
        archive,
        "SELECT count(DISTINCT resource_id), sum(status = 304), sum(status = 304 AND original_id IS NULL)"
        " FROM capture WHERE crawl_id = (SELECT max(id) FROM crawl)",
    )
    assert query(archive, "SELECT count(*) FROM crawl") == [(2,)]
    assert of_second[0][0] == len(whole)
    assert of_second[0][1] >= len(whole) - 1  # robots.txt apart
    assert of_second[0][2] == 0
    seen = query(archive, "SELECT count(*) FROM capture c JOIN observation o ON o.capture_id = c.id"
                 " WHERE o.role = 'member' AND o.state = 'found' GROUP BY c.crawl_id")  # fmt: skip
    assert len(seen) == 2
    check_rows(archive)


def test_an_original_that_went_away_is_not_asked_about(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with Site(tagged(tree(3))) as site:
        profile(archive, site, "same-url", STRONG)
        crawl_own(archive)
        (first,) = (archive / "warcs").glob("*.warc.gz")
        away = first.rename(tmp_path / first.name)
        site.asked.clear()
        crawl_own(archive)
        assert not [name for request in site.asked for name in request.headers if name.startswith("If-")]
        away.rename(first)
    assert types(archive)[1]["response"] == 6
    check_rows(archive)


def test_conditional_requests_need_something_to_refer_to(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with Site(tree(1)) as site:
        profile(archive, site, "off", STRONG)
        done = bewaar("crawl", "own", "--archive", archive, "--contact", CONTACT, code=2)
    assert "own.toml" in done.stderr
    assert 'dedup = "off"' in done.stderr


# Servers that do otherwise than the standard says, byte for byte.

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
