"""`bewaar index` beside cdxj-indexer: the same captures at the same places, and every difference is named here."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from archive import cdxj
from archive.errors import BadRecord
from archive.layout import Archive
from tests.archive.raw_records import HTTP, REVISIT_PROFILE, record, write_warc
from tests.archive.test_warc_judges import CHUNKED, PLAIN, written
from tests.archive.warc_samples import HELLO, exchange_of, warc_writer
from tests.front_door import bewaar

INDEXER = Path(sys.executable).parent / "cdxj-indexer"


def rows(lines: list[str]) -> list[dict[str, Any]]:
    return [{"key": key, "time": time, **json.loads(block)} for key, time, block in (x.split(" ", 2) for x in lines)]


def theirs(*paths: Path) -> list[dict[str, Any]]:
    done = subprocess.run([INDEXER, "-s", *paths], check=True, capture_output=True, text=True)
    return rows(done.stdout.splitlines())


def ours(*paths: Path) -> list[dict[str, Any]]:
    damage: list[BadRecord] = []
    lines = list(cdxj.index_files(paths, on_damage=damage.append))
    assert not damage
    return rows(lines)


def assert_same(our: list[dict[str, Any]], their: list[dict[str, Any]]) -> set[str]:
    """The differences met, by name; any that has none fails."""
    met = set()
    assert len(our) == len(their) > 0
    for one, other in zip(our, their, strict=True):
        for name in one.keys() | other.keys():
            mine, yours = one.get(name), other.get(name)
            if mine == yours:
                continue
            if name == "digest" and (yours or "").startswith("sha1:") and not (mine or "").startswith("sha1:"):
                # The record declares none: theirs is made up as sha1, ours is the sha256 the rest of the house uses,
                # and a metadata record, which is nobody's original, is given none.
                met.add("digest of a record that declares none")
            elif name == "mime" and mine == (yours or "").lower():
                met.add("media types in lowercase")
            elif name == "mime" and yours is None and not one["url"].startswith("http"):
                # They look for the type in HTTP headers, which a DNS answer has not, nor a file on disk.
                met.add("type of what is not HTTP")
            else:
                pytest.fail(f"{name}: {mine!r}, cdxj-indexer has {yours!r}: {one}")
    return met


def test_our_own_files_with_failures_revisits_and_odd_answers(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN | CHUNKED)
    original = next(row for row in ours(path) if row["url"].endswith("large"))
    revisits = write_warc(
        tmp_path / "revisits.warc.gz",
        record("warcinfo", None, b"software: test\r\n", **{"Content-Type": "application/warc-fields"}),
        record("revisit", original["url"], HTTP, profile=REVISIT_PROFILE, payload_digest=original["digest"],
               refers_to="<urn:uuid:x>", truncated="length"),
        # a 304, as an empty block
        record("revisit", "http://example.test/304", b"", profile=REVISIT_PROFILE, payload_digest=original["digest"]),
        record("request", "http://example.test/304", b"GET / HTTP/1.1\r\n\r\n"),
        record("metadata", "http://example.test/304", b"hopsFromSeed: L\r\n", **{"Content-Type": "application/warc-fields"}),
        record("resource", "urn:pageinfo:x", b"{}", **{"Content-Type": "application/json"}),
    )  # fmt: skip
    met = assert_same(ours(path, revisits), theirs(path, revisits))
    assert met == {"digest of a record that declares none", "media types in lowercase"}
    found = ours(path, revisits)
    assert [row["mime"] for row in found if row["filename"] == "revisits.warc.gz"].count("warc/revisit") == 2
    # A fetch that failed is a metadata record of type application/warc-fields: neither indexes it.
    assert not [row for row in found if "nowhere" in row["url"]]


@pytest.mark.shared
def test_the_files_of_other_tools(shared: Path, tmp_path: Path) -> None:
    met = set()
    paths = [path for path in sorted((shared / "corpora/warc").iterdir()) if path.suffix == ".gz"]
    assert len(paths) >= 8
    assert any(path.name.endswith(".arc.gz") for path in paths)
    for path in paths:
        met |= assert_same(ours(path), theirs(path))
        # Not compressed it has other places, and the same captures.
        plain = tmp_path / path.stem
        plain.write_bytes(gzip.decompress(path.read_bytes()))
        met |= assert_same(ours(plain), theirs(plain))
    assert met == {"digest of a record that declares none", "type of what is not HTTP"}


@pytest.mark.shared
def test_the_index_of_a_wacz_is_of_the_files_in_it(shared: Path, tmp_path: Path) -> None:
    (path,) = (shared / "corpora/warc").glob("*.wacz")
    with zipfile.ZipFile(path) as package:
        (name,) = (name for name in package.namelist() if name.startswith("archive/"))
        inside = tmp_path / Path(name).name
        inside.write_bytes(package.read(name))
    found = ours(path)
    assert {row["filename"] for row in found} == {f"{path.name}!{name}"}
    met = assert_same([row | {"filename": inside.name} for row in found], theirs(inside))
    assert met <= {"digest of a record that declares none", "type of what is not HTTP"}
    assert "in its own index" in bewaar("index", "--record-digest", path, code=2).stderr


def arc_of(*pages: tuple[str, bytes]) -> list[bytes]:
    """The records of an ARC 1.0 file, each as it is to be compressed by itself."""
    head = b"1 0 Test\nURL IP-address Archive-date Content-type Archive-length\n"
    records = [b"filedesc://x.arc 0.0.0.0 20260101000000 text/plain %d\n%s\n" % (len(head), head)]
    for url, block in pages:
        records.append(b"%s 192.0.2.1 20260102030405 text/html %d\n%s\n" % (url.encode(), len(block), block))
    return records


def test_arc_files_are_indexed_as_warc_files_are(tmp_path: Path) -> None:
    records = arc_of(("http://e.test/1", HTTP + b"1"), ("http://e.test/2", HTTP + b"2\n"), ("dns:e.test", b"e.test 1"))
    plain, packed = tmp_path / "plain.arc", tmp_path / "packed.arc.gz"
    plain.write_bytes(b"".join(records))
    packed.write_bytes(b"".join(map(gzip.compress, records)))
    for path in (plain, packed):
        met = assert_same(ours(path), theirs(path))
        assert met == {"digest of a record that declares none", "type of what is not HTTP"}
        assert [row["offset"] for row in ours(path)][1:] == [row["offset"] for row in theirs(path)][1:]
    # In a directory, and among the files of an archive.
    assert len(bewaar("index", tmp_path).stdout.splitlines()) == 6
    archive = Archive.create(tmp_path / "archive")
    packed.rename(archive.warcs / packed.name)
    assert len(bewaar("index", "--archive", archive.root).stdout.splitlines()) == 3


def test_line_ends_behind_a_plain_record_are_not_of_its_length(tmp_path: Path) -> None:
    one, two = (record("response", f"http://e.test/{n}", HTTP + b"ends in line ends\r\n\r\n") for n in (1, 2))
    for name, between in (("regular", b""), ("more", b"\r\n\r\n")):
        path = tmp_path / f"{name}.warc"
        path.write_bytes(one + between + two)
        found = ours(path)
        assert_same(found, theirs(path))
        assert [int(row["length"]) for row in found] == [len(one) - 4, len(two) - 4]
        for row in rows(list(cdxj.index_files([path], on_damage=pytest.fail, record_digests=True))):
            part = path.read_bytes()[int(row["offset"]) :][: int(row["length"])]
            assert row["recordDigest"] == f"sha256:{sha256(part).hexdigest()}"


def test_an_index_is_sorted_as_sort_does_also_past_memory(tmp_path: Path) -> None:
    lines = [f"nl,e)/{number * 7919 % 1000} 2026 {{}}" for number in range(1000)] * 2
    found = list(cdxj.sort_lines(lines, in_memory=1000))
    done = subprocess.run(
        ["sort", "-u"], input="\n".join(lines), env={**os.environ, "LC_ALL": "C"}, text=True, capture_output=True
    )
    assert found == done.stdout.splitlines()
    assert len(found) == 1000


def test_the_record_digest_is_over_the_member(tmp_path: Path) -> None:
    path = written(tmp_path, PLAIN)
    data = path.read_bytes()
    for row in rows(list(cdxj.index_files([path], on_damage=pytest.fail, record_digests=True))):
        member = data[int(row["offset"]) : int(row["offset"]) + int(row["length"])]
        assert row["recordDigest"] == f"sha256:{sha256(member).hexdigest()}"
        assert gzip.decompress(member).startswith(b"WARC/1.1")


def test_what_cannot_be_looked_up_is_told_with_its_offset_and_the_rest_is_indexed(tmp_path: Path) -> None:
    good = gzip.compress(record("response", "http://e.test/1", HTTP + b"1"))
    two = gzip.compress(record("response", "http://e.test/2", HTTP) + record("response", "http://e.test/3", HTTP))
    dated = gzip.compress(record("response", "http://e.test/4", HTTP, date="last tuesday"))
    path = tmp_path / "odd.warc.gz"
    path.write_bytes(
        good + two + dated + good[:-9] + b"\xff" * 9 + gzip.compress(record("response", "http://e.test/5", HTTP))
    )
    done = bewaar("index", path, code=1)
    assert [row["url"] for row in rows(done.stdout.splitlines())] == ["http://e.test/1", "http://e.test/5"]
    said = done.stderr.splitlines()
    at = [f"bewaar: odd.warc.gz at {offset}: " for offset in (len(good), len(good) + len(two), len(good + two + dated))]
    assert [line.startswith(start) for line, start in zip(said, at, strict=True)] == [True] * 3, said
    assert "shares its gzip member" in said[0]
    assert "WARC-Date 'last tuesday' is no date" in said[1]


def test_the_index_of_an_archive_is_of_its_sealed_files(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "archive")
    for response in (HELLO, HELLO + b" again"):
        writer = warc_writer(archive.warcs)
        writer.write_exchange(exchange_of(response))
        writer.seal()
    being_written = warc_writer(archive.warcs)
    being_written.write_exchange(exchange_of(HELLO, url="http://example.test/open"))
    done = bewaar("index", "--archive", archive.root)
    lines = done.stdout.splitlines()
    assert lines == sorted(lines)
    assert {row["url"] for row in rows(lines)} == {"http://example.test/"}
    assert len(lines) == 2
    as_json = json.loads(bewaar("index", "--archive", archive.root, "--json").stdout)
    assert [row["timestamp"] for row in as_json] == ["20260102030405"] * 2
    assert bewaar("index", "--archive", archive.root, "--site", "other").stdout == ""
    target = tmp_path / "index.cdxj"
    target.write_text("old")
    bewaar("index", "--archive", archive.root, "--output", target)
    assert target.read_text() == done.stdout
    assert [path.name for path in tmp_path.iterdir() if "part" in path.name] == []
    bewaar("index", "--archive", archive.root, "--output", tmp_path / "nowhere" / "x", code=4)
    being_written.seal()
