"""What a visitor mistypes is answered, and says nothing on the operator's terminal."""

from __future__ import annotations

import logging
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from datasette.utils.asgi import NotFound
from hypothesis import given
from hypothesis import strategies as st

from archive.browse import faults
from archive.browse.serve import build as build_datasette
from archive.errors import NotAnArchive
from archive.layout import Archive
from archive.store import Store
from crawler.items import KINDS
from tests.archive.browse_server import running

CODE = """import sys
from pathlib import Path
from archive.browse.serve import serve
from archive.layout import Archive
sys.exit(serve(Archive.open(Path(sys.argv[1])), port=0))"""
ENDLESS = b"with+recursive+a(x)+as+(select+1+union+all+select+x%2b1+from+a)+select+max(x)+from+a"

#: what is typed, and the status it is answered with
TYPED: list[tuple[bytes, int]] = [
    (b"/archive/../../etc/passwd", 404),
    (b"/-/payload/../../etc/passwd", 404),
    (b"/..", 404),
    (b"///a", 404),
    (b"/a/b/c/d/e/f", 404),
    (b"/a/b/c/d/e/f.json", 404),
    (b"http://elsewhere.test/a/b/c/d", 404),
    (b"/%", 302),
    (b"/%zz", 302),
    (b"/%00", 302),
    (b"/%ff%fe", 302),
    (b"/~ff~fe", 404),
    (b"/archive/capture/~00", 404),
    (b"/x\xff\xfe", 400),
    (b"/a\x00b", 400),
    (b"/" + b"a" * 5000, 404),
    (b"/-/static/" + b"a" * 5000, 404),
    (b"/-/static/%00", 404),
    (b"/-/static/app.css/x", 404),
    (b"/" + b"a/" * 9000 + b"a", 404),
    (b"/nowhere", 404),
    (b"/archive/nowhere", 404),
    (b"/archive/nowhere/1", 400),
    (b"/archive/capture/987654321", 404),
    (b"/archive/capture?_sort=nowhere", 400),
    (b"/archive/capture?_facet=nowhere", 400),
    (b"/archive/capture?_next=1,2,3,4,5", 400),
    (b"/archive/capture?status__in=[1,", 400),
    (b"/archive/capture?_through={bad", 400),
    (b"/archive/page_version?text__arraycontains=1", 400),
    (b"/archive/page_version?_search=%22&_searchmode=raw", 400),
    (b"/archive/page_version?_search=%00%ff", 400),
    (b"/archive/capture/1.blob?_blob_column=status", 200),
    (b"/archive?sql=select+*+from+nowhere", 400),
    (b"/archive.json?sql=select+%22%1b[2J", 400),
    (b"/archive.csv?_stream=1&sql=select+zz", 200),
    (b"/archive?sql=drop+table+capture", 400),
    (b"/archive.csv?sql=" + ENDLESS, 400),
    (b"/archive.json?sql=select+length(hex(zeroblob(100000000)))", 400),
]


@contextmanager
def served(archive: Path):
    """The port; and after the end in ``printed`` all that stood on the terminal."""
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, str(archive)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    printed: list[bytes] = []
    try:
        yield int(process.stdout.readline().strip().rstrip(b"/").rsplit(b":", 1)[1]), printed
    finally:
        process.send_signal(signal.SIGINT)
        printed += process.communicate(timeout=20)


