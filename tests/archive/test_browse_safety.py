"""Safety 1, 2, 3 and 4 of the browse plugin, over HTTP. What executes in a browser is in test_browse_execution.py."""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
from urllib.parse import quote

import httpx
import pytest
from datasette.app import Datasette
from hypothesis import given
from hypothesis import strategies as st

from archive.browse import records, safe
from archive.browse.serve import build as build_datasette
from archive.errors import BadRecord, TooLarge
from archive.warc.reader import read_records
from tests.archive.browse_archive import ATTACK, CSS, EVIL_HTML, GIF_HTML, HOME, HOST, build
from tests.archive.browse_server import running


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return build(tmp_path_factory.mktemp("browse") / "archive")


@pytest.fixture(scope="module")
def client(built):
    with running(build_datasette(built.archive)) as client:
        yield client


# --- 1 and 2: how archived bytes are sent


@pytest.mark.parametrize("name", ["home", "evil", "liar", "gif", "gone", "script", "css", "svg", "pdf", "odd"])
def test_raw_bytes_are_never_html(client, built, name):
    answer = client.get(built.path(name, "raw"))
    assert answer.status_code == 200
    assert "html" not in answer.headers["content-type"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "allow-scripts" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("name", "content_type", "disposition"),
    [
        ("home", "text/plain; charset=utf-8", "inline"),
        ("script", "text/plain; charset=utf-8", "inline"),
        ("css", "text/plain; charset=utf-8", "inline"),
        ("Stichting Lantaarn", "image/png", "inline"),
        ("Plan Vooruit 2", "image/jpeg", "inline"),
        ("svg", "image/svg+xml", "inline"),
        ("gif", "image/gif", "inline"),
        ("liar", "application/octet-stream", "attachment"),
        ("pdf", "application/octet-stream", "attachment"),
    ],
)
def test_bytes_are_named_by_what_they_are(client, built, name, content_type, disposition):
    answer = client.get(built.path(name, "raw"))
    assert answer.headers["content-type"] == content_type
    assert answer.headers["content-disposition"].split(";")[0] == disposition


def test_raw_sends_the_body_as_it_was_captured(client, built):
    assert client.get(built.path("evil", "raw")).content == EVIL_HTML
    assert client.get(built.path("css", "raw")).content == CSS
    assert client.get(built.path("gif", "raw")).content == GIF_HTML


def test_a_download_is_an_attachment_whatever_it_is(client, built):
    answer = client.get(built.path("home", "raw") + "?download=1")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("view", ["raw", "record", "snapshot", ""])
def test_archived_headers_never_reach_the_visitor(client, built, view):
    answer = client.get(built.path("home", view))
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "default-src *" not in answer.headers["content-security-policy"]
    assert answer.headers["x-robots-tag"] == "noindex"


def test_a_snapshot_holds_nothing_that_runs(client, built):
    answer = client.get(built.path("home", "snapshot"))
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = [part.strip() for part in answer.headers["content-security-policy"].split(";")]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    html = answer.text
    for gone in ("<script", ATTACK, "onload", "onerror", "onfocus", "javascript:", "<iframe", "<form", "<object", "<svg",
                 "http-equiv", "elders.test", "@import", "<base"):  # fmt: skip
        assert gone not in html, gone
    assert "Archived copy of 2016-05-01 12:00:01 (UTC), not the live" in html


def test_a_snapshot_takes_everything_from_the_archive(client, built):
    html = client.get(built.path("home", "snapshot")).text
    stamp = "/-/web/20160501120001/"
    assert f'src="{stamp}{HOST}/images/215/1000.png"' in html
    assert f'srcset="{stamp}{HOST}/images/215/1004.png"' in html  # a lazy image is shown
    assert f'href="{stamp}{HOST}/p/215/3233/nieuws"' in html  # resolved against the page's <base>
    assert f'url("{stamp}{HOST}/images/achtergrond.png")' in html  # out of the style sheet, which is inlined
    assert "rgb(1, 2, 3)" in html
    assert 'href="http' not in html.replace(f'href="{stamp}http', "")


