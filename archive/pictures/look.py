"""What a picture is and looks like, out of its bytes alone: an answer whatever they are, in bounded time and memory."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from PIL import Image, ImageChops

from archive.pictures.containers import Broken, Container, media_type, take_apart
from archive.pictures.phash import SIDE, phash
from archive.pictures.svg import svg_root, svg_size

#: seen: there is a hash; blank: nothing on it, or too little to tell; drawing: SVG, which nobody draws here; other: a
#: picture of a kind that is not decoded
Outcome = Literal["seen", "blank", "drawing", "other", "no picture", "damaged", "too large"]
#: those that keep a person from seeing a logo
FAULTS: tuple[Outcome, ...] = ("no picture", "damaged", "too large")

#: of a file; and of what decoding it takes
MAX_BYTES = 8 << 20
MEMORY_BYTES = 80 << 20
#: what a decoder takes for each pixel: libjpeg holds a progressive picture's coefficients, libwebp its canvas twice
PIXEL_BYTES = {"PNG": 4, "GIF": 4, "BMP": 4, "ICO": 4, "JPEG": 8, "WEBP": 16}
#: larger ones are shrunk to no less than this before anything else is done
_LARGE = 1024
#: rows, about
_STRIPE = 256
#: darker than paper, with room for what JPEG makes of white: 0 is white
_INK = 20
#: smaller once trimmed, it is a dot or a rule
_MIN_SIDE = 8
#: 32 bits are set where no two frequencies are alike, half as many where a picture is its own mirror image; with fewer,
#: a chequer or a frame, any two are within a few bits
_MIN_BITS = 12

# All that Pillow's plugins raise for files that lie; it promises less.
UNREADABLE = (
    OSError, ValueError, SyntaxError, TypeError, LookupError, EOFError, ArithmeticError, AttributeError, RuntimeError,
    MemoryError, struct.error, Image.DecompressionBombError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    outcome: Outcome
    #: as the bytes say, whatever the server did; None where they say nothing
    media_type: str | None = None
    #: pixels; of SVG those it asks for
    width: int | None = None
    height: int | None = None
    #: 16 hex digits
    phash: str | None = None


def looks_like_picture(data: bytes) -> bool:
    return media_type(data) is not None or svg_root(data) is not None


def look_at(data: bytes) -> Look:
    """Raises nothing."""
    try:
        container = take_apart(data[: MAX_BYTES + 1])
    except Broken:
        return Look("damaged", media_type(data))
    if container is None:
        return _look_at_svg(data)
    if container.decoder is None:
        return Look("other", container.media_type)
    if not container.width or not container.height:
        return Look("damaged", container.media_type)
    size = container.width, container.height
    if len(data) > MAX_BYTES or size[0] * size[1] > max_pixels(container.decoder):
        return Look("too large", container.media_type, *size)
    try:
        with decoded(container) as image:
            found = hash_of(flatten(image))
    except UNREADABLE:
        return Look("damaged", container.media_type, *size)
    return Look("seen" if found else "blank", container.media_type, *size, found)


def draw(data: bytes) -> Image.Image | None:
    """What of a picture can be decoded, as `flatten` has it."""
    look = look_at(data)
    if look.outcome not in ("seen", "blank"):
        return None
    container = take_apart(data)
    assert container is not None
    with decoded(container) as image:
        return flatten(image)


def max_pixels(decoder: str) -> int:
    return MEMORY_BYTES // PIXEL_BYTES[decoder]


@contextmanager
def decoded(container: Container) -> Iterator[Image.Image]:
    assert container.decoder is not None
    with Image.open(BytesIO(container.data), formats=[container.decoder]) as image:
        if image.width * image.height > max_pixels(container.decoder):
            raise ValueError("its size is not what its header says")
        image.draft("RGB", (_LARGE, _LARGE))
        image.load()
        yield image


def flatten(image: Image.Image) -> Image.Image:
    """Grey, on white, and not much larger than `_LARGE`.

    What is white on nothing, for dark pages, would be white on white: it is laid on black and turned round, and so is
    what its dark twin is.
    """
    has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    image = shrunk(image, "RGBA" if has_alpha else "RGB")
    if not has_alpha:
        return image.convert("L")
    grey = _on(image, "white")
    if _ink(grey) is not None:
        return grey
    return ImageChops.invert(_on(image, "black"))


def shrunk(image: Image.Image, mode: str) -> Image.Image:
    """In that mode, by a whole factor; in stripes, because each step makes a copy."""
    factor = min(max(image.size) // _LARGE, *image.size)
    if factor <= 1:
        return _converted(image, mode)
    width, height = image.size
    small = Image.new(mode, (-(-width // factor), -(-height // factor)))
    stripe = factor * max(1, _STRIPE // factor)
    for top in range(0, height, stripe):
        part = image.crop((0, top, width, min(top + stripe, height)))
        small.paste(_converted(part, mode).reduce(factor), (0, top // factor))
    return small


def _converted(image: Image.Image, mode: str) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits of grey: Pillow would cut them off at 255
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return image if image.mode == mode else image.convert(mode)


def _on(image: Image.Image, colour: str) -> Image.Image:
    ground = Image.new("RGBA", image.size, colour)
    ground.alpha_composite(image)
    return ground.convert("L")


def _ink(grey: Image.Image) -> tuple[int, int, int, int] | None:
    """The box around all that is not white."""
    return grey.point([255 if value < 255 - _INK else 0 for value in range(256)]).getbbox()


def hash_of(grey: Image.Image) -> str | None:
    """Of what stands within the white border; None where nothing does."""
    box = _ink(grey)
    if box is None:
        return None
    grey = grey.crop(box)
    darkest, lightest = grey.getextrema()
    if min(grey.size) < _MIN_SIDE or darkest == lightest:
        return None
    found = phash(grey.resize((SIDE, SIDE), Image.Resampling.LANCZOS).tobytes())
    return f"{found:016x}" if found.bit_count() >= _MIN_BITS else None


def _look_at_svg(data: bytes) -> Look:
    root = svg_root(data)
    if root is None:
        return Look("no picture")
    width, height = svg_size(root) or (None, None)
    return Look("drawing", "image/svg+xml", width, height)
