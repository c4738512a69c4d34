"""`bewaar ingest` of what is damaged, no archive, or says that it is ours: it is told, and changes nothing else."""

from __future__ import annotations

import gzip
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from archive.errors import WrongUse
from crawler.ingestion import ingest
from tests.archive.raw_records import record, write_warc
from tests.archive.wacz_files import wacz
from tests.crawler.crawled import query
from tests.crawler.ingests import info, page
from tests.crawler.others_files import DAY_1, HOME, crawl_file
from tests.front_door import bewaar

RECORDS = (b"\n", record("response", HOME, page("Alpha Trust"), date=DAY_1))


def test_what_is_damaged_is_named_and_all_around_it_is_read(tmp_path: Path) -> None:
    parts = [info(), *(record("response", f"{HOME}/{n}", page(f"Member {n} Trust"), date=DAY_1) for n in range(3))]
    members = [gzip.compress(part) for part in parts]
    broken = bytearray(members[2])
    broken[len(broken) // 2] ^= 0xFF
    path = tmp_path / "damaged.warc.gz"
    path.write_bytes(b"".join([*members[:2], bytes(broken), members[3]]))
    offset = len(members[0]) + len(members[1])
    root = tmp_path / "archive"
    said = bewaar("ingest", path, "--archive", root, code=1)
    assert f"{path} at {offset}: " in said.stderr
    assert query(root, "SELECT count(*) FROM capture") == [(2,)]
    ((what, detail),) = query(root, "SELECT what, detail FROM problem WHERE capture_id IS NULL")
    assert what == "damaged"
    assert f".warc.gz at {offset}: " in str(detail)
    bewaar("ingest", path, "--archive", root)
    same = bewaar("rebuild", "--dry-run", "--archive", root, code=0)
    assert (same.stdout, "the database is what the files say; 1 damaged place in the files" in same.stderr) == (
        "",
        True,
    )
    with closing(sqlite3.connect(root / "archive.db")) as db, db:
        db.execute("DELETE FROM problem")
    other = bewaar("rebuild", "--dry-run", "--archive", root, code=1)
    assert other.stdout.startswith("+ problem ")
    assert "1 row differs; 1 damaged place in the files" in other.stderr
    assert "derived again" in bewaar("rebuild", "--archive", root, code=1).stdout


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("notes.warc.gz", b"no archive at all"),
        ("page.warc.gz", gzip.compress(b"<html>no archive at all</html>")),
        ("empty.warc", b""),
        ("other.wacz", b"PK\x03\x04 and then nothing"),
        ("PACKED.WARC.ZST", b"\x28\xb5\x2f\xfd and then a frame"),
        ("with-dictionary.warc", b"\x5d\x2a\x4d\x18\x20\x00\x00\x00" + b"".join(RECORDS)),
    ],
    ids=["text", "packed page", "empty", "half a zip", "zstd", "dictionary"],
)
def test_what_is_no_archive_is_refused_before_anything_changes(
    tmp_path: Path, three_days: Path, name: str, data: bytes
) -> None:
    path = tmp_path / "handed-over" / name
    path.parent.mkdir()
    path.write_bytes(data)
    root = tmp_path / "archive"
    said = bewaar("ingest", three_days, path.parent, "--archive", root, code=2)
    assert str(path) in said.stderr
    assert not root.exists()


def test_a_site_without_a_name_is_refused(tmp_path: Path, three_days: Path) -> None:
    with pytest.raises(WrongUse, match="'' is not a site name"):
        ingest(tmp_path / "archive", [three_days], site="")


def test_a_package_tells_what_in_it_is_not_read(tmp_path: Path) -> None:
    inner = crawl_file(tmp_path / "a.warc.gz", (DAY_1, page("Alpha Trust"))).read_bytes()
    path = wacz(tmp_path / "some.wacz", {"archive/a.warc.gz": inner, "archive/b.warc.zst": b"\x28\xb5\x2f\xfd"})
    said = bewaar("ingest", path, "--archive", tmp_path / "archive", code=1)
    assert "archive/b.warc.zst: compressed with zstd" in said.stderr


