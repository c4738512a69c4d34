"""docs/web.md, as it stands there: nginx before `bewaar serve --public`, the systemd unit, `public.db` alone."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from archive.browse.language import read_visit
from archive.store.decisions import append_decision
from tests.archive.browse_archive import HOME, HOST, Built, build
from tests.front_door import start
from tests.machine import program

#: what they share is made once
pytestmark = pytest.mark.xdist_group("web")

PAGE = Path(__file__).parents[2] / "docs" / "web.md"
NAME = "museum.example"


def block(kind: str) -> str:
    (found,) = re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return found


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert text.count(old) == 1, f"{old} is not once in docs/web.md"
        text = text.replace(old, new)
    return text


@contextmanager
def nginx(work: Path, configuration: str, port: int) -> Iterator[None]:
    path = program("nginx", "nginx-light")
    temporary = "".join(
        f"{name}_temp_path {work}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (work / "nginx.conf").write_text(
        f"daemon off; pid {work}/pid; error_log {work}/error.log warn; events {{}}\n"
        f"http {{ include /etc/nginx/mime.types; access_log off;\n{temporary}{configuration}}}\n"
    )
    command = [path, "-c", str(work / "nginx.conf"), "-e", str(work / "error.log")]
    if os.geteuid() == 0:
        command += ["-g", "user root;"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        end = time.monotonic() + 20
        while process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.02)
        assert process.poll() is None, process.stdout.read()
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Built:
    return build(tmp_path_factory.mktemp("web") / "archive")


@pytest.fixture(scope="module")
def served(built, tmp_path_factory) -> Iterator[httpx.Client]:
    """A client of nginx; ``served.headers`` say the host name."""
    work = tmp_path_factory.mktemp("nginx")
    process = start("serve", "--public", "--archive", built.archive.root, "--port", "0", "--base-path", "/archive/")
    try:
        behind = process.stdout.readline().strip().removeprefix("http://").rstrip("/")
        assert behind.startswith("127.0.0.1:"), process.stderr.read()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        configuration = replaced(
            block("nginx"), ("listen 80;", f"listen 127.0.0.1:{port};"), ("server 127.0.0.1:8001;", f"server {behind};"),
            ("/var/cache/nginx/bewaar ", f"{work}/cache "),
        )  # fmt: skip
        with (
            nginx(work, configuration, port),
            httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Host": NAME}, timeout=30) as client,
        ):
            client.get("/archive/").raise_for_status()  # the copy for the public is made
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def test_pages_lead_to_pages_below_the_path(served, built):
    assert served.get("/archive").headers["location"].endswith("/archive/")
    html = served.get("/archive/").text
    leads = set(re.findall(r'(?:href|src|action)="(/[^"]*)"', html))
    assert leads
    assert all(lead.startswith("/archive/") for lead in leads)
    picture = re.search(r'<img src="([^"]+)"', html)[1]
    for path in ("/archive/-/changes", "/archive/-/organisations", "/archive/-/search?q=zo%27n", picture,
                 f"/archive{built.path('home')}", "/archive/archive/capture", "/archive/-/static-plugins/bewaar/bewaar.css"):  # fmt: skip
        answer = served.get(path)
        assert answer.status_code == 200, path
        assert not re.findall(r'(?:href|src|action)="(/(?!archive/)[^"]*)"', answer.text if path != picture else "")
    assert served.get("/archive/-/databases").status_code == 404


def test_feeds_and_permalinks_say_the_name_and_the_path(served, built):
    atom = served.get("/archive/-/changes.atom").text
    assert f'rel="self" type="application/atom+xml" href="http://{NAME}/archive/-/changes.atom"' in atom
    assert f'href="http://{NAME}/archive{built.path("home2")}"' in atom
    feed = served.get("/archive/-/changes.json").json()
    assert feed["feed_url"] == f"http://{NAME}/archive/-/changes.json"
    assert feed["items"][0]["url"].startswith(f"http://{NAME}/archive/-/capture/")
    permalink = served.get(f"/archive/-/web/20160501120000/{HOME}")
    assert (permalink.status_code, permalink.headers["location"]) == (302, f"/archive{built.path('home', 'snapshot')}")
    memento = served.get(permalink.headers["location"])
    assert memento.headers["memento-datetime"] == "Sun, 01 May 2016 12:00:01 GMT"
    assert f'<http://{NAME}/archive/-/timegate/{HOME}>; rel="timegate"' in memento.headers["link"]
    assert (
        f"http://{NAME}/archive{built.path('home', 'snapshot')}" in served.get(f"/archive/-/timemap/link/{HOME}").text
    )


def test_security_headers_are_there_once(served, built):
    for path in ("/archive/", f"/archive{built.path('home')}", f"/archive{built.path('home', 'raw')}",
                 f"/archive{built.path('home', 'snapshot')}", "/archive/archive/capture", "/archive/nowhere"):  # fmt: skip
        headers = served.get(path).headers
        for name in (
            "content-security-policy",
            "x-content-type-options",
            "referrer-policy",
            "x-robots-tag",
            "cache-control",
        ):
            assert len(headers.get_list(name)) == 1, (path, name)
        assert "set-cookie" not in headers
        assert "uvicorn" not in headers["server"]
        assert not re.search(r"\d", headers["server"])


def test_what_may_be_kept_is_kept_for_everybody(served, built):
    path = f"/archive{built.path('css', 'raw')}"
    first, second = served.get(path), served.get(path, headers={"Cookie": "a=b"})
    assert [answer.headers["x-cache"] for answer in (first, second)] == ["MISS", "HIT"]
    assert first.headers["cache-control"] == "public, max-age=60"
    assert second.content == first.content
    # Another name is another page: addresses in it differ.
    assert served.get("/archive/-/changes.atom", headers={"Host": "evil.test"}).headers["x-cache"] == "MISS"
    assert NAME in served.get("/archive/-/changes.atom").text
    missing = [served.get("/archive/-/capture/none").headers["x-cache"] for _ in range(2)]
    assert missing == ["MISS", "MISS"]
    spoken = [
        {"Accept-Language": "nl-BE, en;q=0.5"},
        {"Cookie": "x=1; bewaar_lang=nl"},
        {"Cookie": "bewaar_lang=en"},
        {},
    ]
    kept = [served.get("/archive/-/organisation/wilde-ganzen", headers=one).headers["x-cache"] for one in spoken]
    assert kept == ["MISS", "HIT", "MISS", "HIT"]


@pytest.mark.parametrize(
    ("accepts", "language"),
    [
        ("de, nl", "nl"), ("de,nl-BE;q=0.5", "nl"), ("nld", "en"), ("NL-be , en", "nl"), ("en, nl", "en"),
        ("en;q=0.5, nl", "nl"), ("nl;q=0, de", "en"), ("fr", "en"), ("", "en"),
    ],
)  # fmt: skip
def test_the_browser_s_language_is_the_same_before_and_behind_it(language_told, accepts, language):
    assert language_of(accepts) == language
    told = language_told.get("/", headers={"Accept-Language": accepts}).text
    assert language_of(told) == language
    chosen = language_told.get("/", headers={"Accept-Language": accepts, "Cookie": "x=1; bewaar_lang=nl"}).text
    assert chosen == "nl"
    other = {"Accept-Language": accepts, "Cookie": "my_bewaar_lang=nl; bewaar_lang=nld"}
    assert language_told.get("/", headers=other).text == told


@pytest.fixture(scope="module")
def language_told(tmp_path_factory) -> Iterator[httpx.Client]:
    """The maps alone: what is handed on to Bewaar as the browser's languages, asked for without the limits."""
    work = tmp_path_factory.mktemp("maps")
    maps = re.findall(r"^map \$http_.*?^}", block("nginx"), re.DOTALL | re.MULTILINE)
    assert len(maps) == 2
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    telling = f"server {{ listen 127.0.0.1:{port}; return 200 $bewaar_language; }}"
    with nginx(work, "\n".join([*maps, telling]), port), httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        yield client


