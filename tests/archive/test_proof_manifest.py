"""What `bewaar verify` says of manifest-sha256.txt: nothing in it is passed over in silence."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.layout import Archive
from archive.manifest import add_to_manifest, read_lines, read_manifest
from archive.proof import Tally, prove
from archive.warc.recover import recover
from tests.archive.warc_samples import HELLO, exchange_of, warc_writer

A = "a" * 64


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive of one sealed file that stands in the manifest."""
    archive = Archive.create(tmp_path / "archive")
    writer = warc_writer(archive.warcs)
    writer.write_exchange(exchange_of(HELLO))
    sealed = writer.seal()
    assert sealed
    add_to_manifest(archive.root, f"warcs/{sealed.file}", sealed.sha256)
    return archive


def findings(archive: Archive) -> list[tuple[str, int, str]]:
    root = f"{archive.root}/"
    return [(f.file.removeprefix(root), f.offset, f.what) for f in prove((), archive, Tally(), rows=False)]


def append(archive: Archive, data: str | bytes) -> int:
    """Where what was appended begins."""
    before = archive.manifest.read_bytes()
    archive.manifest.write_bytes(before + (data.encode() if isinstance(data, str) else data))
    return len(before)


def test_a_manifest_as_we_write_it_is_no_finding(archive: Archive) -> None:
    for folder, name in ((archive.sites, "één site.toml"), (archive.decisions, "aliases.jsonl")):
        (folder / name).write_bytes(b"kept")
        add_to_manifest(archive.root, f"{folder.name}/{name}", sha256(b"kept").hexdigest())
    assert findings(archive) == []


@pytest.mark.parametrize(
    "line",
    [b"", b"no line at all", b"0" * 63 + b"  warcs/a", b"A" * 64 + b"  warcs/a", b"a" * 64 + b" *warcs/a",
     b"\\" + b"a" * 64 + b"  warcs/a\\nb", b"a" * 64 + b"  " + b"n" * 100_000, b"\xff\x00\x1b[2J"],
    ids=["empty", "words", "short", "upper case", "binary mode", "escaped", "too long", "noise"],
)  # fmt: skip
def test_a_line_that_is_none_is_named_with_its_number(archive: Archive, line: bytes) -> None:
    offset = append(archive, line + b"\n")
    append(archive, f"{A}  warcs/b.warc.gz\n")
    (bad, missing) = findings(archive)
    assert bad[:2] == ("manifest-sha256.txt", offset)
    assert bad[2].startswith("line 2: not a line of a manifest: '")
    assert bad[2].isprintable()
    assert len(bad[2]) < 1000
    # What comes behind it is checked all the same.
    assert missing[0] == "warcs/b.warc.gz"
    assert "the manifest names it, but it cannot be read: No such file" in missing[2]


@pytest.mark.parametrize("torn", [A[:20], f"{A}  warcs/b.w", f"{A}  warcs/b.warc.gz", "\0" * 30])
def test_a_torn_last_line_is_named_as_such(archive: Archive, torn: str) -> None:
    offset = append(archive, torn)
    ((file, at, what),) = findings(archive)
    assert (file, at) == ("manifest-sha256.txt", offset)
    assert what.startswith("line 2: torn, as a power cut leaves the last line: '")


def test_a_torn_line_is_mended_by_the_next_crawl_even_where_only_its_end_is_missing(archive: Archive) -> None:
    whole = archive.manifest.read_bytes()
    archive.manifest.write_bytes(whole[:-1])
    assert read_manifest(archive.root) == {}
    assert len(findings(archive)) == 2  # the line, and the file it would have named
    recover(archive)
    assert archive.manifest.read_bytes() == whole
    assert findings(archive) == []


@pytest.mark.parametrize(
    "path",
    ["../secret", "warcs/../../secret", "warcs/../bewaar.toml", "/etc/passwd", "bewaar.toml", "state/x", "warcs",
     "warcs/", "warcs//etc/passwd", "warcs/./a", "sites/\0", "./warcs/a", "decisions/..", "exports/a"],
)  # fmt: skip
def test_what_lies_outside_is_reported_and_not_opened(archive: Archive, path: str) -> None:
    (archive.root.parent / "secret").write_bytes(b"secret")
    offset = append(archive, f"{A}  {path}\n")
    said = f"line 2: names {path!a}, which can be no file in warcs, decisions, sites: not opened"
    assert findings(archive) == [("manifest-sha256.txt", offset, said)]


def test_a_link_leads_nowhere_else(archive: Archive) -> None:
    secret = archive.root.parent / "secret"
    secret.write_bytes(b"secret")
    (archive.sites / "link").symlink_to(secret)
    (archive.sites / "folder").symlink_to(archive.root.parent)
    (archive.sites / "loop").symlink_to("loop")
    os.mkfifo(archive.sites / "pipe")
    (archive.sites / "directory").mkdir()
    for name in ("link", "folder/secret", "loop", "pipe", "directory", "n" * 3000):
        append(archive, f"{sha256(b'other').hexdigest()}  sites/{name}\n")
    found = {Path(file).name: what.partition("cannot be read: ")[2] for file, _, what in findings(archive)}
    out = "a symbolic link leads out of sites/: not opened"
    assert (found["link"], found["secret"]) == (out, out)
    assert found["pipe"] == found["directory"] == "no regular file: not opened"
    assert found["loop"].startswith("Too many levels")
    assert found["n" * 3000].startswith("File name too long")


def test_a_folder_on_another_disk_is_the_archives(archive: Archive) -> None:
    archive.warcs.rename(archive.root.parent / "disk")
    archive.warcs.symlink_to(archive.root.parent / "disk")
    assert findings(archive) == []


def test_two_digests_for_one_file_are_a_finding(archive: Archive) -> None:
    ((name, known),) = read_manifest(archive.root).items()
    append(archive, f"{known}  {name}\n")  # as good as once
    append(archive, f"{A}  {name}\n")
    ((_, _, what),) = findings(archive)
    assert what == f"line 3: another sha256 for {name!r}: {A}, above it {known}"


def test_a_manifest_that_cannot_be_read_is_a_finding(archive: Archive) -> None:
    archive.manifest.unlink()
    archive.manifest.mkdir()
    assert findings(archive) == [("manifest-sha256.txt", 0, "cannot be read: Is a directory")]


def test_verify_says_so_and_fails(archive: Archive) -> None:
    append(archive, "garbage\n")
    command = [sys.executable, "-m", "crawler.cli", "verify", "--json", "--archive", archive.root]
    said = subprocess.run(command, check=False, capture_output=True, text=True)
    assert said.returncode == 1, said.stderr
    (found,) = json.loads(said.stdout)["findings"]
    assert found["what"] == "line 2: not a line of a manifest: 'garbage'"


@given(st.lists(st.binary(max_size=90) | st.just(f"{A}  warcs/a".encode()), max_size=5), st.booleans())
def test_every_byte_is_in_one_line(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], ended: bool) -> None:
    root = tmp_path_factory.mktemp("manifest")
    data = b"\n".join(pieces) + b"\n" * ended
    (root / "manifest-sha256.txt").write_bytes(data)
    expected, offset = [], 0
    for line in io.BytesIO(data).readlines():
        expected.append((offset, line.endswith(b"\n")))
        offset += len(line)
    assert [(line.offset, line.whole) for line in read_lines(root)] == expected
