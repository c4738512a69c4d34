"""`bewaar pack`: what is in the WACZ, byte for byte, and what others' programs say of it."""

from __future__ import annotations

import gzip
import json
import resource
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from archive.errors import Damaged, WrongUse
from archive.layout import Archive
from archive.wacz import Checked, Packed, Wanted, check_wacz, pack
from archive.wacz import pack as pack_module
from tests.archive.raw_records import HTTP, REVISIT_PROFILE, keep, record, write_warc
from tests.archive.warc_samples import HELLO, exchange_of, warc_writer
from tests.front_door import COMMAND, bewaar, crawl, environment
from tests.site_server import Site, page

BIN = Path(sys.executable).parent
LOGO = "http://one.test/logo.png"
LOGO_ID = "<urn:uuid:20000000-0000-4000-8000-000000000001>"
LOGO_DIGEST = "sha256:" + sha256(b"the logo").hexdigest()
LOGO_RECORD = record("response", LOGO, HTTP.replace(b"text/html", b"image/png") + b"the logo", record_id=LOGO_ID,
                     date="2026-01-01T00:00:01Z", payload_digest=LOGO_DIGEST)  # fmt: skip
INFO = record("warcinfo", None, b"software: test\r\n", **{"Content-Type": "application/warc-fields"})
PAGE = record("response", "http://one.test/", HTTP + b"<title>One</title>", date="2026-02-01T00:00:00Z")


def revisit(url: str = LOGO, **fields: str) -> bytes:
    return record("revisit", url, HTTP, date="2026-02-01T00:00:01Z", profile=REVISIT_PROFILE,
                  **{"payload_digest": LOGO_DIGEST} | fields)  # fmt: skip


NAMED = {"refers_to": LOGO_ID, "refers_to_target_uri": LOGO, "refers_to_date": "2026-01-01T00:00:01Z"}


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive.create(tmp_path / "archive")


def name_of(site: str, day: str) -> str:
    return f"{site}-202601{day}000000000-00000-host.warc.gz"


def packed(archive: Archive, output: Path, **wanted: Any) -> tuple[Packed, zipfile.ZipFile]:
    found = pack(archive, output, Wanted(**wanted))
    assert list(check_wacz(output, Checked())) == []
    return found, zipfile.ZipFile(output)


def index_of(package: zipfile.ZipFile) -> list[dict[str, Any]]:
    lines = package.read("indexes/index.cdx").decode().splitlines()
    return [{"line": line, **json.loads(line.split(" ", 2)[2])} for line in lines]


def pages_of(package: zipfile.ZipFile) -> list[dict[str, Any]]:
    return [json.loads(line) for line in package.read("pages/pages.jsonl").splitlines()]


def validates(path: Path) -> bool:
    done = subprocess.run([BIN / "wacz", "validate", "-f", path], capture_output=True, text=True)
    return done.returncode == 0 and "Validation succeeded" in done.stdout


def test_warc_files_are_stored_as_they_are_and_every_file_is_vouched_for(archive: Archive, tmp_path: Path) -> None:
    paths = [keep(archive, name_of("one", "01"), INFO, LOGO_RECORD), keep(archive, name_of("one", "02"), INFO, PAGE)]
    found, package = packed(archive, tmp_path / "x.wacz", title="One")
    assert (found.warcs, found.captures, found.pages, found.originals, found.problems) == (2, 2, 1, 0, ())
    for path in paths:
        info = package.getinfo(f"archive/{path.name}")
        assert info.compress_type == zipfile.ZIP_STORED
        assert package.read(info) == path.read_bytes()
    data = package.read("datapackage.json")
    described = json.loads(data)
    assert (described["profile"], described["wacz_version"], described["title"]) == ("data-package", "1.1.1", "One")
    assert (described["mainPageUrl"], described["mainPageDate"]) == ("http://one.test/", "2026-02-01T00:00:00Z")
    for each in described["resources"]:
        held = package.read(each["path"])
        assert (each["hash"], each["bytes"]) == (f"sha256:{sha256(held).hexdigest()}", len(held))
    vouchers = {"datapackage.json", "datapackage-digest.json"}
    assert {each["path"] for each in described["resources"]} == set(package.namelist()) - vouchers
    digest = json.loads(package.read("datapackage-digest.json"))
    assert digest == {"path": "datapackage.json", "hash": f"sha256:{sha256(data).hexdigest()}"}
    assert validates(tmp_path / "x.wacz")