def language_of(accepts: str) -> str:
    return read_visit("/-/about", b"", {b"accept-language": accepts.encode()}).language


def test_parts_and_heads_are_answered(served, built):
    path = f"/archive{built.path('Stichting Lantaarn', 'raw')}"
    whole = served.get(path)
    part = served.get(path, headers={"Range": "bytes=2-9"})
    assert (part.status_code, part.content) == (206, whole.content[2:10])
    assert part.headers["content-range"] == f"bytes 2-9/{len(whole.content)}"
    head = served.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == whole.headers["content-type"] == "image/png"
    assert served.head("/archive/").status_code == 200


def test_nothing_can_be_sent_to_it(served):
    assert served.post("/archive/archive", data={"sql": "select 1"}).status_code == 403
    assert served.request("DELETE", "/archive/").status_code == 403
    assert served.post("/archive/archive", content=b"x" * 5000).status_code == 413


def test_a_takedown_is_451_and_is_not_kept(served, built):
    path = f"/archive{built.path('liar')}"
    assert served.get(f"/archive{built.path('liar', 'raw')}").status_code == 200
    append_decision(
        built.archive.decisions / "decisions.jsonl",
        who="beheer",
        why="privacy",
        action="takedown",
        scope=f"{HOST}/liar",
    )
    answers = [served.get(path) for _ in range(2)]
    assert [(answer.status_code, answer.headers["x-cache"]) for answer in answers] == [(451, "MISS")] * 2
    assert answers[0].headers["cache-control"] == "no-store"


