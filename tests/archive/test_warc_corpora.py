"""Real files of other tools, and files that were broken on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.digests import same
from archive.errors import BadRecord
from archive.model import Record, WireBytes
from archive.proof import Tally, prove
from archive.warc import http
from archive.warc.reader import read_record, read_records
from archive.warc.verify import Checked, verify_file, warc_files


@pytest.mark.shared
def test_files_of_eight_other_tools_are_read_whole(shared: Path) -> None:
    paths = sorted((shared / "corpora/warc").glob("*.warc.gz"))
    assert len(paths) >= 7
    for path in paths:
        at = 0
        for record in read_records(path):
            assert (record.place.offset, record.place.length > 0) == (at, True)
            at += record.place.length
            assert record.type
            assert record.id
            assert record.date
            assert declares_itself(record, "WARC-Block-Digest", record.block)
            if record.type == "response" and (record.url or "").startswith("http"):
                response = http.parse_response(record.block)
                payload = http.payload(record.block, response)
                assert declares_itself(record, "WARC-Payload-Digest", payload)
                assert http.body(payload, response).whole
        assert at == path.stat().st_size


def declares_itself(record: Record, field: str, data: WireBytes) -> bool:
    declared = record.field(field)
    return declared is None or same(declared, data.chunks())[0]


@pytest.mark.shared
def test_broken_files_raise_nothing_but_our_errors(shared: Path) -> None:
    paths = sorted((shared / "corpora/invalid").iterdir())
    assert len(paths) > 40
    for path in paths:
        damages: list[BadRecord] = []
        records = list(read_records(path, on_damage=damages.append))
        if path.name.startswith("valid-"):
            assert records
            assert not damages
        for damage in damages:
            assert path.name in str(damage)


@pytest.mark.shared
@pytest.mark.parametrize("strict", [False, True])
def test_invalid_files_fail_and_valid_ones_do_not(shared: Path, strict: bool) -> None:
    """Valid ones pass --strict too, but for one that uses a single record id seven times, and two single records cut
    out of their files, away from those that they are concurrent to."""
    alone = {"valid-warcfile-duplicate-concurrentto.warc", "valid-warcfile-fields-metainfo.warc"}
    for path in sorted((shared / "corpora/invalid").glob("*alid-*")):
        found = list(verify_file(path, Checked(), strict=strict))
        for finding in found:
            assert finding.file == str(path)
            assert 0 <= finding.offset < max(1, path.stat().st_size)
            assert all((finding.what, finding.expected, finding.found, finding.rule))
        failures = [finding for finding in found if finding.severity == "failure"]
        if path.name.startswith("invalid-"):
            assert failures, path.name
        elif strict and "recorddigests" in path.name:
            assert {finding.rule for finding in failures} == {"record-id-twice"}
        elif strict and path.name in alone:
            assert {finding.rule for finding in failures} == {"concurrent-dangling"}
        else:
            assert failures == [], path.name


@pytest.mark.shared
def test_departures_in_real_files_are_warnings_and_strict_makes_them_failures(shared: Path) -> None:
    warned = {}
    for path in warc_files([shared / "corpora/warc"]):
        checked = Checked()
        found = list(verify_file(path, checked))
        assert [finding for finding in found if finding.severity == "failure"] == []
        assert checked.records > 1
        warned[path.name] = {finding.rule for finding in found}
        strict = list(verify_file(path, Checked(), strict=True))
        assert [finding.severity for finding in strict] == ["failure"] * len(found)
    assert warned.pop("BL-20140325122341434-00000-32090~opera~8443.warc.gz") == {
        "refers-to-missing",
        "revisit-dangling",
    }
    assert warned.pop("iana.warc.gz") == {"refers-to-missing", "revisit-dangling"}
    assert warned.pop("archiveweb.page-stormcrawler.net.warc.gz") == {"refers-to-missing", "record-id-twice"}
    # It lists its screenshot behind the page.
    assert warned.pop("scoop-example.com.wacz") == {"index-order"}
    assert len(warned) >= 5
    assert set(map(frozenset, warned.values())) == {frozenset()}


@pytest.mark.shared
def test_a_revisit_is_dangling_without_the_crawl_before_and_only_then(shared: Path) -> None:
    first, second = sorted((shared / "corpora/warc").glob("BL-*"))
    rules = [[f.rule for f in prove(files, None, Tally(), rows=False)] for files in ([second], [first, second])]
    assert [found.count("revisit-dangling") for found in rules] == [55, 0]


@pytest.mark.shared
def test_an_arc_file_is_read_whole(shared: Path) -> None:
    path = shared / "corpora/warc/blackbook-2008.arc.gz"
    records = list(read_records(path))
    assert [len(records), records[0].type, records[1].url] == [300, "warcinfo", "dns:www.archive.org"]
    assert sum(record.place.length for record in records) == path.stat().st_size
    for record in records:
        assert read_record(path, record.place.offset, record.place.length).id == record.id
        if (record.url or "").startswith("http"):
            assert http.parse_response(record.block).status
    assert len({record.id for record in records}) == 300
    both = (records[2].date, records[2].field("warc-ip-address"), records[2].field("content-type"))
    assert both == ("2008-04-30T20:48:25Z", "207.241.229.39", "application/http; msgtype=response")
