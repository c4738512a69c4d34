"""Picture files taken apart as far as decoding needs: kind, size, and the bytes without all else a file may carry.

What is left out (text, profiles, thumbnails, later frames) is what decoders spend time and memory on without showing
more. Sizes are read here, so that nothing is decoded that is too large; and what a file may hold a million of is
counted.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass

PNG = b"\x89PNG\r\n\x1a\n"
#: PNG chunks, JPEG segments, GIF extensions: a picture that people made has some hundreds at most
_MAX_PARTS = 4_000
#: a progressive JPEG has ten or so; each is a pass over the whole picture
_MAX_SCANS = 64
_MAX_ICONS = 64
#: a marker may have any number of fill bytes before it (T.81, B.1.1.2)
_FILL = re.compile(rb"\xff+")
_JPEG_SIZES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))
#: Adobe's says how CMYK and YCCK are stored, JFIF's that it is YCbCr
_JPEG_KEPT_APPS = {0xE0: b"JFIF", 0xEE: b"Adobe"}
#: at bytes 4 to 12 of an ISO base media file (ISO/IEC 14496-12, 4.3)
_BRANDS = {b"ftypavif": "image/avif", b"ftypavis": "image/avif", b"ftypheic": "image/heic", b"ftypmif1": "image/heif"}
#: pictures whose size and look stay unknown
_OTHERS = {
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
    b"\xff\x0a": "image/jxl",
    b"\0\0\0\x0cJXL ": "image/jxl",
    b"\0\0\0\x0cjP  ": "image/jp2",
}


class Broken(ValueError):
    """What stands there is no picture of the kind its first bytes promise."""


@dataclass(frozen=True, slots=True)
class Container:
    media_type: str
    #: by the name Pillow knows it by; None for what is not decoded
    decoder: str | None
    width: int | None = None
    height: int | None = None
    #: a whole file, of the first frame alone where there are several
    data: bytes = b""


def media_type(data: bytes) -> str | None:
    """By the first bytes, as browsers do it; None for what is no picture but, perhaps, SVG."""
    for magic, (kind, _) in _KINDS.items():
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return _BRANDS.get(data[4:12]) or next((kind for magic, kind in _OTHERS.items() if data.startswith(magic)), None)


def take_apart(data: bytes) -> Container | None:
    """None for what is no picture of a kind told by its first bytes. Raises Broken."""
    kind = media_type(data)
    if kind is None:
        return None
    try:
        if kind == "image/webp":
            return _webp(data)
        for magic, (_, take) in _KINDS.items():
            if data.startswith(magic):
                return take(data)
    except (struct.error, IndexError) as error:
        raise Broken("it is cut short") from error
    return Container(kind, None)


def _png(data: bytes) -> Container:
    """Without the chunks that change nothing that is kept of the look (PNG 3rd edition, 11.3), APNG's frames too."""
    kept = [PNG]
    at = len(PNG)
    for _ in range(_MAX_PARTS):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if name in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            kept.append(data[at:end])
        if name == b"IEND" or end > len(data):
            break
        at = end
    else:
        raise Broken("it has too many chunks")
    if data[12:16] != b"IHDR":
        raise Broken("it does not begin with IHDR")
    width, height = struct.unpack_from(">II", data, 16)
    return Container("image/png", "PNG", width, height, b"".join(kept))


def _jpeg(data: bytes) -> Container:
    """Without APPn segments and comments (T.81, B.1.1.3)."""
    kept = [b"\xff\xd8"]
    size: tuple[int, int] | None = None
    at = 2
    for _ in range(_MAX_PARTS):
        fill = _FILL.match(data, at)
        if fill is None:
            raise Broken("a marker was expected")
        at = fill.end() - 1
        marker = data[at + 1]
        if marker == 0xDA:
            break
        if marker == 0x01 or 0xD0 <= marker <= 0xD9:
            at += 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if length < 2:
            raise Broken("a segment is shorter than its length")
        if marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            size = width, height
        app = 0xE0 <= marker <= 0xEF
        if marker != 0xFE and (not app or data.startswith(_JPEG_KEPT_APPS.get(marker, b"\0none"), at + 4)):
            kept.append(data[at : at + 2 + length])
        at += 2 + length
    else:
        raise Broken("it has too many segments")
    if size is None:
        raise Broken("no frame header stands before its first scan")
    if data.count(b"\xff\xda", at) > _MAX_SCANS:
        raise Broken("it has too many scans")
    kept.append(data[at:])
    return Container("image/jpeg", "JPEG", *size, b"".join(kept))


