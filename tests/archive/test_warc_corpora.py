"""Real files of other tools, and files that were broken on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.digests import same
from archive.errors import BadRecord
from archive.model import Record, WireBytes
from archive.warc import http
from archive.warc.reader import read_records


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
