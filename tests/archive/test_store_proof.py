"""`verify_rows` goes from each row back to the bytes. Every way in which they can disagree is told once."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from archive import digests, quotes
from archive.exchange import Exchange
from archive.model import Capture, Evidence, PageText, Reading, Section
from archive.store.proof import RowsChecked, verify_rows
from archive.warc.blocks import InMemory
from archive.warc.writer import WarcWriter
from crawler.items import Member
from tests.archive.store_builders import crawl, open_store, rows

BODY = "<p>Leden zijn <b>Coöperatie</b>&nbsp;Eén en Plan.</p>".encode("windows-1252")
NAMES = ("Coöperatie Eén", "Plan")
URL = "http://example.test/p"
TYPE = b"Content-Type: text/html; charset=windows-1252\r\n"


def response(body: bytes, *, coded: bool = False) -> tuple[bytes, bytes]:
    """Header section and payload."""
    if coded:
        body = gzip.compress(body, mtime=0)
        return b"HTTP/1.1 200 OK\r\n" + TYPE + b"Content-Encoding: gzip\r\n\r\n", body
    return b"HTTP/1.1 200 OK\r\n" + TYPE + b"\r\n", body


@pytest.fixture
def archive(tmp_path):
    """A store whose two captures, one of them gzip, lie in a real WARC file; the directory of the file."""
    warcs = tmp_path / "warcs"
    warcs.mkdir()
    writer = WarcWriter(warcs, "example", {"software": "test"}, reserve_bytes=0)
    readings = []
    for second, coded in enumerate((False, True)):
        header, payload = response(BODY, coded=coded)
        exchange = Exchange(
            url=URL,
            started_at=datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC),
            request=InMemory(b"GET /p HTTP/1.1\r\nHost: example.test\r\n\r\n"),
            response=InMemory(header + payload),
            header_bytes=len(header),
            status=200,
            payload_digest=digests.sha256(payload),
            payload_bytes=len(payload),
        )
        written = writer.write_exchange(exchange)
        capture = Capture(
            record_id=written.record_id,
            type="response",
            url=URL,
            urlkey="test,example)/p",
            warc_date=written.warc_date,
            status=200,
            mime="text/html",
            place=written.place,
            page_key="p",
            payload_digest=digests.sha256(payload),
            payload_bytes=len(payload),
        )
        readings.append(Reading(capture, PageText("T", "t", None, "sha256:t"), (listed(),)))
    writer.seal()
    with open_store(tmp_path) as store:
        store.write_crawl(crawl(0))
        store.write_readings(crawl(0).id, readings)
        yield store, warcs


def listed() -> Section:
    facts = []
    for position, name in enumerate(NAMES):
        start, end = quotes.locate(BODY, "windows-1252", name)
        evidence = Evidence(quote=name, byte_start=start, byte_end=end)
        facts.append(Member(raw=name, value=name, position=position, rule="r", evidence=evidence))
    return Section("member", "found", tuple(facts))


def check(archive) -> list[tuple[str, str, str]]:
    store, warcs = archive
    return [(finding.table, finding.expected, finding.found) for finding in verify_rows(store.db, warcs)]


def damage(archive, sql: str, *values: object) -> None:
    archive[0].db.conn.execute(sql, values)
    archive[0].db.conn.commit()


def test_every_quote_is_found_in_plain_and_coded_bodies(archive):
    checked = RowsChecked()
    assert list(verify_rows(archive[0].db, archive[1], checked)) == []
    assert checked == RowsChecked(captures=2, facts=4)


def test_quote_that_does_not_stand_there_is_one_finding(archive):
    damage(archive, "UPDATE evidence SET byte_start = byte_start + 1 WHERE quote = 'Plan' AND observation_id = 1")
    assert check(archive) == [("fact", "'Plan' at bytes 45-48 of the body", "'lan'")]


def test_range_outside_the_body_is_a_finding(archive):
    damage(
        archive, "UPDATE evidence SET byte_start = -5, byte_end = 1 << 60 WHERE quote = 'Plan' AND observation_id = 1"
    )
    assert len(check(archive)) == 1


def test_another_payload_is_a_finding(archive):
    damage(archive, "UPDATE payload SET digest = 'sha256:00' WHERE id = 1")
    assert check(archive) == [("capture", "payload digest sha256:00", digests.sha256(BODY))]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("record_id", "<urn:uuid:x>", "record <urn:uuid:x>"),
        ("warc_date", "2020-01-01", "WARC-Date 2020-01-01"),
        ("status", 404, "status 404"),
        ("record_type", "resource", "record type resource"),
    ],
)
def test_row_that_says_something_else_than_its_record_is_a_finding(archive, column, value, expected):
    damage(archive, f"UPDATE capture SET {column} = ? WHERE id = 1", value)
    assert [found[:2] for found in check(archive)] == [("capture", expected)]


def test_record_that_is_not_there_is_a_finding_for_the_capture_and_each_fact(archive):
    damage(archive, "UPDATE capture SET warc_offset = warc_offset + 1 WHERE id = 1")
    assert [found[:2] for found in check(archive)] == [
        ("capture", "its record"),
        ("fact", "'Coöperatie Eén'"),
        ("fact", "'Plan'"),
    ]


def test_missing_file_is_told_and_the_next_is_read(archive):
    damage(archive, "INSERT INTO warc (path, name) VALUES ('aaa.warc.gz', 'aaa.warc.gz')")
    damage(archive, "UPDATE capture SET warc_id = 2 WHERE id = 1")
    assert [found[0] for found in check(archive)] == ["capture", "fact", "fact"]


@pytest.mark.parametrize("path", ["/etc/passwd", "../archive.db"])
def test_row_is_no_reason_to_read_outside_the_archive(archive, path):
    damage(archive, "UPDATE warc SET path = ?", path)
    assert {found[2] for found in check(archive)} == {f"{path}: lies outside the archive"}


def test_flipped_byte_in_the_file_is_a_finding(archive):
    offset, length = rows(archive[0], "SELECT warc_offset, warc_length FROM capture WHERE id = 2")[0]
    file = next(archive[1].glob("*.warc.gz"))
    data = bytearray(file.read_bytes())
    data[offset + length // 2] ^= 0xFF
    file.write_bytes(data)
    found = check(archive)
    assert [one[0] for one in found] == ["capture", "fact", "fact"]


def test_fact_without_evidence_is_a_finding(archive):
    damage(archive, "DELETE FROM evidence WHERE fact_id = 2")
    assert check(archive) == [("fact", "evidence", "none for member 'Plan' of example")]


def test_quotes_of_a_read_revisit_are_found_in_its_original(archive, tmp_path):
    store, _ = archive
    first = rows(store, "SELECT record_id, warc_date FROM capture WHERE id = 1")[0]
    damage(
        archive, "UPDATE capture SET record_type = 'revisit', payload_id = NULL, refers_to = ? WHERE id = 2", first[0]
    )
    store.derive("example")
    # the record itself is a response: that one difference is told, the quotes are found in the original
    assert [found[:2] for found in check(archive)] == [("capture", "record type revisit")]


def test_finding_names_table_row_file_offset_expected_and_found(archive):
    damage(archive, "UPDATE capture SET status = 404 WHERE id = 1")
    (finding,) = verify_rows(archive[0].db, archive[1])
    record, offset, file = rows(
        archive[0], "SELECT record_id, warc_offset, path FROM capture c JOIN warc w ON w.id = warc_id WHERE c.id = 1"
    )[0]
    assert replace(finding) == finding
    assert (finding.table, finding.row, finding.file, finding.offset) == ("capture", record, file, offset)
    assert finding.what == f"capture {record}: expected status 404, found 200"