def test_the_index_is_cdxj_indexers_with_record_digests(archive: Archive, tmp_path: Path) -> None:
    path = keep(archive, name_of("one", "01"), INFO, LOGO_RECORD, revisit(**NAMED))
    _, package = packed(archive, tmp_path / "x.wacz")
    done = subprocess.run([BIN / "cdxj-indexer", "-s", path], check=True, capture_output=True, text=True)
    theirs = [(line.split(" ", 2)[:2], json.loads(line.split(" ", 2)[2])) for line in done.stdout.splitlines()]
    lines = index_of(package)
    assert [(row["line"].split(" ", 2)[:2], {k: v for k, v in row.items() if k not in ("line", "recordDigest")})
            for row in lines] == theirs  # fmt: skip
    data = path.read_bytes()
    for row in lines:
        member = data[int(row["offset"]) : int(row["offset"]) + int(row["length"])]
        assert row["recordDigest"] == f"sha256:{sha256(member).hexdigest()}"


@pytest.mark.parametrize("fields", [NAMED, {"refers_to": LOGO_ID}, {"refers_to_target_uri": LOGO,
                         "refers_to_date": "2026-01-01T00:00:01Z"}, {}], ids=["all", "id", "uri-date", "digest"])  # fmt: skip
def test_what_a_revisit_refers_to_is_copied_byte_for_byte(
    archive: Archive, tmp_path: Path, fields: dict[str, str]
) -> None:
    # The original lies in another site's file: dedup over any URL, or one archive with shared requisites.
    keep(archive, name_of("one", "01"), INFO, record("response", "http://one.test/x", HTTP), LOGO_RECORD)
    keep(archive, name_of("two", "02"), INFO, PAGE, revisit(**fields))
    found, package = packed(archive, tmp_path / "x.wacz", site="two")
    assert (found.warcs, found.captures, found.originals, found.problems) == (1, 3, 1, ())
    originals = package.read("archive/originals.warc.gz")
    assert originals == gzip_of(archive, name_of("one", "01"), 0) + gzip_of(archive, name_of("one", "01"), 2)
    (row,) = [row for row in index_of(package) if row["filename"] == "originals.warc.gz"]
    at, length = int(row["offset"]), int(row["length"])
    assert gzip.decompress(originals[at : at + length]) == LOGO_RECORD
    assert (row["url"], row["digest"], row["mime"]) == (LOGO, LOGO_DIGEST, "image/png")
    assert package.getinfo("archive/originals.warc.gz").compress_type == zipfile.ZIP_STORED
    assert validates(tmp_path / "x.wacz")
    bare, package = packed(archive, tmp_path / "bare.wacz", site="two", self_contained=False)
    assert "archive/originals.warc.gz" not in package.namelist()
    assert (bare.originals, bare.problems) == (0, ())


def gzip_of(archive: Archive, name: str, number: int) -> bytes:
    import zlib

    data = (archive.warcs / name).read_bytes()
    for _ in range(number + 1):
        inflate = zlib.decompressobj(31)
        inflate.decompress(data)
        member, data = data[: len(data) - len(inflate.unused_data)], inflate.unused_data
    return member


def test_an_original_out_of_a_plain_file_goes_into_a_plain_one(archive: Archive, tmp_path: Path) -> None:
    keep(archive, "others.warc", INFO, LOGO_RECORD)
    # A file of that name is in the package already.
    keep(archive, "originals.warc", INFO, PAGE)
    keep(archive, name_of("two", "02"), INFO, revisit(**NAMED))
    found, package = packed(archive, tmp_path / "x.wacz", site="two")
    assert package.read("archive/originals.warc") == INFO + LOGO_RECORD
    assert found.originals == 1
    _, package = packed(archive, tmp_path / "all.wacz")
    assert package.read("archive/originals.warc") == INFO + PAGE


def test_a_revisit_whose_original_is_nowhere_is_named(archive: Archive, tmp_path: Path) -> None:
    path = keep(archive, name_of("two", "02"), INFO, revisit(**NAMED))
    done = bewaar("pack", "--archive", archive.root, "--output", tmp_path / "x.wacz", code=1)
    at = len(gzip.compress(INFO))
    assert done.stderr == f"bewaar: {path.name} at {at}: revisit of {LOGO}: its original is not in the archive\n"
    assert done.stdout.startswith(f"{tmp_path / 'x.wacz'}: ")


