"""Content codings are undone: whole, cut short, damaged, and as bombs."""

from __future__ import annotations

import gzip
import hashlib
import zlib

import brotli
import pytest
from backports import zstd

from archive.errors import TooLarge
from archive.warc.blocks import InMemory
from archive.warc.http import body, parse_response

TEXT = ("Wij zorgen voor kinderen. " * 400).encode()


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


CODED = {
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]) + b"\0" * 20,
    "deflate": zlib.compress(TEXT),
    "Deflate": raw_deflate(TEXT),
    "br": brotli.compress(TEXT),
    "zstd": zstd.compress(TEXT[:5000]) + zstd.compress(TEXT[5000:]),
    "gzip, br": brotli.compress(gzip.compress(TEXT)),
    "identity": TEXT,
    "utf-8": TEXT,
    "": TEXT,
}


def http_of(coding: str):
    return parse_response(f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n".encode())


@pytest.mark.parametrize("coding", list(CODED))
def test_content_codings_are_undone(coding: str) -> None:
    found = body(CODED[coding], http_of(coding))
    assert (found.data, found.whole) == (TEXT, True)


@pytest.mark.parametrize("coding", list(CODED))
def test_codings_are_undone_whatever_pieces_they_come_in(coding: str) -> None:
    class Pieces(InMemory):
        def chunks(self, start: int = 0, stop: int | None = None):
            for byte in self.data[start:stop]:
                yield bytes([byte])

    found = body(Pieces(CODED[coding]), http_of(coding))
    assert (found.data, found.whole) == (TEXT, True)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "Deflate", "br", "zstd", "gzip, br"])
def test_a_coding_cut_short_gives_what_there_is(coding: str) -> None:
    noise = bytes((n * n * 31 + n // 7) % 251 for n in range(200_000))
    coders = {"gzip": gzip.compress, "deflate": zlib.compress, "Deflate": raw_deflate, "br": brotli.compress}
    coders |= {"zstd": zstd.compress, "gzip, br": lambda data: brotli.compress(gzip.compress(data))}
    coded = coders[coding](noise)
    found = body(coded[: len(coded) * 3 // 4], http_of(coding))
    assert (found.whole, found.cut) == (False, True)
    assert noise.startswith(found.data)


@pytest.mark.parametrize(
    ("coding", "coded"), [("gzip", gzip.compress(TEXT)), ("zstd", zstd.compress(TEXT))], ids=["gzip", "zstd"]
)
def test_a_coding_cut_in_its_own_header_is_cut_and_gives_nothing(coding: str, coded: bytes) -> None:
    found = body(coded[:6], http_of(coding))
    assert (found.data, found.whole, found.cut) == (b"", False, True)


def test_damage_after_the_beginning_gives_what_was_decoded() -> None:
    coded = bytearray(gzip.compress(TEXT))
    coded[-6] ^= 1
    found = body(bytes(coded), http_of("gzip"))
    assert (found.data, found.whole, found.cut) == (TEXT, False, True)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
def test_a_coding_that_is_not_there_leaves_the_bytes(coding: str) -> None:
    plain = b"<!doctype html><title>\xff\xfe plain</title>"
    assert body(plain, http_of(coding)).data == plain
    assert not body(plain, http_of(coding)).whole
    assert not body(plain, http_of(coding)).cut
    # So short that no decoder can tell.
    assert body(b"x", http_of("gzip")).data == b"x"


@pytest.mark.parametrize("named", ["gzip", "br", "zstd", "deflate"])
@pytest.mark.parametrize("coding", ["gzip", "zstd", "deflate"])
def test_a_coding_that_is_called_another_is_undone(coding: str, named: str) -> None:
    found = body(CODED[coding], http_of(named))
    assert (found.data, found.whole) == (TEXT, True)


def test_a_decoder_keeps_little_when_it_meets_damage() -> None:
    noise = hashlib.shake_256(b"").hexdigest(300_000).encode()
    for coder, coding in ((gzip.compress, "gzip"), (zstd.compress, "zstd"), (brotli.compress, "br")):
        coded = bytearray(coder(noise))
        coded[200_000:200_100] = bytes(100)
        found = body(bytes(coded), http_of(coding))
        assert not found.whole
        assert found.data[:250_000] == noise[:250_000]


def test_no_bytes_decode_to_none() -> None:
    assert body(b"", http_of("gzip")).data == b""


def squeezed(compressor, finish: str) -> bytes:
    """48 MiB of zeros, never in memory at once."""
    pieces = [getattr(compressor, "compress", None) or compressor.process] * 48
    return b"".join(piece(bytes(1 << 20)) for piece in pieces) + getattr(compressor, finish)()


BOMBS = {
    "gzip": lambda: squeezed(zlib.compressobj(wbits=31), "flush"),
    "deflate": lambda: squeezed(zlib.compressobj(), "flush"),
    "br": lambda: squeezed(brotli.Compressor(quality=1), "finish"),
    "zstd": lambda: squeezed(zstd.ZstdCompressor(), "flush"),
    "gzip, gzip": lambda: gzip.compress(squeezed(zlib.compressobj(wbits=31), "flush")),
}


@pytest.mark.parametrize("coding", list(BOMBS))
def test_a_bomb_is_an_error(coding: str) -> None:
    bomb = BOMBS[coding]()
    with pytest.raises(TooLarge, match="more than 200 times"):
        body(bomb, http_of(coding))
    with pytest.raises(TooLarge, match=r"limit (of )?1000"):
        body(bomb, http_of(coding), limit=1000)


def test_a_body_past_the_limit_is_an_error_coded_or_not() -> None:
    with pytest.raises(TooLarge, match="5 bytes, limit 4"):
        body(b"hello", http_of("identity"), limit=4)
