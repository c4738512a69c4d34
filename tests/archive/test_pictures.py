"""What pictures say of themselves, and what they look like: whatever the bytes."""

from __future__ import annotations

import struct
import subprocess
import sys
import time
import warnings
import zlib
from functools import cache
from itertools import combinations

import imagehash
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from archive.pictures.look import FAULTS, Look, draw, hash_of, look_at, max_pixels
from archive.pictures.phash import SAME, Gallery, distance, phash
from crawler.replica.logos import DRAWN, KNOTS
from crawler.replica.logos import draw as drawn
from tests.archive.picture_files import chunk, mark, png_of_nothing, png_with, saved


def apart(one: bytes, other: bytes) -> int:
    hashes = [look_at(data).phash for data in (one, other)]
    assert all(hashes), hashes
    return distance(*(int(found, 16) for found in hashes))


# The hash


@pytest.mark.parametrize("seed", range(60))
def test_hash_is_imagehash_bit_for_bit(seed):
    grey = mark(90 + seed * 7, 60 + seed * 3, seed=seed).convert("L")
    trimmed = grey.crop(grey.point([255 * (value < 235) for value in range(256)]).getbbox())
    assert hash_of(grey) == str(imagehash.phash(trimmed))


@given(st.binary(min_size=1024, max_size=1024))
def test_hash_of_any_grey_picture_is_imagehash_bit_for_bit(grey):
    """Where two frequencies are equal in whole numbers, floating point may say either: those bits are left out."""
    theirs = imagehash.phash(Image.frombytes("L", (32, 32), grey))
    import scipy.fftpack

    pixels = [list(grey[start : start + 32]) for start in range(0, 1024, 32)]
    low = scipy.fftpack.dct(scipy.fftpack.dct(pixels, axis=0), axis=1)[:8, :8].flatten()
    median = sorted(low)[31] / 2 + sorted(low)[32] / 2
    sure = [abs(value - median) > 1e-3 for value in low]
    ours = phash(grey)
    for place, (bit, is_sure) in enumerate(zip(theirs.hash.flatten(), sure, strict=True)):
        assert not is_sure or bool(ours >> 63 - place & 1) == bool(bit)


def test_all_the_replicas_pictures_hash_as_imagehash_has_them():
    for path in (*DRAWN, *KNOTS):
        look = look_at(drawn(path))
        if look.phash:
            grey = draw(drawn(path))
            box = grey.point([255 * (value < 235) for value in range(256)]).getbbox()
            assert look.phash == str(imagehash.phash(grey.crop(box))), path


def test_a_logo_is_found_again_shrunk_padded_and_in_other_formats():
    found = lost = 0
    for seed in range(40):
        image = mark(480, 200, seed=seed)
        padded = Image.new("RGB", (700, 500), "white")
        padded.paste(image, (120, 90))
        others = [
            saved(image.resize((160, 67), Image.Resampling.LANCZOS), "PNG"),
            saved(image, "JPEG", quality=60),
            saved(image.quantize(32), "GIF"),
            saved(image, "WEBP", quality=70),
            saved(padded, "PNG"),
        ]
        for other in others:
            same = apart(saved(image, "PNG"), other) <= SAME
            found, lost = found + same, lost + (not same)
    assert found + lost == 200
    assert lost <= 1


def test_no_two_of_many_logos_are_taken_for_one():
    hashes = [int(look_at(saved(mark(300, 140, seed=seed), "PNG")).phash, 16) for seed in range(150)]
    assert [pair for pair in combinations(hashes, 2) if distance(*pair) <= SAME] == []


def test_white_logo_on_nothing_is_the_black_one_on_nothing():
    shape = mark(300, 140, seed=5, mode="L")
    alpha = shape.point([255 - value for value in range(256)])
    twins = []
    for colour in ("white", "black"):
        image = Image.new("RGBA", shape.size, colour)
        image.putalpha(alpha)
        twins.append(saved(image, "PNG"))
    assert apart(*twins) == 0
    assert apart(twins[0], saved(shape, "PNG")) == 0


# What is one picture, however it is stored


@cache
def stored() -> dict[str, tuple[bytes, str]]:
    image = mark(240, 120, seed=3)
    grey = image.convert("L")
    deep = grey.convert("I").point(lambda value: value * 257)
    see_through = mark(240, 120, seed=3, mode="RGBA", ground=(0, 0, 0, 0))
    palette = image.quantize(8)
    corner = palette.getpixel((0, 0))
    return {
        "png": (saved(image, "PNG"), "image/png"),
        "png of 16 bits": (saved(deep.convert("I;16"), "PNG"), "image/png"),
        "png with alpha": (saved(see_through, "PNG"), "image/png"),
        "png, a transparent colour in its palette": (saved(palette, "PNG", transparency=corner), "image/png"),
        "png with a colour profile": (saved(image, "PNG", icc_profile=b"\0" * 200), "image/png"),
        "png, animated": (
            saved(image, "PNG", save_all=True, append_images=[mark(240, 120, seed=9)], default_image=True),
            "image/png",
        ),
        "grey with alpha": (saved(grey.convert("LA"), "PNG"), "image/png"),
        "one bit": (saved(grey.convert("1"), "PNG"), "image/png"),
        "jpeg": (saved(image, "JPEG"), "image/jpeg"),
        "jpeg, progressive": (saved(image, "JPEG", progressive=True), "image/jpeg"),
        "jpeg in CMYK": (saved(image.convert("CMYK"), "JPEG"), "image/jpeg"),
        "jpeg with everything": (
            saved(image, "JPEG", icc_profile=b"\1" * 90_000, comment=b"c" * 50_000, exif=b"Exif\0\0" + b"\2" * 60_000),
            "image/jpeg",
        ),
        "gif": (saved(palette, "GIF"), "image/gif"),
        "gif, animated": (saved(palette, "GIF", save_all=True, append_images=[mark(240, 120, seed=8)]), "image/gif"),
        "webp": (saved(image, "WEBP"), "image/webp"),
        "webp, lossless, with alpha": (saved(see_through, "WEBP", lossless=True), "image/webp"),
        "webp, animated": (
            saved(image, "WEBP", save_all=True, append_images=[mark(240, 120, seed=8)], lossless=True),
            "image/webp",
        ),
        "bmp": (saved(image, "BMP"), "image/bmp"),
    }


