from __future__ import annotations

import gzip
import tempfile
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.digests import same
from archive.errors import BadRecord, BewaarError, TooLarge
from archive.exchange import Exchange
from archive.warc import http
from archive.warc.blocks import InMemory, OnDisk, join
from archive.warc.limits import Limits
from archive.warc.reader import WarcFile, read_record, read_records
from tests.archive.warc_samples import HELLO, exchange_of, fixed_ids, warc_writer


def record_bytes(
    block: bytes = b"hello", *, kind: bytes = b"resource", length: int | None = None, head: bytes = b""
) -> bytes:
    size = len(block) if length is None else length
    return (
        b"WARC/1.1\r\nWARC-Type: " + kind + b"\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
        b"WARC-Date: 2026-01-02T03:04:05Z\r\nWARC-Target-URI: http://example.test/\r\n"
        + head + b"Content-Length: %d\r\n\r\n" % size + block + b"\r\n\r\n"
    )  # fmt: skip


def blocks(path: Path, **settings: object) -> list[bytes]:
    return [join(record.block) for record in read_records(path, **settings)]


texts = st.text(st.characters(codec=None), max_size=30)
exchanges = st.builds(
    Exchange,
    url=texts.map(lambda text: f"http://example.test/{text}"),
    started_at=st.datetimes(min_value=datetime(1990, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # hypothesis wants it naive
    request=st.binary(max_size=300).map(InMemory),
    response=st.none() | st.binary(max_size=2000).map(InMemory),
    ip_address=st.none() | st.ip_addresses().map(str) | texts,
    protocols=st.lists(texts, max_size=2).map(tuple),
    cipher_suite=st.none() | texts,
    truncated=st.sampled_from([None, "length", "time", "disconnect", "unspecified"]),
    via=st.none() | texts,
    hops=st.text("LERMXP", max_size=5),
    fetch_ms=st.none() | st.integers(0, 10**6),
    error=st.none() | texts,
    interim=st.binary(max_size=50),
    surplus=st.binary(max_size=50),
)


@settings(deadline=None)
@given(st.lists(exchanges, max_size=5), st.booleans())
def test_what_is_written_is_read_back(written: list[Exchange], strict: bool) -> None:  # hypothesis fills it
    with tempfile.TemporaryDirectory() as folder:
        writer = warc_writer(Path(folder), strict_fields=strict)
        places = [writer.write_exchange(exchange).place for exchange in written]
        sealed = writer.seal()
        assert sealed
        path = Path(folder) / sealed.file
        records = list(read_records(path))
        assert sum(record.place.length for record in records) == path.stat().st_size
        by_place = {record.place: record for record in records}
        for exchange, place in zip(written, places, strict=True):
            record = by_place[place]
            response = join(exchange.response) if exchange.response else b""
            if response:
                assert (record.type, join(record.block)) == ("response", response)
            else:
                assert record.type == "metadata"
                assert join(record.block).startswith(b"fetchStatus: -")
            assert join(read_record(path, place.offset, place.length).block) == join(record.block)
            assert record.field("WARC-Truncated") == (exchange.truncated if response else None)
        requests = [join(record.block) for record in records if record.type == "request"]
        assert requests == [join(exchange.request) for exchange in written if exchange.request.size]
        for record in records:
            names = [name for name, _ in record.fields if name != "WARC-Protocol"]
            assert len(names) == len(set(names))
            assert same(record.field("WARC-Block-Digest") or "", record.block.chunks())[0]
        assert len({record.id for record in records}) == len(records)


def test_places_tell_members_apart_in_gzip_and_records_in_plain_files(tmp_path: Path) -> None:
    first, second = record_bytes(b"one"), record_bytes(b"two, longer")
    (tmp_path / "a.warc.gz").write_bytes(gzip.compress(first) + gzip.compress(second))
    (tmp_path / "a.warc").write_bytes(first + second)
    for name, sizes in (
        ("a.warc.gz", [len(gzip.compress(first)), len(gzip.compress(second))]),
        ("a.warc", [len(first), len(second)]),
    ):
        places = [record.place for record in read_records(tmp_path / name)]
        assert [(p.file, p.offset, p.length) for p in places] == [(name, 0, sizes[0]), (name, sizes[0], sizes[1])]
        with WarcFile(tmp_path / name) as file:
            assert join(file.read(places[1].offset, places[1].length).block) == b"two, longer"


def test_records_that_share_a_member_have_no_place_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "one-member.warc.gz"
    path.write_bytes(gzip.compress(record_bytes(b"one") + record_bytes(b"two")) + gzip.compress(record_bytes(b"three")))
    records = list(read_records(path))
    assert [(join(r.block), r.place.length > 0) for r in records] == [
        (b"one", False),
        (b"two", False),
        (b"three", True),
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\r\n\r\n", []),
        (record_bytes().replace(b"\r\n", b"\n"), [b"hello"]),
        (record_bytes().removesuffix(b"\r\n\r\n"), [b"hello"]),
        (record_bytes() + b"\r\n" * 50 + record_bytes(b"two"), [b"hello", b"two"]),
        (record_bytes().replace(b"WARC/1.1", b"warc/0.17").replace(b"WARC-Type", b"warc-TYPE"), [b"hello"]),
        (record_bytes(b""), [b""]),
        (record_bytes(b"WARC/1.1\r\n\r\n\r\n\r\n"), [b"WARC/1.1\r\n\r\n\r\n\r\n"]),
        (record_bytes(b"\r\n\r\n\r\n"), [b"\r\n\r\n\r\n"]),
    ],
)
def test_records_are_read_where_they_break_the_letter(tmp_path: Path, data: bytes, expected: list[bytes]) -> None:
    for name, content in (("a.warc", data), ("a.warc.gz", gzip.compress(data))):
        (tmp_path / name).write_bytes(content)
        assert blocks(tmp_path / name) == expected


def test_fields_are_kept_as_they_stand(tmp_path: Path) -> None:
    head = (
        b"warc-concurrent-to: <urn:uuid:2>\r\nWARC-Concurrent-To:\t<urn:uuid:3> \r\nX-Folded: a\r\n b\r\n"
        b"no colon\r\nX-UTF8: caf\xc3\xa9\r\nX-Latin: caf\xe9\r\n"
    )
    (tmp_path / "a.warc").write_bytes(
        record_bytes(head=head).replace(b"http://example.test/", b"<http://example.test/>")
    )
    (record,) = read_records(tmp_path / "a.warc")
    assert record.fields[4:-1] == (
        ("warc-concurrent-to", "<urn:uuid:2>"),
        ("WARC-Concurrent-To", "<urn:uuid:3>"),
        ("X-Folded", "a b"),
        ("X-UTF8", "café"),
        ("X-Latin", "café"),
    )
    assert (record.type, record.id, record.date) == ("resource", "<urn:uuid:1>", "2026-01-02T03:04:05Z")
    assert record.url == "http://example.test/"
    assert record.field("WARC-TARGET-URI") == "<http://example.test/>"


GOOD = record_bytes(b"good")
FLIPPED = bytearray(gzip.compress(record_bytes(b"flipped")))
FLIPPED[-6] ^= 1


@pytest.mark.parametrize(
    ("name", "bad", "what"),
    [
        ("wrong CRC", bytes(FLIPPED), "damaged gzip member"),
        ("length too long", gzip.compress(record_bytes(length=500)), "block of 500 bytes ends after 9"),
        ("length too short", gzip.compress(record_bytes(length=3)), "does not end with its block: b'lo"),
        ("no length", gzip.compress(record_bytes().replace(b"Content-Length", b"X-Length")), "no Content-Length"),
        ("two lengths", gzip.compress(record_bytes(head=b"Content-Length: 4\r\n")), "no Content-Length, or several"),
        ("odd length", gzip.compress(record_bytes().replace(b"Length: 5", "Length: ٥".encode())), "no Content-Length"),
        ("negative length", gzip.compress(record_bytes().replace(b"Length: 5", b"Length: -5")), "no Content-Length"),
        ("not a record", gzip.compress(b"hello"), "no WARC record begins here: b'hello'"),
        ("junk", b"junk between members", "no WARC record begins here"),
        ("half a header", gzip.compress(b"WARC/1.1\r\nWARC-Type: x\r\n"), "record header without an end"),
        ("huge length", gzip.compress(record_bytes(length=10**17)), "block of 100000000000000000 bytes, limit"),
        ("huge header", gzip.compress(record_bytes(head=b"X: y\r\n" * 300_000)), "header of more than 1048576 bytes"),
        ("bomb behind the block", gzip.compress(record_bytes() + b"\r\n" * (4 << 20)), "more than 250 times its size"),
    ],
    # gzip puts the time into its bytes: as ids they would differ from worker to worker.
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_damage_names_file_and_offset_and_the_next_record_is_read(
    tmp_path: Path, name: str, bad: bytes, what: str
) -> None:
    path = tmp_path / "damaged.warc.gz"
    path.write_bytes(gzip.compress(GOOD) + bad + gzip.compress(GOOD))
    offset = len(gzip.compress(GOOD))
    limits = Limits(ratio_from_bytes=4 << 20)
    found = read_records(path, limits=limits)
    assert join(next(found).block) == b"good"
    with pytest.raises(BadRecord, match=r"damaged\.warc\.gz") as caught:
        next(found)
    assert what in str(caught.value)
    assert caught.value.offset == offset
    damages: list[BadRecord] = []
    assert blocks(path, on_damage=damages.append, limits=limits) == [b"good", b"good"]
    assert [damage.offset for damage in damages] == [offset]


def test_a_block_that_unpacks_past_all_measure_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "bomb.warc.gz"
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = compressor.compress(record_bytes(length=20 << 20).removesuffix(b"hello\r\n\r\n"))
    bomb += b"".join(compressor.compress(bytes(1 << 20)) for _ in range(20)) + compressor.flush()
    path.write_bytes(bomb + gzip.compress(GOOD))
    limits = Limits(ratio_from_bytes=16 << 20)
    with pytest.raises(TooLarge, match="more than 250 times"):
        blocks(path, limits=limits)
    damages: list[BadRecord] = []
    assert blocks(path, on_damage=damages.append, limits=limits) == [b"good"]
    with pytest.raises(TooLarge, match="limit 1000"):
        blocks(path, limits=Limits(block_bytes=1000))


def test_a_file_of_nothing_but_damage_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "noise.warc"
    path.write_bytes(b"x\nWARC/1\r\n\r\n" * 200)
    damages: list[BadRecord] = []
    with pytest.raises(TooLarge, match="more than 50 damaged records"):
        blocks(path, on_damage=damages.append, limits=Limits(damages=50))
    assert len(damages) == 50


@pytest.mark.parametrize("plain", [False, True])
def test_every_cut_leaves_the_records_before_it(tmp_path: Path, plain: bool) -> None:
    pieces = [record_bytes(b"one"), record_bytes(b"two"), record_bytes(b"three")]
    members = pieces if plain else [gzip.compress(piece) for piece in pieces]
    data = b"".join(members)
    ends = [sum(map(len, members[: n + 1])) for n in range(3)]
    # A plain record is whole once its block is; a member only with its checksum.
    needed = [end - 4 for end in ends] if plain else ends
    path = tmp_path / ("cut.warc" if plain else "cut.warc.gz")
    following = path.with_name(path.name + ".open")
    for cut in range(len(data)):
        path.write_bytes(data[:cut])
        following.write_bytes(data[:cut])
        whole = sum(need <= cut for need in needed)
        damages: list[BadRecord] = []
        assert blocks(path, on_damage=damages.append) == [b"one", b"two", b"three"][:whole]
        between = cut == 0 or any(need <= cut <= end for need, end in zip(needed, ends, strict=True))
        assert bool(damages) is not between
        # Of a file that is being written, what is there by now is read, and no more is said.
        assert blocks(following) == [b"one", b"two", b"three"][:whole]


@given(st.binary(max_size=300), st.integers(0, 300), st.sampled_from([1, 3, 40]), st.booleans())
@settings(deadline=None, max_examples=200)
def test_any_damage_is_a_bad_record(noise: bytes, at: int, replaced: int, packed: bool) -> None:
    data = b"".join(gzip.compress(r) if packed else r for r in (record_bytes(b"one"), record_bytes(b"two" * 20)))
    damaged = data[:at] + noise + data[at + replaced :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.warc"
        path.write_bytes(damaged)
        with suppress(BewaarError):
            list(read_records(path))
        damages: list[BadRecord] = []
        assert all(record.place.offset < len(damaged) for record in read_records(path, on_damage=damages.append))


def test_nothing_at_a_place_is_a_bad_record(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(GOOD))
    size = path.stat().st_size
    for offset, length in ((size, 10), (1, size), (0, size + 1), (0, 1), (10**12, 5)):
        with pytest.raises(BadRecord):
            read_record(path, offset, length)


@pytest.mark.parametrize("name", ["large.warc", "large.warc.gz"])
def test_a_large_block_lies_on_disk_and_outlives_its_file(tmp_path: Path, name: str) -> None:
    block = b"0123456789abcdef" * (1 << 16) * 9
    data = record_bytes(block) + record_bytes(b"after")
    (tmp_path / name).write_bytes(
        data if name == "large.warc" else gzip.compress(record_bytes(block)) + gzip.compress(record_bytes(b"after"))
    )
    large, after = read_records(tmp_path / name)
    (tmp_path / name).unlink()
    assert isinstance(large.block, OnDisk)
    assert join(large.block) == block
    assert b"".join(large.block.chunks(16, 20)) == b"0123"
    assert join(after.block) == b"after"


def test_a_record_read_back_is_the_capture_the_crawler_saw(tmp_path: Path) -> None:
    block = HELLO.replace(b"Content-Type", b"Transfer-Encoding: chunked\r\nContent-Type").replace(
        b"hello", b"5\r\nhello\r\n0\r\n\r\n"
    )
    exchange = exchange_of(block)
    writer = warc_writer(tmp_path, new_id=fixed_ids())
    place = writer.write_exchange(exchange).place
    writer.seal()
    record = read_record(tmp_path / place.file, place.offset, place.length)
    response = http.parse_response(record.block)
    assert response.header_bytes == exchange.header_bytes
    payload = http.payload(record.block, response)
    assert same(record.field("WARC-Payload-Digest") or "", payload.chunks())[0]
    assert (join(payload), record.field("WARC-Payload-Digest")) == (b"hello", exchange.payload_digest)