def test_since_packs_whole_files_with_a_later_capture(archive: Archive, tmp_path: Path) -> None:
    keep(archive, name_of("one", "01"), INFO, LOGO_RECORD)
    late = keep(archive, name_of("one", "02"), INFO, PAGE, revisit(**NAMED))
    output = tmp_path / "x.wacz"
    bewaar("pack", "--archive", archive.root, "--since", "2026-02-01", "--output", output)
    package = zipfile.ZipFile(output)
    assert [name for name in package.namelist() if name.startswith("archive/")] == [
        f"archive/{late.name}", "archive/originals.warc.gz",
    ]  # fmt: skip
    for asked in (("--since", "2026-02-02"), ("--site", "three"), ("--since", "yesterday"), ("--site", "../x")):
        done = bewaar("pack", "--archive", archive.root, *asked, "--output", tmp_path / "y.wacz", code=2)
        assert len(done.stderr.splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"archive", "x.wacz"}


def test_a_large_index_is_compressed_in_blocks(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[pack_module.__module__], "PLAIN_INDEX_BYTES", 100)
    monkeypatch.setattr(sys.modules[pack_module.__module__], "LINES_PER_BLOCK", 3)
    urls = [f"http://one.test/{number}" for number in range(10)]
    keep(archive, name_of("one", "01"), INFO, *(record("response", url, HTTP) for url in urls))
    _, package = packed(archive, tmp_path / "x.wacz")
    data = package.read("indexes/index.cdx.gz")
    lines = gzip.decompress(data).decode().splitlines()
    assert len(lines) == 10
    assert lines == sorted(lines)
    meta, *blocks = package.read("indexes/index.idx").decode().splitlines()
    assert meta == '!meta 0 {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}'
    found = []
    for line in blocks:
        about = json.loads(line.split(" ", 2)[2])
        block = data[about["offset"] : about["offset"] + about["length"]]
        assert about["digest"] == f"sha256:{sha256(block).hexdigest()}"
        held = gzip.decompress(block).decode().splitlines()
        assert held[0].split(" ")[:2] == line.split(" ")[:2]
        found += held
    assert found == lines
    assert len(blocks) == 4
    assert validates(tmp_path / "x.wacz")


def test_pages_are_what_was_crawled_with_the_text_the_database_has(tmp_path: Path) -> None:
    root = tmp_path / "archive"
    pages = {"/": page('<p>Dit is de tekst.</p><a href="/2">two</a><iframe src="/frame"></iframe>', title="Een"),
             "/2": page("<p>Twee</p>", title="Twee"), "/frame": page("<p>frame</p>", title="Frame")}  # fmt: skip
    with Site(pages) as server:
        crawl(server.url(), root)
        home, two = server.url(), server.url("/2")
    bewaar("pack", "--archive", root, "--output", tmp_path / "x.wacz")
    head, *found = pages_of(zipfile.ZipFile(tmp_path / "x.wacz"))
    assert head == {"format": "json-pages-1.0", "id": "pages", "title": "All pages", "hasText": True}
    assert [(each["url"], each["title"], each.get("seed")) for each in found] == [
        (home, "Een", True),
        (two, "Twee", None),
    ]
    assert "Dit is de tekst." in found[0]["text"]
    assert json.loads(zipfile.ZipFile(tmp_path / "x.wacz").read("datapackage.json"))["mainPageUrl"] == home
    assert validates(tmp_path / "x.wacz")
    (root / "archive.db").unlink()
    bewaar("pack", "--archive", root, "--output", tmp_path / "y.wacz")
    head, *found = pages_of(zipfile.ZipFile(tmp_path / "y.wacz"))
    assert head["hasText"] is False
    assert [(each["url"], "text" in each) for each in found] == [(home, False), (two, False)]
    assert validates(tmp_path / "y.wacz")


def test_a_running_crawl_neither_waits_nor_is_packed(archive: Archive, tmp_path: Path) -> None:
    keep(archive, name_of("one", "01"), INFO, PAGE)
    writing = warc_writer(archive.warcs)
    writing.write_exchange(exchange_of(HELLO))
    with archive.lock_site("one"), archive.lock_database():
        done = bewaar("pack", "--archive", archive.root, "--output", tmp_path / "x.wacz", "--json")
    assert json.loads(done.stdout)["warcs"] == 1
    writing.write_exchange(exchange_of(HELLO))
    writing.seal()
    bewaar("pack", "--archive", archive.root)
    (made,) = archive.exports.iterdir()
    assert made.name.startswith("archive-")
    assert len([name for name in zipfile.ZipFile(made).namelist() if name.startswith("archive/")]) == 2


def test_a_file_that_is_not_what_the_manifest_says_is_not_packed(archive: Archive, tmp_path: Path) -> None:
    path = keep(archive, name_of("one", "01"), INFO, PAGE)
    path.write_bytes(path.read_bytes() + gzip.compress(LOGO_RECORD))
    with pytest.raises(Damaged, match=f"{path.name}: manifest sha256 [0-9a-f]{{64}}, computed"):
        pack(archive, tmp_path / "x.wacz", Wanted())
    assert [each.name for each in tmp_path.iterdir()] == ["archive"]


