"""Pictures made small: of files that anybody may have written, in bounded time and memory."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from archive.pictures.containers import Broken, take_apart
from archive.pictures.look import MAX_BYTES, UNREADABLE, decoded, max_pixels, shrunk

#: pixels: a logo wall's plates on a screen of twice the usual density
BOX = 320, 200
MEDIA_TYPE = "image/webp"


def make_thumbnail(data: bytes) -> bytes | None:
    """A WebP that fits in `BOX`, never larger than the picture: of an animation the first frame, with what is
    transparent. None for SVG, for kinds that are not decoded, for what is damaged, and for what takes too much to
    decode. Raises nothing.
    """
    try:
        container = take_apart(data[: MAX_BYTES + 1])
    except Broken:
        return None
    if container is None or container.decoder is None or not container.width or not container.height:
        return None
    if len(data) > MAX_BYTES or container.width * container.height > max_pixels(container.decoder):
        return None
    try:
        with decoded(container) as image:
            has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
            small = shrunk(image, "RGBA" if has_alpha else "RGB")
        small.thumbnail(BOX, Image.Resampling.LANCZOS)
        out = BytesIO()
        small.save(out, "WEBP", quality=82, method=4)
    except UNREADABLE:
        return None
    return out.getvalue()
