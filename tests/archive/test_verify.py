"""What `bewaar verify` says of files that were broken on purpose, and of files that only look odd."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from archive.cli import verify
from archive.layout import Archive
from archive.proof import Tally, prove
from archive.warc.verify import Checked, Finding, verify_file
from tests.archive.warc_samples import HELLO, exchange_of, sha256, unique_ids, warc_writer

BLOCK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
INFO = b"software: %s\r\nformat: WARC File Format 1.1\r\n"

Fields = dict[str, str | None]


def record(block: bytes = BLOCK, *, number: int = 1, **changes: str | None) -> bytes:
    """A sound response record, but for *changes*: a field set, or taken away with None; ``-`` is written ``_``."""
    fields: Fields = {
        "WARC-Type": "response",
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-4000-8000-{number:012d}>",
        "WARC-Date": "2026-01-02T03:04:05Z",
        "WARC-Target-URI": f"http://example.test/{number}",
        "WARC-IP-Address": "192.0.2.7",
        "WARC-Block-Digest": sha256(block),
        "WARC-Payload-Digest": sha256(block.partition(b"\r\n\r\n")[2]),
        "Content-Type": "application/http; msgtype=response",
        "Content-Length": str(len(block)),
    }
    for name, value in changes.items():
        fields[name.replace("_", "-")] = value
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value is not None)
    return b"WARC/1.1\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n"


def info(software: str) -> bytes:
    changes: Fields = {
        "WARC_Type": "warcinfo", "WARC_Target_URI": None, "WARC_IP_Address": None, "WARC_Payload_Digest": None,
        "Content_Type": "application/warc-fields",
    }  # fmt: skip
    return record(INFO % software.encode(), number=0, **changes)


def revisit(**changes: str | None) -> bytes:
    head = BLOCK.removesuffix(b"hello")
    return record(head, **{
        "number": 9, "WARC_Type": "revisit", "WARC_Payload_Digest": sha256(b"hello"), "WARC_Truncated": "length",
        "WARC_Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
        "WARC_Refers_To": "<urn:uuid:00000000-0000-4000-8000-000000000001>",
        "WARC_Refers_To_Target_URI": "http://example.test/1", "WARC_Refers_To_Date": "2026-01-02T03:04:05Z", **changes,
    })  # fmt: skip


def verified(path: Path, *records: bytes, strict: bool = False, packed: bool = True) -> list[Finding]:
    path.write_bytes(b"".join(map(gzip.compress, records) if packed else records))
    return list(verify_file(path, Checked(), strict=strict))


FAULTS: dict[str, tuple[bytes, str]] = {
    "wrong block digest": (record(WARC_Block_Digest=sha256(b"other")), "block-digest"),
    "wrong payload digest": (record(WARC_Payload_Digest=sha256(b"other")), "payload-digest"),
    "length too long": (record(Content_Length="500"), "record"),
    "length too short": (record(Content_Length="30"), "record"),
    "no length": (record(Content_Length=None), "record"),
    "no id": (record(WARC_Record_ID=None), "record-id-missing"),
    "no type": (record(WARC_Type=None), "type-missing"),
    "no date": (record(WARC_Date=None), "date-missing"),
    "no such day": (record(WARC_Date="2026-02-30T03:04:05Z"), "date-impossible"),
    "no such hour": (record(WARC_Date="2026-02-20T25:04:05Z"), "date-impossible"),
    "before the web": (record(WARC_Date="1970-01-01T00:00:00Z"), "date-impossible"),
    "after now": (record(WARC_Date="2926-01-01T00:00:00Z"), "date-impossible"),
    "date in words": (record(WARC_Date="blue monday"), "date-bad"),
    "date twice": (record().replace(b"WARC-IP", b"WARC-Date: 2026-01-02T03:04:06Z\r\nWARC-IP"), "field-repeated"),
    "bad address": (record(WARC_IP_Address="192.0.2.700"), "ip-bad"),
    "a name for an address": (record(WARC_IP_Address="localhost"), "ip-bad"),
    "no URI": (record(WARC_Target_URI=None), "target-uri-missing"),
    "no profile": (revisit(WARC_Profile=None), "profile-missing"),
    "another version": (record().replace(b"WARC/1.1", b"WARC/2.0"), "version-unknown"),
    "request in a response": (record(Content_Type="application/http; msgtype=request"), "content-type"),
    "second segment of a response": (record(WARC_Segment_Number="2"), "segment-number"),
    "no HTTP": (record(b"hello"), "no-http"),
    "no line ends behind": (record().removesuffix(b"\r\n\r\n"), "record-end"),
}  # fmt: skip

DEPARTURES: dict[str, tuple[bytes, str]] = {
    "no Refers-To": (revisit(WARC_Refers_To=None), "refers-to-missing"),
    "no Refers-To-Date": (revisit(WARC_Refers_To_Date=None), "refers-to-missing"),
    "dangling": (revisit(WARC_Refers_To="<urn:x:1>", WARC_Refers_To_Date="2026-01-02T03:04:06Z",
                         WARC_Payload_Digest=sha256(b"x")), "revisit-dangling"),
    "another profile": (revisit(WARC_Profile="http://example.test/mine"), "profile-unknown"),
    "URI in brackets": (record(number=2, WARC_Target_URI="<http://example.test/>"), "target-uri-form"),
    "id without brackets": (record(WARC_Record_ID="urn:uuid:2"), "record-id-form"),
    "digest over the framing": (record(CHUNKED, number=2), "payload-digest-framed"),
    "time zone": (record(number=2, WARC_Date="2026-01-02T03:04:05+01:00"), "date-zone"),
    "LF alone": (record(b"x", number=2, WARC_Type="resource", WARC_Payload_Digest=None).replace(b"\r\n", b"\n").removesuffix(b"\n\n") + b"\r\n\r\n",
                 "line-ends"),
    "one line end behind": (record(number=2).removesuffix(b"\r\n"), "record-end"),
    "truncated why": (record(number=2, WARC_Truncated="tired"), "truncated-unknown"),
    "unknown digest": (record(number=2, WARC_Block_Digest="crc9:AA"), "block-digest-unknown"),
    "a NUL in the algorithm": (record(number=2, WARC_Payload_Digest="sha2\0:AA"), "payload-digest-unknown"),
    "a digest of any length": (record(number=2, WARC_Block_Digest="shake_128:AA"), "block-digest-unknown"),
    "a type of one's own": (record(number=2, WARC_Type="screenshot"), "type-unknown"),
}  # fmt: skip


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_where_it_lies_whoever_wrote_it(tmp_path: Path, name: str, packed: bool) -> None:
    bad, rule = FAULTS[name]
    path = tmp_path / "broken.warc"
    pieces = [info("Heritrix/3"), record(number=5), bad, record(number=6)]
    offset = sum(len(gzip.compress(piece) if packed else piece) for piece in pieces[:2])
    found = [f for f in verified(path, *pieces, packed=packed) if f.severity == "failure"]
    assert [(f.file, f.offset, f.rule) for f in found] == [(str(path), offset, rule)]
    assert all((found[0].what, found[0].expected, found[0].found))


@pytest.mark.parametrize("name", DEPARTURES)
def test_a_departure_is_a_warning_in_others_files_and_a_failure_in_ours(tmp_path: Path, name: str) -> None:
    odd, rule = DEPARTURES[name]
    path = tmp_path / "odd.warc.gz"
    for software, strict, severity in (("Heritrix/3", False, "warning"), ("Heritrix/3", True, "failure"),
                                       ("bewaar/0.1.0 scrapy/2.19", False, "failure")):  # fmt: skip
        found = verified(path, info(software), record(), odd, strict=strict)
        assert [(f.rule, f.severity) for f in found] == [(rule, severity)], found


VALID: dict[str, bytes] = {
    "as it should be": record(),
    "lower case": record(WARC_Type="RESPONSE", WARC_Date="2026-01-02t03:04:05z").replace(b"WARC", b"warc"),
    "a day": record(WARC_Date="2026-01-02"),
    "nanoseconds": record(WARC_Date="2026-01-02T03:04:05.123456789Z"),
    "a leap second": record(WARC_Date="2016-12-31T23:59:60Z"),
    "IPv6": record(WARC_IP_Address="2001:db8::7"),
    "folded": record().replace(b"WARC-Type: response", b"WARC-Type:\r\n response"),
    "repeated fields that may be": record().replace(
        b"Content-L", b"WARC-Protocol: http/1.1\r\nWARC-Protocol: tls/1.3\r\nX: 1\r\nX: 2\r\nContent-L"
    ),
    "base64 and base32": record(
        WARC_Block_Digest="md5:" + "lK7TzGqDLg5aD8BXYUIQSw==",
        WARC_Payload_Digest="sha1:VL2MMHO4YXUKFWV63YHTWSBM3GXKSQ2N",
    ).replace(b"lK7TzGqDLg5aD8BXYUIQSw==", base64.b64encode(hashlib.md5(BLOCK).digest())),
    "dechunked under the server's header": record(BLOCK.replace(b"Content-Type: text/plain", b"Transfer-Encoding: chunked")),
    "cut short and said so": record(BLOCK[:-2], WARC_Truncated="disconnect"),
}  # fmt: skip


@pytest.mark.parametrize("name", VALID)
def test_what_is_right_is_no_finding(tmp_path: Path, name: str) -> None:
    assert verified(tmp_path / "odd.warc.gz", info("bewaar/0.1.0"), VALID[name]) == []


def test_one_id_over_two_blocks_is_a_failure_and_a_copy_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "twice.warc.gz"
    offset = len(gzip.compress(record()))
    (found,) = verified(path, record(), record(HELLO + b"!"))
    assert (found.rule, found.severity, found.offset) == ("record-id-twice", "failure", offset)
    assert found.what.endswith("stands twice in this file, over another block")
    (found,) = verified(path, record(), record())
    assert (found.rule, found.severity) == ("record-id-twice", "warning")


def test_a_copy_in_another_file_is_no_finding_and_another_block_there_is(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.warc.gz", "b.warc.gz", "c.warc.gz")]
    for path, content in zip(files, (record(), record(), record(HELLO + b"!")), strict=True):
        path.write_bytes(gzip.compress(content))
    assert list(prove(files[:2], None, Tally(), rows=False)) == []
    (found,) = prove([tmp_path], None, Tally(), rows=False)
    assert (found.file, found.severity) == (str(files[2]), "failure")
    assert f"stands also in {files[0]}, over another block" in found.what


def test_a_whole_file_in_one_gzip_member_is_named(tmp_path: Path) -> None:
    (found,) = verified(tmp_path / "one.warc.gz", record() + record(number=2))
    assert (found.rule, found.offset, found.severity) == ("gzip-member", 0, "warning")
    assert "the whole file is one gzip member" in found.what
    found, *_ = verified(tmp_path / "two.warc.gz", record(), record(number=2) + record(number=3))
    assert (found.offset, found.found) == (len(gzip.compress(record())), "several records in one gzip member")


@pytest.mark.parametrize("which", ["last", "middle"])
def test_a_truncated_member_is_found_and_the_rest_is_read(tmp_path: Path, which: str) -> None:
    path = tmp_path / "torn.warc.gz"
    members = [gzip.compress(record(HELLO + os.urandom(300), number=n, WARC_Payload_Digest=None)) for n in range(1, 4)]
    cut = 1 if which == "middle" else 2
    members[cut] = members[cut][: len(members[cut]) // 2]
    path.write_bytes(b"".join(members))
    checked = Checked()
    (found,) = verify_file(path, checked)
    assert (found.offset, found.severity, checked.records) == (sum(map(len, members[:cut])), "failure", 2)


def test_every_flipped_bit_of_a_member_is_found_but_in_what_gzip_does_not_use(tmp_path: Path) -> None:
    path = tmp_path / "flipped.warc.gz"
    first, second, third = (gzip.compress(record(number=number), mtime=0) for number in (1, 2, 3))
    for at in range(len(second)):
        if 4 <= at < 10:  # time, flags and system of the gzip header: nothing is lost with them
            continue
        broken = bytearray(second)
        broken[at] ^= 1 << (at % 8)
        if at == len(second) - 9 and gzip.decompress(broken) == record(number=2):
            continue  # bits behind the last one of the last byte
        path.write_bytes(first + broken + third)
        failures = [f for f in verify_file(path, Checked()) if f.severity == "failure"]
        assert failures, at
        assert all(f.offset >= len(first) for f in failures)


def test_a_file_of_nothing_is_a_finding(tmp_path: Path) -> None:
    for name, data in (("a.warc", b""), ("b.warc", b"\r\n\r\n"), ("c.warc.gz", gzip.compress(b""))):
        (tmp_path / name).write_bytes(data)
        assert [f.rule for f in verify_file(tmp_path / name, Checked())] == ["empty"]


def test_a_pipe_and_a_missing_file_are_findings(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.warc")
    for name in ("pipe.warc", "missing.warc"):
        (found,) = verify_file(tmp_path / name, Checked())
        assert found.rule == "unreadable"
    assert list(prove([tmp_path], None, Tally(), rows=False)) == []  # in a directory it is passed over


def test_a_revisit_may_refer_to_another_file_of_its_archive(tmp_path: Path) -> None:
    archive = Archive.create(tmp_path / "archive")
    (archive.warcs / "a.warc.gz").write_bytes(gzip.compress(info("bewaar/1")) + gzip.compress(record()))
    second = archive.warcs / "b.warc.gz"
    second.write_bytes(
        gzip.compress(info("bewaar/1").replace(b"000000000000>", b"00000000000a>")) + gzip.compress(revisit())
    )
    assert list(prove([second], None, Tally(), rows=False)) == []
    (archive.warcs / "a.warc.gz").unlink()
    (found,) = prove([second], None, Tally(), rows=False)
    assert (found.rule, found.severity, found.file) == ("revisit-dangling", "failure", str(second))


@pytest.mark.parametrize("settings", [{}, {"digest": "sha1"}, {"strict_fields": True}])
def test_what_we_write_passes_strict(tmp_path: Path, settings: dict[str, object]) -> None:
    writer = warc_writer(tmp_path, new_id=unique_ids(), info={"software": "bewaar/0.1.0"}, **settings)
    for response in (HELLO, CHUNKED, BLOCK.replace(b"200 OK", b"103 Early\r\n\r\nHTTP/1.1 200"), None):
        writer.write_exchange(exchange_of(response, error=None if response else "refused"))
    writer.write_exchange(exchange_of(HELLO[:-2], truncated="disconnect", url="http://example.test/a b\u00e9"))
    writer.write_metadata("metadata://bewaar/x/report.json", b"{}", "application/json")
    sealed = writer.seal()
    assert sealed
    assert list(verify_file(tmp_path / sealed.file, Checked(), strict=True)) == []


def test_the_command_prints_places_counts_and_ends_with_1_for_failures_only(tmp_path: Path) -> None:
    def run(*words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(verify, [*words, str(path)], standalone_mode=False)
        return done.return_value, done.stdout, done.stderr

    path = tmp_path / "odd.warc.gz"
    path.write_bytes(gzip.compress(record()) + gzip.compress(record(WARC_Record_ID="urn:uuid:2")))
    code, out, said = run()
    assert (code, said) == (0, "1 file, 2 records checked: 0 wrong, 1 warning\n")
    offset = len(gzip.compress(record()))
    assert out == f"{path} at {offset}: warning: WARC-Record-ID urn:uuid:2 (expected <URI>)\n"
    assert run("--strict")[0] == 1
    (found,) = json.loads(run("--json")[1])["findings"]
    assert found == {
        "file": str(path), "offset": offset, "what": "WARC-Record-ID urn:uuid:2", "expected": "<URI>",
        "found": "urn:uuid:2", "severity": "warning", "rule": "record-id-form",
    }  # fmt: skip


def test_nothing_out_of_a_file_reaches_the_terminal_raw(tmp_path: Path) -> None:
    path = tmp_path / "escape.warc"
    path.write_bytes(record(WARC_IP_Address="\x1b[31m\u202e", WARC_Record_ID="<\x1b]0;x\x07>", WARC_Date="\x9b"))
    for finding in verify_file(path, Checked()):
        assert (finding.what + finding.expected + finding.found).isprintable()


def test_a_file_is_verified_without_what_takes_long_to_load(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(gzip.compress(record()))
    script = (
        "import sys; from pathlib import Path; from archive import cli; from archive.proof import Tally, prove;"
        f"assert not list(prove([Path({str(path)!r})], None, Tally(), rows=False));"
        "print(sorted({'pydantic', 'warcio', 'zipfile', 'importlib.metadata'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