def ask(port: int, target: bytes, method: bytes = b"GET", cookie: bytes = b"") -> bytes:
    """The answer to *target* as it is: clients mend what they are given."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        headers = b"Host: x\r\nConnection: close" + (b"\r\nCookie: " + cookie if cookie else b"")
        connection.sendall(method + b" " + target + b" HTTP/1.1\r\n" + headers + b"\r\n\r\n")
        answer = b""
        while got := connection.recv(65536):
            answer += got
    return answer


def test_no_address_a_visitor_can_type_prints_or_is_a_fault(built):
    with served(built.archive.root) as (port, printed):
        answers = [(target, ask(port, target)) for target, _ in TYPED]
        refused = ask(port, b"/", b"BREW")
        odd = ask(port, b"/", cookie=b"ds_messages=\xff")
    found = [(target[:80], int(answer[9:12])) for target, answer in answers]
    assert found == [(target[:80], status) for target, status in TYPED]
    assert (int(refused[9:12]), int(odd[9:12])) == (400, 200)
    assert not any(b"root:" in answer or b"Traceback" in answer for _, answer in answers)
    assert printed == [b"", b""]


def test_a_fault_of_ours_is_one_line_without_control_characters():
    with pytest.raises(RuntimeError) as caught:
        raise RuntimeError("odd\n\x1b[2Jvalue")
    about = (caught.type, caught.value, caught.tb)
    record = logging.LogRecord("x", logging.ERROR, "", 0, "%s %s", ("GET", "/a\x9b"), about)
    line = faults.OneLine().format(record)
    assert line.startswith("GET /a\ufffd: RuntimeError: odd \ufffd[2Jvalue (archive/test_browse_faults.py:")


@given(st.text())
def test_a_line_is_one_line(text):
    line = faults.OneLine().format(logging.LogRecord("x", logging.ERROR, "", 0, text, (), None))
    assert len(line.splitlines()) <= 1
    assert line.isprintable()


def test_a_broken_file_is_not_laid_at_the_visitors_door():
    assert faults.tell(sqlite3.DatabaseError("database disk image is malformed")).status == 500
    assert faults.tell(OSError("no")).status == 500
    assert faults.tell(sqlite3.OperationalError("no such column: x")).status == 400
    assert faults.tell(NotFound("no")).status == 404


def test_our_own_mistakes_are_faults():
    with pytest.raises(AttributeError) as caught:
        faults.OneLine().format(None)  # any code of ours that raises what Datasette raises for the mistyped
    assert faults.tell(caught.value).status == 500


@pytest.mark.parametrize(("language", "longer"), [("en", "takes longer than is allowed"), ("nl", "duurt langer dan")])
def test_a_question_that_takes_too_long_is_told_so(client, language, longer):
    answer = client.get(f"/archive?_timelimit=20&sql={ENDLESS.decode()}", headers={"accept-language": language})
    assert answer.status_code == 400
    (notice,) = re.findall(r'<div class="bw-notice">(.*?)</div>', answer.text, re.DOTALL)
    assert longer in notice
    assert "<textarea" not in answer.text


@pytest.mark.parametrize(
    "path", ["/nope", "/archive/nope", "/archive/capture/99999", "/archive?sql=select+nope", "/a/b/c/d/e"]
)
def test_an_address_that_leads_nowhere_has_the_name_of_the_archive_and_its_menu(client, path):
    answer = client.get(path, headers={"accept-language": "nl"})
    assert answer.status_code in (400, 404)
    assert "Netwerk Betere Zorg</a>" in answer.text
    menu = answer.text.partition("<nav")[2].partition("</nav>")[0]
    assert '<a href="/-/search">Zoeken</a>' in menu
    assert '<a href="/-/organisations">' in menu


def test_an_archive_with_nothing_in_it_says_so(tmp_path):
    archive = Archive.create(tmp_path / "new")
    Store(archive.database, KINDS).close()
    with running(build_datasette(archive)) as client:
        assert "This archive is empty" in client.get("/").text
        for path in ("/", "/archive", "/archive/capture", "/archive/crawls", "/-/search?q=x"):
            assert client.get(path).status_code == 200, path


def test_a_database_without_tables_is_served_and_becomes_the_archive_that_is_written(tmp_path):
    archive = Archive.create(tmp_path / "new")
    archive.database.touch()
    with running(build_datasette(archive)) as client:
        home = client.get("/")
        assert home.status_code == 200
        assert "This archive is empty" in home.text
        assert client.get("/archive").status_code == 200
        with Store(archive.database, KINDS, write_lock=archive.lock_database) as store:
            store.write_site("x", name="Later")
        assert "nothing has been captured yet" in client.get("/").text
        assert client.get("/archive/capture").status_code == 200


def test_an_unended_crawl_is_said_to_be_so(built, tmp_path):
    archive = Archive.create(tmp_path / "live")
    with closing(sqlite3.connect(built.archive.database)) as before, closing(sqlite3.connect(archive.database)) as copy:
        before.backup(copy)
        copy.execute("UPDATE crawl SET status = 'running', finished_at = NULL")
        copy.commit()
    writer = sqlite3.connect(archive.database, isolation_level=None)
    with running(build_datasette(archive)) as client:
        writer.execute("BEGIN IMMEDIATE")  # as the crawl's reader holds it while it writes a batch
        writer.execute("UPDATE crawl SET status = status")
        try:
            for path in ("/", "/archive", "/archive/capture", "/archive/crawls", "/-/search?q=pleegzorg"):
                assert client.get(path).status_code == 200, path
            assert "has not ended" in client.get("/").text
        finally:
            writer.rollback()
            writer.close()
    with running(build_datasette(built.archive)) as client:
        assert "has not ended" not in client.get("/").text


def test_a_database_of_another_program_is_still_refused(tmp_path):
    archive = Archive.create(tmp_path / "new")
    with closing(sqlite3.connect(archive.database)) as other:
        other.execute("CREATE TABLE x (y)")
    with pytest.raises(NotAnArchive):
        build_datasette(archive)


def test_an_unmatched_address_is_answered_in_plain_datasette_too(built):
    from datasette.app import Datasette

    with running(Datasette([str(built.archive.database)])) as client:
        assert client.get("/a/b/c/d/e").status_code == 404
        answer = client.get("/a/b/c/d/e.json")
        assert (answer.status_code, answer.json()["ok"]) == (404, False)
        assert httpx.get(str(client.base_url) + "/archive/nowhere").status_code == 404