def _gif(data: bytes) -> Container:
    """The first frame, with its transparency."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + _palette_bytes(flags)
    kept = [data[:at]]
    control = b""
    for _ in range(_MAX_PARTS):
        if data[at] == 0x2C:
            break
        if data[at] != 0x21:
            raise Broken("it has no frame")
        end = _behind_blocks(data, at + 2)
        if data[at + 1] == 0xF9:
            control = data[at:end]
        at = end
    else:
        raise Broken("it has too many extensions")
    left, top, frame_width, frame_height, flags = struct.unpack_from("<HHHHB", data, at + 1)
    end = _behind_blocks(data, at + 11 + _palette_bytes(flags), cut=True)
    kept += [control, data[at:end], b";"]
    return Container(
        "image/gif", "GIF", max(width, left + frame_width), max(height, top + frame_height), b"".join(kept)
    )


def _palette_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _behind_blocks(data: bytes, at: int, *, cut: bool = False) -> int:
    """Past data sub-blocks (GIF89a, 15); with *cut* they may end where the file does."""
    while size := data[at]:
        at += 1 + size
        if at >= len(data) and cut:
            return len(data)
    return at + 1


def _webp(data: bytes) -> Container:
    chunk = data[12:16]
    if chunk == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
    elif chunk == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    elif chunk == b"VP8L" and data[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", data, 21)
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        raise Broken("no picture stands in its first chunk")
    return Container("image/webp", "WEBP", width, height, data)


def _bmp(data: bytes) -> Container:
    width, height = _dib_size(data, 14)
    return Container("image/bmp", "BMP", width, height, data)


def _dib_size(data: bytes, at: int) -> tuple[int, int]:
    (header,) = struct.unpack_from("<I", data, at)
    if header < 40:
        width, height = struct.unpack_from("<HH", data, at + 4)
    else:
        width, height = struct.unpack_from("<ii", data, at + 4)
    return width, abs(height)


def _icon(data: bytes) -> Container:
    """The largest of its pictures: a PNG, or a bitmap with its mask below it."""
    (count,) = struct.unpack_from("<H", data, 4)
    best: tuple[int, int, int, int] | None = None
    for place in range(min(count, _MAX_ICONS)):
        width, height, _colours, _, _planes, bits, size, start = struct.unpack_from("<BBBBHHII", data, 6 + 16 * place)
        rank = ((width or 256) * (height or 256), bits, start, size)
        best = max(best, rank) if best else rank
    if best is None:
        raise Broken("it holds no picture")
    _, bits, start, size = best
    inside = data[start : start + size]
    if inside.startswith(PNG):
        found = _png(inside)
        return Container("image/vnd.microsoft.icon", "PNG", found.width, found.height, found.data)
    width, height = _dib_size(inside, 0)
    if not 0 < width <= 256 or not 0 < height <= 512:
        raise Broken("its size is none of an icon's")
    entry = struct.pack("<HHHBBBBHHII", 0, 1, 1, width & 255, height // 2 & 255, 0, 0, 1, bits, len(inside), 22)
    return Container("image/vnd.microsoft.icon", "ICO", width, height // 2, entry + inside)


_KINDS: dict[bytes, tuple[str, Callable[[bytes], Container]]] = {
    PNG: ("image/png", _png),
    b"\xff\xd8\xff": ("image/jpeg", _jpeg),
    b"GIF87a": ("image/gif", _gif),
    b"GIF89a": ("image/gif", _gif),
    b"BM": ("image/bmp", _bmp),
    b"\0\0\1\0": ("image/vnd.microsoft.icon", _icon),
}
