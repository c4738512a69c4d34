"""Pictures that are damaged, or made to cost time and memory."""

from __future__ import annotations

import struct
import subprocess
import sys
import time
import warnings
import zlib
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archive.pictures.look import FAULTS, draw, look_at, max_pixels
from tests.archive.picture_files import chunk, mark, png_of_nothing, png_with, saved
from tests.archive.stored_pictures import stored


@cache
def hostile() -> dict[str, tuple[bytes, str]]:
    whole = saved(mark(240, 120, seed=3), "PNG")
    jpeg = saved(mark(240, 120, seed=3), "JPEG")
    gif = saved(mark(240, 120, seed=3).quantize(8), "GIF")
    head, frame = gif[: 13 + (3 << (gif[10] & 7) + 1)], gif[gif.index(b",") :]
    comment = b"!\xfe" + b"\xff" * 256 * 20_000 + b"\0"
    progressive = saved(mark(2400, 2400, seed=3), "JPEG", progressive=True, quality=30)
    scan = progressive.rindex(b"\xff\xda")
    huge = bytearray(saved(mark(240, 120, seed=3), "WEBP", lossless=True))
    huge[21:25] = struct.pack("<I", 0x3FFF | 0x3FFF << 14)
    canvas = bytearray(
        saved(mark(240, 120, seed=3, mode="RGBA"), "WEBP", save_all=True, append_images=[mark(240, 120)])
    )
    canvas[24:30] = b"\xff" * 6
    icon = bytearray(saved(mark(64, 64, seed=4), "ICO", sizes=[(64, 64)], bitmap_format="bmp"))
    icon[26:34] = struct.pack("<II", 60_000, 60_000)
    return {
        "a bomb": (png_of_nothing(20_000, 20_000), "too large"),
        "of no size": (png_of_nothing(0, 0), "damaged"),
        "absurd": (whole[:16] + struct.pack(">II", 0x7FFFFFFF, 0x7FFFFFFF) + whole[24:], "too large"),
        "cut short": (whole[: len(whole) // 2], "damaged"),
        "its header alone": (whole[:30], "damaged"),
        "its signature alone": (whole[:8], "damaged"),
        "eight megabytes and more": (whole + bytes(9 << 20), "too large"),
        "a million chunks": (png_with(whole, *[chunk(b"teSt", b"")] * 500_000), "damaged"),
        "a text bomb": (png_with(whole, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(60 << 20)))), "seen"),
        "a profile bomb": (png_with(whole, chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(60 << 20)))), "seen"),
        "jpeg, cut short": (jpeg[: len(jpeg) // 2], "damaged"),
        "jpeg, its header alone": (jpeg[:20], "damaged"),
        "jpeg of a million segments": (jpeg[:2] + b"\xff\xfe\0\2" * 1_000_000 + jpeg[2:], "damaged"),
        "jpeg of a thousand scans": (progressive[:scan] + progressive[scan:-2] * 1_000, "damaged"),
        "jpeg of nothing but markers": (b"\xff\xd8\xff" + b"\xff" * (7 << 20), "damaged"),
        "gif, cut short": (gif[:40], "damaged"),
        "gif with a comment of megabytes": (head + comment + frame, "seen"),
        "gif of a million extensions": (head + b"!\xf9\0" * 1_000_000 + frame, "damaged"),
        "gif with a frame far off": (head + b"," + b"\xff\xff" * 4 + frame[9:], "too large"),
        "webp that says it is large": (bytes(huge), "too large"),
        "webp with a large canvas": (bytes(canvas), "too large"),
        "webp of nothing": (b"RIFF\0\0\0\0WEBPVP8 ", "damaged"),
        "icon that says it is large": (bytes(icon), "damaged"),
        "icon of nothing": (b"\0\0\1\0\xff\xff" + bytes(50), "damaged"),
        "bmp of nothing": (b"BM" + bytes(60), "damaged"),
        "bmp, absurd": (b"BM" + bytes(12) + struct.pack("<Iii", 40, -(1 << 31), 1 << 30) + bytes(40), "damaged"),
        "svg of comments": (b"<!---->" * 1_000_000 + b"<svg>", "no picture"),
        "svg of attributes": (b"<svg " + b'a="b" ' * 1_000_000, "drawing"),
        "svg that laughs": (
            b"<!DOCTYPE svg [" + b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))
            + b']><svg width="5" height="5">&l11;</svg>',
            "drawing",
        ),
    }  # fmt: skip


@pytest.mark.parametrize("what", hostile())
def test_hostile_files_are_answered_soon(what):
    data, outcome = hostile()[what]
    began = time.process_time()
    look = look_at(data)
    assert time.process_time() - began < 1
    assert look.outcome == outcome
    assert (look.phash is not None) == (outcome == "seen")
    assert draw(data) is None or outcome == "seen"


def test_the_largest_picture_takes_less_than_100_megabytes(tmp_path):
    """Of a process of its own, which is given no more address space: what decoders take is none of Python's."""

    def largest(decoder: str):
        side = int(max_pixels(decoder) ** 0.5)
        return mark(side, side, seed=3, mode="RGBA", ground=(0, 0, 0, 0))

    png = largest("PNG")
    files = {
        "png": saved(png, "PNG", compress_level=1),
        "palette.png": saved(png.convert("RGB").quantize(8), "PNG", transparency=0),
        "deep.png": saved(
            png.convert("L").convert("I").point(lambda value: value * 257).convert("I;16"), "PNG", compress_level=1
        ),
        "gif": saved(png.convert("RGB").quantize(8), "GIF"),
        "jpg": saved(largest("JPEG").convert("RGB"), "JPEG", progressive=True),
        "cmyk.jpg": saved(largest("JPEG").convert("RGB").convert("CMYK"), "JPEG", progressive=True),
        "webp": saved(largest("WEBP"), "WEBP", lossless=True, method=0, quality=0),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        done = subprocess.run([sys.executable, "-c", _LIMITED, tmp_path / name], capture_output=True, text=True)
        outcome, seconds = done.stdout.split()
        assert outcome == "seen", name
        assert float(seconds) < 1.5, name


_LIMITED = """
import resource, sys, time
from pathlib import Path
from PIL import Image
from archive.pictures.look import look_at
Image.init()
data = Path(sys.argv[1]).read_bytes()
limit = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + (100 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
began = time.process_time()
look = look_at(data)
print(look.outcome, time.process_time() - began)
"""


@settings(deadline=None, max_examples=300)
@given(
    kind=st.sampled_from(sorted(stored())),
    cut=st.floats(0, 1),
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=12),
    early=st.booleans(),
)
def test_no_damage_raises(kind, cut, edits, early):
    data = bytearray(stored()[kind][0])
    for place, value in edits:
        data[int(place * (min(200, len(data)) if early else len(data)) * 0.999)] = value
    data = bytes(data[: int(len(data) * cut) + 1] if cut < 0.5 else data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        look = look_at(data)
    assert (look.outcome == "seen") == (look.phash is not None)
    assert look.outcome not in FAULTS or look.phash is None


@given(st.binary(max_size=300))
@example(b"\x89PNG\r\n\x1a\n")
@example(b"\xff\xd8\xff\xe0")
def test_no_bytes_raise(data):
    look_at(data)
    for magic in (b"GIF89a", b"\xff\xd8\xff", b"BM", b"\0\0\1\0", b"RIFF....WEBP", b"<svg ", b"<!DOCTYPE"):
        look_at(magic + data)
