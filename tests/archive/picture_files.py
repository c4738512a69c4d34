"""Picture files for the tests: drawn with Pillow, and hostile ones made by hand."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageDraw


def mark(width: int = 240, height: int = 120, *, seed: int = 1, mode: str = "RGB", ground: object = "white"):
    """A logo of nobody's: discs, bars and wedges that follow from *seed*, on a margin."""
    image = Image.new(mode, (width, height), ground)
    pen = ImageDraw.Draw(image)
    state = seed * 2654435761 % (1 << 32)

    def roll(limit: int) -> int:
        nonlocal state
        state = (state * 1664525 + 1013904223) % (1 << 32)
        return (state >> 8) % limit

    ink = 0 if mode in ("L", "1") else (20, 40, 90, 255)[: len(image.getbands())]
    for _ in range(14):
        x, y = width // 10 + roll(width * 7 // 10), height // 10 + roll(height * 6 // 10)
        dx, dy = width // 20 + roll(width // 8), height // 12 + roll(height // 5)
        draw = (pen.ellipse, pen.rectangle)[roll(2)]
        draw((x, y, x + dx, y + dy), fill=ink)
    return image


def saved(image: Image.Image, kind: str, **options) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of_nothing(width: int, height: int) -> bytes:
    """A PNG that is nothing but zeros, which deflate makes a thousand times shorter."""
    deflate = zlib.compressobj(9)
    packed = b"".join(deflate.compress(bytes(1 + width)) for _ in range(height)) + deflate.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def png_with(data: bytes, *extra: bytes) -> bytes:
    """*data* with chunks more behind its header."""
    return data[:33] + b"".join(extra) + data[33:]
