"""ARC files, plain and packed, version 1 and 2, sound and broken, are read as if their records were WARC's."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from archive.errors import BadRecord
from archive.warc.blocks import join
from archive.warc.reader import read_record, read_records
from archive.warc.verify import Checked, verify_file

PAGE = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<p>hello"
ABOUT = b"1 0 Archiver\nURL IP-address Archive-date Content-type Archive-length\n"
ABOUT_2 = b"2 0 Archiver\nURL IP-address Archive-date Content-type Result-code Checksum Location Offset Filename Archive-length\n"


def arc_record(line: bytes, block: bytes = PAGE) -> bytes:
    return line + b" %d\n" % len(block) + block + b"\n"


FILEDESC = arc_record(b"filedesc://old.arc 0.0.0.0 20080430204825 text/plain", ABOUT)
HTML = arc_record(b"http://example.test/ 192.0.2.7 20080430204826 text/html")
DNS = arc_record(b"dns:example.test 192.0.2.1 20080430204825 text/dns", b"20080430204825\n")


def written(path: Path, *pieces: bytes, packed: bool = False) -> Path:
    path.write_bytes(b"".join(map(gzip.compress, pieces)) if packed else b"".join(pieces))
    return path


@pytest.mark.parametrize("packed", [True, False])
def test_records_are_read_and_found_again(tmp_path: Path, packed: bool) -> None:
    path = written(tmp_path / "old.arc", FILEDESC, DNS, HTML, packed=packed)
    records = list(read_records(path))
    assert [(r.type, r.url, r.date) for r in records] == [
        ("warcinfo", None, "2008-04-30T20:48:25Z"),
        ("response", "dns:example.test", "2008-04-30T20:48:25Z"),
        ("response", "http://example.test/", "2008-04-30T20:48:26Z"),
    ]
    assert [join(r.block) for r in records] == [ABOUT, b"20080430204825\n", PAGE]
    assert sum(r.place.length for r in records) == path.stat().st_size
    for each in records:
        again = read_record(path, each.place.offset, each.place.length)
        assert (again.id, join(again.block)) == (each.id, join(each.block))
    assert len({r.id for r in records}) == 3
    assert list(verify_file(path, Checked())) == []


def test_version_2_lines_and_urls_with_spaces(tmp_path: Path) -> None:
    second = arc_record(b"http://example.test/ 192.0.2.7 20080430204826 text/html 200 d41d8 - 1234 old.arc")
    spaced = arc_record(b"http://example.test/a b c 192.0.2.7 20080430204826 text/html; charset=x")
    path = written(tmp_path / "old.arc", FILEDESC.replace(ABOUT, ABOUT_2).replace(b" %d\n" % len(ABOUT), b" %d\n" % len(ABOUT_2)),
                   second, spaced)  # fmt: skip
    _, two, three = read_records(path)
    assert (two.url, two.field("Content-Length"), join(two.block)) == ("http://example.test/", str(len(PAGE)), PAGE)
    assert (three.url, join(three.block)) == ("http://example.test/a b c", PAGE)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (b"http://example.test/ 192.0.2.7 20080430204826 text/html -1\n\n", "Archive-length '-1'"),
        (b"http://example.test/ 192.0.2.7 20080430204826 text/html abc\n\n", "Archive-length 'abc'"),
        (HTML.replace(b" 52\n", b" 50\n"), "does not end with its block"),
        (HTML.replace(b" 52\n", b" 99999999999\n"), "limit"),
        (b"what is this\n", "this"),
    ],
)
def test_damage_names_its_place_and_the_next_record_is_read(
    tmp_path: Path, bad: bytes, what: str, packed: bool
) -> None:
    path = written(tmp_path / "old.arc", FILEDESC, bad, DNS, packed=packed)
    damages: list[BadRecord] = []
    records = list(read_records(path, on_damage=damages.append))
    offset = len(gzip.compress(FILEDESC)) if packed else len(FILEDESC)
    assert [join(r.block) for r in records][-1] == b"20080430204825\n"
    assert what in str(damages[0])
    # Of junk between two records of a plain file, the length of the record before it may be as wrong.
    assert damages[0].offset == (0 if what == "this" and not packed else offset)
    assert any(finding.severity == "failure" for finding in verify_file(path, Checked()))


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b"http://example.test/ 192.0.2.700 20080430204826 text/html", "ip-bad"),
        (b"http://example.test/ 192.0.2.7 20081330204826 text/html", "date-impossible"),
        (b"http://example.test/ 192.0.2.7 200804302048 text/html", "date-bad"),
    ],
)
def test_a_line_that_cannot_be_is_a_failure(tmp_path: Path, line: bytes, rule: str) -> None:
    path = written(tmp_path / "old.arc", FILEDESC, arc_record(line))
    (found,) = verify_file(path, Checked())
    assert (found.rule, found.severity, found.offset) == (rule, "failure", len(FILEDESC))


def test_a_page_that_looks_like_a_record_is_none(tmp_path: Path) -> None:
    page = PAGE + b"\n" + HTML
    path = written(
        tmp_path / "old.arc", FILEDESC, arc_record(b"http://example.test/ 192.0.2.7 20080430204826 text/html", page)
    )
    assert [join(r.block) for r in read_records(path)] == [ABOUT, page]
