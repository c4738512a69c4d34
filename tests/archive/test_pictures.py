"""What pictures say of themselves: type, size, and whether they show anything."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw

from archive.pictures.look import Look, look_at
from archive.pictures.phash import SAME
from tests.archive.picture_files import mark, saved
from tests.archive.stored_pictures import apart, stored


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
