"""What records say of one another is held against what the files verified hold between them."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from archive.layout import Archive
from archive.proof import Tally, prove
from archive.warc.verify import Checked, Verification
from tests.archive.odd_records import BLOCK, info, record, revisit, verified
from tests.archive.warc_samples import sha256

NONE = "<urn:uuid:00000000-0000-4000-8000-00000000dead>"
FIRST = "<urn:uuid:00000000-0000-4000-8000-000000000001>"
REVISIT = "<urn:uuid:00000000-0000-4000-8000-000000000009>"
CUT = record(BLOCK[:-2], WARC_Truncated="length")
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
SHA1 = hashlib.sha1(b"hello", usedforsecurity=False)

#: what stands before it, the record that is wrong, and the rule
MISLED: dict[str, tuple[list[bytes], bytes, str]] = {
    "another payload": ([record()], revisit(WARC_Payload_Digest=sha256(b"x")), "revisit-payload"),
    "another payload, found by date": (
        [record()], revisit(WARC_Payload_Digest=sha256(b"x"), WARC_Refers_To=NONE), "revisit-payload"),
    "of one cut short": ([CUT], revisit(WARC_Payload_Digest=sha256(b"hel")), "revisit-of-truncated"),
    "of a revisit": ([record(), revisit()], revisit(number=10, WARC_Refers_To=REVISIT), "revisit-of-revisit"),
    "of a revisit, found by date": (
        [record(), revisit(WARC_Date="2026-01-02T03:04:07Z")],
        revisit(number=10, WARC_Refers_To=NONE, WARC_Refers_To_Date="2026-01-02T03:04:07Z",
                WARC_Refers_To_Target_URI="http://example.test/9"), "revisit-of-revisit"),
    "no such warcinfo": ([record()], record(number=2, WARC_Warcinfo_ID=NONE), "warcinfo-dangling"),
    "a warcinfo that is a response": ([record()], record(number=2, WARC_Warcinfo_ID=FIRST), "warcinfo-dangling"),
    "concurrent to nothing": ([record()], record(number=2, WARC_Concurrent_To=NONE), "concurrent-dangling"),
    "concurrent to two, one of them there": (
        [record()],
        record(number=2, WARC_Concurrent_To=FIRST).replace(
            b"Content-L", f"WARC-Concurrent-To: {NONE}\r\nContent-L".encode()), "concurrent-dangling"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISLED)
def test_what_is_not_as_a_record_says_is_a_warning_in_others_files_and_a_failure_in_ours(
    tmp_path: Path, name: str
) -> None:
    before, wrong, rule = MISLED[name]
    path = tmp_path / "misled.warc.gz"
    for software, strict, severity in (("Heritrix/3", False, "warning"), ("Heritrix/3", True, "failure"),
                                       ("bewaar/0.1.0", False, "failure")):  # fmt: skip
        pieces = [info(software), *before, wrong]
        offset = sum(len(gzip.compress(piece)) for piece in pieces[:-1])
        found = verified(path, *pieces, strict=strict)
        assert [(f.file, f.offset, f.rule, f.severity) for f in found] == [(str(path), offset, rule, severity)]
        assert all((found[0].what, found[0].expected, found[0].found))


NAMED: dict[str, list[bytes]] = {
    "its original": [record(), revisit()],
    "a record further on": [record(number=2, WARC_Concurrent_To=FIRST), record()],
    "the digest in capitals": [record(), revisit(WARC_Payload_Digest=sha256(b"hello").upper().replace("SHA", "sha"))],
    "the digest in hex": [
        record(WARC_Payload_Digest="sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N"),
        revisit(WARC_Payload_Digest=f"sha1:{SHA1.hexdigest()}"),
    ],
    "a digest by another algorithm": [record(), revisit(WARC_Payload_Digest=f"sha1:{SHA1.hexdigest()}")],
    "one of two of that date": [
        record(BLOCK + b"!", number=3, WARC_Target_URI="http://example.test/1"),
        record(number=2, WARC_Target_URI="http://example.test/1"),
        revisit(WARC_Refers_To=NONE),
    ],
    "a page that was not modified, whatever its digest": [
        record(), revisit(WARC_Profile=NOT_MODIFIED, WARC_Payload_Digest=sha256(b""))],
    "its warcinfo": [record(WARC_Warcinfo_ID="<urn:uuid:00000000-0000-4000-8000-000000000000>")],
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_what_is_as_a_record_says_is_no_finding(tmp_path: Path, name: str) -> None:
    assert verified(tmp_path / "named.warc.gz", info("bewaar/0.1.0"), *NAMED[name]) == []


def test_a_warcinfo_that_is_missing_is_told_once_for_each_file(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.warc.gz", "b.warc.gz")]
    for number, path in enumerate(files):
        records = [record(number=10 * number + n, WARC_Warcinfo_ID=NONE) for n in (1, 2, 3)]
        path.write_bytes(b"".join(map(gzip.compress, records)))
    found = list(prove(files, None, Tally(), rows=False))
    assert [(f.file, f.offset, f.rule) for f in found] == [(str(path), 0, "warcinfo-dangling") for path in files]


def test_what_lies_in_another_file_verified_is_there(tmp_path: Path) -> None:
    (tmp_path / "a.warc.gz").write_bytes(gzip.compress(info("bewaar/1")) + gzip.compress(record()))
    naming = record(
        number=2, WARC_Concurrent_To=FIRST, WARC_Warcinfo_ID="<urn:uuid:00000000-0000-4000-8000-000000000000>"
    )
    (tmp_path / "b.warc.gz").write_bytes(gzip.compress(naming))
    assert list(prove([tmp_path], None, Tally(), rows=False)) == []
    found = prove([tmp_path / "b.warc.gz"], None, Tally(), rows=False)
    assert {finding.rule for finding in found} == {"concurrent-dangling", "warcinfo-dangling"}


def test_what_lies_in_another_file_of_the_archive_is_there(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "archive")
    (archive.warcs / "a.warc.gz").write_bytes(gzip.compress(info("bewaar/1")) + gzip.compress(CUT))
    second = archive.warcs / "b.warc.gz"
    second.write_bytes(
        gzip.compress(info("bewaar/1").replace(b"000000000000>", b"00000000000a>"))
        + gzip.compress(revisit(WARC_Payload_Digest=sha256(b"hel")))
    )
    (found,) = prove([second], None, Tally(), rows=False)
    assert (found.rule, found.file) == ("revisit-of-truncated", str(second))


def test_thousands_of_records_between_two_that_name_each_other(tmp_path: Path) -> None:
    path = tmp_path / "far.warc.gz"
    between = b"".join(gzip.compress(record(number=n), 1) for n in range(100, 11_000))
    last = gzip.compress(record(number=2, WARC_Concurrent_To=FIRST))
    path.write_bytes(gzip.compress(record()) + between + last)
    verification = Verification(Checked())
    assert [*verification.file(path), *verification.end()] == []
