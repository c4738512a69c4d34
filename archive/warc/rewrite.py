"""A file of records written anew without some of them: all others are copied as they lie there, member by member."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import IO, Any, Literal

from archive.digests import sha256
from archive.errors import BadRecord
from archive.model import Record
from archive.warc.blocks import join
from archive.warc.fields import text
from archive.warc.reader import WarcFile
from archive.warc.records import GZIP, GZIP_MAGIC, Records
from archive.warc.tombstones import MASKED, Terms, arc_tombstone, compressed, tombstone

Fates = Mapping[tuple[int, str], Literal["erase", "mask"]]
#: bytes, as long as they were, without what must not be told; and in how many places
Mask = Callable[[bytes], tuple[bytes, int]]

_PIECE_BYTES = 1 << 20
_PAYLOAD_DIGEST = re.compile(rb"^WARC-Payload-Digest:[^\n]*\n", re.IGNORECASE | re.MULTILINE)
_BLOCK_DIGEST = re.compile(rb"^(WARC-Block-Digest:[ \t]*)[^\r\n]*", re.IGNORECASE | re.MULTILINE)


@dataclass(slots=True)
class Rewritten:
    #: where the records that stay lay, and where they lie now with which length; not of those that share a member
    places: dict[int, tuple[int, int]] = field(default_factory=dict)
    #: URL and WARC-Date of what went
    erased: list[tuple[str | None, str]] = field(default_factory=list)


def rewrite(file: WarcFile, sink: IO[bytes], fates: Fates, terms: Terms, mask: Mask) -> Rewritten:
    """Write *file* to *sink*, with a tombstone for each record that *fates* erases, by offset and id.

    A record that shares its gzip member with others (a file that is one gzip stream) is taken out of that member,
    which is compressed again; the others in it are the same bytes, unpacked. Raises BadRecord where such a member
    is damaged, OSError.
    """
    writer = _Writer(file, sink)
    offsets = {offset for offset, _ in fates}
    shared: Records | None = None
    done = Rewritten()
    packer: Any = None

    def end_member() -> None:
        nonlocal shared, packer
        if packer is not None and shared is not None:
            if shared.end is None:
                raise BadRecord(
                    file.name, shared.start, "a damaged gzip member of many records: nothing can be taken out"
                )
            sink.write(packer.flush())
            writer.copied = shared.end
        shared = packer = None

    for record, cursor in file.scan(on_damage=lambda _: None):
        place = record.place
        if shared is not None and cursor is not shared:
            end_member()
        fate = fates.get((place.offset, record.id))
        if fate == "erase":
            done.erased.append((record.url, record.date))
        if place.length == 0:
            if place.offset not in offsets:
                continue
            if shared is None:
                writer.copy_to(place.offset)
                shared, packer = cursor, zlib.compressobj(9, zlib.DEFLATED, GZIP)
            for piece in _instead(record, cursor, fate, terms, mask, is_arc=file.is_arc):
                sink.write(packer.compress(piece))
            continue
        if fate is None:
            done.places[place.offset] = writer.at(place.offset), place.length
            continue
        writer.copy_to(place.offset)
        at = sink.tell()
        instead = b"".join(_instead(record, cursor, fate, terms, mask, is_arc=file.is_arc))
        sink.write(compressed(instead) if writer.is_packed(place.offset) else instead)
        writer.copied = place.offset + place.length
        if fate == "mask":
            done.places[place.offset] = at, sink.tell() - at
    end_member()
    writer.copy_to(file.size)
    return done


class _Writer:
    def __init__(self, file: WarcFile, sink: IO[bytes]) -> None:
        self._source, self._sink = file.source(), sink
        #: how far the file was copied, or left out
        self.copied = 0

    def at(self, offset: int) -> int:
        """Where in the new file what lies at *offset* will lie, if nothing before it is changed any more."""
        return self._sink.tell() + offset - self.copied

    def copy_to(self, offset: int) -> None:
        while self.copied < offset:
            piece = self._source.read(min(_PIECE_BYTES, offset - self.copied), self.copied)
            if not piece:
                return
            self._sink.write(piece)
            self.copied += len(piece)

    def is_packed(self, offset: int) -> bool:
        return self._source.read(2, offset) == GZIP_MAGIC


def _instead(
    record: Record, cursor: Records, fate: str | None, terms: Terms, mask: Mask, *, is_arc: bool
) -> Iterator[bytes]:
    if fate == "erase":
        if record.url and mask(record.url.encode("utf-8", "surrogateescape"))[1]:
            terms = replace(terms, with_url=False)
        yield arc_tombstone(record, terms) if is_arc else tombstone(record, terms)
        return
    line_end = b"\n" if is_arc else b""
    if fate == "mask":
        header, block = mask(cursor.header)[0], mask(join(record.block))[0]
        yield header + line_end + block if is_arc else _marked(header, block, terms) + block
    else:
        yield cursor.header + line_end
        yield from record.block.chunks()
    yield cursor.trailer or (b"\n" if is_arc else b"\r\n\r\n")


def _marked(header: bytes, block: bytes, terms: Terms) -> bytes:
    digest = sha256(block).encode()
    header = _PAYLOAD_DIGEST.sub(b"", header)  # of what it was; it may be left out
    header = _BLOCK_DIGEST.sub(lambda found: found[1] + digest, header)
    line_end = b"\r\n" if header.endswith(b"\r\n") else b"\n"
    lines = header[: -len(line_end)]
    return lines + f"{MASKED}: {text(terms.erasure)}".encode() + line_end + line_end
