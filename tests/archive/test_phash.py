"""What a picture looks like, in 64 bits: the hash, and which hashes are one look."""

from __future__ import annotations

import time
from itertools import combinations

import imagehash
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from archive.pictures.look import draw, hash_of, look_at
from archive.pictures.phash import SAME, Gallery, distance, phash
from crawler.replica.logos import DRAWN, KNOTS
from crawler.replica.logos import draw as drawn
from tests.archive.picture_files import mark, saved
from tests.archive.stored_pictures import apart

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