def test_a_file_that_is_there_is_not_written_over(archive: Archive, tmp_path: Path) -> None:
    keep(archive, name_of("one", "01"), INFO, PAGE)
    output = tmp_path / "x.wacz"
    output.write_bytes(b"mine")
    with pytest.raises(WrongUse, match="exists already"):
        pack(archive, output, Wanted())
    assert output.read_bytes() == b"mine"
    # What a kill left half-written is in nobody's way.
    (tmp_path / ".y.wacz.part").write_bytes(b"half" * 1_000_000)
    packed(archive, tmp_path / "y.wacz")
    assert not (tmp_path / ".y.wacz.part").exists()


def test_damage_is_named_and_the_file_is_packed_as_it_is(archive: Archive, tmp_path: Path) -> None:
    torn = gzip.compress(PAGE)[:-5] + b"\0" * 5
    path = archive.warcs / name_of("one", "01")
    path.write_bytes(gzip.compress(INFO) + torn + gzip.compress(LOGO_RECORD))
    found = pack(archive, tmp_path / "x.wacz", Wanted())
    assert [line.split(": ")[0] for line in found.problems] == [f"{path.name} at {len(gzip.compress(INFO))}"]
    assert [row["url"] for row in index_of(zipfile.ZipFile(tmp_path / "x.wacz"))] == [LOGO]


def test_a_disk_that_takes_no_more_leaves_nothing_behind(archive: Archive, tmp_path: Path) -> None:
    keep(archive, name_of("one", "01"), INFO, *(record("response", f"http://one.test/{n}", HTTP) for n in range(200)))
    done = subprocess.run(
        [*COMMAND, "pack", "--archive", archive.root, "--output", tmp_path / "x.wacz"], capture_output=True, text=True,
        env=environment(), preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (4, f"bewaar: {tmp_path / 'x.wacz'}: File too large\n")
    assert [each.name for each in tmp_path.iterdir()] == ["archive"]


def test_memory_does_not_grow_with_the_archive(archive: Archive, tmp_path: Path) -> None:
    def peak_kib(output: str) -> int:
        # Not ru_maxrss: the process inherits that of the one it was forked from.
        code = ("import re, sys; from crawler.cli import main\ntry: main(sys.argv[1:])\n"
                "except SystemExit: print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])")  # fmt: skip
        arguments = ["pack", "--archive", str(archive.root), "--output", str(tmp_path / output)]
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment()
        )
        return int(done.stdout.splitlines()[-1])

    keep(archive, name_of("one", "01"), INFO, PAGE)
    before = peak_kib("small.wacz")
    body = b"HTTP/1.1 200 OK\r\n\r\n" + bytes(60 << 20)
    large = write_warc(
        archive.warcs / "large.warc", INFO, *(record("response", f"http://one.test/{n}", body) for n in range(2))
    )
    many = [record("response", f"http://one.test/{'x' * 400}/{n}", HTTP) for n in range(5000)]
    write_warc(archive.warcs / "many.warc.gz", INFO, *many)
    write_warc(archive.warcs / "zeros.warc.gz", INFO, record("response", "http://one.test/z", body))
    assert large.stat().st_size > 120 << 20
    assert peak_kib("large.wacz") - before < 40 << 10


def test_the_database_only_saves_reading_files(archive: Archive, tmp_path: Path) -> None:
    keep(archive, name_of("one", "01"), INFO, LOGO_RECORD)
    keep(archive, name_of("two", "02"), INFO, PAGE, revisit(**NAMED))
    _, bare = packed(archive, tmp_path / "bare.wacz", site="two")
    bewaar("rebuild", "--archive", archive.root)
    told, package = packed(archive, tmp_path / "told.wacz", site="two")
    assert told.originals == 1
    for name in ("archive/originals.warc.gz", "indexes/index.cdx"):
        assert package.read(name) == bare.read(name)
    # A row that leads elsewhere is found out, not packed.
    with closing(sqlite3.connect(archive.database)) as db, db:
        db.execute("UPDATE capture SET record_id = ? WHERE record_id = ?", ("<urn:uuid:other>", LOGO_ID))
        db.execute("UPDATE capture SET refers_to = ? WHERE refers_to = ?", ("<urn:uuid:other>", LOGO_ID))
    done = bewaar("pack", "--archive", archive.root, "--site", "two", "--output", tmp_path / "x.wacz", code=1)
    assert f"expected the original <urn:uuid:other>, found response {LOGO_ID}" in done.stderr
    assert not (tmp_path / "x.wacz").exists()
