"""One record as one gzip member: warcio writes the record, we compress what it writes.

A member is built whole before a byte of it reaches the archive: in memory while it is small, beside the archive on
disk when it is not.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.errors import ArchiveFault
from archive.model import WireBytes
from archive.warc.deflate import fast_zlib
from archive.warc.fields import Field

#: a record past this is compressed piece by piece, to a file
MEMORY_BYTES = 1 << 20
_GZIP = 31
_PIECE_BYTES = 1 << 20
#: what is taken for the rest of a record, and how much of it a compressor must take off to be worth its while
_SAMPLE_BYTES = 1 << 10
_SHRINKS = 0.97


class Member:
    """A finished gzip member, not yet in any archive."""

    def __init__(self, pieces: Sequence[bytes] = (), file: IO[bytes] | None = None) -> None:
        self._pieces, self._file = pieces, file
        self.size = file.tell() if file is not None else sum(map(len, pieces))

    def chunks(self) -> Iterator[bytes]:
        if self._file is None:
            yield from self._pieces
            return
        self._file.seek(0)
        while piece := self._file.read(_PIECE_BYTES):
            yield piece

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def build_member(fields: Sequence[Field], content_type: str, block: WireBytes, *, level: int, beside: Path) -> Member:
    """The record of *fields* and *block*, byte for byte, as a gzip member; a large one lies in *beside* until closed.

    Content-Type and Content-Length are appended to *fields*. *level* 0 stores the bytes as they are. Raises OSError
    when *beside* cannot be written.
    """
    sink = _Compressed(level, beside)
    try:
        stream = _Blockwise(block)
        # http_headers=None: warcio then copies the block and neither parses nor renders it.
        headers: Any = StatusAndHeaders("", (), protocol="WARC/1.1")
        headers.headers = list(fields)  # given at once, each would be looked at for bytes
        # What type it is stands in *fields*; of a "revisit" warcio would write no block.
        record = ArcWarcRecord("warc", "response", headers, stream, None, content_type, block.size)
        vendor: Any = _Verbatim
        vendor(sink, gzip=False, warc_version="1.1").write_record(record)
        stream.check(block.size, of=dict(fields).get("WARC-Target-URI"))
        return sink.finish()
    except BaseException:
        sink.close()
        raise


class _Verbatim(WARCWriter):
    def ensure_digest(self, record: Any, block: bool = True, payload: bool = True) -> None:  # noqa: FBT001, FBT002  # warcio's signature
        """Digests are among our fields already; warcio would add a payload digest to metadata and request records."""


class _Blockwise:
    """A block as the stream warcio reads: whatever size it asks for, it gets the next chunk."""

    def __init__(self, block: WireBytes) -> None:
        self._chunks = block.chunks()
        self._copied = 0

    def read(self, _size: int) -> bytes:
        chunk = next(filter(None, self._chunks), b"")
        self._copied += len(chunk)
        return chunk

    def check(self, size: int, *, of: str | None) -> None:
        if self._copied != size:
            raise ArchiveFault(f"{of}: {size} bytes held, {self._copied} read")


class _Compressed:
    """What warcio writes into. One call compresses a small record: half the cost of a compressor object."""

    def __init__(self, level: int, beside: Path) -> None:
        self._level, self._beside = level, beside
        self._plain: list[bytes] = []
        self._plain_size = 0
        self._file: IO[bytes] | None = None
        self._compressor: Any = None

    def write(self, data: bytes) -> None:
        if self._file is not None:
            self._file.write(self._compressor.compress(data))
            return
        self._plain.append(data)
        self._plain_size += len(data)
        if self._plain_size > MEMORY_BYTES:
            self._file = TemporaryFile(dir=self._beside, buffering=_PIECE_BYTES, prefix=".member-")  # noqa: SIM115  # the Member closes it
            self._compressor = _compressor(self._level)
            for piece in self._plain:
                self._file.write(self._compressor.compress(piece))
            self._plain.clear()

    def flush(self) -> None:
        """Called by warcio after each record; the member ends in `finish`."""

    def finish(self) -> Member:
        if self._file is None:
            return Member([_compress(b"".join(self._plain), self._level)])
        self._file.write(self._compressor.flush())
        return Member(file=self._file)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _incompressible(data: bytes) -> bool:
    """Whether its middle does not shrink, as that of images, films and archives: storing them costs a fifth of
    compressing, reading them a tenth, for a hundredth more bytes."""
    middle = len(data) // 2
    sample = data[middle : middle + _SAMPLE_BYTES]
    return len(sample) == _SAMPLE_BYTES and len(fast_zlib.compress(sample, 1)) > _SAMPLE_BYTES * _SHRINKS


def _compressor(level: int) -> Any:
    # ISA-L's level 0 compresses, only faster; zlib's is what the word says.
    return (fast_zlib if level else zlib).compressobj(level, zlib.DEFLATED, _GZIP)


def _compress(data: bytes, level: int) -> bytes:
    if _incompressible(data):
        level = 0
    if fast_zlib is not zlib and level:
        compressed: bytes = fast_zlib.compress(data, level, _GZIP)
        return compressed
    compressor = _compressor(level)
    finished: bytes = compressor.compress(data) + compressor.flush()
    return finished
