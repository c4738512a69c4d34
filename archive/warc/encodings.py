"""Content codings undone (RFC 9110, 8.4), in bounded memory and with limits: a bomb is an error, not an outage."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import brotli

from archive.errors import TooLarge
from archive.model import WireBytes

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

#: no page is worth this much for each byte sent; below `RATIO_FROM_BYTES` nobody counts
MAX_RATIO = 200
RATIO_FROM_BYTES = 32 << 20
_PIECE_BYTES = 1 << 18
#: RFC 9659: no decoder need take a larger window than 8 MiB
_ZSTD_WINDOW_LOG = 23

#: zlib's header at its four levels of compression, with the usual window (RFC 1950)
_ZLIB_BEGINS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")

_ERRORS = (zlib.error, brotli.error, zstd.ZstdError)


def decode(payload: WireBytes, codings: Sequence[str], *, limit: int) -> tuple[bytes, bool, bool]:
    """Undo *codings*, the last first; the bytes, whether all of them could be decoded, and whether some are missing
    because a coding that is there does not come to its end.

    Bytes a coding cannot begin to read are undone as what they begin as, and else handed on as they are: servers and
    archivers name codings that are not there. Raises TooLarge.
    """
    known = [_DECODERS[coding] for coding in reversed(codings) if coding in _DECODERS]
    if payload.size > limit:
        raise TooLarge("body", 0, f"{payload.size} bytes, limit {limit}")
    data, whole, cut = b"".join(payload.chunks()), True, False
    for decoder in known:
        coded = data
        data, complete = _undo(decoder, coded, limit)
        if data is coded and (other := _begun(coded)) not in {None, decoder}:
            data, complete = _undo(other, coded, limit)
        whole = whole and complete
        cut = cut or not (complete or data is coded)
    return data, whole, cut


def _undo(kind: type[_Decoder], coded: bytes, limit: int) -> tuple[bytes, bool]:
    decoded: list[bytes] = []
    try:
        whole = _run(kind(), coded, decoded, limit, step=_PIECE_BYTES)
        # Of a single byte no decoder says that it is not its own.
        return (b"".join(decoded), whole) if kind.may_begin(coded) else (coded, False)
    except _ERRORS:
        # A decoder that meets damage keeps what it had decoded in the same call: in small steps, little is lost.
        decoded.clear()
        with suppress(*_ERRORS):
            _run(kind(), coded, decoded, limit, step=1 + (len(coded) >> 16))
    begun = decoded or (kind.magic and kind.may_begin(coded))
    return (b"".join(decoded) if begun else coded), False


def _run(decoder: _Decoder, coded: bytes, decoded: list[bytes], limit: int, *, step: int) -> bool:
    """Append to *decoded* as it comes; whether the coded bytes are complete. Raises TooLarge, or one of `_ERRORS`."""
    size = 0
    for start in range(0, len(coded), step):
        for piece in decoder.feed(coded[start : start + step]):
            decoded.append(piece)
            size += len(piece)
            if size > limit:
                raise TooLarge("body", 0, f"{len(coded)} bytes decode to more than the limit of {limit}")
            if size > RATIO_FROM_BYTES and size > MAX_RATIO * len(coded):
                raise TooLarge("body", 0, f"{len(coded)} bytes decode to more than {MAX_RATIO} times as many")
    return decoder.finished or not coded


class _Decoder:
    #: what its bytes begin with, where that is fixed
    magic = b""
    #: whether the bytes fed by now could be all
    finished = False

    @classmethod
    def may_begin(cls, coded: bytes) -> bool:
        return not coded or coded.startswith(cls.magic)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what *data* decodes to, in pieces of bounded size. Raises one of `_ERRORS`."""
        raise NotImplementedError


class _Zlib(_Decoder):
    """Gzip (members one after another; what follows the last is padding) and deflate."""

    wbits = 31

    def __init__(self) -> None:
        self._inflate: Any = None
        self._head = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        data = self._head + data
        self._head = b""
        while data:
            if self._inflate is None:
                if len(data) < 2:
                    self._head = data
                    return
                if self.finished and not data.startswith(b"\x1f\x8b"):
                    return
                self._inflate, self.finished = zlib.decompressobj(self._window(data)), False
            piece = self._inflate.decompress(data, _PIECE_BYTES)
            if piece:
                yield piece
            data = self._inflate.unconsumed_tail
            if self._inflate.eof:
                data, self._inflate, self.finished = self._inflate.unused_data, None, True
            elif not data and len(piece) == _PIECE_BYTES:
                yield self._inflate.decompress(b"", _PIECE_BYTES)

    def _window(self, _head: bytes) -> int:
        return self.wbits


class _Gzip(_Zlib):
    magic = b"\x1f\x8b"


class _Deflate(_Zlib):
    """RFC 9110 says zlib; some servers send the bare deflate stream."""

    def _window(self, head: bytes) -> int:
        is_zlib = head[0] & 0x0F == zlib.DEFLATED and int.from_bytes(head[:2], "big") % 31 == 0
        return zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS


class _Brotli(_Decoder):
    def __init__(self) -> None:
        self._decompressor = brotli.Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self.finished:
            return
        while True:
            piece = self._decompressor.process(data, output_buffer_limit=_PIECE_BYTES)
            if piece:
                yield piece
            self.finished = self._decompressor.is_finished()
            if self.finished or self._decompressor.can_accept_more_data():
                return
            data = b""


class _Zstd(_Decoder):
    """Frames one after another."""

    magic = b"\x28\xb5\x2f\xfd"

    def __init__(self) -> None:
        self._frame: Any = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data or (self._frame is not None and not self._frame.needs_input):
            if self._frame is None:
                options = {int(zstd.DecompressionParameter.window_log_max): _ZSTD_WINDOW_LOG}
                self._frame, self.finished = zstd.ZstdDecompressor(options=options), False
            piece = self._frame.decompress(data, _PIECE_BYTES)
            if piece:
                yield piece
            data = b""
            if self._frame.eof:
                data, self._frame, self.finished = self._frame.unused_data, None, True


_DECODERS: dict[str, type[_Decoder]] = {
    "gzip": _Gzip,
    "x-gzip": _Gzip,
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}


def _begun(coded: bytes) -> type[_Decoder] | None:
    """The coding that the bytes begin as; of brotli nothing tells."""
    if coded.startswith(_ZLIB_BEGINS):
        return _Deflate
    return next((kind for kind in (_Gzip, _Zstd) if coded.startswith(kind.magic)), None)
