"""A crawl behind a login: the server sees the secrets, the archive never does."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from archive.layout import Archive
from archive.store.compare import differences
from archive.warc.reader import read_records
from tests.crawler.crawled import captured, dumped, query, wait_for
from tests.front_door import bewaar, crawl, start, start_afresh
from tests.login_site import (
    BASIC,
    ENVIRONMENT,
    KEY,
    PASSWORD,
    SECRETS,
    SESSION,
    LoginSite,
    check_redactions,
    declare,
    events_of,
    files_holding,
    members,
)
from tests.site_server import Answer, Site, page
from tests.wire_server import WireServer, make_certificate


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def test_the_server_sees_the_secrets_and_the_archive_does_not(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with LoginSite(members(7)) as site:
        name = declare(archive, site.url())
        done = bewaar("crawl", name, "--archive", archive)
        asked = {asked.path: asked.headers for asked in site.asked}
    assert set(asked) == {"/robots.txt", "/", *(f"/m{number}" for number in range(1, 8))}
    for headers in asked.values():
        assert (headers["Authorization"], headers["X-Api-Key"]) == (f"Basic {BASIC}", KEY)
        assert "consent=all" in headers["Cookie"]
    # The first page behind the login gets the declared session, the next the one that the server set then.
    assert asked["/m1"]["Cookie"] == f"SESSION={SESSION}; consent=all"
    assert asked["/m7"]["Cookie"].split("; ")[0].removeprefix("SESSION=") in site.sessions
    assert query(archive, "SELECT count(*) FROM capture WHERE status = 200") == [(8,)]
    assert len(site.sessions) == 7
    assert files_holding(archive, *SECRETS, *site.sessions) == []
    for secret in (*SECRETS, *site.sessions):
        assert secret not in done.stdout + done.stderr
    # What is no secret can be read.
    (event,) = (event for event in events_of(archive) if event.url.endswith("/m3"))
    assert b"\r\nX-Plain: of-no-harm\r\n" in event.request
    assert b"\r\nCookie: SESSION=xxxxxxxxxxxxxxxxxxxxxxxx; consent=xxx\r\n" in event.request
    assert b"\r\nSet-Cookie: SESSION=xxxxxxxxxxxxxxxxxxxxxxxx; Path=/; HttpOnly\r\n" in (event.response or b"")
    why = [line.rpartition("why=")[2] for line in event.about["redaction"]]
    assert sorted(why) == ["authorization", "cookie", "cookie", "secret", "set-cookie"]
    # As long as it was.
    assert len(event.request) == len(event.request.replace(b"x" * len(f"Basic {BASIC}"), f"Basic {BASIC}".encode()))
    assert f"Authorization: {'x' * len(f'Basic {BASIC}')}\r\n".encode() in event.request


def test_every_masked_range_is_named_and_counted(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with LoginSite(members(3)) as site:
        report = crawl(declare(archive, site.url()), archive)
    named = sum(map(check_redactions, events_of(archive)))
    assert report["redactions"] == named == 4 * 5 + 3  # robots.txt and pages; sessions set
    assert report["problems"] == []


def test_other_peoples_programs_and_ours_find_the_archive_sound(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with LoginSite(members(7)) as site:
        crawl(declare(archive, site.url()), archive)
    bewaar("verify", "--rows", "--strict", "--archive", archive)
    for file in (archive / "warcs").iterdir():
        for command in (["gzip", "-t"], [Path(sys.executable).parent / "warcio", "check"],
                        [Path(sys.executable).parent / "fastwarc", "check", "-q"]):  # fmt: skip
            subprocess.run([*command, file], check=True, capture_output=True)
    live = dumped(archive)
    bewaar("rebuild", "--archive", archive)
    assert list(differences(live, dumped(archive))) == []
    assert files_holding(archive, *SECRETS, *site.sessions) == []


def test_after_kill_9_and_after_being_taken_up_again_nothing_is_there_either(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with LoginSite(members(63), slow_s=0.03) as site:
        name = declare(archive, site.url())
        for asked in (12, 30):
            process = start("crawl", name, "--archive", archive)
            wait_for(site, asked)
            os.killpg(process.pid, signal.SIGKILL)
            said = process.communicate()
            assert list((archive / "warcs").glob("*.open"))
            assert files_holding(archive, *SECRETS, *site.sessions) == []
            assert not any(secret in text for text in said for secret in SECRETS)
        crawl(name, archive)
        wanted = {site.url(path) for path in members(63)}
    assert wanted <= set(captured(archive))
    assert len(query(archive, "SELECT id FROM crawl")) == 1
    assert files_holding(archive, *SECRETS, *site.sessions) == []
    bewaar("verify", "--rows", "--archive", archive)
    bewaar("rebuild", "--dry-run", "--archive", archive)


def test_a_resumed_crawl_without_its_secrets_does_not_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "a"
    with LoginSite(members(15)) as site:
        name = declare(archive, site.url())
        crawl(name, archive, "--max-pages", "2", code=3)
        monkeypatch.delenv("SITE_SESSION")
        before = len(site.asked)
        done = bewaar("crawl", name, "--archive", archive, code=2)
        assert len(site.asked) == before
    line = (archive / "sites" / "members.toml").read_text().splitlines().index("[[send]]") + 6
    where = f"{archive / 'sites' / 'members.toml'} line {line}: send.0.cookies.SESSION: "
    assert done.stderr == f"bewaar: {where}environment variable SITE_SESSION is not set\n"


def test_neither_processes_nor_the_reader_show_them(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with LoginSite(members(31), slow_s=0.05) as site:
        process = start_afresh("crawl", declare(archive, site.url()), "--archive", archive)
        wait_for(site, 6)
        (reader,) = (pid for pid in Path("/proc").glob("[0-9]*") if b"crawler.follow" in _of(pid, "cmdline")
                     and str(archive).encode() in _of(pid, "cmdline"))  # fmt: skip
        shown = _of(reader, "environ") + _of(reader, "cmdline") + _of(Path(f"/proc/{process.pid}"), "cmdline")
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)
    assert b"PATH=" in shown
    assert not any(secret.encode() in shown for secret in SECRETS)


def _of(process: Path, what: str) -> bytes:
    try:
        return (process / what).read_bytes()
    except OSError:
        return b""


def test_plain_scrapy_keeps_them_out_of_its_log_and_terminal_too(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with LoginSite(members(3)) as site:
        name = declare(archive, site.url())
        done = subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", "site", "-a", f"site={name}", "-a", f"archive={archive}", "-s",
             "LOG_LEVEL=DEBUG", "-s", "COOKIES_DEBUG=1", "-O", str(tmp_path / "facts.jsonl")],
            cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Spider opened" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(site.sessions) == 3
    for secret in (*SECRETS, BASIC, *site.sessions):
        assert secret not in done.stderr + done.stdout
    assert files_holding(archive, *SECRETS, *site.sessions) == []


def test_what_a_log_line_or_an_error_says_is_masked(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    # A header line without a colon makes Twisted give up, and its error tells the line.
    wrong = f"HTTP/1.1 2{KEY} no status\r\n\r\n".encode()
    with WireServer(own={"": wrong}) as server:
        report = crawl(declare(archive, f"http://127.0.0.1:{server.port}/"), archive, code=1)
    assert files_holding(archive, *SECRETS) == []
    assert "xxxxxx" in json.dumps(report)
    assert KEY not in json.dumps(report)


def test_secrets_go_only_where_they_are_declared_for(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    pages: dict[str, Answer] = {
        "/": page('<a href="/in/1">a</a><a href="/inside">b</a><a href="/out">c</a><a href="/in/../up">d</a>'),
        "/in/1": page("<p>in</p>"),
        "/inside": page("<p>beside</p>"),
        "/up": page("<p>up</p>"),
    }
    with Site(
        {"/there": page("<p>elsewhere</p>"), "/i.png": (200, {"Content-Type": "image/png"}, b"png")}
    ) as elsewhere:
        pages["/in/1"] = page(f'<a href="/in/away">x</a><img src="{elsewhere.url("/i.png")}">')
        pages["/in/away"] = (302, {"Location": elsewhere.url("/there")}, b"")
        with Site(pages) as site:
            more = f'hosts = ["{elsewhere.url().split("/")[2]}"]\nallow_addresses = ["127.0.0.0/8"]'
            name = declare(archive, site.url(), to=site.url("/in/"), more=more)
            crawl(name, archive)
            inside = {asked.path: asked.headers for asked in site.asked}
        outside = {asked.path: asked.headers for asked in elsewhere.asked}
    assert {"/in/1", "/in/away"} == {path for path, headers in inside.items() if "Authorization" in headers}
    assert {"/in/1", "/in/away"} == {path for path, headers in inside.items() if "Cookie" in headers}
    assert {"/", "/inside", "/out", "/robots.txt"} <= set(inside)
    assert {"/there", "/i.png"} <= set(outside)
    for headers in outside.values():
        assert not {"Authorization", "Cookie", "X-Api-Key", "X-Plain"} & set(headers)
    # Where no secret is sent, answers may be compressed.
    assert {headers["Accept-Encoding"] for headers in outside.values()} == {"gzip"}
    assert {headers["Accept-Encoding"] for path, headers in inside.items() if path.startswith("/in/")} == {"identity"}


def test_a_second_crawl_behind_the_login_refers_to_the_first(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    with LoginSite(members(7)) as site:
        name = declare(archive, site.url())
        crawl(name, archive)
        crawl(name, archive)
    second = sorted((archive / "warcs").glob("*.warc.gz"))[1]
    kept = [record.type for record in read_records(second) if record.type in {"response", "revisit"}]
    assert kept == ["revisit"] * 9
    assert sum(map(check_redactions, events_of(archive))) == 2 * (9 * 5 - 2)
    live = dumped(archive)
    bewaar("verify", "--rows", "--strict", "--archive", archive)
    bewaar("rebuild", "--archive", archive)
    assert list(differences(live, dumped(archive))) == []
    assert files_holding(archive, *SECRETS, *site.sessions) == []


def test_a_declared_cookie_that_the_site_takes_back_is_not_sent_again(tmp_path: Path) -> None:
    archive = tmp_path / "a"
    gone = {"Content-Type": "text/html", "Set-Cookie": "SESSION=deleted; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}
    pages: dict[str, Answer] = {
        "/": page('<a href="/logout">x</a>'),
        "/logout": (200, gone, b'<!doctype html><a href="/after">x</a>'),
        "/after": page("<p>out</p>"),
    }
    with Site(pages) as site:
        crawl(declare(archive, site.url()), archive)
        sent = {asked.path: asked.headers["Cookie"] for asked in site.asked}
    assert sent["/"] == sent["/logout"] == f"SESSION={SESSION}; consent=all"
    assert sent["/after"] == "consent=all"


def test_through_a_proxy_the_sites_secrets_go_to_the_site_and_the_proxys_to_the_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "a"
    monkeypatch.setenv("PROXY_PASSWORD", "geheim/van:de+proxy")
    basic = b"Basic " + base64.b64encode(b"me:geheim/van:de+proxy")
    hello = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi"
    with WireServer() as proxy, WireServer(make_certificate(tmp_path), own={"": hello, "robots.txt": hello}) as server:
        url = f"https://127.0.0.1:{server.port}/"
        more = (
            f'proxy = "http://127.0.0.1:{proxy.port}"\nproxy_user = "me"\nproxy_password = {{ env = "PROXY_PASSWORD" }}\n'
            'tls = "unverified"'
        )
        crawl(declare(archive, url, more=more), archive)
        tunnels, turns = proxy.tunnels, {turn.name: turn.received for turn in server.turns}
    # robots.txt goes the same way.
    assert set(turns) == {"", "robots.txt"}
    assert proxy.turns == []
    assert tunnels
    for head in tunnels:
        assert basic in head
        assert BASIC.encode() not in head
        assert not any(secret.encode() in head for secret in SECRETS)
    for received in turns.values():
        assert BASIC.encode() in received
        assert b"proxy-authorization" not in received.lower()
    assert files_holding(archive, *SECRETS, "geheim/van:de+proxy", "me:geheim/van:de+proxy") == []


def test_over_http_a_proxys_password_is_masked_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive.create(tmp_path / "a")
    monkeypatch.setenv("PROXY_PASSWORD", "geheim van de proxy")
    basic = b"Basic " + base64.b64encode(b"me:geheim van de proxy")
    hello = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi"
    with WireServer(own={"": hello, "robots.txt": hello}) as proxy:
        (archive.sites / "own.toml").write_text(
            f'seeds = ["http://site.test/"]\ncontact = "a@example.org"\nproxy = "http://127.0.0.1:{proxy.port}"\n'
            'delay_s = 0\nproxy_user = "me"\nproxy_password = { env = "PROXY_PASSWORD" }\n'
        )
        crawl("own", archive.root)
    assert [turn.name for turn in proxy.turns] == ["robots.txt", ""]
    assert all(basic in turn.received for turn in proxy.turns)
    assert files_holding(archive.root, "geheim van de proxy", "me:geheim van de proxy") == []
    for event in events_of(archive.root):
        assert check_redactions(event) == 1
        assert event.about["redaction"][0].endswith("why=proxy-authorization")


def test_what_the_page_about_logins_says_to_run_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "a"
    with LoginSite(members(3)) as site:
        crawl(declare(archive, site.url()), archive)
    text = (Path(__file__).parents[2] / "docs" / "login.md").read_text(encoding="utf-8")
    profile, crawling, form, named, looked_for = re.findall(r"```(?:toml|sh)\n(.*?)```", text, re.DOTALL)
    (archive / "sites" / "example.toml").write_text(f'seeds = ["https://example.org/"]\n{profile}\n{form}')
    assert "EXAMPLE_PASSWORD" in bewaar("sites", "show", "example", "--archive", archive).stdout
    assert "bewaar crawl example" in crawling
    run = {"cwd": archive, "capture_output": True, "text": True}
    counted = subprocess.run(["bash", "-c", named], **run).stdout.split()
    assert dict(zip(counted[1::2], map(int, counted[::2]), strict=True)) == {
        "authorization": 5, "cookie": 10, "secret": 5, "set-cookie": 3,
    }  # fmt: skip
    monkeypatch.setenv("EXAMPLE_PASSWORD", PASSWORD)
    assert set(subprocess.run(["bash", "-c", looked_for], **run).stdout.split()) == {"0"}
    # They do find what is there.
    monkeypatch.setenv("EXAMPLE_PASSWORD", "for members only")
    assert "3" in subprocess.run(["bash", "-c", looked_for], **run).stdout.split()
