"""The HTTP message inside a response block: its header section, its payload, its body. Nothing is repaired.

The **payload** is what WARC-Payload-Digest is over, and depends on the block alone: the bytes after the header
section, with chunked framing (RFC 9112, 7.1) undone when ``chunked`` is among the transfer codings. Undone means:

- the data of every chunk up to the last-chunk; extensions, trailers and whatever follows the last-chunk do not count;
- of a body cut short, the data that is there; after a chunk size that is none, or chunk data that does not end in a
  line end, nothing more;
- where not even the first line is a chunk size, the body is not chunked whatever the header says, and the payload is
  all of it (old warcprox and Webrecorder stored dechunked bodies under the server's header).

Content-Encoding stays on; `body` undoes it.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

from archive.errors import BadHttp
from archive.model import HttpResponse, WireBytes
from archive.warc.blocks import InMemory, Part, hold

#: header sections past this are not read; browsers and our own crawler stop at 256 KiB
MAX_HEADER_BYTES = 1 << 20
#: bodies past this are not decoded unless asked for
MAX_BODY_BYTES = 256 << 20

_HEADER_END = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/\d{1,3}(?:\.\d{1,3})?[ \t]+(\d{3})(?:[ \t]+(.*))?", re.DOTALL)
_MIME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+/[!#$%&'*+.^_`|~0-9a-z-]+")
_CHUNK_SIZE = re.compile(rb"0*([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\n]*)?\r?\n")
#: what can be the beginning of one
_CHUNK_SIZE_CUT = re.compile(rb"[0-9A-Fa-f]*[ \t]*(?:;[^\n]*)?\r?")
#: longest chunk size line, extensions included
_MAX_LINE_BYTES = 1 << 14


@dataclass(frozen=True, slots=True)
class Body:
    data: bytes
    #: False when the coded bytes were cut short or damaged: *data* is what could be decoded; or when a coding is named
    #: that is not there, and *data* is the bytes as they are
    whole: bool
    #: whether a coding that is there does not come to its end
    cut: bool


def parse_response(block: WireBytes | bytes) -> HttpResponse:
    """Read the header section, as leniently as browsers do: LF alone ends a line, folded lines are joined, lines
    without a colon are passed over, the reason may be absent, the section may end with the block.

    Interim responses in front of the final one are skipped and count as header. Raises BadHttp, which is a ValueError,
    when the block does not begin with a status line (HTTP/0.9) or the header section is past its limit.
    """
    held = _held(block)
    data = b"".join(held.chunks(0, MAX_HEADER_BYTES + 1))
    start = 0
    while True:
        end = _HEADER_END.search(data, start)
        stop = end.end() if end else len(data)
        if stop > MAX_HEADER_BYTES:
            raise BadHttp(f"header section past {MAX_HEADER_BYTES} bytes")
        lines = data[start:stop].split(b"\n")
        status_line = _STATUS_LINE.fullmatch(lines[0].removesuffix(b"\r"))
        if status_line is None:
            raise BadHttp(f"no HTTP status line: {lines[0][:80]!r}")
        status = int(status_line[1])
        if end and 100 <= status < 200 and data.startswith(b"HTTP/", stop):
            start = stop
            continue
        reason = (status_line[2] or b"").strip().decode("latin-1")
        return HttpResponse(status, reason, tuple(_headers(lines[1:])), stop)


def _headers(lines: list[bytes]) -> Iterator[tuple[str, str]]:
    name, value = "", ""
    for line in (*lines, b""):
        text = line.removesuffix(b"\r").decode("latin-1")
        if text[:1] in (" ", "\t"):
            value = f"{value} {text.strip()}"
            continue
        if name:
            yield name, value.strip(" \t")
        name, colon, value = text.partition(":")
        name = name.strip() if colon else ""


def payload(block: WireBytes | bytes, http: HttpResponse) -> WireBytes:
    """The entity body as the module's head defines it. One that is not chunked is a view of *block*."""
    rest = Part(_held(block), http.header_bytes)
    if not is_chunked(http):
        return rest
    return hold(dechunk(rest))