@pytest.mark.parametrize("kind", stored())
def test_type_size_and_look_come_from_the_bytes(kind):
    data, media_type = stored()[kind]
    look = look_at(data)
    assert (look.outcome, look.media_type, look.width, look.height) == ("seen", media_type, 240, 120)
    assert apart(data, stored()["png"][0]) <= SAME


@pytest.mark.parametrize("bitmap", ["png", "bmp"])
def test_icon_is_its_largest_picture(bitmap):
    icon = saved(mark(64, 64, seed=4), "ICO", sizes=[(16, 16), (64, 64)], bitmap_format=bitmap)
    look = look_at(icon)
    assert (look.outcome, look.media_type, look.width, look.height) == ("seen", "image/vnd.microsoft.icon", 64, 64)
    assert apart(icon, saved(mark(64, 64, seed=4), "PNG")) <= SAME


@pytest.mark.parametrize(
    ("svg", "size"),
    [
        ('<svg xmlns="http://www.w3.org/2000/svg" width="44" height="30px"/>', (44, 30)),
        (
            '<?xml version="1.0"?>\n<!-- <svg width="1" height="1"> -->\n<svg viewBox="0 0 300.4 120"><g/></svg>',
            (300, 120),
        ),
        ('<svg width="100%" height="100%" viewBox="0,0,30,20">', (30, 20)),
        ("<svg width='10mm' height='1in'>", (38, 96)),
        ('<svg:svg width="200" viewBox="-10 -10 400 100">', (200, 50)),
        ('<svg height="50" viewBox="0 0 1e2 50">', (100, 50)),
        ('<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/x.dtd"><svg width="5" height="6">', (5, 6)),
        ('<!DOCTYPE svg [<!ENTITY a "b"><!ENTITY c "&a;&a;">]>\n<svg width="7" height="8">&c;</svg>', (7, 8)),
        ("<svg>", (None, None)),
        ('<svg width="-3" height="0" viewBox="0 0 0 0">', (None, None)),
        ('<svg width="99999999" height="99999999">', (None, None)),
        ('<svg viewBox="0 0 1e400 1">', (None, None)),
        ('<svg data-width="3" width="4" width="9" height=\'5\' >', (4, 5)),
    ],
)
def test_svg_has_the_size_it_gives_itself(svg, size):
    for data in (svg.encode(), b"\xef\xbb\xbf" + svg.encode(), svg.encode("utf-16")):
        assert look_at(data) == Look("drawing", "image/svg+xml", *size)


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1", "image/avif"),
        (b"II*\0\x08\0\0\0", "image/tiff"),
        (b"\xff\x0a\x7f\x43", "image/jxl"),
    ],
)
def test_pictures_of_other_kinds_are_named(data, media_type):
    assert look_at(data) == Look("other", media_type)


@pytest.mark.parametrize(
    "data", [b"", b"<!doctype html><title>404</title><svg width=1>", b"%PDF-1.7", b"\0" * 100, b"<"]
)
def test_what_is_no_picture_is_none(data):
    assert look_at(data) == Look("no picture")


@pytest.mark.parametrize(
    "image",
    [
        Image.new("RGB", (200, 100), "white"),
        Image.new("RGB", (200, 100), "red"),
        Image.new("RGBA", (200, 100), (0, 0, 0, 0)),
        Image.new("RGB", (1, 1), "black"),
        mark(60, 60, seed=2).resize((6, 6)),
    ],
)
def test_what_shows_nothing_has_no_hash(image):
    look = look_at(saved(image, "PNG"))
    assert (look.outcome, look.phash, (look.width, look.height)) == ("blank", None, image.size)


def test_a_chequer_has_no_hash():
    image = Image.new("L", (128, 128), 255)
    pen = ImageDraw.Draw(image)
    for x in range(0, 128, 64):
        pen.rectangle((x, x, x + 63, x + 63), fill=0)
    pen.rectangle((0, 64, 63, 127), fill=0)
    frame = Image.new("L", (128, 128), 0)
    ImageDraw.Draw(frame).rectangle((40, 40, 87, 87), fill=255)
    assert look_at(saved(frame, "PNG")).outcome == "blank"


# Hostile files


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


# The gallery


@given(st.lists(st.integers(0, (1 << 64) - 1), max_size=30), st.integers(0, (1 << 64) - 1), st.data())
def test_gallery_finds_all_that_are_alike_and_no_other(hashes, wanted, data):
    for _ in range(data.draw(st.integers(0, 5))):
        bits = data.draw(st.lists(st.integers(0, 63), max_size=9))
        hashes.append(wanted ^ sum(1 << bit for bit in set(bits)))
    gallery = Gallery()
    for number, each in enumerate(hashes):
        gallery.add(str(number), each)
    assert gallery.like(wanted) == {
        str(number): distance(each, wanted) for number, each in enumerate(hashes) if distance(each, wanted) <= SAME
    }


def test_ten_thousand_logos_are_compared_in_seconds():
    began = time.process_time()
    gallery = Gallery()
    state = 1
    found = 0
    for number in range(10_000):
        state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        found += len(gallery.like(state))
        gallery.add(str(number), state)
    assert found == 0
    assert time.process_time() - began < 10
