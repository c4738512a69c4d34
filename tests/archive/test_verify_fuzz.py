"""Files mutated at random, seconds in every run and minutes in `make soak`: whatever they have become, the reader and
verify end, in bounded time and memory, and every complaint names the file and a place in it."""

from __future__ import annotations

import gzip
import random
import resource
import time
from contextlib import suppress
from pathlib import Path

import pytest

from archive.errors import BadRecord, BewaarError
from archive.warc import http
from archive.warc.limits import Limits
from archive.warc.reader import read_records
from archive.warc.verify import Checked, verify_file
from tests.archive.odd_records import CHUNKED, DEPARTURES, FAULTS, info, record
from tests.archive.test_arc_reading import DNS, FILEDESC, HTML
from tests.archive.wacz_files import FILES, wacz

LIMITS = Limits(ratio_from_bytes=4 << 20, block_bytes=16 << 20)
#: for one file of at most a few hundred kilobytes, on a busy machine
MOST_S = 20
#: bytes that formats are made of
PIECES = [
    b"\r\n", b"\n", b"\r\n\r\n", b"WARC/1.1\r\n", b"WARC/", b"Content-Length: ", b"99999999999", b"-1", b"0", b":", b" ",
    b"\x1f\x8b\x08", b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"HTTP/1.1 200 OK\r\n", b"Transfer-Encoding: chunked\r\n",
    b"Content-Encoding: gzip, br, zstd\r\n", b"ffffffff\r\n", b"../", b"\xff" * 4, b"\0" * 8, b"filedesc://",
]  # fmt: skip


def seeds(folder: Path) -> list[bytes]:
    broken = [bad for bad, _ in (*FAULTS.values(), *DEPARTURES.values())]
    sound = [info("bewaar/1"), record(), record(CHUNKED, number=2), record(b"x" * 9000, number=3)]
    return [
        b"".join(sound),
        b"".join(map(gzip.compress, sound)),
        gzip.compress(b"".join(sound)),
        b"".join(map(gzip.compress, broken)),
        b"".join(broken),
        FILEDESC + DNS + HTML,
        b"".join(map(gzip.compress, (FILEDESC, DNS, HTML))),
        wacz(folder / "stored.wacz", FILES).read_bytes(),
        wacz(folder / "deflated.wacz", FILES, method=8).read_bytes(),
    ]


def mutated(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(6):
            case 0 if changed:
                changed[at % len(changed)] ^= 1 << chance.randrange(8)
            case 1:
                changed[at:at] = chance.choice(PIECES)
            case 2:
                del changed[at : at + chance.choice((1, 4, 100))]
            case 3:
                changed[at : at + 4] = chance.randbytes(chance.randrange(8))
            case 4:  # a piece of the file again
                start = chance.randrange(len(changed) + 1)
                changed[at:at] = changed[start : start + chance.choice((10, 500))]
            case _:
                piece = chance.choice(PIECES)
                changed[at : at + len(piece)] = piece
    return bytes(changed)


def judge_whatever_it_is(path: Path) -> None:
    began = time.monotonic()
    for finding in verify_file(path, Checked()):
        assert finding.file.split("!")[0] == str(path)
        assert finding.offset >= 0
        assert finding.what.isprintable()
    damages: list[BadRecord] = []
    with suppress(BewaarError):
        for found in read_records(path, on_damage=damages.append, limits=LIMITS):
            if found.type == "response":
                response = http.parse_response(found.block)
                http.body(http.payload(found.block, response), response, limit=1 << 20)
    for damage in damages:
        assert damage.file.split("!")[0] == path.name
        assert damage.offset >= 0
        assert str(damage).startswith(f"{damage.file} at {damage.offset}: ")
    assert time.monotonic() - began < MOST_S


def fuzz(folder: Path, starts: list[bytes], *, seconds: float, seed: int) -> int:
    chance = random.Random(seed)
    path = folder / "fuzzed.warc"
    until, tried = time.monotonic() + seconds, 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while time.monotonic() < until:
        data = mutated(chance.choice(starts), chance)
        path.write_bytes(data)
        try:
            judge_whatever_it_is(path)
        except BaseException:
            (folder / f"broke-{seed}-{tried}.warc").write_bytes(data)
            raise
        tried += 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10  # KiB
    return tried


def test_mutated_files_harm_nobody(tmp_path: Path) -> None:
    assert fuzz(tmp_path, seeds(tmp_path), seconds=6, seed=1) > 50


@pytest.mark.shared
@pytest.mark.soak
def test_mutated_files_of_others_harm_nobody(tmp_path: Path, shared: Path) -> None:
    real = [path.read_bytes() for path in sorted((shared / "corpora").rglob("*.*")) if path.is_file()]
    starts = [*seeds(tmp_path), *(data[: 300 << 10] for data in real if data)]
    tried = fuzz(tmp_path, starts, seconds=180, seed=int(time.time()))
    assert tried > 1000
