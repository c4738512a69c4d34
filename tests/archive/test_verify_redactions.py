"""`bewaar verify` holds every range that is named as masked against the record it lies in."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from archive.exchange import Original, Redaction
from archive.warc.judge import judge
from archive.warc.reader import WarcFile
from archive.warc.stretches import judge_in_stretches
from archive.warc.verify import Checked, verify_file
from tests.archive.warc_samples import exchange_of, member_texts, unique_ids, warc_writer

SENT = b"GET / HTTP/1.1\r\nAuthorization: xxxxxxxxxx\r\n\r\n"
RECEIVED = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=xxxx\r\n\r\nbefore xxxxxx after"
AT = (
    Redaction("request", 31, 41, "authorization"),
    Redaction("response", 31, 35, "set-cookie"),
    Redaction("response", 46, 52, "secret"),
    Redaction("surplus", 3, 6, "secret"),
)


def warc(directory: Path, *redactions: Redaction, times: int = 1, original: Original | None = None) -> Path:
    writer = warc_writer(directory, new_id=unique_ids())
    for _ in range(times):
        writer.write_exchange(exchange_of(RECEIVED, SENT, redactions=redactions, surplus=b"abcxxxdef"), original)
    writer.write_exchange(exchange_of(None, SENT, redactions=AT[:1], error="lost"))
    writer.seal()
    (path,) = directory.glob("*.warc.gz")
    return path


def found(path: Path) -> list[tuple[str, str]]:
    return [(finding.rule, finding.what) for finding in verify_file(path, Checked(), strict=True)]


def test_what_is_masked_is_no_finding(tmp_path: Path) -> None:
    assert found(warc(tmp_path, *AT)) == []


def test_nor_is_a_revisit_of_it(tmp_path: Path) -> None:
    original = Original(
        "<urn:uuid:00000000-0000-4000-8000-000000000009>", "http://example.test/", "2026-01-01T00:00:00Z"
    )
    assert {rule for rule, _ in found(warc(tmp_path, *AT, original=original))} == {"revisit-dangling"}


NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\nX-Odd: 100% caf\xe9\r\nSet-Cookie: a=xxxx\r\n\r\n"
MASKED = NOT_MODIFIED.index(b"xxxx")


def not_modified(directory: Path, redaction: Redaction) -> Path:
    """A whole response, and a 304 that refers to it and sets a cookie."""
    writer = warc_writer(directory, new_id=unique_ids())
    whole = exchange_of(RECEIVED)
    first = writer.write_exchange(whole)
    original = Original(first.record_id, whole.url, first.warc_date, whole.payload_digest)
    writer.write_exchange(exchange_of(NOT_MODIFIED, SENT, redactions=(AT[0], redaction)), original)
    writer.seal()
    (path,) = directory.glob("*.warc.gz")
    return path


def test_of_a_304_the_range_lies_in_the_field_that_keeps_its_header_section(tmp_path: Path) -> None:
    path = not_modified(tmp_path, Redaction("response", MASKED, MASKED + 4, "set-cookie"))
    about = member_texts(path)[-1]
    assert f"\r\nredaction: record=notModifiedResponse; offset={MASKED}; length=4; why=set-cookie\r\n".encode() in about
    (kept,) = re.findall(rb"\r\nnotModifiedResponse: ([^\r]*)\r\n", about)
    # The offset counts in what the field decodes to.
    assert unquote_to_bytes(kept) == NOT_MODIFIED != kept
    assert kept[MASKED : MASKED + 4] != b"xxxx"
    assert found(path) == []


@pytest.mark.parametrize(("start", "stop"), [(MASKED - 1, MASKED + 4), (MASKED, MASKED + 5), (0, 4)])
def test_a_wrong_range_in_a_304_is_a_failure(tmp_path: Path, start: int, stop: int) -> None:
    path = not_modified(tmp_path, Redaction("response", start, stop, "set-cookie"))
    what = f"bytes {start}-{stop} of the notModifiedResponse are named as masked, and are not"
    assert found(path) == [("redaction", what)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (Redaction("request", 30, 41, "authorization"), "bytes 30-41 of the request are named as masked, and are not"),
        (Redaction("response", 46, 53, "secret"), "bytes 46-53 of the response are named as masked, and are not"),
        (
            Redaction("response", 50, 5000, "secret"),
            "bytes 50-5000 of the response are named as masked, and are not there",
        ),
        (
            Redaction("interim", 0, 4, "secret"),
            "bytes 0-4 of the interimResponse are named as masked, and are not there",
        ),
        (Redaction("surplus", 2, 6, "secret"), "bytes 2-6 of the surplusBytes are named as masked, and are not"),
    ],
)
def test_what_is_not_masked_is_a_failure_that_does_not_show_it(tmp_path: Path, wrong: Redaction, said: str) -> None:
    path = warc(tmp_path, *AT[1:], wrong)
    assert found(path) == [("redaction", said)]
    (finding,) = verify_file(path, Checked())
    assert finding.severity == "failure"
    assert finding.found in {"other bytes", "no such bytes"}


def test_an_event_that_lies_in_two_stretches_is_no_finding_and_its_faults_are_found_once(tmp_path: Path) -> None:
    wrong = Redaction("response", 46, 53, "secret")
    for redactions, faults in ((AT, 0), ((*AT[:2], wrong), 12)):
        folder = tmp_path / str(faults)
        folder.mkdir()
        path = warc(folder, *redactions, times=12)
        with WarcFile(path) as file:
            one = list(judge(file, 0, None))
            assert sum(not isinstance(said, tuple) for said in one) == faults
            for stretch_bytes in range(150, 1500, 97):
                several = list(judge_in_stretches(path, file, judge, processes=2, stretch_bytes=stretch_bytes))
                # Of such an event the fault may be told before the record's own note.
                assert sorted(map(repr, several)) == sorted(map(repr, one))
