"""`serve`: a process of its own, its address on stdout, and nothing in the archive touched."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from archive.browse.serve import build as build_datasette
from archive.browse.serve import is_frozen, serve
from archive.errors import NotAnArchive, WrongUse
from archive.layout import Archive
from archive.store import Store
from crawler.items import KINDS
from tests.machine import unavailable

CODE = """import sys
from pathlib import Path
from archive.browse.serve import serve
from archive.layout import Archive
sys.exit(serve(Archive.open(Path(sys.argv[1])), port=int(sys.argv[2])))"""
ROOT = Path(__file__).parents[2]


def start(archive: Path, port: int = 0, *before: str) -> tuple[subprocess.Popen, str]:
    process = subprocess.Popen(
        [*before, sys.executable, "-c", CODE, str(archive), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    return process, process.stdout.readline().strip()


def files(root: Path) -> dict[str, str]:
    return {
        str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest() for p in root.rglob("*") if p.is_file()
    }


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_serves_and_ends_without_a_word(built, stop):
    before = files(built.archive.root)
    process, address = start(built.archive.root)
    try:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        home = httpx.get(address, timeout=20)
        assert home.status_code == 200
        assert "<title>Netwerk Betere Zorg</title>" in home.text
        assert httpx.get(address + built.path("home", "raw").lstrip("/")).status_code == 200
        assert httpx.get(address + "nowhere/at/all").status_code == 404
    finally:
        process.send_signal(stop)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out == ""
    assert err == ""
    after = files(built.archive.root)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) <= {"archive.db-wal", "archive.db-shm"}


def test_a_port_that_is_taken_is_one_clear_line(built):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(WrongUse, match=f"127.0.0.1 port {port}: another program listens there"):
            serve(built.archive, port=port)


def test_an_address_of_another_machine_is_one_clear_line(built):
    with pytest.raises(WrongUse, match=r"192\.0\.2\.1 port 1"):
        serve(built.archive, host="192.0.2.1", port=1)


def test_an_archive_without_a_database_is_said_to_be_so(tmp_path):
    archive = Archive.create(tmp_path / "new")
    with pytest.raises(NotAnArchive, match="no such file"):
        serve(archive, port=0)
    assert not archive.database.exists()


def test_a_database_of_another_program_is_refused(tmp_path):
    archive = Archive.create(tmp_path / "new")
    archive.database.write_bytes(b"not a database at all, but long enough to be looked into" * 20)
    with pytest.raises(NotAnArchive):
        serve(archive, port=0)


def test_an_archive_on_read_only_media_is_served(built, tmp_path):
    """A bind mount in a mount namespace of its own: root writes where the mode forbids it, but not there."""
    root = tmp_path / "frozen"
    shutil.copytree(built.archive.root, root, ignore=shutil.ignore_patterns("archive.db-*"))
    if os.geteuid() != 0:
        before: tuple[str, ...] = ()
        for path in (root, *root.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
    else:
        mount = f"mount --bind '{root}' '{root}' && mount -o remount,ro,bind '{root}' && exec \"$@\""
        before = ("unshare", "--mount", "sh", "-c", mount, "sh")
        if subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
            unavailable("no mount namespaces here: run as another user than root, or where unshare --mount works")
    process, address = start(root, 0, *before)
    try:
        assert httpx.get(address, timeout=20).status_code == 200
        assert httpx.get(address + "archive/current_sponsors").status_code == 200
        assert httpx.get(address + "-/databases.json").json()[0]["is_mutable"] is False
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        for path in (root, *root.rglob("*")):
            path.chmod(0o755)
    assert err == ""
    assert not list(root.glob("archive.db-*"))


def test_a_database_that_may_be_written_is_not_opened_as_immutable(built, tmp_path):
    assert not is_frozen(built.archive.database)
    assert build_datasette(built.archive).databases["archive"].is_mutable


def test_what_a_crawl_writes_is_seen_while_it_is_served(tmp_path):
    archive = Archive.create(tmp_path / "new")
    Store(archive.database, KINDS).close()
    process, address = start(archive.root)
    try:
        assert httpx.get(address + "archive/site.json?_shape=array", timeout=20).json() == []
        with Store(archive.database, KINDS, write_lock=archive.lock_database) as store:
            store.write_site("x", name="Later")
            assert [row["name"] for row in httpx.get(address + "archive/site.json?_shape=array").json()] == ["Later"]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
