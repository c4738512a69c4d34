"""What others handed over is replayed and browsed: out of WARC, ARC and WACZ files, to the byte."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest

from archive.browse.records import read_kept, read_member
from tests.archive.raw_records import record, write_warc
from tests.archive.wacz_files import wacz
from tests.crawler.ingests import HTML, info, page
from tests.front_door import bewaar
from tests.replayers import pywb

DATE, DIGITS = "2020-01-01T10:00:00Z", "20200101100000"
BLOCKS = {
    f"http://{name}.test/": page("Alpha Trust", title=name) for name in ("packed", "plain", "zipped", "inside", "arc")
}


def response(name: str) -> bytes:
    url = f"http://{name}.test/"
    return record("response", url, BLOCKS[url], date=DATE)


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("ingested")
    dns = record("response", "dns:packed.test", b"20200101100000\npacked.test. 300 IN A 192.0.2.1\n", date=DATE,
                 **{"Content-Type": "text/dns"})  # fmt: skip
    write_warc(place / "a.warc.gz", info(), dns, response("packed"))
    write_warc(place / "b.warc", info(), response("plain"))
    files = {
        "archive/data.warc.gz": gzip.compress(info()) + gzip.compress(response("zipped")),
        "archive/more.warc": info() + response("inside"),
    }
    wacz(place / "c.wacz", files)
    block = BLOCKS["http://arc.test/"]
    version = b"1 0 Someone\nURL IP-address Archive-date Content-type Archive-length\n"
    lines = [
        b"filedesc://d.arc 0.0.0.0 20200101100000 text/plain %d\n%s\n" % (len(version), version),
        b"http://arc.test/ 192.0.2.1 20200101100000 text/html %d\n%s\n" % (len(block), block),
    ]
    (place / "d.arc.gz").write_bytes(b"".join(gzip.compress(line) for line in lines))
    bewaar("ingest", *sorted(place.iterdir()), "--archive", place / "archive")
    return place / "archive"


def test_every_capture_is_browsed_out_of_its_file(ingested: Path) -> None:
    with closing(sqlite3.connect(ingested / "archive.db")) as db:
        db.row_factory = sqlite3.Row
        captures = db.execute(
            "SELECT w.path AS warc, c.warc_offset, c.warc_length, c.record_id, p.digest, r.url FROM capture c"
            " JOIN warc w ON w.id = c.warc_id JOIN resource r ON r.id = c.resource_id"
            " JOIN payload p ON p.id = c.payload_id"
        ).fetchall()
    assert len(captures) == 6
    for capture in captures:
        kept, member = read_member(ingested / "warcs", dict(capture))
        assert kept.mismatch is None
        if capture["url"] in BLOCKS:
            assert read_kept(ingested / "warcs", dict(capture)).body() == BLOCKS[capture["url"]][len(HTML) :]
        assert member[:2] == b"\x1f\x8b" or member[:8] == b"WARC/1.1"


@pytest.mark.xdist_group("demo")
def test_every_page_is_replayed_to_the_byte(ingested: Path, pywb_home: Path) -> None:
    with pywb(ingested, pywb_home) as address:
        for url, block in BLOCKS.items():
            with urlopen(f"{address}/{DIGITS}id_/{url}", timeout=20) as answer:  # loopback
                assert answer.read() == block[len(HTML) :], url


def test_a_backup_and_a_bag_take_them_along(ingested: Path, tmp_path: Path) -> None:
    names = sorted(path.name for path in (ingested / "warcs").iterdir())
    bewaar("backup", tmp_path / "copy", "--archive", ingested)
    assert sorted(path.name for path in (tmp_path / "copy" / "warcs").iterdir()) == names
    bewaar("verify", "--rows", "--archive", tmp_path / "copy")
    bewaar("pack", "--bag", tmp_path / "bag", "--archive", ingested)
    assert sorted(path.name for path in (tmp_path / "bag" / "data" / "warcs").iterdir()) == names


def test_a_package_names_what_it_cannot_hold(ingested: Path, tmp_path: Path) -> None:
    package = tmp_path / "all.wacz"
    said = bewaar("pack", "--archive", ingested, "--output", package, code=1)
    assert ".wacz: a WACZ, which no WACZ can hold" in said.stdout + said.stderr
    assert ".arc.gz: an ARC file, which no WACZ can hold" in said.stdout + said.stderr
    bewaar("pack", "--verify", package)
    bewaar("pack", "--archive", ingested, "--site", "plain_test", "--output", tmp_path / "plain.wacz")
