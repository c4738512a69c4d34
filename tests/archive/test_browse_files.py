"""Safety 4 of the browse plugin: file names, sizes, digests."""

from __future__ import annotations

import gzip
import shutil
import sqlite3

import pytest
from datasette.app import Datasette

from archive.browse import records
from archive.errors import BadRecord, TooLarge
from archive.warc.reader import read_records
from tests.archive.browse_server import running


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
