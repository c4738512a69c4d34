"""Images as PNG (ISO/IEC 15948), GIF (version 89a) and JPEG (ITU-T T.81, baseline) files. Deterministic."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from math import cos, pi, sqrt

from crawler.replica.canvas import Image


def png(image: Image) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    stride = image.width * 3
    lines = b"".join(b"\0" + image.rgb[y * stride : (y + 1) * stride] for y in range(image.height))
    header = struct.pack(">IIBBBBB", image.width, image.height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b"")


def gif(image: Image) -> bytes:
    """Colours are rounded to 6 x 6 x 6 levels; codes stay 9 bits wide: the dictionary is cleared before it grows."""
    palette = b"".join(bytes((r * 51, g * 51, b * 51)) for r in range(6) for g in range(6) for b in range(6)) + bytes(
        40 * 3
    )
    level = bytes((value * 5 + 127) // 255 for value in range(256))
    rgb = image.rgb.translate(level)
    pixels = bytes(r * 36 + g * 6 + b for r, g, b in zip(rgb[::3], rgb[1::3], rgb[2::3], strict=True))
    bits = count = 0
    packed = bytearray()

    def put(code: int) -> None:
        nonlocal bits, count
        bits |= code << count
        count += 9
        while count >= 8:
            packed.append(bits & 255)
            bits >>= 8
            count -= 8

    for place, pixel in enumerate(pixels):
        if place % 250 == 0:
            put(256)
        put(pixel)
    put(257)
    packed.append(bits & 255)
    blocks = b"".join(bytes((len(part),)) + part for part in _parts(bytes(packed), 255))
    return (
        b"GIF89a"
        + struct.pack("<HHBBB", image.width, image.height, 0xF7, 0, 0)
        + palette
        + b","
        + struct.pack("<HHHHB", 0, 0, image.width, image.height, 0)
        + b"\x08"
        + blocks
        + b"\0;"
    )


def _parts(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


#: T.81, figure A.6: zigzag place -> place in the block
ZIGZAG = sorted(range(64), key=lambda n: (n // 8 + n % 8, n // 8 if (n // 8 + n % 8) % 2 else n % 8))
QUANT = tuple(3 + (n // 8 + n % 8) * 2 for n in range(64))
COSINES = [[cos((2 * x + 1) * u * pi / 16) * (sqrt(0.125) if u == 0 else 0.5) for x in range(8)] for u in range(8)]
#: code lengths (how many codes of 1, 2, ... 16 bits) and their symbols: flat trees of our own, as T.81 annex C allows
DC_LENGTHS, DC_SYMBOLS = (0, 0, 0, 12, *[0] * 12), tuple(range(12))
AC_SYMBOLS = (0x00, 0xF0, *(run << 4 | size for size in range(1, 11) for run in range(16)))
AC_LENGTHS = (0, 0, 2, 2, 4, 8, 6, 20, 120, *[0] * 7)


def _codes(lengths: tuple[int, ...], symbols: tuple[int, ...]) -> dict[int, tuple[int, int]]:
    """Symbol -> (code, bits), assigned in order as T.81 annex C says."""
    codes: dict[int, tuple[int, int]] = {}
    code = place = 0
    for bits, how_many in enumerate(lengths, 1):
        for _ in range(how_many):
            codes[symbols[place]] = (code, bits)
            code, place = code + 1, place + 1
        code <<= 1
    return codes


@cache
def _coefficients(block: tuple[int, ...]) -> tuple[int, ...]:
    """The quantised DCT of 64 samples, in zigzag order. Flat areas repeat: the cache makes them cheap."""
    rows = [[sum(block[y * 8 + x] * COSINES[u][x] for x in range(8)) for u in range(8)] for y in range(8)]
    flat = [sum(rows[y][u] * COSINES[v][y] for y in range(8)) for v in range(8) for u in range(8)]
    return tuple(round(flat[n] / QUANT[n]) for n in ZIGZAG)


def jpeg(image: Image) -> bytes:
    """Y'CbCr without subsampling; edges are padded with the last row and column."""
    dc, ac = _codes(DC_LENGTHS, DC_SYMBOLS), _codes(AC_LENGTHS, AC_SYMBOLS)
    bits: list[str] = []

    def put(code: tuple[int, int]) -> None:
        bits.append(format(code[0], f"0{code[1]}b"))

    def put_value(value: int, size: int) -> None:
        if size:
            put((value if value > 0 else value + (1 << size) - 1, size))

    before = [0, 0, 0]
    planes = _planes(image)
    for top in range(0, image.height, 8):
        for left in range(0, image.width, 8):
            for component, plane in enumerate(planes):
                block = tuple(
                    plane[min(y, image.height - 1) * image.width + min(x, image.width - 1)]
                    for y in range(top, top + 8)
                    for x in range(left, left + 8)
                )
                values = _coefficients(block)
                step = values[0] - before[component]
                before[component] = values[0]
                put(dc[abs(step).bit_length()])
                put_value(step, abs(step).bit_length())
                run = 0
                last = max((n for n in range(1, 64) if values[n]), default=0)
                for value in values[1 : last + 1]:
                    if not value:
                        run += 1
                        continue
                    while run > 15:
                        put(ac[0xF0])
                        run -= 16
                    put(ac[run << 4 | abs(value).bit_length()])
                    put_value(value, abs(value).bit_length())
                    run = 0
                if last < 63:
                    put(ac[0x00])
    stream = "".join(bits)
    stream += "1" * (-len(stream) % 8)
    scan = int(stream, 2).to_bytes(len(stream) // 8, "big").replace(b"\xff", b"\xff\0")

    def segment(marker: int, data: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data

    frame = struct.pack(">BHHB", 8, image.height, image.width, 3) + bytes((1, 17, 0, 2, 17, 0, 3, 17, 0))
    return (
        b"\xff\xd8"
        + segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
        + segment(0xDB, b"\0" + bytes(QUANT[n] for n in ZIGZAG))
        + segment(0xC0, frame)
        + segment(0xC4, b"\0" + bytes(DC_LENGTHS) + bytes(DC_SYMBOLS))
        + segment(0xC4, b"\x10" + bytes(AC_LENGTHS) + bytes(AC_SYMBOLS))
        + segment(0xDA, bytes((3, 1, 0, 2, 0, 3, 0, 0, 63, 0)))
        + scan
        + b"\xff\xd9"
    )


def _planes(image: Image) -> tuple[list[int], list[int], list[int]]:
    luma, blue, red = [], [], []
    for r, g, b in zip(image.rgb[::3], image.rgb[1::3], image.rgb[2::3], strict=True):
        luma.append(round(0.299 * r + 0.587 * g + 0.114 * b - 128))
        blue.append(round(-0.168736 * r - 0.331264 * g + 0.5 * b))
        red.append(round(0.5 * r - 0.418688 * g - 0.081312 * b))
    return luma, blue, red
