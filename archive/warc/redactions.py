"""Whether what a metadata record names as masked is masked, in the records of its event.

``redaction: record=request; offset=268; length=46; why=authorization``: as `archive.warc.events` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from archive.model import Record, WireBytes
from archive.warc.blocks import InMemory, join
from archive.warc.rules import Fault

#: stands in every metadata record that names a masked range
MASKED = b"redaction: "
_LINE = re.compile(rb"^redaction: record=(\w+); offset=(\d{1,18}); length=(\d{1,18}); why=", re.MULTILINE)
#: bytes that are no record of their own, in a field of the metadata record
_ASIDE = re.compile(rb"^(interimResponse|surplusBytes|notModifiedResponse): ([!-~]*)", re.MULTILINE)
#: no metadata record of an exchange is larger
_MOST_BYTES = 1 << 20


class EventBlocks:
    """The blocks of one event as its records go by, one after the other; the metadata record is the last."""

    def __init__(self) -> None:
        self._event = ""
        #: whether the record the event is known by was among them
        self._whole = False
        self._blocks: dict[str, WireBytes] = {}

    def lacks(self, record: Record, first: dict[str, str]) -> bool:
        """Whether the records before *record* are needed to tell whether what it names as masked is."""
        event = first.get("warc-concurrent-to") or record.id
        seen = event == self._event and (self._whole or record.id == event)
        return record.type == "metadata" and not seen and names_masked(record.block)

    def is_next(self, record: Record, first: dict[str, str]) -> bool:
        """Whether *record* belongs to the event of the record before it."""
        return bool(self._blocks) and (first.get("warc-concurrent-to") or record.id) == self._event

    def take(self, record: Record, first: dict[str, str]) -> Iterator[Fault]:
        """What *record*, if it is the metadata record, names wrongly. *first* is the first value of each field. Of an
        event whose beginning was not seen nothing is said."""
        event = first.get("warc-concurrent-to") or record.id
        if record.type != "metadata":
            if event != self._event:
                self._event, self._blocks, self._whole = event, {}, False
            self._blocks[record.type] = record.block
            self._whole = self._whole or record.id == event
        elif event == self._event and (self._whole or record.id == event):
            yield from _faults(record.block, self._blocks)


def names_masked(metadata: WireBytes) -> bool:
    return metadata.size <= _MOST_BYTES and MASKED in join(metadata)


def _faults(metadata: WireBytes, blocks: dict[str, WireBytes]) -> Iterator[Fault]:
    if not names_masked(metadata):
        return
    data = join(metadata)
    aside: dict[str, WireBytes] = {name.decode(): InMemory(unquote_to_bytes(raw)) for name, raw in _ASIDE.findall(data)}
    for name, offset, length in _LINE.findall(data):
        block = (aside | blocks).get(name.decode())
        start, stop = int(offset), int(offset) + int(length)
        where = f"bytes {start}-{stop} of the {name.decode()}"
        if block is None or stop > block.size:
            yield Fault("redaction", f"{where} are named as masked, and are not there", where, "no such bytes")
        elif any(piece.strip(b"x") for piece in block.chunks(start, stop)):
            # They are not shown: they may be the secret.
            yield Fault("redaction", f"{where} are named as masked, and are not", "x alone", "other bytes")
