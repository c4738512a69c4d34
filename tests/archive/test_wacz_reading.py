"""WACZ files are read file by file out of the zip, which is trusted in nothing."""

from __future__ import annotations

import gzip
import io
import struct
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import BadRecord, BewaarError
from archive.warc.blocks import join
from archive.warc.reader import open_warc, read_records
from archive.warc.verify import Checked, Finding, verify_file
from archive.warc.zips import Wacz
from tests.archive.odd_records import record
from tests.archive.wacz_files import FILES, INDEX, MEMBERS, WARC, package, wacz


def failures(path: Path) -> list[Finding]:
    return [finding for finding in verify_file(path, Checked()) if finding.severity == "failure"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_records_are_read_out_of_the_zip_and_found_again(tmp_path: Path, method: int) -> None:
    path = wacz(tmp_path / "a.wacz", FILES, method=method)
    records = list(read_records(path))
    assert [(r.place.file, r.place.offset) for r in records] == [
        ("a.wacz!archive/data.warc.gz", 0),
        ("a.wacz!archive/data.warc.gz", len(MEMBERS[0])),
        ("a.wacz!archive/more/nested.warc", 0),
    ]
    for each in records:
        with open_warc(tmp_path, each.place.file) as file:
            assert join(file.read(each.place.offset, each.place.length).block) == join(each.block)
    checked = Checked()
    found = list(verify_file(path, checked))
    assert checked.records == 3
    assert [(f.rule, f.severity) for f in found] == [("wacz-form", "warning")] * (2 if method else 0)


def test_a_file_that_is_not_in_it_is_not_found(tmp_path: Path) -> None:
    wacz(tmp_path / "a.wacz", FILES)
    for name in ("archive/none.warc.gz", "../a.wacz", "archive/../archive/data.warc.gz"):
        with pytest.raises(FileNotFoundError):
            open_warc(tmp_path, f"a.wacz!{name}")


def test_the_list_is_read_once_for_all_files_of_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = []
    monkeypatch.setattr(Wacz, "_list", lambda self, was=Wacz._list: (listed.append(self), was(self)))
    wacz(tmp_path / "a.wacz", {f"archive/{n}.warc.gz": WARC for n in range(9)})
    for n in range(9):
        with open_warc(tmp_path, f"a.wacz!archive/{n}.warc.gz") as file:
            assert len(list(file.scan())) == 2
    assert len(listed) == 1
    wacz(tmp_path / "b.wacz", {"archive/other.warc.gz": WARC})
    with open_warc(tmp_path, "b.wacz!archive/other.warc.gz") as file:
        assert len(list(file.scan())) == 2
    with pytest.raises(FileNotFoundError):
        open_warc(tmp_path, "b.wacz!archive/0.warc.gz")


def test_damage_inside_names_the_file_inside_and_its_offset(tmp_path: Path) -> None:
    files = FILES | {"archive/data.warc.gz": WARC[:-20]}
    found = failures(wacz(tmp_path / "a.wacz", files))
    offset = len(MEMBERS[0])
    assert [(f.file, f.offset, f.rule) for f in found if f.rule != "index-line"] == [
        (f"{tmp_path}/a.wacz!archive/data.warc.gz", offset, "record")
    ]
    with pytest.raises(BadRecord, match=rf"^a\.wacz!archive/data\.warc\.gz at {offset}: "):
        list(read_records(tmp_path / "a.wacz"))


def test_a_zip_in_a_warcs_clothes_is_judged_by_its_bytes(tmp_path: Path) -> None:
    path = wacz(tmp_path / "a.warc.gz", FILES)
    assert failures(path) == []
    assert len(list(read_records(path))) == 3


@pytest.mark.parametrize(
    ("rule", "files", "described"),
    [
        ("wacz-digest", FILES | {"pages/pages.jsonl": b"{}"}, package(FILES | {"pages/pages.jsonl": b"[]"})),
        ("wacz-size", FILES, package(FILES).replace(b'"bytes": %d}' % len(INDEX), b'"bytes": 1}')),
        ("wacz-unlisted", FILES, package({k: v for k, v in FILES.items() if not k.startswith("archive/data")})),
        ("wacz-missing", FILES, package(FILES | {"archive/other.warc.gz": b""})),
        ("wacz-package", FILES, b"[]"),
        ("zip-damaged", FILES, b"{"),
        ("zip-damaged", FILES, b"[" * 200_000),
        ("wacz-digest-unknown", FILES, package(FILES).replace(b"sha256:", b"sum-of-all:")),
    ],
    ids=["digest", "size", "unlisted", "missing", "no-object", "cut", "deep", "digest-unknown"],
)
def test_what_the_package_says_is_held_against_its_files(
    tmp_path: Path, rule: str, files: dict[str, bytes], described: bytes
) -> None:
    found = failures(wacz(tmp_path / "a.wacz", files, described=described))
    assert rule in {finding.rule for finding in found}, found
    assert all(f.file.startswith(str(tmp_path)) and f.expected and f.found for f in found)


INDEX_FAULTS = [
    (INDEX.replace(b'"offset": "0"', b'"offset": "1"'), "index-line", "indexes/index.cdx line 1: no such record: "),
    (INDEX.replace(b"test/2", b"test/x"), "index-line", "http://example.test/x expected, http://example.test/2 found"),
    (INDEX.replace(b"data.warc", b"none.warc"), "index-line", "names none.warc.gz, which is not in archive/"),
    (INDEX.replace(b'"length": "', b'"length": "9999'), "index-line", ", which has "),
    (b"no line of an index\n", "index-line", "not CDXJ: no line"),
    (b"", "index-empty", "indexes/index.cdx is empty"),
]


@pytest.mark.parametrize(
    ("index", "rule", "what"), INDEX_FAULTS, ids=["offset", "url", "file", "length", "no-line", "empty"]
)
def test_a_line_of_the_index_that_leads_to_no_record_is_a_failure(
    tmp_path: Path, index: bytes, rule: str, what: str
) -> None:
    for name, data in (("index.cdx", index), ("index.cdx.gz", gzip.compress(index))):
        files = {held: FILES[held] for held in FILES if held != "indexes/index.cdx"} | {f"indexes/{name}": data}
        found = failures(wacz(tmp_path / f"{name}.wacz", files))
        assert {finding.rule for finding in found} == {rule}
        assert what.replace("index.cdx", name) in found[0].what
        assert all(finding.expected and finding.found for finding in found)


def test_an_index_that_cannot_be_unpacked_is_a_failure(tmp_path: Path) -> None:
    for data in (gzip.compress(INDEX)[:-9], gzip.compress(INDEX)[:20] + bytes(60), b"none"):
        (found,) = failures(wacz(tmp_path / "a.wacz", FILES | {"indexes/more.cdx.gz": data}))
        assert found.rule == "index-damaged"
        assert found.what.startswith("indexes/more.cdx.gz cannot be read: ")


def test_an_index_that_is_a_bomb_is_a_failure(tmp_path: Path) -> None:
    for line in (b"\n", INDEX.splitlines(keepends=True)[0]):
        bomb = gzip.compress(line * ((20 << 20) // len(line)))
        (found,) = failures(wacz(tmp_path / "a.wacz", FILES | {"indexes/more.cdx.gz": bomb}))
        assert "indexes/more.cdx.gz: unpacks to more than 250 times its size" in found.what


def test_lines_and_records_are_counted(tmp_path: Path) -> None:
    checked = Checked()
    assert not [f for f in verify_file(wacz(tmp_path / "a.wacz", FILES), checked) if f.severity == "failure"]
    assert (checked.records, checked.lines) == (3, 2)


def test_a_changed_package_is_found_by_its_digest(tmp_path: Path) -> None:
    path = wacz(tmp_path / "a.wacz", FILES)
    with zipfile.ZipFile(path) as packed:
        held = {name: packed.read(name) for name in packed.namelist()}
    held["datapackage.json"] = package(FILES, title="another")
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in held.items():
            packed.writestr(name, data)
    (found,) = failures(path)
    assert (found.rule, found.what[:27]) == ("wacz-digest", "datapackage-digest.json has")


@pytest.mark.parametrize(
    "name", ["../outside.warc.gz", "/etc/x.warc.gz", "archive/../../x.warc", "archive\\x.warc", "C:/x.warc.gz",
             "archive//x.warc", "archive/./x.warc", "archive/x\x1b.warc"],
)  # fmt: skip
def test_a_path_trick_is_a_failure_and_nothing_is_read_or_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    path = wacz(tmp_path / "in/a.wacz", FILES | {name: record(number=4)})
    assert "zip-name" in {finding.rule for finding in failures(path)}
    assert len(list(read_records(path, on_damage=lambda _: None))) == 3
    assert [found.name for found in tmp_path.rglob("*")] == ["in", "a.wacz"]


def test_links_and_doubles_are_failures(tmp_path: Path) -> None:
    path = wacz(tmp_path / "a.wacz", FILES)
    link = zipfile.ZipInfo("archive/link.warc.gz")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr(link, "/etc/passwd")
        with pytest.warns(UserWarning, match="Duplicate"):
            packed.writestr("archive/data.warc.gz", b"")
    assert {"zip-link", "zip-name"} <= {finding.rule for finding in failures(path)}


def test_files_that_overlap_are_not_read_twice(tmp_path: Path) -> None:
    path = wacz(tmp_path / "a.wacz", FILES)
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    size = struct.unpack_from("<L", data, at + 20)[0]
    for field in (20, 24):  # the first file now takes in the local header of the second
        struct.pack_into("<L", data, at + field, size + 40)
    path.write_bytes(data)
    assert "zip-overlap" in {finding.rule for finding in failures(path)}


def test_a_bomb_is_a_failure_and_the_rest_is_read(tmp_path: Path) -> None:
    files = FILES | {"archive/bomb.warc": bytes(30 << 20)}
    path = wacz(tmp_path / "a.wacz", files, method=zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    at = data.find(b"archive/bomb.warc", data.find(b"PK\x01\x02")) - 46
    struct.pack_into("<L", data, at + 24, 1000)  # it says it is small
    path.write_bytes(data)
    found = failures(path)
    assert any("archive/bomb.warc: unpacks to more than the 1000 bytes it declares" in f.what for f in found), found
    assert len(list(read_records(path, on_damage=lambda _: None))) == 3


@pytest.mark.parametrize("cut", [1, 10, 22, 60, 500])
def test_a_zip_cut_short_is_a_failure(tmp_path: Path, cut: int) -> None:
    path = wacz(tmp_path / "a.wacz", FILES)
    path.write_bytes(path.read_bytes()[:-cut])
    (found,) = failures(path)
    assert (found.rule, found.offset) == ("record", 0)
    with pytest.raises(BadRecord, match=r"a\.wacz at 0: "):
        list(read_records(path))


def test_a_list_of_files_past_all_measure_is_not_taken_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.wacz"
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, 1 << 30, 4, 0)
    path.write_bytes(b"PK\x03\x04" + bytes(100) + end)
    (found,) = failures(path)
    assert "a list of files of 1073741824 bytes, limit" in found.what


@given(st.integers(0, 2000), st.binary(max_size=40), st.sampled_from([0, 1, 30]), st.booleans())
@settings(deadline=None, max_examples=150)
def test_any_damage_to_a_zip_is_a_finding_or_none(at: int, noise: bytes, replaced: int, packed: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = wacz(Path(folder) / "a.wacz", FILES, method=8 if packed else 0)
        data = path.read_bytes()
        at %= len(data)
        path.write_bytes(data[:at] + noise + data[at + replaced :])
        for finding in verify_file(path, Checked()):
            assert finding.file.startswith(str(path))
            assert finding.offset >= 0
            assert finding.what.isprintable()
        with suppress(BewaarError):
            list(read_records(path))


def test_the_list_holds_only_what_can_be_read(tmp_path: Path) -> None:
    from archive.warc.limits import Limits

    path = wacz(tmp_path / "a.wacz", FILES)
    with path.open("rb") as file:
        opened = Wacz(file.fileno(), "a.wacz", Limits())
        assert [entry.name for entry in opened.records()] == ["archive/data.warc.gz", "archive/more/nested.warc"]
        assert io.BytesIO(b"".join(opened.chunks(opened.records()[0]))).read() == WARC


def test_a_file_without_a_name_is_a_failure_and_the_rest_is_read(tmp_path: Path) -> None:
    path = wacz(tmp_path / "a.wacz", FILES)
    data = bytearray(path.read_bytes())
    at = data.find(b"PK\x01\x02")
    name_bytes = struct.unpack_from("<H", data, at + 28)[0]
    struct.pack_into("<HHH", data, at + 28, 0, 0, name_bytes)  # its name is now a comment
    path.write_bytes(data)
    assert "zip-name" in {finding.rule for finding in failures(path)}
    assert [r.place.file for r in read_records(path, on_damage=lambda _: None)] == ["a.wacz!archive/more/nested.warc"]