def test_a_zip_that_leads_elsewhere_writes_nothing_there(tmp_path: Path) -> None:
    inner = crawl_file(tmp_path / "a.warc.gz", (DAY_1, page("Alpha Trust"))).read_bytes()
    path = wacz(tmp_path / "tricky.wacz", {"archive/data.warc.gz": inner, "archive/../../../evil.warc.gz": inner})
    root = tmp_path / "archive"
    said = bewaar("ingest", path, "--archive", root, code=1)
    assert "leads out of the archive" in said.stderr
    assert query(root, "SELECT count(*) FROM capture") == [(1,)]
    assert not list(tmp_path.rglob("evil*"))


@pytest.mark.parametrize(
    ("url", "block"),
    [
        ("metadata://bewaar/x/profile.json", b'{"seeds": 5}'),
        ("metadata://bewaar/x/profile.json", b"\xff\xfe no JSON"),
        ("metadata://bewaar/x/report.json", b'{"finished_at": 7, "status": "finished"}'),
        ("metadata://bewaar/x/report.json", b'{"finished_at": "2020-01-01T00:00:00Z", "status": "nonsense"}'),
    ],
    ids=["profile", "no JSON", "report", "ending"],
)
def test_a_file_that_only_says_it_is_ours_ends_nothing(tmp_path: Path, url: str, block: bytes) -> None:
    ours = info(**{"isPartOf": "museum-20200101000000000", "bewaar-site": "museum"})
    response = record("response", HOME, page("Alpha Trust"), date=DAY_1)
    path = write_warc(tmp_path / "forged.warc.gz", ours, record("metadata", url, block), response)
    root = tmp_path / "archive"
    bewaar("ingest", path, "--archive", root, code=1)
    assert query(root, "SELECT c.id, c.site_id FROM crawl c JOIN capture ON crawl_id = c.id") == [
        ("museum-20200101000000000", "museum")
    ]


def test_a_crawl_of_ours_cannot_be_said_to_be_of_another_site(tmp_path: Path) -> None:
    forged = info(**{"isPartOf": "museum-20200101000000000", "bewaar-site": "other"})
    path = write_warc(tmp_path / "a.warc.gz", forged, record("response", HOME, page("Alpha Trust"), date=DAY_1))
    root = tmp_path / "archive"
    bewaar("ingest", path, "--archive", root)
    assert query(root, "SELECT id FROM site") == [("network_test",)]


def test_a_file_that_was_compressed_whole_is_refused_until_it_is_unpacked(tmp_path: Path) -> None:
    records = [info(), *(record("response", f"{HOME}/{n}", page("Alpha Trust"), date=DAY_1) for n in range(2))]
    path, root = tmp_path / "one member.warc.gz", tmp_path / "archive"
    path.write_bytes(gzip.compress(b"".join(records)))
    for _ in range(2):
        said = bewaar("ingest", path, "--archive", root, code=2)
        assert f"{path}: compressed as a whole" in said.stderr
        assert not root.exists()
    mend = said.stderr.split("`")[1]
    subprocess.run(["/bin/sh", "-c", mend], check=True)
    bewaar("ingest", path.with_suffix(""), "--archive", root)
    assert query(root, "SELECT count(*) FROM capture") == [(2,)]
    bewaar("verify", "--rows", "--archive", root)


def test_a_member_of_many_records_is_told(tmp_path: Path) -> None:
    alone, *shared = (record("response", f"{HOME}/{n}", page("Alpha Trust"), date=DAY_1) for n in range(3))
    path = tmp_path / "two-together.warc.gz"
    path.write_bytes(b"".join(map(gzip.compress, (info(), alone, b"".join(shared)))))
    said = bewaar("ingest", path, "--archive", tmp_path / "archive", code=1)
    assert said.stderr.count("shares its gzip member") == 1
    assert "unpack the file" in said.stderr
    path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
    bewaar("ingest", path.with_suffix(""), "--archive", tmp_path / "archive")
    assert query(tmp_path / "archive", "SELECT count(*), count(copy_of_id) FROM capture") == [(4, 1)]
