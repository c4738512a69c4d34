"""One picture in every way to store it, and how far two are apart by their looks."""

from __future__ import annotations

from functools import cache

from archive.pictures.look import look_at
from archive.pictures.phash import distance
from tests.archive.picture_files import mark, saved


def apart(one: bytes, other: bytes) -> int:
    hashes = [look_at(data).phash for data in (one, other)]
    assert all(hashes), hashes
    return distance(*(int(found, 16) for found in hashes))


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
