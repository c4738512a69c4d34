"""The replica's pictures and its PDF are whole files, read back here without the code that wrote them."""

from __future__ import annotations

import re
import struct
import zlib
from math import cos, log10, pi, sqrt
from xml.dom.minidom import parseString

import pytest

from crawler.replica.canvas import Canvas, Image
from crawler.replica.editions import EDITIONS
from crawler.replica.encode import gif, jpeg, png
from crawler.replica.logos import DRAWN, KNOTS, draw
from crawler.replica.site import _report, answer


def read_png(data: bytes) -> Image:
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place, chunks = 8, []
    while place < len(data):
        (size,) = struct.unpack_from(">I", data, place)
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        assert struct.unpack_from(">I", data, place + 8 + size)[0] == zlib.crc32(kind + body)
        chunks.append((kind, body))
        place += 12 + size
    assert [kind for kind, _ in chunks] == [b"IHDR", b"IDAT", b"IEND"]
    width, height, *rest = struct.unpack(">IIBBBBB", chunks[0][1])
    assert rest == [8, 2, 0, 0, 0]
    lines = zlib.decompress(chunks[1][1])
    assert len(lines) == height * (width * 3 + 1)
    rows = [lines[y * (width * 3 + 1) : (y + 1) * (width * 3 + 1)] for y in range(height)]
    assert {row[0] for row in rows} == {0}
    return Image(width, height, b"".join(row[1:] for row in rows))


def read_gif(data: bytes) -> Image:
    """LZW as the GIF89a specification has it, growing codes included."""
    assert data[:6] == b"GIF89a"
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    assert flags == 0xF7
    palette = [data[13 + n * 3 : 16 + n * 3] for n in range(256)]
    place = 13 + 768
    assert data[place : place + 1] == b","
    assert struct.unpack_from("<HHHHB", data, place + 1) == (0, 0, width, height, 0)
    bits, place, packed = data[place + 10], place + 11, b""
    while size := data[place]:
        packed += data[place + 1 : place + 1 + size]
        place += 1 + size
    assert data[place:] == b"\0;"
    stream, at, pixels = int.from_bytes(packed, "little"), 0, bytearray()
    clear, end = 1 << bits, (1 << bits) + 1
    table: dict[int, bytes] = {}
    wide, before = bits + 1, b""
    while True:
        code = stream >> at & (1 << wide) - 1
        at += wide
        if code == end:
            break
        if code == clear:
            table = {n: bytes((n,)) for n in range(clear)}
            wide, before = bits + 1, b""
            continue
        entry = table[code] if code in table else before + before[:1]
        pixels += entry
        if before:
            table[len(table) + 2] = before + entry[:1]
            if len(table) + 2 == 1 << wide and wide < 12:
                wide += 1
        before = entry
    return Image(width, height, b"".join(palette[pixel] for pixel in pixels))