def test_only_pages_have_snapshots(client, built):
    for name in ("pdf", "svg", "script"):
        answer = client.get(built.path(name, "snapshot"))
        assert answer.status_code == 302
        assert answer.headers["location"] == built.path(name, "raw")


def test_our_pages_and_datasettes_say_nosniff_and_have_a_policy(client, built):
    for path in ("/", "/archive", "/archive/capture", built.path("home"), "/-/search?q=x", "/nowhere", "/archive.json"):
        answer = client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert "default-src" in answer.headers["content-security-policy"], path
    for path in ("/", built.path("evil"), "/-/search?q=x"):
        if path != "/":
            assert "script-src" not in client.get(path).headers["content-security-policy"]


def test_robots_are_kept_out_of_searches_and_archived_content(client, built):
    for path in ("/-/search?q=x", "/archive/page_version?_search=kind", "/archive?sql=select+1", built.path("home")):
        assert client.get(path).headers["x-robots-tag"] == "noindex"
    assert "x-robots-tag" not in client.get("/").headers


def test_what_is_hostile_is_escaped_on_every_page(client, built):
    paths = ["/", "/archive/capture", "/archive/resource", "/archive/page_version", built.path("evil"),
             built.path("odd"), "/-/search?q=kwaad", "/-/search?q=%22%3E%3Cscript%3Ex", "/archive/captures_of?url=evil",
             "/archive/failures", f"/-/web/2016/{quote(HOST, safe='')}/%3Cscript%3Ealert(1)%3C/script%3E",
             "/-/capture/%3Cscript%3E", "/archive/capture?_sort=%3Cscript%3E"]  # fmt: skip
    seen = 0
    for path in paths:
        text = client.get(path, follow_redirects=True).text
        assert f"<script>{ATTACK}" not in text, path
        assert "<script>alert" not in text, path
        assert "<img src=x" not in text, path
        seen += text.count("&lt;script&gt;")
    assert seen > 5  # they were there to be escaped


# --- 3: permissions


@pytest.mark.parametrize(
    "metadata",
    [
        {"allow": False},
        {"databases": {"archive": {"allow": False}}},
        {"databases": {"archive": {"tables": {"capture": {"allow": False}}}}},
    ],
    ids=["instance", "database", "table"],
)
def test_every_route_asks_who_may_see_it(built, metadata):
    paths = [built.path("home", view) for view in ("", "raw", "record", "snapshot")]
    paths += [f"/-/web/20160501120000/{HOME}", "/-/capture/row/1", "/-/search?q=kind", "/-/search"]
    with running(Datasette([str(built.archive.database)])) as client:
        assert {client.get(path).status_code for path in paths} <= {200, 302}  # the control
    with running(Datasette([str(built.archive.database)], metadata=metadata)) as client:
        for path in paths:
            assert client.get(path).status_code == 403, path
        home = client.get("/")
        assert "Stichting Lantaarn" not in home.text
        assert home.status_code == (403 if "allow" in metadata else 200)


def test_parts_of_the_front_page_follow_their_tables(built):
    closed = {"databases": {"archive": {"tables": {"current_sponsor": {"allow": False}, "fact": {"allow": False}}}}}
    with running(Datasette([str(built.archive.database)], metadata=closed)) as client:
        home = client.get("/").text
        assert "Huis van Jeugd" in home
        assert "Current sponsors</h2>" not in home
        assert "Facts taken from it" not in client.get(built.path("home")).text


# --- 4: files, sizes, digests


def _tampered(built, tmp_path, change):
    """A copy of the archive whose first WARC file *change* has rewritten."""
    root = tmp_path / "copy"
    shutil.copytree(built.archive.root, root)
    warc = min((root / "warcs").iterdir())
    change(warc)
    return root


