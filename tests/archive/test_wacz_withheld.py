"""What leaves the archive: packages and replay without what is withheld."""

from __future__ import annotations

import gzip
import json
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from archive.bag import make_bag
from archive.errors import WrongUse
from archive.layout import Archive
from archive.manifest import add_to_manifest
from archive.store.decisions import append_decision
from archive.wacz import Checked, Packed, Wanted, check_wacz, pack
from archive.warc.reader import read_records
from crawler.replay import _Index
from tests.archive.raw_records import HTTP, REVISIT_PROFILE, record, write_warc

SECRET = "http://one.test/people/jan"
PAGE = "http://one.test/"
INFO = record("warcinfo", None, b"software: test\r\n", **{"Content-Type": "application/warc-fields"})
DIGEST = "sha256:" + sha256(b"<p>Jan de Vries").hexdigest()
JAN = "<urn:uuid:20000000-0000-4000-8000-000000000001>"
NAME = "one-20260101000000000-00000-host.warc.gz"


def records_of(day: str) -> list[bytes]:
    date = f"2026-{day}-01T00:00:00Z"
    about = {"Content-Type": "application/warc-fields", "concurrent_to": JAN}
    return [
        INFO,
        record("response", PAGE, HTTP + b"<title>One</title>", date=date),
        record("request", SECRET, b"GET /people/jan HTTP/1.1\r\nHost: one.test\r\n\r\n", date=date),
        record("response", SECRET, HTTP + b"<p>Jan de Vries", record_id=JAN, date=date, payload_digest=DIGEST),
        record("metadata", None, b"note: Jan de Vries\r\n", date=date, **about),
        record("response", f"{PAGE}b", HTTP + b"<title>B</title>", date=date),
    ]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    archive = Archive.create(tmp_path / "archive")
    path = write_warc(archive.warcs / NAME, *records_of("01"))
    add_to_manifest(archive.root, f"warcs/{NAME}", sha256(path.read_bytes()).hexdigest())
    return archive


def decide(archive: Archive, scope: str = SECRET, value: str | None = None) -> None:
    path = archive.decisions / "decisions.jsonl"
    append_decision(path, who="Jo", why="privacy", action="takedown", scope=scope, value=value)


def packed(archive: Archive, output: Path, **wanted: Any) -> tuple[Packed, dict[str, bytes]]:
    found = pack(archive, output, Wanted(**wanted))
    assert list(check_wacz(output, Checked())) == []
    with zipfile.ZipFile(output) as package:
        return found, {name: package.read(name) for name in package.namelist()}


def texts(directory: Path, name: str, data: bytes) -> bytes:
    (path := directory / name).write_bytes(data)
    return b"".join(b"".join(one.block.chunks()) + repr(one.fields).encode() for one in read_records(path))


def test_a_package_lacks_the_records_of_what_is_withheld(archive, tmp_path):
    whole, before = packed(archive, tmp_path / "before.wacz")
    assert b"Jan de Vries" in texts(tmp_path, "before.warc.gz", before[f"archive/{NAME}"])
    decide(archive)
    found, files = packed(archive, tmp_path / "after.wacz")
    assert (whole.captures, whole.withheld) == (3, 0)
    assert (found.captures, found.withheld, found.problems) == (2, 1, ())
    inside = texts(tmp_path, "after.warc.gz", files[f"archive/{NAME}"])
    assert b"Jan" not in inside
    assert b"/people/" not in inside
    assert b"<title>B</title>" in inside
    for name in ("indexes/index.cdx", "pages/pages.jsonl", "datapackage.json"):
        assert b"jan" not in files[name].lower(), name
    # The members that stayed are the bytes that lie in the archive.
    for line in before["indexes/index.cdx"].decode().splitlines():
        place = json.loads(line.split(" ", 2)[2])
        start, length = int(place["offset"]), int(place["length"])
        member = before[f"archive/{NAME}"][start : start + length]
        assert (member in files[f"archive/{NAME}"]) is (place["url"] != SECRET)
    again, files = packed(archive, tmp_path / "all.wacz", include_withheld=True)
    assert (again.captures, again.withheld) == (3, 0)
    assert files[f"archive/{NAME}"] == before[f"archive/{NAME}"]


def test_a_revisit_whose_original_is_withheld_is_told(archive, tmp_path):
    revisit = record("revisit", SECRET, HTTP, date="2027-01-01T00:00:00Z", profile=REVISIT_PROFILE, refers_to=JAN,
                     payload_digest=DIGEST)  # fmt: skip
    name = NAME.replace("2026", "2027")
    path = write_warc(archive.warcs / name, INFO, revisit)
    add_to_manifest(archive.root, f"warcs/{name}", sha256(path.read_bytes()).hexdigest())
    decide(archive, value="2026-01-01/2026-12-31")
    found, files = packed(archive, tmp_path / "one.wacz", since="2027-01-01T00:00:00Z")
    assert found.originals == 0
    assert [line.rpartition(": ")[2] for line in found.problems] == ["its original is withheld, or not in the archive"]
    assert sorted(name for name in files if name.startswith("archive/")) == [f"archive/{name}"]


def test_a_bag_holds_files_whole_and_none_with_what_is_withheld(archive, tmp_path):
    decide(archive)
    with pytest.raises(WrongUse, match=rf"{NAME}: holds what is withheld.*--include-withheld"):
        make_bag(archive, tmp_path / "bag", Wanted())
    assert not (tmp_path / "bag").exists()
    assert make_bag(archive, tmp_path / "bag", Wanted(include_withheld=True)).warcs == 1


def test_what_cannot_be_cut_out_is_not_packed(archive, tmp_path):
    name = NAME.replace("00000-host", "00001-host")
    (archive.warcs / name).write_bytes(gzip.compress(b"".join(records_of("02"))))
    decide(archive)
    with pytest.raises(WrongUse, match=r"shares its gzip member.*--include-withheld"):
        pack(archive, tmp_path / "x.wacz", Wanted())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive"]


def test_replay_looks_up_nothing_that_is_withheld(archive, tmp_path):
    said: list[str] = []
    index = _Index(archive, tmp_path / "index.cdxj", said.append)
    index.refresh()
    assert index.path.read_text().count("\n") == 3
    decide(archive)
    index.refresh()
    assert "jan" not in index.path.read_text()
    assert index.path.read_text().count("\n") == 2
    decide(archive, value="lifted")
    index.refresh()
    assert index.path.read_text().count("\n") == 3
    (archive.decisions / "hand.jsonl").write_bytes(b'{"action": "takedown"')
    index.refresh()
    assert index.path.read_text() == ""
    assert "hand.jsonl line 1" in said[0]