def jpeg_segments(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """Marker and body of the segments, and the scan's bits with the stuffing undone."""
    assert data.startswith(b"\xff\xd8\xff\xe0\0\x10JFIF\0")
    assert data.endswith(b"\xff\xd9")
    place, found = 2, []
    while not found or found[-1][0] != 0xDA:
        assert data[place] == 0xFF
        (size,) = struct.unpack_from(">H", data, place + 2)
        found.append((data[place + 1], data[place + 4 : place + 2 + size]))
        place += 2 + size
    scan = data[place:-2]
    assert b"\xff" not in scan.replace(b"\xff\0", b"")
    return found, scan.replace(b"\xff\0", b"\xff")


def read_jpeg(data: bytes) -> Image:
    """Baseline, three components, one quantisation table, no subsampling: T.81, annexes A, C and F by the letter."""
    segments, scan = jpeg_segments(data)
    parts = dict(segments)
    _, height, width, components = struct.unpack(">BHHB", parts[0xC0][:6])
    assert components == 3
    quant, trees = parts[0xDB][1:], {}
    for kind, body in segments:
        if kind == 0xC4:
            code, place, tree = 0, 17, {}
            for bits in range(1, 17):
                for _ in range(body[bits]):
                    tree[f"{code:0{bits}b}"] = body[place]
                    code, place = code + 1, place + 1
                code *= 2
            trees[body[0]] = tree
    stream, at = "".join(f"{byte:08b}" for byte in scan), 0

    def symbol(tree: dict[str, int]) -> int:
        nonlocal at
        end = next(end for end in range(at + 1, at + 17) if stream[at:end] in tree)
        word, at = stream[at:end], end
        return tree[word]

    def value(size: int) -> int:
        nonlocal at
        word, at = stream[at : at + size], at + size
        return 0 if not size else int(word, 2) - (0 if word[0] == "1" else (1 << size) - 1)

    order = [
        0,
        1,
        8,
        16,
        9,
        2,
        3,
        10,
        17,
        24,
        32,
        25,
        18,
        11,
        4,
        5,
        12,
        19,
        26,
        33,
        40,
        48,
        41,
        34,
        27,
        20,
        13,
        6,
        7,
        14,
        21,
        28,
    ]
    order += [63 - n for n in reversed(order)]
    wave = [[cos((2 * x + 1) * u * pi / 16) / (2 if u else sqrt(8)) for u in range(8)] for x in range(8)]
    planes = [[[0.0] * (width + 8) for _ in range(height + 8)] for _ in range(3)]
    before = [0, 0, 0]
    for top in range(0, height, 8):
        for left in range(0, width, 8):
            for component in range(3):
                block = [0] * 64
                before[component] += value(symbol(trees[0x00]))
                block[0] = before[component] * quant[0]
                n = 1
                while n < 64 and (run_size := symbol(trees[0x10])):
                    n += run_size >> 4
                    if run_size != 0xF0:
                        block[order[n]] = value(run_size & 15) * quant[n]
                    n += 1
                half = [[sum(block[v * 8 + u] * wave[x][u] for u in range(8)) for x in range(8)] for v in range(8)]
                for y in range(8):
                    row = [sum(half[v][x] * wave[y][v] for v in range(8)) for x in range(8)]
                    planes[component][top + y][left : left + 8] = row
    assert len(stream) - at < 8
    rgb = bytearray()
    for y in range(height):
        for luma, blue, red in zip(*(plane[y][:width] for plane in planes), strict=True):
            colours = (luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue)
            rgb += bytes(min(255, max(0, round(colour + 128))) for colour in colours)
    return Image(width, height, bytes(rgb))


def decibels(found: Image, meant: Image) -> float:
    """Peak signal to noise."""
    assert (found.width, found.height) == (meant.width, meant.height)
    error = sum((a - b) ** 2 for a, b in zip(found.rgb, meant.rgb, strict=True)) / len(meant.rgb)
    return 20 * log10(255) - 10 * log10(error)


def sample() -> Image:
    art = Canvas(37, 21, (10, 200, 90))
    art.disc(12, 10, 8, (250, 10, 10))
    art.wedge(20, 2, 14, 16, (0, 0, 255))
    art.text(1, 1, "K2", 1, (255, 255, 255))
    return art.image()


def test_png_gives_back_every_pixel() -> None:
    assert read_png(png(sample())) == sample()


def test_gif_gives_back_every_pixel_rounded() -> None:
    found, meant = read_gif(gif(sample())), sample()
    assert (found.width, found.height) == (meant.width, meant.height)
    assert max(abs(a - b) for a, b in zip(found.rgb, meant.rgb, strict=True)) <= 26


def test_jpeg_holds_the_picture() -> None:
    assert decibels(read_jpeg(jpeg(sample())), sample()) > 28
    assert decibels(read_jpeg(jpeg(sample())), Image(37, 21, bytes(37 * 21 * 3))) < 10


@pytest.mark.parametrize("name", [name for name in DRAWN if name.endswith(".jpg")])
def test_jpeg_has_its_segments(name: str) -> None:
    segments, _ = jpeg_segments(draw(name))
    assert [kind for kind, _ in segments] == [0xE0, 0xDB, 0xC0, 0xC4, 0xC4, 0xDA]


@pytest.mark.parametrize("name", [*DRAWN, *KNOTS])
def test_picture_decodes_to_something_drawn(name: str) -> None:
    data = draw(name)
    assert 200 < len(data) < 40_000
    if name.endswith((".png", "knot")):
        image = read_png(data)
    elif name.endswith(".gif"):
        image = read_gif(data)
    elif name.endswith(".jpg"):
        image = read_jpeg(data)
    else:
        assert parseString(data).documentElement.tagName == "svg"
        return
    assert len({image.rgb[n : n + 3] for n in range(0, len(image.rgb), 3)}) > 2


def test_no_two_pictures_are_alike() -> None:
    assert len({draw(name) for name in (*DRAWN, *KNOTS)}) == len(DRAWN) + len(KNOTS)


def test_pictures_are_served_by_their_kind() -> None:
    kinds = {
        name: answer(EDITIONS[0], "http", "eerlijkkinderpardon.test", f"/images/{name}").type
        for name in (
            "215/1000.png",
            "215/1002.jpg",
            "215/1005.gif",
            "cbf.svg",
            "20160425_1230_DC_Campagne_Popup(1).jpg",
        )
    }
    assert list(kinds.values()) == ["image/png", "image/jpeg", "image/gif", "image/svg+xml", "image/jpeg"]


def test_pdf_table_points_at_its_objects() -> None:
    data = _report()
    assert data.startswith(b"%PDF-1.4\n")
    table = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", data)[1])
    assert data[table:].startswith(b"xref\n0 8\n0000000000 65535 f \n")
    for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n \n", data), 1):
        assert data[int(place) :].startswith(b"%d 0 obj\n" % number)
    length, stream = re.search(rb"<< /Length (\d+) >>\nstream\n(.*?)\nendstream", data, re.DOTALL).groups()
    assert int(length) == len(stream)
    assert b"Demonstratie" in stream
    assert b"/URI (http://eerlijkkinderpardon.test/p/215/3232/" in data