def test_bytes_that_are_not_what_was_captured_are_not_sent(built, tmp_path):
    place = built.captures["home"].place

    def swap(warc):
        data = bytearray(warc.read_bytes())
        record = gzip.decompress(bytes(data[place.offset : place.offset + place.length]))
        forged = gzip.compress(record.replace(b"Wilde Ganzen", b"Wilde Zwanen"), compresslevel=9)
        # The same length in the file: an empty gzip header comment takes up the rest.
        pad = place.length - len(forged)
        assert pad != 0 or forged
        if pad > 0:
            forged = forged[:3] + b"\x10" + forged[4:10] + b" " * (pad - 1) + b"\0" + forged[10:]
        data[place.offset : place.offset + place.length] = forged
        warc.write_bytes(bytes(data))

    root = _tampered(built, tmp_path, swap)
    with running(Datasette([str(root / "archive.db")])) as client:
        for view in ("raw", "snapshot", "record"):
            answer = client.get(built.path("home", view))
            assert answer.status_code == 502, view
            assert "Zwanen" not in answer.text
            assert "The record is not what it should be" in answer.text
            assert f"at {place.offset}" in answer.text
            assert answer.headers["x-content-type-options"] == "nosniff"
        page = client.get(built.path("home"))
        assert page.status_code == 200
        assert "NOT EQUAL" in page.text
        assert built.path("home", "raw") not in page.text
        assert "NOT EQUAL" not in client.get(built.path("evil")).text  # its neighbour is whole


def test_a_damaged_record_is_said_to_be_so(built, tmp_path):
    def zero(warc):
        place = built.captures["home"].place
        data = bytearray(warc.read_bytes())
        data[place.offset + 20 : place.offset + 60] = bytes(40)
        warc.write_bytes(bytes(data))

    root = _tampered(built, tmp_path, zero)
    with running(Datasette([str(root / "archive.db")])) as client:
        assert client.get(built.path("home", "raw")).status_code == 502
        assert client.get(built.path("home", "record")).status_code == 502
        assert "could not be shown" in client.get(built.path("home")).text


def test_a_record_whose_file_is_elsewhere_is_a_404_that_names_it(built, tmp_path):
    root = _tampered(built, tmp_path, lambda warc: warc.unlink())
    with running(Datasette([str(root / "archive.db")])) as client:
        answer = client.get(built.path("home", "raw"))
        assert answer.status_code == 404
        assert built.captures["home"].place.file in answer.text
        assert client.get(built.path("home")).status_code == 200


@pytest.mark.parametrize("name", ["../secret.warc.gz", "/etc/passwd", "a/../../secret.warc.gz", "..", ".", "", "x\0y", "link.warc.gz",
                                  "folder/secret.warc.gz", "loop", "n" * 5000])  # fmt: skip
def test_a_warc_name_stays_in_its_directory(built, tmp_path, name):
    warcs = tmp_path / "warcs"
    warcs.mkdir()
    secret = tmp_path / "secret.warc.gz"
    source = built.archive.warcs / built.captures["home"].place.file
    shutil.copy(source, secret)
    (warcs / "link.warc.gz").symlink_to(secret)
    (warcs / "folder").symlink_to(tmp_path)
    (warcs / "loop").symlink_to(warcs / "loop")
    with pytest.raises(records.NotHere):
        records.find_warc(warcs, name)


def test_a_warc_name_in_the_database_leads_nowhere_else(built, tmp_path):
    root = _tampered(built, tmp_path, lambda warc: shutil.move(warc, tmp_path / "secret.warc.gz"))
    with sqlite3.connect(root / "archive.db") as db:
        db.execute("UPDATE warc SET path = '../../secret.warc.gz' WHERE id = 1")
    db.close()
    assert len(list(read_records(tmp_path / "secret.warc.gz"))) > 10  # it is there, and could be read
    with running(Datasette([str(root / "archive.db")])) as client:
        for view in ("raw", "record", "snapshot"):
            assert client.get(built.path("home", view)).status_code == 404
        assert "could not be shown" in client.get(built.path("home")).text