def is_chunked(http: HttpResponse) -> bool:
    return any(
        coding.strip().lower() == "chunked"
        for name, value in http.headers
        if name.lower() == "transfer-encoding"
        for coding in value.split(",")
    )


def dechunk(framed: WireBytes) -> Iterator[bytes]:
    """The data of a chunked body, in pieces; never raises, whatever the framing."""
    for _, piece in dechunk_in_place(framed):
        yield piece


def dechunk_in_place(framed: WireBytes) -> Generator[tuple[int, bytes], None, int | None]:
    """The same, each piece behind its offset in *framed*. Returns where the trailer section (RFC 9112, 7.1.2) begins;
    None where no last-chunk comes."""
    source = _Source(framed)
    size_line = source.line()
    size = _CHUNK_SIZE.fullmatch(size_line)
    if size is None and not _CHUNK_SIZE_CUT.fullmatch(size_line):
        yield from with_offsets(framed.chunks())
        return None
    while size is not None and (left := int(size[1], 16)):
        while left and (piece := source.take(left)):
            left -= len(piece)
            yield source.offset - len(piece), piece
        if left or source.line() not in (b"\r\n", b"\n"):
            return None
        size = _CHUNK_SIZE.fullmatch(source.line())
    return source.offset if size is not None else None


def trailer_offset(framed: WireBytes) -> int | None:
    """Where in a chunked body its trailer section begins; None where no last-chunk comes."""
    pieces = dechunk_in_place(framed)
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            offset: int | None = end.value
            return offset


def with_offsets(pieces: Iterable[bytes], start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Pieces that follow each other, each behind its offset; the first is at *start*."""
    for piece in pieces:
        yield start, piece
        start += len(piece)


class _Source:
    """A cursor over bytes that come in chunks."""

    def __init__(self, framed: WireBytes) -> None:
        self._chunks = framed.chunks()
        self._chunk = b""
        self._at = 0
        #: of the chunk
        self._start = 0

    @property
    def offset(self) -> int:
        return self._start + self._at

    def _next(self) -> None:
        self._start += len(self._chunk)
        self._chunk, self._at = next(self._chunks, b""), 0

    def take(self, limit: int) -> bytes:
        """Up to *limit* bytes; nothing at the end."""
        if self._at >= len(self._chunk):
            self._next()
        piece = self._chunk[self._at : self._at + limit]
        self._at += len(piece)
        return piece

    def line(self) -> bytes:
        """Up to and with the next LF; cut off where the bytes end or the line is too long to be one."""
        line = b""
        while len(line) <= _MAX_LINE_BYTES:
            if self._at >= len(self._chunk):
                self._next()
                if not self._chunk:
                    return line
            end = self._chunk.find(b"\n", self._at, self._at + _MAX_LINE_BYTES) + 1
            stop = end or min(len(self._chunk), self._at + _MAX_LINE_BYTES)
            line += self._chunk[self._at : stop]
            self._at = stop
            if end:
                return line
        return line


def body(payload: WireBytes | bytes, http: HttpResponse, *, limit: int = MAX_BODY_BYTES) -> Body:
    """The payload with Content-Encoding undone (gzip, deflate with and without zlib header, br, zstd, several in a
    row; a coding nobody knows is passed over). Raises TooLarge past *limit* bytes or an absurd ratio."""
    from archive.warc import encodings  # its decoders take longer to load than a small file to verify

    codings = [
        coding.strip().lower()
        for name, value in http.headers
        if name.lower() == "content-encoding"
        for coding in value.split(",")
    ]
    return Body(*encodings.decode(_held(payload), codings, limit=limit))


def mime(http: HttpResponse) -> str | None:
    """Media type in lowercase, without parameters; None when there is none that could be one."""
    found = _MIME.match((http.header("Content-Type") or "").strip().lower())
    return found[0] if found else None


def _held(block: WireBytes | bytes) -> WireBytes:
    return InMemory(block) if isinstance(block, bytes) else block
