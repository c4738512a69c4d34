"""`bewaar pack --verify`: every lie in a WACZ is one clear line, whoever made it, and no lie costs more than that."""

from __future__ import annotations

import io
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.layout import Archive
from archive.wacz import Checked, Wanted, check_wacz, pack
from archive.warc.limits import Limits
from archive.warc.zips import Wacz
from tests.archive.raw_records import HTTP, record, write_warc
from tests.front_door import bewaar

URLS = [f"http://one.test/{number}" for number in range(3)]
Files = dict[str, bytes]


@cache
def ours() -> bytes:
    with tempfile.TemporaryDirectory() as place:
        archive = Archive.create(Path(place) / "archive")
        write_warc(
            archive.warcs / "one.warc.gz",
            *(record("response", url, HTTP + b"<title>%s</title>" % url.encode()) for url in URLS),
        )
        pack(archive, Path(place) / "x.wacz", Wanted())
        return (Path(place) / "x.wacz").read_bytes()


def files_of(data: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return {name: package.read(name) for name in package.namelist()}


def zipped(files: Files, method: int = zipfile.ZIP_STORED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as package:
        for name, data in files.items():
            package.writestr(name, data)
    return sink.getvalue()


def vouched(files: Files) -> Files:
    """With a datapackage.json that is right about *files*, as a careful liar would make it."""
    kept = {name: data for name, data in files.items() if not name.startswith("datapackage")}
    described = {"profile": "data-package", "wacz_version": "1.1.1", "resources": [
        {"name": name.rpartition("/")[2], "path": name, "hash": f"sha256:{sha256(data).hexdigest()}", "bytes": len(data)}
        for name, data in kept.items()
    ]}  # fmt: skip
    data = json.dumps(described).encode()
    digest = {"path": "datapackage.json", "hash": f"sha256:{sha256(data).hexdigest()}"}
    return {**kept, "datapackage.json": data, "datapackage-digest.json": json.dumps(digest).encode()}


def said(data: bytes, tmp_path: Path, **options: Any) -> list[str]:
    path = tmp_path / "x.wacz"
    path.write_bytes(data)
    found = list(check_wacz(path, Checked(), **options))
    assert {finding.file for finding in found} <= {str(path)}
    assert all("\n" not in finding.what and finding.what.isprintable() for finding in found)
    return [finding.what for finding in found]


def test_ours_is_right(tmp_path: Path) -> None:
    path = tmp_path / "ours.wacz"
    path.write_bytes(ours())
    checked = Checked()
    assert list(check_wacz(path, checked)) == []
    assert (checked.resources, checked.lines, checked.signer) == (3, 3, None)
    assert said(zipped(vouched(files_of(ours()))), tmp_path) == []


@pytest.mark.shared
def test_a_real_one_of_another_tool_is_right(shared: Path) -> None:
    done = bewaar("pack", "--verify", shared / "corpora/warc/scoop-example.com.wacz")
    assert done.stderr == "5 files, 3 index lines checked, not signed: 0 wrong, 1 warning\n"


def test_a_wacz_of_py_wacz_lacks_nothing_but_pages(tmp_path: Path) -> None:
    warc = tmp_path / "one.warc.gz"
    warc.write_bytes(files_of(ours())["archive/one.warc.gz"])
    theirs = tmp_path / "theirs.wacz"
    wacz = Path(sys.executable).parent / "wacz"
    subprocess.run([wacz, "create", "-o", theirs, warc], check=True, capture_output=True)
    checked = Checked()
    # It writes no list of pages where it detects none, though WACZ 1.1.1 wants one always.
    assert [finding.what for finding in check_wacz(theirs, checked)] == ["no pages/pages.jsonl"]
    assert checked.lines == 3


LIES: dict[str, tuple[Callable[[Files], Files], str]] = {
    "a flipped byte of a WARC": (
        lambda files: files | {"archive/one.warc.gz": flipped(files["archive/one.warc.gz"])},
        r"archive/one.warc.gz: datapackage.json has .*, computed sha256:",
    ),
    "another datapackage.json": (
        lambda files: files | {"datapackage.json": files["datapackage.json"] + b" "},
        r"datapackage-digest.json has .*, computed sha256:",
    ),
    "no datapackage.json": (lambda files: without(files, "datapackage.json"), "no datapackage.json"),
    "a datapackage.json that is none": (
        lambda files: files | {"datapackage.json": b"<xml/>"}, "datapackage.json: no JSON"),
    "one that is a list": (lambda files: files | {"datapackage.json": b"[]"}, "lists no resources"),
    "one nested without end": (lambda files: files | {"datapackage.json": b"[" * 200_000}, "datapackage.json: no JSON"),
    "no resources": (lambda files: files | {"datapackage.json": b"{}"}, "lists no resources"),
    "a resource that is none": (lambda files: files | {"datapackage.json": b'{"resources": [7]}'}, "a resource without a path: 7"),
    "a hash of an algorithm without a length": (
        lambda files: files | {"datapackage.json": re.sub(rb"sha256:", b"shake128:", files["datapackage.json"])},
        "digest shake128:",
    ),
    "a hash that is none": (
        lambda files: files | {"datapackage.json": re.sub(rb'"sha256:[^"]*"', b"{}", files["datapackage.json"])},
        "digest {}",
    ),
    "a file too many": (lambda files: files | {"extra.txt": b"x"}, "extra.txt is not listed"),
    "a file too few": (lambda files: without(files, "pages/pages.jsonl"), "pages.jsonl, which is not there"),
    "no pages": (lambda files: vouched(without(files, "pages/pages.jsonl")), "no pages/pages.jsonl"),
    "no index": (lambda files: vouched(without(files, "indexes/index.cdx")), "no indexes/"),
    "no WARC": (lambda files: vouched(without(files, "archive/one.warc.gz")), "holds no file of records"),
    "an index that is wrong by one": (
        lambda files: vouched(files | {"indexes/index.cdx": files["indexes/index.cdx"].replace(b'"offset": "0"', b'"offset": "1"')}),
        r"index.cdx line \d: no such record: one.warc.gz at 1: ",
    ),
    "an index of another URL": (
        lambda files: vouched(files | {"indexes/index.cdx": files["indexes/index.cdx"].replace(b'test/1"', b'test/x"')}),
        "http://one.test/x expected, http://one.test/1 found",
    ),
    "an index of another time": (
        lambda files: vouched(files | {"indexes/index.cdx": re.sub(rb" \d{14} ", b" 19990101000000 ", files["indexes/index.cdx"])}),
        r"time 19990101000000 expected, \d{14} found",
    ),
    "an index of another digest": (
        lambda files: vouched(files | {"indexes/index.cdx": re.sub(rb'"recordDigest": "sha256:..', b'"recordDigest": "sha256:xx', files["indexes/index.cdx"])}),
        r"recordDigest sha256:xx.* expected, sha256:",
    ),
    "an index of another status": (
        lambda files: vouched(files | {"indexes/index.cdx": files["indexes/index.cdx"].replace(b'"status": "200"', b'"status": "404"')}),
        "status 404 expected, 200 found",
    ),
    "an index out of order": (
        lambda files: vouched(files | {"indexes/index.cdx": b"".join(reversed(files["indexes/index.cdx"].splitlines(keepends=True)))}),
        "line 2 sorts before the one above it",
    ),
    "an index into another file": (
        lambda files: vouched(files | {"indexes/index.cdx": files["indexes/index.cdx"].replace(b"one.warc.gz", b"../../passwd")}),
        r"names ../../passwd, which is not in archive/",
    ),
    "an index past the end": (
        lambda files: vouched(files | {"indexes/index.cdx": files["indexes/index.cdx"].replace(b'"offset": "0"', b'"offset": "99999"')}),
        r"bytes at 99999 of one.warc.gz, which has \d+",
    ),
    "an index of nothing": (lambda files: vouched(files | {"indexes/index.cdx": b""}), "index.cdx is empty"),
    "an index of noise": (lambda files: vouched(files | {"indexes/index.cdx": os.urandom(90) + b"\n"}), "not CDXJ"),
    "an index that is no gzip": (
        lambda files: vouched(files | {"indexes/index.cdx.gz": b"none"}), "index.cdx.gz cannot be read"),
    "a path upwards": (lambda files: files | {"../../etc/cron.d/x": b"x"}, "a file named .*: (leads out|a path of)"),
    "a path from the root": (lambda files: files | {"/etc/passwd": b"x"}, "a file named .*: (leads out|a path of)"),
    "a path of another system": (lambda files: files | {"archive\\..\\x": b"x"}, "a file named .*: (leads out|a path of)"),
    "a path that writes on the terminal": (lambda files: files | {"archive/\x1b[2J": b"x"}, "has characters that are not for names"),
}  # fmt: skip


def flipped(data: bytes) -> bytes:
    return data[:50] + bytes([data[50] ^ 1]) + data[51:]


def without(files: Files, name: str) -> Files:
    return {each: data for each, data in files.items() if each != name}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_named(lie: str, tmp_path: Path) -> None:
    make, expected = LIES[lie]
    found = said(zipped(make(files_of(ours()))), tmp_path)
    assert [what for what in found if re.search(expected, what)], found
    assert len(found) <= 5, found


def test_files_that_are_no_zip(tmp_path: Path) -> None:
    for data in (b"", b"x", b"PK\x05\x06", ours()[:-30], ours()[: len(ours()) // 2], os.urandom(5000)):
        (what,) = said(data, tmp_path)
        assert re.match("no zip file|a zip file without an end|archive/one", what)
    done = bewaar("pack", "--verify", tmp_path / "x.wacz", code=1)
    assert len(done.stdout.splitlines()) == 1
    bewaar("pack", "--verify", tmp_path / "none.wacz", code=2)


def test_one_name_twice(tmp_path: Path) -> None:
    sink = io.BytesIO(ours())
    with zipfile.ZipFile(sink, "a") as package, pytest.warns(UserWarning, match="Duplicate name"):
        package.writestr("datapackage.json", b"{}")
    assert said(sink.getvalue(), tmp_path) == ["two files named datapackage.json"]


def test_a_compressed_warc_is_named(tmp_path: Path) -> None:
    (what, *_) = said(zipped(vouched(files_of(ours())), zipfile.ZIP_DEFLATED), tmp_path)
    assert what == "archive/one.warc.gz is compressed in the zip: no record in it can be read on its own"


def patched(data: bytes, name: bytes, at: int, form: str, value: int) -> bytes:
    """The central directory's record of *name* with one field changed."""
    start = data.rindex(name, 0, data.rindex(b"PK\x05\x06")) - 46
    assert data.startswith(b"PK\x01\x02", start)
    head = bytearray(data[start : start + 46])
    struct.pack_into(form, head, at, value)
    return data[:start] + bytes(head) + data[start + 46 :]


@pytest.mark.parametrize(
    ("at", "form", "value", "expected"),
    [(8, "<H", 1, "one.warc.gz: encrypted"), (10, "<H", 99, "compression method 99"), (24, "<L", 5, "stored in another size"),
     (24, "<L", 0xFFFFFFF0, "stored in another size"), (42, "<L", 0, "overlaps")],
)  # fmt: skip
def test_a_directory_made_to_mislead(at: int, form: str, value: int, expected: str, tmp_path: Path) -> None:
    found = said(
        patched(ours(), b"archive/one.warc.gz" if at != 42 else b"datapackage.json", at, form, value), tmp_path
    )
    assert [what for what in found if expected in what], found


def test_bombs_cost_nothing(tmp_path: Path) -> None:
    began = time.monotonic()
    files = files_of(ours())
    # A datapackage.json of 100 MB in 100 KB, and a directory that claims 4 GB.
    large = zipped({**files, "datapackage.json": b" " * (100 << 20)}, zipfile.ZIP_DEFLATED)
    assert "datapackage.json of 104857600 bytes, limit 33554432" in said(large, tmp_path)
    end = ours().rindex(b"PK\x05\x06")
    (what,) = said(ours()[: end + 12] + b"\xf0\xff\xff\xff" + ours()[end + 16 :], tmp_path)
    assert what.startswith("a list of files of 4294967280 bytes, limit ")
    assert time.monotonic() - began < 20


@given(st.lists(st.tuples(st.integers(0, len(ours()) - 1), st.integers(1, 255)), min_size=1, max_size=8))
def test_damage_anywhere_is_a_finding_or_nothing_but_never_an_error(changes: list[tuple[int, int]]) -> None:
    data = bytearray(ours())
    for at, by in changes:
        data[at] ^= by
    with tempfile.TemporaryDirectory() as place:
        said(bytes(data), Path(place))


def test_every_flipped_byte_of_what_is_kept_is_found(tmp_path: Path) -> None:
    path = tmp_path / "ours.wacz"
    path.write_bytes(ours())
    with path.open("rb") as file:
        held = Wacz(file.fileno(), path.name, Limits()).entries["archive/one.warc.gz"]
    for at in range(held.start, held.start + held.size, 97):
        assert said(ours()[:at] + bytes([ours()[at] ^ 1]) + ours()[at + 1 :], tmp_path), at


def test_the_limit_on_wrong_lines(tmp_path: Path) -> None:
    files = files_of(ours())
    found = said(zipped(vouched(files | {"indexes/index.cdx": b"x\n" * 5000})), tmp_path)
    assert len(found) == 1001
    assert found[-1] == "indexes/index.cdx: 1000 lines are wrong; the rest was not looked at"


def test_a_file_without_a_name_is_no_error(tmp_path: Path) -> None:
    # zipfile's own is_dir() looks at the last character of the name.
    data = patched(ours(), b"archive/one.warc.gz", 28, "<H", 0)
    assert "no zip file" in said(data, tmp_path)[0]


def test_bytes_outside_the_zip_are_named(tmp_path: Path) -> None:
    assert said(ours() + b"x" * 7, tmp_path) == ["7 bytes behind the zip file"]
    assert said(b"x" * 9 + ours(), tmp_path) == ["9 bytes in front of the zip file"]
