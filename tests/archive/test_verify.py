"""What `bewaar verify` says of files that were broken on purpose, and of files that only look odd."""

from __future__ import annotations

import gzip
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
from archive.warc.verify import Checked, verify_file
from tests.archive.odd_records import BLOCK, CHUNKED, DEPARTURES, FAULTS, VALID, info, record, revisit, verified
from tests.archive.warc_samples import HELLO, exchange_of, unique_ids, warc_writer


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