def test_files_in_a_folder_and_files_being_written_are_found(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.warc.gz").touch()
    (tmp_path / "b.warc.gz.open").touch()
    assert records.find_warc(tmp_path, "folder/a.warc.gz") == (tmp_path / "folder" / "a.warc.gz").resolve()
    assert records.find_warc(tmp_path, "b.warc.gz").name == "b.warc.gz.open"


def test_a_record_has_a_largest_size(built, tmp_path):
    capture = built.captures["home"]
    row = {"warc": capture.place.file, "warc_offset": capture.place.offset, "warc_length": records.MAX_BYTES + 1,
           "record_id": capture.record_id, "digest": capture.payload_digest}  # fmt: skip
    with pytest.raises(TooLarge):
        records.read_kept(built.archive.warcs, row)

    bomb = b"WARC/1.1\r\nWARC-Type: resource\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: 2016-01-01T00:00:00Z\r\n"
    size = records.MAX_BYTES + 1
    packed = gzip.compress(bomb + f"Content-Length: {size}\r\n\r\n".encode() + bytes(size) + b"\r\n\r\n", 1)
    (tmp_path / "bomb.warc.gz").write_bytes(packed)
    row = {
        "warc": "bomb.warc.gz",
        "warc_offset": 0,
        "warc_length": len(packed),
        "record_id": "<urn:uuid:1>",
        "digest": None,
    }
    with pytest.raises(TooLarge):
        records.read_kept(tmp_path, row)


def test_a_body_that_unpacks_to_too_much_is_refused(built, tmp_path):
    body = gzip.compress(bytes(records.MAX_BYTES + 1), 9)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    record = (
        b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: 2016-01-01T00:00:00Z\r\n"
        + f"Content-Length: {len(head + body)}\r\n\r\n".encode() + head + body + b"\r\n\r\n"
    )  # fmt: skip
    (tmp_path / "a.warc").write_bytes(record)
    row = {"warc": "a.warc", "warc_offset": 0, "warc_length": len(record), "record_id": "<urn:uuid:1>", "digest": None}
    with pytest.raises(TooLarge):
        records.read_kept(tmp_path, row).body()


def test_another_record_at_the_place_is_noticed(built):
    capture, other = built.captures["home"], built.captures["evil"]
    row = {"warc": capture.place.file, "warc_offset": capture.place.offset, "warc_length": capture.place.length,
           "record_id": other.record_id, "digest": None}  # fmt: skip
    with pytest.raises(BadRecord, match="expected"):
        records.read_kept(built.archive.warcs, row)


def test_the_record_is_sent_as_it_lies_in_the_file(client, built, tmp_path):
    place = built.captures["home"].place
    answer = client.get(built.path("home", "record"))
    data = (built.archive.warcs / place.file).read_bytes()
    assert answer.content == data[place.offset : place.offset + place.length]
    assert answer.headers["content-disposition"] == f'attachment; filename="{built.ids["home"]}.warc.gz"'
    (tmp_path / "one.warc.gz").write_bytes(answer.content)
    assert [record.id for record in read_records(tmp_path / "one.warc.gz")] == [built.captures["home"].record_id]


@given(st.binary(max_size=60), st.one_of(st.none(), st.text(max_size=30)), st.text(max_size=12))
def test_nothing_is_ever_sent_as_something_that_runs(body, mime, charset):
    how = safe.sending(body, mime, charset)
    kind = how.content_type.split(";")[0]
    assert kind in {"text/plain", "application/octet-stream"} or kind.startswith("image/")
    assert "\n" not in how.content_type
    assert how.content_type.isascii()


@given(st.text(max_size=80))
def test_names_and_addresses_fit_in_a_header(url):
    assert httpx.Headers({"Link": f"<{safe.header_url(url.encode(errors='replace').decode())}>"})
    name = safe.file_name(url)
    assert name
    assert name.isascii()
    assert not set(name) & set('/\\"\r\n;')
    assert not name.startswith(".")
    assert os.path.basename(name) == name  # noqa: PTH119 - a path's own last part would take "." for nothing