def test_who_asks_too_much_is_told_so(served):
    """Last: for a moment everybody of this address is."""
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda _: served.get("/archive/-/static-plugins/bewaar/bewaar.css").status_code, range(150))
        )
    assert set(found) == {200, 429}
    assert found.count(200) >= 30


def test_systemd_accepts_the_unit_and_finds_it_well_shut(tmp_path):
    analyze = program("systemd-analyze", "systemd")
    unit = tmp_path / "bewaar-serve.service"
    command = str(Path(sys.executable).with_name("bewaar"))
    unit.write_text(replaced(block("ini"), ("/opt/bewaar/bin/bewaar", command)))
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:", "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run([analyze, "verify", "--man=no", unit], capture_output=True, text=True, env=environment)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "bewaar" in line]) == (0, [])
    done = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=20", unit], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stdout[-600:]


@pytest.fixture(scope="module")
def alone(built, served, tmp_path_factory) -> Path:
    """``public.db`` where nothing else of the archive is."""
    return Path(shutil.copy(built.archive.root / "public.db", tmp_path_factory.mktemp("alone") / "public.db"))


def datasette(*arguments: str) -> str:
    from click.testing import CliRunner
    from datasette.cli import cli

    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def test_datasette_package_makes_an_image_that_serves_it(alone, tmp_path, monkeypatch):
    """Docker's part is played by a script that keeps what it would have built from."""
    (tmp_path / "docker").write_text(f'#!/bin/sh\ncp -r . "{tmp_path}/image"\n')
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.chdir(alone.parent)
    told = re.search(r"^datasette package public\.db (.*)$", PAGE.read_text(), re.MULTILINE)[1]
    datasette("package", "public.db", *told.split())
    dockerfile = (tmp_path / "image" / "Dockerfile").read_text()
    assert re.search(r"^RUN pip install .*\bbewaar\b", dockerfile, re.MULTILINE)
    monkeypatch.chdir(tmp_path / "image")
    command = re.search(r"^CMD datasette (.*?) --inspect-file \S+ (.*?)--port \S+$", dockerfile, re.MULTILINE)
    assert "bw-counts" in datasette(*command[1].split(), *command[2].split(), "--get", "/")
    told = re.search(r"^datasette (serve -i public\.db .*)$", PAGE.read_text(), re.MULTILINE)[1]
    assert "bw-changes" in datasette(*told.split(), "--get", "/-/changes")


def test_the_file_alone_says_that_the_records_are_not_there(alone, built):
    from datasette.app import Datasette

    from tests.archive.browse_server import running

    datasette = Datasette([], immutables=[str(alone)], settings={"suggest_facets": False})
    with running(datasette) as client:
        for path in ("/", "/-/organisations", "/-/organisation/wilde-ganzen", "/-/changes", "/-/search?q=netwerk",
                     f"/-/page/{built.ids['home']}", f"/-/timemap/link/{HOME}", "/public/capture"):  # fmt: skip
            assert client.get(path).status_code == 200, path
        page = client.get(built.path("home"))
        assert page.status_code == 200
        assert "is not among the WARC files of this archive" in page.text
        assert page.headers["x-robots-tag"] == "noindex"
        assert client.get(f"/-/web/2016/{HOME}").headers["location"] == built.path("home", "snapshot")
        for view in ("raw", "record", "snapshot"):
            answer = client.get(built.path("home", view))
            assert answer.status_code == 404
            assert "The bytes are not here" in answer.text
